"""Rules against the general ledger: receivables and recognized revenue, per document in functional currency.

Add here: another ledger tie-out. Stays out: document-internal checks (``billing``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import View, month_of

ZERO = Decimal(0)


def receivables_to_ledger(view: View) -> Iterator[Finding]:
    """Documents at booked rate, payments with the realised difference, against the receivable accounts."""
    ledger = ledger_of(view, "AcctRec")
    books = view.books
    expected: dict[str, tuple[str, str, Decimal]] = {}
    for document in books.documents.values():
        if document.counts:
            expected[document.id] = (document.company, document.month, document.header_functional)
    for payment in view.money.values():
        period = payment.period or month_of(payment.day)
        expected[payment.id] = (payment.company, period, -_relieved(view, payment.id))
    for key in sorted(expected.keys() | ledger.keys()):
        posted = ledger.get(key)
        if key not in expected and posted is not None:
            name = "journal_on_control_account" if posted[0] == "Journal" else "subledger_mismatch"
            yield from _row(view, ("ar_to_gl", name), key, (posted[1], posted[2]), -posted[3])
        elif key in expected:
            company, period, amount = expected[key]
            booked = posted[3] if posted is not None else ZERO
            yield from _row(view, ("ar_to_gl", "subledger_mismatch"), key, (company, period), amount - booked)


def _relieved(view: View, payment_id: str) -> Decimal:
    """What a payment takes off the receivable account: applied parts at their invoice's rate, the rest at its own."""
    payment = view.books.payments[payment_id]
    applied = [entry for entry in view.books.applications if entry.settled_by == payment_id]
    relieved = sum((cents(entry.amount * view.books.documents[entry.invoice].rate) for entry in applied), ZERO)
    rest = payment.amount - sum((entry.amount for entry in applied), ZERO)
    return relieved + cents(rest * payment.rate)


def revenue_to_ledger(view: View) -> Iterator[Finding]:
    """Booked recognition entries against the revenue accounts, per journal and period."""
    totals: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for entry in view.books.recognitions:
        job = view.books.jobs.get(entry.project) if entry.project is not None else None
        if entry.booked and job is not None:
            totals[entry.journal or f"planned:{entry.id}", job.company, entry.period] += entry.functional
    for document, (_, company, period, amount) in ledger_of(view, "Income").items():
        totals[document, company, period] += amount
    for (document, company, period), difference in sorted(totals.items()):
        yield from _row(view, ("revenue.gl", "subledger_mismatch"), document, (company, period), difference)


def ledger_of(view: View, account_type: str) -> Mapping[str, tuple[str, str, str, Decimal]]:
    """Document -> (kind, legal entity, period, Σ) of what it posts on accounts of a type."""
    totals: dict[str, Decimal] = defaultdict(lambda: ZERO)
    heads: dict[str, tuple[str, str, str]] = {}
    for posting in view.books.postings:
        if posting.account_type == account_type:
            totals[posting.document] += posting.amount
            heads[posting.document] = (posting.kind, posting.company, posting.period)
    return {key: (*heads[key], total) for key, total in totals.items()}


def _row(
    view: View, rule: tuple[str, str], document: str, where: tuple[str, str], difference: Decimal
) -> Iterator[Finding]:
    if difference == ZERO:
        return
    (leg, name), (company, period) = rule, where
    currency = view.context.functional(company)
    head = view.books.documents.get(document) if leg == "ar_to_gl" else None
    contract = view.deal_of_job(head.project) if head is not None and head.counts else None
    contract_id = contract.id if contract is not None else None
    item = Item(f"{leg}:{document}", abs(difference), "misstatement", currency)
    yield Finding(leg, "amount", "break", name, document, contract_id, company, period, currency, difference, (item,))
