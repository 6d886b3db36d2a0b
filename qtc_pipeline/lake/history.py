"""The loads of a table, read fast: descriptions kept aside up to some version, the Delta log from there on.

Here: reading and keeping descriptions. The log alone is the truth and is never cut; what is kept aside only spares
opening one file per commit (a year of hourly loads: 8 760), and may be deleted at any time.
Stays out: what a description says (``load``), committing one (the package's ``__init__``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from qtc_pipeline.lake.load import Load

if TYPE_CHECKING:
    from deltalake import DeltaTable

LOAD_KEY = "qtc_load"
KEEP_EVERY = 100
# Delta leaves folders alone whose name starts with an underscore
_FOLDER = "_loads"


def loads_of(table: DeltaTable, folder: Path, until: int | None = None) -> list[Load]:
    """All loads committed to a table (up to a version), oldest first."""
    kept, upto = _kept(folder, table.version())
    limit = table.version() - upto
    commits = table.history(limit) if limit else []
    while commits and commits[0]["version"] - upto > limit:  # others have committed since the table was opened
        limit = commits[0]["version"] - upto
        commits = table.history(limit)
    newer = [
        commit
        for commit in reversed(commits)
        if commit["version"] > upto and (until is None or commit["version"] <= until)
    ]
    return [*kept, *described(newer)]


def described(commits: Iterable[dict[str, Any]]) -> Iterator[Load]:
    """The loads among commits; creation, compaction and vacuum describe none."""
    return (Load.from_json(commit[LOAD_KEY]) for commit in commits if LOAD_KEY in commit)


def keep_aside(table: DeltaTable, folder: Path) -> None:
    """Keep the descriptions of all loads up to now where enough have come since the last time."""
    table.update_incremental()
    version = table.version()
    if version - _newest(folder, version)[1] < KEEP_EVERY:
        return
    text = "".join(f"{load.to_json()}\n" for load in loads_of(table, folder, version))
    aside = folder / _FOLDER
    aside.mkdir(exist_ok=True)
    with NamedTemporaryFile("w", encoding="utf-8", dir=aside, prefix=".", delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(aside / f"{version:020d}.jsonl")
    for older in aside.glob("*.jsonl"):
        if int(older.stem) < version:
            older.unlink(missing_ok=True)


def _newest(folder: Path, version: int) -> tuple[Path | None, int]:
    found = [path for path in (folder / _FOLDER).glob("*.jsonl") if int(path.stem) <= version]
    newest = max(found, default=None)
    return newest, int(newest.stem) if newest else -1


def _kept(folder: Path, version: int) -> tuple[list[Load], int]:
    newest, upto = _newest(folder, version)
    if newest is None:
        return [], -1
    try:
        lines = newest.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # another process has just kept a newer one
        return [], -1
    return [Load.from_json(line) for line in lines], upto
