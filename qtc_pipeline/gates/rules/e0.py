"""E0, complete: what the source counted on another query path equals what lies in the lake, and the scope was whole.

A short page, a silent filter or a restricted role shows here. A role that sees one company only shortens count and read
alike: hence the scope anchor, every legal entity and currency of qtc.toml must occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from qtc_pipeline import keys
from qtc_pipeline.gates.contract import JUDGED, Gate, Outcome
from qtc_pipeline.gates.evidence import Evidence, Question, Row, missing
from qtc_pipeline.gates.expectations import Expect

_COUNTS = "reconciliation.rec_completeness"
_SCOPE = "reconciliation.rec_scope_anchor"
_ALL = tuple(mart.name for mart in JUDGED)


def questions(evidence: Evidence) -> Iterator[Question]:
    """Counts per instance, entity, currency and measure; seen scope per legal entity and currency."""
    if evidence.has(_COUNTS):
        yield _counts(evidence)
    else:
        yield missing(Gate.COMPLETE, _COUNTS, _ALL)
    if evidence.has(_SCOPE):
        yield _scope(evidence)
    else:
        yield missing(Gate.COMPLETE, _SCOPE, _ALL)


def _counts(evidence: Evidence) -> Question:
    loads = _last_loads(evidence)
    counted: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in evidence.rows(f"select * from {_COUNTS} order by instance, entity, measure, currency"):
        counted.setdefault((row["instance"], row["entity"].lower()), []).append(row)
    rows: list[Row] = []
    for instance, entity in sorted(_expected_entities(evidence) | counted.keys()):
        stale = _why_not_evaluated(evidence, instance, loads.get((instance, entity)))
        found = counted.get((instance, entity), [])
        marts = evidence.marts_resting_on(instance)
        watermarks = _watermarks(loads.get((instance, entity)))
        rule_id = f"completeness.{instance}.{entity}"
        if stale or not found:
            reason = stale or "the source was not counted"
            rows.append(Row(marts, rule_id, given=Outcome.NOT_EVALUATED, reason=reason, watermarks=watermarks))
        if not stale:
            rows += [_count_row(marts, rule_id, one, watermarks) for one in found]
    return Question(
        Gate.COMPLETE,
        "e0_counts",
        rows,
        (Expect("difference", "known"), Expect("is_explained", "true")),
        "the source counts other records than were read",
    )


def _count_row(marts: tuple[str, ...], rule_id: str, one: dict[str, Any], watermarks: dict[str, Any]) -> Row:
    return Row(
        marts,
        rule_id,
        measure=one["measure"],
        currency=one["currency"] or None,
        expected=one["source_after"],
        actual=one["raw_total"],
        unexplained=one["difference"],
        judged={"difference": one["difference"], "is_explained": one["is_explained"]},
        watermarks=watermarks,
    )


def _scope(evidence: Evidence) -> Question:
    rows = []
    for one in evidence.rows(f"select * from {_SCOPE} order by kind, value"):
        instance = one.get("instance")
        rule_id = ".".join(part for part in ("scope", instance, one["kind"], one["value"]) if part)
        rows.append(
            Row(
                evidence.marts_resting_on(instance),
                rule_id,
                legal_entity_id=one["value"] if one["kind"] == "legal_entity" else None,
                currency=one["value"] if one["kind"] == "currency" else None,
                judged={"seen": one["seen"]},
            )
        )
    if not rows:
        return missing(Gate.COMPLETE, _SCOPE, _ALL)
    return Question(
        Gate.COMPLETE,
        "e0_scope",
        rows,
        (Expect("seen", "true"),),
        "qtc.toml names it and no record of the system does: the role or the filter of the reader hides it",
    )


def _expected_entities(evidence: Evidence) -> set[tuple[str, str]]:
    """Every raw relation of a vendor is expected from every instance of that vendor."""
    relations = evidence.rows(
        "select table_name as name from information_schema.tables "
        "where table_schema = 'raw' and contains(table_name, '__')"
    )
    parsed = [keys.parse_raw_relation(row["name"]) for row in relations]
    return {
        (instance.name, entity)
        for instance in evidence.settings.instances
        for vendor, entity in parsed
        if vendor == instance.vendor
    }


def _last_loads(evidence: Evidence) -> dict[tuple[str, str], dict[str, Any]]:
    rows = evidence.rows("select * from raw.qtc_load order by completed_at, load_id")
    return {(row["instance"], row["entity"].lower()): row for row in rows}


def _why_not_evaluated(evidence: Evidence, instance: str, load: dict[str, Any] | None) -> str | None:
    if load is None:
        return "there is no complete load"
    if instance not in evidence.roles_of:
        return None
    age = (evidence.as_of - load["read_through"].replace(tzinfo=UTC)).total_seconds() / 3600
    allowed = evidence.settings.instance(instance).max_age_hours
    return f"the last complete load is {age:.0f} h old, {allowed} h are allowed" if age > allowed else None


def _watermarks(load: dict[str, Any] | None) -> dict[str, Any]:
    return {} if load is None else {"load_id": load["load_id"], "read_through": load["read_through"].isoformat()}
