"""Dagster's face of room 3: a step per stage that judges, and one asset check per system, leg and mart it judged.

The checks do not block: one failing blocking check of a step stops the green marts' publication too, and in another
run it stops nothing. What holds a mart is the stored verdict of its build, which publish reads. Here: what a person
who looks at a red check needs. Stays out: judging (``evaluate``).

=========  ========================================  ===================================
stage      checks                                    stand on
=========  ========================================  ===================================
1          E0, E1 per system instance                rec_completeness, rec_conservation
2          E2 per leg                                rec_total
2          E0 to E3 and the limits per mart          the mart's fact table (AR: rec_total)
=========  ========================================  ===================================
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import dagster as dg

from qtc_pipeline import keys
from qtc_pipeline.errors import PublicationHeldError
from qtc_pipeline.gates.contract import EQUATIONS, GATE_RELATIONS, LIMITS, MARTS, QUEUE, Gate, Mart, Outcome
from qtc_pipeline.settings import Settings

OWNER = "team:finance-control"
_WORST = 10
_ABOUT = {
    Gate.COMPLETE: "E0: the source counts on another query path what was read, and nothing of the firm is hidden",
    Gate.CONSERVED: "E1: raw totals equal canonical totals plus what was quarantined",
    Gate.EXPLAINED: "E2: every difference between the systems has a name",
    Gate.CARRIED: "E3: the mart's totals equal the canonical totals",
    Gate.EXPOSURE: "What the open exceptions put at risk is within tolerance",
    Gate.IN_FLIGHT: "The share on its way between two systems is within its limit",
}
_FIRST = tuple(f"rec_{name}" for name in ("completeness", "scope_anchor", "conservation"))
_TOTAL = "reconciliation.rec_total"


@dataclass(frozen=True)
class Check:
    """One asset check: which stored verdicts it shows, and on which asset."""

    gate: Gate
    part: str
    relation: str
    shows: Callable[[Any], bool]
    qualifies: bool = False  # red, it qualifies its mart and does not hold it

    @property
    def spec(self) -> dg.AssetCheckSpec:
        """How Dagster knows it."""
        return dg.AssetCheckSpec(
            keys.gate_asset_check_name(self.gate, self.part), asset=_key(self.relation), description=_ABOUT[self.gate]
        )


def checks_of(settings: Settings, stage: int) -> list[Check]:
    """The checks of a stage."""
    if stage == 1:
        names = frozenset(one.name for one in settings.instances)
        return [
            Check(gate, one.name, relation, _of_instance(gate, one.name, names))
            for gate, relation in (
                (Gate.COMPLETE, "reconciliation.rec_completeness"),
                (Gate.CONSERVED, "reconciliation.rec_conservation"),
            )
            for one in settings.instances
        ]
    legs = [Check(Gate.EXPLAINED, leg, _TOTAL, _of_leg(leg)) for leg in dict.fromkeys(QUEUE.legs)]
    marts = [
        Check(
            gate,
            mart.name,
            mart.relations[0] if mart.relations else _TOTAL,
            _of_mart(gate, mart.name),
            qualifies=gate in LIMITS and not mart.is_financial,
        )
        for mart in MARTS.values()
        for gate in _asked(mart)
    ]
    return [*legs, *marts]


def _of_instance(gate: Gate, instance: str, instances: frozenset[str]) -> Callable[[Any], bool]:
    """Verdicts about one system, once each (the queue rests on every system); what names no system shows on all."""

    def shows(row: Any) -> bool:
        named = instances.intersection(row.rule_id.split(".")[1:2])
        return bool(row.gate == gate and row.mart == QUEUE.name and (not named or instance in named))

    return shows


def _of_leg(leg: str) -> Callable[[Any], bool]:
    return lambda row: bool(row.gate == Gate.EXPLAINED and row.mart == QUEUE.name and row.rule_id in {leg, _TOTAL})


def _of_mart(gate: Gate, mart: str) -> Callable[[Any], bool]:
    return lambda row: bool(row.gate == gate and row.mart == mart)


def _asked(mart: Mart) -> list[Gate]:
    asked = [
        gate
        for gate in EQUATIONS
        if (gate is not Gate.CARRIED or mart.relations) and (gate is not Gate.EXPLAINED or mart.legs)
    ]
    return [*asked, *(LIMITS if mart.exposure_legs else ())]


def stage_key(step: str) -> dg.AssetKey:
    """Key of the verdicts of a stage; a stage is named after the dbt step it follows."""
    return dg.AssetKey(keys.relation_asset_key("gates", step))


def build_gate_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The two judging steps with their checks."""
    first, second = keys.DBT_STEPS
    controls = [_key(name) for name in sorted(GATE_RELATIONS) if name.split(".")[1] in _FIRST]
    evidence = [_key(name) for name in sorted(GATE_RELATIONS) if name.split(".")[1] not in _FIRST]
    marts = [_key(relation) for mart in MARTS.values() for relation in mart.relations[:1]]
    return [
        _stage(settings, 1, first, controls, "Verdicts of E0 and E1: is everything read, is nothing lost?"),
        _stage(
            settings, 2, second, [*evidence, *marts, stage_key(first)], "Verdicts of E2, E3 and the limits, per build."
        ),
    ]


def _key(relation: str) -> dg.AssetKey:
    schema, name = relation.split(".")
    return dg.AssetKey(keys.relation_asset_key(schema, name))


def _stage(
    settings: Settings, stage: int, step: str, deps: Sequence[dg.AssetKey], description: str
) -> dg.AssetsDefinition:
    checks = checks_of(settings, stage)
    key = stage_key(step)

    @dg.multi_asset(
        name=f"gates_{step}",
        specs=[
            dg.AssetSpec(
                key,
                deps=list(deps),
                group_name="gates",
                kinds={"python", "greatexpectations"},
                owners=[OWNER],
                description=description,
            )
        ],
        check_specs=[check.spec for check in checks],
        can_subset=True,  # who asks for the verdicts alone, or for one check alone, gets just that
        allow_arbitrary_check_specs=True,  # the evidence stands in tables another step makes
    )
    def judged(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        from qtc_pipeline.gates.evaluate import evaluate
        from qtc_pipeline.ops import verdicts
        from qtc_pipeline.ops.runs import is_superseded
        from qtc_pipeline.ops.store import open_store

        if is_superseded(context, settings):
            return  # no verdicts, so what rests on them is skipped
        result = evaluate(settings, stage, context.log.info)
        with open_store(settings) as session:
            rows = verdicts.verdicts_of(session, result.build_id)
            session.expunge_all()
        chosen = context.op_execution_context.selected_asset_check_keys
        for check in checks:
            if check.spec.key not in chosen:
                continue
            yield _result(settings, check, [row for row in rows if check.shows(row)])
        if result.stops and stage == 1:
            error = PublicationHeldError("no mart can be published from these loads", result.held)
            raise dg.Failure(str(error), metadata=dict(result.held), allow_retries=False)
        if key not in context.selected_asset_keys:
            return
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                "build_id": result.build_id,
                **{f"verdicts {verdict}": count for verdict, count in sorted(result.counts.items())},
                "marts": dg.MetadataValue.json(
                    {name: [str(one.status), one.reason] for name, one in result.decisions.items()}
                ),
            },
        )

    return judged


def _result(settings: Settings, check: Check, rows: Sequence[Any]) -> dg.AssetCheckResult:
    bad = [row for row in rows if row.verdict in {Outcome.FAIL, Outcome.NOT_EVALUATED}]
    silent = not rows or all(row.verdict == Outcome.NOT_APPLICABLE for row in rows)
    said = {str(outcome): sum(row.verdict == outcome for row in rows) for outcome in Outcome}
    description = "; ".join(dict.fromkeys(f"{row.rule_id}: {row.reason or row.verdict}" for row in bad[:_WORST]))
    if silent:
        description = "not applicable: both sides are one instance" if rows else "not evaluated"
    shown = bad or [row for row in rows if row.unexplained or row.exposure or row.in_flight] or rows
    has_rows = check.gate in {Gate.EXPLAINED, *LIMITS}
    return dg.AssetCheckResult(
        asset_key=check.spec.asset_key,
        check_name=check.spec.name,
        passed=not bad and not silent,  # what proves nothing is never green
        severity=dg.AssetCheckSeverity.WARN if check.qualifies or (silent and rows) else dg.AssetCheckSeverity.ERROR,
        description=description or None,
        metadata={
            **{f"verdicts {name}": count for name, count in said.items() if count},
            **{f"sum of {name}": _sum(rows, name) for name in ("unexplained", "exposure", "in_flight")},
            "verdicts": _table(shown),
            **({"worst rows": _worst(settings, {row.rule_id for row in bad})} if bad and has_rows else {}),
        },
    )


def _sum(rows: Sequence[Any], name: str) -> str:
    """Per currency, because amounts of two currencies are never added."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        value = getattr(row, name)
        if value is not None:
            sums[row.currency or ""] = sums.get(row.currency or "", Decimal(0)) + value
    return (
        ", ".join(f"{_text(amount)} {currency}".strip() for currency, amount in sorted(sums.items()) if amount) or "0"
    )


def _table(rows: Sequence[Any]) -> dg.TableMetadataValue:
    columns = ("rule_id", "measure", "period", "legal_entity_id", "currency", "expected", "actual")
    amounts = ("unexplained", "exposure", "in_flight", "tolerance", "verdict")
    return _shown([{name: _text(getattr(row, name)) for name in (*columns, *amounts)} for row in rows[:_WORST]])


def _shown(rows: Sequence[dict[str, str]]) -> dg.TableMetadataValue:
    """Rows as a table of the columns that say something."""
    names = [name for name in (rows[0] if rows else ()) if any(row[name] for row in rows)]
    return dg.MetadataValue.table(
        [dg.TableRecord({name: row[name] for name in names}) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(name, "string") for name in names]),
    )


def _worst(settings: Settings, legs: set[str]) -> dg.TableMetadataValue:
    """The rows behind a red leg with the largest difference."""
    from qtc_pipeline.ops.lock import warehouse_lock
    from qtc_pipeline.warehouse import open_read_only, read_rows

    columns = ("leg", "kind", "break_class", "grain_key", "period", "legal_entity_id", "currency")
    amounts = ("left_ref", "left_amount", "right_ref", "right_amount", "difference")
    sql = f"""
        select {", ".join((*columns, *amounts))}
        from reconciliation.rec_row
        where list_contains(?, leg)
        order by (kind = 'unexplained') desc, abs(difference) desc nulls last, grain_key
        limit {_WORST}
    """
    with (
        warehouse_lock(settings.warehouse_path, "show gate checks"),
        open_read_only(settings.warehouse_path) as connection,
    ):
        found = read_rows(connection, sql, [sorted(legs)])
    return _shown([{name: _text(row[name]) for name in (*columns, *amounts)} for row in found])


def _text(value: Any) -> str:
    """Plain digits without trailing zeros."""
    if isinstance(value, Decimal):
        return format(value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize(), "f")
    return "" if value is None else str(value)
