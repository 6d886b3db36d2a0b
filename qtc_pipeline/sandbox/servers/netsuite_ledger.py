"""What NetSuite's documents post: a debit or credit for each line, in the currency of the company.

Add here what booking takes. Which lines a document has is ``netsuite_documents``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qtc_pipeline.sandbox.servers.catalogue import entities
from qtc_pipeline.sandbox.servers.netsuite_types import plain
from qtc_pipeline.sandbox.servers.netsuite_words import RefusedError
from qtc_pipeline.sandbox.servers.writing import Stored, Writer

OFF_LEDGER = frozenset({"terms", "otherrefnum", "duedate", "status", "tranid", "lastmodifieddate", "externalid"})
"""What may change in a closed period; so may custom fields."""


class Ledger:
    """The postings of one account, inside one transaction."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        tables = entities("netsuite")
        self._posting = tables["transactionaccountingline"]
        self._period = tables["accountingperiod"]
        self._account = tables["account"]

    def check_open(self, row: Mapping[str, Any], changes: Sequence[str] | None) -> None:
        """Whether a document may be changed like this; what is outside the ledger may, whatever the period.

        Args:
            row: the document's header.
            changes: names of what changes; None for all of it.

        Raises:
            RefusedError: its posting period is closed.
        """
        touches = changes is None or [
            name for name in changes if name not in OFF_LEDGER and not name.startswith("custbody")
        ]
        if row.get("posting") != "T" or not touches:
            return
        period = self._writer.get(self._period, str(row.get("postingperiod")))
        if period is not None and "T" in {period.payload[name] for name in ("closed", "arlocked", "alllocked")}:
            detail = f"The posting period {period.payload['periodname']} is closed. The transaction cannot be changed."
            raise RefusedError(400, "TRAN_PERIOD_CLOSED", detail, "postingPeriod")

    def period_of(self, day: str) -> str | None:
        """The posting period of a day; years and quarters are none."""
        condition = '"startdate" <= ? AND "enddate" >= ? AND "isyear" = \'F\' AND "isquarter" = \'F\''
        found = self._writer.where(self._period, condition, day, day)
        return found[0].key if found else None

    def of(self, key: str) -> list[Stored]:
        """What a document has posted."""
        return self._writer.where(self._posting, '"transaction" = ?', key)

    def post(self, row: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]], company: str | None) -> None:
        """Book lines, the main one first and as the counterpart of the rest; an order books nothing."""
        key, rate = str(row["id"]), Decimal(str(row["exchangerate"]))
        before = {one.key: one.payload for one in self.of(key)}
        like = self._like(row)
        kept = set()
        rest = Decimal(0)
        for line in [*wanted[1:], wanted[0]] if row["posting"] == "T" else []:
            number = str(line["linesequencenumber"])
            booked = -rest if number == "0" else _rounded(Decimal(str(line["foreignamount"])) * rate)
            rest += booked
            name = f"{key}:{number}:1"
            account = before[name]["account"] if name in before else like.get(number)
            account = account or self._account_of(row, number, is_tax=line.get("taxline") == "T")
            values = _values(key, number, str(account), booked)
            kept.add(name)
            if name in before:
                self._writer.update(self._posting, name, values)
            else:
                self._writer.insert(self._posting, values, legal_entity=company)
        for gone in set(before) - kept:
            self._writer.delete(self._posting, gone)

    def _like(self, row: Mapping[str, Any]) -> Mapping[str, str]:
        """Line -> account of the document a credit memo takes back."""
        source = row.get("createdfrom") if row["type"] == "CustCred" else None
        if source is None:
            return {}
        return {str(one.payload["transactionline"]): str(one.payload["account"]) for one in self.of(str(source))}

    def _account_of(self, row: Mapping[str, Any], line: str, *, is_tax: bool) -> str:
        is_payment, is_main = row["type"] == "CustPymt", line == "0"
        lines = ("AcctRec",) if is_payment else ("DeferRevenue", "Income")
        lines = ("OthCurrLiab", *lines) if is_tax else lines
        main = ("Bank",) if is_payment else ("AcctRec",)
        for kind in main if is_main else lines:
            found = self._writer.where(self._account, '"accttype" = ?', kind)
            if found:
                return found[0].key
        return "1" if is_main else "2"

    def turned(self, key: str, place: int, one: Stored, company: str | None) -> None:
        """A posting the other way round, as a line of another document."""
        values = _values(key, str(place), str(one.payload["account"]), -Decimal(str(one.payload["amount"])))
        self._writer.insert(self._posting, values, legal_entity=company)


def _values(key: str, number: str, account: str, booked: Decimal) -> dict[str, Any]:
    return {
        "transaction": key,
        "transactionline": number,
        "accountingbook": "1",
        "account": account,
        "debit": plain(booked) if booked > 0 else None,
        "credit": plain(-booked) if booked < 0 else None,
        "amount": plain(booked),
        "posting": "T",
    }


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
