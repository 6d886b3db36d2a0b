"""The applier's view of the ledger: one short transaction for each thing that must be remembered before the next.

Here: jobs read from the store, and every change an applier makes to it. Add here: a change that must be one
transaction. Stays out: the rows (``ops``), when a change is made (``apply``, ``settle``).

A rehearsal uses the same class over a copy of the store that is thrown away (``rehearsal``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.corrections.approve import standing
from qtc_pipeline.corrections.contract import State, Step, idempotency_key
from qtc_pipeline.corrections.job import Begun, Job, OpenAttempt, as_it_stands, job_of
from qtc_pipeline.ops import attempts, audit, corrections, dead_letters, leases
from qtc_pipeline.ops.models_corrections import (
    Correction,
    CorrectionStep,
)
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.systems.writing import Found, Values

LEASE = timedelta(minutes=5)
AT_WORK = (State.APPLYING, State.APPROVED)


class Ledger:
    """The store as one applier uses it."""

    def __init__(self, settings: Settings, holder: str, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self.holder = holder
        self.now = now

    def targets(self) -> set[str]:
        """Instances that corrections at work speak of."""
        with open_store(self.settings) as session:
            return set(
                session.scalars(
                    select(CorrectionStep.instance)
                    .join(Correction, Correction.correction_id == CorrectionStep.correction_id)
                    .where(Correction.state.in_([*AT_WORK, State.IN_DOUBT]))
                    .distinct()
                )
            )

    def due(self, target: str, limit: int) -> list[Job]:
        """Corrections whose turn it is at a target, what was begun first, then the largest exposure."""
        now = self.now()
        with open_store(self.settings) as session:
            rows = [
                row
                for state in AT_WORK
                for row in corrections.list_corrections(session, state=state, instance=target, due_at=now, limit=limit)
            ]
            ids = [row.correction_id for row in rows]
            steps: dict[str, list[CorrectionStep]] = {one: [] for one in ids}
            wanted = select(CorrectionStep).where(CorrectionStep.correction_id.in_(ids))
            for step in session.scalars(wanted.order_by(CorrectionStep.number)):
                steps[step.correction_id].append(step)
            return [job_of(row, steps[row.correction_id]) for row in rows]

    def open_attempts(self, target: str) -> list[OpenAttempt]:
        """Tries at a target whose outcome is not known, of corrections that wait for it."""
        with open_store(self.settings) as session:
            found = []
            for row in attempts.open_attempts(session, target):
                held = corrections.get(session, row.correction_id)
                if held.state not in {State.APPLYING, State.IN_DOUBT}:
                    continue
                job = job_of(held, corrections.steps_of(session, row.correction_id))
                step = job.proposal.steps[row.number - 1]
                found.append(OpenAttempt(row.attempt_id, job, step, row.sent_at, step.number in job.made))
            return found

    def begin(self, job: Job, too_much: Callable[[int], str | None]) -> Begun:
        """Begin with an approved correction where what was agreed holds and the limits allow it, in one transaction.

        Args:
            job: the correction.
            too_much: number of writes of the day -> why it must wait, None where it need not.
        """
        now = self.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        with open_ledger(self.settings) as session:
            row = corrections.get(session, job.correction_id, whole=True)
            to, told = standing(self.settings, session, row, now) or (State.APPLYING, "begun")
            if to is State.APPLYING:
                waits = too_much(attempts.writes_since(session, midnight))
                if waits is not None:
                    return Begun(job, None, waits)
            return Begun(self._move(session, job, to, told), to, told)

    def failures_of(self, job: Job, step: Step) -> int:
        """How often a step was tried without effect."""
        with open_store(self.settings) as session:
            tried = corrections.attempts_of(session, job.correction_id)
            return sum(one.number == step.number and one.outcome in {"no_effect", "settled_none"} for one in tried)

    def take(self, target: str) -> leases.Lease | None:
        """The target for this applier alone, for a while; None while another has it."""
        with open_ledger(self.settings) as session:
            return leases.take(session, target, self.holder, LEASE, self.now())

    def renew(self, lease: leases.Lease) -> leases.Lease:
        """The same lease for longer.

        Raises:
            LostLeaseError: another took it over.
        """
        with open_ledger(self.settings) as session:
            return leases.renew(session, lease, LEASE, self.now())

    def give_back(self, lease: leases.Lease) -> None:
        """Let the next applier have the target."""
        with open_ledger(self.settings) as session:
            leases.give_back(session, lease, self.now())

    def intent(self, job: Job, step: Step, lease: leases.Lease, digest: str) -> int:
        """Write down what is about to be sent."""
        with open_ledger(self.settings) as session:
            return attempts.intent(session, job.correction_id, step.number, lease, digest, self.now())

    def sent(self, attempt_id: int) -> None:
        """Write down that the next byte is on its way: from here on the outcome is unknown until it is known."""
        with open_ledger(self.settings) as session:
            attempts.sent(session, attempt_id, self.now())

    def conclude(
        self,
        attempt_id: int,
        job: Job,
        outcome: str,
        *,
        to: State | None = None,
        reason: str = "",
        wait_until: datetime | None = None,
        letter: str | None = None,
        error: Exception | None = None,
        before: Values | None = None,
        after: Values | None = None,
        made_key: str | None = None,
    ) -> Job:
        """End a try and move its correction, in one transaction; the correction as it stands then.

        Args:
            attempt_id: the try.
            job: its correction.
            outcome: of the try.
            to: state the correction moves to; None: it stays.
            reason: of the move or of the wait.
            wait_until: when it may be looked at again.
            letter: cause of a dead letter that keeps the step.
            error: what the writer raised.
            before: fields as found before.
            after: fields as read back.
            made_key: key of the record.
        """
        now = self.now()
        with open_ledger(self.settings) as session:
            attempts.ended(
                session,
                attempt_id,
                outcome,
                code=str(getattr(error, "code", "")),
                error_class=type(error).__name__ if error is not None else "",
                message=str(error) if error is not None else reason,
                actor=self.holder,
                now=now,
                before=before,
                after=after,
                made_key=made_key,
            )
            if to is not None:
                self._move(session, job, to, reason, wait_until)
            elif wait_until is not None:
                corrections.wait(session, job.correction_id, wait_until, reason, now, actor=self.holder)
            if letter is not None:
                self._letter(session, job, letter, reason)
            return as_it_stands(session, job.correction_id)

    def _move(self, session: Session, job: Job, to: State, reason: str, wait_until: datetime | None = None) -> Job:
        corrections.move(
            session,
            job.correction_id,
            to,
            actor=self.holder,
            reason=reason,
            now=self.now(),
            expected={job.state},
            not_before=wait_until,
        )
        return as_it_stands(session, job.correction_id)

    def _letter(self, session: Session, job: Job, cause: str, reason: str) -> None:
        step = job.next_step
        dead_letters.add(
            session,
            correction_id=job.correction_id,
            cause=cause,
            target=step.instance if step is not None else "",
            payload=dict(corrections.get(session, job.correction_id).plan),
            reason=reason,
            actor=self.holder,
            attempts=len(corrections.attempts_of(session, job.correction_id)),
            now=self.now(),
        )

    def in_effect(self, job: Job, step: Step, found: Found) -> Job:
        """A step needs no write: what it wants is there; the correction as it stands then."""
        with open_ledger(self.settings) as session:
            attempts.already(
                session,
                job.correction_id,
                step.number,
                made_key=found.key,
                before=found.values,
                actor=self.holder,
                now=self.now(),
            )
            return as_it_stands(session, job.correction_id)

    def move(
        self, job: Job, to: State, reason: str, *, letter: str | None = None, wait_until: datetime | None = None
    ) -> Job:
        """Move a correction, and keep a dead letter of the step it stands at where a cause is given."""
        with open_ledger(self.settings) as session:
            moved = self._move(session, job, to, reason, wait_until)
            if letter is not None:
                self._letter(session, job, letter, reason)
            return moved

    def wait(self, job: Job, until: datetime, reason: str) -> None:
        """Leave a correction alone until an instant."""
        with open_ledger(self.settings) as session:
            corrections.wait(session, job.correction_id, until, reason, self.now(), actor=self.holder)

    def note(self, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """A row of the audit trail, in a transaction of its own: it survives whatever is raised next."""
        with open_ledger(self.settings) as session:
            audit.append(
                session, actor=self.holder, action=action, subject=subject, detail=dict(detail), now=self.now()
            )


def digest_of(job: Job, step: Step) -> str:
    """Key a step is sent under."""
    return idempotency_key(job.correction_id, step)
