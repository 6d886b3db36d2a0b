"""Corrections in the ledger: moved from state to state by the table only, each move on record.

Everything that changes something wants a session of ``store.open_ledger``. Add here: a question about corrections, a
law of the ledger. Stays out: writing them down (``plans``), tries and their outcomes (``attempts``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import Approval, Attempt, Correction, CorrectionStep

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "planned": frozenset({"waiting_approval", "approved", "refused", "superseded", "cancelled"}),
    "waiting_approval": frozenset({"approved", "declined", "refused", "superseded", "cancelled"}),
    "approved": frozenset({"applying", "waiting_approval", "refused", "superseded", "cancelled"}),
    "applying": frozenset(
        {"verifying", "in_doubt", "stale", "rejected", "partly_applied", "dead_letter", "needs_person"}
    ),
    "in_doubt": frozenset({"applying", "verifying", "needs_person"}),
    "verifying": frozenset({"resolved", "reopened"}),
    "dead_letter": frozenset({"superseded", "discarded"}),
    "needs_person": frozenset({"superseded", "cancelled", "verifying"}),
    "partly_applied": frozenset({"superseded", "cancelled"}),
    "rejected": frozenset({"superseded", "cancelled"}),
    "stale": frozenset({"superseded"}),
    "reopened": frozenset({"superseded"}),
}
"""State -> states that may follow; ``corrections.contract`` is the authority, a test compares the two."""
LIVE = frozenset({"planned", "waiting_approval", "approved", "applying", "in_doubt", "verifying"})
UNDER_WAY = frozenset({"applying", "in_doubt", "verifying"})
FOR_A_PERSON = frozenset({"rejected", "partly_applied", "needs_person", "dead_letter"})
DONE_STEP = frozenset({"confirmed", "already_in_effect"})
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Corrected:
    """Fields of a record a correction changed."""

    correction_id: str
    instance: str
    entity: str
    record_key: str
    fields: frozenset[str]
    confirmed_at: datetime


def move(
    session: Session,
    correction_id: str,
    to: str,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    expected: Collection[str] | None = None,
    not_before: datetime | None = None,
) -> Correction:
    """Move a correction to a state and write that down.

    Args:
        session: of ``store.open_ledger``.
        correction_id: whole id.
        to: the state.
        actor: person or process.
        now: when.
        reason: why, a sentence.
        expected: the move is only meant from these states.
        not_before: nothing is to be done with it earlier (retry, settle time).

    Raises:
        CorrectionError: there is none, the table has no such move, or a try or step of it is in the way.
    """
    row = get(session, correction_id, whole=True)
    wanted = to in TRANSITIONS.get(row.state, ()) and (expected is None or row.state in expected)
    if not wanted:
        raise CorrectionError(
            f"correction {correction_id}", f"is {row.state} and cannot become {to}", "Read it again before you decide"
        )
    _refuse_loose_ends(session, row, to)
    said = {"from": row.state, "to": to, "reason": reason, "not_before": not_before}
    row.state = to
    row.reason = reason
    row.not_before = not_before
    row.updated_at = now
    audit.append(session, actor=actor, action="correction.moved", subject=correction_id, detail=said, now=now)
    return row


def wait(
    session: Session, correction_id: str, not_before: datetime, reason: str, now: datetime, *, actor: str = "qtc"
) -> Correction:
    """Leave a correction where it is until an instant (retry, settle time)."""
    row = get(session, correction_id, whole=True)
    row.not_before = not_before
    row.reason = reason
    row.updated_at = now
    said = {"state": row.state, "not_before": not_before, "reason": reason}
    audit.append(session, actor=actor, action="correction.waits", subject=correction_id, detail=said, now=now)
    return row


def _refuse_loose_ends(session: Session, row: Correction, to: str) -> None:
    """Nothing leaves the table's middle with a try whose outcome nobody knows, or unverified steps."""
    steps = steps_of(session, row.correction_id)
    loose = [step.number for step in steps if step.state in {"intent", "sent", "in_doubt"}]
    if loose and to not in {"in_doubt", "needs_person"}:
        cause = f"what came of step {loose[0]} is not known, so it cannot become {to}"
        raise CorrectionError(f"correction {row.correction_id}", cause, "Settle the attempt first")
    undone = [step.number for step in steps if step.state not in DONE_STEP]
    if undone and to == "verifying" and row.state != "needs_person":
        cause = f"step {undone[0]} is not done, so it cannot become {to}"
        raise CorrectionError(f"correction {row.correction_id}", cause, "Do the step first")


def get(session: Session, correction_id: str, *, whole: bool = False) -> Correction:
    """The correction of that id or, unless ``whole``, of the only id that begins so.

    Raises:
        CorrectionError: none or several begin so.
    """
    row = session.get(Correction, correction_id)
    if row is not None:
        return row
    wanted = select(Correction).where(Correction.correction_id.startswith(correction_id, autoescape=True)).limit(2)
    alike = [] if whole or not correction_id else list(session.scalars(wanted))
    if len(alike) != 1:
        cause = "several begin so" if alike else "there is none"
        raise CorrectionError(f"correction {correction_id}", cause, "See `qtc corrections list`")
    return alike[0]


def list_corrections(
    session: Session,
    *,
    state: str | Collection[str] | None = None,
    kind: str | None = None,
    break_class: str | None = None,
    instance: str | None = None,
    qtc_id: str | None = None,
    due_at: datetime | None = None,
    limit: int | None = None,
) -> list[Correction]:
    """Corrections, the largest exposure first, then by id: the order in which they are drained.

    Args:
        session: of the store.
        state: one or several; None: any.
        kind: of the correction.
        break_class: of its exception.
        instance: one of its steps writes there.
        qtc_id: of the engagement.
        due_at: only those that need not wait any longer at that instant.
        limit: at most so many, read as a page.
    """
    states = {state} if isinstance(state, str) else state
    wanted = select(Correction).where(*_conditions(states, due_at, instance))
    for column, value in (
        (Correction.kind, kind),
        (Correction.break_class, break_class),
        (Correction.qtc_id, qtc_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    return list(session.scalars(wanted.order_by(Correction.drain_order, Correction.correction_id).limit(limit)))


def _conditions(
    states: Collection[str] | None, due_at: datetime | None, instance: str | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if states is not None:
        found.append(Correction.state.in_(sorted(states)))
    if due_at is not None:
        found.append(or_(Correction.not_before.is_(None), Correction.not_before <= due_at))
    if instance is not None:
        writes_there = (CorrectionStep.correction_id == Correction.correction_id) & (
            CorrectionStep.instance == instance
        )
        found.append(exists().where(writes_there))
    return found


def count_by_state(session: Session) -> dict[str, int]:
    """State -> number of corrections in it."""
    rows = session.execute(select(Correction.state, func.count()).group_by(Correction.state))
    return dict(rows.all())


def steps_of(session: Session, correction_id: str) -> list[CorrectionStep]:
    """Steps of a correction in their order."""
    wanted = select(CorrectionStep).where(CorrectionStep.correction_id == correction_id)
    return list(session.scalars(wanted.order_by(CorrectionStep.number)))


def attempts_of(session: Session, correction_id: str) -> list[Attempt]:
    """Every try of every step, first to last."""
    wanted = select(Attempt).where(Attempt.correction_id == correction_id)
    return list(session.scalars(wanted.order_by(Attempt.number, Attempt.attempt_no)))


def approvals_of(session: Session, correction_id: str) -> list[Approval]:
    """What people said to it, first to last."""
    wanted = select(Approval).where(Approval.correction_id == correction_id)
    return list(session.scalars(wanted.order_by(Approval.approval_id)))


def of_exception(session: Session, exception_id: str) -> list[Correction]:
    """Every plan there was for an exception, first to last."""
    wanted = select(Correction).where(Correction.exception_id == exception_id)
    return list(session.scalars(wanted.order_by(Correction.occurrence, Correction.generation)))


def of_exceptions(session: Session, exception_ids: Iterable[str]) -> list[Correction]:
    """Every plan there was for some exceptions, by exception, first to last; read in pages."""
    found: list[Correction] = []
    ids = sorted(set(exception_ids))
    for start in range(0, len(ids), _PAGE):
        wanted = select(Correction).where(Correction.exception_id.in_(ids[start : start + _PAGE]))
        order = (Correction.exception_id, Correction.occurrence, Correction.generation)
        found += session.scalars(wanted.order_by(*order))
    return found


def live_of_exception(session: Session, exception_id: str) -> Correction | None:
    """The one correction of an exception that is on its way; None where there is none."""
    live = [one for one in of_exception(session, exception_id) if one.state in LIVE]
    return live[-1] if live else None


def confirmed_steps(session: Session) -> list[tuple[CorrectionStep, dict[str, Any]]]:
    """Every step that was written and read back, with the plan it is of, oldest first."""
    wanted = (
        select(CorrectionStep, Correction)
        .join(Correction, Correction.correction_id == CorrectionStep.correction_id)
        .where(CorrectionStep.state == "confirmed")
        .order_by(CorrectionStep.confirmed_at, CorrectionStep.correction_id, CorrectionStep.number)
    )
    return [(step, correction.plan) for step, correction in session.execute(wanted)]


def recently_corrected(session: Session, since: datetime) -> list[Corrected]:
    """What corrections have changed since an instant, oldest first: for telling that two sides undo each other."""
    wanted = (
        select(CorrectionStep, Correction)
        .join(Correction, Correction.correction_id == CorrectionStep.correction_id)
        .where(CorrectionStep.confirmed_at >= since, CorrectionStep.state == "confirmed")
        .order_by(CorrectionStep.confirmed_at, CorrectionStep.correction_id, CorrectionStep.number)
    )
    found = []
    for step, correction in session.execute(wanted):
        fields = next(one["write"]["new"] for one in correction.plan["steps"] if one["number"] == step.number)
        key = step.made_key or step.record_key or ""
        if step.confirmed_at is not None:
            found.append(
                Corrected(step.correction_id, step.instance, step.entity, key, frozenset(fields), step.confirmed_at)
            )
    return found
