"""The firm's transactions in NetSuite's shape: orders, invoices, credit memos, journals posted by hand.

Here: the header rows, from a pod's state to `SourceRecord`s. Lines and ledger rows are in
`payloads_netsuite_lines.py`.
Stays out: how documents come about (`billing.py`), SuiteQL and HTTP (`servers/`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox.clock import CURRENCY_ID, at, booking_rate, period_of, text, utc
from qtc_pipeline.sandbox.history import Document
from qtc_pipeline.sandbox.model import Engagement, SourceRecord
from qtc_pipeline.sandbox.names import INTEGRATION_USER, TERMS
from qtc_pipeline.sandbox.payloads_netsuite import erp_value, flag, period_id, record, stamp
from qtc_pipeline.sandbox.payloads_netsuite_cash import payments, settlement
from qtc_pipeline.sandbox.payloads_netsuite_headers import header, journal_fields, journal_id, manual_journal_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState


def order_id(deal: Engagement) -> str:
    """Return the id of a deal's sales order."""
    return str(deal.number * 1000)


def order_created(deal: Engagement) -> datetime:
    """Return when the sales order is entered."""
    return (deal.erp_created or deal.signed) + timedelta(minutes=10)


def has_order(deal: Engagement, until: datetime) -> bool:
    """Return whether the ERP has a sales order for the deal."""
    return deal.outcome == "signed" and deal.erp_created is not None and order_created(deal) <= until


def transactions(state: PodState) -> Iterator[SourceRecord]:
    """Yield the headers of orders, invoices, credit memos and payments."""
    for deal in state.pod.engagements:
        if has_order(deal, state.until):
            yield _order(deal, state.until)
    settled = settlement(state)
    for document in state.books.documents:
        yield _document(document, settled)
    yield from payments(state)
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


def _order(deal: Engagement, until: datetime) -> SourceRecord:
    value, changed = erp_value(deal, until)
    created = order_created(deal)
    rate = booking_rate(deal.currency, deal.entity.currency, period_of(created.date()))
    fields = {
        **header(deal, order_id(deal), f"SO{deal.number:07d}", "SalesOrd", rate),
        "terms": TERMS[deal.quirks.get("order_terms", deal.terms_on(until.date()))][0],
        "otherrefnum": deal.quirks.get("order_po", deal.po),
        "currency": CURRENCY_ID[deal.quirks.get("order_currency", deal.currency)],
        "status": "Pending Billing",
        "trandate": created.date().isoformat(),
        "duedate": None,
        "postingperiod": None,
        "foreigntotal": text(value),
        "foreigntaxtotal": "0",
        "posting": "F",
        "createdfrom": None,
        "createddate": stamp(created),
        "createdby": INTEGRATION_USER,
    }
    renegotiated = deal.terms_changed
    changed = max(created, changed or created, deal.quirks.get("order_touched", created))
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
    tranid = document_number(document, document.quirks.get("numbered_as", document.serial))
    gross = document.gross + document.quirks.get("header", 0)
    tax = document.tax + document.quirks.get("header_tax", 0)
    terms = document.quirks.get("terms", deal.terms_on(day))
    due = day + timedelta(days=TERMS[terms][2]) if invoice else None
    fields = {
        **header(deal, number, tranid, document.kind, document.rate),
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
        **_disputed(document),
        "custbody_credit_reason": document.reason,
    }
    if document.dispute is not None:
        modified = max(modified, at(document.dispute.closed or document.dispute.opened, 9))
    return record(number, fields, modified, deal.entity.key)


def _disputed(document: Document) -> dict[str, Any]:
    found = document.dispute
    if found is None:
        return {}
    return {
        "custbody_disputed": flag(found.closed is None),
        "custbody_dispute_opened": found.opened.isoformat(),
        "custbody_dispute_closed": found.closed.isoformat() if found.closed else None,
        "custbody_dispute_reason": found.reason,
    }


def document_number(document: Document, serial: int | None) -> str:
    """Return the number of an invoice or credit memo: consecutive in its pod's series; a draft has none yet."""
    if serial is None:
        return f"DRAFT-{document.number}"
    deal = document.engagement
    return f"{'INV' if document.kind == 'CustInvc' else 'CM'}-{deal.entity.key}-{deal.number // 1000:04d}-{serial:06d}"


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


POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "transaction": transactions,
    "plannedrevenue": planned_revenue,
}
