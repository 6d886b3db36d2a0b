"""What people said to a plan: bound to its hash and to a person who did not propose it, good until it expires.

Add here: a reason to refuse an approval. Stays out: how many are needed and what follows (the corrections room).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.corrections import get
from qtc_pipeline.ops.models_corrections import Approval, Correction, Person
from qtc_pipeline.ops.people import may

APPROVE = "approve"
REJECT = "reject"


def refusal(
    session: Session, correction_id: str, *, plan_hash: str, person: str, decision: str, now: datetime
) -> str | None:
    """Why a person may not decide this about a plan, a sentence; None where they may."""
    correction = get(session, correction_id, whole=True)
    if correction.state != "waiting_approval":
        return f"it is {correction.state}, nothing waits for an approval"
    if correction.plan_hash != plan_hash:
        return f"the plan is another one now ({correction.plan_hash[:12]}): read it again"
    if decision not in {APPROVE, REJECT}:
        return f"'{decision}' is no decision"
    someone = session.get(Person, person)
    if someone is None or not may(someone, "approver"):
        return f"user '{person}' is no approver"
    if decision == REJECT:
        return None
    return _too_much(correction, someone) or _said_before(session, correction, person, now)


def _too_much(correction: Correction, person: Person) -> str | None:
    if person.name == correction.proposer:
        return f"user '{person.name}' proposed it, another must approve"
    limit, exposure = person.approval_limit, correction.exposure
    if limit is not None and exposure is None:
        return f"its exposure is not known, and '{person.name}' may approve up to {limit:f}"
    if limit is not None and exposure is not None and exposure > limit:
        return f"its exposure {exposure:f} is over the limit {limit:f} of '{person.name}'"
    return None


def _said_before(session: Session, correction: Correction, name: str, now: datetime) -> str | None:
    if name in {one.person for one in valid(session, correction, now)}:
        return f"'{name}' has approved it already, the second approval is another's"
    return None


def give(
    session: Session,
    correction_id: str,
    *,
    plan_hash: str,
    person: str,
    decision: str,
    reason: str,
    lasts: timedelta,
    now: datetime,
) -> Approval:
    """Write down what a person said to a plan.

    Args:
        session: of ``store.open_ledger``.
        correction_id: whole id.
        plan_hash: of the plan they read.
        person: their name.
        decision: ``approve`` or ``reject``.
        reason: why; a rejection needs one.
        lasts: how long an approval is good.
        now: when.

    Raises:
        CorrectionError: they may not (:func:`refusal`), or reject without a reason.
    """
    why_not = refusal(session, correction_id, plan_hash=plan_hash, person=person, decision=decision, now=now)
    if why_not is None and decision == REJECT and not reason.strip():
        why_not = "a rejection without a reason helps nobody"
    if why_not is not None:
        raise CorrectionError(f"correction {correction_id}", why_not, "See `qtc corrections show`")
    row = Approval(
        correction_id=correction_id,
        plan_hash=plan_hash,
        person=person,
        decision=decision,
        reason=reason,
        at=now,
        expires_at=now + lasts,
    )
    session.add(row)
    session.flush()
    detail = {"decision": decision, "plan_hash": plan_hash, "reason": reason, "expires_at": row.expires_at}
    audit.append(session, actor=person, action="correction.decided", subject=correction_id, detail=detail, now=now)
    return row


def refused(
    session: Session, correction_id: str, *, plan_hash: str, person: str, decision: str, why: str, now: datetime
) -> None:
    """Put on record that someone tried what they may not; in a ledger session that commits."""
    detail = {"decision": decision, "plan_hash": plan_hash, "why": why}
    audit.append(session, actor=person, action="approval.refused", subject=correction_id, detail=detail, now=now)


def valid(session: Session, correction: Correction, now: datetime) -> list[Approval]:
    """Approvals that stand: of this very plan, not expired, by people who may still approve it, one a person."""
    wanted = (
        select(Approval, Person)
        .join(Person, Person.name == Approval.person)
        .where(
            Approval.correction_id == correction.correction_id,
            Approval.plan_hash == correction.plan_hash,
            Approval.decision == APPROVE,
            Approval.expires_at > now,
        )
        .order_by(Approval.approval_id)
    )
    stands = {
        person.name: approval
        for approval, person in session.execute(wanted)
        if may(person, "approver") and _too_much(correction, person) is None
    }
    return sorted(stands.values(), key=lambda one: one.approval_id)
