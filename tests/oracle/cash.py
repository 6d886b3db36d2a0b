"""Rules on cash: each payment is applied in full and not beyond, and stands in the ledger's cash accounts.

Add here: another tie-out of payments. Stays out: receivables (``ledgers``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Finding, Item, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.ledgers import ledger_of
from tests.oracle.records_erp import Payment

APPLIED, LEDGER = "cash.applied", "cash.gl"
SIDES = ("netsuite", "netsuite")
ZERO = Decimal(0)


def month_of_payment(payment: Payment) -> str:
    """Posting period, else the month of its date."""
    return payment.period or month_of(payment.day)


def cash_applied(view: View) -> Iterator[Finding]:
    """Payments net of what takes them back, against what is applied of them."""
    applied: dict[str, Decimal] = defaultdict(lambda: ZERO)
    paid: dict[str, set[str]] = defaultdict(set)
    for use in view.books.applications:
        applied[use.settled_by] += use.amount
        invoice = view.books.documents.get(use.invoice)
        contract = view.deal_of_job(invoice.project) if invoice is not None else None
        if contract is not None:
            paid[use.settled_by].add(contract.id)
    back: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for payment in view.money.values():
        if payment.reverses is not None:
            back[payment.reverses] += payment.amount
    for payment in view.money.values():
        if payment.reverses is None or payment.reverses not in view.money:
            difference = payment.amount + back[payment.id] - applied[payment.id]
            if difference != ZERO:
                yield _applied(view, payment, difference, paid[payment.id])


def _applied(view: View, payment: Payment, difference: Decimal, paid: AbstractSet[str]) -> Finding:
    """The contract is named where all that is paid belongs to one."""
    reason = pending_reason(view.context, at_midnight(payment.day), "netsuite", SIDES, (payment.changed,), leg=APPLIED)
    kind = "break" if reason is None else "timing"
    name = "unapplied_payment" if difference > ZERO else "over_applied"
    items: tuple[Item, ...] = ()
    if kind == "break" and difference < ZERO:
        items = (Item(f"payment:{payment.id}", -difference, "misstatement", payment.currency),)
    contract = next(iter(paid)) if len(paid) == 1 else None
    place = (payment.id, contract, payment.company, month_of_payment(payment), payment.currency, difference)
    blocked = difference if difference > ZERO else None
    return Finding(APPLIED, "amount", kind, name, *place, items, blocked=blocked)


def cash_to_ledger(view: View) -> Iterator[Finding]:
    """Payments and reversals at their booked rate, against the cash accounts of the same documents."""
    expected = {
        payment.id: (payment.company, month_of_payment(payment), cents(payment.amount * payment.rate))
        for payment in view.money.values()
    }
    ledger = {key: found for key, found in ledger_of(view, "Bank").items() if key in view.books.payments}
    for key in sorted(expected.keys() | ledger.keys()):
        booked = ledger.get(key)
        if key in expected:
            company, period, amount = expected[key]
            difference = amount - (booked[3] if booked is not None else ZERO)
        elif booked is not None:
            company, period, difference = booked[1], booked[2], -booked[3]
        if difference != ZERO:
            currency = view.context.functional(company)
            item = Item(f"{LEDGER}:{key}", abs(difference), "misstatement", currency)
            place = (key, None, company, period, currency, difference)
            yield Finding(LEDGER, "amount", "break", "subledger_mismatch", *place, (item,))
