"""A clean firm keeps the rules on customers, terms, rates, costs, milestones, cash, order of events and staffing.

Add here: the identity of a rule that compares what is agreed with what is done. Stays out: time, headers, receivables
and ledger (`test_clean_firm.py`); planted defects (`test_defects.py`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from qtc_pipeline.sandbox.firm import Firm
from tests.sandbox.firm_books import SMALL, Payload, by_id, cents, executed, lines_of, rows

CURRENCY = {"1": "USD", "2": "EUR", "3": "GBP"}
SUBSIDIARY = {"US": "1", "DE": "2", "UK": "3"}
TERMS = {"1": "Net 30", "2": "Net 45"}
ZERO = Decimal(0)


@pytest.fixture(scope="module", params=[(1, 0), (2, 2), (5, 23)], ids=lambda pair: f"seed{pair[0]}-day{pair[1]}")
def firm(request: pytest.FixtureRequest) -> Firm:
    seed, day = request.param
    return Firm(seed, SMALL, defects=False, day=day)


def _contract_of_workspace(firm: Firm) -> dict[str, Payload]:
    contracts = executed(firm)
    return {
        row["subject_id"]: contracts[row["service_model_ref"]]
        for row in rows(firm, "kantata", "external_references")
        if row["service_model_ref"] in contracts
    }


def _contract_of_job(firm: Firm) -> dict[str, Payload]:
    contracts = executed(firm)
    return {
        row["id"]: contracts[row["custentity_sf_opportunity"]]
        for row in rows(firm, "netsuite", "job")
        if row["custentity_sf_opportunity"] in contracts
    }


def test_customers_stand_once_in_the_erp_with_the_same_attributes(firm: Firm) -> None:
    accounts = by_id(firm, "salesforce", "Account")
    found = Counter(row["custentity_sf_account"] for row in rows(firm, "netsuite", "customer"))
    assert found == dict.fromkeys(accounts, 1)
    for row in rows(firm, "netsuite", "customer"):
        account = accounts[row["custentity_sf_account"]]
        assert row["companyname"] == account["Name"]
        assert CURRENCY[row["currency"]] == account["CurrencyIsoCode"]
        assert TERMS[row["terms"]] == account["Payment_Terms__c"]
        assert row["vatregnumber"] == account["Tax_Number__c"]
        assert row["subsidiary"] == SUBSIDIARY[account["Legal_Entity__c"]]


def test_orders_carry_the_terms_and_the_purchase_order_of_the_contract(firm: Firm) -> None:
    contract_of = _contract_of_job(firm)
    jobs = by_id(firm, "netsuite", "job")
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] == "SalesOrd":
            contract = contract_of[row["custbody_job"]]
            assert TERMS[row["terms"]] == contract["Payment_Terms__c"]
            assert row["otherrefnum"] == contract["PO_Number__c"]
            assert jobs[row["custbody_job"]]["jobbillingtype"] == contract["Billing_Type__c"]


def test_invoices_carry_the_terms_of_their_day(firm: Firm) -> None:
    changes = {row["ContractId"]: row for row in rows(firm, "salesforce", "ContractHistory")}
    contract_of = _contract_of_job(firm)
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] == "CustInvc" and row["posting"] == "T":
            contract = contract_of[row["custbody_job"]]
            change = changes.get(contract["Id"])
            later = change is not None and change["CreatedDate"][:10] > row["trandate"]
            assert TERMS[row["terms"]] == (change["OldValue"] if change and later else contract["Payment_Terms__c"])


def test_purchase_orders_are_not_overrun(firm: Firm) -> None:
    contract_of, lines = _contract_of_job(firm), lines_of(firm)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "transaction"):
        if row["posting"] == "T" and row["custbody_job"] in contract_of and row["custbody_credit_reason"] != "bad_debt":
            for line in lines[row["id"]]:
                if line["mainline"] + line["taxline"] == "FF" and line["custcol_source_type"] != "expense":
                    fees[contract_of[row["custbody_job"]]["Id"]] -= Decimal(line["foreignamount"])
    limited = [contract for contract in executed(firm).values() if contract["PO_Amount__c"] is not None]
    assert limited
    assert all(fees[contract["Id"]] <= contract["PO_Amount__c"] for contract in limited)


def test_time_is_planned_at_the_contract_rate_and_billed_at_it_less_the_discount(firm: Firm) -> None:
    roles = {row["id"]: row["name"] for row in rows(firm, "kantata", "roles")}
    country = {row["id"]: row["country"] for row in rows(firm, "kantata", "users")}
    cards = defaultdict(list)
    for row in rows(firm, "salesforce", "Contract_Rate__c"):
        cards[row["Contract__c"], row["Role__c"]].append(row)
    contract_of = _contract_of_workspace(firm)
    agreed: dict[str, tuple[Decimal, Payload]] = {}
    for row in rows(firm, "kantata", "time_entries"):
        contract = contract_of.get(row["workspace_id"])
        if contract is not None and row["billable"]:
            card = cards[contract["Id"], roles[row["role_id"]]]
            rate = _rate(card, country[row["user_id"]], row["date_performed"])
            assert Decimal(row["rate_in_cents"]).scaleb(-2) == rate
            agreed[row["id"]] = rate, contract
    posted = {row["id"] for row in rows(firm, "netsuite", "transaction") if row["posting"] == "T"}
    for line in rows(firm, "netsuite", "transactionline"):
        if line["custcol_source_type"] == "time" and line["transaction"] in posted:
            rate, contract = agreed[line["custcol_source_id"]]
            charged = cents(rate * (100 - (contract["Discount_Percent__c"] or 0)) / 100)
            assert Decimal(line["rate"]) == charged
            assert -Decimal(line["foreignamount"]) == cents(charged * int(line["custcol_minutes"]) / 60)


def _rate(card: list[Payload], country: str, day: str) -> Decimal:
    valid = [
        row
        for row in card
        if row["Effective_From__c"] <= day and (row["Effective_To__c"] is None or day <= row["Effective_To__c"])
    ]
    own = [row for row in valid if row["Country__c"] == country]
    (row,) = own or [row for row in valid if row["Country__c"] is None]
    return Decimal(row["Rate__c"])


def test_approved_costs_are_charged_with_their_mark_up_and_stand_on_an_open_cost_centre(firm: Firm) -> None:
    contract_of = _contract_of_workspace(firm)
    centres = {row["name"] for row in rows(firm, "netsuite", "department") if row["isinactive"] == "F"}
    codes = {row["itemid"] for row in rows(firm, "netsuite", "item") if row["isinactive"] == "F"}
    charges = {row["externalid"]: row for row in rows(firm, "netsuite", "charge")}
    expected = {}
    for row in rows(firm, "kantata", "expenses"):
        assert row["cost_center"] in centres
        assert row["category"].upper() in codes
        if row["approved"] and row["billable"]:
            markup = contract_of[row["workspace_id"]]["Expense_Markup_Percent__c"] or ZERO
            expected[row["id"]] = cents(Decimal(row["amount_in_cents"]).scaleb(-2) * (100 + markup) / 100), row
    assert set(charges) <= set(expected)
    for key, (amount, row) in expected.items():
        if key not in charges:
            assert firm.as_of.date() - date.fromisoformat(row["updated_at"][:10]) <= timedelta(days=1)
        else:
            assert Decimal(charges[key]["amount"]) == amount
            assert charges[key]["chargetype"] == ("subcontractor" if row["category"] == "Subcontractor" else "expense")
    for line in rows(firm, "netsuite", "transactionline"):
        if line["custcol_source_type"] == "expense":
            assert abs(Decimal(line["foreignamount"])) == expected[line["custcol_source_id"]][0]


def test_accepted_milestones_are_billed_less_what_was_given_away(firm: Firm) -> None:
    header = by_id(firm, "netsuite", "transaction")
    billed: dict[str, Decimal] = defaultdict(Decimal)
    for line in rows(firm, "netsuite", "transactionline"):
        if line["custcol_source_type"] == "milestone" and header[line["transaction"]]["posting"] == "T":
            given = header[line["transaction"]]["custbody_credit_reason"]
            assert given in {None, "goodwill"}
            if given is None:
                billed[line["custcol_source_id"]] -= Decimal(line["foreignamount"])
    accepted = {}
    for row in rows(firm, "kantata", "billing_milestones"):
        if row["status"] == "accepted":
            accepted[row["id"]] = row
    assert set(billed) <= set(accepted)
    for key, row in accepted.items():
        young = firm.as_of.date() - date.fromisoformat(row["accepted_date"]) < timedelta(days=7)
        assert billed.get(key) in ({None} if young else set()) | {Decimal(row["amount_in_cents"]).scaleb(-2)}


def test_payments_are_applied_in_full_or_taken_back(firm: Firm) -> None:
    header = by_id(firm, "netsuite", "transaction")
    applied: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "nexttransactionlinelink"):
        applied[row["nextdoc"]] += Decimal(row["foreignamount"])
        if header[row["nextdoc"]]["type"] == "CustPymt":
            assert header[row["nextdoc"]]["trandate"] >= header[row["previousdoc"]]["trandate"]
    reversed_by = {row["reversal"] for row in header.values() if row["reversal"]}
    for key, row in header.items():
        if row["type"] == "CustPymt":
            assert (row["voided"] == "T") == (key in reversed_by)
            bounced = key in reversed_by or row["trandate"] == firm.as_of.date().isoformat()
            assert applied[key] == Decimal(row["foreigntotal"]) or (bounced and not applied[key])


def test_bad_debts_close_what_nobody_paid_for_four_months(firm: Firm) -> None:
    header = by_id(firm, "netsuite", "transaction")
    for row in header.values():
        if row["custbody_credit_reason"] == "bad_debt":
            invoice = header[row["createdfrom"]]
            assert date.fromisoformat(row["trandate"]) - date.fromisoformat(invoice["trandate"]) == timedelta(days=120)
            assert invoice["status"] == "Paid In Full"
            assert row["foreigntaxtotal"] == "0"


def test_tax_is_at_the_customers_rate(firm: Firm) -> None:
    rate = {row["id"]: row["custentity_tax_rate"] for row in rows(firm, "netsuite", "customer")}
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] in {"CustInvc", "CustCred"} and row["custbody_credit_reason"] != "bad_debt":
            net = Decimal(row["foreigntotal"]) - Decimal(row["foreigntaxtotal"])
            assert Decimal(row["foreigntaxtotal"]) == cents(net * Decimal(rate[row["entity"]]) / 100)


def test_document_numbers_have_no_gaps(firm: Firm) -> None:
    series: dict[str, list[int]] = defaultdict(list)
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] in {"CustInvc", "CustCred"}:
            if row["posting"] == "F":
                assert row["tranid"] == f"DRAFT-{row['id']}"
                continue
            prefix, number = _split(row["tranid"])
            series[prefix].append(number)
    assert series
    for numbers in series.values():
        assert min(numbers) == 1
        assert all(after == before + 1 for before, after in pairwise(sorted(numbers)))


def _split(number: str) -> tuple[str, int]:
    parts: Any = re.fullmatch(r"(.*-)(\d{6})", number)
    return parts[1], int(parts[2])


def test_events_happen_in_their_order(firm: Firm) -> None:
    contract_of, jobs = _contract_of_workspace(firm), _contract_of_job(firm)
    created = {row["id"]: row["created_at"][:10] for row in rows(firm, "kantata", "workspaces")}
    for row in rows(firm, "kantata", "time_entries"):
        if row["workspace_id"] in contract_of:
            assert row["date_performed"] >= created[row["workspace_id"]]
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] == "CustInvc" and row["posting"] == "T":
            assert row["trandate"] >= jobs[row["custbody_job"]]["CustomerSignedDate"]


def test_sold_minutes_are_assigned(firm: Firm) -> None:
    roles = {row["id"]: row["name"] for row in rows(firm, "kantata", "roles")}
    contract_of = _contract_of_workspace(firm)
    assigned: Counter[tuple[str, str]] = Counter()
    for row in rows(firm, "kantata", "assignments"):
        if row["workspace_id"] in contract_of:
            assigned[contract_of[row["workspace_id"]]["Id"], roles[row["role_id"]]] += row["estimated_minutes"]
    known = {contract["Id"] for contract in executed(firm).values()}
    sold = [row for row in rows(firm, "salesforce", "Contract_Role_Demand__c") if row["Contract__c"] in known]
    assert sold
    assert all(row["Sold_Minutes__c"] <= assigned[row["Contract__c"], row["Role__c"]] for row in sold)


def test_another_entity_delivers_on_a_job_of_its_own() -> None:
    firm = Firm(1, "0.1", defects=False)
    contracts = executed(firm)
    jobs = by_id(firm, "netsuite", "job")
    own = {
        key
        for key, row in jobs.items()
        if row["custentity_sf_opportunity"] in contracts
        and row["subsidiary"] != SUBSIDIARY[contracts[row["custentity_sf_opportunity"]]["Legal_Entity__c"]]
    }
    assert own
    assert {jobs[key]["jobprice"] for key in own} == {"0.00"}
    assert own & {row["customer"] for row in rows(firm, "netsuite", "timebill")}
    assert not own & {row["custbody_job"] for row in rows(firm, "netsuite", "transaction")}
