"""Who agreed: approve, reject, cancel; and whether what was agreed still holds when it is applied.

An approval is a named person's, who did not propose it, within their limit, of this very plan, and it expires. What is
refused is raised and stands in the audit trail, in a transaction of its own. Add here: something a person may say to a
correction. Stays out: who must agree (``policy``), the rows (``ops.approvals``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.policy import decide, stricter
from qtc_pipeline.corrections.stored import from_plan
from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import approvals, attempts, audit, corrections, people
from qtc_pipeline.ops.models_corrections import Correction
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import Settings
from qtc_pipeline.settings.corrections import Decision

NEEDED: dict[Decision, int] = {"automatic": 0, "approval": 1, "two_approvals": 2}


def submit(session: Session, row: Correction, *, actor: str, now: datetime) -> Correction:
    """Move a planned correction to where its policy sends it; in a ledger session.

    Args:
        session: of ``store.open_ledger``.
        row: the correction.
        actor: who planned it.
        now: when.
    """
    to = {"automatic": State.APPROVED, "never": State.REFUSED}.get(row.policy, State.WAITING_APPROVAL)
    if row.state != State.PLANNED:
        return row
    return corrections.move(session, row.correction_id, to, actor=actor, reason=row.policy_reason, now=now)


def approve(
    settings: Settings, correction_id: str, *, person: str, plan_hash: str, now: datetime, reason: str = ""
) -> State:
    """Approve a plan; the state it has then: approved, or still waiting for a second person.

    Args:
        settings: how long an approval is good.
        correction_id: or how it begins.
        person: who approves, known by their token.
        plan_hash: of the plan they read.
        now: when.
        reason: why, in their words.

    Raises:
        CorrectionError: they may not, or it is another plan now; also an audit row.
    """
    with (
        _on_record(settings, (correction_id, person), approvals.APPROVE, now, plan_hash),
        open_ledger(settings) as store,
    ):
        row = _whole(corrections.get(store, correction_id))
        approvals.give(
            store,
            row.correction_id,
            plan_hash=plan_hash,
            person=person,
            decision=approvals.APPROVE,
            reason=reason,
            lasts=timedelta(days=settings.corrections.approval_days),
            now=now,
        )
        given = approvals.valid(store, row, now)
        if len(given) >= NEEDED.get(row.policy, 2):  # type: ignore[call-overload]  # a text in the store
            told = f"approved by {' and '.join(one.person for one in given)}"
            row = corrections.move(store, row.correction_id, State.APPROVED, actor=person, reason=told, now=now)
        return State(row.state)


def reject(settings: Settings, correction_id: str, *, person: str, plan_hash: str, reason: str, now: datetime) -> State:
    """Decline a plan, with a reason.

    Raises:
        CorrectionError: they may not, or give no reason; also an audit row.
    """
    with (
        _on_record(settings, (correction_id, person), approvals.REJECT, now, plan_hash),
        open_ledger(settings) as store,
    ):
        row = corrections.get(store, correction_id)
        approvals.give(
            store,
            row.correction_id,
            plan_hash=plan_hash,
            person=person,
            decision=approvals.REJECT,
            reason=reason,
            lasts=timedelta(days=settings.corrections.approval_days),
            now=now,
        )
        row = corrections.move(store, row.correction_id, State.DECLINED, actor=person, reason=reason, now=now)
        return State(row.state)


def cancel(settings: Settings, correction_id: str, *, person: str, reason: str, now: datetime) -> State:
    """Give a correction up: before anything was applied, or where a person is to decide.

    Raises:
        CorrectionError: they may not, give no reason, or it is too late; also an audit row.
    """
    return _decide(settings, correction_id, State.CANCELLED, person=person, reason=reason, now=now)


def confirm(settings: Settings, correction_id: str, *, person: str, reason: str, now: datetime) -> State:
    """Say of a correction that needs a person that its writes are in effect: the rule has the last word.

    Raises:
        CorrectionError: they may not, give no reason, or nobody asked; also an audit row.
    """
    only = {State.NEEDS_PERSON}
    return _decide(settings, correction_id, State.VERIFYING, person=person, reason=reason, now=now, only=only)


def _decide(
    settings: Settings,
    correction_id: str,
    to: State,
    *,
    person: str,
    reason: str,
    now: datetime,
    only: set[State] | None = None,
) -> State:
    with _on_record(settings, (correction_id, person), to, now), open_ledger(settings) as session:
        row = corrections.get(session, correction_id)
        if not people.may(people.enabled(session, person), "operator"):
            raise CorrectionError(f"correction {row.correction_id}", f"user '{person}' is no operator", "Ask one")
        if not reason.strip():
            raise CorrectionError(f"correction {row.correction_id}", f"{to} without a reason", "Give one")
        if row.state == State.NEEDS_PERSON:  # their word ends what could not be told
            outcome = "settled_done" if to is State.VERIFYING else "settled_none"
            for attempt in corrections.attempts_of(session, row.correction_id):
                if attempt.outcome in {None, "unknown"}:
                    attempts.ended(session, attempt.attempt_id, outcome, message=reason, actor=person, now=now)
        row = corrections.move(session, row.correction_id, to, actor=person, reason=reason, now=now, expected=only)
        return State(row.state)


@contextmanager
def _on_record(
    settings: Settings, of: tuple[str, str], decision: str, now: datetime, plan_hash: str = ""
) -> Iterator[None]:
    """What a person is refused leaves an audit row behind, although its own transaction is undone."""
    try:
        yield
    except CorrectionError as error:
        subject, person = of
        with open_ledger(settings) as session:
            detail = {"decision": decision, "plan_hash": plan_hash, "why": str(error)}
            audit.append(session, actor=person, action="approval.refused", subject=subject, detail=detail, now=now)
        raise


def _whole(row: Correction) -> Correction:
    """The correction, whose stored plan is still the one its hash names.

    Raises:
        CorrectionError: someone changed it.
    """
    if from_plan(row.plan).plan_hash != row.plan_hash:
        raise CorrectionError(
            f"correction {row.correction_id}",
            "its stored plan is not the one it was planned as",
            "Cancel it and find out who can write to the store",
        )
    return row


def standing(settings: Settings, session: Session, row: Correction, now: datetime) -> tuple[State, str] | None:
    """Where an approved correction belongs that may not be applied now, and why; None where what was agreed holds.

    Args:
        settings: today's policy.
        session: of the store.
        row: an approved correction.
        now: when.
    """
    try:
        proposal = from_plan(_whole(row).plan)
    except CorrectionError as error:
        return State.REFUSED, str(error)
    today = decide(settings.corrections, proposal)
    asked = stricter(today.decision, row.policy)  # type: ignore[arg-type]  # a text in the store
    if asked == "never":
        return State.REFUSED, f"the policy is another one now: {today.reason}"
    given = len(approvals.valid(session, row, now))
    if given >= NEEDED[asked]:
        return None
    if asked != row.policy:
        return State.WAITING_APPROVAL, f"the policy is another one now: {today.reason}"
    return (
        State.WAITING_APPROVAL,
        f"{given} of {NEEDED[asked]} approvals still stand, one expired or was withdrawn",
    )
