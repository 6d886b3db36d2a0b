"""Customers, terms, rates, order of events, staffing and issued documents against numbers computed by hand."""

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
    assert named(firms[0], leg) == set()
    assert named(firms[1], leg) == {("customer_missing", "acc:customer", Decimal(1))}
    assert named(firms[2], leg) == {("duplicate_customer", "acc:customer", Decimal(-1))}
    assert sorted((row.grain, row.difference) for row in rows_of(firms[3], leg)) == [
        ("acc:payment_terms", Decimal(-1)),
        ("acc:payment_terms", Decimal(1)),
        ("acc:tax_number", Decimal(1)),
    ]


def test_a_missing_purchase_order_delays_what_waits_and_an_overrun_what_is_beyond_it() -> None:
    firm = _set_up(PO_Required__c=True, PO_Number__c=None, PO_Amount__c=200, Payment_Terms__c=None)
    for key in ("t1", "t2"):
        firm.time(key, "c1", 60)
        firm.timebill(key, "c1", 60)
    solution = solve(firm.payloads, context())
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
    stale = [row.grain for row in rows_of(firm, "billing_terms.erp") if row.break_class == "stale_terms_invoiced"]
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
    discount: int | None, amount: str, expected: set[tuple[str | None, str, Decimal | None]]
) -> None:
    firm = _set_up(Discount_Percent__c=discount)
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 60, Decimal(amount))])
    assert named(firm, "bill_rate.erp") == expected


def test_half_a_cent_a_line_is_rounding_and_only_on_more_than_one_line() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 30, Decimal("75.00")), ("time", "t1", 30, Decimal("74.99"))])
    assert named(firm, "bill_rate.erp") == {("rounding", "t1", Decimal("0.01"))}


def test_the_rate_of_the_country_goes_before_the_rate_for_all() -> None:
    firm = _set_up()
    firm.person()
    firm.payloads["kantata"]["users"][0]["country"] = "DE"
    firm.rate("c1", 120)
    firm.payloads["salesforce"]["Contract_Rate__c"][-1]["Country__c"] = "DE"
    firm.time("t1", "c1", 60, rate_in_cents=12000)
    assert [line.value for line in solve(firm.payloads, context()).standing.values()] == [Decimal("120.00")]


def test_time_of_a_role_without_a_rate_is_listed_with_what_it_is_planned_at() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60, role_id="r2")
    (row,) = rows_of(firm, "bill_rate.psa")
    assert (row.break_class, row.grain, row.blocked) == ("rate_missing", "c1:WIZARD", Decimal("150.00"))


def test_events_in_an_order_they_must_not_have_are_named_once_per_contract() -> None:
    firm = _set_up(CustomerSignedDate="2026-06-10", StartDate="2026-06-15", Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(100))])
    firm.payment("pay1", Decimal(100), "inv1", trandate="2026-05-30")
    firm.time("t1", "c1", 60, day="2026-06-20")
    firm.payloads["kantata"]["workspaces"][0]["created_at"] = "2026-06-25T10:00:00Z"
    firm.revenue("r1", "c1", Decimal(10), "p5")
    names = {"billed_before_signature", "paid_before_invoice", "revenue_before_delivery", "time_before_activation"}
    assert {row.break_class for row in rows_of(firm, "lifecycle_order")} == names


def test_sold_minutes_without_people_are_named_with_their_value() -> None:
    firm = _set_up()
    firm.demand("c1", 600)
    given = {"workspace_id": "w-c1", "user_id": "u1", "role_id": "r1", "start_date": None, "end_date": None}
    firm.kantata("assignments", estimated_minutes=480, **given)
    (row,) = rows_of(firm, "staffing.psa")
    assert (row.break_class, row.grain, row.blocked) == ("unstaffed_demand", "c1:CONSULTANT", Decimal("300.00"))


def test_tax_at_another_rate_and_a_number_left_out_are_conditions() -> None:
    firm = _set_up(Billing_Type__c="fixed_fee")
    _account(firm)
    _customer(firm, key="c1")
    for number, tax in ((1, 10), (2, 7), (5, 10)):
        lines = [("fixed_fee", f"s{number}", None, Decimal(100))]
        firm.document(f"d{number}", "c1", lines, tax=Decimal(tax), tranid=f"INV-{number:03}")
    assert {row.grain for row in rows_of(firm, "invoice_integrity.tax")} == {"d2"}
    assert named(firm, "invoice_integrity.unique") == {("invoice_number_gap", "US:INV-:3", ZERO)}
