"""KPIs of receivables and cash: what is open by days past due, days of sales outstanding, how long cash waits.

Add here: a KPI whose parts are open invoices or payments. Stays out: what is wrong with an invoice (``documents``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import UNASSIGNED, ZERO, Part, durations, place_of, reported, whole
from tests.oracle.records import Contract
from tests.oracle.records_erp import Application, Document, Payment
from tests.oracle.solution import Answer

TRAILING_DAYS = 90
BUCKETS = ((0, "current"), (30, "days_1_30"), (60, "days_31_60"), (90, "days_61_90"))


@dataclass(frozen=True)
class Receivable:
    """An open amount, document currency: of an invoice, or (negative) what is not yet set against one."""

    id: str
    contract: Contract | None
    company: str
    currency: str
    bucket: str
    open: Decimal


def receivables(view: View) -> list[Receivable]:
    """Every invoice, and every payment, credit memo and write-off, with what is left of it."""
    by_invoice: dict[str, Decimal] = defaultdict(lambda: ZERO)
    by_settlement: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for use in applications(view):
        by_invoice[use.invoice] += use.amount
        by_settlement[use.settled_by] += use.amount
    found = []
    for document in _documents(view).values():
        invoice = document.kind == "invoice"
        left = document.gross - by_invoice[document.id] if invoice else document.gross + by_settlement[document.id]
        bucket = bucket_of(document.due, view.context.today) if invoice else "unapplied"
        contract = view.deal_of_job(document.project)
        found.append(Receivable(document.id, contract, document.company, document.currency, bucket, left))
    found += [
        Receivable(line.id, None, line.company, line.currency, "unapplied", -line.unapplied) for line in receipts(view)
    ]
    return found


@dataclass(frozen=True)
class Receipt:
    """A payment, what of it was taken back (negative) and what of it is set against invoices."""

    id: str
    company: str
    currency: str
    received: Decimal
    taken_back: Decimal
    applied: Decimal

    @property
    def unapplied(self) -> Decimal:
        """What is left of it."""
        return self.received + self.taken_back - self.applied


def receipts(view: View) -> list[Receipt]:
    """Every payment with what takes it back; a reversal of an unknown payment stands for itself."""
    applied: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for use in applications(view):
        applied[use.settled_by] += use.amount
    payments = _payments(view)
    back: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for payment in payments.values():
        if payment.reverses in payments:
            back[str(payment.reverses)] += payment.amount
    return [
        Receipt(key, payment.company, payment.currency, payment.amount, back[key], applied[key])
        for key, payment in payments.items()
        if payment.reverses not in payments
    ]


def bucket_of(due: date | None, today: date) -> str:
    """Days past due in the usual buckets; without a due date nothing is due."""
    late = (today - due).days if due is not None else 0
    return next((name for limit, name in BUCKETS if late <= limit), "over_90")


def applications(view: View) -> Iterator[Application]:
    """Applications between documents and payments that stand."""
    documents, payments = _documents(view), _payments(view)
    for use in view.books.applications:
        payment = payments.get(use.settled_by)
        settles = use.settled_by in documents or (payment is not None and not payment.void)
        if settles and use.invoice in documents:
            yield use


def _documents(view: View) -> Mapping[str, Document]:
    return {
        key: document for key, document in view.books.documents.items() if document.counts and view.is_billed(document)
    }


def _payments(view: View) -> Mapping[str, Payment]:
    """Payments and what takes them back; what is posted ahead has not happened yet."""
    today = month_of(view.context.today)
    return {
        key: payment
        for key, payment in view.books.payments.items()
        if payment.posted and (payment.period or month_of(payment.day)) <= today
    }


def ageing(answer: Answer) -> Iterator[Part]:
    """Open receivables by days past due; what is unapplied is negative."""
    view, month = answer.view, month_of(answer.view.context.today)
    for line in receivables(view):
        place = place_of(month, line.contract, line.company)
        yield Part(place, "ar_aging", line.bucket, "amount", reported(view, line.open, line.currency))


def outstanding(answer: Answer) -> Iterator[Part]:
    """Days of sales outstanding per legal entity: over the trailing ninety days, and counted back by month."""
    view, today = answer.view, answer.view.context.today
    owed: dict[str, list[Decimal | None]] = defaultdict(list)
    for line in receivables(view):
        owed[line.company].append(reported(view, line.open, line.currency))
    recent: dict[str, list[Decimal | None]] = defaultdict(list)
    invoiced: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for document in _documents(view).values():
        if document.kind == "invoice" and document.day <= today:
            gross = reported(view, document.gross, document.currency)
            invoiced[document.company][month_of(document.day)] += gross or ZERO
            if document.day > today - timedelta(TRAILING_DAYS):
                recent[document.company].append(gross)
    for company in owed.keys() | recent.keys():
        place = (month_of(today), company, UNASSIGNED, UNASSIGNED)
        amount = whole(owed[company])
        top = None if amount is None else amount * TRAILING_DAYS
        yield Part(place, "dso", "trailing_90", "ratio", top, whole(recent[company]))
        counted = None if amount is None else count_back(amount, invoiced[company], today)
        yield Part(place, "dso", "count_back", "amount", counted)


def count_back(owed: Decimal, invoiced: Mapping[str, Decimal], today: date) -> Decimal | None:
    """Days whose invoices make up what is open, whole months first; None where less than nothing is open."""
    if owed < ZERO:
        return None
    days, last = ZERO, today
    while owed > ZERO and invoiced and month_of(last) >= min(invoiced):
        gross, length = invoiced.get(month_of(last), ZERO), Decimal(last.day)
        if owed < gross:
            days += length * owed / gross
        else:
            days += length
        owed -= gross
        last = last.replace(day=1) - timedelta(1)
    return days.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def application_lag(answer: Answer) -> Iterator[Part]:
    """Days from payment to its application, in the month of payment."""
    view = answer.view
    for use in applications(view):
        payment = view.books.payments.get(use.settled_by)
        if payment is not None:
            contract = view.deal_of_job(view.books.documents[use.invoice].project)
            place = place_of(month_of(payment.day), contract, payment.company)
            yield from durations(place, "cash_application_lag", "payment", (use.changed.date() - payment.day).days)
