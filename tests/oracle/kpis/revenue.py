"""KPIs of revenue: recognized and billed by month, the net position per contract, how late entries are booked.

Add here: a KPI whose parts are revenue entries or positions. Stays out: margin (``contracts``) and receivables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import ZERO, Part, Place, durations, place_of, reported
from tests.oracle.records import Contract, Expense
from tests.oracle.solution import Answer
from tests.oracle.standing import TIME_AND_MATERIALS, Standing

VARIANTS = ("contract_rule", "with_submitted", "gross_of_expenses")


@dataclass(frozen=True)
class Position:
    """A contract's recognized less billed, contract currency, and where a balance sheet shows it."""

    contract: Contract
    recognized: Decimal
    billed: Decimal
    unbilled: Decimal

    @property
    def net(self) -> Decimal:
        """Recognized less billed."""
        return self.recognized - self.billed

    @property
    def unbilled_receivable(self) -> Decimal:
        """A right that waits for nothing but time."""
        return min(max(self.net, ZERO), self.unbilled)

    @property
    def asset(self) -> Decimal:
        """The rest of what was recognized and not billed."""
        return max(self.net, ZERO) - self.unbilled_receivable

    @property
    def liability(self) -> Decimal:
        """Billed and not yet recognized."""
        return max(-self.net, ZERO)


def positions(view: View, standing: Mapping[str, Standing]) -> list[Position]:
    """The position of every executed contract."""
    unbilled: dict[str, Decimal] = {}
    for line in standing.values():
        unbilled[line.contract.id] = unbilled.get(line.contract.id, ZERO) + line.within_cap
    return [
        Position(contract, view.recognized(key), view.billed_against_value(key), unbilled.get(key, ZERO))
        for key, contract in view.contracts.items()
    ]


def position(answer: Answer) -> Iterator[Part]:
    """Contract asset, contract liability and unbilled receivable."""
    view, month = answer.view, month_of(answer.view.context.today)
    for line in positions(view, answer.standing):
        place, currency = place_of(month, line.contract), line.contract.currency
        for kpi, amount in (
            ("contract_asset", line.asset),
            ("contract_liability", line.liability),
            ("unbilled_receivable", line.unbilled_receivable),
        ):
            yield Part(place, kpi, "netted", "amount", reported(view, amount, currency))


def recognized(answer: Answer) -> Iterator[Part]:
    """Revenue booked in the month; with time submitted and not approved; with what is billed on for expenses."""
    view = answer.view
    for row in answer.margins:
        place, functional = place_of(row.period, row.contract), view.context.functional(row.contract.company)
        amount = reported(view, row.month.recognized, functional, row.period)
        for variant in VARIANTS:
            yield Part(place, "revenue_recognized", variant, "amount", amount)
        yield Part(place, "billed", "net", "amount", reported(view, row.month.billed, functional, row.period))
    yield from _submitted(view)
    for expense in view.delivery.expenses.values():
        contract = view.contract_of_workspace(expense.project)
        if contract is not None and expense.counts and expense.day <= view.context.today:
            place = place_of(month_of(expense.day), contract)
            amount = reported(view, marked_up(contract, expense), expense.currency, place[0])
            yield _recognized(place, "gross_of_expenses", amount)


def _submitted(view: View) -> Iterator[Part]:
    for contract_id, entries in view.entries_by_contract.items():
        contract = view.contracts[contract_id]
        for entry in entries:
            waiting = entry.billable and not entry.approved
            if waiting and contract.billing_type == TIME_AND_MATERIALS:
                value = time_value(entry.minutes, view.entry_rate(contract_id, entry))
                place = place_of(month_of(entry.day), contract)
                amount = ZERO if value is None else reported(view, value, contract.currency, place[0])
                yield _recognized(place, "with_submitted", amount)


def _recognized(place: Place, variant: str, amount: Decimal | None) -> Part:
    return Part(place, "revenue_recognized", variant, "amount", amount)


def marked_up(contract: Contract, expense: Expense) -> Decimal:
    """What the client pays for a cost."""
    return cents(expense.amount * (100 + (contract.markup_percent or ZERO)) / 100)


def alignment(answer: Answer) -> Iterator[Part]:
    """Days from the end of the period to the booking of the entry."""
    view = answer.view
    for contract_id, entries in view.recognized_by_contract.items():
        for entry in entries:
            place = place_of(entry.period, view.contracts[contract_id])
            days = (entry.changed.date() - view.books.period_ends[entry.period]).days
            yield from durations(place, "rev_rec_alignment_days", "entry", days)
