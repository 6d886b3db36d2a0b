"""A clean firm reconciles to the cent by construction: each rule's identity, recomputed from payloads.

Add here: the identity of another rule. Stays out: planted defects (`test_defects.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from qtc_pipeline.sandbox.firm import Firm
from tests.sandbox.firm_books import (
    SMALL,
    agreed,
    billed_minutes,
    by_id,
    cents,
    executed,
    ledger,
    lines_of,
    rows,
)

_NO_FEES = {"expense", "write_off"}


@pytest.fixture(scope="module", params=[(1, 0), (2, 0), (3, 9)], ids=lambda pair: f"seed{pair[0]}-day{pair[1]}")
def firm(request: pytest.FixtureRequest) -> Firm:
    seed, day = request.param
    return Firm(seed, SMALL, defects=False, day=day)


def test_every_executed_contract_has_one_root_workspace_and_one_job(firm: Firm) -> None:
    wanted = Counter(dict.fromkeys(executed(firm), 1))
    status = {row["id"]: row["status"]["key"] for row in rows(firm, "kantata", "workspaces")}
    roots = Counter(
        row["service_model_ref"]
        for row in rows(firm, "kantata", "external_references")
        if row["service_model"] == "Opportunity" and status[row["subject_id"]] != "cancelled"
    )
    numbers = {"US": "1", "DE": "2", "UK": "3"}
    home = {key: numbers[contract["Legal_Entity__c"]] for key, contract in executed(firm).items()}
    jobs = Counter(
        row["custentity_sf_opportunity"]
        for row in rows(firm, "netsuite", "job")
        if row["entitystatus"] != "cancelled"
        and row["subsidiary"] == home.get(row["custentity_sf_opportunity"], row["subsidiary"])
    )
    assert roots == wanted
    assert jobs == wanted


def test_workspaces_start_within_the_activation_sla(firm: Firm) -> None:
    today = firm.as_of.date()
    workspaces = by_id(firm, "kantata", "workspaces")
    contracts = executed(firm)
    for row in rows(firm, "kantata", "external_references"):
        contract = contracts.get(row["service_model_ref"])
        if contract and workspaces[row["subject_id"]]["status"]["key"] == "not_started":
            assert today - date.fromisoformat(contract["CustomerSignedDate"]) <= timedelta(days=14)


def test_agreed_value_is_the_price_in_the_psa_and_the_order_in_the_erp(firm: Firm) -> None:
    contracts, values = executed(firm), agreed(firm)
    workspaces = by_id(firm, "kantata", "workspaces")
    price: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "kantata", "external_references"):
        workspace = workspaces[row["subject_id"]]
        contract = contracts.get(row["service_model_ref"])
        if contract:
            assert workspace["currency"] == contract["CurrencyIsoCode"]
            price[contract["Id"]] += Decimal(workspace["price_in_cents"]).scaleb(-2)
    jobs = by_id(firm, "netsuite", "job")
    lines = lines_of(firm)
    ordered: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] == "SalesOrd":
            contract = contracts[jobs[row["custbody_job"]]["custentity_sf_opportunity"]]
            ordered[contract["Id"]] -= sum(
                (Decimal(line["foreignamount"]) for line in lines[row["id"]] if line["mainline"] == "F"), Decimal(0)
            )
    assert price == values
    assert ordered == values


def test_approved_time_arrives_in_the_erp_or_is_only_hours_old(firm: Firm) -> None:
    contracts = executed(firm)
    workspace_contract = {
        row["subject_id"]: contracts[row["service_model_ref"]]
        for row in rows(firm, "kantata", "external_references")
        if row["service_model_ref"] in contracts
    }
    bills = {row["externalid"]: row for row in rows(firm, "netsuite", "timebill")}
    billed = billed_minutes(firm)
    expected = {}
    for row in rows(firm, "kantata", "time_entries"):
        contract = workspace_contract.get(row["workspace_id"])
        if contract and contract["Billing_Type__c"] == "time_and_materials" and row["approved"] and row["billable"]:
            expected[row["id"]] = row
    assert set(bills) <= set(expected)
    assert set(billed) <= set(bills)
    for key, row in expected.items():
        if key not in bills:
            assert firm.as_of - datetime.fromisoformat(row["updated_at"]) < timedelta(hours=24)
            continue
        hours, minutes = bills[key]["hours"].split(":")
        assert int(hours) * 60 + int(minutes) == row["time_in_minutes"]
        assert bills[key]["trandate"] == row["date_performed"]
        assert billed.get(key, 0) in {0, row["time_in_minutes"]}
        written_off = bills[key]["custcol_written_off"] == "T"
        if not billed.get(key) and not written_off:
            age = firm.as_of.date() - date.fromisoformat(row["date_performed"])
            assert age <= timedelta(days=60), (key, age)


def test_headers_are_their_lines_and_numbers_are_unique(firm: Firm) -> None:
    lines = lines_of(firm)
    numbers: Counter[str] = Counter()
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] in {"CustInvc", "CustCred"}:
            numbers[row["tranid"]] += 1
            items = [line for line in lines[row["id"]] if line["mainline"] == "F" and line["taxline"] == "F"]
            taxes = [line for line in lines[row["id"]] if line["taxline"] == "T"]
            total, tax = Decimal(row["foreigntotal"]), Decimal(row["foreigntaxtotal"])
            assert total - tax == -sum((Decimal(line["foreignamount"]) for line in items), Decimal(0))
            assert tax == -sum((Decimal(line["foreignamount"]) for line in taxes), Decimal(0))
            assert sum((Decimal(line["foreignamount"]) for line in lines[row["id"]]), Decimal(0)) == 0
    assert set(numbers.values()) == {1}


def test_receivables_are_documents_less_payments_and_every_transaction_balances(firm: Firm) -> None:
    header = by_id(firm, "netsuite", "transaction")
    lines = lines_of(firm)
    links = defaultdict(list)
    for row in rows(firm, "netsuite", "nexttransactionlinelink"):
        links[row["nextdoc"]].append(row)
    expected: dict[str, Decimal] = {}
    bounced: dict[str, Decimal] = {}
    for key, row in header.items():
        rate = Decimal(row["exchangerate"])
        if row["posting"] == "T" and row["type"] in {"CustInvc", "CustCred"}:
            expected[key] = -sum(
                (cents(Decimal(line["foreignamount"]) * rate) for line in lines[key] if line["mainline"] == "F"),
                Decimal(0),
            )
        elif row["type"] == "CustPymt":
            applied = sum((Decimal(link["foreignamount"]) for link in links[key]), Decimal(0))
            assert applied <= Decimal(row["foreigntotal"])
            relief = cents((Decimal(row["foreigntotal"]) - applied) * rate)
            for link in links[key]:
                relief += cents(Decimal(link["foreignamount"]) * Decimal(header[link["previousdoc"]]["exchangerate"]))
            expected[key] = -relief
            if row["voided"] == "T":
                bounced[key] = relief
    expected |= {key: bounced[row["reversal"]] for key, row in header.items() if row["reversal"]}
    assert ledger(firm, "AcctRec") == expected
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "transactionaccountingline"):
        balance[row["transaction"]] += Decimal(row["amount"])
    assert set(balance.values()) == {Decimal(0)}


def test_recognised_revenue_is_the_ledgers(firm: Firm) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "plannedrevenue"):
        if row["isrecognized"] == "T":
            expected[row["journal"]] -= Decimal(row["functionalamount"])
    assert ledger(firm, "Income") == expected
    assert expected


def test_nothing_is_applied_twice_and_no_credit_exceeds_its_invoice(firm: Firm) -> None:
    header = by_id(firm, "netsuite", "transaction")
    applied: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "nexttransactionlinelink"):
        applied[row["previousdoc"]] += Decimal(row["foreignamount"])
    assert all(amount <= Decimal(header[key]["foreigntotal"]) for key, amount in applied.items())


def test_closed_contracts_have_no_backlog_left(firm: Firm) -> None:
    contracts, values = executed(firm), agreed(firm)
    jobs = by_id(firm, "netsuite", "job")
    lines = lines_of(firm)
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "transaction"):
        if row["type"] in {"CustInvc", "CustCred"} and row["posting"] == "T":
            contract = contracts[jobs[row["custbody_job"]]["custentity_sf_opportunity"]]
            for line in lines[row["id"]]:
                if line["mainline"] == "F" and line["taxline"] == "F" and line["custcol_source_type"] not in _NO_FEES:
                    fees[contract["Id"]] -= Decimal(line["foreignamount"])
    closed = [contract for contract in contracts.values() if contract["Status"] == "Expired"]
    assert closed
    for contract in closed:
        left = values[contract["Id"]] - Decimal(contract["Debooked_Amount__c"] or 0) - fees[contract["Id"]]
        assert left <= 0
        assert left == 0 or contract["Debooked_Amount__c"] is None


def test_periods_close_two_months_behind(firm: Firm) -> None:
    closed = [
        row["enddate"]
        for row in rows(firm, "netsuite", "accountingperiod")
        if row["closed"] == "T" and row["isyear"] == "F" and row["isquarter"] == "F"
    ]
    assert timedelta(days=35) < firm.as_of.date() - date.fromisoformat(max(closed)) < timedelta(days=70)
