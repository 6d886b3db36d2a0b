"""Kill -9 at every point between plan and confirmation: the simulators' journal shows each effect once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random as Chance
from typing import Any

import pytest

from qtc_pipeline.corrections.contract import State
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Corrections, Instance, LegalEntity, Settings
from qtc_pipeline.systems.writing import Write
from tests.corrections.stage import keep, make_store, proposed
from tests.systems.kantata import test_write as kantata
from tests.systems.netsuite import test_write as netsuite
from tests.systems.salesforce import test_write as salesforce
from tests.systems.writing_suite import WRITES, Books, Case, World, heads, opened

APPLIER = Path(__file__).with_name("applier.py")
CASES = [
    *(("crm", case) for case in salesforce.CASES),
    *(("psa", case) for case in kantata.CASES),
    *(("erp", case) for case in netsuite.CASES),
]
HOUR = 3600
AT_WORK = (7, 16)
"""The points from intent to confirmation of an applier that makes one correction of one step."""


class Appliers:
    """Orders to the process that forks appliers."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(APPLIER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=APPLIER.parents[2],
        )

    def order(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        said: dict[str, Any] = json.loads(self.process.stdout.readline())
        return said

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)
        self.process.stdout.close()


class Firm:
    """The simulators, their writers, an empty ledger, and appliers as processes."""

    def __init__(self, running: Running, appliers: Appliers, home: Path, stack: ExitStack) -> None:
        home.mkdir()
        policies = [{"correction": "propagate_amendment", "decision": "automatic"}]
        described = running.describe()
        self.settings = Settings(
            home=home,
            config_path=home / "qtc.toml",
            reporting_currency="USD",
            instances=tuple(
                Instance(name=name, **{**values, "environment": "sandbox", "writes": True})
                for name, values in described.items()
            ),
            legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={"erp": "1"}),),
            corrections=Corrections(policies=policies, max_writes_per_day=100_000),
        )
        make_store(self.settings)
        self.worlds = {name: stack.enter_context(opened(running, name)) for name in described}
        self.appliers = appliers
        self.offset = 0
        self.planned = 0

    def write(self, name: str, case: Case) -> Write:
        """A write of a case, planned on what the record holds now."""
        world = self.worlds[name]
        write = case.write(world)
        return replace(write, old=world.looked(write).values) if write.old else write

    def plan(self, *writes: tuple[str, Write]) -> str:
        self.planned += 1
        proposal = proposed(*writes, exception=f"e{self.planned}")
        keep(self.settings, proposal, now=datetime.now(UTC))
        return proposal.correction_id

    def state(self, correction_id: str) -> State:
        with open_store(self.settings) as session:
            return State(corrections.get(session, correction_id).state)

    def order(self, **order: Any) -> dict[str, Any]:
        return self.appliers.order(settings=self.settings.model_dump_json(), offset=self.offset, **order)

    def finish(self, correction_id: str) -> None:
        """Later appliers, after every lease and settle time, until nothing is left to do."""
        for _ in range(4):
            self.offset += HOUR
            said = self.order()
            assert said["code"] == 0
            if self.state(correction_id) is State.VERIFYING:
                return
        raise AssertionError(self.state(correction_id))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Books()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def appliers() -> Iterator[Appliers]:
    started = Appliers()
    yield started
    started.close()


@pytest.fixture
def firm(running: Running, appliers: Appliers, tmp_path: Path) -> Iterator[Firm]:
    with ExitStack() as stack:
        yield Firm(running, appliers, tmp_path / "var", stack)


def points_of(firm: Firm, name: str, case: Case) -> list[str]:
    """Every point an undisturbed applier passes over a correction of a case."""
    one = firm.plan((name, firm.write(name, case)))
    said = firm.order()
    assert firm.state(one) is State.VERIFYING
    passed: list[str] = said["passed"]
    return passed


def is_killed_and_done_once(firm: Firm, name: str, case: Case, point: int) -> None:
    write = firm.write(name, case)
    world = firm.worlds[name]
    with world.effects() as effects:
        one = firm.plan((name, write))
        said = firm.order(die_at=point)
        assert said["code"] == -signal.SIGKILL, said
        firm.finish(one)
    assert len(heads(effects, write)) == 1, (name, case.name, said["passed"])


def test_the_points_are_those_of_the_law(firm: Firm) -> None:
    passed = points_of(firm, *CASES[0])
    first, last = AT_WORK
    between = passed[first - 1 : last]
    assert [point.partition(" ")[2] for point in between if point.startswith("before")] == [
        "intent",
        "sent",
        "send",
        "look",
        "conclude",
    ]
    assert (between[0], between[-1]) == ("before intent", "after conclude")


LONG = [pytest.param(first, marks=pytest.mark.long) for first in range(2, 6)]


@pytest.mark.parametrize("first", [1, *LONG])
def test_a_correction_killed_at_any_point_is_done_once(firm: Firm, first: int) -> None:
    name, case = next((name, case) for name, case in CASES if case.name == "create-time_entry")
    for point in range(first, len(points_of(firm, name, case)) + 1, 5):
        is_killed_and_done_once(firm, name, case, point)


def disturbed(firm: Firm, chance: Chance, cases: list[tuple[str, Case]]) -> None:
    for name, case in cases:
        is_killed_and_done_once(firm, name, case, chance.randint(*AT_WORK))


@pytest.mark.parametrize("seed", [1])
def test_some_corrections_killed_between_intent_and_confirmation_are_done_once(firm: Firm, seed: int) -> None:
    chance = Chance(seed)  # noqa: S311  picks where to kill, keeps no secret
    disturbed(firm, chance, chance.sample(CASES, 3))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_every_correction_killed_between_intent_and_confirmation_is_done_once(firm: Firm, seed: int) -> None:
    disturbed(firm, Chance(seed), CASES)  # noqa: S311  picks where to kill, keeps no secret


def disturbed_by(firm: Firm, fault: str, name: str, case: Case) -> None:
    world, write = firm.worlds[name], firm.write(name, case)
    options = {"requests": 2} if fault == "late_effect" else {"count": 1}
    with world.effects() as effects:
        one = firm.plan((name, write))
        world.inject(fault, match=WRITES, **options)
        assert firm.order()["code"] == 0
        world.running.faults(name).clear()
        firm.finish(one)
    assert len(heads(effects, write)) == 1, (name, case.name, fault)


FAULTS = ("reset_after", "timeout_before", "late_effect", "delivered_twice", "throttled", "maintenance")


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_becomes_of_an_answer_the_effect_happens_once(firm: Firm, fault: str) -> None:
    kinds = [(name, case) for name, case in CASES if case.is_repeatable]
    disturbed_by(firm, fault, *kinds[FAULTS.index(fault)])


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_becomes_of_an_answer_every_correction_happens_once(firm: Firm, fault: str) -> None:
    for name, case in CASES:
        if case.is_repeatable or fault != "delivered_twice":
            disturbed_by(firm, fault, name, case)


def saga(firm: Firm) -> list[tuple[str, Write]]:
    wanted = (("psa", "create-project"), ("erp", "create-customer"), ("erp", "create-project"))
    return [
        (name, firm.write(name, case))
        for name, called in wanted
        for where, case in CASES
        if (where, case.name) == (name, called)
    ]


def test_a_saga_killed_again_and_again_is_done_once_step_by_step(firm: Firm) -> None:
    writes = saga(firm)
    with ExitStack() as stack:
        effects = {name: stack.enter_context(world.effects()) for name, world in firm.worlds.items()}
        one = firm.plan(*writes)
        for point in (10, 14, 12, 16, 9):
            firm.order(die_at=point)
            firm.offset += HOUR
        firm.finish(one)
    assert [len(heads(effects[name], write)) for name, write in writes] == [1, 1, 1]


def test_two_appliers_at_once_do_everything_once(firm: Firm) -> None:
    wanted = [(name, firm.write(name, case)) for name, case in CASES if case.verb == "create" for _ in range(2)]
    with ExitStack() as stack:
        effects = {name: stack.enter_context(world.effects()) for name, world in firm.worlds.items()}
        ids = [firm.plan(one) for one in wanted]
        pids = [firm.order(times=6, is_left=True)["pid"] for _ in range(2)]
        assert [firm.order(wait_for=pid)["code"] for pid in pids] == [0, 0]
    assert {firm.state(one) for one in ids} == {State.VERIFYING}
    assert [len(heads(of_record(effects[name], firm.worlds[name], write), write)) for name, write in wanted] == [
        1
    ] * len(wanted)


def of_record(effects: list[dict[str, Any]], world: World, write: Write) -> list[dict[str, Any]]:
    """Effects on the record a create made."""
    key = world.looked(write).key
    return [one for one in effects if str(one["key"]) == key]


def test_an_applier_that_slept_while_another_took_over_sends_nothing(firm: Firm) -> None:
    name, case = CASES[0]
    passed = points_of(firm, name, case)
    for stop in ("before intent", "before sent"):
        write = firm.write(name, case)
        with firm.worlds[name].effects() as effects:
            one = firm.plan((name, write))
            slept = firm.order(stop_at=passed.index(stop) + 1)
            assert slept["is_stopped"]
            firm.finish(one)
            assert firm.order(wait_for=slept["pid"])["code"] == 0
        assert len(heads(effects, write)) == 1
