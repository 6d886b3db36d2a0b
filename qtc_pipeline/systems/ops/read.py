"""Read the ledger of corrections and tries.

Here: pages of rows in the order of their keys, each row as JSON: amounts as plain digits, instants with their zone.
Stays out: which fields there are (the folder's ``__init__``), writing the ledger (``ops``).

A page is one short transaction, so a writer never waits for a reader. Keys never change, so a page cannot be shifted by
what is written meanwhile.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from qtc_pipeline.lake import SourceCount
from qtc_pipeline.ops.models import Build, ExceptionCase, ExceptionOccurrence
from qtc_pipeline.ops.models_corrections import Attempt, AuditRow, Correction, CorrectionStep
from qtc_pipeline.ops.store import open_store_at
from qtc_pipeline.systems.contract import Entity, Page

_DONE = ("confirmed", "already_in_effect")
_FOUND_DONE = "already_in_effect"
_CHANGED = func.coalesce(Attempt.ended_at, Attempt.sent_at, Attempt.intent_at)
_ITS_STEP = (CorrectionStep.correction_id == Attempt.correction_id) & (CorrectionStep.number == Attempt.number)
Record = tuple[str, datetime, dict[str, Any]]


@dataclass(slots=True)
class LedgerReader:
    """One operational store, open for reading."""

    url: str
    page_size: int

    def close(self) -> None:
        """Nothing is held between two pages."""

    def clock(self) -> datetime:
        """The clock of this machine, which is the ledger's."""
        return datetime.now(UTC)

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Number of rows, by the database."""
        with open_store_at(self.url) as session:
            if entity.name == "correction":
                number = session.scalar(select(func.count()).select_from(Correction)) or 0
            else:
                found_done = select(func.count()).where(CorrectionStep.state == _FOUND_DONE)
                tried = select(func.count()).select_from(Attempt)
                number = (session.scalar(tried) or 0) + (session.scalar(found_done) or 0)
        return (SourceCount("", "count", Decimal(number)),)

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:  # noqa: ARG002  the contract's shape
        """Nothing: a firm without corrections has no legal entity here."""
        return ()

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Rows in the order of their keys."""
        if entity.name == "correction":
            changed = () if since is None else (Correction.updated_at >= since,)
            yield from self._corrections(changed)
        else:
            yield from self._attempts(() if since is None else (since <= _CHANGED,))
            yield from self._found_done(() if since is None else (CorrectionStep.confirmed_at >= since,))

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Just some rows: of these ids, or whose ``field`` has one of these values."""
        if entity.name == "correction":
            column = Correction.correction_id if field in {None, "id"} else getattr(Correction, str(field))
            yield from self._corrections((column.in_(values),))
        elif field not in {None, "id"}:
            yield from self._attempts((getattr(Attempt, str(field)).in_(values),))
            yield from self._found_done((getattr(CorrectionStep, str(field)).in_(values),))
        else:
            keys = [(one, int(number), int(attempt)) for one, number, attempt in (each.split(":") for each in values)]
            tried = tuple_(Attempt.correction_id, Attempt.number, Attempt.attempt_no).in_(keys)
            looked = [(one, number) for one, number, attempt in keys if attempt == 0]
            yield from self._attempts((tried,))
            yield from self._found_done((tuple_(CorrectionStep.correction_id, CorrectionStep.number).in_(looked),))

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:  # noqa: ARG002  the contract's shape
        """Nothing: the ledger forgets nothing."""
        return iter(())

    def _corrections(self, conditions: Collection[ColumnElement[bool]]) -> Iterator[Page]:
        after = ""
        while True:
            with open_store_at(self.url) as session:
                wanted = select(Correction).where(Correction.correction_id > after, *conditions)
                rows = list(session.scalars(wanted.order_by(Correction.correction_id).limit(self.page_size)))
                page = _page(_corrections(session, rows))
            if len(page):
                yield page
            if len(rows) < self.page_size:
                return
            after = page.ids[-1]

    def _attempts(self, conditions: Collection[ColumnElement[bool]]) -> Iterator[Page]:
        after = 0
        while True:
            with open_store_at(self.url) as session:
                wanted = select(Attempt, CorrectionStep).join(CorrectionStep, _ITS_STEP)
                wanted = wanted.where(Attempt.attempt_id > after, *conditions).order_by(Attempt.attempt_id)
                rows = session.execute(wanted.limit(self.page_size)).all()
                page = _page(_tried(attempt, step) for attempt, step in rows)
                after = rows[-1][0].attempt_id if rows else after
            if len(page):
                yield page
            if len(rows) < self.page_size:
                return

    def _found_done(self, conditions: Collection[ColumnElement[bool]]) -> Iterator[Page]:
        key = tuple_(CorrectionStep.correction_id, CorrectionStep.number)
        after = ("", 0)
        while True:
            with open_store_at(self.url) as session:
                wanted = select(CorrectionStep).where(CorrectionStep.state == _FOUND_DONE, key > after, *conditions)
                wanted = wanted.order_by(CorrectionStep.correction_id, CorrectionStep.number)
                rows = list(session.scalars(wanted.limit(self.page_size)))
                page = _page(_looked(step) for step in rows)
                after = (rows[-1].correction_id, rows[-1].number) if rows else after
            if len(page):
                yield page
            if len(rows) < self.page_size:
                return


def _page(records: Iterable[Record]) -> Page:
    page = Page(read_at=datetime.now(UTC))
    for key, changed_at, record in records:
        page.ids.append(key)
        page.versions.append(changed_at.isoformat())
        page.payloads.append(json.dumps(record, separators=(",", ":"), default=_plain))
    return page


def _plain(value: Decimal | datetime) -> str:
    return format(value, "f") if isinstance(value, Decimal) else value.isoformat()


def _corrections(session: Session, rows: Sequence[Correction]) -> Iterator[Record]:
    ids = [row.correction_id for row in rows]
    steps = _steps(session, ids)
    moved = _moved(session, ids)
    regions, seen = _exceptions(session, [row.exception_id for row in rows])
    builds = _Builds(session) if rows else None
    for row in rows:
        mine, moves = steps[row.correction_id], moved[row.correction_id]
        resolved_at = moves.get("resolved")
        yield (
            row.correction_id,
            row.updated_at,
            {
                "id": row.correction_id,
                **{name: getattr(row, name) for name in ("kind", "state", "exception_id", "occurrence", "generation")},
                **{name: getattr(row, name) for name in ("break_class", "leg", "policy", "exposure", "owner_role")},
                "legal_entity_id": row.legal_entity_id,
                "region": regions.get(row.exception_id),
                **{name: getattr(row, name) for name in ("qtc_id", "build_id", "superseded_by")},
                "instances": ", ".join(dict.fromkeys(step.instance for step in mine)),
                "steps": len(mine),
                "steps_done": sum(step.state in _DONE for step in mine),
                **{name: getattr(row, name) for name in ("created_at", "updated_at")},
                "approved_at": moves.get("approved"),
                "applied_at": moves.get("applying"),
                "confirmed_at": moves.get("verifying"),
                "resolved_at": resolved_at,
                "defect_seen_at": seen.get((row.exception_id, row.occurrence)),
                "planned_as_of": builds.of(row.build_id, row.created_at) if builds else None,
                "repaired_as_of": builds.judged(resolved_at) if builds and resolved_at else None,
            },
        )


def _steps(session: Session, ids: Sequence[str]) -> Mapping[str, list[CorrectionStep]]:
    found: dict[str, list[CorrectionStep]] = defaultdict(list)
    wanted = select(CorrectionStep).where(CorrectionStep.correction_id.in_(ids)).order_by(CorrectionStep.number)
    for step in session.scalars(wanted):
        found[step.correction_id].append(step)
    return found


def _moved(session: Session, ids: Sequence[str]) -> Mapping[str, dict[str, datetime]]:
    """Correction -> state -> when it came there last; of *applying*, first."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    wanted = select(AuditRow.subject, AuditRow.at, AuditRow.detail).where(
        AuditRow.subject.in_(ids), AuditRow.action == "correction.moved"
    )
    for subject, at, detail in session.execute(wanted.order_by(AuditRow.seq)):
        to = json.loads(detail)["to"]
        if to != "applying" or to not in found[subject]:
            found[subject][to] = at
    return found


def _exceptions(session: Session, ids: Sequence[str]) -> tuple[dict[str, str | None], dict[tuple[str, int], datetime]]:
    """Exception -> its region; (exception, occurrence) -> when a build saw it first."""
    regions = select(ExceptionCase.exception_id, ExceptionCase.region).where(ExceptionCase.exception_id.in_(ids))
    lives = select(ExceptionOccurrence).where(ExceptionOccurrence.exception_id.in_(ids))
    seen = {(life.exception_id, life.occurrence): life.opened_at for life in session.scalars(lives)}
    return {row.exception_id: row.region for row in session.execute(regions)}, seen


class _Builds:
    """What the firm's clock said in the builds, which a plan and a repair speak of."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Build.build_id, Build.as_of, Build.gates_2_at)).all()
        self._as_of = {build_id: as_of for build_id, as_of, _ in rows}
        self._judged = sorted((judged_at, as_of) for _, as_of, judged_at in rows if judged_at is not None)

    def of(self, build_id: str, otherwise: datetime) -> datetime:
        """As of the build; another instant where the store has forgotten it."""
        return self._as_of.get(build_id, otherwise)

    def judged(self, at: datetime) -> datetime:
        """As of the last build that was judged before an instant; the instant where there is none."""
        place = bisect_right(self._judged, at, key=lambda one: one[0])
        return self._judged[place - 1][1] if place else at


def _tried(attempt: Attempt, step: CorrectionStep) -> Record:
    changed_at = attempt.ended_at or attempt.sent_at or attempt.intent_at
    key = f"{attempt.correction_id}:{attempt.number}:{attempt.attempt_no}"
    return (
        key,
        changed_at,
        {
            "id": key,
            "correction_id": attempt.correction_id,
            "step": attempt.number,
            "attempt_no": attempt.attempt_no,
            "target": step.instance,
            "target_entity": step.entity,
            "record_key": step.made_key or step.record_key,
            **{name: getattr(attempt, name) for name in ("outcome", "code", "error_class")},
            **{name: getattr(attempt, name) for name in ("intent_at", "sent_at", "ended_at")},
            "updated_at": changed_at,
        },
    )


def _looked(step: CorrectionStep) -> Record:
    """A step that was found in effect: nothing was sent."""
    at = step.confirmed_at or datetime.fromtimestamp(0, UTC)
    key = f"{step.correction_id}:{step.number}:0"
    return (
        key,
        at,
        {
            "id": key,
            "correction_id": step.correction_id,
            "step": step.number,
            "attempt_no": 0,
            "target": step.instance,
            "target_entity": step.entity,
            "record_key": step.made_key or step.record_key,
            "outcome": _FOUND_DONE,
            "code": "",
            "error_class": "",
            **dict.fromkeys(("intent_at", "sent_at")),
            "ended_at": at,
            "updated_at": at,
        },
    )
