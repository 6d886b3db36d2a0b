"""Figures of corrections from a ledger to the cell: against the oracle, by hand, through the semantic layer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from qtc_pipeline.ingest.run import read_instance
from qtc_pipeline.systems.ops.read import LedgerReader
from qtc_pipeline.systems.registry import system
from tests.flow.compare_kpis import CELL, Shown, durations_of_warehouse, figures_of_warehouse, sums_of_parts
from tests.flow.replay import Built, Warehouses, build_some
from tests.flow.test_semantic_layer import Semantics
from tests.oracle.kpis.corrections import corrected
from tests.oracle.kpis.part import Part, figures
from tests.systems.ops.lives import write_ledger

pytestmark = pytest.mark.xdist_group("warehouses")

KPIS = ("sync_success_rate", "correction_time_to_repair", "exposure_repaired")
MODELS = {
    *("base_ops__correction", "base_ops__attempt", "stg_ops__correction", "stg_ops__attempt", "fct_correction"),
    *("fct_sync_attempt", "part_correction", "int_executive_value", "int_executive_cell", "kpi_executive"),
    "kpi_duration",
}


@pytest.fixture(scope="module")
def built(warehouses: Warehouses, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The reference firm with a ledger."""
    reference = warehouses.reference
    found = reference.at(tmp_path_factory.mktemp("ledgered") / "home")
    write_ledger(found.settings)
    assert read_instance(found.settings, "ops", "increment").failures == {}
    build_some(found, reference, MODELS)
    return found


@pytest.fixture(scope="module")
def expected(built: Built) -> list[Part]:
    """The parts the oracle makes of the ledger's rows."""
    reader, ops = LedgerReader(built.settings.ops_url, 100), system("ops")
    correction, attempt = (
        [json.loads(text) for page in reader.pages(ops.entity(name), None) for text in page.payloads]
        for name in ("correction", "attempt")
    )
    return list(corrected(correction, attempt))


def _of_corrections(cells: Mapping[tuple[Any, ...], Any]) -> dict[tuple[Any, ...], Any]:
    return {cell: one for cell, one in cells.items() if cell[4] in KPIS}


def test_every_figure_of_corrections_is_the_oracles(built: Built, expected: list[Part]) -> None:
    def shown(cell: tuple[str, ...], value: Any, top: Any, bottom: Any) -> Shown:
        return (value, None, None) if cell[5].endswith(("_median", "_p90")) else (value, top, bottom)

    wanted = {cell: shown(cell, one.value, one.numerator, one.denominator) for cell, one in figures(expected).items()}
    assert {cell[4] for cell in wanted} == set(KPIS)
    assert _of_corrections(figures_of_warehouse(built)) == wanted
    days = {cell[5]: number for cell, number in _of_corrections(durations_of_warehouse(built)).items()}
    assert days == {"resolved": 2}


def test_by_hand_four_of_seven_tries_and_three_of_five_corrections_had_their_effect(built: Built) -> None:
    rows = built.rows(f"select * from kpis.kpi_executive where kpi_id in {KPIS}")
    found = {(row["kpi_id"], row["variant"], row["month"]): row["value"].normalize() for row in rows}
    assert found == {
        ("sync_success_rate", "try", "2026-06"): Decimal("0.571429"),
        ("sync_success_rate", "correction", "2026-06"): Decimal("0.6"),
        ("correction_time_to_repair", "resolved_median", "2026-07"): Decimal(12),
        ("correction_time_to_repair", "resolved_p90", "2026-07"): Decimal(12),
        ("exposure_repaired", "by_correction", "2026-07"): Decimal("1280.5"),
    }


def test_the_parts_of_corrections_sum_to_their_cells(built: Built) -> None:
    sums = _of_corrections(sums_of_parts(built))
    for row in built.rows(f"select * from kpis.kpi_executive where kpi_id in {KPIS} and unit <> 'days'"):
        assert sums[tuple(row[name] for name in CELL)][0] == row["numerator"]


def test_the_semantic_layer_tells_them_alike(built: Built) -> None:
    semantics = Semantics(built)
    for model, metrics in (
        ("figure", ["sync_success_rate", "sync_success_rate_correction", "exposure_repaired"]),
        ("duration", ["correction_time_to_repair", "correction_time_to_repair_resolved_p90"]),
    ):
        rows = semantics.ask(metrics, [f"{model}__legal_entity"])
        found = {metric: row[metric] for row in rows if row[f"{model}__legal_entity"] == "US" for metric in metrics}
        rounded = [Decimal(str(found[metric])).quantize(Decimal("0.000001"), ROUND_HALF_UP) for metric in metrics]
        assert rounded == (
            [Decimal("0.571429"), Decimal("0.6"), Decimal("1280.5")] if model == "figure" else [Decimal(12)] * 2
        )
