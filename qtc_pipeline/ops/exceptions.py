"""Exceptions in the store: opened, seen again, resolved, returned.

Add here: a question about exceptions. Stays out: what is an exception (reconciliation models) and when a rule is green.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops.models import ExceptionCase, ExceptionOccurrence

OPEN = "open"
RESOLVED = "resolved"
UNRANKED = 99


@dataclass(frozen=True)
class SyncCounts:
    """What a build did to the exceptions."""

    opened: int
    reopened: int
    kept: int
    resolved: int


def sync(
    session: Session,
    *,
    build_id: str,
    as_of: datetime,
    found: Sequence[dict[str, Any]],
    green_legs: Iterable[str],
    on_their_way: Collection[tuple[str, str]] = frozenset(),
) -> SyncCounts:
    """Bring the stored exceptions to what a build found.

    Args:
        session: of the store.
        build_id: the build.
        as_of: its instant; first and last seen speak of it.
        found: one row per exception with the columns of :class:`ExceptionCase` that describe it and ``sla_due``.
        green_legs: legs whose equations hold in this build. Others say nothing: a short load looks like a thousand
            missing records and like a thousand repaired ones.
        on_their_way: (leg, grain key) of rows that differ and have a right to, because a side changed since it was
            read. An exception among them is neither repaired nor seen: it stays as it is.
    """
    green = set(green_legs)
    known = {case.exception_id: case for case in session.scalars(select(ExceptionCase))}
    opened = reopened = kept = resolved = 0
    seen = set()
    for row in found:
        if row["leg"] not in green:
            continue
        seen.add(row["exception_id"])
        case = known.get(row["exception_id"])
        if case is None:
            session.add(
                ExceptionCase(
                    **row, occurrence=1, state=OPEN, first_seen=as_of, last_seen=as_of, last_build_id=build_id
                )
            )
            _open_occurrence(session, row, 1, build_id, as_of)
            opened += 1
            continue
        if case.state == RESOLVED:
            case.occurrence += 1
            case.state = OPEN
            case.resolved_at = None
            case.first_seen = as_of
            case.sla_due = row["sla_due"]
            _open_occurrence(session, row, case.occurrence, build_id, as_of)
            reopened += 1
        else:
            kept += 1
        _describe(case, row)
        case.last_seen = as_of
        case.last_build_id = build_id
    for case in known.values():
        is_told = case.leg in green and (case.leg, case.grain_key) not in on_their_way
        if case.state != RESOLVED and is_told and case.exception_id not in seen:
            case.state = RESOLVED
            case.resolved_at = as_of
            case.last_build_id = build_id
            life = session.get_one(ExceptionOccurrence, (case.exception_id, case.occurrence))
            life.resolved_build_id = build_id
            life.resolved_at = as_of
            life.resolution = "rule_green"
            resolved += 1
    return SyncCounts(opened, reopened, kept, resolved)


def _describe(case: ExceptionCase, row: dict[str, Any]) -> None:
    for name, value in row.items():
        if name not in {"exception_id", "sla_due"} and getattr(case, name) != value:
            setattr(case, name, value)


def _open_occurrence(session: Session, row: dict[str, Any], occurrence: int, build_id: str, as_of: datetime) -> None:
    session.add(
        ExceptionOccurrence(
            exception_id=row["exception_id"],
            occurrence=occurrence,
            opened_build_id=build_id,
            opened_at=as_of,
            break_class=row["break_class"],
            exposure_amount=row["exposure_amount"],
            currency=row["currency"],
        )
    )


def list_exceptions(
    session: Session,
    *,
    state: str | None = OPEN,
    break_class: str | None = None,
    legal_entity_id: str | None = None,
    qtc_id: str | None = None,
    limit: int | None = None,
) -> list[ExceptionCase]:
    """Exceptions in a state (None: any), the largest exposure first, then by rank and id."""
    wanted = select(ExceptionCase)
    for column, value in (
        (ExceptionCase.state, state),
        (ExceptionCase.break_class, break_class),
        (ExceptionCase.legal_entity_id, legal_entity_id),
        (ExceptionCase.qtc_id, qtc_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    # exact amounts are kept as text, so the database cannot sort them
    cases = sorted(
        session.scalars(wanted),
        key=lambda case: (-(case.exposure_reporting or 0), case.rank or UNRANKED, case.exception_id),
    )
    return cases[:limit]


def find_exception(session: Session, exception_id: str) -> ExceptionCase:
    """The exception of that id or of the only id that begins so.

    Raises:
        QtcError: none or several begin so.
    """
    wanted = select(ExceptionCase).where(ExceptionCase.exception_id.startswith(exception_id, autoescape=True))
    alike = list(session.scalars(wanted.limit(2)))
    if len(alike) != 1:
        cause = "several begin so" if alike else "there is none"
        raise QtcError(f"exception {exception_id}", cause, "See `qtc exceptions list --state all`")
    return alike[0]


def occurrences_of(session: Session, exception_id: str) -> list[ExceptionOccurrence]:
    """Every life of an exception, first to last."""
    return list(
        session.scalars(
            select(ExceptionOccurrence)
            .where(ExceptionOccurrence.exception_id == exception_id)
            .order_by(ExceptionOccurrence.occurrence)
        )
    )


def ended_lives(session: Session) -> list[tuple[ExceptionOccurrence, ExceptionCase]]:
    """Every life of an exception that ended, with the exception, in the order they ended."""
    wanted = (
        select(ExceptionOccurrence, ExceptionCase)
        .join(ExceptionCase, ExceptionCase.exception_id == ExceptionOccurrence.exception_id)
        .where(ExceptionOccurrence.resolved_at.is_not(None))
        .order_by(ExceptionOccurrence.resolved_at, ExceptionOccurrence.exception_id, ExceptionOccurrence.occurrence)
    )
    return [(life, case) for life, case in session.execute(wanted)]
