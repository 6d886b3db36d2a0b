"""What a later build says of a correction: resolved, reopened, superseded, or nothing yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from qtc_pipeline.corrections.contract import Kind, State
from qtc_pipeline.corrections.verify import Verified, verify
from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops import verdicts
from qtc_pipeline.ops.store import open_store
from tests.corrections.stage import Stage, create, update

PRICE = update("p1", {"value": "100"}, {"value": "120"})
AUTOMATIC = [{"correction": kind, "decision": "automatic"} for kind in ("propagate_amendment", "owner_task")]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    found = Stage(tmp_path / "var", policies=AUTOMATIC)
    found.erp.put("p1", value="100")
    return found


class Builds:
    """Builds one after the other, each over one more load of everything."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.loads: list[tuple[str, str, str, str]] = []
        self.load(stage.now() - timedelta(hours=1))
        self.number = 1

    def load(self, at: datetime, mode: str = "increment") -> None:
        name = f"{at:%Y%m%dT%H%M%S%f}-{len(self.loads):08d}"
        self.loads += [(instance, "project", name, mode) for instance in ("psa", "erp")]

    def say(
        self,
        found: Iterable[tuple[str, str]] = (),
        *,
        gate: str = "e0",
        is_green: bool = True,
        on_its_way: Iterable[str] = (),
    ) -> Verified:
        """The next build, over what was loaded so far, and what it says."""
        self.number += 1
        build_id, settings = f"b{self.number}", self.stage.settings
        settings.warehouse_path.unlink(missing_ok=True)
        with duckdb.connect(str(settings.warehouse_path)) as connection:
            connection.execute("create schema raw; create schema reconciliation")
            connection.execute("create table raw.qtc_build as select ? as build_id", [build_id])
            connection.execute("create table raw.qtc_leg (leg_id text, left_instance text, right_instance text)")
            connection.execute("insert into raw.qtc_leg values ('contract_value.erp', 'psa', 'erp')")
            connection.execute("create table raw.qtc_load (instance text, entity text, load_id text, mode text)")
            connection.executemany("insert into raw.qtc_load values (?, ?, ?, ?)", self.loads)
            connection.execute("create table reconciliation.rec_break (exception_id text, break_class text)")
            for row in found:
                connection.execute("insert into reconciliation.rec_break values (?, ?)", row)
            connection.execute("create table reconciliation.rec_row (leg text, grain_key text, kind text)")
            for grain in on_its_way:
                connection.execute(
                    "insert into reconciliation.rec_row values ('contract_value.erp', ?, 'timing')", [grain]
                )
        names = {"e0": "completeness.erp.project", "e1": "conservation.erp.project", "e2": "contract_value.erp"}
        rows = [
            {
                "mart": "exceptions",
                "gate": name,
                "rule_id": rule,
                "verdict": "fail" if name == gate and not is_green else "pass",
                "watermarks": {},
                "checked_at": self.stage.now(),
            }
            for name, rule in names.items()
        ]
        with open_store(settings) as session:
            verdicts.replace_verdicts(session, build_id, 2, rows)
        return verify(settings, build_id, now=self.stage.now())


THERE = [("e1", "amendment_not_propagated")]


@pytest.fixture
def builds(stage: Stage) -> Builds:
    return Builds(stage)


def test_a_correction_is_resolved_by_a_build_that_read_its_records_again(stage: Stage, builds: Builds) -> None:
    one = stage.plan(PRICE)
    stage.apply()
    assert "not been read again" in builds.say().waiting[one]
    stage.wait(60)
    builds.load(stage.now(), "records")
    assert builds.say().resolved == [one]
    assert stage.state(one) is State.RESOLVED


@pytest.mark.parametrize("gate", ["e0", "e1", "e2"])
def test_a_short_load_or_an_unnamed_difference_resolves_nothing(stage: Stage, builds: Builds, gate: str) -> None:
    one = stage.plan(PRICE)
    stage.apply()
    stage.wait(60)
    builds.load(stage.now())
    said = builds.say(gate=gate, is_green=False)
    assert "does not speak" in said.waiting[one]
    assert stage.state(one) is State.VERIFYING


def test_a_row_that_changed_while_it_was_read_says_nothing_yet(stage: Stage, builds: Builds) -> None:
    one, two = stage.plan(PRICE), stage.plan(PRICE, policy="approval", exception="e2")
    stage.apply()
    stage.wait(60)
    builds.load(stage.now())
    assert "it changed while build" in builds.say(on_its_way=["e1", "e2"]).waiting[one]
    assert (stage.state(one), stage.state(two)) == (State.VERIFYING, State.WAITING_APPROVAL)


def test_what_is_still_there_after_two_complete_loads_is_reopened(stage: Stage, builds: Builds) -> None:
    one = stage.plan(PRICE)
    stage.apply()
    for mode, told in (("records", "0 of 2"), ("increment", "1 of 2"), ("records", "1 of 2")):
        stage.wait(60)
        builds.load(stage.now(), mode)
        assert told in builds.say(THERE).waiting[one]
    stage.wait(60)
    builds.load(stage.now())
    assert builds.say(THERE).reopened == [one]
    assert "after 2 complete loads" in stage.row(one).reason
    again = stage.plan(PRICE, generation=2)
    assert (stage.state(one), stage.state(again)) == (State.SUPERSEDED, State.APPROVED)


def test_the_same_grain_with_another_class_is_another_break(stage: Stage, builds: Builds) -> None:
    one = stage.plan(PRICE)
    stage.apply()
    stage.wait(60)
    builds.load(stage.now())
    assert builds.say([("e1", "activation_past_sla")]).resolved == [one]


def test_a_task_for_a_person_waits_for_its_owner_however_long(stage: Stage, builds: Builds) -> None:
    one = stage.plan(create("e1", {"subject": "Look"}), kind=Kind.OWNER_TASK)
    stage.apply()
    for _ in range(4):
        stage.wait(60)
        builds.load(stage.now())
        assert builds.say(THERE).waiting[one] == "its owner has not decided yet"
    assert builds.say().resolved == [one]


def test_what_nobody_has_begun_with_lapses_when_its_break_is_gone(stage: Stage, builds: Builds) -> None:
    one, two = stage.plan(PRICE, policy="approval"), stage.plan(PRICE, policy="approval", exception="e2")
    assert builds.say([("e2", "amendment_not_propagated")]).superseded == [one]
    assert (stage.state(one), stage.state(two)) == (State.SUPERSEDED, State.WAITING_APPROVAL)


def test_a_half_done_correction_never_lapses(stage: Stage, builds: Builds) -> None:
    one = stage.plan(create("a", {"name": "A"}), create("b", {"name": "B"}))
    stage.erp.fail_next("", "rejected")
    stage.apply()
    stage.wait(60)
    builds.load(stage.now())
    builds.say()
    assert stage.state(one) is State.PARTLY_APPLIED


def test_only_the_build_in_the_warehouse_is_asked(stage: Stage, builds: Builds) -> None:
    builds.say()
    with pytest.raises(QtcError, match="the warehouse holds b2"):
        verify(stage.settings, "b1", now=stage.now())
