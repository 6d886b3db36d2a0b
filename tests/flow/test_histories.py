"""Random histories through the lake and the SQL: equal to the oracle in every row, mart and figure; identities hold."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.flow import compare, compare_kpis, identities
from tests.flow.replay import Warehouses
from tests.flow.written import Written
from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.histories import histories

pytestmark = pytest.mark.xdist_group("warehouses")

NUMBERS = count(1)
ENOUGH_DOCUMENTS = 12
once = settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
often = settings(max_examples=40, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))


def _is_busy(firm: BusyFirm) -> bool:
    return len(firm.payloads["netsuite"]["transaction"]) >= ENOUGH_DOCUMENTS


BUSY = histories(8, 12).filter(_is_busy)


@once
@given(firm=BUSY)
def test_a_random_history_is_what_the_oracle_says(warehouses: Warehouses, firm: BusyFirm) -> None:
    _holds(warehouses, firm)


@pytest.mark.long
@often
@given(firm=BUSY)
def test_many_random_histories_are_what_the_oracle_says(warehouses: Warehouses, firm: BusyFirm) -> None:
    _holds(warehouses, firm)


def _holds(warehouses: Warehouses, firm: BusyFirm) -> None:
    built = warehouses.of(f"history-{next(NUMBERS)}", Written(firm.payloads))
    oracle = compare.answer(built)
    assert compare.unequal(compare.rows_of_oracle(oracle), compare.rows_of_rules(built)) == []
    assert compare.unequal(compare.breaks_of_oracle(oracle), compare.breaks_of_warehouse(built)) == []
    ours, theirs = compare.marts_of_oracle(oracle), compare.marts_of_warehouse(built)
    assert {mart: compare.unequal(ours[mart], theirs[mart]) for mart in ours} == {mart: [] for mart in ours}
    kpi_marts = compare_kpis.marts_of_oracle(oracle)
    for mart, rows in kpi_marts.items():
        assert compare.unequal(rows, compare_kpis.mart_of_warehouse(built, mart)) == [], mart
    figures = compare_kpis.figures_of_oracle(oracle)
    assert compare.unequal(figures, compare_kpis.figures_of_warehouse(built)) == []
    durations = compare_kpis.durations_of_oracle(oracle)
    assert compare.unequal(durations, compare_kpis.durations_of_warehouse(built)) == []
    for equation in identities.EQUATIONS:
        assert equation(built) == []
    assert identities.billed_time(built, oracle) == []
