"""KPIs of corrections, from the rows of the ledger as they are read: what went well, how long, how much.

A try and a correction count in the month of the build that planned them, a repair in the month of the build that showed
it. Add here: a KPI whose parts are corrections or tries. Stays out: whether a correction was right (the rules).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tests.oracle.kpis.part import UNASSIGNED, ZERO, Part, Place, durations

ONE = Decimal(1)
HAD_EFFECT = {"confirmed", "settled_done", "already_in_effect"}
UNDER_WAY = {"applying", "in_doubt"}
Row = Mapping[str, Any]


def corrected(corrections: Sequence[Row], attempts: Sequence[Row]) -> Iterator[Part]:
    """Everything the figures of corrections are made of."""
    by_id = {row["id"]: row for row in corrections}
    for row in attempts:
        if row["outcome"] not in {None, "unknown"}:
            place = _place(by_id[row["correction_id"]], "planned_as_of")
            yield _share(place, "try", good=row["outcome"] in HAD_EFFECT)
    for row in corrections:
        if row["applied_at"] and row["state"] not in UNDER_WAY:
            yield _share(_place(row, "planned_as_of"), "correction", good=row["confirmed_at"] is not None)
        if row["state"] == "resolved":
            yield from _repair(row)


def _repair(row: Row) -> Iterator[Part]:
    place = _place(row, "repaired_as_of")
    days = (_day(row["repaired_as_of"]) - _day(row["defect_seen_at"])).days
    yield from durations(place, "correction_time_to_repair", "resolved", days)
    if row["exposure"] is not None:
        who = "by_owner" if row["kind"] == "owner_task" else "by_correction"
        yield Part(place, "exposure_repaired", who, "amount", Decimal(row["exposure"]))


def _share(place: Place, variant: str, *, good: bool) -> Part:
    return Part(place, "sync_success_rate", variant, "ratio", ONE if good else ZERO, ONE)


def _place(row: Row, instant: str) -> Place:
    return f"{_day(row[instant]):%Y-%m}", row["legal_entity_id"] or UNASSIGNED, row["region"] or UNASSIGNED, UNASSIGNED


def _day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(UTC).date()
