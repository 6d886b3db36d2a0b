"""The direct lake writer: complete loads with the counts an honest source gives, then increments.

Add here: a promise of `write_lake`. Stays out: the lake itself (`tests/ingest`).
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from deltalake import DeltaTable

from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox import writer
from qtc_pipeline.sandbox.firm import ENTITIES, INSTANCE, Firm
from qtc_pipeline.sandbox.writer import totals, write_lake
from qtc_pipeline.systems.registry import system
from tests.sandbox.firm_books import SMALL


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    write_lake(Firm(1, SMALL), lake)
    write_lake(Firm(1, SMALL, day=5), lake)
    return lake


def _alive(lake: Lake, vendor: str, entity: str) -> dict[str, str]:
    found = DeltaTable(lake.path(vendor, entity)).to_pyarrow_table().to_pylist()
    latest = {row["record_id"]: row for row in sorted(found, key=lambda row: (row["load_id"], row["ordinal"]))}
    return {key: row["payload"] for key, row in latest.items() if not row["is_deleted"]}


def test_every_entity_has_a_full_load_and_an_increment(lake: Lake) -> None:
    for vendor, names in ENTITIES.items():
        for name in names:
            loads = lake.loads(vendor, name, INSTANCE[vendor])
            assert [load.mode for load in loads] == ["full", "increment"]
            assert loads[1].versions < loads[0].versions or loads[0].versions == 0


def test_the_lake_holds_the_firm_of_the_last_day(lake: Lake) -> None:
    firm = Firm(1, SMALL, day=5)
    for vendor, names in ENTITIES.items():
        for name in names:
            records = [record for record in firm.records(vendor, name) if record.deleted_at is None]
            alive = _alive(lake, vendor, name)
            assert alive.keys() == {record.record_id for record in records}, name
            for record in records:
                assert json.loads(alive[record.record_id]).keys() == record.payload.keys()


def test_counts_are_those_of_the_live_records(lake: Lake) -> None:
    for vendor, names in ENTITIES.items():
        for name in names:
            load = lake.loads(vendor, name)[-1]
            counted = sum((one.value for one in load.counts_before if one.measure == "count"), Decimal(0))
            assert counted == len(_alive(lake, vendor, name))
            assert load.counts_before == load.counts_after


def test_totals_are_grouped_as_the_connectors_group_them() -> None:
    for vendor, names in ENTITIES.items():
        for name in names:
            entity = system(vendor).entity(name)
            assert totals(vendor, name) == (entity.currency, entity.amount), name


def test_the_connectors_read_exactly_the_fields_the_firm_has() -> None:
    firm = Firm(1, SMALL)
    for vendor, names in ENTITIES.items():
        for name in names:
            record = next(firm.records(vendor, name))
            assert set(system(vendor).entity(name).fields) == set(record.payload), name


def test_scope_names_every_legal_entity(lake: Lake) -> None:
    assert {value for _, value in lake.loads("salesforce", "Contract")[0].scope} == {"US", "DE", "UK"}
    assert {value for _, value in lake.loads("netsuite", "subsidiary")[0].scope} == {"1", "2", "3"}
    assert {"US", "DE", "UK"} <= {value for _, value in lake.loads("kantata", "workspace_groups")[0].scope}


def test_writing_the_same_firm_twice_gives_the_same_rows(tmp_path: Path) -> None:
    tables = []
    for name in ("one", "two"):
        lake = Lake(tmp_path / name)
        write_lake(Firm(2, SMALL), lake)
        tables.append(DeltaTable(lake.path("netsuite", "timebill")).to_pyarrow_table())
    assert tables[0].equals(tables[1])


def test_rows_that_wait_on_disk_are_the_rows_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    for name, batch_rows in (("kept", 10**9), ("waiting", 300)):
        monkeypatch.setattr(writer, "BATCH_ROWS", batch_rows)
        lake = Lake(tmp_path / name)
        write_lake(Firm(2, SMALL), lake)
        tables.append(DeltaTable(lake.path("kantata", "time_entries")).to_pyarrow_table())
        assert [path.name for path in lake.root.iterdir()] == ["raw"]
    assert tables[0].num_rows > 300
    assert tables[0].equals(tables[1])
