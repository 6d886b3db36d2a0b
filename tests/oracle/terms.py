"""Rule billing_terms: the ERP bills on the terms, the way and the purchase order that were agreed.

Add here: a term of a contract the ERP keeps too, a policy on terms or purchase orders. Stays out: prices (``rates``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.findings import Finding, Item, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Contract, Project
from tests.oracle.records_erp import Order
from tests.oracle.standing import Standing

LEG = "billing_terms.erp"
SIDES = ("salesforce", "netsuite")
TERMS_FIELD = "Payment_Terms__c"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Waiting:
    """What waits to be billed of a contract: the items with their values, within the cap."""

    items: tuple[Item, ...]

    @property
    def value(self) -> Decimal:
        """Approved unbilled value."""
        return sum((item.amount or ZERO for item in self.items), ZERO)


def billing_terms(view: View, standing: Mapping[str, Standing]) -> Iterator[Finding]:
    """All rows of the rule: attributes that differ, then the policies on invoices and purchase orders."""
    waiting = _waiting(standing)
    orders: dict[str, list[tuple[Order, Project]]] = defaultdict(list)
    for order in view.books.orders:
        job = view.books.jobs.get(str(order.project))
        if job is not None and job.contract in view.contracts and not job.cancelled and not order.void:
            orders[str(job.contract)].append((order, job))
    for contract in view.contracts.values():
        rest = waiting.get(contract.id, Waiting(()))
        if len(orders[contract.id]) == 1:
            yield from _attributes(view, contract, orders[contract.id][0], rest)
        yield from _overrun(view, contract, rest)
    yield from _stale(view)


def _waiting(standing: Mapping[str, Standing]) -> Mapping[str, Waiting]:
    items: dict[str, list[Item]] = defaultdict(list)
    for line in standing.values():
        if line.within_cap > ZERO:
            item = Item(f"time_entry:{line.entry.id}", line.within_cap, "delay", line.contract.currency)
            items[line.contract.id].append(item)
    return {contract: Waiting(tuple(found)) for contract, found in items.items()}


def _attributes(view: View, contract: Contract, found: tuple[Order, Project], rest: Waiting) -> Iterator[Finding]:
    order, job = found
    signed = at_midnight(contract.signed) if contract.signed is not None else contract.changed
    versions = (contract.changed, order.changed, job.changed)
    reason = pending_reason(view.context, signed, "netsuite", SIDES, versions)
    kind = "break" if reason is None else "timing"

    def row(name: str, attribute: str, difference: int, items: tuple[Item, ...] = ()) -> Finding:
        period = month_of(view.context.today)
        grain, ids = f"{contract.id}:{attribute}", (contract.id, contract.company)
        shown = items if reason is None else ()
        return Finding(
            LEG, "count", kind, name, grain, *ids, period, None, Decimal(difference), shown, blocked=rest.value
        )

    if contract.po_required and order.po_number is None:
        yield row("missing_purchase_order", "purchase_order", 1, rest.items)
        numbers: tuple[str | None, str | None] = (None, None)
    else:
        numbers = (contract.po_number, order.po_number)
    pairs = {
        "payment_terms": (contract.terms, order.terms),
        "billing_type": (contract.billing_type, job.billing_type),
        "purchase_order": numbers,
    }
    for attribute, (ours, theirs) in pairs.items():
        if ours is not None and ours != theirs:
            yield row("billing_terms_mismatch", attribute, 1)
            if theirs is not None:
                yield row("billing_terms_mismatch", attribute, -1)


def _overrun(view: View, contract: Contract, rest: Waiting) -> Iterator[Finding]:
    if contract.po_amount is None:
        return
    excess = view.billed_against_value(contract.id, month_of(view.context.today)) + rest.value - contract.po_amount
    if excess > ZERO:
        item = Item(f"purchase_order:{contract.id}", excess, "delay", contract.currency)
        yield Finding(
            LEG,
            "amount",
            "condition",
            "purchase_order_overrun",
            contract.id,
            contract.id,
            contract.company,
            month_of(view.context.today),
            contract.currency,
            ZERO,
            (item,),
            blocked=rest.value,
        )


def _stale(view: View) -> Iterator[Finding]:
    """Posted invoices, not credited in full, on terms the contract had given up by the day of the invoice."""
    for document in view.books.documents.values():
        contract = view.contract_of_job(document.project)
        if contract is None or document.kind != "invoice" or not document.counts or document.terms is None:
            continue
        memos = [memo.gross for memo in view.credits_by_invoice.get(document.id, ()) if memo.counts]
        if memos and document.gross + sum(memos, ZERO) == ZERO:
            continue  # credited in full: it asks nothing of anybody
        valid, former = terms_on(view, contract, document.day)
        if document.terms != valid and document.terms in former:
            yield Finding(
                LEG,
                "count",
                "condition",
                "stale_terms_invoiced",
                document.id,
                contract.id,
                document.company,
                document.month,
                document.currency,
                ZERO,
                (Item(f"invoice:{document.id}:terms", ZERO, "control", document.currency),),
                blocked=document.gross,
            )


def terms_on(view: View, contract: Contract, day: date) -> tuple[str | None, set[str]]:
    """Payment terms in force at the end of a day, and those that had been given up by then."""
    changes = [change for change in view.sales.history.get(contract.id, ()) if change.field == TERMS_FIELD]
    later = [change for change in changes if change.at.date() > day]
    former = {change.old for change in changes if change.at.date() <= day and change.old is not None}
    return (later[0].old if later else contract.terms), former
