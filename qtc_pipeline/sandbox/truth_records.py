"""What the defects of single records claim: time, costs, documents, payments, journals.

Here: `record_claims(state)`. Stays out: defects of deals and what follows for revenue (`truth_deals.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.claims import CONTROL, OVERBILLING, Claim, Item, by_sign, claim, time_item
from qtc_pipeline.sandbox.clock import convert, value_of
from qtc_pipeline.sandbox.defects_costs import EXPENSES, SUBCONTRACTORS
from qtc_pipeline.sandbox.defects_time import LEGS as TIME_LEGS
from qtc_pipeline.sandbox.payloads_netsuite_documents import document_number
from qtc_pipeline.sandbox.payloads_netsuite_headers import journal_id, manual_journal_id
from qtc_pipeline.sandbox.payloads_salesforce import contract_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.history import Document, Entry, Expense, Payment
    from qtc_pipeline.sandbox.state import PodState

_CASH = ("cash.applied", "cash.gl")


def record_claims(state: PodState) -> Iterator[Claim]:
    """Yield what the defects of a pod's records claim at its instant."""
    entries = {entry.number: entry for entry in state.entries}
    costs = {item.number: item for item in state.expenses}
    documents = {document.number: document for document in state.books.documents}
    payments = {payment.number: payment for payment in state.books.payments}
    for plant in state.plants:
        if not plant.is_open:
            continue
        if plant.leg in TIME_LEGS and plant.number in entries:
            yield from _time(plant, entries[plant.number])
        elif plant.leg in {EXPENSES, SUBCONTRACTORS} and plant.number in costs:
            yield _cost(plant, costs[plant.number])
        elif plant.leg in _CASH or plant.break_class == "paid_before_invoice":
            yield _payment(plant, payments[plant.number])
        elif plant.leg == "revenue.gl" or plant.break_class == "journal_on_control_account":
            yield _journal(state, plant)
        elif plant.leg not in {"revenue.position", "revenue.subledger"} and plant.number in documents:
            yield from _document(plant, documents[plant.number])


def _time(plant: Plant, entry: Entry) -> Iterator[Claim]:
    deal, name, quirks = entry.engagement, plant.break_class, entry.quirks or {}
    currency = deal.currency if deal else entry.resource.entity.currency
    number = str(entry.number)
    records = (number, str(5_000_000_000 + entry.number))
    if name == "rate_mismatch":
        yield from _rates(plant, entry, currency)
        return
    worth, base = entry.value, None
    if name == "quantity_mismatch":
        worth -= value_of(quirks["erp_minutes"], entry.rate)
        base = by_sign(worth)
    elif name == "removed_after_transfer":
        base = OVERBILLING
        worth = worth if entry.document is not None else 0
    elif name == "moved_after_transfer":
        base = by_sign(worth)
    elif name == "item_billed_twice":
        records = (f"time:{number}", number)
    yield claim(plant, records, (time_item(entry, worth),), currency, base)


def _rates(plant: Plant, entry: Entry, currency: str) -> Iterator[Claim]:
    quirks, number = entry.quirks or {}, str(entry.number)
    if plant.leg == "bill_rate.psa" or plant.facts.get("both"):
        off = entry.value - value_of(entry.minutes, quirks["psa_rate"])
        items = (time_item(entry, abs(off)),)
        yield Claim("rate_mismatch", "bill_rate.psa", (number,), items, currency, by_sign(off), plant.occurrence)
    if plant.leg == "bill_rate.erp" and entry.document is not None:
        minutes = quirks.get("erp_minutes", entry.minutes)
        off = value_of(minutes, entry.rate) - value_of(minutes, quirks["erp_rate"])
        yield claim(plant, (number,), (time_item(entry, abs(off)),), currency, by_sign(off))


def _cost(plant: Plant, item: Expense) -> Claim:
    name, variant, currency = plant.break_class, plant.facts.get("variant"), item.engagement.currency
    number = str(item.number)
    if name == "invalid_cost_centre":
        return claim(plant, (number,), (Item(f"expense:{number}", item.amount),), currency)
    arrived = item.quirks.get("charged", item.charged) if item.transferred else 0
    owed = 0 if variant == "withdrawn" else item.charged
    base = by_sign(owed - arrived) if name == "amount_mismatch" else None
    return claim(plant, (number,), (Item(f"expense:{number}", abs(owed - arrived)),), currency, base)


def _payment(plant: Plant, payment: Payment) -> Claim:
    number, deal = str(payment.number), payment.invoice.engagement
    if plant.break_class == "paid_before_invoice":
        grain = f"{contract_id(deal.number)}:{plant.break_class}"
        return claim(plant, (grain, number, str(payment.invoice.number)), (), deal.currency)
    if plant.break_class == "unapplied_payment":
        return claim(plant, (number,), (), deal.currency)
    if plant.leg == "cash.gl":
        booked = abs(payment.quirks["booked"])
        return claim(plant, (number,), (Item(f"cash.gl:{number}", booked),), deal.entity.currency)
    return claim(plant, (number,), (Item(f"payment:{number}", payment.applied - payment.amount),), deal.currency)


def _document(plant: Plant, document: Document) -> Iterator[Claim]:
    deal, name, number = document.engagement, plant.break_class, str(document.number)
    records = (number, contract_id(deal.number))
    if name == "duplicate_invoice":
        items = tuple(Item(f"invoice_line:{number}:{line.number}", line.amount) for line in document.lines)
        yield claim(plant, (number, str(plant.facts["earlier"])), items, deal.currency)
        return
    if name in {"tax_rate_unexpected", "stale_terms_invoiced"}:
        yield claim(plant, records, (), deal.currency, CONTROL)
        return
    if name == "invoice_number_gap":
        missing = (document.serial or 0) - plant.facts["skip"]
        prefix = document_number(document, missing)[:-6]
        yield claim(plant, (f"{deal.entity.key}:{prefix}:{missing}", number), (), None)
        return
    amount = abs(plant.facts["amount"])
    if plant.leg != "ar_to_gl":
        amount = convert(amount, document.rate)
    yield claim(plant, records, (Item(f"{plant.leg}:{number}", amount),), deal.entity.currency)


def _journal(state: PodState, plant: Plant) -> Claim:
    entity, amount = state.spec.entity, plant.facts["amount"]
    if plant.break_class == "journal_on_control_account":
        number = manual_journal_id(plant.number)
        return claim(plant, (number,), (Item(f"journal:{number}", amount),), entity.currency)
    row = next(item for item in state.recognitions if item.number == plant.number)
    number = journal_id(entity, row.period)
    return claim(plant, (number, str(row.number)), (Item(f"journal:{number}", amount),), entity.currency)
