"""Firms read day by day: each day an increment on top of what is there, with the oracle's answer of that day.

Add here: what must be carried from day to day. Stays out: how a warehouse comes about (``replay``) and assertions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from qtc_pipeline.gates.evaluate import STAGES, evaluate
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.exceptions import list_exceptions
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.exceptions import sync_exceptions
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.transform.dbt import current_build
from qtc_pipeline.warehouse import open_read_only
from tests.flow import compare
from tests.flow.replay import Built, Warehouses, build_again, increment_by_replay
from tests.oracle.scalars import instant_of
from tests.oracle.solve import Solution
from tests.oracle.stocks import Cell

ZERO = Decimal(0)
SCHEMAS = ("base", "canonical", "reconciliation", "marts", "kpis")
# records without a stamp of their own for what makes them expected on the other side
REMEMBERED = ("time_entries", "expenses")


@dataclass(frozen=True)
class Day:
    """A day of a firm: its warehouse, the oracle's answer, and what of the day before was published."""

    built: Built
    oracle: Solution
    published: Mapping[Cell, Decimal]

    def restated(self) -> dict[tuple[str, str, str | None], Decimal]:
        """(stock, legal entity, currency) -> what the closing before the last published period changed by."""
        last = self.built.rows("select stock, max(period) as period from raw.qtc_published_movement group by stock")
        before = {row["stock"]: _before(row["period"]) for row in last}
        changes: dict[tuple[str, str, str | None], Decimal] = {}
        for cell in self.oracle.closings.keys() | self.published.keys():
            if cell[3] == before.get(cell[0]):
                changes[cell[:3]] = self.oracle.closings.get(cell, ZERO) - self.published.get(cell, ZERO)
        return {cell: change for cell, change in changes.items() if change}


def _before(period: str) -> str:
    year, month = int(period[:4]), int(period[5:])
    return f"{year - 1}-12" if month == 1 else f"{year}-{month - 1:02}"


def course(first: Built, make: Callable[[int], Firm], days: int, warehouses: Warehouses) -> Iterator[Day]:
    """The days of a firm, from the first (already built) on."""
    built, memory = first, dict[tuple[str, str], datetime]()
    published: Mapping[Cell, Decimal] = {}
    for day in range(days + 1):
        if day > 0:
            built = increment_by_replay(built, make(day), warehouses.increment)
        remember(memory, built.firm)
        oracle = compare.answer(built, dict(memory))
        yield Day(built, oracle, published)
        published = oracle.closings


def remember(memory: dict[tuple[str, str], datetime], firm: Firm) -> None:
    """Keep since when each record has been approved and billable."""
    for entity in REMEMBERED:
        for record in firm.records("kantata", entity):
            if record.deleted_at is None and record.payload["approved"] and record.payload["billable"]:
                memory.setdefault((entity, record.record_id), instant_of(record.payload["updated_at"]))


def open_exceptions(built: Built) -> dict[tuple[str, str], int]:
    """Judge the build in the warehouse, bring the queue to it; (leg, grain) -> occurrence of what is open then."""
    settings = built.settings
    build_id = current_build(settings)
    marks: tuple[builds.Mark, ...] = ("step_1_at", "step_2_at")
    for stage, mark in zip(STAGES, marks, strict=True):
        with open_store(settings) as session:
            builds.mark(session, build_id, mark)
        evaluate(settings, stage)
    with open_read_only(settings.warehouse_path) as connection:
        sync_exceptions(settings, connection, build_id)
    with open_store(settings) as session:
        return {(case.leg, compare.bare_grain(case.grain_key)): case.occurrence for case in list_exceptions(session)}


def differences_from_scratch(home: Path, built: Built, warehouses: Warehouses) -> list[tuple[str, int]]:
    """Tables whose rows differ from those of a warehouse built from the same lake at once, with how many do."""
    again = build_again(home, built, warehouses.reference)
    with duckdb.connect(str(built.settings.warehouse_path), read_only=True) as connection:
        connection.execute(f"attach '{again.settings.warehouse_path}' as again (read_only)")
        found = connection.execute(
            "select schema_name || '.\"' || table_name || '\"', string_agg('\"' || column_name || '\"', ', ') "
            "from duckdb_columns() where database_name = current_database() and list_contains(?, schema_name) "
            "and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables()) "
            "group by all order by all",
            [list(SCHEMAS)],
        ).fetchall()
        return [(name, count) for name, columns in found if (count := _differing(connection, name, columns))]


def _differing(connection: Any, name: str, columns: str) -> int:
    here, there = f"select {columns} from {name}", f"select {columns} from again.{name}"
    query = f"({here} except all {there}) union all ({there} except all {here})"
    return int(connection.execute(f"select count(*) from ({query})").fetchone()[0])
