"""Defects of payments: not applied, applied beyond what came in, booked differently, earlier than the invoice.

Here: choosing payments (`CHOOSERS`) and changing them in a pod's books (`apply`).
Stays out: defects of documents.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, at, booking_rate, period_of
from qtc_pipeline.sandbox.defects import Choice, Plant

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtc_pipeline.sandbox.collecting import Books
    from qtc_pipeline.sandbox.history import Payment

CLASSES = ("unapplied_payment", "over_applied", "subledger_mismatch", "paid_before_invoice")
LEGS = ("cash.applied", "cash.gl", "lifecycle_order")
_FIRST_DAY = 6  # of a month: a payment three days earlier is in the same period


def choose(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find an invoice paid by one payment, if possible of a deal that carries nothing else."""
    draw = choice.draw(name, leg)
    for age, alone in ((160, True), (300, True), (540, False)):
        for step in range(len(choice.pods)):
            state = choice.pods[(place + step) % len(choice.pods)]
            payments = [
                item
                for item in state.books.payments
                if _fits(choice, item, name, FIRST_AS_OF - timedelta(days=age))
                and not (alone and item.invoice.engagement.number in choice.deals)
            ]
            if payments:
                found = payments[draw.randrange(len(payments))]
                choice.documents.add(found.invoice.number)
                choice.deals.add(found.invoice.engagement.number)
                return [Plant(name, leg, state.spec.index, found.number, {"amount": draw.randrange(20_00, 300_00)})]
    return []


def _fits(choice: Choice, item: Payment, name: str, oldest: datetime) -> bool:
    invoice = item.invoice
    whole = item.applied == item.amount == invoice.gross - invoice.credited and not invoice.credited
    if not whole or invoice.number in choice.documents or invoice.posted is None or invoice.quirks:
        return False
    if name == "paid_before_invoice" and invoice.posted.day < _FIRST_DAY:
        return False
    return oldest < item.posted < FIRST_AS_OF - timedelta(days=4)


def apply(books: Books, plants: tuple[Plant, ...]) -> None:
    """Change the planted payments of a pod."""
    payments = {item.number: item for item in books.payments}
    for plant in plants:
        if plant.leg not in LEGS or plant.break_class not in CLASSES or plant.number not in payments:
            continue
        found, amount = payments[plant.number], plant.facts["amount"]
        if plant.break_class == "unapplied_payment":
            found.amount += amount
        elif plant.break_class == "over_applied":
            found.applied += amount
        elif plant.break_class == "subledger_mismatch":
            found.quirks["booked"] = amount
        elif found.invoice.posted is not None:
            day = found.invoice.posted.date() - timedelta(days=3)
            deal = found.invoice.engagement
            found.posted = at(day, 14)
            found.rate = booking_rate(deal.currency, deal.entity.currency, period_of(day))


CHOOSERS: dict[tuple[str, str], Callable[[Choice, str, str, int], list[Plant]]] = {
    ("unapplied_payment", "cash.applied"): choose,
    ("over_applied", "cash.applied"): choose,
    ("subledger_mismatch", "cash.gl"): choose,
    ("paid_before_invoice", "lifecycle_order"): choose,
}
