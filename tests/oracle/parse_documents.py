"""The ERP's transactions to records: invoices, credit memos, write-offs, payments and reversals, sales orders.

Add here: a field of a NetSuite transaction or its lines. Stays out: every rule and the rest of the ERP (``parse_erp``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import cents
from tests.oracle.records_erp import Document, Line, Order, Payment
from tests.oracle.scalars import day_of, decimal_of, flag_of, instant_of, needed, text_of

Row = Mapping[str, Any]
ZERO = Decimal(0)


@dataclass(frozen=True)
class Names:
    """What the ERP's internal ids stand for: currencies, months, items, payment terms."""

    symbols: Mapping[str, str]
    periods: Mapping[str, str]
    codes: Mapping[str, str]
    terms: Mapping[str, str]


@dataclass(frozen=True)
class Transaction:
    """A transaction's head, its lines in order, and the legal entity of its lines."""

    head: Row
    lines: Sequence[Row]
    company: str


def is_item(line: Row) -> bool:
    """A line that is neither the main line nor tax."""
    return not flag_of(line["mainline"]) and not flag_of(line["taxline"])


def read_document(found: Transaction, names: Names) -> Document:
    """An invoice, a credit memo, or a credit memo that writes off a bad debt."""
    row, key = found.head, str(found.head["id"])
    rate = decimal_of(row["exchangerate"]) or Decimal(1)
    items = tuple(_line(line, key, names) for line in found.lines if is_item(line))
    taxes = [-(decimal_of(line["foreignamount"]) or ZERO) for line in found.lines if flag_of(line["taxline"])]
    gross = decimal_of(row["foreigntotal"]) or ZERO
    parts = [*(item.amount for item in items), *taxes] or [gross]
    reason = text_of(row.get("custbody_credit_reason"))
    credit = "write_off" if reason == "bad_debt" else "credit_memo"
    return Document(
        id=key,
        kind="invoice" if row["type"] == "CustInvc" else credit,
        number=str(row["tranid"]),
        customer=text_of(row["entity"]),
        project=text_of(row["custbody_job"]),
        company=found.company,
        currency=names.symbols[str(row["currency"])],
        rate=rate,
        day=needed(day_of(row["trandate"]), "trandate", key),
        due=day_of(row["duedate"]),
        period=names.periods.get(str(row["postingperiod"])),
        posted=flag_of(row["posting"]),
        void=flag_of(row["voided"]),
        gross=gross,
        tax=decimal_of(row["foreigntaxtotal"]) or ZERO,
        credits=text_of(row["createdfrom"]),
        lines=items,
        tax_lines=sum(taxes, ZERO),
        header_functional=sum((cents(amount * rate) for amount in parts), ZERO),
        changed=max(
            [instant_of(row["lastmodifieddate"]), *(instant_of(line["linelastmodifieddate"]) for line in found.lines)]
        ),
        created_by=text_of(row.get("createdby")),
        reason=reason,
        terms=names.terms.get(str(row.get("terms"))),
        disputed=flag_of(row.get("custbody_disputed")),
        dispute_opened=day_of(row.get("custbody_dispute_opened")),
        dispute_closed=day_of(row.get("custbody_dispute_closed")),
    )


def _line(line: Row, document: str, names: Names) -> Line:
    return Line(
        id=str(line["uniquekey"]),
        document=document,
        number=int(line["linesequencenumber"]),
        source_type=text_of(line["custcol_source_type"]),
        source=text_of(line["custcol_source_id"]),
        role=names.codes.get(str(line["item"])),
        minutes=int(line["custcol_minutes"] or 0),
        amount=-(decimal_of(line["foreignamount"]) or ZERO),
    )


def read_payments(found: Mapping[str, Transaction], names: Names) -> Iterator[Payment]:
    """Payments, and the journals that take one back: the same amount and rate with the opposite sign."""
    for transaction in found.values():
        row = transaction.head
        reverses = text_of(row.get("reversal")) if row["type"] == "Journal" else None
        if row["type"] == "CustPymt":
            yield _payment(transaction, row, None, names)
        elif reverses is not None and reverses in found:
            yield _payment(transaction, found[reverses].head, reverses, names)


def _payment(transaction: Transaction, money: Row, reverses: str | None, names: Names) -> Payment:
    row = transaction.head
    amount = decimal_of(money["foreigntotal"]) or ZERO
    return Payment(
        id=str(row["id"]),
        customer=text_of(money["entity"]),
        company=transaction.company,
        currency=names.symbols[str(row["currency"])],
        rate=decimal_of(money["exchangerate"]) or Decimal(1),
        day=needed(day_of(row["trandate"]), "trandate", str(row["id"])),
        period=names.periods.get(str(row["postingperiod"])),
        amount=amount if reverses is None else -amount,
        posted=flag_of(row["posting"]),
        void=flag_of(row["voided"]),
        reverses=reverses,
        changed=instant_of(row["lastmodifieddate"]),
    )


def read_order(found: Transaction, names: Names) -> Order:
    """A sales order."""
    row = found.head
    amounts = [-(decimal_of(line["foreignamount"]) or ZERO) for line in found.lines if is_item(line)]
    return Order(
        id=str(row["id"]),
        project=text_of(row["custbody_job"]),
        currency=names.symbols[str(row["currency"])],
        net=sum(amounts, ZERO) if amounts else None,
        void=flag_of(row["voided"]),
        changed=max(
            [instant_of(row["lastmodifieddate"]), *(instant_of(line["linelastmodifieddate"]) for line in found.lines)]
        ),
        terms=names.terms.get(str(row.get("terms"))),
        po_number=text_of(row.get("otherrefnum")),
    )
