"""Kill -9 at any instant: the next run completes, and the lake equals one that was never disturbed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from qtc_pipeline.ingest.run import ingest_instance
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from qtc_pipeline.settings import load_settings
from tests.ingest.sources import rows
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, edited

ENTITIES = ("transaction", "transactionline")
KILLED = Path(__file__).with_name("killed.py")
PLACES = ("inside a file", "before the commit", "between two entities", "after the commit")


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Running]:
    with running_sandbox(tmp_path / "sandbox", FakeFirm()) as running:
        yield running


@pytest.fixture
def config(sandbox: Running, tmp_path: Path) -> Path:
    path = tmp_path / "qtc.toml"
    lines = ['reporting_currency = "USD"', "[instances.erp]", "max_concurrency = 1", "page_size = 25"]
    for key, value in sandbox.describe()["erp"].items():
        lines.append(f"{key} = {list(value) if isinstance(value, list) else repr(value)}".replace("'", '"'))
    lines += ["[legal_entities.US]", 'name = "US"', 'currency = "USD"', 'keys = { erp = "1" }']
    path.write_text("\n".join(lines))
    return path


def killed_at(where: str, config: Path, home: Path, mode: str) -> None:
    environment = {**os.environ, "QTC_HOME": str(home), "PYTHONPATH": str(KILLED.parents[2])}
    command = [sys.executable, str(KILLED), str(config), "erp", mode, where, *ENTITIES]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


def ingest(config: Path, home: Path, mode: str) -> None:
    settings = load_settings(config).model_copy(update={"home": home})
    ingest_instance(settings, "erp", mode, ENTITIES)  # type: ignore[arg-type]


def content(home: Path, entity: str) -> list[tuple[object, ...]]:
    """What stands in the lake, without when and by which load it was read."""
    names = ("record_id", "version_at", "is_deleted", "is_inferred", "payload", "payload_hash", "instance")
    found = [tuple(row[name] for name in names) for row in rows(home / "lake", entity, "netsuite")]
    return sorted(found, key=repr)


def advance(folder: Path) -> None:
    """One invoice changes, one is new, one is deleted with its line."""
    at = AS_OF + timedelta(hours=1)
    stamp = at.strftime("%Y-%m-%d %H:%M:%S")
    records = {one.record_id: one for one in FakeFirm().records("netsuite", "transaction")}
    changed = edited(replace(records["5"], version_at=at), status="B", lastmodifieddate=stamp)
    new = replace(
        edited(records["6"], id="900", tranid="INV-900", lastmodifieddate=stamp), record_id="900", version_at=at
    )
    gone = frozenset({("transaction", "9"), ("transactionline", "9_1")})
    firm = FakeFirm(changed={("transaction", "5"): changed, ("transaction", "900"): new}, gone=gone, as_of=at)
    fill(folder, firm)


@pytest.mark.parametrize("where", PLACES)
def test_a_first_load_killed_anywhere_is_completed_by_the_next(config: Path, tmp_path: Path, where: str) -> None:
    disturbed, quiet = tmp_path / "disturbed", tmp_path / "quiet"
    killed_at(where, config, disturbed, "full")
    ingest(config, disturbed, "increment")
    ingest(config, quiet, "full")
    for entity in ENTITIES:
        assert content(disturbed, entity) == content(quiet, entity)
        assert len(content(quiet, entity)) == 120


@pytest.mark.parametrize(("where", "mode"), [(PLACES[1], "increment"), (PLACES[1], "full"), (PLACES[2], "increment")])
def test_a_later_load_killed_anywhere_is_completed_by_the_next(
    config: Path, tmp_path: Path, where: str, mode: str
) -> None:
    disturbed, quiet = tmp_path / "disturbed", tmp_path / "quiet"
    for home in (disturbed, quiet):
        ingest(config, home, "full")
    advance(tmp_path / "sandbox")
    killed_at(where, config, disturbed, mode)
    for home in (disturbed, quiet):
        ingest(config, home, mode)
    assert content(disturbed, "transaction") == content(quiet, "transaction")
    assert len(content(quiet, "transaction")) == 123
    assert len(content(quiet, "transactionline")) == 121
    assert content(disturbed, "transactionline") == content(quiet, "transactionline")


def test_files_of_a_killed_load_are_seen_by_no_reader_and_swept_after_a_day(config: Path, tmp_path: Path) -> None:
    killed_at("inside a file", config, tmp_path / "home", "full")
    lake = Lake(tmp_path / "home" / "lake")
    orphans = list(lake.path("netsuite", "transaction").glob("*.parquet"))
    assert len(orphans) == 1
    assert lake.files("netsuite", "transaction") == []
    ingest(config, tmp_path / "home", "full")
    for path in orphans:
        os.utime(path, (0, 0))
    lake.compact()
    assert not any(path.exists() for path in orphans)
    assert len(content(tmp_path / "home", "transaction")) == 120
