"""A firm whose dates lie on the edges of what is counted, and that lacks what is usually there, against the oracle."""

from __future__ import annotations

import pytest

from tests.flow import compare, compare_kpis, identities, published
from tests.flow.edges import OnEdges
from tests.flow.replay import SCALE, Built, Warehouses
from tests.oracle.solve import Solution

pytestmark = pytest.mark.xdist_group("warehouses")
SEED = 2
KPI_MARTS = ("contract_position", "wip", "utilization", "receivable", "payment")


@pytest.fixture(scope="module")
def edges(warehouses: Warehouses) -> tuple[Built, Solution]:
    """The warehouse of that firm and what the oracle says of it."""
    built = warehouses.of("edges", OnEdges(SEED, SCALE))
    return built, compare.answer(built)


def test_every_row_and_every_exception_is_the_oracles(edges: tuple[Built, Solution]) -> None:
    built, oracle = edges
    assert compare.unequal(compare.rows_of_oracle(oracle), compare.rows_of_rules(built)) == []
    assert compare.unequal(compare.breaks_of_oracle(oracle), compare.breaks_of_warehouse(built)) == []


def test_every_mart_is_the_oracles(edges: tuple[Built, Solution]) -> None:
    built, oracle = edges
    theirs = compare.marts_of_warehouse(built)
    ours = {name: rows for name, rows in compare.marts_of_oracle(oracle).items() if name in theirs}
    assert {name: compare.unequal(rows, theirs[name]) for name, rows in ours.items()} == {name: [] for name in ours}
    marts = compare_kpis.marts_of_oracle(oracle)
    kpis = {name: compare.unequal(marts[name], compare_kpis.mart_of_warehouse(built, name)) for name in KPI_MARTS}
    assert kpis == {name: [] for name in KPI_MARTS}


def test_every_figure_is_the_oracles(edges: tuple[Built, Solution]) -> None:
    built, oracle = edges
    figures = compare_kpis.figures_of_warehouse(built)
    assert compare.unequal(compare_kpis.figures_of_oracle(oracle), figures) == []
    durations = compare_kpis.durations_of_warehouse(built)
    assert compare.unequal(compare_kpis.durations_of_oracle(oracle), durations) == []


def test_the_equations_between_its_tables_hold(edges: tuple[Built, Solution]) -> None:
    built, _ = edges
    assert [equation(built) for equation in identities.EQUATIONS] == [[] for _ in identities.EQUATIONS]
    assert compare.unequal(published.recomputed(built), published.published(built)) == []


def test_the_edges_are_there(edges: tuple[Built, Solution]) -> None:
    built, _ = edges
    found = {
        "due at the end of a bucket": "marts.fct_receivable where days_past_due in (30, 60, 90)",
        "worked today": "canonical.core_time_entry, reconciliation.int_build where work_date = as_of_date",
        "worked tomorrow": "canonical.core_time_entry, reconciliation.int_build where work_date > as_of_date",
        "without a rate": "kpis.kpi_executive where kpi_id = 'realization_billed_amount' and denominator is null "
        "and value is null and kpi_status is not null",
        "signed after as of": "canonical.core_contract, reconciliation.int_build "
        "where is_executed and signed_date > as_of_date",
        "of a customer who is gone": "marts.dim_contract where customer_id = 'unassigned' and qtc_id is not null",
    }
    counts = {name: built.rows(f"select count(*) as n from {where}")[0]["n"] for name, where in found.items()}
    assert [name for name, count in counts.items() if count == 0] == []
