"""Work in progress of contracts that are not billed by time: five methods, two results each.

Add here: a method. Stays out: time and materials, whose work in progress is unbilled time (``time``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import ZERO, Part, place_of, reported, whole
from tests.oracle.margin import Margin, converted
from tests.oracle.records import Contract
from tests.oracle.solution import Answer
from tests.oracle.standing import TIME_AND_MATERIALS

Known = Decimal | None


@dataclass(frozen=True)
class Work:
    """What the methods compare: budget and use at cost and at price, the contract's price, what is invoiced."""

    budget_cost: Known
    budget_price: Known
    price: Known
    usage_cost: Known
    usage_price: Known
    invoiced: Known


def wip(answer: Answer) -> Iterator[Part]:
    """Each method's two results per contract, where it can be computed."""
    view, month = answer.view, month_of(answer.view.context.today)
    for contract, work in works(answer):
        functional = view.context.functional(contract.company)
        for variant, amount in methods(work).items():
            if amount is not None:
                figure = reported(view, amount, functional)
                yield Part(place_of(month, contract), "wip", variant, "amount", figure)


def works(answer: Answer) -> Iterator[tuple[Contract, Work]]:
    """The inputs per executed contract that is not time and materials, functional currency of its legal entity."""
    view, today = answer.view, month_of(answer.view.context.today)
    for row in answer.margins:
        if row.period == today and row.contract.billing_type != TIME_AND_MATERIALS:
            yield row.contract, _work(view, row)


def _work(view: View, row: Margin) -> Work:
    contract = row.contract
    return Work(
        budget_cost=_budget(view, contract),
        budget_price=_at_signature(view, contract, _sold(view, contract)),
        price=row.value,
        usage_cost=None if row.to_date.minutes_without_cost else row.to_date.cost,
        usage_price=_at_signature(view, contract, _used(view, contract)),
        invoiced=row.to_date.billed,
    )


def _budget(view: View, contract: Contract) -> Known:
    """Cost of the latest plan, else of the contract's own."""
    projects = {project.id for project in view.projects_by_contract.get(("psa", contract.id), ())}
    latest: dict[str, tuple[int, Decimal]] = {}
    for estimate in view.delivery.estimates:
        if estimate.project in projects and estimate.day <= view.context.today:
            latest[estimate.project] = max(
                latest.get(estimate.project, (-1, ZERO)), (estimate.version, estimate.planned_cost)
            )
    return sum((cost for _, cost in latest.values()), ZERO) if latest else contract.planned_cost


def _sold(view: View, contract: Contract) -> Known:
    values: list[Known] = []
    for demand in view.sales.demands:
        if demand.contract == contract.id:
            rate = None if demand.start is None else view.contract_rate(contract.id, demand.role, demand.start)
            values.append(time_value(demand.minutes, rate))
    return whole(values) if values else None


def _used(view: View, contract: Contract) -> Known:
    entries = [entry for entry in view.entries_by_contract.get(contract.id, ()) if entry.approved]
    return whole(time_value(entry.minutes, view.entry_rate(contract.id, entry)) for entry in entries)


def _at_signature(view: View, contract: Contract, amount: Known) -> Known:
    functional = view.context.functional(contract.company)
    signed = month_of(contract.signed or view.context.today)
    return None if amount is None else converted(view, amount, contract.currency, functional, signed)


def methods(work: Work) -> Mapping[str, Known]:
    """``<method>_sales`` = recognized revenue - invoiced and ``<method>_cost`` = usage cost - recognized cost.

    What is recognized is money: it is rounded first, so that recognized and work in progress add up. Where the revenue
    or the cost a method recognizes is unknown, both its results are.
    """
    sold_cost = _rounded(_ratio(_times(work.budget_cost, work.invoiced), work.price))
    used_value = _rounded(_ratio(_times(work.usage_price, work.price), work.budget_price))
    used_value = None if work.usage_cost is None else used_value
    earned = _rounded(_ratio(_times(work.price, work.usage_cost), work.budget_cost))
    return {
        "percentage_of_completion_sales": _minus(earned, work.invoiced),
        "percentage_of_completion_cost": _zero(earned, work.invoiced),
        "cost_of_sales_sales": _zero(sold_cost, work.usage_cost),
        "cost_of_sales_cost": _minus(work.usage_cost, sold_cost),
        "sales_value_sales": _minus(used_value, work.invoiced),
        "sales_value_cost": _zero(used_value, work.invoiced),
        "cost_value_sales": _zero(_cost_value(work)),
        "cost_value_cost": _cost_value(work),
        "completed_contract_sales": None if work.usage_cost is None else _minus(ZERO, work.invoiced),
        "completed_contract_cost": None if work.invoiced is None else _minus(work.usage_cost, ZERO),
    }


def _cost_value(work: Work) -> Known:
    """(usage cost / budget cost - invoiced / price) x price x budget cost / budget price."""
    if not work.budget_cost or not work.price:
        return None
    difference = _minus(_times(work.usage_cost, work.price), _times(work.invoiced, work.budget_cost), exact=True)
    return _rounded(_ratio(difference, work.budget_price))


def _times(first: Known, second: Known) -> Known:
    return None if first is None or second is None else first * second


def _ratio(first: Known, second: Known) -> Known:
    return None if first is None or not second else first / second


def _minus(first: Known, second: Known, *, exact: bool = False) -> Known:
    if first is None or second is None:
        return None
    return first - second if exact else cents(first - second)


def _rounded(amount: Known) -> Known:
    return None if amount is None else cents(amount)


def _zero(*inputs: Known) -> Known:
    return None if any(amount is None for amount in inputs) else ZERO
