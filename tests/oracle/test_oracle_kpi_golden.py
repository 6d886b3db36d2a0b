"""The golden cases of the KPI definitions, by hand: what the oracle must say before it may judge anything."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.oracle.by_hand_kpis import BusyFirm as Firm
from tests.oracle.kpis.part import Part, figures, nearest_rank
from tests.oracle.kpis.receivables import bucket_of, count_back
from tests.oracle.kpis.revenue import Position
from tests.oracle.kpis.wip import Work, methods
from tests.oracle.scenario import context
from tests.oracle.solve import Solution, solve

ONE_PROJECT = Work(
    budget_cost=Decimal(1000),
    budget_price=Decimal(2000),
    price=Decimal(1800),
    usage_cost=Decimal(500),
    usage_price=Decimal(1100),
    invoiced=Decimal(600),
)


def _of(firm: Firm) -> Solution:
    return solve(firm.payloads, context())


def _value(solution: Solution, kpi: str, variant: str, month: str = "2026-06") -> Decimal | None:
    return solution.executive[month, "US", "North", "Data", kpi, variant].value


@pytest.mark.parametrize(
    ("method", "sales", "cost"),
    [
        ("cost_value", "0", "150.00"),
        ("cost_of_sales", "0", "166.67"),
        ("sales_value", "390.00", "0"),
        ("percentage_of_completion", "300.00", "0"),
        ("completed_contract", "-600.00", "500.00"),
    ],
)
def test_one_project_has_five_kinds_of_work_in_progress(method: str, sales: str, cost: str) -> None:
    found = methods(ONE_PROJECT)
    assert (found[f"{method}_sales"], found[f"{method}_cost"]) == (Decimal(sales), Decimal(cost))


def test_a_method_whose_input_is_unknown_or_divides_by_zero_says_nothing() -> None:
    unknown = methods(Work(Decimal(1000), None, Decimal(0), Decimal(500), Decimal(1100), Decimal(600)))
    assert unknown["cost_of_sales_cost"] is None
    assert unknown["sales_value_sales"] is None
    assert unknown["cost_value_cost"] is None
    assert unknown["completed_contract_cost"] == Decimal(500)


def test_a_budget_of_1000_half_spent_and_sold_for_2000_has_earned_1000() -> None:
    earned = methods(Work(Decimal(1000), None, Decimal(2000), Decimal(500), None, Decimal(0)))
    assert earned["percentage_of_completion_sales"] == Decimal(1000)


def test_billed_400_and_recognized_650_is_an_asset_then_billed_800_and_recognized_700_a_liability() -> None:
    contract = _contract().view.contracts["c1"]
    before = Position(contract, Decimal(650), Decimal(400), Decimal(0))
    after = Position(contract, Decimal(700), Decimal(800), Decimal(0))
    waiting = Position(contract, Decimal(650), Decimal(400), Decimal(100))
    assert (before.asset, before.liability, before.unbilled_receivable) == (Decimal(250), Decimal(0), Decimal(0))
    assert (after.asset, after.liability, after.unbilled_receivable) == (Decimal(0), Decimal(100), Decimal(0))
    assert (waiting.asset, waiting.liability, waiting.unbilled_receivable) == (Decimal(150), Decimal(0), Decimal(100))


def _contract(**fields: object) -> Solution:
    firm = Firm()
    firm.contract("c1", **fields)
    firm.project("c1")
    return _of(firm)


def test_of_1000_recorded_500_billed_are_a_realization_of_one_half() -> None:
    firm = Firm()
    firm.contract("c1")
    firm.project("c1")
    firm.rate("c1", 100)
    firm.time("t1", "c1", 300)
    firm.time("t2", "c1", 300, approved=False)
    firm.document("inv1", "c1", [("time", "t1", 300, Decimal(500))])
    solution = _of(firm)
    assert _value(solution, "realization_billed_amount", "cohort", "2026-05") == Decimal("0.5")
    assert _value(solution, "realization_billed_hours", "cohort", "2026-05") == Decimal("0.5")


def test_the_vendors_unscheduled_backlog_leaves_out_what_is_scheduled_and_an_inactive_sibling() -> None:
    firm = Firm()
    for key, status in (("c1", "Activated"), ("c2", "On Hold")):
        firm.contract(key, 1000, Status=status)
        firm.project(key, price=1000, order=1000)
    firm.rate("c1", 100)
    firm.time("t1", "c1", 90)
    firm.milestone("m1", "c1", Decimal(300), status="planned", due="2026-08-01")
    firm.document("inv1", "c1", [("time", None, 120, Decimal(200))])
    lines = {line.contract.id: line for line in _of(firm).backlog}
    active, sibling = lines["c1"], lines["c2"]
    parts = (active.delivered_unbilled, active.scheduled, active.inactive, active.unscheduled)
    assert parts == (Decimal("150.00"), Decimal(300), Decimal(0), Decimal("350.00"))
    assert active.unscheduled_vendor == Decimal(500)
    assert (sibling.inactive, sibling.unscheduled, sibling.unscheduled_vendor) == (
        Decimal(1000),
        Decimal(0),
        Decimal(0),
    )


def test_percentiles_are_the_smallest_value_that_reaches_the_share() -> None:
    values = [Decimal(n) for n in (9, 1, 3, 7)]
    assert nearest_rank(values, Decimal("0.5")) == Decimal(3)
    assert nearest_rank(values, Decimal("0.9")) == Decimal(9)
    assert nearest_rank([], Decimal("0.5")) is None


def test_a_figure_is_divided_last_and_unknown_where_a_part_is() -> None:
    place = ("2026-06", "US", "North", "Data")
    known = [Part(place, "k", "v", "ratio", Decimal(n), Decimal(3)) for n in (1, 3)]
    cell = (*place, "k", "v")
    assert figures(known)[cell].value == Decimal("0.666667")
    assert figures([*known, Part(place, "k", "v", "ratio", None, Decimal(3))])[cell].value is None
    assert figures([Part(place, "k", "v", "ratio", Decimal(1), Decimal(0))])[cell].value is None


def test_counted_back_days_are_whole_months_first_and_a_part_of_the_last() -> None:
    invoiced = {"2026-06": Decimal(100), "2026-05": Decimal(0), "2026-04": Decimal(200)}
    today = date(2026, 6, 20)
    assert count_back(Decimal(50), invoiced, today) == Decimal(10)
    assert count_back(Decimal(200), invoiced, today) == Decimal(20 + 31 + 15)
    assert count_back(Decimal(900), invoiced, today) == Decimal(20 + 31 + 30)
    assert count_back(Decimal(0), invoiced, today) == Decimal(0)
    assert count_back(Decimal(-1), invoiced, today) is None


@pytest.mark.parametrize(
    ("due", "bucket"),
    [
        (date(2026, 6, 30), "current"),
        (date(2026, 6, 29), "days_1_30"),
        (date(2026, 5, 31), "days_1_30"),
        (date(2026, 5, 30), "days_31_60"),
        (date(2026, 4, 1), "days_61_90"),
        (date(2026, 3, 31), "over_90"),
        (None, "current"),
    ],
)
def test_a_receivable_is_as_old_as_its_days_past_due(due: date | None, bucket: str) -> None:
    assert bucket_of(due, date(2026, 6, 30)) == bucket
