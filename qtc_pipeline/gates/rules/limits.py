"""The two limits: exposure over tolerance, and the share in flight.

Exposure is compared per mart and base (bases are never added to each other), in reporting currency; what a rule's own
tolerance covers is compared with that. A closed period counts only what it gained since its last publication. A dead
interface shows as a share in flight over its limit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from qtc_pipeline.gates.contract import MARTS, Gate, Mart
from qtc_pipeline.gates.evidence import Evidence, Question, Row, missing, not_applicable_legs, not_applicable_row
from qtc_pipeline.gates.expectations import Expect
from qtc_pipeline.settings import RuleTolerance

_BREAK = "reconciliation.rec_break"
_ROW = "reconciliation.rec_row"
_TOTAL = "reconciliation.rec_total"
_ZERO = Decimal(0)
_ONE = Decimal(1)


def questions(evidence: Evidence, waived: frozenset[tuple[str, str, str | None, str | None]]) -> Iterator[Question]:
    """Exposure per mart, leg, base, period and legal entity; share in flight per mart, leg, measure and currency.

    Args:
        evidence: the build.
        waived: (mart, rule, legal entity, period) of active waivers; None stands for every one.
    """
    marts = [mart for mart in MARTS.values() if mart.exposure_legs]
    for gate, relations in ((Gate.EXPOSURE, (_BREAK,)), (Gate.IN_FLIGHT, (_ROW, _TOTAL))):
        absent = [relation for relation in relations if not evidence.has(relation)]
        if absent:
            yield missing(gate, absent[0], [mart.name for mart in marts])
        elif gate is Gate.EXPOSURE:
            yield _exposure(evidence, marts, waived)
        else:
            yield _in_flight(evidence, marts)


def is_waived(
    waived: frozenset[tuple[str, str, str | None, str | None]],
    mart: str,
    rule_id: str,
    legal_entity_id: str | None,
    period: str | None,
) -> bool:
    """Whether an active waiver covers a row."""
    return any(
        (mart, rule_id) == (one[0], one[1]) and one[2] in {None, legal_entity_id} and one[3] in {None, period}
        for one in waived
    )


def _exposure(
    evidence: Evidence, marts: list[Mart], waived: frozenset[tuple[str, str, str | None, str | None]]
) -> Question:
    found = evidence.rows(
        f"""
        select leg, base, period, legal_entity_id,
            case when count(exposure_reporting) = count(*) then sum(exposure_reporting) end as exposure
        from {_BREAK}
        group by all
        order by all
        """
    )
    tolerances = evidence.settings.tolerances
    closed = _closed_periods(evidence)
    not_applicable = not_applicable_legs(evidence)
    rows = []
    for mart in marts:
        own: list[tuple[dict[str, Any], Decimal | None, bool, RuleTolerance | None]] = []
        # (base, the rule's own tolerance, waived or not) -> exposure that is judged together
        totals: dict[tuple[str | None, RuleTolerance | None, bool], Decimal] = defaultdict(Decimal)
        for one in (one for one in found if one["leg"] in mart.exposure_legs):
            gating = _since_publication(evidence, mart, one, closed)
            covered = is_waived(waived, mart.name, one["leg"], one["legal_entity_id"], one["period"])
            rule = tolerances.own_exposure(mart.name, one["leg"], one["legal_entity_id"])
            own.append((one, gating, covered, rule))
            totals[one["base"], rule, True] += gating or _ZERO
            if not covered:  # what is waived uses up no tolerance of what is not
                totals[one["base"], rule, False] += gating or _ZERO
        whole = tolerances.exposure_of(mart.name)
        for one, gating, covered, rule in own:
            tolerance = whole if rule is None or rule.exposure is None else rule.exposure
            excess = totals[one["base"], rule, covered] - tolerance
            rows.append(_exposure_row(mart, one, gating, excess, tolerance))
        rows += [
            not_applicable_row((mart.name,), leg, not_applicable[leg])
            if leg in not_applicable
            else Row((mart.name,), leg, exposure=_ZERO, tolerance=whole, judged={"excess": _ZERO})
            for leg in mart.exposure_legs
            if leg not in {one["leg"] for one, *_ in own}
        ]
    return Question(Gate.EXPOSURE, "exposure", rows, (Expect("excess", "at_most_zero"),), "exposure over tolerance")


def _exposure_row(mart: Mart, one: dict[str, Any], gating: Decimal | None, excess: Decimal, tolerance: Decimal) -> Row:
    return Row(
        (mart.name,),
        one["leg"],
        measure=one["base"],
        period=one["period"],
        legal_entity_id=one["legal_entity_id"],
        exposure=one["exposure"],
        actual=gating,
        tolerance=tolerance,
        # an unknown exposure is not within any tolerance
        judged={"excess": None if gating is None else excess if gating else _ZERO},
    )


def _since_publication(
    evidence: Evidence, mart: Mart, one: dict[str, Any], closed: set[tuple[str, str]]
) -> Decimal | None:
    exposure: Decimal | None = one["exposure"]
    if exposure is None or (one["legal_entity_id"], one["period"]) not in closed:
        return exposure
    key = (mart.name, one["leg"], one["base"], one["period"], one["legal_entity_id"])
    return max(_ZERO, exposure - evidence.baseline.exposure.get(key, _ZERO))


def _closed_periods(evidence: Evidence) -> set[tuple[str, str]]:
    if not evidence.has("canonical.core_accounting_period"):
        return set()
    rows = evidence.rows("select legal_entity_id, period from canonical.core_accounting_period where is_closed")
    return {(row["legal_entity_id"], row["period"]) for row in rows}


def _in_flight(evidence: Evidence, marts: list[Mart]) -> Question:
    flying = {
        (row["leg"], row["measure"], row["currency"]): row["amount"]
        for row in evidence.rows(
            f"select leg, measure, currency, sum(abs(difference)) as amount from {_ROW} "
            "where kind = 'timing' group by all"
        )
    }
    found = evidence.rows(
        f"""
        select leg, measure, currency, sum(abs(left_total)) as total
        from {_TOTAL}
        group by all
        order by all
        """
    )
    not_applicable = not_applicable_legs(evidence)
    rows = []
    for mart in marts:
        for one in (one for one in found if one["leg"] in mart.exposure_legs and one["leg"] not in not_applicable):
            limit = evidence.settings.tolerances.in_flight_of(mart.name, one["leg"])
            amount = flying.get((one["leg"], one["measure"], one["currency"]), _ZERO)
            total = one["total"] or _ZERO
            share = (amount / total if total else _ONE) if amount else _ZERO
            rows.append(
                Row(
                    (mart.name,),
                    one["leg"],
                    measure=one["measure"],
                    currency=one["currency"],
                    expected=total,
                    actual=share.quantize(Decimal("0.000001")),
                    in_flight=amount,
                    tolerance=limit,
                    judged={"excess": share - limit},
                )
            )
    return Question(
        Gate.IN_FLIGHT, "in_flight", rows, (Expect("excess", "at_most_zero"),), "the share in flight is over its limit"
    )
