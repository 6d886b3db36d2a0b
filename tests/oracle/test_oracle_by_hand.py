"""The oracle against numbers computed by hand: one small scenario per rule and part of a mart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.by_hand import Firm
from tests.oracle.context import class_ranks, time_value
from tests.oracle.scenario import context
from tests.oracle.solve import Solution, solve


def _of(firm: Firm, **changes: Any) -> Solution:
    return solve(firm.payloads, context(**changes))


def _classes(solution: Solution) -> set[tuple[str, str | None, str, Decimal | None]]:
    return {
        (row.leg, row.break_class, row.grain, row.difference) for row in solution.findings if row.measure != "minutes"
    }


def _exposure(solution: Solution, name: str) -> list[Decimal]:
    return [row.exposure for row in solution.exceptions if row.break_class == name and row.exposure is not None]


def _set_up(**contract: Any) -> Firm:
    firm = Firm()
    firm.contract("c1", **contract)
    firm.project("c1")
    firm.rate("c1", 150)
    return firm


def test_three_times_twenty_minutes_at_150_are_150_and_not_148_50() -> None:
    assert time_value(20, Decimal(150)) == Decimal("50.00")
    assert 3 * (time_value(20, Decimal(150)) or 0) == Decimal("150.00")
    assert time_value(1, Decimal("0.30")) == Decimal("0.01")
    assert time_value(-1, Decimal("0.30")) == Decimal("-0.01")


def test_a_contract_set_up_and_billed_as_agreed_has_no_finding() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 60, Decimal("150.00"))], tax=Decimal("15.00"))
    firm.posting("inv1", "a1", Decimal("165.00"))
    assert list(_of(firm).findings) == []


def test_a_signed_contract_without_project_exposes_its_value_once_over_both_legs() -> None:
    firm = Firm()
    firm.contract("c1", 10000)
    solution = _of(firm)
    assert ("activation.psa", "won_without_project", "c1", Decimal(1)) in _classes(solution)
    assert ("activation.erp", "won_without_project", "c1", Decimal(1)) in _classes(solution)
    assert {row.kind for row in solution.findings if row.leg.startswith("contract_value")} == {"reconciling"}
    assert sorted(_exposure(solution, "won_without_project"), reverse=True) == [Decimal(10000), Decimal(0)]


def test_a_contract_signed_today_is_in_transit() -> None:
    firm = Firm()
    firm.contract("c1", CustomerSignedDate="2026-06-30")
    solution = _of(firm)
    assert {row.kind for row in solution.findings if row.leg.startswith("activation")} == {"timing"}
    assert solution.exceptions == []


def test_an_amendment_the_erp_does_not_know_exposes_what_is_not_yet_billed() -> None:
    firm = Firm()
    firm.contract("c1", 10000)
    firm.amendment("a1", "c1", 2000)
    firm.project("c1", price=12000, order=10000)
    firm.schedule("s1", "c1", "2026-05-01", Decimal(10500), billed="T")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(10500))])
    firm.posting("inv1", "a1", Decimal(10500))
    solution = _of(firm)
    assert _classes(solution) == {("contract_value.erp", "amendment_not_propagated", "c1", Decimal(2000))}
    assert _exposure(solution, "amendment_not_propagated") == [Decimal(1500)]


@pytest.mark.parametrize(
    ("price", "name", "difference"),
    [(10700, "unapproved_amendment_propagated", -700), (9000, "value_mismatch", 1000)],
)
def test_a_price_that_no_approved_amendment_explains_is_named_by_its_own_predicate(
    price: int, name: str, difference: int
) -> None:
    firm = Firm()
    firm.contract("c1", 10000)
    firm.amendment("a1", "c1", 700, status="Submitted")
    firm.project("c1", price=price)
    assert _classes(_of(firm)) == {("contract_value.psa", name, "c1", Decimal(difference))}


def test_a_price_in_another_currency_shows_both_full_values() -> None:
    firm = Firm()
    firm.contract("c1", 10000)
    firm.project("c1", price=9000, currency="EUR")
    assert _classes(_of(firm)) == {
        ("contract_value.psa", "currency_mismatch", "c1", Decimal(10000)),
        ("contract_value.psa", "currency_mismatch", "c1", Decimal(-9000)),
    }


def test_time_that_never_arrived_is_leakage_at_contract_rate_and_a_code_the_erp_lacks_has_its_own_class() -> None:
    firm = _set_up()
    firm.rate("c1", 300, role="WIZARD")
    firm.time("t1", "c1", 90)
    firm.time("t2", "c1", 60, role_id="r2")
    solution = _of(firm)
    assert _exposure(solution, "time_not_transferred") == [Decimal("225.00")]
    assert _exposure(solution, "unknown_code") == [Decimal("300.00")]
    assert sum(row.difference or 0 for row in solution.findings if row.measure == "minutes") == 150


def test_time_approved_in_the_last_hours_is_on_its_way() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60, day="2026-06-30", updated_at="2026-06-30T18:00:00Z")
    assert {row.kind for row in _of(firm).findings} == {"timing"}


def test_fewer_minutes_in_the_erp_leak_and_unbilled_surplus_minutes_expose_nothing() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 90)
    firm.timebill("t1", "c1", 60)
    firm.time("t2", "c1", 60)
    firm.timebill("t2", "c1", 90)
    assert sorted(_exposure(_of(firm), "quantity_mismatch"), key=str) == [Decimal(0), Decimal("75.00")]


def test_time_billed_and_then_un_approved_may_have_to_be_given_back() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60, approved=False)
    firm.timebill("t1", "c1", 60)
    firm.document("inv1", "c1", [("time", "t1", 60, Decimal("160.00"))])
    firm.posting("inv1", "a1", Decimal("160.00"))
    solution = _of(firm)
    assert _exposure(solution, "billed_unapproved_time") == [Decimal("160.00")]
    assert sum(row.difference or 0 for row in solution.findings if row.measure == "minutes") == -60


def test_time_moved_to_another_contract_nets_to_zero_over_projects() -> None:
    firm = _set_up()
    firm.contract("c2")
    firm.project("c2")
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c2", 60)
    moved = [row for row in _of(firm).findings if row.measure == "minutes"]
    assert {(row.contract, row.difference) for row in moved} == {("c1", Decimal(60)), ("c2", Decimal(-60))}
    assert {row.break_class for row in moved} == {"moved_after_transfer"}


def test_time_approved_after_its_month_and_dated_in_the_next_nets_to_zero_over_periods() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60, day="2026-04-30")
    firm.timebill("t1", "c1", 60, day="2026-05-02")
    late = [row for row in _of(firm).findings if row.measure == "minutes" and row.break_class == "late_time"]
    assert {(row.period, row.difference) for row in late} == {("2026-04", Decimal(60)), ("2026-05", Decimal(-60))}


def test_an_erp_time_bill_without_a_psa_id_is_unexplained() -> None:
    firm = _set_up()
    firm.timebill(None, "c1", 60)
    assert {(row.kind, row.break_class) for row in _of(firm).findings} == {("unexplained", None)}


def test_time_waiting_longer_than_agreed_is_a_condition_within_the_cap_only() -> None:
    firm = _set_up(Cap_Amount__c=200)
    for key in ("t1", "t2"):
        firm.time(key, "c1", 60, day="2026-04-01")
        firm.timebill(key, "c1", 60, day="2026-04-01")
    solution = _of(firm)
    assert _exposure(solution, "unbilled_past_sla") == [Decimal("150.00"), Decimal("50.00")]
    assert [line.over_cap for line in solution.standing.values()] == [Decimal("0.00"), Decimal("100.00")]


def test_the_same_invoice_twice_exposes_its_net_once() -> None:
    firm = _set_up()
    firm.time("t1", "c1", 60)
    firm.timebill("t1", "c1", 60)
    for key in ("inv1", "inv2"):
        firm.document(key, "c1", [("time", "t1", 60, Decimal("150.00"))])
        firm.posting(key, "a1", Decimal("150.00"))
    solution = _of(firm)
    assert {row.break_class for row in solution.exceptions} == {"duplicate_invoice", "item_billed_twice"}
    assert sum((row.exposure or Decimal(0) for row in solution.exceptions), Decimal(0)) == Decimal("150.00")


def test_a_header_that_is_not_its_lines_and_tax_is_a_misstatement() -> None:
    firm = _set_up()
    firm.schedule("s1", "c1", "2026-05-01", Decimal(100), billed="T")
    lines = [("fixed_fee", "s1", None, Decimal("100.00"))]
    firm.document("inv1", "c1", lines, tax=Decimal("10.00"), foreigntotal="115.00", foreigntaxtotal="12.00")
    firm.posting("inv1", "a1", Decimal("110.00"))
    found = {row.break_class: row.difference for row in _of(firm).findings if row.leg.startswith("invoice_integrity")}
    assert found == {"header_line_mismatch": Decimal("3.00"), "tax_mismatch": Decimal("2.00")}


def test_a_journal_on_the_receivable_account_is_named() -> None:
    firm = _set_up()
    firm.document("jrn1", "c1", [], kind="Journal", foreigntotal="0")
    firm.posting("jrn1", "a1", Decimal("40.00"))
    assert _classes(_of(firm)) == {("ar_to_gl", "journal_on_control_account", "jrn1", Decimal("-40.00"))}


def test_every_class_the_oracle_names_has_a_rank() -> None:
    ranks = class_ranks()
    assert {"won_without_project", "time_not_transferred", "journal_on_control_account"} <= ranks.keys()
    assert ranks["won_without_project"] == (3, "delay")


def test_billed_400_and_recognized_650_leave_250_on_the_asset_side() -> None:
    firm = _set_up(Contract_Value__c=1000, Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(400))])
    firm.revenue("r1", "c1", Decimal(650), "p5")
    line = _of(firm).backlog[0]
    assert (line.billing, line.revenue) == (Decimal(600), Decimal(350))
    assert line.billing - line.revenue == line.recognized - line.billed == Decimal(250)


def test_what_is_billed_beyond_the_value_is_an_overrun_and_never_negative_backlog() -> None:
    firm = _set_up(Contract_Value__c=100, Billing_Type__c="fixed_fee")
    firm.document("inv1", "c1", [("fixed_fee", "s1", None, Decimal(130)), ("expense", "x1", None, Decimal(40))])
    line = _of(firm).backlog[0]
    assert (line.billed, line.billing, line.overrun_billed) == (Decimal(130), Decimal(0), Decimal(30))


def test_backlog_splits_into_delivered_scheduled_and_unscheduled_and_a_contract_on_hold_is_inactive() -> None:
    def split(status: str) -> list[int]:
        firm = _set_up(Contract_Value__c=1000, Billing_Type__c="fixed_fee", Status=status)
        firm.schedule("s1", "c1", "2026-06-01", Decimal(200))
        firm.schedule("s2", "c1", "2026-08-01", Decimal(300))
        line = _of(firm).backlog[0]
        return [int(part) for part in (line.delivered_unbilled, line.scheduled, line.inactive, line.unscheduled)]

    assert split("Activated") == [200, 300, 0, 500]
    assert split("On Hold") == [200, 0, 800, 0]


def test_unbilled_time_stands_in_one_column_each_and_its_value_is_all_there() -> None:
    firm = _set_up(Cap_Amount__c=650)
    for number, key in enumerate(("billed", "draft", "held", "ready", "lost", "over")):
        firm.time(key, "c1", 60, day=f"2026-06-{10 + number}")
        if key != "lost":
            hold = "T" if key == "held" else "F"
            firm.timebill(key, "c1", 60, day=f"2026-06-{10 + number}", custcol_billing_hold=hold)
    firm.document("inv1", "c1", [("time", "billed", 60, Decimal(150))])
    firm.document("inv2", "c1", [("time", "draft", 60, Decimal(150))], posting="F")
    rows = {row.standing.entry.id: row for row in _of(firm).unbilled}
    assert {key: row.column for key, row in rows.items() if row.value} == {
        "draft": "on_draft",
        "held": "on_hold",
        "ready": "ready",
        "lost": "blocked",
    }
    assert {key: row.over_cap for key, row in rows.items() if row.over_cap} == {
        "lost": Decimal(100),
        "over": Decimal(150),
    }
    assert sum(row.value + row.over_cap for row in rows.values()) + 150 == 6 * 150


def test_margins_are_booked_recognized_billed_and_forecast_from_their_own_parts() -> None:
    firm = _set_up(Contract_Value__c=1000, Planned_Cost__c=400)
    firm.time("t1", "c1", 120, day="2026-05-05", billable=False)
    firm.kantata("cost_rates", user_id="u1", amount_in_subunits=5000, currency="USD", effective_date="2026-01-01")
    firm.kantata("cost_rates", user_id="u1", amount_in_subunits=9000, currency="USD", effective_date="2026-06-01")
    firm.kantata(
        "estimates",
        workspace_id="w-c1",
        version=2,
        as_of_date="2026-06-01",
        planned_cost_in_cents=40000,
        etc_cost_in_cents=45000,
        currency="USD",
    )
    firm.revenue("r1", "c1", Decimal(200), "p5")
    firm.document("inv1", "c1", [("time", "t0", None, Decimal(250))])
    margin = _of(firm).margins[-1]
    assert [int(part) for part in (margin.to_date.recognized, margin.to_date.billed, margin.to_date.cost)] == [
        200,
        250,
        100,
    ]
    assert margin.booked == Decimal("0.6")
    assert margin.recognized == Decimal("0.5")
    assert margin.billed == Decimal("0.6")
    assert margin.forecast == Decimal("0.45")
    assert margin.erosion == Decimal("0.15")
