"""Plans in the ledger: written down once, in place of earlier plans of the same exception.

Add here: what must hold before a plan is kept. Stays out: what is planned and why (the corrections room).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.corrections import FOR_A_PERSON, TRANSITIONS, UNDER_WAY, move, of_exception
from qtc_pipeline.ops.models_corrections import Correction, CorrectionStep

_SMALLEST = -(2**62)


def save_plan(
    session: Session,
    plan: Mapping[str, Any],
    *,
    correction_id: str,
    plan_hash: str,
    keys: Mapping[int, str],
    policy: str,
    policy_reason: str,
    proposer: str,
    batch_id: str,
    now: datetime,
    replaces: Collection[str] = (),
) -> Correction:
    """Write a plan down as *planned*; the same plan again changes nothing.

    Earlier plans of the exception that nobody has begun with, and stale or reopened ones, become superseded by it.

    Args:
        session: of ``store.open_ledger``.
        plan: a proposal as plain values (``corrections.stored.to_plan``), kept whole.
        correction_id: its id.
        plan_hash: digest an approval binds to.
        keys: step number -> idempotency key.
        policy: automatic, approval, two_approvals, never.
        policy_reason: which rule said so.
        proposer: who proposes; may not approve.
        batch_id: of the planning run.
        now: when.
        replaces: corrections of the exception that wait for a person and are planned again by their decision.

    Raises:
        CorrectionError: the id is taken by another plan, or one of the exception is under way or waits for a person.
    """
    kept = dict(plan)
    known = session.get(Correction, correction_id)
    if known is not None:
        if known.plan_hash == plan_hash:
            return known
        cause = f"generation {known.generation} of exception {known.exception_id} is another plan already"
        raise CorrectionError(f"correction {correction_id}", cause, "Plan it as the next generation")
    for earlier in _make_room(session, kept, replaces):
        move(session, earlier.correction_id, "superseded", actor=proposer, reason="planned again", now=now)
        earlier.superseded_by = correction_id
    exposure = None if kept.get("exposure") is None else Decimal(kept["exposure"])
    row = Correction(
        correction_id=correction_id,
        **{name: kept[name] for name in ("exception_id", "occurrence", "generation", "break_class", "leg")},
        **{name: kept.get(name) for name in ("owner_role", "legal_entity_id", "qtc_id")},
        kind=str(kept["kind"]),
        state="planned",
        grain_key=kept["grain_key"],
        plan=kept,
        plan_hash=plan_hash,
        policy=policy,
        policy_reason=policy_reason,
        proposer=proposer,
        exposure=exposure,
        drain_order=max(_SMALLEST, -int((exposure or Decimal(0)) * 100)),
        build_id=kept["build_id"],
        batch_id=batch_id,
        reason="",
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    for step in kept["steps"]:
        write = step["write"]
        session.add(
            CorrectionStep(
                correction_id=correction_id,
                number=step["number"],
                instance=step["instance"],
                entity=write["entity"],
                record_key=write.get("key"),
                marker=write.get("marker"),
                idempotency_key=keys[step["number"]],
                state="pending",
            )
        )
    detail = {"kind": row.kind, "plan_hash": plan_hash, "policy": policy, "exposure": exposure, "batch_id": batch_id}
    audit.append(session, actor=proposer, action="correction.planned", subject=correction_id, detail=detail, now=now)
    return row


def _make_room(session: Session, plan: Mapping[str, Any], replaces: Collection[str]) -> list[Correction]:
    """Earlier plans of the exception that give way to a new one."""
    give_way = []
    for earlier in of_exception(session, plan["exception_id"]):
        one, state = earlier.correction_id, earlier.state
        what = f"exception {plan['exception_id']}"
        if state in UNDER_WAY:
            raise CorrectionError(what, f"correction {one} of it is {state}", "Wait for what comes of it")
        if state in FOR_A_PERSON and one not in replaces:
            if earlier.occurrence == plan["occurrence"]:
                cause = f"correction {one} of it is {state}: a person decides"
                raise CorrectionError(what, cause, f"See `qtc corrections show {one}`")
        elif "superseded" in TRANSITIONS.get(state, ()):
            give_way.append(earlier)
    return give_way
