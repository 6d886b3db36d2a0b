"""The published tables recomputed in plain Python from the marts they sum, ratios from their own sums.

Add here: another published table, or how a column of it comes about. Stays out: what the marts themselves must say
(``compare``, ``compare_kpis``: the oracle).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.flow.replay import Built

Row = dict[str, Any]
PLACE = ("legal_entity_id", "region", "practice")
SIX = Decimal("0.000001")


@dataclass(frozen=True)
class Table:
    """A published table: its mart, what it is summed by, what it counts, and the columns that are ratios."""

    mart: str
    dimensions: tuple[str, ...]
    counts: str
    derived: Mapping[str, Callable[[Row], Decimal | None]] = field(default_factory=dict)
    is_as_of: bool = False


def ratio(top: Decimal | None, bottom: Decimal | None) -> Decimal | None:
    """To six places, halves away from zero; nothing where nothing divides."""
    if top is None or not bottom:
        return None
    return (Decimal(top) / bottom).quantize(SIX, ROUND_HALF_UP)


def _less(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left - right


def _margin(of: str, cost: str) -> Callable[[Row], Decimal | None]:
    return lambda row: ratio(_less(row[of], row[cost]), row[of])


def _costed(of: str) -> Callable[[Row], Decimal | None]:
    """A margin that is known only where every minute has a cost."""
    return lambda row: None if row["minutes_without_cost"] else ratio(_less(row[of], row["total_cost"]), row[of])


def _share(top: str, bottom: str) -> Callable[[Row], Decimal | None]:
    return lambda row: ratio(row[top], row[bottom])


def _erosion(row: Row) -> Decimal | None:
    booked, forecast = _margin("booked_value", "planned_cost"), _margin("forecast_value", "forecast_cost")
    return _less(booked(row), forecast(row))


TABLES = {
    "kpi_backlog": Table(
        "fct_backlog",
        ("period", *PLACE, "billing_type", "currency", "signature_age_bucket", "end_bucket"),
        "contracts",
        is_as_of=True,
    ),
    "kpi_cash": Table("fct_payment", ("period", "legal_entity_id", "currency"), "payments"),
    "kpi_margin": Table(
        "fct_margin",
        ("period", *PLACE, "currency"),
        "contracts",
        {
            "recognized_margin": _costed("recognized_amount"),
            "billed_margin": _costed("billed_amount"),
            "booked_margin": _margin("booked_value", "planned_cost"),
            "forecast_margin": _margin("forecast_value", "forecast_cost"),
            "margin_erosion": _erosion,
        },
    ),
    "kpi_receivable": Table(
        "fct_receivable", ("period", *PLACE, "currency", "document_type", "age_bucket"), "documents"
    ),
    "kpi_revenue": Table("fct_contract_position", ("period", *PLACE, "billing_type", "currency"), "contracts"),
    "kpi_unbilled_time": Table(
        "fct_unbilled_time",
        ("period", *PLACE, "currency", "age_bucket", "state", "blocking_class"),
        "entries",
        is_as_of=True,
    ),
    "kpi_utilization": Table(
        "fct_utilization",
        ("period", "legal_entity_id", "role_code"),
        "resources",
        {
            "billable_available": _share("billable_minutes", "available_minutes"),
            "billable_calendar": _share("billable_minutes", "calendar_minutes"),
            "billable_credited_available": lambda row: ratio(
                row["billable_minutes"] + row["credited_minutes"], row["available_minutes"]
            ),
            "billable_base_pto": _share("billable_minutes", "base_minutes"),
            "billable_recorded": _share("billable_minutes", "recorded_minutes"),
        },
    ),
}


def published(built: Built) -> dict[tuple[Any, ...], Row]:
    """(table, *dimensions) -> the published row."""
    return {
        _key(name, table, row): row
        for name, table in TABLES.items()
        for row in built.rows(f"select * from kpis.{name}")
    }


def recomputed(built: Built) -> dict[tuple[Any, ...], Row]:
    """The same from the rows of the marts."""
    [build] = built.rows("select as_of_period from reconciliation.int_build")
    found: dict[tuple[Any, ...], Row] = {}
    for name, table in TABLES.items():
        columns = [one["column_name"] for one in built.rows(f"describe kpis.{name}")]
        summed = set(columns) - {*table.dimensions, table.counts, *table.derived}
        cells: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for row in built.rows(f"select * from marts.{table.mart}"):
            shown = {**_known(row), "period": build["as_of_period"]} if table.is_as_of else _known(row)
            cells[_key(name, table, shown)].append(shown)
        for key, rows in cells.items():
            cell = dict(zip(table.dimensions, key[1:], strict=True))
            cell |= {table.counts: len(rows)} | {one: _sum(row[one] for row in rows) for one in summed}
            found[key] = cell | {one: derive(cell) for one, derive in table.derived.items()}
    return found


def _key(name: str, table: Table, row: Row) -> tuple[Any, ...]:
    return (name, *(row[one] for one in table.dimensions))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _known(row: Row) -> Row:
    """A stock is known for a contract or not: a margin is formed over contracts of which both sides are."""
    if "planned_cost" not in row or "forecast_cost" not in row:
        return row
    value, planned, forecast = row["contract_value"], row["planned_cost"], row["forecast_cost"]
    return {
        **row,
        "booked_value": None if planned is None else value,
        "planned_cost": None if value is None else planned,
        "forecast_value": None if forecast is None else value,
        "forecast_cost": None if value is None else forecast,
    }
