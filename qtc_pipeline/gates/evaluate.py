"""Evaluating a stage: questions of its gates, one judge over all of them, stored verdicts.

Stage 1 (after canonical): E0 and E1. Stage 2 (after marts): E2, E3 and the limits. Each also turns failed dbt nodes
into verdicts. Add here: a gate's module to its stage. Stays out: what a verdict does (``contract``), ``checks``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from qtc_pipeline import keys
from qtc_pipeline.errors import QtcError
from qtc_pipeline.gates.contract import JUDGED, LIMITS, MARTS, Decision, Gate, Outcome, Status, decide
from qtc_pipeline.gates.evidence import Baseline, Evidence, Question, Row
from qtc_pipeline.gates.expectations import Judged, judge
from qtc_pipeline.gates.rules import e0, e1, e2, e3, limits, tests
from qtc_pipeline.ops import builds, pointer, verdicts
from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import open_read_only, read_rows

Waived = frozenset[tuple[str, str, str | None, str | None]]
STAGES = (1, 2)


@dataclass(frozen=True)
class GateResult:
    """What a stage said. ``counts``: verdict -> rows; ``was_done``: an earlier attempt of this build had said it."""

    build_id: str
    stage: int
    decisions: dict[str, Decision]
    counts: dict[str, int]
    was_done: bool = False

    @property
    def held(self) -> dict[str, str]:
        """Expected marts that are held, with the reason."""
        return {
            name: decision.reason or ""
            for name, decision in self.decisions.items()
            if decision.status is Status.HELD and MARTS[name].relations
        }

    @property
    def stops(self) -> bool:
        """True when no expected mart can be published any more, so that going on would be wasted."""
        return len(self.held) == sum(bool(mart.relations) for mart in MARTS.values())


def evaluate(settings: Settings, stage: int, say: Callable[[str], None] = lambda _: None) -> GateResult:
    """Judge a stage of the build that stands in the warehouse and store the verdicts.

    Raises:
        QtcError: there is no build, or its dbt step did not run.
    """
    step = keys.DBT_STEPS[stage - 1]
    mark: builds.Mark = "gates_1_at" if stage == 1 else "gates_2_at"
    with (
        warehouse_lock(settings.warehouse_path, f"gates {stage}", say=say),
        open_read_only(settings.warehouse_path) as connection,
    ):
        build_id = read_rows(connection, "select build_id from raw.qtc_build")[0]["build_id"]
        with open_store(settings) as session:
            build = builds.the_build(session, build_id)
            if getattr(build, f"{step}_at") is None:
                raise QtcError(f"build {build_id[:12]}", f"dbt {step} did not run", "Use `qtc run`")
            is_done = getattr(build, mark) is not None
            as_of = build.as_of
            failures = builds.failures_of(session, build_id)
            waived: Waived = frozenset(
                (one.mart, one.rule_id, one.legal_entity_id, one.period)
                for one in verdicts.active_waivers(session, as_of)
            )
        if not is_done:
            evidence = Evidence(connection, settings, build_id, as_of, failures, _baseline(settings))
            rows = give_verdicts(_questions(evidence, stage, step, waived), waived)
            with open_store(settings) as session:
                verdicts.replace_verdicts(session, build_id, stage, rows)
                builds.mark(session, build_id, mark)
    return read_result(settings, build_id, stage, was_done=is_done)


def read_result(settings: Settings, build_id: str, stage: int, *, was_done: bool = True) -> GateResult:
    """The stored verdicts of a build up to a stage, and what they make of each mart."""
    with open_store(settings) as session:
        rows = [row for row in verdicts.verdicts_of(session, build_id) if row.stage <= stage]
        decisions = {
            name: decide(mart, [row for row in rows if row.mart == name], STAGES[:stage])
            for name, mart in MARTS.items()
        }
        counts: dict[str, int] = {}
        for row in rows:
            if row.stage == stage:
                counts[row.verdict] = counts.get(row.verdict, 0) + 1
    return GateResult(build_id, stage, decisions, counts, was_done)


def _questions(evidence: Evidence, stage: int, step: str, waived: Waived) -> list[Question]:
    asked = list(tests.questions(evidence, step))
    if stage == 1:
        return [*asked, *e0.questions(evidence), *e1.questions(evidence)]
    return [*asked, *e2.questions(evidence), *e3.questions(evidence), *limits.questions(evidence, waived)]


def give_verdicts(questions: Sequence[Question], waived: Waived = frozenset()) -> list[dict[str, Any]]:
    """Judge the questions; one verdict (as a row of the store) per row of evidence and mart it gates."""
    import pandas as pd

    tables = [
        Judged(
            question.name,
            pd.DataFrame([row.judged for row in question.rows if row.given is None], dtype=object),
            question.expectations,
        )
        for question in questions
    ]
    failing = judge(tables)
    now = datetime.now(UTC)
    result: list[dict[str, Any]] = []
    for question in questions:
        position = 0
        for row in question.rows:
            outcome, reason = row.given, row.reason
            if outcome is None:
                columns = failing[question.name].get(position, [])
                position += 1
                outcome = Outcome.FAIL if columns else Outcome.PASS
                reason = _explain(question, row, columns) if columns else row.reason
            result += [
                _stored(question.gate, mart, row, outcome, reason=reason, waived=waived, now=now) for mart in row.marts
            ]
    return result


def _stored(
    gate: Gate, mart: str, row: Row, outcome: Outcome, *, reason: str | None, waived: Waived, now: datetime
) -> dict[str, Any]:
    if (
        gate in LIMITS
        and outcome is Outcome.FAIL
        and limits.is_waived(waived, mart, row.rule_id, row.legal_entity_id, row.period)
    ):
        outcome = Outcome.WAIVED
    return {
        "mart": mart,
        "gate": str(gate),
        "rule_id": row.rule_id,
        "measure": row.measure,
        "period": row.period,
        "legal_entity_id": row.legal_entity_id,
        "currency": row.currency,
        **{
            name: _decimal(getattr(row, name))
            for name in ("expected", "actual", "unexplained", "exposure", "in_flight", "tolerance")
        },
        "verdict": str(outcome),
        "reason": reason,
        "watermarks": row.watermarks,
        "checked_at": now,
    }


def _explain(question: Question, row: Row, columns: list[str]) -> str:
    where = ", ".join(part for part in (row.period, row.legal_entity_id, row.currency, row.measure) if part is not None)
    found = ", ".join(f"{column} {row.judged[column]}" for column in dict.fromkeys(columns))
    return f"{question.broken} ({where + ': ' if where else ''}{found})"


def _decimal(value: Any) -> Decimal | None:
    return value if value is None or isinstance(value, Decimal) else Decimal(str(value))


def _baseline(settings: Settings) -> Baseline:
    """Exposure rows of the build of the current publication, of the marts it published."""
    current = pointer.current_id(settings.published_dir)
    if current is None:
        return Baseline({})
    manifest = pointer.read_manifest(settings.published_dir, current)
    published = {name for name, mart in manifest["marts"].items() if mart["status"] != Status.HELD}
    with open_store(settings) as session:
        rows = verdicts.verdicts_of(session, manifest["build_id"])
        return Baseline(
            {
                (row.mart, row.rule_id, row.measure, row.period, row.legal_entity_id): row.exposure
                for row in rows
                if row.gate == Gate.EXPOSURE and row.mart in published and row.exposure is not None
            }
        )


__all__ = ["JUDGED", "GateResult", "evaluate", "read_result"]
