"""The demo firm's exceptions: each is planned, kept, a task or skipped with a reason, and planning calls nobody."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.corrections.contract import Kind, State
from qtc_pipeline.corrections.plan import plan, save
from qtc_pipeline.corrections.readiness import NOT_READY_COLUMNS, not_ready
from qtc_pipeline.ops import class_stops, corrections, exceptions
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings, load_settings

pytestmark = pytest.mark.xdist_group("main_job")

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
RED = [("e0", "completeness.erp.%"), ("e0", "scope.erp%"), ("e1", "conservation.erp.%")]
WITHOUT_ERP = {"activation.psa", "contract_value.psa", "bill_rate.psa", "staffing.psa"}


@pytest.fixture
def settings(demo: tuple[Path, str], tmp_path: Path) -> Settings:
    """The demo's home with an operational store of its own, in which nothing was planned yet."""
    home = demo[0]
    shutil.copy(home / "ops.db", tmp_path / "ops.db")
    with closing(sqlite3.connect(tmp_path / "ops.db")) as store, store:
        for table in ("attempt", "approval", "dead_letter", "correction_step", "correction"):
            store.execute(f"delete from {table}")
    found = load_settings(home / "qtc.toml", home=home)
    return found.model_copy(update={"ops_database_url": f"sqlite:///{tmp_path / 'ops.db'}"})


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        message = "planning called somebody"
        raise AssertionError(message)

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)


@pytest.mark.usefixtures("silence")
def test_every_open_exception_is_planned_kept_or_skipped_with_a_reason(settings: Settings) -> None:
    drawn = plan(settings, now=NOW)
    with open_store(settings) as session:
        found = [one.exception_id for one in exceptions.list_exceptions(session)]
    ends = [*(one.exception_id for one in drawn.proposals), *drawn.kept, *(one.exception_id for one in drawn.skipped)]
    assert sorted(ends) == sorted(found)
    assert all(one.reason for one in drawn.skipped)
    assert all(one.steps and one.evidence and one.expects for one in drawn.proposals if one.kind is not Kind.OWNER_TASK)
    assert {one.steps[0].write.marker for one in drawn.owner_tasks} == {one.exception_id for one in drawn.owner_tasks}
    assert not drawn.stopped
    assert {one.kind for one in drawn.proposals} > {Kind.OWNER_TASK}


@pytest.mark.usefixtures("silence")
def test_a_plan_written_down_is_kept_by_the_next_one(settings: Settings) -> None:
    drawn = plan(settings, now=NOW)
    saved = save(settings, drawn, actor="tester", now=NOW)
    assert list(saved.planned) == [one.correction_id for one in drawn.proposals]
    again = plan(settings, now=NOW)
    assert not again.proposals
    assert {one.correction_id for one in drawn.proposals} <= set(again.kept.values())
    with open_store(settings) as session:
        states = corrections.count_by_state(session)
    assert "planned" not in states  # each went where its policy sends it
    assert save(settings, again, actor="tester", now=NOW).planned == ()


def test_the_queue_of_deals_that_cannot_be_set_up_names_what_is_missing(settings: Settings) -> None:
    rows = not_ready(settings)
    assert all(tuple(row) == NOT_READY_COLUMNS and row["missing_items"] for row in rows)


@pytest.mark.parametrize(("gate", "rule"), RED)
def test_nothing_is_planned_for_a_leg_of_a_system_that_was_not_read_whole(
    settings: Settings, gate: str, rule: str
) -> None:
    store_path = settings.ops_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(store_path)) as store, store:
        spoiled = store.execute(
            "update verdict set verdict = 'fail' where mart = 'exceptions' and gate = ? and rule_id like ?",
            (gate, rule),
        )
        assert spoiled.rowcount
    drawn = plan(settings, now=NOW)
    assert drawn.proposals  # the legs between the other two systems go on
    assert {one.leg for one in drawn.proposals} <= WITHOUT_ERP
    assert {one.reason.partition(":")[0].partition(" ")[2] for one in drawn.skipped} == {"is not proven in this build"}


def test_a_flood_is_on_record_until_a_person_releases_the_class(settings: Settings) -> None:
    few = settings.model_copy(update={"corrections": settings.corrections.model_copy(update={"max_new_exceptions": 1})})
    drawn = plan(few, now=NOW)
    assert "revenue_misaligned" in drawn.stopped
    save(few, drawn, actor="tester", now=NOW)
    with open_ledger(settings) as session:
        assert {one.break_class for one in class_stops.stopped(session)} == set(drawn.floods)
    raised = plan(settings, now=NOW)  # a limit raised later releases nothing
    assert "revenue_misaligned" not in {one.break_class for one in raised.proposals}
    with open_ledger(settings) as session:
        class_stops.release(session, "revenue_misaligned", person="avery", reason="looked at it", now=NOW)
    assert "revenue_misaligned" in {one.break_class for one in plan(few, now=NOW).proposals}


def test_what_a_system_refused_becomes_one_task_and_stays_one(settings: Settings) -> None:
    first = plan(settings, now=NOW)
    save(settings, first, actor="tester", now=NOW)
    refused = next(one for one in first.proposals if one.kind is not Kind.OWNER_TASK)
    with open_ledger(settings) as session:
        row = corrections.get(session, refused.correction_id)
        if row.state == State.WAITING_APPROVAL:
            corrections.move(session, row.correction_id, "approved", actor="tester", now=NOW)
        corrections.move(session, row.correction_id, "applying", actor="tester", now=NOW)
        corrections.move(session, row.correction_id, "rejected", actor="tester", now=NOW, reason="the vendor says no")
    second = plan(settings, now=NOW)
    (task,) = second.proposals
    assert (task.kind, task.exception_id, task.reasons) == (
        Kind.OWNER_TASK,
        refused.exception_id,
        ("the vendor says no",),
    )
    assert save(settings, second, actor="tester", now=NOW).superseded == (refused.correction_id,)
    with open_ledger(settings) as session:
        corrections.move(session, task.correction_id, "applying", actor="tester", now=NOW)
        for step in corrections.steps_of(session, task.correction_id):
            step.state = "confirmed"
        corrections.move(session, task.correction_id, "verifying", actor="tester", now=NOW)
    third = plan(settings, now=NOW)
    assert (third.proposals, third.kept[refused.exception_id]) == ((), task.correction_id)
