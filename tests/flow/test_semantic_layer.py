"""The semantic layer gives the published numbers: every metric, asked through MetricFlow, against ``kpi_executive``.

MetricFlow runs in this process: its command line asks the package index for updates before every query.
Add here: a way of asking. Stays out: what the numbers should be (the oracle).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from qtc_pipeline.transform.project import target_dir
from tests.flow.replay import Built, Warehouses

pytestmark = pytest.mark.xdist_group("warehouses")

Cell = tuple[str, str, str, str]
OF_THE_PUBLICATION = "exception_mttr"  # comes from the operational store, no table of the warehouse has it
BY_MODEL = {
    model: [f"{model}__{name}" for name in ("month_start", "legal_entity", "region", "practice")]
    for model in ("figure", "duration")
}


class Dialect:
    """What MetricFlow must know of a database to write SQL for it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


class Semantics:
    """Metrics of a warehouse, asked by name."""

    def __init__(self, built: Built) -> None:
        manifest = parse_manifest_from_dbt_generated_manifest(
            (target_dir(built.settings) / "semantic_manifest.json").read_text(encoding="utf-8")
        )
        self._engine = MetricFlowEngine(SemanticManifestLookup(manifest), Dialect())  # type: ignore[arg-type]
        self._built = built

    def ask(self, metrics: Iterable[str], by: Iterable[str]) -> list[dict[str, Any]]:
        """Rows of metrics at a cut."""
        request = MetricFlowQueryRequest.create(metric_names=list(metrics), group_by_names=list(by))
        return self._built.rows(self._engine.explain(request).sql_statement.sql)


def _published(built: Built) -> dict[str, dict[Cell, Decimal]]:
    """Metric name -> cell -> value, of what is known."""
    found: dict[str, dict[Cell, Decimal]] = {}
    for row in built.rows(
        """
        select figure.*, dictionary.default_variant, dictionary.aggregation
        from kpis.kpi_executive as figure
        inner join seeds.kpi_dictionary as dictionary using (kpi_id, variant)
        where dictionary.mart = 'kpi_executive' and figure.value is not null
        """
    ):
        metric = row["kpi_id"] if row["default_variant"] == "yes" else f"{row['kpi_id']}_{row['variant']}"
        cell = (row["month"], row["legal_entity_id"], row["region"], row["practice"])
        found.setdefault(metric, {})[cell] = row["value"]
    return found


def _answered(rows: list[dict[str, Any]], model: str, metric: str) -> dict[Cell, Decimal]:
    return {
        (
            f"{row[f'{model}__month_start__month']:%Y-%m}",
            *(str(row[f"{model}__{name}"]) for name in ("legal_entity", "region", "practice")),
        ): Decimal(str(row[metric])).quantize(Decimal("0.000001"), ROUND_HALF_UP)
        for row in rows
        if row[metric] is not None
    }


def test_every_metric_gives_the_published_number_in_every_cell(warehouses: Warehouses) -> None:
    built = warehouses.reference
    semantics, published = Semantics(built), _published(built)
    ranked = {name for name, cells in published.items() if name.endswith(("_median", "_p90"))}
    durations = {
        row["metric"]
        for row in built.rows(
            """
            select case when default_variant = 'yes' then kpi_id else kpi_id || '_' || variant end as metric
            from seeds.kpi_dictionary where mart = 'kpi_executive' and aggregation in ('median', 'p90')
            """
        )
    }
    assert ranked <= durations
    assert len(published) > len(durations) > len(ranked)
    for model, names in (("duration", published.keys() & durations), ("figure", published.keys() - durations)):
        ordered = sorted(names)
        for some in (ordered[first : first + 8] for first in range(0, len(ordered), 8)):
            rows = semantics.ask(some, BY_MODEL[model])
            for metric in some:
                assert _answered(rows, model, metric) == published[metric], metric


def test_every_kpi_and_variant_has_a_metric_and_no_metric_is_left_over(warehouses: Warehouses) -> None:
    built = warehouses.reference
    manifest = parse_manifest_from_dbt_generated_manifest(
        (target_dir(built.settings) / "semantic_manifest.json").read_text(encoding="utf-8")
    )
    named = {
        row["kpi_id"] if row["default_variant"] == "yes" else f"{row['kpi_id']}_{row['variant']}"
        for row in built.rows(
            "from seeds.kpi_dictionary where mart = 'kpi_executive' and mart_column = 'value' "
            f"and kpi_id <> '{OF_THE_PUBLICATION}'"
        )
    }
    assert {metric.name for metric in manifest.metrics} - named == {
        "figure_numerator",
        "figure_denominator",
        "figure_undivided",
        "figure_unknown",
    }
    assert named <= {metric.name for metric in manifest.metrics}


def test_a_ratio_over_a_larger_cut_divides_sums(warehouses: Warehouses) -> None:
    built = warehouses.reference
    with duckdb.connect(str(built.settings.warehouse_path), read_only=True) as connection:
        wanted = connection.execute(
            """
            select cast(sum(numerator) / sum(denominator) as decimal(18, 6)) from kpis.kpi_executive
            where kpi_id = 'utilization' and variant = 'billable_available'
            """
        ).fetchall()
    (answer,) = Semantics(built).ask(["utilization"], [])
    assert Decimal(str(answer["utilization"])).quantize(Decimal("0.000001"), ROUND_HALF_UP) == wanted[0][0]
