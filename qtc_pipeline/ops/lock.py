"""The one-writer lock of the warehouse: an operating-system file lock that a killed process cannot keep.

The file beside the warehouse tells who holds it and which dbt child works for the holder. The kernel drops the lock
with the holder; dbt, a child, lives on: whoever comes next finds its pid here and ends it before writing.
Add here: a mode of locking. Stays out: what is done under the lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psutil

from qtc_pipeline.errors import WarehouseBusyError

POLL_SECONDS = 0.1
END_SECONDS = 10.0


class Holder:
    """The lock as its holder sees it: may name the child that works for it."""

    def __init__(self, file: IO[str], purpose: str) -> None:
        self._file = file
        self._record: dict[str, Any] = {"purpose": purpose, "holder": _identity(os.getpid()), "child": None}
        self._write()

    def name_child(self, pid: int | None) -> None:
        """Write down the pid of the child that writes the warehouse (None once it ended)."""
        self._record["child"] = None if pid is None else _identity(pid)
        self._write()

    def _write(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        json.dump(self._record, self._file)
        self._file.flush()
        os.fsync(self._file.fileno())


def holder(warehouse: Path) -> int | None:
    """Pid of the living process that holds the lock now, None where nobody does."""
    path = _lock_path(warehouse)
    if not path.is_file():
        return None
    with path.open("r", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            pid: int | None = (_read(file).get("holder") or {}).get("pid")
            return pid
    return None


def _lock_path(warehouse: Path) -> Path:
    return warehouse.with_name(f"{warehouse.name}.lock")


@contextmanager
def warehouse_lock(
    warehouse: Path,
    purpose: str,
    *,
    wait_seconds: float = 600.0,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Holder]:
    """Hold the warehouse alone; ends an orphaned dbt of a killed holder first.

    Args:
        warehouse: the DuckDB file; the lock file lies beside it.
        purpose: what the holder does, shown to whoever waits.
        wait_seconds: how long to wait for a living holder.
        say: told once when waiting and when an orphan is ended.

    Raises:
        WarehouseBusyError: a living process held it all that time.
    """
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    path = _lock_path(warehouse)
    with path.open("a+", encoding="utf-8") as file:
        _acquire(file, path, wait_seconds, say)
        _end_orphan(_read(file), say)
        holder = Holder(file, purpose)
        try:
            yield holder
        finally:
            holder.name_child(None)


def _acquire(file: IO[str], path: Path, wait_seconds: float, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + wait_seconds
    told = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record = _read(file)
            who = f"process {(record.get('holder') or {}).get('pid')} ({record.get('purpose')})"
            if time.monotonic() >= deadline:
                raise WarehouseBusyError(
                    f"lock {path}", f"held by {who} for longer than {wait_seconds:.0f} s", "Wait for it, or end it"
                ) from None
            if not told:
                say(f"waiting for the warehouse: {who} writes it")
                told = True
            time.sleep(POLL_SECONDS)
        else:
            return


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    text = file.read()
    try:
        record: dict[str, Any] = json.loads(text) if text else {}
    except json.JSONDecodeError:  # a holder killed inside its own write named no child yet
        return {}
    return record


def _identity(pid: int) -> dict[str, Any]:
    return {"pid": pid, "started": psutil.Process(pid).create_time()}


def _process(identity: dict[str, Any] | None) -> psutil.Process | None:
    """The living process of that identity; a reused pid is another process."""
    if not identity:
        return None
    try:
        process = psutil.Process(int(identity["pid"]))
        same = abs(process.create_time() - float(identity["started"])) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _end_orphan(record: dict[str, Any], say: Callable[[str], None]) -> None:
    orphan = _process(record.get("child"))
    if orphan is None:
        return
    say(f"ending dbt process {orphan.pid}, left by a killed run")
    family = [orphan, *orphan.children(recursive=True)]
    for process in family:
        _signal(process.terminate)
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=END_SECONDS)


def _signal(send: Callable[[], None]) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        return
