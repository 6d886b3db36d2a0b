"""E2, explained: left minus right equals breaks plus timing plus reconciling items, and no row is without a class.

A difference nobody named shows here, and offsetting ones: the total alone would net +100 against -100, so the
unexplained rows are counted and summed without sign as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from qtc_pipeline.gates.contract import JUDGED, QUEUE, Gate
from qtc_pipeline.gates.evidence import (
    Evidence,
    Question,
    Row,
    marts_with_leg,
    missing,
    not_applicable_legs,
    not_applicable_row,
)
from qtc_pipeline.gates.expectations import Expect

_TOTAL = "reconciliation.rec_total"
_ROW = "reconciliation.rec_row"
_ALL = tuple(mart.name for mart in JUDGED)
_ZERO = Decimal(0)


def questions(evidence: Evidence) -> Iterator[Question]:
    """One row per leg, measure, period, legal entity and currency; empty and not applicable legs are named."""
    for relation in (_TOTAL, _ROW):
        if not evidence.has(relation):
            yield missing(Gate.EXPLAINED, relation, _ALL)
            return
    not_applicable = not_applicable_legs(evidence)
    rows = [not_applicable_row(marts_with_leg(leg), leg, instance) for leg, instance in sorted(not_applicable.items())]
    found = evidence.rows(f"select * from {_TOTAL} order by leg, measure, period, legal_entity_id, currency")
    rows += [_total(one) for one in found if one["leg"] not in not_applicable]
    judged = {one["leg"] for one in found} | not_applicable.keys()
    rows += [_nothing_there(leg) for leg in QUEUE.legs if leg not in judged]
    yield Question(
        Gate.EXPLAINED,
        "e2_totals",
        rows,
        (Expect("residual", "zero"), Expect("unexplained_rows", "zero"), Expect("unexplained_abs", "zero")),
        "a difference has no name",
    )
    unnamed = [_unnamed(one) for one in _unnamed_rows(evidence) if one["leg"] not in not_applicable]
    yield Question(Gate.EXPLAINED, "e2_rows", unnamed, (Expect("rows", "zero"),), "rows differ without a class")


def _total(one: dict[str, Any]) -> Row:
    parts = [one["break_total"], one["timing_total"], one["reconciling_total"]]
    left, right = one["left_total"], one["right_total"]
    is_known = all(part is not None for part in (left, right, *parts))
    return Row(
        marts_with_leg(one["leg"]),
        one["leg"],
        measure=one["measure"],
        period=one["period"],
        legal_entity_id=one["legal_entity_id"],
        currency=one["currency"],
        expected=left,
        actual=right,
        unexplained=one["unexplained_abs"],
        in_flight=one["timing_total"],
        judged={
            "residual": left - right - sum(parts, _ZERO) if is_known else None,
            "unexplained_rows": one["unexplained_rows"],
            "unexplained_abs": one["unexplained_abs"],
        },
    )


def _unnamed_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Rows without a class, straight from the rows: the totals table may not be the only witness."""
    sql = f"""
        select leg, measure, period, legal_entity_id, currency, count(*) as rows, sum(abs(difference)) as amount
        from {_ROW}
        where kind = 'unexplained' or (break_class is null and kind not in ('timing', 'reconciling'))
        group by all
        order by all
    """
    return evidence.rows(sql)


def _unnamed(one: dict[str, Any]) -> Row:
    return Row(
        marts_with_leg(one["leg"]),
        one["leg"],
        measure=one["measure"],
        period=one["period"],
        legal_entity_id=one["legal_entity_id"],
        currency=one["currency"],
        unexplained=one["amount"],
        judged={"rows": one["rows"]},
    )


def _nothing_there(leg: str) -> Row:
    # E1 has proven that the canonical rows are all there, so an empty leg is empty on both sides
    return Row(
        marts_with_leg(leg),
        leg,
        expected=_ZERO,
        actual=_ZERO,
        unexplained=_ZERO,
        judged={"residual": _ZERO, "unexplained_rows": 0, "unexplained_abs": _ZERO},
        reason="no record on either side",
    )
