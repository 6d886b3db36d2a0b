"""Defects of documents and ledger: headers that differ from their lines, duplicate numbers, postings beside the books.

Here: choosing posted documents and recognitions (`CHOOSERS`) and marking them in a pod's books (`apply`).
Stays out: defects of contracts and of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, period_of, shift
from qtc_pipeline.sandbox.defects import LEDGER_GROUPS, Choice, Plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from qtc_pipeline.sandbox.collecting import Books
    from qtc_pipeline.sandbox.history import Document, Recognition
    from qtc_pipeline.sandbox.state import PodState

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
            ]
            if documents:
                found = documents[draw.randrange(len(documents))]
                choice.deals.add(found.engagement.number)
                choice.documents.add(found.number)
                facts = {"amount": draw.choice((-1, 1)) * draw.randrange(5_00, 250_00)}
                if name == "duplicate_invoice":
                    facts["earlier"] = _earlier(state, found)
                return [Plant(name, leg, state.spec.index, found.number, facts)]
    return []


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
    if choice.group >= LEDGER_GROUPS:
        return []
    draw = choice.draw(name, leg)
    period = shift(period_of(FIRST_AS_OF.date()), -1 - choice.group)
    for step in range(len(choice.pods)):
        state = choice.pods[(place + step) % len(choice.pods)]
        rows = [row for row in state.recognitions if row.recognised and row.period == period]
        if rows:
            found = rows[draw.randrange(len(rows))]
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
        elif plant.leg == "ar_to_gl" and plant.break_class == "subledger_mismatch":
            found.quirks["booked"] = plant.facts["amount"]


def numbering(plants: tuple[Plant, ...]) -> dict[int, int]:
    """Return how many numbers a document skips before its own; -1: it takes another's."""
    return {plant.number: -1 for plant in plants if plant.break_class == "duplicate_invoice"}


def apply_recognitions(rows: list[Recognition], plants: tuple[Plant, ...]) -> None:
    """Mark the planted recognitions of a pod."""
    amounts = {plant.number: plant.facts["amount"] for plant in plants if plant.leg == "revenue.gl"}
    for row in rows:
        if row.number in amounts and row.recognised:
            row.quirks["booked"] = amounts[row.number]


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
}
