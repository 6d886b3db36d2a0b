"""The KPIs and the marts behind them, of the oracle and of a warehouse, in the same shape.

Add here: another KPI mart that has a twin in the oracle. Stays out: rules and the older marts (``compare``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.flow.compare import bare
from tests.flow.replay import Built
from tests.oracle.executive import parts
from tests.oracle.kpis.part import Figure, whole
from tests.oracle.kpis.receivables import receipts, receivables
from tests.oracle.kpis.revenue import positions
from tests.oracle.kpis.utilization import capacities
from tests.oracle.kpis.wip import methods, works
from tests.oracle.solve import Solution

ZERO = Decimal(0)
CELL = ("month", "legal_entity_id", "region", "practice", "kpi_id", "variant")
WIP_INPUTS = ("contract_price", "budget_cost", "budget_price", "usage_cost", "usage_price", "invoiced_amount")
POSITION = ("recognized_amount", "billed_amount", "unbilled_receivable", "contract_asset", "contract_liability")
PAYMENT = ("received_amount", "reversed_amount", "applied_amount", "unapplied_amount", "currency")
AGES = {"1-30": "days_1_30", "31-60": "days_31_60", "61-90": "days_61_90", "90+": "over_90"}
CAPACITY = (
    *("calendar_minutes", "holiday_minutes", "time_off_minutes", "available_minutes", "base_minutes"),
    *("recorded_minutes", "billable_minutes", "credited_minutes"),
)
Shown = tuple[Decimal | None, Decimal | None, Decimal | None]


def figures_of_oracle(solution: Solution) -> dict[tuple[str, ...], Shown]:
    """Cell -> (value, numerator, denominator); a cell in which nothing is, is no cell."""
    return _shown(solution.executive.items())


def figures_of_warehouse(built: Built) -> dict[tuple[str, ...], Shown]:
    """The same of ``kpi_executive``."""
    rows = built.rows("select * from kpis.kpi_executive")
    return _shown(
        (tuple(row[name] for name in CELL), Figure(row["value"], row["numerator"], row["denominator"])) for row in rows
    )


def _shown(found: Iterable[tuple[tuple[str, ...], Figure]]) -> dict[tuple[str, ...], Shown]:
    shown = ((cell, _plain(cell, figure)) for cell, figure in found)
    return {cell: figure for cell, figure in shown if any(figure) or _is_unknown(figure)}


def _is_unknown(figure: Shown) -> bool:
    """A sum of which a part is unknown; not a ratio of nothing."""
    return figure[0] is None and figure[2] != ZERO


def _plain(cell: tuple[str, ...], figure: Figure) -> Shown:
    """What is comparable of a figure: of medians, percentiles and differences the value alone."""
    alone = cell[5].endswith(("_median", "_p90")) or cell[5] in {"erosion", "count_back"}
    return (figure.value, None, None) if alone else (figure.value, figure.numerator, figure.denominator)


def durations_of_oracle(solution: Solution) -> dict[tuple[Any, ...], int]:
    """(place, KPI, what is timed, days) -> how many records took so long."""
    timed = (part for part in parts(solution) if part.kind == "median")
    return dict(
        Counter((*part.place, part.kpi, part.variant.removesuffix("_median"), part.numerator) for part in timed)
    )


def durations_of_warehouse(built: Built) -> dict[tuple[Any, ...], int]:
    """The same of ``kpi_duration``."""
    return {
        (*(row[name] for name in CELL), Decimal(row["days"])): row["records"]
        for row in built.rows("select * from kpis.kpi_duration")
    }


def sums_of_parts(built: Built) -> dict[tuple[str, ...], tuple[Decimal | None, Decimal | None]]:
    """Cell -> sums of numerators and denominators over every part view of the warehouse; unknown where a part is."""
    views = built.rows("select table_name from information_schema.tables where table_name like 'part\\_%' escape '\\'")
    sums: dict[tuple[str, ...], tuple[Decimal | None, Decimal | None]] = defaultdict(lambda: (ZERO, ZERO))
    for view in views:
        for row in built.rows(f"select * from marts.{view['table_name']}"):
            cell = tuple(row[name] for name in CELL)
            top, bottom = sums[cell]
            sums[cell] = whole((top, row["numerator"])), whole((bottom, row["denominator"]))
    return dict(sums)


def mart_of_warehouse(built: Built, mart: str) -> dict[Any, Any]:
    """A KPI mart as key -> values."""
    wip = (*WIP_INPUTS, *_method_names())
    rows = built.rows(f"select * from marts.fct_{mart}")
    if mart == "utilization":
        return {
            (bare(row["resource_id"]), row["period"]): _of(row, CAPACITY) for row in rows if any(_of(row, CAPACITY))
        }
    if mart == "receivable":
        return {
            bare(row["receivable_id"]): (
                AGES.get(row["age_bucket"], row["age_bucket"]),
                row["open_amount"],
                row["currency"],
            )
            for row in rows
            if row["open_amount"]
        }
    if mart == "payment":
        return {bare(row["payment_id"]): _of(row, PAYMENT) for row in rows}
    return {bare(row["contract_id"]): _of(row, wip if mart == "wip" else POSITION) for row in rows}


def _of(row: Mapping[str, Any], names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def _method_names() -> tuple[str, ...]:
    names = ("percentage_of_completion", "cost_of_sales", "sales_value", "cost_value", "completed_contract")
    return tuple(f"{name}_{side}" for name in names for side in ("sales", "cost"))


def marts_of_oracle(solution: Solution) -> dict[str, dict[Any, Any]]:
    """Every KPI mart of the oracle in that shape."""
    view = solution.view
    return {
        "contract_position": {
            line.contract.id: (line.recognized, line.billed, line.unbilled_receivable, line.asset, line.liability)
            for line in positions(view, solution.standing)
        },
        "wip": {
            contract.id: (
                *(work.price, work.budget_cost, work.budget_price, work.usage_cost, work.usage_price, work.invoiced),
                *(methods(work)[name] for name in _method_names()),
            )
            for contract, work in works(solution)
        },
        "utilization": {
            key: (
                *(line.calendar, line.holidays, line.time_off, line.available, line.base_after_leave),
                *(line.recorded, line.billable, line.credited),
            )
            for key, line in capacities(view).items()
            if line.calendar or line.recorded
        },
        "receivable": {line.id: (line.bucket, line.open, line.currency) for line in receivables(view) if line.open},
        "payment": {
            line.id: (line.received, line.taken_back, line.applied, line.unapplied, line.currency)
            for line in receipts(view)
        },
    }
