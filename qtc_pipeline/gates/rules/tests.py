"""A failed dbt model or test is a fail of every mart that rests on it.

What rests on a failed node was skipped, so its table may still hold another build's rows.
"""

from __future__ import annotations

from collections.abc import Iterator

from qtc_pipeline.gates.contract import GATE_RELATIONS, JUDGED, Gate, Outcome
from qtc_pipeline.gates.evidence import Evidence, Question, Row


def questions(evidence: Evidence, step: str) -> Iterator[Question]:
    """One row per failed node of a dbt step."""
    rows = []
    for failure in evidence.failures:
        if failure.step != step or failure.status == "skipped":
            continue
        spoiled = set(failure.relations)
        is_common = bool(spoiled & GATE_RELATIONS) or not spoiled
        marts = tuple(mart.name for mart in JUDGED if is_common or spoiled & set(mart.relations))
        reason = f"dbt {failure.status}: {failure.message}".strip()
        rows.append(Row(marts, failure.node_id, given=Outcome.FAIL, reason=reason))
    yield Question(Gate.TESTS, f"tests_{step}", rows, (), "a dbt test failed")
