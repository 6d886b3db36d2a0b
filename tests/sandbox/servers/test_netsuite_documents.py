"""NetSuite's documents as a writer finds them: transforms, sublists, credit memos, voids, closed periods."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from qtc_pipeline.sandbox.servers.writing import encode
from tests.sandbox.servers.fake_firm import AS_OF
from tests.sandbox.servers.netsuite_account import RECORD, Account, Ask, an_invoice, effects, get, said, where


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Account()) as running:
        yield running


def test_an_order_becomes_an_invoice_that_posts_and_balances(erp: httpx.Client, suiteql: Ask) -> None:
    path = an_invoice(erp, otherRefNum="PO-9")
    number = path.rpartition("/")[2]
    invoice = get(erp, path, expandSubResources="true")
    assert invoice["total"] == Decimal("150.5")
    assert (invoice["otherRefNum"], invoice["entity"]["id"]) == ("PO-9", "77")
    assert [item["amount"] for item in invoice["item"]["items"]] == [100, Decimal("50.5")]
    ledger = suiteql(
        "SELECT account, debit, credit, amount FROM transactionaccountingline WHERE transaction = ?", number
    )
    booked = [Decimal(one["amount"]) for one in ledger.json()["items"]]
    assert sorted(booked) == [Decimal(-110), Decimal("-55.55"), Decimal("165.55")]
    links = suiteql("SELECT previousdoc, foreignamount FROM nexttransactionlinelink WHERE nextdoc = ?", number).json()
    assert links["items"] == [{"links": [], "previousdoc": "5000", "foreignamount": "150.5"}]
    assert said(erp.post(f"{RECORD}/job/700/!transform/invoice", json={}))[0] == 400


def test_sublists_are_merged_unless_they_are_replaced(erp: httpx.Client) -> None:
    path = an_invoice(erp)
    erp.patch(f"{RECORD}{path}", json={"item": {"items": [{"line": 1, "amount": 70}, {"rate": 2, "quantity": 3}]}})
    merged = get(erp, path, expandSubResources="true")
    assert [item["amount"] for item in merged["item"]["items"]] == [70, Decimal("50.5"), 6]
    assert merged["total"] == Decimal("126.5")
    only = {"item": {"items": [{"amount": 12.34, "description": "Fixed"}]}}
    erp.patch(f"{RECORD}{path}", params={"replace": "item"}, json=only)
    replaced = get(erp, path, expandSubResources="true")
    assert [item["amount"] for item in replaced["item"]["items"]] == [Decimal("12.34")]
    assert replaced["total"] == Decimal("12.34")
    missing = {"item": {"items": [{"line": 9, "amount": 1}]}}
    assert said(erp.patch(f"{RECORD}{path}", json=missing)) == (400, "INVALID_CONTENT", "item.items[0].line")
    wrong = {"item": {"items": [{"amount": "x"}]}}
    assert said(erp.patch(f"{RECORD}{path}", json=wrong)) == (400, "INVALID_CONTENT", "item.items[0].amount")


def test_a_credit_memo_takes_an_invoice_back_in_full_or_in_part(erp: httpx.Client, suiteql: Ask) -> None:
    path = an_invoice(erp)
    body = {"tranDate": "2026-06-20", "externalId": "CM-1"}
    whole = where(erp.post(f"{RECORD}{path}/!transform/creditMemo", json=body))
    assert get(erp, whole)["total"] == Decimal("-150.5")
    part = {"tranDate": "2026-06-20", "item": {"items": [{"amount": 10}]}}
    partly = where(erp.post(f"{RECORD}{path}/!transform/creditMemo", json=part))
    assert get(erp, partly)["total"] == -10
    query = "SELECT SUM(amount) AS total FROM transactionaccountingline WHERE transaction IN (?, ?)"
    total = suiteql(query, path.rpartition("/")[2], whole.rpartition("/")[2]).json()["items"][0]["total"]
    assert Decimal(total) == 0
    again = erp.post(f"{RECORD}{path}/!transform/creditMemo", json=body)
    assert said(again) == (400, "INVALID_CONTENT", "externalId")


def test_an_invoice_is_paid_once_what_is_applied_reaches_its_total(erp: httpx.Client, suiteql: Ask) -> None:
    path = an_invoice(erp)
    number = path.rpartition("/")[2]

    def status() -> str:
        return str(suiteql("SELECT status FROM transaction WHERE id = ?", number).json()["items"][0]["status"])

    part = {"tranDate": "2026-06-25", "payment": 50}
    paid = where(erp.post(f"{RECORD}{path}/!transform/customerPayment", json=part))
    assert (get(erp, paid)["total"], status()) == (50, "Open")
    query = (
        "SELECT account, debit, credit FROM transactionaccountingline WHERE transaction = ? ORDER BY transactionline"
    )
    booked = suiteql(query, paid.rpartition("/")[2]).json()["items"]
    assert [(one["account"], one["debit"], one["credit"]) for one in booked] == [("10", "55", None), ("11", None, "55")]
    rest = {"tranDate": "2026-06-26", "payment": Decimal("100.5")}
    erp.post(f"{RECORD}{path}/!transform/customerPayment", content=encode(rest))
    assert status() == "Paid In Full"


def test_a_closed_period_refuses_what_touches_the_ledger_and_nothing_else(sandbox: Running, erp: httpx.Client) -> None:
    closed = f"{RECORD}/invoice/1"
    with effects(sandbox) as written:
        for body in ({"exchangeRate": 2}, {"tranDate": "2026-06-01"}, {"item": {"items": [{"amount": 1}]}}):
            assert said(erp.patch(closed, json=body)) == (400, "TRAN_PERIOD_CLOSED", "postingPeriod")
        assert said(erp.delete(closed))[1] == "TRAN_PERIOD_CLOSED"
        late = {"tranDate": "2026-01-20"}
        assert said(erp.post(f"{RECORD}/salesOrder/5000/!transform/invoice", json=late))[1] == "TRAN_PERIOD_CLOSED"
    assert written == []
    assert erp.patch(closed, json={"otherRefNum": "PO-1", "custbody_disputed": True}).status_code == 204
    moved = an_invoice(erp)
    assert said(erp.patch(f"{RECORD}{moved}", json={"tranDate": "2026-01-20"}))[1] == "TRAN_PERIOD_CLOSED"


def test_a_void_is_a_status_and_a_journal_that_reverses(erp: httpx.Client, suiteql: Ask) -> None:
    path = an_invoice(erp)
    number = path.rpartition("/")[2]
    journal = where(erp.post(f"{RECORD}{path}/@void")).rpartition("/")[2]
    shown = suiteql("SELECT status, voided FROM transaction WHERE id = ?", number).json()["items"][0]
    assert (shown["status"], shown["voided"]) == ("Voided", "T")
    reversal = suiteql("SELECT type, reversal FROM transaction WHERE id = ?", journal).json()["items"][0]
    assert (reversal["type"], reversal["reversal"]) == ("Journal", number)
    for column in ("debit", "credit"):
        query = f"SELECT SUM({column}) AS total FROM transactionaccountingline WHERE transaction = ?"
        other = "credit" if column == "debit" else "debit"
        against = query.replace(column, other)
        assert suiteql(query, number).json()["items"] == suiteql(against, journal).json()["items"]
    assert said(erp.post(f"{RECORD}{path}/@void"))[:2] == (400, "INVALID_REQUEST")
    assert said(erp.patch(f"{RECORD}{path}", json={"terms": {"id": "2"}}))[:2] == (400, "INVALID_REQUEST")


def test_a_deleted_document_is_listed_and_its_lines_are_not(erp: httpx.Client, suiteql: Ask) -> None:
    path = an_invoice(erp)
    number = path.rpartition("/")[2]
    assert erp.delete(f"{RECORD}{path}").status_code == 204
    listed = suiteql("SELECT type FROM deletedrecord WHERE recordid = ?", number).json()["items"]
    assert [one["type"] for one in listed] == ["transaction"]
    assert suiteql("SELECT uniquekey FROM transactionline WHERE transaction = ?", number).json()["items"] == []


def test_what_was_written_outlives_the_firms_next_day(sandbox: Running, erp: httpx.Client) -> None:
    path = an_invoice(erp)
    before = get(erp, path, expandSubResources="true")
    erp.patch(f"{RECORD}/job/700", json={"jobPrice": 31})
    fill(sandbox.instances["erp"].store.path.parents[1], Account(AS_OF + timedelta(days=1)))
    assert get(erp, path, expandSubResources="true") == before
    assert get(erp, "/job/700")["jobPrice"] == 31
