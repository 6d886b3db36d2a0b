"""Dagster's face of room 3: a step per stage that judges, one asset check per mart and gate that shows what it said.

The checks do not block: one failing blocking check of a step stops the green marts' publication too, and in another run
it stops nothing. What holds a mart is the stored verdict of its build, which publish reads. Here: what a person who
looks at a red check needs. Stays out: judging (``evaluate``).
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg

from qtc_pipeline import keys
from qtc_pipeline.gates.contract import EQUATIONS, GATE_RELATIONS, LIMITS, MARTS, STAGE_OF, Gate, Mart, Outcome
from qtc_pipeline.settings import Settings

OWNER = "team:finance-control"
_WORST = 10
_ABOUT = {
    Gate.COMPLETE: "E0: the source counts, on another query path, what was read; nothing of the firm is hidden",
    Gate.CONSERVED: "E1: raw totals equal canonical totals plus what was quarantined",
    Gate.EXPLAINED: "E2: every difference between the systems has a name",
    Gate.CARRIED: "E3: the mart's totals equal the canonical totals",
    Gate.EXPOSURE: "What the open exceptions put at risk is within tolerance",
    Gate.IN_FLIGHT: "The share on its way between two systems is within its limit",
}
_FIRST = tuple(f"rec_{name}" for name in ("completeness", "scope_anchor", "conservation"))


def stage_key(step: str) -> dg.AssetKey:
    """Key of the verdicts of a stage; a stage is named after the dbt step it follows."""
    return dg.AssetKey(keys.relation_asset_key("gates", step))


def build_gate_assets(settings: Settings) -> list[Any]:
    """The two judging steps and the checks on the marts."""
    first, second = keys.DBT_STEPS
    controls = [_key(name) for name in sorted(GATE_RELATIONS) if name.split(".")[1] in _FIRST]
    evidence = [_key(name) for name in sorted(GATE_RELATIONS) if name.split(".")[1] not in _FIRST]
    marts = [_key(relation) for mart in MARTS.values() for relation in mart.relations[:1]]
    return [
        _stage(settings, 1, first, controls, "Verdicts of E0 and E1: is everything read, is nothing lost?"),
        _stage(
            settings, 2, second, [*evidence, *marts, stage_key(first)], "Verdicts of E2, E3 and the limits, per build."
        ),
        _checks(settings),
    ]


def _key(relation: str) -> dg.AssetKey:
    schema, name = relation.split(".")
    return dg.AssetKey(keys.relation_asset_key(schema, name))


def _stage(
    settings: Settings, stage: int, step: str, deps: Sequence[dg.AssetKey], description: str
) -> dg.AssetsDefinition:
    @dg.asset(
        key=stage_key(step),
        deps=list(deps),
        group_name="gates",
        kinds={"python", "greatexpectations"},
        owners=[OWNER],
        description=description,
    )
    def judged(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        from qtc_pipeline.gates.evaluate import evaluate

        result = evaluate(settings, stage, context.log.info)
        if result.stops and stage == 1:
            raise dg.Failure(
                "no mart can be published from these loads", metadata=dict(result.held), allow_retries=False
            )
        return dg.MaterializeResult(
            metadata={
                "build_id": result.build_id,
                **{f"verdicts {verdict}": count for verdict, count in sorted(result.counts.items())},
                "marts": dg.MetadataValue.json(
                    {name: [str(one.status), one.reason] for name, one in result.decisions.items()}
                ),
            }
        )

    return judged


def _target(mart: Mart) -> dg.AssetKey:
    """The asset a mart's checks stand on: its fact table; what is judged only, on the table of totals."""
    return _key(mart.relations[0] if mart.relations else "reconciliation.rec_total")


def _spec(mart: Mart, gate: Gate) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        keys.gate_asset_check_name(gate, mart.name),
        asset=_target(mart),
        description=_ABOUT[gate],
        additional_deps=[stage_key(keys.DBT_STEPS[1])],
        metadata={"stage": STAGE_OF.get(gate, 2)},
    )


def _asked(mart: Mart) -> list[Gate]:
    asked = [gate for gate in EQUATIONS if gate is not Gate.CARRIED or mart.relations]
    return [*asked, *(LIMITS if mart.exposure_legs else ())]


def _checks(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name="gate_checks", specs=[_spec(mart, gate) for mart in MARTS.values() for gate in _asked(mart)]
    )
    def gate_checks() -> Iterator[dg.AssetCheckResult]:
        from qtc_pipeline.ops import builds, verdicts
        from qtc_pipeline.ops.store import open_store

        with open_store(settings) as session:
            build_id = builds.last_judged(session)
            rows = verdicts.verdicts_of(session, build_id) if build_id else []
            for mart in MARTS.values():
                for gate in _asked(mart):
                    own = [row for row in rows if row.mart == mart.name and row.gate == gate]
                    yield _result(settings, mart, gate, own)

    return gate_checks


def _result(settings: Settings, mart: Mart, gate: Gate, rows: Sequence[Any]) -> dg.AssetCheckResult:
    bad = [row for row in rows if row.verdict in {Outcome.FAIL, Outcome.NOT_EVALUATED}]
    silent = not rows or all(row.verdict == Outcome.NOT_APPLICABLE for row in rows)
    said = {str(outcome): sum(row.verdict == outcome for row in rows) for outcome in Outcome}
    description = "; ".join(dict.fromkeys(f"{row.rule_id}: {row.reason or row.verdict}" for row in bad[:_WORST]))
    if silent:
        description = "not applicable: both sides are one instance" if rows else "not evaluated"
    shown = bad or [row for row in rows if row.unexplained or row.exposure or row.in_flight]
    return dg.AssetCheckResult(
        asset_key=_target(mart),
        check_name=keys.gate_asset_check_name(gate, mart.name),
        passed=not bad and not silent,  # what proves nothing is never green
        severity=dg.AssetCheckSeverity.WARN if silent and rows else dg.AssetCheckSeverity.ERROR,
        description=description or None,
        metadata={
            **{f"verdicts {name}": count for name, count in said.items() if count},
            **{f"sum of {name}": _sum(rows, name) for name in ("unexplained", "exposure", "in_flight")},
            "verdicts": _table(shown),
            **({"worst rows": _worst(settings, {row.rule_id for row in bad})} if bad else {}),
        },
    )


def _sum(rows: Sequence[Any], name: str) -> str:
    """Per currency, because amounts of two currencies are never added."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        value = getattr(row, name)
        if value is not None:
            sums[row.currency or ""] = sums.get(row.currency or "", Decimal(0)) + value
    return ", ".join(f"{amount:f} {currency}".strip() for currency, amount in sorted(sums.items()) if amount) or "0"


def _table(rows: Sequence[Any]) -> dg.TableMetadataValue:
    columns = ("rule_id", "measure", "period", "legal_entity_id", "currency", "expected", "actual")
    amounts = ("unexplained", "exposure", "in_flight", "tolerance", "verdict")
    return dg.MetadataValue.table(
        [dg.TableRecord({name: _text(getattr(row, name)) for name in (*columns, *amounts)}) for row in rows[:_WORST]],
        schema=dg.TableSchema([dg.TableColumn(name, "string") for name in (*columns, *amounts)]),
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
    return dg.MetadataValue.table(
        [dg.TableRecord({name: _text(row[name]) for name in (*columns, *amounts)}) for row in found],
        schema=dg.TableSchema([dg.TableColumn(name, "string") for name in (*columns, *amounts)]),
    )


def _text(value: Any) -> str:
    return "" if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
