"""E1, conserved: raw totals equal canonical totals plus what was quarantined.

An inner join, a lost mapping, a dedupe or a fan-out between lake and canonical tables shows here.
"""

from __future__ import annotations

from collections.abc import Iterator

from qtc_pipeline.gates.contract import JUDGED, Gate, Outcome
from qtc_pipeline.gates.evidence import Evidence, Question, Row, missing
from qtc_pipeline.gates.expectations import Expect
from qtc_pipeline.keys import OPS

_TABLE = "reconciliation.rec_conservation"
_ALL = tuple(mart.name for mart in JUDGED)


def questions(evidence: Evidence) -> Iterator[Question]:
    """One row per instance, entity, source currency, period and measure."""
    found = (
        evidence.rows(f"select * from {_TABLE} order by instance, entity, measure, currency, period")
        if evidence.has(_TABLE)
        else []
    )
    if not found:
        yield missing(Gate.CONSERVED, _TABLE, _ALL)
        return
    canonical_of = _canonical_entities(evidence)
    rows = [
        Row(
            evidence.marts_resting_on(OPS)
            if one["vendor"] == OPS
            else _marts(canonical_of.get((one["vendor"], one["entity"].lower()), frozenset()), one["entity"]),
            f"conservation.{one['instance']}.{one['entity'].lower()}",
            measure=one["measure"],
            period=one["period"] or None,
            currency=one["currency"] or None,
            expected=one["raw_total"],
            actual=one["canonical_total"],
            unexplained=one["difference"],
            judged={"difference": one["difference"]},
        )
        for one in found
    ]
    covered = {mart for row in rows for mart in row.marts}
    rows += [
        # E0 has counted the source: what is neither in raw nor in canonical is not there
        Row((mart,), "conservation", given=Outcome.PASS, reason="no record of its entities")
        for mart in _ALL
        if mart not in covered
    ]
    yield Question(
        Gate.CONSERVED, "e1_conservation", rows, (Expect("difference", "zero"),), "records were dropped or multiplied"
    )


def _marts(canonical: frozenset[str], entity: str) -> tuple[str, ...]:
    """Marts that rest on the entity; one that cannot be placed, and every one for the queue, rests nowhere less."""
    known = canonical | {entity.lower()}
    named = {name for mart in JUDGED for name in mart.entities}
    if not canonical and entity.lower() not in named:
        return _ALL
    return tuple(mart.name for mart in JUDGED if not mart.entities or known & set(mart.entities))


def _canonical_entities(evidence: Evidence) -> dict[tuple[str, str], frozenset[str]]:
    """(vendor, its entity) -> canonical entities that carry its records, as the canonical rows themselves say."""
    found: dict[tuple[str, str], set[str]] = {}
    relations = evidence.rows(
        "select table_name as name from information_schema.tables "
        "where table_schema = 'canonical' and starts_with(table_name, 'core_')"
    )
    skipped = {"core_quarantine", "core_folded"}
    for relation in sorted(row["name"] for row in relations if row["name"] not in skipped):
        if not _names_its_source(evidence, relation):
            continue
        sql = f"select distinct source_vendor, lower(source_entity) as entity from canonical.{relation}"
        for row in evidence.rows(sql):
            found.setdefault((row["source_vendor"], row["entity"]), set()).add(relation.removeprefix("core_"))
    return {key: frozenset(value) for key, value in found.items()}


def _names_its_source(evidence: Evidence, relation: str) -> bool:
    sql = (
        "select count(*) as n from information_schema.columns where table_schema = 'canonical' and table_name = ? "
        "and column_name in ('source_vendor', 'source_entity')"
    )
    return bool(evidence.rows(sql, [relation])[0]["n"] == 2)  # noqa: PLR2004 - both columns
