"""The margin mart in plain Python: per contract and period, and the contract's booked, forecast and billed margin.

Add here: a measure of margin. Stays out: contract backlog and the executive roll-up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.firm_view import View, fees, month_of
from tests.oracle.records import Contract

ZERO = Decimal(0)


@dataclass
class Month:
    """Additive measures of a contract in a period, functional currency of its legal entity."""

    recognized: Decimal = ZERO
    billed: Decimal = ZERO
    labour_cost: Decimal = ZERO
    expenses: Decimal = ZERO
    minutes: int = 0

    @property
    def cost(self) -> Decimal:
        """Labour and expenses."""
        return self.labour_cost + self.expenses


@dataclass(frozen=True)
class Margin:
    """A contract's margins; ratios are None where their denominator is zero."""

    contract: Contract
    months: Mapping[str, Month]
    value: Decimal | None
    planned_cost: Decimal | None
    to_complete: Decimal | None

    @property
    def total(self) -> Month:
        """Σ over the periods."""
        months = self.months.values()
        return Month(
            sum((month.recognized for month in months), ZERO),
            sum((month.billed for month in months), ZERO),
            sum((month.labour_cost for month in months), ZERO),
            sum((month.expenses for month in months), ZERO),
            sum(month.minutes for month in months),
        )

    @property
    def booked(self) -> Decimal | None:
        """(value - planned cost) / value."""
        return share(_less(self.value, self.planned_cost), self.value)

    @property
    def recognized(self) -> Decimal | None:
        """(recognized - cost) / recognized."""
        return share(self.total.recognized - self.total.cost, self.total.recognized)

    @property
    def billed(self) -> Decimal | None:
        """(billed - cost) / billed."""
        return share(self.total.billed - self.total.cost, self.total.billed)

    @property
    def forecast(self) -> Decimal | None:
        """(value - cost to date - estimate to complete) / value."""
        return share(_less(self.value, self.total.cost, self.to_complete), self.value)

    @property
    def erosion(self) -> Decimal | None:
        """Booked margin less forecast margin."""
        return _less(self.booked, self.forecast)


def _less(first: Decimal | None, *others: Decimal | None) -> Decimal | None:
    known = [other for other in others if other is not None]
    return None if first is None or len(known) < len(others) else first - sum(known, ZERO)


def share(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    """A ratio to six digits, None where it has no meaning."""
    if numerator is None or not denominator:
        return None
    return (numerator / denominator).quantize(Decimal("0.000001"))


def converted(view: View, amount: Decimal, source: str, target: str | None, period: str) -> Decimal | None:
    """An amount at the period's average rates, by way of the reporting currency; None where a rate is unknown."""
    if target is None or source == target:
        return amount if target is not None else None
    rates = view.books.average_rates
    first, second = rates.get((source, period)), rates.get((target, period))
    return None if first is None or second is None else cents(amount * first / second)


def margins(view: View) -> list[Margin]:
    """Margin of every executed contract."""
    months: dict[str, dict[str, Month]] = defaultdict(lambda: defaultdict(Month))
    for contract in view.contracts.values():
        for recognition in view.recognized_by_contract.get(contract.id, ()):
            months[contract.id][recognition.period].recognized += recognition.functional
        for document in view.documents_by_contract.get(contract.id, ()):
            if document.period is not None:
                months[contract.id][document.period].billed += cents(fees(document) * document.rate)
    _labour(view, months)
    _expenses(view, months)
    return [_margin(view, contract, months[contract.id]) for contract in view.contracts.values()]


def _labour(view: View, months: dict[str, dict[str, Month]]) -> None:
    for entry in view.delivery.entries.values():
        contract = view.contract_of_workspace(entry.project)
        if contract is None or not entry.approved or entry.day > view.context.today:
            continue
        known = [rate for start, rate, _ in view.delivery.cost_rates.get(entry.person, ()) if start <= entry.day]
        month = months[contract.id][month_of(entry.day)]
        month.minutes += entry.minutes
        month.labour_cost += time_value(entry.minutes, known[-1] if known else None) or ZERO


def _expenses(view: View, months: dict[str, dict[str, Month]]) -> None:
    for expense in view.delivery.expenses.values():
        contract = view.contract_of_workspace(expense.project)
        if contract is None or not expense.approved or expense.day > view.context.today:
            continue
        functional = view.context.functional(contract.company)
        period = month_of(expense.day)
        amount = converted(view, expense.amount, expense.currency, functional, period)
        months[contract.id][period].expenses += amount or ZERO


def _margin(view: View, contract: Contract, months: Mapping[str, Month]) -> Margin:
    functional = view.context.functional(contract.company)
    signed = month_of(contract.signed) if contract.signed is not None else ""
    return Margin(
        contract=contract,
        months=dict(months),
        value=converted(view, view.contract_value(contract), contract.currency, functional, signed),
        planned_cost=contract.planned_cost,
        to_complete=_to_complete(view, contract),
    )


def _to_complete(view: View, contract: Contract) -> Decimal | None:
    latest: dict[str, tuple[int, Decimal]] = {}
    projects = {project.id for project in view.projects_by_contract.get(("psa", contract.id), ())}
    for estimate in view.delivery.estimates:
        if estimate.project in projects and estimate.day <= view.context.today:
            known = latest.get(estimate.project)
            if known is None or known[0] < estimate.version:
                latest[estimate.project] = (estimate.version, estimate.to_complete)
    return sum((amount for _, amount in latest.values()), ZERO) if latest else None
