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

from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.plan import plan, save
from qtc_pipeline.corrections.readiness import NOT_READY_COLUMNS, not_ready
from qtc_pipeline.ops import corrections, exceptions
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings, load_settings

pytestmark = pytest.mark.xdist_group("main_job")

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)


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
