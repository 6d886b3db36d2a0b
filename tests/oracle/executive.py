"""The executive figures in plain Python: KPIs by month, legal entity, region and practice, reporting currency.

Add here: a KPI of the card. Stays out: what the figures are made of (the marts).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Item
from tests.oracle.firm_view import View, month_of
from tests.oracle.margin import less, share
from tests.oracle.marts import COLUMNS
from tests.oracle.records import Contract
from tests.oracle.solution import Answer

ZERO = Decimal(0)
TIME_LEG = "approved_time.erp"
LEAKING = (TIME_LEG, "activation.psa", "activation.erp", "contract_value.psa", "contract_value.erp")
Place = tuple[str, str, str, str]
Figure = tuple[Place, str, str, Decimal | None]


def executive(answer: Answer) -> dict[tuple[str, str, str, str, str, str], Decimal | None]:
    """(month, legal entity, region, practice, kpi, variant) -> value; a ratio without a denominator is None."""
    parts = [*_bookings(answer), *_backlog(answer), *_unbilled(answer), *_leakage(answer), *_flows(answer)]
    sums: dict[tuple[str, str, str, str, str, str], Decimal | None] = {}
    for place, kpi, variant, amount in parts:
        known = sums.get((*place, kpi, variant), ZERO)
        sums[*place, kpi, variant] = None if known is None or amount is None else known + amount
    return sums | _ratios(answer) | _exception_rates(answer)


def reported(view: View, amount: Decimal | None, currency: str | None, period: str | None = None) -> Decimal | None:
    """An amount in reporting currency at a period's average rate, by default the latest known."""
    known = [
        month for code, month in view.books.average_rates if code == currency and month <= month_of(view.context.today)
    ]
    rate = view.books.average_rates.get((str(currency), period or max(known, default="")))
    return None if amount is None or rate is None else cents(amount * rate)


def _place(month: str, contract: Contract | None, company: str | None = None) -> Place:
    if contract is None:
        return month, company or "unassigned", "unassigned", "unassigned"
    return month, company or contract.company, contract.region, contract.practice


def _bookings(answer: Answer) -> Iterator[Figure]:
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
                yield _place(month, contract), "bookings", "signed", figure


def _backlog(answer: Answer) -> Iterator[Figure]:
    view, month = answer.view, month_of(answer.view.context.today)
    for line in answer.backlog:
        place, currency = _place(month, line.contract), line.contract.currency
        yield place, "backlog", "billing", reported(view, line.billing, currency)
        yield place, "backlog", "revenue", reported(view, line.revenue, currency)


def _unbilled(answer: Answer) -> Iterator[Figure]:
    view, month = answer.view, month_of(answer.view.context.today)
    for line in answer.unbilled:
        contract = line.standing.contract
        place = _place(month, contract, view.delivery.projects[line.standing.entry.project].company)
        amount = reported(view, line.value, contract.currency)
        yield place, "unbilled_time", "within_cap", amount
        yield place, "unbilled_time", "over_cap", reported(view, line.over_cap, contract.currency)
        for column in COLUMNS:
            yield place, "unbilled_time", column, amount if line.column == column else ZERO


def _leakage(answer: Answer) -> Iterator[Figure]:
    """Primary exposure of base leakage, and of base delay that is past its time.

    What is unknown is listed and not counted; a cell where nothing is known is None.
    """
    view, month = answer.view, month_of(answer.view.context.today)
    carried: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for primary in answer.primaries.values():
        carried[primary.key].append(primary.item)
    cells: dict[tuple[Place, str], list[Decimal]] = defaultdict(list)
    for row in answer.exceptions:
        late = row.base == "delay" and (row.due_at is None or row.due_at < view.context.as_of)
        if row.leg in LEAKING and (row.base == "leakage" or late):
            cell = cells[_place(month, view.contracts.get(str(row.contract)), row.company), _variant(row.leg)]
            items = carried[row.leg, row.break_class, row.grain]
            amounts = [reported(view, item.amount, item.currency) for item in items]
            known = [amount for amount in amounts if amount is not None]
            if known or not items:
                cell.append(sum(known, ZERO))
    for (place, variant), amounts_known in cells.items():
        yield place, "revenue_leakage", variant, sum(amounts_known, ZERO) if amounts_known else None


def _variant(leg: str) -> str:
    return "time" if leg == TIME_LEG else "contracts"


def _flows(answer: Answer) -> Iterator[Figure]:
    view = answer.view
    for row in answer.margins:
        place, functional = _place(row.period, row.contract), view.context.functional(row.contract.company)
        recognized = reported(view, row.month.recognized, functional, row.period)
        yield place, "revenue_recognized", "contract_rule", recognized
        yield place, "billed", "net", reported(view, row.month.billed, functional, row.period)


def _ratios(answer: Answer) -> dict[tuple[str, str, str, str, str, str], Decimal | None]:
    view, today = answer.view, month_of(answer.view.context.today)
    sums: dict[tuple[Place, str], Decimal | None] = defaultdict(lambda: ZERO)

    def add(place: Place, name: str, amount: Decimal | None) -> None:
        known = sums[place, name]
        sums[place, name] = None if known is None or amount is None else known + amount

    for row in answer.margins:
        place, functional = _place(row.period, row.contract), view.context.functional(row.contract.company)
        add(place, "recognized", reported(view, row.month.recognized, functional, row.period))
        add(place, "billed", reported(view, row.month.billed, functional, row.period))
        cost = None if row.month.minutes_without_cost else row.month.cost
        add(place, "cost", reported(view, cost, functional, row.period))
        if row.period == today and row.contract.signed is not None:
            signed = month_of(row.contract.signed)
            value, planned, forecast = (
                reported(view, amount, functional, signed)
                for amount in (row.value, row.planned_cost, row.forecast_cost)
            )
            for name, cost_part in (("booked", planned), ("forecast", forecast)):
                known = value is not None and cost_part is not None
                add(place, f"{name} value", value if known else ZERO)
                add(place, f"{name} cost", cost_part if known else ZERO)
    found: dict[tuple[str, str, str, str, str, str], Decimal | None] = {}
    for place in {place for place, _ in sums}:
        for variant in ("recognized", "billed"):
            found[*place, "margin", variant] = share(
                less(sums[place, variant], sums[place, "cost"]), sums[place, variant]
            )
        if place[0] == today:
            for name in ("booked", "forecast"):
                value = sums[place, f"{name} value"]
                found[*place, "margin", name] = share(less(value, sums[place, f"{name} cost"]), value)
            found[*place, "margin", "erosion"] = less(
                found[*place, "margin", "booked"], found[*place, "margin", "forecast"]
            )
    return found


def _exception_rates(answer: Answer) -> dict[tuple[str, str, str, str, str, str], Decimal | None]:
    view = answer.view
    issued: dict[Place, int] = defaultdict(int)
    excepted: dict[Place, set[str]] = defaultdict(set)
    touched = {row.document.id for row in answer.invoice_exceptions}
    for document in view.books.documents.values():
        if document.counts:
            job = view.books.jobs.get(str(document.project))
            contract = view.sales.contracts.get(str(job.contract)) if job is not None else None
            place = _place(month_of(document.day), contract, document.company)
            issued[place] += document.kind == "invoice"
            if document.kind == "invoice" and document.id in touched:
                excepted[place].add(document.id)
    return {
        (*place, "invoice_exception_rate", "issued"): share(Decimal(len(excepted[place])), Decimal(count))
        for place, count in issued.items()
    }
