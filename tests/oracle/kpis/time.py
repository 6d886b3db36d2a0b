"""KPIs of time: what is unbilled and why, how much of what was recorded is billed, how long it takes.

Add here: a KPI whose parts are time entries or their invoice lines. Stays out: capacity (``utilization``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tests.oracle.context import time_value
from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import ZERO, Part, durations, place_of, quotient, reported, whole
from tests.oracle.marts import COLUMNS
from tests.oracle.records import Contract, Entry
from tests.oracle.records_erp import Document, Line
from tests.oracle.solution import Answer
from tests.oracle.standing import TIME_AND_MATERIALS

AGES = {"0-30": "age_0_30", "31-60": "age_31_60", "61-90": "age_61_90", "90+": "age_over_90"}


def unbilled(answer: Answer) -> Iterator[Part]:
    """Unbilled value by state and by age of the work date, and the share of it that is ready to be invoiced."""
    view, month = answer.view, month_of(answer.view.context.today)
    for line in answer.unbilled:
        contract = line.standing.contract
        place = place_of(month, contract, view.delivery.projects[line.standing.entry.project].company)
        amount = reported(view, line.value, contract.currency)
        over = reported(view, line.over_cap, contract.currency)
        yield Part(place, "unbilled_time", "within_cap", "amount", amount)
        yield Part(place, "unbilled_time", "over_cap", "amount", over)
        yield Part(place, "unbilled_time", AGES[line.bucket], "amount", amount)
        if line.column in COLUMNS:
            yield Part(place, "unbilled_time", line.column, "amount", amount)
        ready = amount if line.column == "ready" else ZERO
        yield Part(place, "invoice_readiness", "ready_share", "ratio", ready, amount)


def realization(answer: Answer) -> Iterator[Part]:
    """Billed against recorded, in money (by cohort of the work date, and by period of the invoice) and in minutes."""
    view = answer.view
    for contract, entry in _recorded(view):
        place = place_of(month_of(entry.day), contract)
        value = time_value(entry.minutes, view.entry_rate(contract.id, entry))
        worth = ZERO if value is None else reported(view, value, contract.currency, place[0])
        billed = ZERO if value is None else whole(_amounts(view, _billing(view, entry), place[0]))
        yield Part(place, "realization_billed_amount", "cohort", "ratio", billed, worth)
        yield Part(place, "realization_billed_amount", "period", "ratio", ZERO, worth)
        minutes = sum(line.minutes for _, line in _billing(view, entry))
        billable = Decimal(entry.minutes) if entry.billable else ZERO
        yield Part(place, "realization_billed_hours", "cohort", "ratio", Decimal(minutes), billable)
    for document in view.books.documents.values():
        contract_billed = view.contract_of_job(document.project)
        if (
            contract_billed is not None
            and contract_billed.billing_type == TIME_AND_MATERIALS
            and _bills(view, document)
        ):
            place = place_of(month_of(document.day), contract_billed)
            lines = [(document, line) for line in document.lines if line.source_type == "time"]
            billed = whole(_amounts(view, lines, place[0]))
            yield Part(place, "realization_billed_amount", "period", "ratio", billed, ZERO)


def billable_hours(answer: Answer) -> Iterator[Part]:
    """Billable of all recorded minutes on client projects."""
    for contract_id, entries in answer.view.entries_by_contract.items():
        for entry in entries:
            place = place_of(month_of(entry.day), answer.view.contracts[contract_id])
            billable = Decimal(entry.minutes) if entry.billable else ZERO
            yield Part(place, "realization_billable_hours", "recorded", "ratio", billable, Decimal(entry.minutes))


def effective_rate(answer: Answer) -> Iterator[Part]:
    """Recognized revenue per recorded hour of client projects."""
    view = answer.view
    for row in answer.margins:
        revenue = reported(view, row.month.recognized, view.context.functional(row.contract.company), row.period)
        yield Part(place_of(row.period, row.contract), "effective_rate", "recognized", "ratio", revenue, ZERO)
    for contract_id, entries in view.entries_by_contract.items():
        for entry in entries:
            place = place_of(month_of(entry.day), view.contracts[contract_id])
            hours = quotient(Decimal(entry.minutes), Decimal(60))
            yield Part(place, "effective_rate", "recognized", "ratio", ZERO, hours)


def billing_cycle(answer: Answer) -> Iterator[Part]:
    """Days from the work to the date of the invoice, each line of billed time, in the month of the invoice."""
    view = answer.view
    for contract, entry in _recorded(view):
        for document, _ in _billing(view, entry):
            if document.kind == "invoice":
                place = place_of(month_of(document.day), contract)
                yield from durations(place, "billing_cycle_time", "time", (document.day - entry.day).days)


def approval(answer: Answer) -> Iterator[Part]:
    """Days from submission to approval, in the month of approval."""
    view = answer.view
    for contract_id, entries in view.entries_by_contract.items():
        for entry in entries:
            if entry.counts:
                approved = view.context.since("time_entries", entry.id, entry.changed).date()
                place = place_of(month_of(approved), view.contracts[contract_id])
                yield from durations(place, "approval_lag", "time", (approved - entry.created.date()).days)


def _recorded(view: View) -> Iterator[tuple[Contract, Entry]]:
    for contract_id, entries in view.entries_by_contract.items():
        contract = view.contracts[contract_id]
        if contract.billing_type == TIME_AND_MATERIALS:
            for entry in entries:
                yield contract, entry


def _bills(view: View, document: Document) -> bool:
    return document.bills and not document.void and view.is_billed(document)


def _billing(view: View, entry: Entry) -> list[tuple[Document, Line]]:
    """Posted lines that bill (or credit) an entry."""
    found = view.lines_by_source.get(("time", entry.id), ())
    return [(document, line) for document, line in found if view.is_billed(document)]


def _amounts(view: View, lines: Iterable[tuple[Document, Line]], month: str) -> Iterator[Decimal | None]:
    for document, line in lines:
        yield reported(view, line.amount, document.currency, month)
