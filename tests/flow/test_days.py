"""Firms read day by day with late data, deletions, moved and repaired records: the warehouse is the oracle's every day.

What is kept from build to build is added to, never made anew; that it is the same as if made anew is tested too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.sandbox.firm import Firm
from tests.flow import compare, compare_kpis
from tests.flow.damage import Damaged
from tests.flow.days import Day, course, differences_from_scratch, open_exceptions
from tests.flow.replay import REFERENCE_SEED, SCALE, Warehouses, increment_by_replay

pytestmark = pytest.mark.xdist_group("warehouses")

DAYS = 3
SEEDS = (REFERENCE_SEED, 2)
MORE_SEEDS = range(3, 51)
MARTS = ("backlog", "unbilled_time", "invoice_exceptions", "margin", "closings")
CAUSES = {"late_entry", "correction", "deletion", "rate", "rule_change"}


def _maker(seed: int) -> Callable[[int], Firm]:
    """Odd seeds carry planted defects that come and go, even ones random damage that does."""
    if seed % 2:
        return lambda day: Firm(seed, SCALE, defects=True, day=day)
    return lambda day: Damaged(seed, SCALE, seed, day, over_days=True)


@pytest.mark.parametrize("seed", [*SEEDS, *(pytest.param(seed, marks=pytest.mark.long) for seed in MORE_SEEDS)])
def test_every_day_is_the_oracles_and_the_same_as_built_anew(warehouses: Warehouses, tmp_path: Path, seed: int) -> None:
    make = _maker(seed)
    first = warehouses.copy_of(f"days-{seed}", make(0))
    for number, day in enumerate(course(first, make, DAYS, warehouses)):
        _is_the_oracles(day)
        if number == DAYS or (number and seed not in SEEDS):
            assert differences_from_scratch(tmp_path / str(number), day.built, warehouses) == []


def _is_the_oracles(day: Day) -> None:
    built, oracle = day.built, day.oracle
    theirs = {key: value for key, value in compare.rows_of_rules(built).items() if key[3] != "restatement"}
    assert compare.unequal(compare.rows_of_oracle(oracle), theirs) == []
    assert compare.unequal(compare.breaks_of_oracle(oracle), compare.breaks_of_warehouse(built)) == []
    ours, marts = compare.marts_of_oracle(oracle), compare.marts_of_warehouse(built)
    assert {mart: compare.unequal(ours[mart], marts[mart]) for mart in MARTS} == {mart: [] for mart in MARTS}
    figures = compare_kpis.figures_of_warehouse(built)
    assert compare.unequal(compare_kpis.figures_of_oracle(oracle), figures) == []
    assert compare.unequal(day.restated(), _restatements(day)) == []


def _restatements(day: Day) -> dict[Any, Decimal]:
    found: dict[Any, Decimal] = defaultdict(Decimal)
    for row in day.built.rows("select * from marts.int_restatement where amount <> 0"):
        assert row["cause"] in CAUSES, row
        found[row["stock"], row["legal_entity_id"], row["currency"]] += row["amount"]
    return {cell: amount for cell, amount in found.items() if amount}


def test_an_increment_built_by_dbt_is_the_oracles_and_the_same_as_built_anew(
    warehouses: Warehouses, tmp_path: Path
) -> None:
    built = warehouses.increment
    assert differences_from_scratch(tmp_path / "again", built, warehouses) == []
    with_earlier_versions = built.rows("select count(distinct load_id) as loads from base.base_kantata__time_entries")
    assert with_earlier_versions == [{"loads": 2}]


def test_a_defect_that_was_repaired_at_the_source_and_returns_is_the_second_occurrence_of_its_exception(
    warehouses: Warehouses, tmp_path: Path
) -> None:
    """Planted to appear on the first day, to be repaired on the second and to return on the fourth."""
    built = warehouses.increment.at(tmp_path / "home")
    open_on = {}
    for day in (1, 2, 4):
        if day > 1:
            later = Firm(REFERENCE_SEED, SCALE, defects=True, day=day)
            built = increment_by_replay(built, later, warehouses.increment)
        open_on[day] = open_exceptions(built)
        planted = {(truth.leg, truth.records[0]): truth.occurrence for truth in built.firm.truth()}
        assert compare.unequal(planted, open_on[day]) == []
    returned = {key for key, occurrence in open_on[4].items() if occurrence == 2}
    assert {leg for leg, _ in returned} == {"bill_rate.psa"}
    assert returned <= open_on[1].keys() - open_on[2].keys()


def test_a_dead_interface_shows_within_its_time_though_the_quiet_erp_is_read_every_day(
    warehouses: Warehouses,
) -> None:
    """The PSA hands nothing over from the first day on. That the ERP was read and found quiet is no excuse for long."""

    def make(day: int) -> Firm:
        return Firm(2, SCALE, defects=False, day=day, outage=(1, DAYS))

    seen = []
    for day in course(warehouses.copy_of("outage", make(0)), make, DAYS, warehouses):
        rows = day.built.rows(
            "select kind, count(*) as rows, min(due_at) as due from reconciliation.rec_row where leg = "
            "'approved_time.erp' and measure = 'minutes' and break_class = 'time_not_transferred' group by kind"
        )
        seen.append({row["kind"]: row["rows"] for row in rows})
        as_of = day.built.settings.as_of_or_now().replace(tzinfo=None)
        assert all(row["due"] > as_of for row in rows if row["kind"] == "timing")
        late = {(truth.leg, truth.break_class, truth.records[0]) for truth in day.built.firm.truth()}
        assert compare.breaks_of_warehouse(day.built).keys() == late
    assert seen[0]["timing"] > 0
    assert "break" not in seen[0]
    for before, after in pairwise(seen):
        assert after["break"] == before["timing"] + before.get("break", 0), "in flight one day, overdue the next"
