"""The firm's transactions in NetSuite's shape: orders, invoices, credit memos, payments, journals, links.

Here: the header rows and the payment links, from a pod's state to `SourceRecord`s. Lines and ledger rows are in
`payloads_netsuite_lines.py`.
Stays out: how documents come about (`billing.py`), SuiteQL and HTTP (`servers/`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.clock import CURRENCY_ID, booking_rate, period_end, period_of, rate_text, text, utc
from qtc_pipeline.sandbox.history import Document, Payment
from qtc_pipeline.sandbox.model import Engagement, LegalEntity, SourceRecord
from qtc_pipeline.sandbox.names import LEGAL_ENTITIES, TERMS
from qtc_pipeline.sandbox.payloads_netsuite import customer_id, erp_value, flag, job_id, period_id, record, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState

JOURNAL_BASE = 9_000_000_000
MANUAL_BASE = 9_500_000_000
_UNDISPUTED = {
    "custbody_credit_reason": None,
    "custbody_disputed": "F",
    "custbody_dispute_opened": None,
    "custbody_dispute_closed": None,
    "custbody_dispute_reason": None,
    "reversal": None,
}


def order_id(deal: Engagement) -> str:
    """Return the id of a deal's sales order."""
    return str(deal.number * 1000)


def order_created(deal: Engagement) -> datetime:
    """Return when the sales order is entered."""
    return (deal.erp_created or deal.signed) + timedelta(minutes=10)


def has_order(deal: Engagement, until: datetime) -> bool:
    """Return whether the ERP has a sales order for the deal."""
    return deal.outcome == "signed" and deal.erp_created is not None and order_created(deal) <= until


def journal_id(entity: LegalEntity, period: str) -> str:
    """Return the id of the recognition journal of a legal entity and period."""
    return str(JOURNAL_BASE + entity.number * 1000 + clock.month_index(period))


def manual_journal_id(number: int) -> str:
    """Return the id of a journal posted by hand."""
    return str(MANUAL_BASE + number)


def journals(until: datetime) -> Iterator[tuple[LegalEntity, str, datetime]]:
    """Yield the recognition journals posted up to the instant."""
    for period in clock.all_periods():
        posted = clock.recognised_at(period)
        if posted > until:
            return
        for entity in LEGAL_ENTITIES:
            yield entity, period, posted


def journal_fields(entity: LegalEntity, number: str, tranid: str, period: str, posted: datetime) -> dict[str, Any]:
    """Return the header of a journal."""
    return {
        "id": number,
        "tranid": tranid,
        "type": "Journal",
        "status": "Approved for Posting",
        "trandate": period_end(period).isoformat(),
        "duedate": None,
        "postingperiod": period_id(period),
        "entity": None,
        "custbody_job": None,
        "currency": CURRENCY_ID[entity.currency],
        "exchangerate": "1.000000",
        "foreigntotal": "0",
        "foreigntaxtotal": "0",
        "posting": "T",
        "voided": "F",
        "terms": None,
        "otherrefnum": None,
        "custbody_qtc_id": None,
        "createdfrom": None,
        "createddate": stamp(posted),
        "createdby": None,
        **_UNDISPUTED,
    }


def journal_headers(until: datetime) -> Iterator[SourceRecord]:
    """Yield the recognition journals: one per legal entity and period."""
    for entity, period, posted in journals(until):
        number = journal_id(entity, period)
        fields = journal_fields(entity, number, f"REV-{entity.key}-{period}", period, posted)
        yield record(number, fields, posted, entity.key)


def transactions(state: PodState) -> Iterator[SourceRecord]:
    """Yield the headers of orders, invoices, credit memos and payments."""
    for deal in state.pod.engagements:
        if has_order(deal, state.until):
            yield _order(deal, state.until)
    settled = settlement(state)
    for document in state.books.documents:
        yield _document(document, settled)
    for payment in state.books.payments:
        yield _payment(payment)
    for journal in state.manual_journals:
        entity, period = state.spec.entity, period_of(journal.posted.date())
        number = manual_journal_id(journal.number)
        fields = journal_fields(entity, number, f"JE-{entity.key}-{journal.number}", period, journal.posted)
        yield record(number, {**fields, "trandate": journal.posted.date().isoformat()}, journal.posted, entity.key)


def deleted_transactions(state: PodState) -> Iterator[SourceRecord]:
    """Yield the drafts that were deleted."""
    for document in state.books.discarded:
        gone = utc(document.discarded) if document.discarded else None
        yield replace(_document(document, {}), deleted_at=gone)


def settlement(state: PodState) -> dict[int, datetime]:
    """Return the invoices that are paid or credited in full, with the moment of the last application."""
    open_amount: dict[int, int] = {}
    moment: dict[int, datetime] = {}
    for document in state.books.documents:
        if document.kind == "CustInvc":
            open_amount[document.number] = open_amount.get(document.number, 0) + document.gross
        elif document.origin is not None and document.posted is not None:
            number = document.origin.number
            open_amount[number] = open_amount.get(number, 0) - document.gross
            moment[number] = max(document.posted, moment.get(number, document.posted))
    for payment in state.books.payments:
        number = payment.invoice.number
        open_amount[number] -= payment.applied
        moment[number] = max(payment.posted, moment.get(number, payment.posted))
    return {number: when for number, when in moment.items() if open_amount.get(number) == 0}


def _header(deal: Engagement, number: str, tranid: str, kind: str, rate: int) -> dict[str, Any]:
    return {
        "id": number,
        "tranid": tranid,
        "type": kind,
        "entity": customer_id(deal.account),
        "custbody_job": job_id(deal),
        "currency": CURRENCY_ID[deal.currency],
        "exchangerate": rate_text(rate),
        "voided": "F",
        "otherrefnum": deal.po,
        "custbody_qtc_id": None,
        "createdby": None,
        **_UNDISPUTED,
    }


def _order(deal: Engagement, until: datetime) -> SourceRecord:
    value, changed = erp_value(deal, until)
    created = order_created(deal)
    rate = booking_rate(deal.currency, deal.entity.currency, period_of(created.date()))
    fields = {
        **_header(deal, order_id(deal), f"SO{deal.number:07d}", "SalesOrd", rate),
        "terms": TERMS[deal.terms_on(until.date())][0],
        "status": "Pending Billing",
        "trandate": created.date().isoformat(),
        "duedate": None,
        "postingperiod": None,
        "foreigntotal": text(value),
        "foreigntaxtotal": "0",
        "posting": "F",
        "createdfrom": None,
        "createddate": stamp(created),
    }
    renegotiated = deal.terms_changed
    changed = max(created, changed or created)
    if renegotiated is not None and renegotiated <= until:
        changed = max(changed, renegotiated)
    return record(order_id(deal), fields, changed, deal.entity.key)


def _document(document: Document, settled: dict[int, datetime]) -> SourceRecord:
    deal, posted = document.engagement, document.posted
    invoice = document.kind == "CustInvc"
    sign = 1 if invoice else -1
    number = str(document.number)
    day = (posted or document.created).date()
    status, modified = ("Open" if posted else "Pending Approval"), posted or document.created
    if document.number in settled:
        status, modified = "Paid In Full", max(modified, settled[document.number])
    if not invoice:
        status = "Fully Applied"
    tranid = f"{'INV' if invoice else 'CM'}-{deal.entity.key}-{document.quirks.get('numbered_as', document.number)}"
    gross = document.gross + document.quirks.get("header", 0)
    tax = document.tax + document.quirks.get("header_tax", 0)
    terms = deal.terms_on(day)
    due = day + timedelta(days=TERMS[terms][2]) if invoice else None
    fields = {
        **_header(deal, number, tranid, document.kind, document.rate),
        "terms": TERMS[terms][0],
        "status": status,
        "trandate": day.isoformat(),
        "duedate": due.isoformat() if due else None,
        "postingperiod": period_id(period_of(day)) if posted else None,
        "foreigntotal": text(sign * gross),
        "foreigntaxtotal": text(sign * tax) if tax else "0",
        "posting": flag(posted),
        "createdfrom": str(document.origin.number) if document.origin else None,
        "createddate": stamp(document.created),
        "createdby": document.created_by,
        "custbody_credit_reason": document.reason,
    }
    return record(number, fields, modified, deal.entity.key)


def _payment(payment: Payment) -> SourceRecord:
    deal = payment.invoice.engagement
    number = str(payment.number)
    day = payment.posted.date()
    fields = {
        **_header(deal, number, f"PAY-{deal.entity.key}-{payment.number}", "CustPymt", payment.rate),
        "custbody_job": None,
        "terms": None,
        "otherrefnum": None,
        "status": "Deposited",
        "trandate": day.isoformat(),
        "duedate": None,
        "postingperiod": period_id(period_of(day)),
        "foreigntotal": text(payment.amount),
        "foreigntaxtotal": "0",
        "posting": "T",
        "createdfrom": None,
        "createddate": stamp(payment.posted),
    }
    return record(number, fields, payment.posted, deal.entity.key)


def links(state: PodState) -> Iterator[SourceRecord]:
    """Yield the applications of payments and credit memos to invoices."""
    for document in state.books.documents:
        if document.origin is not None and document.posted is not None:
            yield _link(document.origin, document.number, document.gross, document.posted)
    for payment in state.books.payments:
        if payment.applied:
            yield _link(payment.invoice, payment.number, payment.applied, payment.posted)


def _link(invoice: Document, following: int, amount: int, posted: datetime) -> SourceRecord:
    fields = {
        "previousdoc": str(invoice.number),
        "previousline": "0",
        "nextdoc": str(following),
        "nextline": "0",
        "linktype": "Payment",
        "foreignamount": text(amount),
    }
    return record(f"{invoice.number}:0:{following}:0", fields, posted, invoice.engagement.entity.key)


def planned_revenue(state: PodState) -> Iterator[SourceRecord]:
    """Yield revenue by contract and period."""
    for item in state.recognitions:
        deal = item.engagement
        fields = {
            "id": str(item.number),
            "revenueelement": str(deal.number),
            "postingperiod": period_id(item.period),
            "amount": text(item.amount),
            "functionalamount": text(item.functional),
            "currency": CURRENCY_ID[deal.currency],
            "isrecognized": flag(item.recognised),
            "journal": journal_id(deal.entity, item.period) if item.recognised else None,
        }
        yield record(str(item.number), fields, item.modified, deal.entity.key)


FIRM: dict[str, Callable[[datetime], Iterator[SourceRecord]]] = {"transaction": journal_headers}
POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "transaction": transactions,
    "nexttransactionlinelink": links,
    "plannedrevenue": planned_revenue,
}
