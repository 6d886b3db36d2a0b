"""Reading over the vendors' protocols and laying the records down directly end in the same lake, day by day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.ingest.run import ingest_instance
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.firm import INSTANCE, Firm
from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import Instance, LegalEntity, Settings
from qtc_pipeline.systems.registry import system
from tests.ingest.sources import alive

SEED, SCALE, DAYS = 7, 0.02, 3


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with running_sandbox(tmp_path / "sandbox", Firm(SEED, SCALE)) as sandbox:
        yield sandbox


def live_records(lake: Path, vendor: str, entity: str) -> dict[str, Any]:
    volatile = system(vendor).entity(entity).volatile
    decoded = {key: json.loads(text) for key, text in alive(lake, entity, vendor).items()}
    return {key: {name: one[name] for name in one if name not in volatile} for key, one in decoded.items()}


def test_days_read_by_increments_equal_days_written_directly(running: Running, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path / "home",
        config_path=tmp_path / "qtc.toml",
        reporting_currency="USD",
        instances=tuple(Instance(name=name, **values) for name, values in running.describe().items()),
        legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={}),),
    )
    read, written = Lake(settings.lake_dir), Lake(tmp_path / "direct")
    for day in range(DAYS):
        firm = Firm(SEED, SCALE, day=day)
        if day:
            fill(tmp_path / "sandbox", firm)
        write_lake(firm, written)
        for instance in settings.instances:
            for result in ingest_instance(settings, instance.name, "increment"):
                counted = sum(one.value for one in result.load.counts_after if one.measure == "count")
                assert result.load.live == counted, f"day {day}, {result.load.entity}"
                assert result.load.findings == (), [one.sentence for one in result.load.findings]
    assert read.tables() == written.tables()
    for vendor, entity in read.tables():
        found = live_records(settings.lake_dir, vendor, entity)
        assert found == live_records(written.root, vendor, entity), f"{vendor} {entity}"
        loads = [lake.last_load(vendor, entity, INSTANCE[vendor]) for lake in (read, written)]
        counts = [{(one.currency, one.measure, one.value) for one in load.counts_after} for load in loads if load]
        assert counts[0] == counts[1], f"{vendor} {entity}"
        assert [load.scope for load in loads if load] == [loads[0].scope] * 2 if loads[0] else False
