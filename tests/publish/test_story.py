"""The story of one engagement: what its systems say, and what the ledger says was done about it, in time order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from qtc_pipeline.errors import QtcError
from qtc_pipeline.publish.publish import publish
from qtc_pipeline.publish.story import read_story
from qtc_pipeline.settings import Settings
from tests.gates.small import settings_in
from tests.ops.ledger import proposal
from tests.publish.test_publish import judged_build
from tests.systems.ops.lives import write_ledger

EVENT = """
create table marts.fct_engagement_event as select
    'q-1' as qtc_id, date '2026-05-02' as event_date, 'crm' as system, 'contract signed' as event, 'c1' as reference,
    100::decimal(18, 4) as amount, 'USD' as currency, null::varchar as detail
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_in(tmp_path / "var")
    write_ledger(found)
    judged_build(found, "b9")
    with duckdb.connect(str(found.warehouse_path)) as connection:
        connection.execute(EVENT)
    publish(found)
    return found


def told(story: list[dict[str, Any]], name: str) -> list[str]:
    short = proposal(name).correction_id[:12]
    return [event["event"] for event in story if event["reference"] == short]


def test_corrections_and_tries_stand_in_the_story_in_the_order_of_the_ledger(settings: Settings) -> None:
    story = read_story(settings, "q-1")
    assert story[0]["event"] == "contract signed"
    assert [event["at"] for event in story] == sorted(event["at"] for event in story)
    assert told(story, "repaired") == [
        "correction planned: propagate_amendment",
        "correction approved",
        "correction applying",
        "try 1 of step 1 sent",
        "try 1 of step 1: no_effect",
        "try 2 of step 1 sent",
        "try 2 of step 1: confirmed",
        "try 1 of step 2 sent",
        "try 1 of step 2: unknown",
        "try 1 of step 2: settled_done",
        "correction verifying",
        "correction resolved",
    ]
    assert told(story, "found")[-3:] == ["step 1 found in effect", "correction verifying", "correction resolved"]


def test_a_try_names_its_record_and_what_the_vendor_said(settings: Settings) -> None:
    short = proposal("rejected").correction_id[:12]
    (refused,) = [
        event["detail"]
        for event in read_story(settings, "q-1")
        if event["reference"] == short and event["event"].endswith("rejected") and event["event"].startswith("try")
    ]
    assert refused == "erp/job/704 INVALID_VALUE the price is locked"


def test_an_id_nobody_knows_has_no_story(settings: Settings) -> None:
    with pytest.raises(QtcError, match="unknown"):
        read_story(settings, "q-2")
