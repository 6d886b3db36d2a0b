"""Defects of documents and ledger: headers that differ from their lines, duplicate numbers, postings beside the books.

Here: choosing posted documents and recognitions (`CHOOSERS`) and marking them in a pod's books (`apply`).
Stays out: defects of contracts and of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, booking_rate, convert, month_index, period_of, recognised_at, shift
from qtc_pipeline.sandbox.defects import LEDGER_GROUPS, Choice, Plant
from qtc_pipeline.sandbox.defects_deals import EARLY_REVENUE
from qtc_pipeline.sandbox.history import Document, Recognition

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from qtc_pipeline.sandbox.collecting import Books
    from qtc_pipeline.sandbox.model import Engagement
    from qtc_pipeline.sandbox.state import PodState

FIRST_GAP = 3  # a number may be missing behind this one
# (not older than, with tax where that matters, of a deal without other defects): the first that gives a document
_STRICTNESS = (
    (timedelta(days=75), True, True),
    (timedelta(days=75), True, False),
    (timedelta(days=300), True, False),
    (timedelta(days=300), False, False),
)


@dataclass(frozen=True, slots=True)
class ManualJournal:
    """A journal somebody posted by hand on the receivable account (minor units of the functional currency)."""

    number: int
    posted: datetime
    amount: int


def choose_document(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find a posted invoice of the last weeks, if possible of a deal that carries nothing else."""
    draw = choice.draw(name, leg)
    for recent, taxed, alone in _STRICTNESS:
        for step in range(len(choice.pods)):
            state = choice.pods[(place + step) % len(choice.pods)]
            documents = [
                item
                for item in state.books.documents
                if _fit(choice, item, recent)
                and (item.tax or not taxed or name != "tax_mismatch")
                and not (alone and item.engagement.number in choice.deals)
                and (name != "duplicate_invoice" or _earlier(state, item))
                and _may(item, name)
            ]
            if documents:
                found = documents[draw.randrange(len(documents))]
                choice.deals.add(found.engagement.number)
                choice.documents.add(found.number)
                facts = {"amount": draw.choice((-1, 1)) * draw.randrange(5_00, 250_00)}
                if name == "duplicate_invoice":
                    facts["earlier"] = _earlier(state, found)
                elif name == "stale_terms_invoiced":
                    facts["deal"] = found.engagement.number
                elif name == "invoice_number_gap":
                    facts["skip"] = draw.randrange(1, 4)
                return [Plant(name, leg, state.spec.index, found.number, facts)]
    return []


def _may(item: Document, name: str) -> bool:
    if name == "stale_terms_invoiced":
        return item.engagement.terms_changed is None
    return name != "invoice_number_gap" or (item.serial or 0) > FIRST_GAP


def _fit(choice: Choice, item: Document, recent: timedelta) -> bool:
    return (
        item.kind == "CustInvc"
        and item.posted is not None
        and FIRST_AS_OF - recent < item.posted < FIRST_AS_OF - timedelta(days=4)
        and item.number not in choice.documents
        and item.engagement.number not in choice.billed_twice
        and item.credited == 0
        and not item.quirks.get("no_credit")
        and not any(line.entry is not None and line.entry.number in choice.taken for line in item.lines)
    )


def _earlier(state: PodState, item: Document) -> int:
    """Return the number of an earlier invoice of the same customer, 0 where there is none."""
    for other in state.books.documents:
        if (
            other.kind == "CustInvc"
            and other.engagement.account is item.engagement.account
            and other.posted is not None
            and item.posted is not None
            and other.posted.date() < item.posted.date()
            and not other.quirks
        ):
            return other.number
    return 0


def choose_journal(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Put a manual journal into the books of one pod's legal entity."""
    draw = choice.draw(name, leg)
    spec = choice.pods[place % len(choice.pods)].spec
    facts = {"amount": draw.randrange(5_00, 250_00), "days": draw.randrange(6, 25)}
    return [Plant(name, leg, spec.index, spec.index + 1, facts)]


def choose_recognition(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find a recognition whose journal carries no other mismatch: each group has a month of its own."""
    if choice.group >= LEDGER_GROUPS and leg == "revenue.gl":
        return []
    draw = choice.draw(name, leg)
    period = shift(period_of(FIRST_AS_OF.date()), -1 - choice.group % LEDGER_GROUPS)
    for step in range(len(choice.pods)):
        state = choice.pods[(place + step) % len(choice.pods)]
        rows = [
            row
            for row in state.recognitions
            if row.recognised
            and row.period == period
            and not row.engagement.judgement
            and row.engagement.number not in choice.recognised
        ]
        if rows:
            found = rows[draw.randrange(len(rows))]
            choice.recognised.add(found.engagement.number)
            return [Plant(name, leg, state.spec.index, found.number, {"amount": draw.randrange(5_00, 90_00)})]
    return []


def apply_books(books: Books, plants: tuple[Plant, ...]) -> None:
    """Mark the planted documents of a pod."""
    documents = {item.number: item for item in books.documents}
    for plant in plants:
        found = documents.get(plant.number)
        if found is None:
            continue
        if plant.break_class == "header_line_mismatch":
            found.quirks["header"] = plant.facts["amount"]
        elif plant.break_class == "tax_mismatch":
            found.quirks["header"] = found.quirks["header_tax"] = plant.facts["amount"]
        elif plant.break_class == "duplicate_invoice":
            found.quirks["numbered_as"] = documents[plant.facts["earlier"]].serial
        elif plant.break_class == "tax_rate_unexpected":
            found.tax += abs(plant.facts["amount"])
        elif plant.break_class == "stale_terms_invoiced":
            found.quirks["terms"] = found.engagement.former_terms
        elif plant.leg == "revenue.position":
            found.quirks["position"] = plant.facts["amount"]
        elif plant.leg == "ar_to_gl" and plant.break_class == "subledger_mismatch":
            found.quirks["booked"] = plant.facts["amount"]


def numbering(plants: tuple[Plant, ...]) -> dict[int, int]:
    """Return how many numbers a document skips before its own; -1: it takes another's."""
    skipped = {plant.number: -1 for plant in plants if plant.break_class == "duplicate_invoice"}
    return skipped | {
        plant.number: plant.facts["skip"] for plant in plants if plant.break_class == "invoice_number_gap"
    }


def apply_recognitions(rows: list[Recognition], deals: dict[int, Engagement], plants: tuple[Plant, ...]) -> None:
    """Mark the planted recognitions of a pod."""
    amounts = {plant.number: plant for plant in plants if plant.leg in {"revenue.gl", "revenue.subledger"}}
    for row in rows:
        plant = amounts.get(row.number)
        if plant is None or not row.recognised:
            continue
        if plant.leg == "revenue.gl":
            row.quirks["booked"] = plant.facts["amount"]
        else:
            _misalign(row, plant.facts["amount"])
    rows += [_early(deals[plant.number]) for plant in plants if plant.break_class == "revenue_before_delivery"]


def _misalign(row: Recognition, amount: int) -> None:
    """Recognise another amount than the rule says, in row and ledger alike."""
    deal = row.engagement
    row.amount += amount
    row.quirks["misaligned"] = amount
    row.functional = convert(row.amount, booking_rate(deal.currency, deal.entity.currency, row.period))


def _early(deal: Engagement) -> Recognition:
    """Return revenue of a deal recognised before it starts."""
    period, amount = EARLY_REVENUE
    functional = convert(amount, booking_rate(deal.currency, deal.entity.currency, period))
    number = deal.number * 100 + month_index(period) + 1
    return Recognition(number, deal, period, amount, functional, True, recognised_at(period), {"misaligned": amount})


def manual_journals(plants: tuple[Plant, ...]) -> list[ManualJournal]:
    """Return the manual journals of a pod."""
    return [
        ManualJournal(plant.number, FIRST_AS_OF - timedelta(days=plant.facts["days"], hours=9), plant.facts["amount"])
        for plant in plants
        if plant.break_class == "journal_on_control_account"
    ]


CHOOSERS: dict[tuple[str, str], Callable[[Choice, str, str, int], list[Plant]]] = {
    ("header_line_mismatch", "invoice_integrity.lines"): choose_document,
    ("tax_mismatch", "invoice_integrity.tax"): choose_document,
    ("duplicate_invoice", "invoice_integrity.unique"): choose_document,
    ("subledger_mismatch", "ar_to_gl"): choose_document,
    ("journal_on_control_account", "ar_to_gl"): choose_journal,
    ("subledger_mismatch", "revenue.gl"): choose_recognition,
    ("revenue_misaligned", "revenue.subledger"): choose_recognition,
    ("revenue_misaligned", "revenue.position"): choose_document,
    ("tax_rate_unexpected", "invoice_integrity.tax"): choose_document,
    ("invoice_number_gap", "invoice_integrity.unique"): choose_document,
    ("stale_terms_invoiced", "billing_terms.erp"): choose_document,
}
