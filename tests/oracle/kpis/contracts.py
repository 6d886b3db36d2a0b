"""KPIs of contracts: bookings, backlog and its split, margin, and how long it takes from signature to cash.

Add here: a KPI whose parts are contracts. Stays out: work in progress (``wip``), revenue and positions (``revenue``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import ZERO, Part, durations, place_of, reported
from tests.oracle.margin import Margin, less
from tests.oracle.records import Contract
from tests.oracle.solution import Answer


def bookings(answer: Answer) -> Iterator[Part]:
    """Signed value, amendments in force and what was given up, each in the month of its date."""
    view = answer.view
    for contract in view.contracts.values():
        flows = [(contract.signed, contract.signed_value)]
        flows += [(entry.effective, entry.amount) for entry in view.in_force(contract.id)]
        if view.debooked(contract):
            flows.append((contract.closed, -view.debooked(contract)))
        for day, amount in flows:
            if day is not None:
                month = month_of(day)
                figure = reported(view, amount, contract.currency, month)
                yield Part(place_of(month, contract), "bookings", "signed", "amount", figure)


def backlog(answer: Answer) -> Iterator[Part]:
    """Both bases and where the billing basis stands, with the vendor's own formula for the unscheduled rest."""
    view, month = answer.view, month_of(answer.view.context.today)
    for line in answer.backlog:
        amounts = {
            "billing": line.billing,
            "revenue": line.revenue,
            "delivered_unbilled": line.delivered_unbilled,
            "scheduled": line.scheduled,
            "inactive": line.inactive,
            "unscheduled": line.unscheduled,
            "unscheduled_vendor": line.unscheduled_vendor,
        }
        for variant, amount in amounts.items():
            figure = reported(view, amount, line.contract.currency)
            yield Part(place_of(month, line.contract), "backlog", variant, "amount", figure)


def margin(answer: Answer) -> Iterator[Part]:
    """Recognized and billed margin of each month; booked and forecast margin where both of its sides are known."""
    view, today = answer.view, month_of(answer.view.context.today)
    for row in answer.margins:
        place, functional = place_of(row.period, row.contract), view.context.functional(row.contract.company)
        cost = reported(view, None if row.month.minutes_without_cost else row.month.cost, functional, row.period)
        for variant, amount in (("recognized", row.month.recognized), ("billed", row.month.billed)):
            figure = reported(view, amount, functional, row.period)
            yield Part(place, "margin", variant, "ratio", less(figure, cost), figure)
        if row.period == today:
            yield from _planned(view, row)


def _planned(view: View, row: Margin) -> Iterator[Part]:
    functional = view.context.functional(row.contract.company)
    signed = month_of(row.contract.signed or view.context.today)
    value = reported(view, row.value, functional, signed)
    for variant, amount in (("booked", row.planned_cost), ("forecast", row.forecast_cost)):
        cost = reported(view, amount, functional, signed)
        top, bottom = (ZERO, ZERO) if value is None or cost is None else (value - cost, value)
        yield Part(place_of(row.period, row.contract), "margin", variant, "ratio", top, bottom)


def activation(answer: Answer) -> Iterator[Part]:
    """Days from signature to project, first time, first invoice and first cash, in the month of signature."""
    view = answer.view
    for contract in view.contracts.values():
        if contract.signed is None:
            continue
        place = place_of(month_of(contract.signed), contract)
        events = {
            "psa_project": _project(view, contract),
            "first_time": _first_time(view, contract),
            "first_invoice": _first_invoice(view, contract),
            "first_cash": _first_cash(view, contract),
        }
        for name, day in events.items():
            if day is not None:
                yield from durations(place, "activation_time", name, (day - contract.signed).days)
        project = events["psa_project"]
        in_time = project is not None and (project - contract.signed).days <= view.context.activation_days
        yield Part(place, "activation_time", "psa_project_within_sla", "ratio", Decimal(in_time), Decimal(1))


def _project(view: View, contract: Contract) -> date | None:
    projects = view.projects_by_contract.get(("psa", contract.id), ())
    return min((p.created.date() for p in projects if p.link == "root" and not p.cancelled), default=None)


def _first_time(view: View, contract: Contract) -> date | None:
    entries = view.entries_by_contract.get(contract.id, ())
    return min((entry.day for entry in entries if entry.approved), default=None)


def _first_invoice(view: View, contract: Contract) -> date | None:
    """An invoice is out on its day, whatever period it is posted in."""
    issued = (
        document.day
        for document in view.books.documents.values()
        if document.kind == "invoice" and document.bills and document.counts
        if document.day <= view.context.today and view.contract_of_job(document.project) is contract
    )
    return min(issued, default=None)


def _first_cash(view: View, contract: Contract) -> date | None:
    """Cash has come in whatever period its invoice is posted."""
    documents = view.books.documents
    payments = (
        view.books.payments.get(use.settled_by)
        for use in view.books.applications
        if (invoice := documents.get(use.invoice)) is not None
        and invoice.counts
        and view.contract_of_job(invoice.project) is contract
    )
    return min((payment.day for payment in payments if payment is not None and not payment.void), default=None)
