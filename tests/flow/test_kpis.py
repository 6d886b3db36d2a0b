"""Every KPI and the marts behind it against the oracle, to the cent: firms with and without defects, some damaged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.flow import compare, compare_kpis, identities, published
from tests.flow.damage import Damaged
from tests.flow.replay import SCALE, Built, Warehouses
from tests.oracle.solve import Solution

pytestmark = pytest.mark.xdist_group("warehouses")

MARTS = ("contract_position", "wip", "utilization", "receivable", "payment")
FIRMS = ((1, True), (2, False), (3, True))
MORE_FIRMS = tuple((seed, defects) for seed in range(4, 11) for defects in (False, True))
DAMAGES = (11,)
MORE_DAMAGES = (12, 13, 23, 26)


def _named(firms: Iterable[tuple[int, bool]]) -> list[Any]:
    return [pytest.param(firm, id=f"{firm[0]}-{'defects' if firm[1] else 'clean'}") for firm in firms]


def _long(firms: Iterable[Any]) -> list[Any]:
    return [pytest.param(*firm.values, id=firm.id, marks=pytest.mark.long) for firm in firms]


PLAIN = [*_named(FIRMS), *_long(_named(MORE_FIRMS))]
BROKEN = [*DAMAGES, *(pytest.param(damage, marks=pytest.mark.long) for damage in MORE_DAMAGES)]


@pytest.fixture(scope="module", params=PLAIN)
def firm(request: pytest.FixtureRequest, warehouses: Warehouses) -> tuple[Built, Solution]:
    """A warehouse and what the oracle says of its firm."""
    seed, defects = request.param
    built = warehouses(seed, defects=defects)
    return built, compare.answer(built)


@pytest.fixture(scope="module", params=BROKEN)
def damaged(request: pytest.FixtureRequest, warehouses: Warehouses) -> tuple[Built, Solution]:
    """The same of a firm damaged at random."""
    built = warehouses.of(f"damaged-{request.param}", Damaged(request.param - 10, SCALE, request.param))
    return built, compare.answer(built)


def _figures_agree(built: Built, oracle: Solution) -> None:
    ours, theirs = compare_kpis.figures_of_oracle(oracle), compare_kpis.figures_of_warehouse(built)
    assert compare.unequal(ours, theirs) == []
    durations = compare_kpis.durations_of_oracle(oracle)
    assert compare.unequal(durations, compare_kpis.durations_of_warehouse(built)) == []


def _marts_agree(built: Built, oracle: Solution) -> None:
    ours = compare_kpis.marts_of_oracle(oracle)
    differing = {mart: compare.unequal(ours[mart], compare_kpis.mart_of_warehouse(built, mart)) for mart in MARTS}
    assert differing == {mart: [] for mart in MARTS}


def test_every_figure_is_the_oracles(firm: tuple[Built, Solution]) -> None:
    _figures_agree(*firm)


def test_every_kpi_mart_is_the_oracles_to_the_cent(firm: tuple[Built, Solution]) -> None:
    _marts_agree(*firm)


def test_figures_of_a_damaged_firm_are_the_oracles(damaged: tuple[Built, Solution]) -> None:
    _figures_agree(*damaged)


def test_kpi_marts_of_a_damaged_firm_are_the_oracles(damaged: tuple[Built, Solution]) -> None:
    _marts_agree(*damaged)


def test_the_equations_between_the_tables_hold(firm: tuple[Built, Solution]) -> None:
    _equations_hold(*firm)


def test_the_equations_between_the_tables_of_a_damaged_firm_hold(damaged: tuple[Built, Solution]) -> None:
    _equations_hold(*damaged)


def _equations_hold(built: Built, oracle: Solution) -> None:
    for equation in identities.EQUATIONS:
        assert equation(built) == []
    assert identities.billed_time(built, oracle) == []


def test_every_published_table_is_what_its_mart_says(firm: tuple[Built, Solution]) -> None:
    built, _ = firm
    assert compare.unequal(published.recomputed(built), published.published(built)) == []


def test_every_published_table_of_a_damaged_firm_is_what_its_mart_says(damaged: tuple[Built, Solution]) -> None:
    built, _ = damaged
    assert compare.unequal(published.recomputed(built), published.published(built)) == []
