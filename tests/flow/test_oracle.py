"""The warehouse against the oracle: ten firms, some with defects, some damaged at random; to the cent.

The oracle (``tests/oracle``) knows the definitions and the vendors' records and nothing of the package or its SQL.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.flow import compare
from tests.flow.damage import Damaged
from tests.flow.replay import REFERENCE_SEED, SCALE, Built, Warehouses, build_by_replay
from tests.oracle.context import class_ranks
from tests.oracle.solve import Solution

pytestmark = pytest.mark.xdist_group("warehouses")

SEEDS = range(1, 11)
ALWAYS = range(1, 5)
DAMAGES = [11, *(pytest.param(damage, marks=pytest.mark.long) for damage in (12, 13, 23, 26))]
MARTS = ("backlog", "unbilled_time", "invoice_exceptions", "margin", "closings")


def _firm(seed: int, *, defects: bool) -> Any:
    """Of the first seeds odd ones with defects and even ones without are always built, the rest when there is time."""
    marks = () if seed in ALWAYS and defects == bool(seed % 2) else pytest.mark.long
    return pytest.param((seed, defects), id=f"{seed}-{'defects' if defects else 'clean'}", marks=marks)


@pytest.fixture(scope="module", params=[_firm(seed, defects=bad) for seed in SEEDS for bad in (False, True)])
def firm(request: pytest.FixtureRequest, warehouses: Warehouses) -> tuple[Built, Solution]:
    """A warehouse and what the oracle says of its firm."""
    seed, defects = request.param
    built = warehouses(seed, defects=defects)
    return built, compare.answer(built)


def test_every_row_of_every_rule_is_the_oracles(firm: tuple[Built, Solution]) -> None:
    built, oracle = firm
    assert compare.unequal(compare.rows_of_oracle(oracle), compare.rows_of_rules(built)) == []


def test_every_break_has_the_oracles_exposure_base_and_blocked_amount(firm: tuple[Built, Solution]) -> None:
    built, oracle = firm
    assert compare.unequal(compare.breaks_of_oracle(oracle), compare.breaks_of_warehouse(built)) == []
    blocked = compare.blocked_of_oracle(oracle)
    assert compare.unequal(blocked, compare.blocked_of_warehouse(built, blocked)) == []


def test_every_mart_is_the_oracles_to_the_cent(firm: tuple[Built, Solution]) -> None:
    built, oracle = firm
    ours, theirs = compare.marts_of_oracle(oracle), compare.marts_of_warehouse(built)
    assert {mart: compare.unequal(ours[mart], theirs[mart]) for mart in MARTS} == {mart: [] for mart in MARTS}


def test_planted_breaks_are_all_found_with_class_and_exposure_and_nothing_else_is(
    firm: tuple[Built, Solution],
) -> None:
    built, _ = firm
    planted = {
        (truth.leg, truth.break_class, truth.records[0]): (truth.exposure, truth.base) for truth in built.firm.truth()
    }
    assert compare.unequal(planted, compare.breaks_of_warehouse(built)) == []
    assert bool(planted) == bool(built.firm.defects)


def test_nothing_differs_without_a_name(firm: tuple[Built, Solution]) -> None:
    built, _ = firm
    assert built.rows("select * from reconciliation.rec_row where kind = 'unexplained'") == []
    assert built.rows("select * from reconciliation.rec_mart_total where difference <> 0") == []
    assert built.rows("select * from reconciliation.rec_conservation where difference <> 0") == []
    assert built.rows("select * from reconciliation.rec_total "
                      "where difference <> break_total + timing_total + reconciling_total") == []  # fmt: skip


def test_value_of_approved_time_is_billed_unbilled_over_cap_or_written_off(firm: tuple[Built, Solution]) -> None:
    _, oracle = firm
    for line in oracle.standing.values():  # without a contract rate there is no value: the entry is named by bill_rate
        assert line.value is None or line.value == line.billed + line.written_off + line.within_cap + line.over_cap


def test_backlog_on_both_bases_differs_by_what_is_recognized_and_not_billed(firm: tuple[Built, Solution]) -> None:
    built, _ = firm
    for row in built.rows("select * from marts.fct_backlog"):
        billing, revenue = (
            row["backlog_billing"] - row["overrun_billed"],
            row["backlog_revenue"] - row["overrun_recognized"],
        )
        assert billing - revenue == row["recognized_amount"] - row["billed_amount"]
        parts = ("delivered_unbilled", "scheduled", "inactive", "unscheduled")
        assert sum((row[part] for part in parts), Decimal(0)) == row["backlog_billing"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_firm_damaged_at_random_is_judged_as_the_oracle_judges_it(warehouses: Warehouses, damage: int) -> None:
    built = warehouses.of(f"damaged-{damage}", Damaged(damage - 10, SCALE, damage))
    oracle = compare.answer(built)
    assert compare.unequal(compare.rows_of_oracle(oracle), compare.rows_of_rules(built)) == []
    assert compare.unequal(compare.breaks_of_oracle(oracle), compare.breaks_of_warehouse(built)) == []
    ours, theirs = compare.marts_of_oracle(oracle), compare.marts_of_warehouse(built)
    assert {mart: compare.unequal(ours[mart], theirs[mart]) for mart in MARTS} == {mart: [] for mart in MARTS}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_counted_and_named_and_nothing_of_it_is_lost(warehouses: Warehouses, damage: int) -> None:
    built = warehouses.of(f"damaged-{damage}", Damaged(damage - 10, SCALE, damage))
    assert built.rows("select * from reconciliation.rec_conservation where difference <> 0") == []
    assert built.rows("select * from reconciliation.rec_total where difference <> break_total + timing_total "
                      "+ reconciling_total + unexplained_total") == []  # fmt: skip
    assert built.rows("select * from reconciliation.rec_mart_total where difference <> 0") == []


def test_planted_firms_carry_every_class_of_the_rules(warehouses: Warehouses) -> None:
    """What only a load or an earlier publication can break is planted by the tests of those."""
    planted = {truth.break_class for truth in warehouses(REFERENCE_SEED, defects=True).firm.truth()}
    assert planted == class_ranks().keys() - {"load_incomplete", "shrunk_load", "rollforward_break"}


def test_replaying_the_compiled_sql_gives_the_tables_dbt_gives(warehouses: Warehouses, tmp_path: Any) -> None:
    reference = warehouses.reference
    replayed = build_by_replay(tmp_path, reference.firm, reference)
    assert compare.marts_of_warehouse(replayed) == compare.marts_of_warehouse(reference)
    assert compare.rows_of_rules(replayed) == compare.rows_of_rules(reference)
