"""Tries of a step in the ledger: intent before the socket opens, sent before the first byte, then what came of it.

Everything here wants a session of ``store.open_ledger``; each call is one transaction of its own. A try that ended
unknown, or whose process died, stays open until it is settled by reading. Add here: a law of a try. Stays out: when to
try (the corrections room).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit, leases
from qtc_pipeline.ops.corrections import DONE_STEP, get, steps_of
from qtc_pipeline.ops.leases import Lease
from qtc_pipeline.ops.models_corrections import Attempt, CorrectionStep

STEP_AFTER: Mapping[str, str] = {
    "confirmed": "confirmed",
    "settled_done": "confirmed",
    "no_effect": "pending",
    "stale": "pending",
    "authentication": "pending",
    "settled_none": "pending",
    "rejected": "rejected",
    "unknown": "in_doubt",
}
"""Outcome of a try -> state of its step."""
SETTLING = frozenset({"settled_done", "settled_none", "rejected"})
"""How a try may end that ended unknown before, or was left open by a crash."""
_ITS_STEP = (CorrectionStep.correction_id == Attempt.correction_id) & (CorrectionStep.number == Attempt.number)
_IS_OPEN = or_(Attempt.outcome.is_(None), Attempt.outcome == "unknown")


def intent(  # noqa: PLR0917  # in the order of what it speaks of
    session: Session, correction_id: str, number: int, lease: Lease, request_digest: str, now: datetime
) -> int:
    """Write down that a step is about to be sent; the id of the try.

    Raises:
        LostLeaseError: the lease is not in force any more.
        CorrectionError: the correction is not applying, an earlier step is not done, or a try is open: of this step,
            or of another plan's step under the same key.
    """
    correction = get(session, correction_id, whole=True)
    step = _step(session, correction_id, number)
    what = f"correction {correction_id}, step {number}"
    if lease.target != step.instance:
        raise CorrectionError(what, f"writes to {step.instance}, the lease is for {lease.target}", "Take its lease")
    leases.check(session, lease.target, lease.fencing, now)
    if correction.state != "applying":
        raise CorrectionError(what, f"the correction is {correction.state}", "Nothing is sent unless it is applying")
    if step.state != "pending":
        raise CorrectionError(what, f"is {step.state}", "Settle what is open; what is done is never sent again")
    undone = [one.number for one in steps_of(session, correction_id) if one.state not in DONE_STEP]
    if undone[0] != number:
        raise CorrectionError(what, f"step {undone[0]} is not done yet", "Steps go in their order")
    rival = session.scalars(
        select(CorrectionStep).where(
            CorrectionStep.idempotency_key == step.idempotency_key,
            CorrectionStep.correction_id != correction_id,
            CorrectionStep.state.in_(("intent", "sent", "in_doubt")),
        )
    ).first()
    if rival is not None:
        cause = f"correction {rival.correction_id} has sent the same and does not know what came of it"
        raise CorrectionError(what, cause, "Settle that one first")
    made = session.scalar(select(func.count()).where(Attempt.correction_id == correction_id, Attempt.number == number))
    attempt = Attempt(
        correction_id=correction_id,
        number=number,
        attempt_no=(made or 0) + 1,
        holder=lease.holder,
        fencing=lease.fencing,
        request_digest=request_digest,
        intent_at=now,
        code="",
        error_class="",
        message="",
    )
    session.add(attempt)
    step.state = "intent"
    session.flush()
    detail = {"attempt": attempt.attempt_id, "step": number, "fencing": lease.fencing, "request": request_digest}
    audit.append(session, actor=lease.holder, action="attempt.intent", subject=correction_id, detail=detail, now=now)
    return attempt.attempt_id


def sent(session: Session, attempt_id: int, now: datetime) -> None:
    """Write down that the first byte is about to leave.

    Raises:
        LostLeaseError: the lease it was begun under is not in force any more: nothing may be sent.
        CorrectionError: it is not a fresh intent.
    """
    attempt = _attempt(session, attempt_id)
    step = _step(session, attempt.correction_id, attempt.number)
    if step.state != "intent" or attempt.outcome is not None or attempt.sent_at is not None:
        raise CorrectionError(f"attempt {attempt_id}", f"its step is {step.state}", "Only a fresh intent is sent")
    leases.check(session, step.instance, attempt.fencing, now)
    attempt.sent_at = now
    step.state = "sent"
    said = {"attempt": attempt_id, "step": attempt.number}
    audit.append(session, actor=attempt.holder, action="attempt.sent", subject=step.correction_id, detail=said, now=now)


def ended(
    session: Session,
    attempt_id: int,
    outcome: str,
    *,
    now: datetime,
    code: str = "",
    error_class: str = "",
    message: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    made_key: str | None = None,
    actor: str | None = None,
) -> Attempt:
    """Write down what came of a try.

    Args:
        session: of ``store.open_ledger``.
        attempt_id: from :func:`intent`.
        outcome: a key of ``STEP_AFTER``; an unknown one ends once more, by one of ``SETTLING``.
        now: when.
        code: status or error code of the vendor.
        error_class: name of the error's type.
        message: the vendor's sentence.
        before: the fields as found before.
        after: the fields as read back.
        made_key: key of the record that was made, or written.
        actor: who says so, by default the holder of the try.

    Raises:
        CorrectionError: it has ended already, or was confirmed without having been sent.
    """
    if outcome not in STEP_AFTER:
        raise CorrectionError(f"attempt {attempt_id}", f"'{outcome}' is no outcome", f"Use one of {sorted(STEP_AFTER)}")
    attempt = _attempt(session, attempt_id)
    is_open = attempt.outcome is None or (attempt.outcome == "unknown" and outcome in SETTLING)
    if not is_open:
        raise CorrectionError(f"attempt {attempt_id}", f"has ended as {attempt.outcome}", "An outcome is final")
    if outcome == "confirmed" and attempt.sent_at is None:
        raise CorrectionError(f"attempt {attempt_id}", "was never sent, so nothing confirms it", "Settle it by reading")
    step = _step(session, attempt.correction_id, attempt.number)
    attempt.outcome = outcome
    attempt.ended_at = now
    attempt.code, attempt.error_class, attempt.message = code[:120], error_class[:80], message
    step.state = STEP_AFTER[outcome]
    step.before = dict(before) if before is not None else step.before
    step.after = dict(after) if after is not None else step.after
    step.made_key = made_key or step.made_key
    if step.state == "confirmed":
        step.confirmed_at = now
    said = {"attempt": attempt_id, "step": attempt.number, "outcome": outcome, "code": code, "made_key": made_key}
    who = actor or attempt.holder
    audit.append(session, actor=who, action="attempt.ended", subject=step.correction_id, detail=said, now=now)
    return attempt


def already(
    session: Session,
    correction_id: str,
    number: int,
    *,
    made_key: str | None,
    before: Mapping[str, Any] | None,
    now: datetime,
    actor: str = "qtc",
) -> None:
    """Write down that a step was found done before anything was sent (``already_in_effect``).

    Raises:
        CorrectionError: the correction is not applying, or a try of the step is open or has ended it.
    """
    correction = get(session, correction_id, whole=True)
    step = _step(session, correction_id, number)
    if correction.state != "applying" or step.state != "pending":
        cause = f"the correction is {correction.state}, the step {step.state}"
        raise CorrectionError(f"correction {correction_id}, step {number}", cause, "Settle what is open first")
    step.state = "already_in_effect"
    step.made_key = made_key
    step.before = step.after = None if before is None else dict(before)
    step.confirmed_at = now
    detail = {"step": number, "made_key": made_key}
    audit.append(session, actor=actor, action="step.already_in_effect", subject=correction_id, detail=detail, now=now)


def open_attempts(session: Session, target: str | None = None) -> list[Attempt]:
    """Tries whose outcome nobody knows, of a target (None: of all), oldest first."""
    wanted = select(Attempt).where(_IS_OPEN)
    if target is not None:
        wanted = wanted.join(CorrectionStep, _ITS_STEP).where(CorrectionStep.instance == target)
    return list(session.scalars(wanted.order_by(Attempt.attempt_id)))


def writes_since(session: Session, since: datetime, target: str | None = None) -> int:
    """How many writes have left since an instant, to a target (None: to all): for the limits of a run and a day."""
    wanted = select(func.count()).select_from(Attempt).where(Attempt.sent_at >= since)
    if target is not None:
        wanted = wanted.join(CorrectionStep, _ITS_STEP).where(CorrectionStep.instance == target)
    return session.scalar(wanted) or 0


def count_of_step(session: Session, correction_id: str, number: int) -> int:
    """How often a step was tried: for the retry budget."""
    wanted = select(func.count()).where(Attempt.correction_id == correction_id, Attempt.number == number)
    return session.scalar(wanted) or 0


def _attempt(session: Session, attempt_id: int) -> Attempt:
    attempt = session.get(Attempt, attempt_id)
    if attempt is None:
        raise CorrectionError(f"attempt {attempt_id}", "there is none", "See `qtc corrections show`")
    return attempt


def _step(session: Session, correction_id: str, number: int) -> CorrectionStep:
    step = session.get(CorrectionStep, (correction_id, number))
    if step is None:
        raise CorrectionError(f"correction {correction_id}", f"has no step {number}", "See `qtc corrections show`")
    return step
