"""The firm's payments in NetSuite's shape: headers, the journals that reverse them, applications to invoices.

Here: `payments(state)` and the links of payments and credit memos. Ledger rows are in `payloads_netsuite_lines.py`.
Stays out: how money comes in (`collecting.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import CURRENCY_ID, period_of, rate_text, text
from qtc_pipeline.sandbox.history import Document, Payment
from qtc_pipeline.sandbox.model import SourceRecord
from qtc_pipeline.sandbox.names import CASHIER
from qtc_pipeline.sandbox.payloads_netsuite import customer_id, period_id, record, stamp
from qtc_pipeline.sandbox.payloads_netsuite_headers import header, journal_fields, reversal_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState


def payments(state: PodState) -> Iterator[SourceRecord]:
    """Yield the headers of payments and of the journals that reverse them."""
    for payment in state.books.payments:
        yield _payment(payment)
        if payment.voided is not None:
            yield _reversal(payment, payment.voided)


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


def _payment(payment: Payment) -> SourceRecord:
    deal = payment.invoice.engagement
    number = str(payment.number)
    day = payment.posted.date()
    fields = {
        **header(deal, number, f"PAY-{deal.entity.key}-{payment.number}", "CustPymt", payment.rate),
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
        "createdby": CASHIER,
    }
    if payment.voided is None:
        return record(number, fields, payment.posted, deal.entity.key)
    return record(number, {**fields, "voided": "T", "status": "Voided"}, payment.voided, deal.entity.key)


def _reversal(payment: Payment, voided: datetime) -> SourceRecord:
    """Return the journal that reverses a payment which bounced."""
    deal = payment.invoice.engagement
    number, tranid = reversal_id(payment), f"VOID-{deal.entity.key}-{payment.number}"
    fields = {
        **journal_fields(deal.entity, number, tranid, period_of(voided.date()), voided),
        "trandate": voided.date().isoformat(),
        "entity": customer_id(deal.account),
        "currency": CURRENCY_ID[deal.currency],
        "exchangerate": rate_text(payment.rate),
        "reversal": str(payment.number),
    }
    return record(number, fields, voided, deal.entity.key)


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


POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {"nexttransactionlinelink": links}
