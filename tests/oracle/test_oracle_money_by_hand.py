"""Costs, milestones, cash and revenue against numbers computed by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.scenario import context, named, rows_of
from tests.oracle.solve import solve

ZERO = Decimal(0)


def _set_up(**contract: Any) -> BusyFirm:
    firm = BusyFirm()
    firm.contract("c1", **contract)
    firm.project("c1")
    firm.rate("c1", 150)
    return firm


def _charge(firm: BusyFirm, expense: str | None, amount: str, kind: str = "expense") -> None:
    firm.netsuite(
        "charge",
        id=f"ch-{expense}",
        job="j-c1",
        chargedate="2026-05-20",
        amount=amount,
        currency="1",
        chargetype=kind,
        externalid=expense,
        stage="READY",
        custcol_written_off="F",
        custcol_written_off_date=None,
    )


def test_costs_arrive_with_their_mark_up_or_are_missing_different_or_not_approved() -> None:
    firm = _set_up(Expense_Markup_Percent__c=10)
    firm.netsuite("item", id="i9", itemid="TRAVEL", isinactive="F")
    firm.netsuite("department", id="d1", name="CC-1", isinactive="F")
    costs: dict[str, dict[str, Any]] = {
        "right": {},
        "wrong": {},
        "lost": {},
        "unknown": {"category": "Yacht"},
        "sub": {"category": "Subcontractor", "approved": False},
        "nowhere": {"cost_center": None, "billable": False},
    }
    for key, fields in costs.items():
        firm.expense(key, "c1", 10000, **({"cost_center": "CC-1"} | fields))
    _charge(firm, "right", "110.00")
    _charge(firm, "wrong", "100.00")
    _charge(firm, "sub", "110.00", kind="subcontractor")
    _charge(firm, None, "5.00")
    assert named(firm, "expense.erp") == {
        ("amount_mismatch", "wrong", Decimal("10.00")),
        ("expense_not_transferred", "lost", Decimal("110.00")),
        ("unknown_code", "unknown", Decimal("110.00")),
        ("invalid_cost_centre", "nowhere", ZERO),
        (None, "ch-None", Decimal("-5.00")),
    }
    assert named(firm, "expense.subcontractor") == {("unapproved_subcontractor_cost", "sub", Decimal("-110.00"))}
    exposed = {
        row.grain: row.exposure for row in solve(firm.payloads, context()).exceptions if row.leg.startswith("expense")
    }
    assert exposed["wrong"] == Decimal("10.00")
    assert exposed["sub"] == ZERO, "nothing of it is billed"


def test_milestones_are_billed_once_at_their_amount_and_not_before_they_are_accepted() -> None:
    firm = _set_up(Billing_Type__c="milestone")
    for key, status in {
        "fine": "accepted", "open": "accepted", "twice": "accepted", "less": "accepted", "given": "accepted",
        "early": "planned",
    }.items():  # fmt: skip
        firm.milestone(key, "c1", Decimal(1000), status, "2026-05-10")
    bill = [("fine", 1000), ("twice", 1000), ("less", 900), ("given", 1000), ("early", 1000)]
    firm.document("inv1", "c1", [("milestone", key, None, Decimal(amount)) for key, amount in bill])
    firm.document("inv2", "c1", [("milestone", "twice", None, Decimal(1000))])
    credit = [("milestone", "given", None, Decimal(-100))]
    firm.document("cm1", "c1", credit, kind="CustCred", custbody_credit_reason="goodwill")
    assert named(firm, "milestone.erp") == {
        ("milestone_unbilled", "open", Decimal(1000)),
        ("milestone_billed_twice", "twice", Decimal(-1000)),
        ("milestone_amount_mismatch", "less", Decimal(100)),
        ("agreed_discount", "given", Decimal(100)),
        ("rejected_milestone_billed", "early", Decimal(-1000)),
    }
    exposed = [row for row in solve(firm.payloads, context()).exceptions if row.grain in {"twice", "milestone:twice"}]
    assert sum((row.exposure or ZERO for row in exposed), ZERO) == Decimal(1000), "the same money is exposed once"


def test_an_accepted_milestone_has_a_week_to_be_billed() -> None:
    firm = _set_up(Billing_Type__c="milestone")
    firm.milestone("m1", "c1", Decimal(1000), "accepted", "2026-06-25")
    assert {row.kind for row in rows_of(firm, "milestone.erp")} == {"timing"}


def test_a_payment_is_applied_in_full_and_a_void_nets_to_nothing() -> None:
    firm = _set_up()
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.payment("fits", Decimal(40), "inv1")
    firm.payment("rest", Decimal(50))
    firm.payment("over", Decimal(10))
    firm.applied("inv1", "over", Decimal(15))
    firm.payment("void", Decimal(70), voided="T")
    firm.document("back", "c1", [], kind="Journal", foreigntotal="0", reversal="void")
    assert named(firm, "cash.applied") == {
        ("unapplied_payment", "rest", Decimal(50)),
        ("over_applied", "over", Decimal(-5)),
    }
    assert named(firm, "cash.gl") == {
        ("subledger_mismatch", key, Decimal(amount))
        for key, amount in {"fits": 40, "rest": 50, "over": 10, "void": 70, "back": -70}.items()
    }


def test_a_write_off_ends_a_receivable_and_takes_back_no_fee() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    lines = [("write_off", None, None, Decimal(-100))]
    firm.document("wo1", "c1", lines, kind="CustCred", custbody_credit_reason="bad_debt", createdfrom="inv1")
    solution = solve(firm.payloads, context())
    assert [line.billed for line in solution.backlog] == [Decimal(100)]
    assert solution.closings["backlog", "US", "USD", "2026-05"] == Decimal(9900)
    assert ("ar", "US", "USD", "2026-05") not in solution.closings


@pytest.mark.parametrize(
    ("contract", "expected"),
    [
        ({}, "3600.00"),  # six of twelve months: half of 12 000 less 2 400 recognized
        ({"Hold_From__c": "2026-03-15"}, "600.00"),  # three of twelve
        ({"Revenue_Judgement__c": -3600}, "3600.00"),
    ],
)
def test_straight_line_revenue_follows_the_months_up_to_a_hold(contract: dict[str, Any], expected: str) -> None:
    terms = {"Recognition_Rule__c": "straight_line", "StartDate": "2026-01-01", "Billing_Type__c": "subscription"}
    firm = _set_up(Contract_Value__c=12000, **terms, **contract)
    firm.revenue("r1", "c1", Decimal(2400), "p6")
    (row,) = rows_of(firm, "revenue.subledger")
    assert row.difference == Decimal(expected)
    assert row.kind == ("reconciling" if "Revenue_Judgement__c" in contract else "break")


def test_revenue_by_completion_is_cost_so_far_over_cost_in_all() -> None:
    terms = {"Recognition_Rule__c": "percentage_of_completion", "Billing_Type__c": "fixed_fee"}
    firm = _set_up(Contract_Value__c=1000, **terms)
    firm.cost_rate(5000)
    firm.time("t1", "c1", 120)
    firm.estimate("c1", 2, "2026-05-31", planned=400, to_complete=300)
    firm.revenue("r1", "c1", Decimal(200), "p5")
    assert named(firm, "revenue.subledger") == {("revenue_misaligned", "c1", Decimal("50.00"))}


def test_a_contract_position_is_recognized_less_billed_as_the_ledger_holds_it() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.revenue("r1", "c1", Decimal(60), "p5")
    firm.document("jr9", "c1", [], kind="Journal", foreigntotal="0")
    firm.posting("jr9", "a4", Decimal(7))
    assert named(firm, "revenue.position") == {("revenue_misaligned", "c1", Decimal(-7))}
    assert solve(firm.payloads, context()).closings["contract_position", "US", "USD", "2026-05"] == Decimal(-40)
