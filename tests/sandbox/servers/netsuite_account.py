"""A NetSuite account with a customer, an order, accounts and periods, and short words for talking to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx

from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, FakeRecord, complete

RECORD = "/services/rest/record/v1"
Ask = Callable[..., httpx.Response]


def row(table: str, key: str, /, **members: Any) -> tuple[tuple[str, str], FakeRecord]:
    payload = {"id": key, "lastmodifieddate": "2026-01-01 00:00:00", **members}
    return (table, key), complete(FakeRecord(key, payload, None, None, None, "DE"), "netsuite", table)


def an_account() -> dict[tuple[str, str], FakeRecord]:
    """A customer with a job, an order of two lines, and three periods of which January is closed."""
    order = {"type": "SalesOrd", "entity": "77", "currency": "2", "exchangerate": "1.1", "posting": "F", "voided": "F"}
    rows = [
        row("customer", "77", companyname="Acme", entityid="C-77", subsidiary="2", currency="2", isinactive="F"),
        row("job", "700", companyname="Rollout", parent="77", subsidiary="2", jobprice="1000", isinactive="F"),
        row("transaction", "5000", **order, tranid="SO-5000", trandate="2026-05-01", foreigntotal="150.5"),
        row("account", "10", accttype="Bank"),
        row("account", "11", accttype="AcctRec"),
        row("account", "13", accttype="DeferRevenue"),
    ]
    for number, (name, closed) in enumerate((("2026-01", "T"), ("2026-06", "F"), ("2026-07", "F")), 13):
        flags = {"closed": closed, "arlocked": closed, "alllocked": closed, "isyear": "F", "isquarter": "F"}
        days = {"startdate": f"{name}-01", "enddate": f"{name}-31"}
        rows.append(row("accountingperiod", str(number), periodname=name, **days, **flags))
    for line, amount in (("0", "150.5"), ("1", "-100"), ("2", "-50.5")):
        key = f"500000000{line}"
        main = "T" if line == "0" else "F"
        members = {
            "uniquekey": key,
            "transaction": "5000",
            "linesequencenumber": line,
            "mainline": main,
            "taxline": "F",
        }
        rows.append(row("transactionline", key, **members, foreignamount=amount, item="4", quantity="1"))
    return dict(rows)


class Account(FakeFirm):
    """The hand-written firm with what documents need."""

    def __init__(self, as_of: Any = AS_OF) -> None:
        super().__init__(changed=an_account(), as_of=as_of)


@contextmanager
def effects(sandbox: Running) -> Iterator[list[dict[str, Any]]]:
    before = sandbox.effects("erp")
    found: list[dict[str, Any]] = []
    yield found
    found += sandbox.effects("erp", before[-1]["seq"] if before else 0)


def said(answer: httpx.Response) -> tuple[int, str, str | None]:
    (detail,) = answer.json()["o:errorDetails"]
    return answer.status_code, detail["o:errorCode"], detail.get("o:errorPath")


def where(answer: httpx.Response) -> str:
    assert answer.status_code == 204, answer.text
    return answer.headers["location"].partition(RECORD)[2]


def get(erp: httpx.Client, path: str, **params: str) -> Any:
    answer = erp.get(f"{RECORD}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def an_invoice(erp: httpx.Client, **body: Any) -> str:
    wanted = {"tranDate": "2026-06-15", **body}
    return where(erp.post(f"{RECORD}/salesOrder/5000/!transform/invoice", json=wanted))
