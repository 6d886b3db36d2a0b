"""Each planter alters what it says, where it says, and nothing else; the truth names it.

Add here: a new class. Stays out: whether SQL or oracle finds it (`tests/flow`).
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache

import pytest

from qtc_pipeline.sandbox.defects import CLASSES, KINDS
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.model import SourceRecord, Truth
from qtc_pipeline.sandbox.truth import classes, truth_json
from tests.sandbox.firm_books import SMALL, billed_minutes, by_id, ledger, lines_of, rows, snapshot

# entities a class may touch; everything else is byte for byte the clean firm
_DOCUMENTS = {"transaction", "transactionline", "transactionaccountingline", "nexttransactionlinelink"}
_DEAL = {
    "Opportunity",
    "Contract",
    "Contract_Amendment__c",
    "Contract_Rate__c",
    "Contract_Role_Demand__c",
    "ContractHistory",
    "workspaces",
    "external_references",
    "assignments",
    "estimates",
    "expenses",
    "charge",
    "billing_milestones",
    "job",
    "billingscheduleline",
    "revenueelement",
    "plannedrevenue",
    *_DOCUMENTS,
}
_TIME = {"time_entries", "timebill", "Contract", "plannedrevenue", *_DOCUMENTS}
_CUSTOMER = _DEAL | {"Account", "customer"}
_COST = {"expenses", "charge", "Contract", *_DOCUMENTS}
TOUCHES = {
    "won_without_project": _DEAL,
    "project_without_contract": _DEAL | {"time_entries"},
    "activation_past_sla": _DEAL,
    "amendment_not_propagated": _DEAL,
    "unapproved_amendment_propagated": _DEAL,
    "value_mismatch": _DEAL,
    "currency_mismatch": _DEAL,
    "duplicate_project": {"workspaces", "external_references", "job"},
    "time_not_transferred": _TIME,
    "unknown_code": _TIME | _COST,
    "quantity_mismatch": _TIME,
    "billed_unapproved_time": _TIME,
    "removed_after_transfer": _TIME,
    "moved_after_transfer": _TIME,
    "late_time": _TIME,
    "unbilled_past_sla": _TIME,
    "item_billed_twice": _TIME,
    "header_line_mismatch": {"transaction", "transactionline"},
    "tax_mismatch": {"transaction", "transactionline"},
    "duplicate_invoice": {"transaction"},
    "subledger_mismatch": {"transactionaccountingline", "transactionline"},
    "journal_on_control_account": _DOCUMENTS,
    "customer_missing": _CUSTOMER,
    "duplicate_customer": _CUSTOMER,
    "master_data_mismatch": _CUSTOMER,
    "billing_terms_mismatch": _DEAL,
    "missing_purchase_order": _DEAL | _TIME,
    "purchase_order_overrun": _DEAL | _TIME,
    "rate_missing": _DEAL | _TIME,
    "milestone_unbilled": _DEAL,
    "milestone_billed_twice": _DEAL,
    "rejected_milestone_billed": _DEAL,
    "milestone_amount_mismatch": _DEAL,
    "billed_before_signature": _DEAL,
    "time_before_activation": _DEAL | _TIME,
    "revenue_before_delivery": _DEAL,
    "unstaffed_demand": _DEAL,
    "rate_mismatch": _TIME,
    "expense_not_transferred": _COST,
    "amount_mismatch": _COST,
    "invalid_cost_centre": _COST,
    "unapproved_subcontractor_cost": _COST,
    "tax_rate_unexpected": _DOCUMENTS,
    "invoice_number_gap": {"transaction"},
    "stale_terms_invoiced": {"transaction", "ContractHistory"},
    "unapplied_payment": _DOCUMENTS,
    "over_applied": _DOCUMENTS,
    "paid_before_invoice": _DOCUMENTS,
    "revenue_misaligned": {"plannedrevenue", "transactionaccountingline", "transactionline"},
}


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_class_and_leg_is_planted_in_the_smallest_firm(seed: int) -> None:
    assert {(truth.break_class, truth.leg) for truth in Firm(seed, SMALL).truth()} == set(KINDS)


def test_every_class_of_the_seed_is_planted_but_those_the_pipeline_makes_itself() -> None:
    assert set(classes()) - set(CLASSES) == {"load_incomplete", "shrunk_load", "rollforward_break"}


def test_a_larger_firm_carries_more_defects() -> None:
    assert len(Firm(1, "0.4").truth()) > 1.9 * len(Firm(1, "0.1").truth())


def test_a_clean_firm_has_no_truth() -> None:
    assert Firm(1, SMALL, defects=False).truth() == []


@cache
def _clean() -> dict[tuple[str, str], dict[str, SourceRecord]]:
    return snapshot(Firm(3, SMALL, defects=False))


@cache
def _all() -> list[Truth]:
    return Firm(3, SMALL).truth()


def _places(truths: list[Truth], name: str) -> set[tuple[str, str]]:
    """Where a class sits; a gap by the document behind it, because other defects move the numbers."""
    place = 1 if name == "invoice_number_gap" else 0
    return {(truth.leg, truth.records[place]) for truth in truths if truth.break_class == name}


@pytest.mark.parametrize("name", CLASSES)
def test_a_planter_touches_only_the_records_of_its_class(name: str) -> None:
    clean, planted = _clean(), snapshot(Firm(3, SMALL, [name]))
    touched = {entity for (_, entity), records in planted.items() if records != clean[_, entity]}
    assert touched
    assert touched <= TOUCHES[name]


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_planted_alone_sits_where_it_sits_among_all(name: str) -> None:
    alone, among = _places(Firm(3, SMALL, [name]).truth(), name), _places(_all(), name)
    assert alone
    assert alone <= among  # other defects may have the class as their consequence


def test_some_records_carry_several_defects_and_their_money_counts_once() -> None:
    for seed in range(1, 6):
        truths = Firm(seed, SMALL).truth()
        assert len({(truth.break_class, truth.leg, truth.records[0]) for truth in truths}) == len(truths)
        rates = {truth.leg: truth for truth in truths if truth.break_class == "rate_mismatch"}
        assert rates.keys() == {"bill_rate.psa", "bill_rate.erp"}
        short = _one(Firm(seed, SMALL), "quantity_mismatch")[0]
        carried = {truth.break_class: truth.exposure for truth in truths if truth.records[0] == short}
        assert carried.keys() == {"quantity_mismatch", "rate_mismatch"}
        assert carried["quantity_mismatch"]
        assert carried["rate_mismatch"] == 0


def test_truth_stays_while_the_days_pass() -> None:
    first, later = Firm(2, SMALL).truth(), Firm(2, SMALL, day=3).truth()
    living = {(item.break_class, item.leg, item.records[0]) for item in later}
    assert {(item.break_class, item.leg, item.records[0]) for item in first} <= living


def _one(firm: Firm, name: str, leg: str | None = None) -> tuple[str, ...]:
    return next(item.records for item in firm.truth() if item.break_class == name and leg in {None, item.leg})


def test_time_not_transferred_has_no_time_bill_and_is_on_no_invoice() -> None:
    firm = Firm(1, SMALL, ["time_not_transferred", "unknown_code"])
    bills = {row["externalid"] for row in rows(firm, "netsuite", "timebill")}
    items = {row["itemid"] for row in rows(firm, "netsuite", "item")}
    roles = {row["id"]: row["name"] for row in rows(firm, "kantata", "roles")}
    entries, billed = by_id(firm, "kantata", "time_entries"), billed_minutes(firm)
    for name in ("time_not_transferred", "unknown_code"):
        key = _one(firm, name)[0]
        assert entries[key]["approved"]
        assert key not in bills
        assert key not in billed
        assert (roles[entries[key]["role_id"]] in items) == (name == "time_not_transferred")


def test_time_changed_after_its_transfer_differs_as_its_class_says() -> None:
    firm = Firm(1, SMALL)
    entries, billed = by_id(firm, "kantata", "time_entries"), billed_minutes(firm)
    bills = {row["externalid"]: row for row in rows(firm, "netsuite", "timebill")}
    jobs = by_id(firm, "netsuite", "job")
    short = _one(firm, "quantity_mismatch")[0]
    assert billed[short] == entries[short]["time_in_minutes"] - 30
    unapproved = _one(firm, "billed_unapproved_time")[0]
    assert not entries[unapproved]["approved"]
    assert billed[unapproved] > 0
    removed = [item.records[0] for item in firm.truth() if item.break_class == "removed_after_transfer"]
    assert all(key in bills and key not in entries for key in removed)
    assert sorted(key in billed for key in removed) == [False, True]
    moved = _one(firm, "moved_after_transfer")[0]
    assert jobs[bills[moved]["customer"]]["custentity_psa_workspace"][:-1] != entries[moved]["workspace_id"][:-1]
    late = _one(firm, "late_time")[0]
    assert bills[late]["trandate"][:7] > entries[late]["date_performed"][:7]
    twice = next(item.records[1] for item in firm.truth() if item.records[0].startswith("time:"))
    assert billed[twice] == 2 * entries[twice]["time_in_minutes"]
    assert billed.get(_one(firm, "unbilled_past_sla")[0], 0) == 0


def test_documents_and_ledger_differ_by_the_exposure() -> None:
    firm = Firm(1, SMALL)
    headers, lines = by_id(firm, "netsuite", "transaction"), lines_of(firm)
    exposure = {(item.break_class, item.leg): item.exposure for item in firm.truth()}

    def sums(key: str) -> tuple[Decimal, Decimal]:
        items = sum(
            (Decimal(row["foreignamount"]) for row in lines[key] if row["mainline"] + row["taxline"] == "FF"),
            Decimal(0),
        )
        taxes = sum((Decimal(row["foreignamount"]) for row in lines[key] if row["taxline"] == "T"), Decimal(0))
        return -items, -taxes

    header = headers[_one(firm, "header_line_mismatch")[0]]
    off = Decimal(header["foreigntotal"]) - Decimal(header["foreigntaxtotal"]) - sums(header["id"])[0]
    rate = Decimal(header["exchangerate"])
    assert (abs(off) * rate).quantize(Decimal("0.01")) == exposure["header_line_mismatch", "invoice_integrity.lines"]
    header = headers[_one(firm, "tax_mismatch")[0]]
    assert Decimal(header["foreigntaxtotal"]) != sums(header["id"])[1]
    assert Decimal(header["foreigntotal"]) - Decimal(header["foreigntaxtotal"]) == sums(header["id"])[0]
    later, earlier = (headers[key] for key in _one(firm, "duplicate_invoice"))
    assert later["entity"] == earlier["entity"]
    assert later["tranid"] == earlier["tranid"]
    manual = _one(firm, "journal_on_control_account")[0]
    assert ledger(firm, "AcctRec")[manual] == exposure["journal_on_control_account", "ar_to_gl"]
    booked = _one(firm, "subledger_mismatch", "ar_to_gl")[0]
    clean = ledger(Firm(1, SMALL, defects=False), "AcctRec")
    assert abs(ledger(firm, "AcctRec")[booked] - clean[booked]) == exposure["subledger_mismatch", "ar_to_gl"]


def test_the_truth_file_holds_every_defect_with_its_amount_as_text() -> None:
    truths = Firm(1, SMALL).truth()
    stored = json.loads(truth_json(truths))
    assert [(row["break_class"], tuple(row["records"])) for row in stored] == [
        (one.break_class, one.records) for one in truths
    ]
    assert all(Decimal(row["exposure"]) == one.exposure for row, one in zip(stored, truths, strict=True))


def test_bases_and_amounts_are_those_of_the_definitions() -> None:
    for item in Firm(1, SMALL).truth():
        assert item.base in {"leakage", "overbilling", "delay", "misstatement", "control"}
        assert item.exposure is not None
        assert item.exposure >= 0
        assert item.currency in {"USD", "EUR", "GBP", None}
        if item.base == "control":
            assert item.exposure == 0
