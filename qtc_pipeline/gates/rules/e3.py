"""E3, carried: every additive measure of a mart equals the canonical total, per dimension.

A mart that filters or multiplies shows here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qtc_pipeline.gates.contract import MARTS, Gate, Mart, Outcome
from qtc_pipeline.gates.evidence import Evidence, Question, Row, missing
from qtc_pipeline.gates.expectations import Expect

_TABLE = "reconciliation.rec_mart_total"


def questions(evidence: Evidence) -> Iterator[Question]:
    """One row per mart, measure, period and legal entity; a mart that has rows and no totals was not evaluated."""
    published = [mart for mart in MARTS.values() if mart.relations]
    if not evidence.has(_TABLE):
        yield missing(Gate.CARRIED, _TABLE, [mart.name for mart in published])
        return
    found = evidence.rows(f"select * from {_TABLE} order by mart, measure, period, legal_entity_id")
    rows = []
    for mart in published:
        own = [one for one in found if one["mart"] in {mart.name, mart.relations[0].split(".")[1]}]
        rows += [_total(mart, one) for one in own] or [_without_totals(evidence, mart)]
    yield Question(Gate.CARRIED, "e3_totals", rows, (Expect("difference", "zero"),), "the mart filters or multiplies")


def _total(mart: Mart, one: dict[str, Any]) -> Row:
    return Row(
        (mart.name,),
        f"carried.{mart.name}",
        measure=one["measure"],
        period=one.get("period"),
        legal_entity_id=one.get("legal_entity_id"),
        currency=one.get("currency"),
        expected=one["canonical_total"],
        actual=one["mart_total"],
        unexplained=one["difference"],
        judged={"difference": one["difference"]},
    )


def _without_totals(evidence: Evidence, mart: Mart) -> Row:
    relation = mart.relations[0]
    is_empty = evidence.has(relation) and not evidence.rows(f"select 1 as one from {relation} limit 1")
    if is_empty:
        # a canonical record the mart leaves out has a row of totals, so there is nothing to carry
        return Row((mart.name,), f"carried.{mart.name}", given=Outcome.PASS, reason="nothing to carry")
    return Row((mart.name,), f"carried.{mart.name}", given=Outcome.NOT_EVALUATED, reason=f"{_TABLE} has no total of it")
