"""The operational store as a source: what a reader gives, and what becomes of it in the lake."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.errors import SettingsError
from qtc_pipeline.ingest.run import read_instance
from qtc_pipeline.lake import Lake
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import EXAMPLE, Settings, load_settings
from qtc_pipeline.systems.ops.read import LedgerReader
from qtc_pipeline.systems.registry import system
from qtc_pipeline.transform.inputs import collect
from tests.gates.small import settings_in
from tests.ops.ledger import ACTOR, NOW, proposal
from tests.systems.ops.lives import AS_OF, SEEN, write_ledger

OPS = system("ops")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_in(tmp_path / "var")
    write_ledger(found)
    return found


def read(settings: Settings, entity: str, since: Any = None, page_size: int = 2) -> dict[str, dict[str, Any]]:
    reader = LedgerReader(settings.ops_url, page_size)
    found = [one for page in reader.pages(OPS.entity(entity), since) for one in page.records()]
    assert len({one.record_id for one in found}) == len(found)
    return {one.record_id: json.loads(one.payload) for one in found}


def counted(settings: Settings, entity: str) -> int:
    (count,) = LedgerReader(settings.ops_url, 2).count(OPS.entity(entity))
    return int(count.value)


@pytest.mark.parametrize("entity", ["correction", "attempt"])
def test_every_row_comes_once_with_every_declared_field_and_as_many_as_are_counted(
    settings: Settings, entity: str
) -> None:
    rows = read(settings, entity)
    assert len(rows) == counted(settings, entity)
    assert all(list(row) == list(OPS.entity(entity).fields) for row in rows.values())


def test_a_correction_tells_its_instants_and_what_the_firms_clock_said(settings: Settings) -> None:
    row = read(settings, "correction")[proposal("repaired").correction_id]
    assert (row["state"], row["exposure"], row["region"]) == ("resolved", "1200.50", "EMEA")
    assert (row["instances"], row["steps"], row["steps_done"]) == ("erp", 2, 2)
    assert row["approved_at"] == row["applied_at"] == NOW.isoformat()
    assert row["resolved_at"] == (NOW + timedelta(hours=2)).isoformat()
    assert row["defect_seen_at"] == SEEN.isoformat()
    assert row["planned_as_of"] == AS_OF.isoformat()
    assert row["repaired_as_of"] == (AS_OF + timedelta(days=1)).isoformat()


def test_tries_tell_their_outcome_and_a_step_found_done_is_one_that_sent_nothing(settings: Settings) -> None:
    outcomes = sorted((row["outcome"], row["attempt_no"]) for row in read(settings, "attempt").values())
    assert outcomes == [
        ("already_in_effect", 0),
        ("confirmed", 1),
        ("confirmed", 2),
        ("no_effect", 1),
        ("rejected", 1),
        ("settled_done", 1),
        ("stale", 1),
    ]


def test_nothing_that_names_a_person_or_holds_a_value_leaves_the_store() -> None:
    told = {name for entity in OPS.entities for name in entity.fields}
    assert told.isdisjoint({"proposer", "person", "holder", "message", "reason", "plan", "before", "after"})


def test_an_increment_gives_what_changed_since(settings: Settings) -> None:
    assert read(settings, "correction", NOW + timedelta(hours=1)).keys() == {
        proposal(name).correction_id for name in ("repaired", "found")
    }
    assert read(settings, "attempt", NOW + timedelta(days=1)) == {}


def test_some_rows_are_fetched_by_their_ids_or_by_their_correction(settings: Settings) -> None:
    reader = LedgerReader(settings.ops_url, 2)
    found, tried = proposal("found").correction_id, proposal("rejected").correction_id
    for entity, values, field in (
        ("correction", [found, tried], None),
        ("attempt", [f"{found}:1:0", f"{tried}:1:1"], None),
        ("attempt", [found, tried], "correction_id"),
    ):
        pages = list(reader.fetch(OPS.entity(entity), values, field))
        assert sum(len(page) for page in pages) == 2


def test_a_ledger_that_did_not_change_brings_no_version_and_asks_for_no_new_build(settings: Settings) -> None:
    def ingest() -> tuple[list[int], str]:
        outcome = read_instance(settings, "ops", "increment")
        assert outcome.failures == {}
        return [one.load.versions for one in outcome.results], collect(settings).build_id

    first, build_id = ingest()
    assert first == [6, 7]
    assert ingest() == ([0, 0], build_id)
    with open_ledger(settings) as session:
        waiting = proposal("waiting").correction_id
        corrections.move(session, waiting, "cancelled", actor=ACTOR, reason="no", now=NOW + timedelta(days=1))
    versions, changed = ingest()
    assert versions == [1, 0]
    assert changed != build_id


def test_an_empty_ledger_is_read_without_a_row(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "empty")
    for _ in range(2):
        outcome = read_instance(settings, "ops", "increment")
        assert [one.load.rows for one in outcome.results] == [0, 0]
        assert not [found for one in outcome.results for found in one.load.findings]
    assert Lake(settings.lake_dir).last_load("ops", "correction", "ops") is not None


def test_no_entry_of_the_settings_may_take_the_place_of_the_store(tmp_path: Path) -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("[instances.crm]", "[instances.ops]")
    (tmp_path / "qtc.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="operational store"):
        load_settings(tmp_path / "qtc.toml")
