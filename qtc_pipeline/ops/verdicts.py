"""Verdicts and waivers in the store.

Add here: a question about verdicts. Stays out: what a verdict does to a mart (``gates.contract``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from qtc_pipeline.ops.models import Verdict, Waiver


def replace_verdicts(session: Session, build_id: str, stage: int, rows: Sequence[dict[str, Any]]) -> None:
    """Store the verdicts of a stage of a build in place of those of an earlier attempt."""
    session.execute(delete(Verdict).where(Verdict.build_id == build_id, Verdict.stage == stage))
    if rows:
        session.execute(insert(Verdict), [{"build_id": build_id, "stage": stage, **row} for row in rows])


def verdicts_of(session: Session, build_id: str, mart: str | None = None) -> list[Verdict]:
    """Verdicts of a build in the order they were given."""
    wanted = select(Verdict).where(Verdict.build_id == build_id).order_by(Verdict.verdict_id)
    if mart is not None:
        wanted = wanted.where(Verdict.mart == mart)
    return list(session.scalars(wanted))


def add_waiver(
    session: Session,
    *,
    mart: str,
    rule_id: str,
    person: str,
    reason: str,
    expires_at: datetime,
    legal_entity_id: str | None = None,
    period: str | None = None,
) -> Waiver:
    """Waive the exposure or the in-flight share of a rule in a mart until an instant."""
    waiver = Waiver(
        mart=mart,
        rule_id=rule_id,
        legal_entity_id=legal_entity_id,
        period=period,
        person=person,
        reason=reason,
        created_at=datetime.now(UTC),
        expires_at=expires_at,
    )
    session.add(waiver)
    session.flush()
    return waiver


def active_waivers(session: Session, as_of: datetime) -> list[Waiver]:
    """Waivers that have not expired as of an instant, oldest first."""
    return list(session.scalars(select(Waiver).where(Waiver.expires_at > as_of).order_by(Waiver.waiver_id)))


def end_waiver(session: Session, waiver_id: int, at: datetime) -> bool:
    """Let a waiver expire at an instant; False where none of that id is in force then."""
    waiver = session.get(Waiver, waiver_id)
    if waiver is None or waiver.expires_at <= at:
        return False
    waiver.expires_at = at
    return True
