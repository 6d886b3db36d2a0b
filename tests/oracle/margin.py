"""The margin mart in plain Python: each contract at the end of each period, functional currency of its legal entity.

Add here: a measure of margin. Stays out: contract backlog and the executive roll-up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.firm_view import View, fee_lines, functional_fees, month_of
from tests.oracle.records import Contract

ZERO = Decimal(0)


@dataclass
class Month:
    """Additive measures of a contract in a period."""

    recognized: Decimal = ZERO
    billed: Decimal = ZERO
    labour_cost: Decimal = ZERO
    expenses: Decimal = ZERO
    subcontractors: Decimal = ZERO
    minutes: int = 0
    minutes_without_cost: int = 0

    @property
    def cost(self) -> Decimal:
        """Labour, expenses and subcontractors."""
        return self.labour_cost + self.expenses + self.subcontractors

    def __add__(self, other: Month) -> Month:
        return Month(
            self.recognized + other.recognized,
            self.billed + other.billed,
            self.labour_cost + other.labour_cost,
            self.expenses + other.expenses,
            self.subcontractors + other.subcontractors,
            self.minutes + other.minutes,
            self.minutes_without_cost + other.minutes_without_cost,
        )


@dataclass(frozen=True)
class Margin:
    """A contract at the end of a period: the period's measures, the sums to date, and the margins they make."""

    contract: Contract
    period: str
    month: Month
    to_date: Month
    value: Decimal | None
    planned_cost: Decimal | None
    to_complete: Decimal | None

    @property
    def booked(self) -> Decimal | None:
        """(value - planned cost) / value."""
        return share(less(self.value, self.planned_cost), self.value)

    @property
    def recognized(self) -> Decimal | None:
        """(recognized - cost) / recognized, None while some minutes have no cost rate."""
        return share(less(self.to_date.recognized, self._cost), self.to_date.recognized)

    @property
    def billed(self) -> Decimal | None:
        """(billed - cost) / billed."""
        return share(less(self.to_date.billed, self._cost), self.to_date.billed)

    @property
    def forecast_cost(self) -> Decimal | None:
        """Cost to date and estimate to complete."""
        return None if self._cost is None or self.to_complete is None else self._cost + self.to_complete

    @property
    def forecast(self) -> Decimal | None:
        """(value - cost to date - estimate to complete) / value."""
        return share(less(self.value, self.forecast_cost), self.value)

    @property
    def erosion(self) -> Decimal | None:
        """Booked margin less forecast margin."""
        return less(self.booked, self.forecast)

    @property
    def _cost(self) -> Decimal | None:
        return self.to_date.cost if self.to_date.minutes_without_cost == 0 else None


def less(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """A difference, None where a part is unknown."""
    return None if first is None or second is None else first - second


def share(numerator: Decimal | None, denominator: Decimal | None) -> Decimal | None:
    """A ratio to six digits, None where it has no meaning."""
    if numerator is None or not denominator:
        return None
    return (numerator / denominator).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def converted(view: View, amount: Decimal, source: str, target: str | None, period: str) -> Decimal | None:
    """An amount at the period's average rates, by way of the reporting currency; None where a rate is unknown."""
    if source == target:
        return amount
    rates = view.books.average_rates
    first, second = rates.get((source, period)), rates.get((str(target), period))
    return None if first is None or second is None else cents(amount * first / second)


def margins(view: View) -> list[Margin]:
    """Every executed contract at the end of every period from its signature (or first activity) to today."""
    months: dict[str, dict[str, Month]] = defaultdict(lambda: defaultdict(Month))
    today = month_of(view.context.today)
    for contract in view.contracts.values():
        for recognition in view.recognized_by_contract.get(contract.id, ()):
            if recognition.period <= today:
                months[contract.id][recognition.period].recognized += recognition.functional
        for document in view.documents_by_contract.get(contract.id, ()):
            period = document.period or month_of(document.day)
            if period <= today and fee_lines(document):
                months[contract.id][period].billed += functional_fees(document)
    _labour(view, months)
    _expenses(view, months)
    calendar = [period for period in sorted(view.books.period_ends) if period <= today]
    return [
        row for contract in view.contracts.values() for row in _course(view, contract, months[contract.id], calendar)
    ]


def _labour(view: View, months: dict[str, dict[str, Month]]) -> None:
    for entry in view.delivery.entries.values():
        contract = view.contract_of_workspace(entry.project)
        if contract is None or not entry.approved or entry.day > view.context.today:
            continue
        known = [rate for start, rate, _ in view.delivery.cost_rates.get(entry.person, ()) if start <= entry.day]
        month = months[contract.id][month_of(entry.day)]
        month.minutes += entry.minutes
        if known:
            month.labour_cost += time_value(entry.minutes, known[-1]) or ZERO
        else:
            month.minutes_without_cost += entry.minutes


def _expenses(view: View, months: dict[str, dict[str, Month]]) -> None:
    for expense in view.delivery.expenses.values():
        contract = view.contract_of_workspace(expense.project)
        if contract is None or not expense.approved or expense.day > view.context.today:
            continue
        functional = view.context.functional(contract.company)
        period = month_of(expense.day)
        amount = converted(view, expense.amount, expense.currency, functional, period) or ZERO
        month = months[contract.id][period]
        if expense.subcontracted:
            month.subcontractors += amount
        else:
            month.expenses += amount


def _course(view: View, contract: Contract, months: Mapping[str, Month], calendar: list[str]) -> list[Margin]:
    signed = month_of(contract.signed) if contract.signed is not None else calendar[0]
    first = min([signed, *months])
    functional = view.context.functional(contract.company)
    rows, to_date = [], Month()
    for period in calendar:
        if period < first:
            continue
        month = months.get(period, Month())
        to_date += month
        end = min(view.books.period_ends[period], view.context.today)
        rows.append(
            Margin(
                contract=contract,
                period=period,
                month=month,
                to_date=to_date,
                value=converted(view, _value_at(view, contract, end), contract.currency, functional, signed),
                planned_cost=_planned_cost(view, contract),
                to_complete=_to_complete(view, contract, end),
            )
        )
    return rows


def _value_at(view: View, contract: Contract, end: date) -> Decimal:
    amended = [entry.amount for entry in view.in_force(contract.id) if entry.effective and entry.effective <= end]
    value = contract.signed_value + sum(amended, ZERO)
    return value - view.debooked(contract) if contract.closed is not None and contract.closed <= end else value


def _planned_cost(view: View, contract: Contract) -> Decimal | None:
    """Plan at signature: of the contract, else the first version of its projects' estimates."""
    if contract.planned_cost is not None:
        return contract.planned_cost
    projects = {project.id for project in view.projects_by_contract.get(("psa", contract.id), ())}
    first = [
        entry.planned_cost for entry in view.delivery.estimates if entry.project in projects and entry.version == 1
    ]
    return sum(first, ZERO) if first else None


def _to_complete(view: View, contract: Contract, end: date) -> Decimal | None:
    latest: dict[str, tuple[int, Decimal]] = {}
    projects = {project.id for project in view.projects_by_contract.get(("psa", contract.id), ())}
    for estimate in view.delivery.estimates:
        if estimate.project in projects and estimate.day <= end:
            known = latest.get(estimate.project)
            if known is None or known[0] < estimate.version:
                latest[estimate.project] = (estimate.version, estimate.to_complete)
    return sum((amount for _, amount in latest.values()), ZERO) if latest else None
