"""Any sequence of plans, approvals, faults, crashes and waiting: never two effects, nothing unintended, none lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from qtc_pipeline.corrections.approve import approve, cancel, reject
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.ledger import Ledger
from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.systems.writing import Write
from tests.corrections.fake_system import FakeWriter
from tests.corrections.stage import Stage, create, update

FAULTS = ("", "lost_before", "lost_after", "late", "no_effect", "rejected", "stale", "authentication", "unreadable")
RECORDS = ("p1", "p2")
AT_REST = {
    State.VERIFYING,
    State.STALE,
    State.REOPENED,
    State.REJECTED,
    State.PARTLY_APPLIED,
    State.NEEDS_PERSON,
    State.DEAD_LETTER,
    State.DECLINED,
    State.CANCELLED,
    State.SUPERSEDED,
    State.WAITING_APPROVAL,
}
LEDGER_CALLS = ("take", "renew", "give_back", "begin", "move", "intent", "sent", "conclude", "in_effect", "wait")


class Killed(BaseException):
    """The process is no more: nothing of it runs any longer."""


class Life:
    """Calls an applier may still make before it is killed; a dead one makes none."""

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            self._spend()
            answer = call(*args, **named)
            self._spend()
            return answer

        return called

    def _spend(self) -> None:
        self.calls -= 1
        if self.calls < 0:
            raise Killed


class Machine(RuleBasedStateMachine):
    """The ledger, two fakes, and everything that may happen to them."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        policies = [{"correction": "propagate_amendment", "decision": "automatic"}]
        self.stage = Stage(Path(self.folder.name) / "var", policies=policies)
        for name in ("ann", "bob"):
            self.stage.person(name, role="approver")
        for key in RECORDS:
            self.stage.erp.put(key, value="0")
        self.planned: dict[str, list[tuple[str, Write]]] = {}
        self.lives: dict[str, tuple[str, int]] = {}
        self.numbers = 0

    def _number(self) -> int:
        self.numbers += 1
        return self.numbers

    def _update(self, key: str) -> tuple[str, Write]:
        held = self.stage.erp.fields(key)
        assert held is not None
        return update(key, {"value": held["value"]}, {"value": str(self._number())})

    def _plan(self, writes: list[tuple[str, Write]], policy: str, exception: str, generation: int = 1) -> None:
        one = self.stage.plan(*writes, exception=exception, generation=generation, policy=policy)
        self.planned[one] = writes
        self.lives[exception] = (one, generation)

    @rule(key=st.sampled_from(RECORDS), policy=st.sampled_from(("automatic", "approval", "two_approvals")))
    def plan_an_update(self, key: str, policy: str) -> None:
        self._plan([self._update(key)], policy, f"e{self._number()}")

    @rule(steps=st.integers(1, 3))
    def plan_a_saga(self, steps: int) -> None:
        number = self._number()
        writes = [
            create(f"m{number}-{step}", {"name": f"N{number}"}, instance=("psa", "erp")[step % 2])
            for step in range(steps)
        ]
        self._plan(writes, "automatic", f"e{number}")

    @rule(data=st.data())
    @precondition(lambda self: self._of(State.STALE, State.REOPENED))
    def plan_again(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self._of(State.STALE, State.REOPENED)))
        exception, (_, generation) = next(item for item in self.lives.items() if item[1][0] == one)
        again = [self._update(str(w.key)) if w.operation == "update" else (name, w) for name, w in self.planned[one]]
        self._plan(again, "automatic", exception, generation + 1)

    @rule(data=st.data(), person=st.sampled_from(("ann", "bob")), say=st.sampled_from((approve, reject, cancel)))
    @precondition(lambda self: self.planned)
    def decide(self, data: st.DataObject, person: str, say: Callable[..., State]) -> None:
        one = data.draw(st.sampled_from(sorted(self.planned)))
        ask = partial(say, self.stage.settings, one, person=person, reason="so", now=self.stage.now())
        with suppress(CorrectionError):
            ask() if say is cancel else ask(plan_hash=self.stage.row(one).plan_hash)

    @rule(key=st.sampled_from(RECORDS))
    def somebody_else_writes(self, key: str) -> None:
        self.stage.erp.change(key, value=f"x{self._number()}")

    @rule(name=st.sampled_from(("psa", "erp")), is_down=st.booleans())
    def go_down_or_come_back(self, name: str, is_down: bool) -> None:  # noqa: FBT001
        self.stage.writers[name].down = is_down

    @rule(seconds=st.sampled_from((1, 100, 400, 4000)))
    def time_passes(self, seconds: int) -> None:
        self.stage.wait(seconds)

    @rule(
        faults=st.lists(st.tuples(st.sampled_from(("psa", "erp")), st.sampled_from(FAULTS)), max_size=3),
        calls=st.none() | st.integers(1, 40),
    )
    def apply(self, faults: list[tuple[str, str]], calls: int | None) -> None:
        """Apply while some sends fail; or until the process is killed."""
        for name, fault in faults:
            self.stage.systems[name].fail_next(fault)
        with killed_after(10_000 if calls is None else calls), suppress(Killed):
            self.stage.apply()
        for system in self.stage.systems.values():
            system.heal()

    def _of(self, *states: State) -> list[str]:
        return sorted(one for one in self.planned if self.stage.state(one) in states)

    @invariant()
    def no_effect_happens_twice(self) -> None:
        if not hasattr(self, "stage"):
            return
        said = [
            (target, tuple(fields.items()))
            for system in self.stage.systems.values()
            for _, target, fields in system.effects()
        ]
        assert len(said) == len(set(said))

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        self.come_to_rest()
        self.no_effect_happens_twice()
        for one in self.planned:
            assert self.stage.state(one) in AT_REST, self.stage.row(one).reason
            self.nothing_is_done_without_intent(one)
        with open_store(self.stage.settings) as session:
            audit.verify(session, self.stage.settings.audit_key)
        self.folder.cleanup()

    def come_to_rest(self) -> None:
        for name, system in self.stage.systems.items():
            system.heal()
            self.stage.writers[name].down = False
        for _ in range(20):
            self.stage.wait(86400)
            self.stage.apply()

    def nothing_is_done_without_intent(self, one: str) -> None:
        tried = self.stage.attempts(one)
        for step in self.stage.steps(one):
            effects = [
                attempt
                for attempt in tried
                if attempt.number == step.number and attempt.outcome in {"confirmed", "settled_done"}
            ]
            assert len(effects) == (step.state == "confirmed")
            assert all(attempt.sent_at is not None for attempt in effects)
            if step.state == "confirmed":
                name, write = self.planned[one][step.number - 1]
                done = self.stage.systems[name].effects()
                assert (write.operation, write.marker or write.key, dict(write.new)) in done


@contextmanager
def killed_after(calls: int) -> Any:
    """An applier that dies after so many calls of ledger and writer, inside or between them."""
    life = Life(calls)
    with (
        patch.multiple(Ledger, **{name: life.around(getattr(Ledger, name)) for name in LEDGER_CALLS}),
        patch.multiple(FakeWriter, **{name: life.around(getattr(FakeWriter, name)) for name in ("look", "send")}),
    ):
        yield


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_sequence_leads_to_two_effects_or_to_a_lost_correction() -> None:
    run(6, 20)


@pytest.mark.long
def test_no_long_sequence_leads_to_two_effects_or_to_a_lost_correction() -> None:
    run(300, 50)
