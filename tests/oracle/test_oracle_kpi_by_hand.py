"""Each family of KPIs over a scenario by hand: what is counted, where, in which month, over what."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.kpis.wip import Work, methods
from tests.oracle.scenario import context
from tests.oracle.solve import Solution, solve


def _of(firm: BusyFirm) -> Solution:
    return solve(firm.payloads, context())


def _value(solution: Solution, kpi: str, variant: str, month: str = "2026-06", place: str = "North") -> Decimal | None:
    rest = ("North", "Data") if place == "North" else ("unassigned", "unassigned")
    return solution.executive[month, "US", *rest, kpi, variant].value


def _engaged(**contract: Any) -> BusyFirm:
    firm = BusyFirm()
    firm.contract("c1", **contract)
    firm.project("c1")
    firm.rate("c1", 100)
    return firm


def test_half_of_the_plan_is_half_of_the_price_and_a_doubled_plan_takes_a_quarter_back() -> None:
    def earned(plan: int) -> Decimal:
        work = Work(Decimal(plan), None, Decimal(1000), Decimal(50), None, Decimal(0))
        return methods(work)["percentage_of_completion_sales"] or Decimal(0)

    assert (earned(100), earned(200)) == (Decimal(500), Decimal(250))
    assert earned(200) - earned(100) == Decimal(-250)


def test_five_denominators_make_five_utilizations() -> None:
    firm = _engaged()
    firm.person("u1", 2400, "2026-06-01T08:00:00Z")
    firm.holiday("2026-06-19")
    firm.away("2026-06-15", 600)
    firm.away("2026-06-19", 480)
    firm.away("2026-06-20", 480)
    firm.time("t1", "c1", 4800, "2026-06-02")
    firm.time("t2", "c1", 480, "2026-06-03", billable=False, utilization_credit=True)
    firm.time("t3", "c1", 720, "2026-06-04", approved=False)
    calendar = 22 * 480
    solution = _of(firm)
    expected = {
        "billable_calendar": Decimal(4800) / calendar,
        "billable_available": Decimal(4800) / (calendar - 480 - 480),
        "billable_credited_available": Decimal(5280) / (calendar - 480 - 480),
        "billable_base_pto": Decimal(4800) / (calendar - 480),
        "billable_recorded": Decimal(4800) / 6000,
    }
    for variant, value in expected.items():
        shown = _value(solution, "utilization", variant, place="unassigned")
        assert shown == value.quantize(Decimal("0.000001")), variant


def test_receivables_age_by_what_is_left_of_each_invoice_and_sum_to_what_is_owed() -> None:
    firm = _engaged()
    for name, due in (("i1", "2026-07-15"), ("i2", "2026-06-10"), ("i3", "2026-03-01")):
        firm.document(name, "c1", [("fixed_fee", None, None, Decimal(100))], duedate=due)
    firm.payment("p1", Decimal(60), "i2")
    firm.payment("p2", Decimal(25))
    firm.payment("ahead", Decimal(10), "i3", trandate="2026-07-10", postingperiod=None)
    firm.document("cm", "c1", [("write_off", None, None, Decimal(-30))], kind="CustCred", createdfrom="i3",
                  custbody_credit_reason="bad_debt")  # fmt: skip
    firm.applied("i3", "cm", Decimal(30))
    solution = _of(firm)
    shown = {name: _value(solution, "ar_aging", name) for name in ("current", "days_1_30", "over_90")}
    assert shown == {"current": Decimal(100), "days_1_30": Decimal(40), "over_90": Decimal(70)}
    assert _value(solution, "ar_aging", "unapplied", place="unassigned") == Decimal(-25)
    assert _value(solution, "dso", "trailing_90", place="unassigned") == Decimal("55.5")
    assert _value(solution, "cash_application_lag", "payment_median") == Decimal(2)


def test_a_payment_taken_back_leaves_nothing_unapplied() -> None:
    firm = _engaged()
    firm.document("i1", "c1", [("fixed_fee", None, None, Decimal(100))])
    firm.payment("p1", Decimal(100), voided="T")
    firm.document("back", "none", [], kind="Journal", reversal="p1", foreigntotal="0", postingperiod="p6")
    solution = _of(firm)
    assert _value(solution, "ar_aging", "current") == Decimal(100)
    assert _value(solution, "ar_aging", "unapplied", place="unassigned") == Decimal(0)


def test_an_invoice_is_touchless_if_the_integration_made_it_and_nobody_had_to_come_back_to_it() -> None:
    firm = _engaged()
    made = ("qtc-billing", "qtc-billing", "7")
    for number, creator in enumerate(made):
        firm.document(f"i{number}", "c1", [("fixed_fee", None, None, Decimal(100))], createdby=creator)
    firm.document("cm", "c1", [("fixed_fee", None, None, Decimal(-100))], kind="CustCred", createdfrom="i1",
                  custbody_credit_reason="rebill")  # fmt: skip
    firm.document("i9", "c1", [("fixed_fee", None, None, Decimal(100))], trandate="2026-04-30", postingperiod="p4",
                  createdby=None, custbody_disputed="T")  # fmt: skip
    solution = _of(firm)
    assert _value(solution, "touchless_invoice_rate", "integration", "2026-05") == Decimal("0.333333")
    assert _value(solution, "invoice_exception_rate", "reissued", "2026-05") == Decimal("0.333333")
    assert _value(solution, "touchless_invoice_rate", "integration", "2026-04") is None
    assert _value(solution, "dispute_rate", "count", "2026-04") == Decimal(1)


def test_days_from_signature_are_counted_to_the_first_of_each_event() -> None:
    firm = _engaged(CustomerSignedDate="2026-04-20")
    firm.payloads["kantata"]["workspaces"][-1]["created_at"] = "2026-04-27T10:00:00Z"
    firm.time("t1", "c1", 60, "2026-05-01")
    firm.time("t0", "c1", 60, "2026-04-25", approved=False)
    firm.document("i1", "c1", [("time", "t1", 60, Decimal(100))])
    firm.payment("p1", Decimal(100), "i1")
    solution = _of(firm)
    days = {"psa_project": 7, "first_time": 11, "first_invoice": 41, "first_cash": 51}
    for event, count in days.items():
        assert _value(solution, "activation_time", f"{event}_median", "2026-04") == Decimal(count)
    assert _value(solution, "activation_time", "psa_project_within_sla", "2026-04") == Decimal(1)
    assert _value(solution, "billing_cycle_time", "time_median", "2026-05") == Decimal(30)


def test_revenue_has_a_rule_and_two_ways_to_show_more_of_it() -> None:
    firm = _engaged(Expense_Markup_Percent__c=10)
    firm.revenue("r1", "c1", Decimal(1000), "p5")
    firm.time("t1", "c1", 90, approved=False)
    firm.expense("e1", "c1", 20000)
    firm.expense("e2", "c1", 5000, "Subcontractor")
    firm.expense("e3", "c1", 99900, billable=False)
    solution = _of(firm)
    shown = [_value(solution, "revenue_recognized", name, "2026-05") for name in ("contract_rule", "with_submitted",
             "gross_of_expenses")]  # fmt: skip
    assert shown == [Decimal(1000), Decimal(1150), Decimal(1275)]
    assert _value(solution, "effective_rate", "recognized", "2026-05") == Decimal("666.666667")


def test_a_margin_counts_people_expenses_and_subcontractors() -> None:
    firm = _engaged(Planned_Cost__c=4000)
    firm.person()
    firm.cost_rate(5000)
    firm.revenue("r1", "c1", Decimal(1000), "p5")
    firm.time("t1", "c1", 60)
    firm.expense("e1", "c1", 20000)
    firm.expense("e2", "c1", 10000, "Subcontractor")
    firm.estimate("c1", 1, "2026-02-01", 4500, 2650)
    solution = _of(firm)
    assert _value(solution, "margin", "recognized", "2026-05") == Decimal("0.65")
    assert _value(solution, "margin", "booked") == Decimal("0.6")
    assert _value(solution, "margin", "forecast") == Decimal("0.7")
    assert _value(solution, "margin", "erosion") == Decimal("-0.1")
