"""The firm's transaction lines and ledger rows in NetSuite's shape, streamed.

Here: `postings(state)`, the lines of every transaction with their account and functional amount, and the two entities
made of it: transactionline (every line) and transactionaccountingline (posted ones).
Signs follow the ledger: an invoice's main line is positive, its item and tax lines negative; credit memos reversed.
Stays out: headers (`payloads_netsuite_documents.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import at, convert, recognised_at, text, utc
from qtc_pipeline.sandbox.collecting import BAD_DEBT
from qtc_pipeline.sandbox.history import Document, Payment, Recognition
from qtc_pipeline.sandbox.model import Engagement, SourceRecord
from qtc_pipeline.sandbox.names import GL, ITEM_ID
from qtc_pipeline.sandbox.payloads_netsuite import erp_value, job_id, record
from qtc_pipeline.sandbox.payloads_netsuite_documents import has_order, order_created, order_id
from qtc_pipeline.sandbox.payloads_netsuite_headers import journal_id, manual_journal_id, reversal_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from qtc_pipeline.sandbox.defects_documents import ManualJournal
    from qtc_pipeline.sandbox.state import PodState

_TAX_LINE = 9_000
_STRAY_LINE = 9_500
_LINES_PER_TRANSACTION = 1_000_000


@dataclass(slots=True)
class Posting:
    """A line of a transaction: in document currency, and booked to an account in functional currency."""

    transaction: str
    line: int
    entity: int
    amount: int
    account: str | None  # None: not posted
    booked: int
    modified: datetime
    kind: str = "item"  # main | item | tax
    item: str | None = None
    quantity: str | None = None
    rate: str | None = None
    memo: str | None = None
    source_type: str | None = None
    source_id: str | None = None
    minutes: str | None = None
    job: str | None = None


def postings(state: PodState) -> Iterator[Posting]:
    """Yield every line of the pod's transactions."""
    for deal in state.pod.engagements:
        if has_order(deal, state.until):
            yield from _order(deal, state.until)
    for document in state.books.documents:
        yield from _document(document)
    for payment in state.books.payments:
        yield from _payment(payment)
    for row in state.recognitions:
        if row.recognised:
            yield from _recognition(row)
    for journal in state.manual_journals:
        yield from _manual(journal, state.spec.entity.number)


def _order(deal: Engagement, until: datetime) -> Iterator[Posting]:
    created, number, entity = order_created(deal), order_id(deal), deal.entity.number
    value, changed = erp_value(deal, until)
    yield Posting(number, 0, entity, value, None, 0, max(created, changed or created), "main")
    base = value
    later = []
    for item in deal.amendments:
        arrival = at(item.effective, 3)
        if item.in_erp and arrival <= until:
            base -= item.amount
            later.append((item.number + 1, item.amount, arrival))
    for line, amount, moment in [(1, base, created), *later]:
        yield Posting(number, line, entity, -amount, None, 0, moment, item=ITEM_ID["SERVICES"], quantity="1",
                      rate=text(amount), memo=deal.name)  # fmt: skip


def _document(document: Document) -> Iterator[Posting]:
    sign = 1 if document.kind == "CustInvc" else -1
    number, entity = str(document.number), document.engagement.entity.number
    posted, modified = document.posted is not None, document.posted or document.created
    rows: list[Posting] = []
    account = GL["expense" if document.reason == BAD_DEBT else "position"] if posted else None
    for line in document.lines:
        row = Posting(number, line.number, entity, -sign * line.amount, account,
                      -sign * convert(line.amount, document.rate), modified, item=ITEM_ID[line.item], memo=line.memo,
                      source_type=line.source_type, source_id=line.source_id)  # fmt: skip
        if line.minutes is not None and line.rate is not None:
            row.quantity = f"{line.minutes // 60}.{line.minutes % 60 * 100 // 60:02d}"
            row.rate = text(line.rate)
            row.minutes = str(sign * line.minutes)
        else:
            row.quantity, row.rate = "1", text(line.amount)
        rows.append(row)
    if document.tax:
        rows.append(
            Posting(number, _TAX_LINE, entity, -sign * document.tax, GL["tax"] if posted else None,
                    -sign * convert(document.tax, document.rate), modified, "tax", memo="Sales tax"),
        )  # fmt: skip
    booked = -sum(row.booked for row in rows)
    beside = document.quirks.get("booked", 0)  # planted: the ledger holds another receivable than the document
    booked, rows[0].booked = booked + beside, rows[0].booked - beside
    astray = document.quirks.get("position", 0)  # planted: a part of the net stands on another account
    if astray and posted:
        rows[0].booked += astray
        rows.append(Posting(number, _STRAY_LINE, entity, 0, GL["expense"], -astray, modified, memo="Correction"))
    yield Posting(
        number,
        0,
        entity,
        sign * (document.gross + document.quirks.get("header", 0)),
        GL["receivable"] if posted else None,
        booked,
        modified,
        "main",
    )
    yield from rows


def _payment(payment: Payment) -> Iterator[Posting]:
    number, entity, posted = str(payment.number), payment.invoice.engagement.entity.number, payment.posted
    cash = convert(payment.amount, payment.rate) + payment.quirks.get("booked", 0)  # planted: beside the payment
    relief = convert(payment.applied, payment.invoice.rate) + convert(payment.amount - payment.applied, payment.rate)
    yield Posting(number, 0, entity, payment.amount, GL["bank"], cash, posted, "main")
    yield Posting(number, 1, entity, -payment.amount, GL["receivable"], -relief, posted, memo="Receivable")
    if cash != relief:
        yield Posting(number, 2, entity, 0, GL["fx"], relief - cash, posted, memo="Exchange difference")
    if payment.voided is not None:
        number, amount = reversal_id(payment), payment.amount
        yield Posting(number, 1, entity, -amount, GL["bank"], -cash, payment.voided, memo="Payment bounced")
        yield Posting(number, 2, entity, amount, GL["receivable"], relief, payment.voided, memo="Payment bounced")


def _manual(journal: ManualJournal, entity: int) -> Iterator[Posting]:
    number, amount, posted = manual_journal_id(journal.number), journal.amount, journal.posted
    yield Posting(number, 1, entity, amount, GL["receivable"], amount, posted, memo="Correction")
    yield Posting(number, 2, entity, -amount, GL["expense"], -amount, posted, memo="Correction")


def _recognition(row: Recognition) -> Iterator[Posting]:
    deal = row.engagement
    number = journal_id(deal.entity, row.period)
    amount = row.functional + row.quirks.get("booked", 0)  # planted: the ledger holds another amount than the row
    posted = recognised_at(row.period)
    place = deal.number * 2
    name = f"Revenue {deal.number}"
    job = job_id(deal)
    yield Posting(number, place, deal.entity.number, amount, GL["position"], amount, posted, memo=name, job=job)
    yield Posting(number, place + 1, deal.entity.number, -amount, GL["revenue"], -amount, posted, memo=name, job=job)


def transaction_lines(state: PodState) -> Iterator[SourceRecord]:
    """Yield the rows of transactionline."""
    for row in postings(state):
        yield line_record(row, state.spec.entity.key)


def line_record(row: Posting, entity: str) -> SourceRecord:
    """Return the transactionline row of a posting."""
    key = str(int(row.transaction) * _LINES_PER_TRANSACTION + row.line)
    fields = {
        "uniquekey": key,
        "transaction": row.transaction,
        "linesequencenumber": str(row.line),
        "mainline": "T" if row.kind == "main" else "F",
        "taxline": "T" if row.kind == "tax" else "F",
        "item": row.item,
        "subsidiary": str(row.entity),
        "foreignamount": text(row.amount),
        "quantity": row.quantity,
        "rate": row.rate,
        "memo": row.memo,
        "custcol_source_type": row.source_type,
        "custcol_source_id": row.source_id,
        "custcol_minutes": row.minutes,
        "custcol_job": row.job,
    }
    return record(key, fields, row.modified, entity, stamped="linelastmodifieddate")


def deleted_lines(state: PodState) -> Iterator[SourceRecord]:
    """Yield the lines that went with deleted drafts."""
    for document in state.books.discarded:
        for row in _document(document):
            found = line_record(row, state.spec.entity.key)
            gone = utc(document.discarded) if document.discarded else None
            yield replace(found, deleted_at=gone)


def ledger_lines(state: PodState) -> Iterator[SourceRecord]:
    """Yield the rows of transactionaccountingline: what is posted, in functional currency."""
    for row in postings(state):
        if row.account is not None:
            yield ledger_record(row, state.spec.entity.key)


def ledger_record(row: Posting, entity: str) -> SourceRecord:
    """Return the transactionaccountingline row of a posting."""
    fields = {
        "transaction": row.transaction,
        "transactionline": str(row.line),
        "accountingbook": "1",
        "account": row.account,
        "debit": text(row.booked) if row.booked > 0 else None,
        "credit": text(-row.booked) if row.booked < 0 else None,
        "amount": text(row.booked),
        "posting": "T",
    }
    return record(f"{row.transaction}:{row.line}:1", fields, row.modified, entity)


POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "transactionline": transaction_lines,
    "transactionaccountingline": ledger_lines,
}
