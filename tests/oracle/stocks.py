"""Closings of backlog, unbilled time, receivables and contract position by period, from the records as they stand.

Add here: another stock. Stays out: movements and restatements (those are the warehouse's way to the same numbers).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.firm_view import View, month_of
from tests.oracle.records import Contract
from tests.oracle.standing import Standing

ZERO = Decimal(0)
Cell = tuple[str, str, str | None, str]


def closings(view: View, standing: Mapping[str, Standing]) -> dict[Cell, Decimal]:
    """(stock, legal entity, currency, period) -> closing, for every period up to today; zeros are left out."""
    periods = sorted(period for period in view.books.period_ends if period <= month_of(view.context.today))
    found: dict[Cell, Decimal] = defaultdict(lambda: ZERO)
    for period in periods:
        for contract in view.contracts.values():
            found["backlog", contract.company, contract.currency, period] += _backlog_at(view, contract, period)
            position = _position_by(view, contract, period)
            found["contract_position", contract.company, contract.currency, period] += position
        for line in standing.values():
            company = view.delivery.projects[line.entry.project].company
            found["unbilled", company, line.contract.currency, period] += _unbilled_at(view, line, period)
        for company, amount in _receivable_by(view, period):
            found["ar", company, view.context.functional(company), period] += amount
    return {cell: amount for cell, amount in found.items() if amount}


def _backlog_at(view: View, contract: Contract, period: str) -> Decimal:
    """Everything at its own date: what is changed or credited before the signature counts from then on."""
    value = sum(
        (
            entry.amount
            for entry in view.in_force(contract.id)
            if entry.effective and month_of(entry.effective) <= period
        ),
        ZERO,
    )
    if contract.signed is not None and month_of(contract.signed) <= period:
        value += contract.signed_value
    if contract.closed is not None and month_of(contract.closed) <= period:
        value -= view.debooked(contract)
    return value - min(value, view.billed_against_value(contract.id, period))


def _unbilled_at(view: View, line: Standing, period: str) -> Decimal:
    worked = line.value if month_of(line.entry.day) <= period else ZERO
    minutes = sum(
        entry.minutes
        for document, entry in view.lines_by_source.get(("time", line.entry.id), ())
        if document.posted and document.month <= period
    )
    billed = min(time_value(max(minutes, 0), line.rate) or ZERO, line.value or ZERO)
    given_up = [entry.written_off_on or line.entry.day for entry in line.transfers if entry.written_off]
    written_off = line.written_off if given_up and month_of(min(given_up)) <= period else ZERO
    return (worked or ZERO) - billed - written_off


def _receivable_by(view: View, period: str) -> Iterable[tuple[str, Decimal]]:
    books = view.books
    for document in books.documents.values():
        if document.counts and document.month <= period:
            yield document.company, document.header_functional
    applied: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for use in books.applications:
        payment = view.money.get(use.settled_by)
        if payment is not None:
            applied[payment.id] += use.amount
            if (payment.period or month_of(payment.day)) <= period:
                yield payment.company, -cents(use.amount * books.documents[use.invoice].rate)
    for payment in view.money.values():
        if (payment.period or month_of(payment.day)) <= period:
            yield payment.company, -cents((payment.amount - applied[payment.id]) * payment.rate)


def _position_by(view: View, contract: Contract, period: str) -> Decimal:
    """Recognized less billed, fees and expenses, in the contract's currency."""
    booked = view.recognized_by_contract.get(contract.id, ())
    recognized = [one.amount for one in booked if one.currency == contract.currency and one.period <= period]
    billed = [
        line.amount
        for document in view.documents_by_contract.get(contract.id, ())
        if document.currency == contract.currency and document.month <= period
        for line in document.lines
    ]
    return sum(recognized, ZERO) - sum(billed, ZERO)
