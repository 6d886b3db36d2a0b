"""Classes of exceptions that came as a flood: nothing is planned for them until a person releases them.

Everything that changes something wants a session of ``store.open_ledger``. Stays out: how many are a flood.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import ClassStop


def stop(
    session: Session, break_class: str, *, build_id: str, found: int, limit: int, actor: str, now: datetime
) -> None:
    """Stop a class; one that is stopped already, or was released for this very build, stays as it is."""
    wanted = select(ClassStop).where(ClassStop.break_class == break_class)
    for known in session.scalars(wanted):
        if known.released_at is None or known.build_id == build_id:
            return
    session.add(ClassStop(break_class=break_class, build_id=build_id, found=found, limit_=limit, stopped_at=now))
    detail = {"build_id": build_id, "found": found, "limit": limit}
    audit.append(session, actor=actor, action="class.stopped", subject=break_class, detail=detail, now=now)


def release(session: Session, break_class: str, *, person: str, reason: str, now: datetime) -> None:
    """Let a stopped class be planned again.

    Raises:
        CorrectionError: it is not stopped, or person or reason says nothing.
    """
    if not person.strip() or not reason.strip():
        raise CorrectionError(f"class {break_class}", "needs a person and a reason", "Name both")
    row = next((one for one in stopped(session) if one.break_class == break_class), None)
    if row is None:
        raise CorrectionError(f"class {break_class}", "is not stopped", "See `qtc corrections list`")
    row.released_by, row.released_reason, row.released_at = person, reason, now
    detail = {"reason": reason, "build_id": row.build_id}
    audit.append(session, actor=person, action="class.released", subject=break_class, detail=detail, now=now)


def stopped(session: Session) -> list[ClassStop]:
    """Classes that are stopped, by name."""
    return list(
        session.scalars(select(ClassStop).where(ClassStop.released_at.is_(None)).order_by(ClassStop.break_class))
    )


def released_for(session: Session, build_id: str) -> set[str]:
    """Classes a person let through although they came as a flood in this build."""
    wanted = select(ClassStop.break_class).where(ClassStop.build_id == build_id, ClassStop.released_at.is_not(None))
    return set(session.scalars(wanted))
