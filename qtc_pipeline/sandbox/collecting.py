"""What happens to an invoice once it is posted: dispute, payments, a payment that bounces, the write-off of a bad debt.

Here: `collect(...)`, decided by the invoice's own number, so a later instant only adds; the `Books` of a pod, and their
numbering in order of posting.
Stays out: making invoices and credits (`billing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from qtc_pipeline.sandbox.clock import at, booking_rate, half_up, period_of, rng
from qtc_pipeline.sandbox.history import Dispute, Document, Line, Payment
from qtc_pipeline.sandbox.names import CLERK, TERMS

BAD_DEBT_DAYS = 120
BAD_DEBT = "bad_debt"
_OBJECTIONS = ("hours not agreed", "rate not agreed", "purchase order missing", "work not accepted")


@dataclass(slots=True)
class Books:
    """Documents and payments of a pod."""

    documents: list[Document] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    discarded: list[Document] = field(default_factory=list)


def collect(seed: int, until: datetime, books: Books, invoice: Document) -> None:
    """Receive the money: mostly in full, some in two parts, some after a payment that bounced, some never."""
    draw = rng(seed, "payment", invoice.number)
    balance = invoice.gross - invoice.credited  # credits precede every payment
    if invoice.posted is None:
        return
    issued = invoice.posted.date()
    _object(invoice, issued, draw.random(), until)
    if balance <= 0:
        return
    day = issued + timedelta(days=TERMS[invoice.engagement.terms_on(issued)][2] + draw.randrange(-5, 16))
    manner = draw.random()
    if manner < 0.04:
        _write_off(books, invoice, balance, until)
    elif manner < 0.14:
        part = half_up(balance * draw.randrange(40, 71), 100)
        _pay(books, invoice, (1, day, part), until)
        _pay(books, invoice, (2, day + timedelta(days=20), balance - part), until)
    elif manner < 0.15:
        bounced = _pay(books, invoice, (1, day, balance), until)
        if bounced is not None:
            bounced.applied = 0
            moment = at(day + timedelta(days=1), 10)
            bounced.voided = moment if moment <= until else None
        _pay(books, invoice, (2, day + timedelta(days=12), balance), until)
    else:
        _pay(books, invoice, (1, day, balance), until)


def _object(invoice: Document, issued: date, lot: float, until: datetime) -> None:
    """Dispute some invoices a week after their issue; most disputes are settled two weeks later."""
    opened = issued + timedelta(days=7)
    if lot >= 0.03 or at(opened, 9) > until:
        return
    closed: date | None = opened + timedelta(days=14)
    if lot < 0.004 or at(opened + timedelta(days=14), 9) > until:
        closed = None
    invoice.dispute = Dispute(opened, closed, _OBJECTIONS[invoice.number % len(_OBJECTIONS)])


def _pay(books: Books, invoice: Document, what: tuple[int, date, int], until: datetime) -> Payment | None:
    part, day, amount = what
    posted = at(day, 14)
    if posted > until:
        return None
    deal = invoice.engagement
    rate = booking_rate(deal.currency, deal.entity.currency, period_of(day))
    serial = invoice.number - deal.number * 1000
    payment = Payment(deal.number * 1000 + 300 + serial * 2 + part, invoice, posted, amount, amount, rate)
    books.payments.append(payment)
    return payment


def _write_off(books: Books, invoice: Document, balance: int, until: datetime) -> None:
    """Write off what nobody paid for four months."""
    when = (invoice.posted or invoice.created) + timedelta(days=BAD_DEBT_DAYS)
    if when > until:
        return
    deal = invoice.engagement
    number = invoice.number + 450
    line = Line(1, "WRITE_OFF", balance, f"Bad debt {invoice.number}", "write_off", None)
    memo = Document(number, "CustCred", deal, when, when, invoice.rate, [line], balance, 0, origin=invoice)
    memo.reason, memo.created_by = BAD_DEBT, CLERK
    books.documents.append(memo)


def number_in_order(books: Books, unnumbered: dict[int, int]) -> None:
    """Give posted documents their place in the pod's series: invoices and credit memos apart, in order of posting.

    Args:
        books: the pod's documents.
        unnumbered: documents that skip so many numbers before their own; -1 for one that takes none.
    """
    last: dict[str, int] = defaultdict(int)
    posted = [(item.posted, item.number, item) for item in books.documents if item.posted is not None]
    for _, number, document in sorted(posted, key=lambda row: row[:2]):
        skipped = unnumbered.get(number, 0)
        if skipped >= 0:
            last[document.kind] += 1 + skipped
            document.serial = last[document.kind]


def fees_until_closing(documents: list[Document]) -> dict[int, int]:
    """Return fees billed net of credits up to the closing day of each deal, by deal number."""
    total: dict[int, int] = defaultdict(int)
    for document in documents:
        closed = document.engagement.closed
        if document.posted is not None and closed is not None and document.posted.date() <= closed:
            total[document.engagement.number] += fees(document)
    return total


def fees(document: Document) -> int:
    """Return what a document adds to the fees billed: nothing for expenses and bad debts, credits negative."""
    if document.reason == BAD_DEBT:
        return 0
    amount = sum(line.amount for line in document.lines if line.source_type != "expense")
    return amount if document.kind == "CustInvc" else -amount
