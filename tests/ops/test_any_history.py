"""Any history of the ledger: crashes, lost and late answers, two appliers, approvals, stale records, other people.

A world of records is corrected through the functions of the ledger alone, as an applier uses them: look, intent, sent,
send, outcome. Every ledger transaction may crash before its commit; then the applier forgets what it was doing. What
the ledger promises must hold after every step, and at the end everything that was begun can be brought to an end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

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
from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import Proposal, idempotency_key
from qtc_pipeline.errors import CorrectionError, LostLeaseError
from qtc_pipeline.ops import approvals, attempts, audit, corrections, people
from qtc_pipeline.ops.leases import Lease, give_back, take
from qtc_pipeline.ops.models_corrections import Attempt, Correction, CorrectionStep
from qtc_pipeline.ops.store import _engine, open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.gates.small import settings_in
from tests.ops.ledger import ACTOR, NOW, proposal, saved, write
from tests.postgres import Postgres

pytestmark = pytest.mark.xdist_group("postgres")
TARGET = "erp"
TTL = timedelta(minutes=10)
SETTLE = timedelta(minutes=15)
EXCEPTIONS = ("e1", "e2", "e3")
HOLDERS = ("h1", "h2")
TROUBLE = ("confirmed", "confirmed", "lost", "lost_late", "lost_none", "no_effect", "rejected")
rarely = st.sampled_from([False] * 6 + [True])


class CrashError(Exception):
    """The process died before the commit."""


@dataclass
class Doing:
    """What an applier holds in memory, lost when it crashes."""

    correction_id: str
    number: int
    key: str
    attempt_id: int
    is_sent: bool = False
    answer: str | None = None


class History(RuleBasedStateMachine):
    """The ledger, the world it corrects, and two appliers."""

    server: Postgres | None = None

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.settings: Settings = settings_in(Path(self.folder.name) / "var")
        if self.server is not None:
            self.settings = self.settings.model_copy(update={"ops_database_url": self.server.new_database()})
        self.now = NOW
        self.effects: Counter[str] = Counter()
        self.in_the_air: dict[str, str] = {}  # key -> correction whose write the server may still apply
        self.planned: dict[str, Proposal] = {}
        self.leases: dict[str, Lease | None] = dict.fromkeys(HOLDERS)
        self.doing: dict[str, Doing | None] = dict.fromkeys(HOLDERS)
        with open_ledger(self.settings) as session:
            for name in ("ada", "bob"):
                people.add(session, name, "approver", actor=ACTOR, now=NOW)
        for exception in EXCEPTIONS:
            self.plan(exception, needs=False, crash=False)

    def teardown(self) -> None:
        if hasattr(self, "settings"):
            self.everything_comes_to_an_end()
            _engine(self.settings.ops_url).dispose()
            self.folder.cleanup()

    @contextmanager
    def ledger(self, *, crash: bool = False) -> Iterator[Session]:
        with open_ledger(self.settings) as session:
            yield session
            if crash:
                raise CrashError

    def row(self, exception: str) -> Correction | None:
        with open_store(self.settings) as session:
            rows = corrections.of_exception(session, exception)
            session.expunge_all()
            return rows[-1] if rows else None

    # planning and deciding

    @rule(exception=st.sampled_from(EXCEPTIONS), needs=rarely, crash=rarely)
    def plan(self, exception: str, *, needs: bool, crash: bool) -> None:
        last = self.row(exception)
        number = EXCEPTIONS.index(exception)
        writes = (write(create=True), write(1)) if number == 0 else (write(1), write(2))[:number]
        planned = proposal(exception, *writes, generation=last.generation + 1 if last else 1)
        try:
            with self.ledger(crash=crash) as session:
                by_a_person = {last.correction_id} if last else set()
                saved(session, planned, state="planned", now=self.now, replaces=by_a_person)
                to = "waiting_approval" if needs else "approved"
                corrections.move(session, planned.correction_id, to, actor="qtc", now=self.now)
        except CorrectionError:
            assert last is not None
            assert self.is_held(last)
        except CrashError:
            return
        else:
            self.planned[planned.correction_id] = planned

    def is_held(self, row: Correction) -> bool:
        with open_store(self.settings) as session:
            loose = any(one.correction_id == row.correction_id for one in attempts.open_attempts(session))
        return loose or row.state in corrections.UNDER_WAY

    @rule(exception=st.sampled_from(EXCEPTIONS), person=st.sampled_from(["ada", "bob", "qtc"]), crash=rarely)
    def decide(self, exception: str, person: str, *, crash: bool) -> None:
        row = self.row(exception)
        if row is None:
            return
        said = {"plan_hash": row.plan_hash, "person": person, "decision": "approve", "reason": "", "now": self.now}
        try:
            with self.ledger(crash=crash) as session:
                approvals.give(session, row.correction_id, lasts=timedelta(hours=1), **said)
                mine = corrections.get(session, row.correction_id)
                if len(approvals.valid(session, mine, self.now)) > 1:
                    corrections.move(session, row.correction_id, "approved", actor=person, now=self.now)
        except CorrectionError:
            assert person == "qtc" or row.state != "waiting_approval" or self.has_approved(row, person)
        except CrashError:
            return

    def has_approved(self, row: Correction, person: str) -> bool:
        with open_store(self.settings) as session:
            return person in {one.person for one in approvals.valid(session, row, self.now)}

    # two appliers

    @rule(
        holder=st.sampled_from(HOLDERS),
        exception=st.sampled_from(EXCEPTIONS),
        what=st.sampled_from(TROUBLE),
        moved=rarely,
        crash=rarely,
    )
    def go_on(self, holder: str, exception: str, *, what: str, moved: bool, crash: bool) -> None:
        """An applier does what comes next, as far as it knows."""
        doing = self.doing[holder]
        if self.leases[holder] is None:
            self.lease(holder, crash=crash)
        elif doing is None:
            self.look_and_intend(holder, exception, stale=moved, crash=crash)
        elif not doing.is_sent:
            self.about_to_send(holder, crash=crash)
        elif doing.answer is None:
            self.send(holder, what)
        else:
            self.write_down_the_answer(holder, crash=crash)

    @rule(holder=st.sampled_from(HOLDERS), exception=st.sampled_from(EXCEPTIONS), what=st.sampled_from(TROUBLE))
    def go_on_far(self, holder: str, exception: str, *, what: str) -> None:
        """Several steps in a row, so that histories get somewhere."""
        for _ in range(4):
            self.go_on(holder, exception, what=what, moved=False, crash=False)

    def lease(self, holder: str, *, crash: bool) -> None:
        try:
            with self.ledger(crash=crash) as session:
                lease = take(session, TARGET, holder, TTL, self.now)
        except CrashError:
            return
        if lease is not None:
            self.leases[holder] = lease

    @rule(holder=st.sampled_from(HOLDERS))
    def give_back(self, holder: str) -> None:
        lease = self.leases[holder]
        if lease is not None and self.doing[holder] is None:
            with self.ledger() as session:
                give_back(session, lease, self.now)
            self.leases[holder] = None

    def look_and_intend(self, holder: str, exception: str, *, stale: bool, crash: bool) -> None:
        lease, row = self.leases[holder], self.row(exception)
        if lease is None or row is None or self.doing[holder] is not None or row.state not in {"approved", "applying"}:
            return
        try:
            with self.ledger(crash=crash) as session:
                if row.state == "approved":
                    corrections.move(session, row.correction_id, "applying", actor=holder, now=self.now)
                steps = corrections.steps_of(session, row.correction_id)
                step = next((one for one in steps if one.state == "pending"), None)
                if step is None:
                    return
                attempt_id = self.first_touch(session, lease, step, stale=stale)
        except (CorrectionError, CrashError):
            return
        if attempt_id is not None:
            self.doing[holder] = Doing(row.correction_id, step.number, step.idempotency_key, attempt_id)

    def first_touch(self, session: Session, lease: Lease, step: CorrectionStep, *, stale: bool) -> int | None:
        one = step.correction_id
        if self.effects[step.idempotency_key]:
            attempts.already(session, one, step.number, made_key="7", before={}, now=self.now, actor=lease.holder)
            return None
        if stale:
            done = any(other.state in corrections.DONE_STEP for other in corrections.steps_of(session, one))
            to = "partly_applied" if done else "stale"
            corrections.move(session, one, to, actor=lease.holder, now=self.now)
            return None
        return attempts.intent(session, one, step.number, lease, "digest", self.now)

    def about_to_send(self, holder: str, *, crash: bool) -> None:
        doing = self.doing[holder]
        if doing is None or doing.is_sent:
            return
        try:
            with self.ledger(crash=crash) as session:
                attempts.sent(session, doing.attempt_id, self.now)
        except (CrashError, LostLeaseError):
            self.doing[holder] = None
        except CorrectionError:
            assert not self.is_open(doing.attempt_id)
            self.doing[holder] = None
        else:
            doing.is_sent = True
            self.in_the_air[doing.key] = doing.correction_id

    def is_open(self, attempt_id: int) -> bool:
        with open_store(self.settings) as session:
            return attempt_id in {one.attempt_id for one in attempts.open_attempts(session)}

    def send(self, holder: str, what: str) -> None:
        """The server answers, or does not; ``lost_late`` is applied after the client has given up."""
        doing = self.doing[holder]
        if doing is None or not doing.is_sent or doing.answer is not None:
            return
        if what != "lost_late":
            self.in_the_air.pop(doing.key, None)
        if what in {"confirmed", "lost"}:
            self.effects[doing.key] += 1
        doing.answer = "unknown" if what.startswith("lost") else what

    def write_down_the_answer(self, holder: str, *, crash: bool) -> None:
        doing = self.doing[holder]
        if doing is None or doing.answer is None:
            return
        self.doing[holder] = None
        try:
            with self.ledger(crash=crash) as session:
                attempts.ended(session, doing.attempt_id, doing.answer, now=self.now, made_key="7")
                steps = corrections.steps_of(session, doing.correction_id)
                if doing.answer == "unknown":
                    corrections.move(session, doing.correction_id, "in_doubt", actor=holder, now=self.now)
                elif doing.answer == "rejected":
                    to = "partly_applied" if any(one.state in corrections.DONE_STEP for one in steps) else "rejected"
                    corrections.move(session, doing.correction_id, to, actor=holder, now=self.now)
        except CrashError:
            return
        except CorrectionError:
            assert not self.is_open(doing.attempt_id), "another has settled it by reading meanwhile"

    @rule(holder=st.sampled_from(HOLDERS))
    def die(self, holder: str) -> None:
        self.doing[holder] = None
        self.leases[holder] = None

    @rule(seconds=st.sampled_from([1, 60, 1000]))
    def time_passes(self, seconds: int) -> None:
        """What is in the air for the settle time lands or never will; a client has given up long before."""
        self.now += timedelta(seconds=seconds)
        if timedelta(seconds=seconds) >= SETTLE:
            for key in self.in_the_air:
                self.effects[key] += 1
            self.in_the_air.clear()
            self.doing = {
                holder: doing if doing is None or not doing.is_sent or doing.answer is not None else None
                for holder, doing in self.doing.items()
            }

    @precondition(lambda self: bool(self.in_the_air))
    @rule(data=st.data(), is_applied=st.booleans())
    def lands(self, data: st.DataObject, *, is_applied: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.in_the_air)))
        if any(one is not None and one.key == key and one.answer is None for one in self.doing.values()):
            return  # its client still waits for the answer: ``send`` says what comes of it
        del self.in_the_air[key]
        self.effects[key] += is_applied

    @rule(holder=st.sampled_from(HOLDERS), crash=rarely)
    def settle(self, holder: str, *, crash: bool) -> None:
        lease = self.leases[holder]
        if lease is None or self.doing[holder] is not None:
            return
        try:
            with self.ledger(crash=crash) as session:
                for attempt in attempts.open_attempts(session, TARGET):
                    self.settle_one(session, lease, attempt)
        except (CrashError, LostLeaseError):
            return

    def settle_one(self, session: Session, lease: Lease, attempt: Attempt) -> None:
        from qtc_pipeline.ops import leases

        leases.check(session, TARGET, lease.fencing, self.now)
        step = session.get_one(CorrectionStep, (attempt.correction_id, attempt.number))
        is_done = bool(self.effects[step.idempotency_key])
        if attempt.sent_at is None:
            if attempt.fencing == lease.fencing:
                return  # its holder may be about to send it
        elif not is_done and self.now - attempt.sent_at < SETTLE:
            return
        outcome = "settled_done" if is_done and attempt.sent_at is not None else "settled_none"
        attempts.ended(session, attempt.attempt_id, outcome, now=self.now, made_key="7", actor=lease.holder)
        row = corrections.get(session, attempt.correction_id)
        if row.state == "in_doubt":
            corrections.move(session, row.correction_id, "applying", actor=lease.holder, now=self.now)

    @rule(exception=st.sampled_from(EXCEPTIONS), undone=rarely, crash=rarely)
    def verify(self, exception: str, *, undone: bool, crash: bool) -> None:
        """All steps done: read back, and resolved or, where another undid it, reopened."""
        row = self.row(exception)
        if row is None or row.state not in {"applying", "verifying"}:
            return
        try:
            with self.ledger(crash=crash) as session:
                if row.state == "applying":
                    corrections.move(session, row.correction_id, "verifying", actor="qtc", now=self.now)
                to = "reopened" if undone else "resolved"
                corrections.move(session, row.correction_id, to, actor="qtc", now=self.now)
        except CrashError:
            return
        except CorrectionError:
            assert not self.is_all_done(row.correction_id)
        else:
            if undone:
                for step in self.planned[row.correction_id].steps:
                    self.effects[idempotency_key(row.correction_id, step)] = 0

    def is_all_done(self, correction_id: str) -> bool:
        with open_store(self.settings) as session:
            return all(one.state in corrections.DONE_STEP for one in corrections.steps_of(session, correction_id))

    # what must hold

    @invariant()
    def no_effect_twice(self) -> None:
        if hasattr(self, "effects"):
            assert all(count <= 1 for count in self.effects.values()), self.effects

    @invariant()
    def nothing_is_done_without_an_intent_or_twice(self) -> None:
        if not hasattr(self, "settings"):
            return
        with open_store(self.settings) as session:
            done = Counter(
                (one.correction_id, one.number)
                for one in session.query(Attempt)
                if one.outcome in {"confirmed", "settled_done"}
            )
            assert set(done.values()) <= {1}
            for step in session.query(CorrectionStep):
                assert (step.state == "confirmed") == ((step.correction_id, step.number) in done)
            for attempt in session.query(Attempt):
                assert attempt.outcome != "confirmed" or attempt.sent_at is not None

    @invariant()
    def nothing_is_lost_and_every_move_is_on_record(self) -> None:
        if not hasattr(self, "settings"):
            return
        with open_store(self.settings) as session:
            told: dict[str, str] = {}
            for row in audit.rows_of(session):
                if row.action == "correction.planned":
                    told[row.subject] = "planned"
                elif row.action == "correction.moved":
                    said = json.loads(row.detail)
                    assert told[row.subject] == said["from"]
                    assert said["to"] in corrections.TRANSITIONS[said["from"]]
                    told[row.subject] = said["to"]
            assert told == {row.correction_id: row.state for row in session.query(Correction)}
            assert set(self.planned) == set(told)
            for step in session.query(CorrectionStep):
                assert step.state in corrections.DONE_STEP or told[step.correction_id] not in {"verifying", "resolved"}
            unsettled = {told[one.correction_id] for one in attempts.open_attempts(session)}
            assert unsettled <= {"applying", "in_doubt"}
            live = Counter(row.exception_id for row in session.query(Correction) if row.state in corrections.LIVE)
            assert set(live.values()) <= {1}

    def everything_comes_to_an_end(self) -> None:
        """Without further trouble whatever was begun ends, each step in effect exactly once."""
        self.time_passes(1000)
        for holder in HOLDERS:
            self.die(holder)
        self.lease("h1", crash=False)
        assert self.leases["h1"] is not None
        self.settle("h1", crash=False)
        for exception in EXCEPTIONS:
            self.bring_to_an_end(exception)
        with open_store(self.settings) as session:
            assert attempts.open_attempts(session) == []
            assert audit.verify(session, self.settings.audit_key) == audit.head(session)[0]

    def bring_to_an_end(self, exception: str) -> None:
        row = self.row(exception)
        if row is None or row.state not in {"approved", "applying", "verifying"}:
            return
        for _ in self.planned[row.correction_id].steps:
            self.look_and_intend("h1", exception, stale=False, crash=False)
            self.about_to_send("h1", crash=False)
            self.send("h1", "confirmed")
            self.write_down_the_answer("h1", crash=False)
        self.verify(exception, undone=False, crash=False)
        ended = self.row(exception)
        assert ended is not None
        assert ended.state == "resolved"
        for step in self.planned[row.correction_id].steps:
            assert self.effects[idempotency_key(row.correction_id, step)] == 1


def run(machine: type[History], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_history_of_the_ledger_breaks_its_promises() -> None:
    run(History, 12, 30)


@pytest.mark.long
def test_no_long_history_of_the_embedded_ledger_breaks_its_promises() -> None:
    run(History, 300, 60)


@pytest.mark.long
def test_no_long_history_of_the_ledger_on_postgresql_breaks_its_promises(postgres: Postgres) -> None:
    run(type("PostgresHistory", (History,), {"server": postgres}), 100, 60)
