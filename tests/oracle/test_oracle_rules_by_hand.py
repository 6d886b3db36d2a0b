"""The further rules against numbers computed by hand: customers, terms, rates, costs, milestones, cash, revenue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.findings import Finding
from tests.oracle.scenario import context
from tests.oracle.solve import Solution, solve

ZERO = Decimal(0)
Named = set[tuple[str | None, str, Decimal | None]]


def _of(firm: BusyFirm, **changes: Any) -> Solution:
    return solve(firm.payloads, context(**changes))


def _rows(firm: BusyFirm, leg: str, **changes: Any) -> list[Finding]:
    return [row for row in _of(firm, **changes).findings if row.leg == leg]


def _named(firm: BusyFirm, leg: str, **changes: Any) -> Named:
    return {(row.break_class, row.grain, row.difference) for row in _rows(firm, leg, **changes)}


def _set_up(**contract: Any) -> BusyFirm:
    firm = BusyFirm()
    firm.contract("c1", **contract)
    firm.project("c1")
    firm.rate("c1", 150)
    return firm


def _customer(firm: BusyFirm, key: str = "n1", **fields: Any) -> None:
    given = {
        "id": key,
        "custentity_sf_account": "acc",
        "companyname": " ACME  corp ",
        "currency": "1",
        "terms": "t1",
        "vatregnumber": "DE1",
        "custentity_tax_rate": "10.00",
        "subsidiary": "1",
        "isinactive": "F",
    }
    firm.netsuite("customer", **(given | fields))


def _account(firm: BusyFirm) -> None:
    given = {"Id": "acc", "Name": "Acme Corp", "CurrencyIsoCode": "USD", "Legal_Entity__c": "US"}
    firm.salesforce("Account", **given, Payment_Terms__c="Net 30", Tax_Number__c="DE1")
    firm.netsuite("term", id="t1", name="Net 30")
    firm.netsuite("term", id="t2", name="Net 45")


def test_a_customer_is_missing_double_or_different_and_other_case_and_blanks_are_the_same_name() -> None:
    firms = [_set_up() for _ in range(4)]
    for firm in firms:
        _account(firm)
    _customer(firms[0])
    _customer(firms[2])
    _customer(firms[2], key="n2")
    _customer(firms[3], terms="t2", vatregnumber=None)
    leg = "customer_master.erp"
    assert _named(firms[0], leg) == set()
    assert _named(firms[1], leg) == {("customer_missing", "acc:customer", Decimal(1))}
    assert _named(firms[2], leg) == {("duplicate_customer", "acc:customer", Decimal(-1))}
    assert sorted((row.grain, row.difference) for row in _rows(firms[3], leg)) == [
        ("acc:payment_terms", Decimal(-1)),
        ("acc:payment_terms", Decimal(1)),
        ("acc:tax_number", Decimal(1)),
    ]


def test_a_missing_purchase_order_delays_what_waits_and_an_overrun_what_is_beyond_it() -> None:
    firm = _set_up(PO_Required__c=True, PO_Number__c=None, PO_Amount__c=200, Payment_Terms__c=None)
    for key in ("t1", "t2"):
        firm.time(key, "c1", 60)
        firm.timebill(key, "c1", 60)
    solution = _of(firm)
    found = {row.break_class: (row.exposure, row.base) for row in solution.exceptions}
    assert found == {
        "missing_purchase_order": (Decimal("300.00"), "delay"),
        "purchase_order_overrun": (Decimal("100.00"), "delay"),
    }


def test_an_invoice_on_terms_given_up_before_its_day_is_stale_and_one_on_terms_of_its_day_is_not() -> None:
    firm = _set_up(Payment_Terms__c="Net 45")
    _account(firm)
    history = {"ContractId": "c1", "Field": "Payment_Terms__c", "OldValue": "Net 30", "NewValue": "Net 45"}
    firm.salesforce("ContractHistory", Id="h1", CreatedDate="2026-05-15T08:00:00.000+0000", **history)
    firm.document("early", "c1", [], trandate="2026-05-10", terms="t1")
    firm.document("late", "c1", [], trandate="2026-05-31", terms="t1")
    firm.document("right", "c1", [], trandate="2026-05-31", terms="t2")
    stale = [row.grain for row in _rows(firm, "billing_terms.erp") if row.break_class == "stale_terms_invoiced"]
    assert stale == ["late"]


@pytest.mark.parametrize(
    ("discount", "amount", "expected"),
    [
        (None, "150.00", set()),
        (None, "140.00", {("rate_mismatch", "t1", Decimal("10.00"))}),
        (10, "135.00", {("agreed_discount", "t1", Decimal("15.00"))}),
        (10, "134.00", {("rate_mismatch", "t1", Decimal("16.00"))}),
    ],
)
def test_time_is_billed_at_the_agreed_rate_or_at_the_agreed_discount(
    discount: int | None, amount: str, expected: Named
) -> None:
    firm = _set_up(Discount_Percent__c=discount)
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 60, Decimal(amount))])
    assert _named(firm, "bill_rate.erp") == expected


def test_half_a_cent_a_line_is_rounding_and_only_on_more_than_one_line() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 30, Decimal("75.00")), ("time", "t1", 30, Decimal("74.99"))])
    assert _named(firm, "bill_rate.erp") == {("rounding", "t1", Decimal("0.01"))}


def test_the_rate_of_the_country_goes_before_the_rate_for_all() -> None:
    firm = _set_up()
    firm.person()
    firm.payloads["kantata"]["users"][0]["country"] = "DE"
    firm.rate("c1", 120)
    firm.payloads["salesforce"]["Contract_Rate__c"][-1]["Country__c"] = "DE"
    firm.time("t1", "c1", 60, rate_in_cents=12000)
    assert [line.value for line in _of(firm).standing.values()] == [Decimal("120.00")]


def test_time_of_a_role_without_a_rate_is_listed_with_what_it_is_planned_at() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60, role_id="r2")
    (row,) = _rows(firm, "bill_rate.psa")
    assert (row.break_class, row.grain, row.blocked) == ("rate_missing", "c1:WIZARD", Decimal("150.00"))


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
    for key, fields in {
        "right": {},
        "wrong": {},
        "lost": {},
        "unknown": {"category": "Yacht"},
        "sub": {"category": "Subcontractor", "approved": False},
        "nowhere": {"cost_center": None, "billable": False},
    }.items():
        firm.expense(key, "c1", 10000, **({"cost_center": "CC-1"} | fields))
    _charge(firm, "right", "110.00")
    _charge(firm, "wrong", "100.00")
    _charge(firm, "sub", "110.00", kind="subcontractor")
    _charge(firm, None, "5.00")
    assert _named(firm, "expense.erp") == {
        ("amount_mismatch", "wrong", Decimal("10.00")),
        ("expense_not_transferred", "lost", Decimal("110.00")),
        ("unknown_code", "unknown", Decimal("110.00")),
        ("invalid_cost_centre", "nowhere", ZERO),
        (None, "ch-None", Decimal("-5.00")),
    }
    assert _named(firm, "expense.subcontractor") == {("unapproved_subcontractor_cost", "sub", Decimal("-110.00"))}
    exposed = {row.grain: row.exposure for row in _of(firm).exceptions if row.leg.startswith("expense")}
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
    assert _named(firm, "milestone.erp") == {
        ("milestone_unbilled", "open", Decimal(1000)),
        ("milestone_billed_twice", "twice", Decimal(-1000)),
        ("milestone_amount_mismatch", "less", Decimal(100)),
        ("agreed_discount", "given", Decimal(100)),
        ("rejected_milestone_billed", "early", Decimal(-1000)),
    }
    exposed = [row for row in _of(firm).exceptions if row.grain in {"twice", "milestone:twice"}]
    assert sum((row.exposure or ZERO for row in exposed), ZERO) == Decimal(1000), "the same money is exposed once"


def test_an_accepted_milestone_has_a_week_to_be_billed() -> None:
    firm = _set_up(Billing_Type__c="milestone")
    firm.milestone("m1", "c1", Decimal(1000), "accepted", "2026-06-25")
    assert {row.kind for row in _rows(firm, "milestone.erp")} == {"timing"}


def test_a_payment_is_applied_in_full_and_a_void_nets_to_nothing() -> None:
    firm = _set_up()
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.payment("fits", Decimal(40), "inv1")
    firm.payment("rest", Decimal(50))
    firm.payment("over", Decimal(10))
    firm.applied("inv1", "over", Decimal(15))
    firm.payment("void", Decimal(70), voided="T")
    firm.document("back", "c1", [], kind="Journal", foreigntotal="0", reversal="void")
    assert _named(firm, "cash.applied") == {
        ("unapplied_payment", "rest", Decimal(50)),
        ("over_applied", "over", Decimal(-5)),
    }
    assert _named(firm, "cash.gl") == {
        ("subledger_mismatch", key, Decimal(amount))
        for key, amount in {"fits": 40, "rest": 50, "over": 10, "void": 70, "back": -70}.items()
    }


def test_a_write_off_ends_a_receivable_and_takes_back_no_fee() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    lines = [("write_off", None, None, Decimal(-100))]
    firm.document("wo1", "c1", lines, kind="CustCred", custbody_credit_reason="bad_debt", createdfrom="inv1")
    solution = _of(firm)
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
    (row,) = _rows(firm, "revenue.subledger")
    assert row.difference == Decimal(expected)
    assert row.kind == ("reconciling" if "Revenue_Judgement__c" in contract else "break")


def test_revenue_by_completion_is_cost_so_far_over_cost_in_all() -> None:
    terms = {"Recognition_Rule__c": "percentage_of_completion", "Billing_Type__c": "fixed_fee"}
    firm = _set_up(Contract_Value__c=1000, **terms)
    firm.cost_rate(5000)
    firm.time("t1", "c1", 120)
    firm.estimate("c1", 2, "2026-05-31", planned=400, to_complete=300)
    firm.revenue("r1", "c1", Decimal(200), "p5")
    assert _named(firm, "revenue.subledger") == {("revenue_misaligned", "c1", Decimal("50.00"))}


def test_a_contract_position_is_recognized_less_billed_as_the_ledger_holds_it() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.revenue("r1", "c1", Decimal(60), "p5")
    firm.document("jr9", "c1", [], kind="Journal", foreigntotal="0")
    firm.posting("jr9", "a4", Decimal(7))
    assert _named(firm, "revenue.position") == {("revenue_misaligned", "c1", Decimal(-7))}
    assert _of(firm).closings["contract_position", "US", "USD", "2026-05"] == Decimal(-40)


def test_events_in_an_order_they_must_not_have_are_named_once_per_contract() -> None:
    firm = _set_up(CustomerSignedDate="2026-06-10", StartDate="2026-06-15", Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.payment("pay1", Decimal(100), "inv1", trandate="2026-05-30")
    firm.time("t1", "c1", 60, day="2026-06-20")
    firm.payloads["kantata"]["workspaces"][0]["created_at"] = "2026-06-25T10:00:00Z"
    firm.revenue("r1", "c1", Decimal(10), "p5")
    names = {"billed_before_signature", "paid_before_invoice", "revenue_before_delivery", "time_before_activation"}
    assert {row.break_class for row in _rows(firm, "lifecycle_order")} == names


def test_sold_minutes_without_people_are_named_with_their_value() -> None:
    firm = _set_up()
    firm.demand("c1", 600)
    given = {"workspace_id": "w-c1", "user_id": "u1", "role_id": "r1", "start_date": None, "end_date": None}
    firm.kantata("assignments", estimated_minutes=480, **given)
    (row,) = _rows(firm, "staffing.psa")
    assert (row.break_class, row.grain, row.blocked) == ("unstaffed_demand", "c1:CONSULTANT", Decimal("300.00"))


def test_tax_at_another_rate_and_a_number_left_out_are_conditions() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    _account(firm)
    _customer(firm, key="c1")
    for number, tax in ((1, 10), (2, 7), (5, 10)):
        lines = [("fixed_fee", f"s{number}", None, Decimal(100))]
        firm.document(f"d{number}", "c1", lines, tax=Decimal(tax), tranid=f"INV-{number:03}")
    assert {row.grain for row in _rows(firm, "invoice_integrity.tax")} == {"d2"}
    assert _named(firm, "invoice_integrity.unique") == {("invoice_number_gap", "US:INV-:3", ZERO)}
