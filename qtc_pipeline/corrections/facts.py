"""What the warehouse knows of the open exceptions: one query per kind of thing, for all exceptions at once.

Add here how facts are asked for and told. Stays out: the queries (``queries``), deciding (``rules``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.corrections.case import Case
from qtc_pipeline.corrections.contract import Evidence
from qtc_pipeline.corrections.queries import QUERIES
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb

    from qtc_pipeline.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows by query and key, and how the firm's systems are named.

    Args:
        as_of: day the build speaks about.
        rows: query -> key -> rows.
        instances: role -> instances that play it.
        entity_keys: (instance, legal entity) -> that system's own key of the company.
        cases: open exceptions of the build, (leg, grain) -> class.
    """

    as_of: date
    rows: Mapping[str, Mapping[str, tuple[Row, ...]]] = field(default_factory=dict)
    instances: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    entity_keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    cases: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def all(self, query: str, key: str | None) -> tuple[Row, ...]:
        """Rows of a query about a thing."""
        return self.rows.get(query, {}).get(key, ()) if key is not None else ()

    def one(self, query: str, key: str | None) -> Row | None:
        """The only row of a query about a thing; None where there is none, or more than one."""
        found = self.all(query, key)
        return found[0] if len(found) == 1 else None

    def target(self, role: str, legal_entity_id: str | None) -> tuple[str, str] | None:
        """The one instance of a role that keeps a company, and its own key of it; None where none or several do."""
        found = [
            (name, self.entity_keys[name, legal_entity_id])
            for name in self.instances.get(role, ())
            if legal_entity_id is not None and (name, legal_entity_id) in self.entity_keys
        ]
        return found[0] if len(found) == 1 else None

    def open_day(self, legal_entity_id: str | None, wanted: date) -> date | None:
        """The day itself where its period is open, else the first day of the next open one; None where none is."""
        periods = sorted(self.all("period", legal_entity_id), key=lambda row: row["start_date"])
        for row in periods:
            if not row["is_closed"] and row["end_date"] >= wanted:
                day: date = max(wanted, row["start_date"])
                return day
        return None


def evidence(*rows: Row | None) -> tuple[Evidence, ...]:
    """The record versions rows were made of, each once."""
    found = {
        Evidence(
            row["source_instance"],
            row["source_entity"],
            row["source_id"],
            None if row["version_at"] is None else row["version_at"].isoformat() + "Z",
            row["source_load_id"],
        ): None
        for row in rows
        if row is not None
    }
    return tuple(found)


def text(amount: Decimal | int | str) -> str:
    """An amount in its one spelling."""
    return format(Decimal(amount).normalize(), "f")


def source_id(ref: str) -> str:
    """The id a canonical key ends with."""
    return ref.partition(":")[2]


def read(connection: duckdb.DuckDBPyConnection, settings: Settings, cases: Collection[Case]) -> Facts:
    """What the warehouse knows of open exceptions; one query per kind of thing, however many exceptions there are."""
    rows: dict[str, dict[str, tuple[Row, ...]]] = {}
    for query in QUERIES:
        ids = sorted(_ids(query.ids, cases, rows))
        found: dict[str, list[Row]] = {}
        for row in read_rows(connection, query.sql, [ids]) if ids else []:
            found.setdefault(row[query.by], []).append(row)
        rows[query.name] = {key: tuple(some) for key, some in found.items()}
    build = read_rows(connection, "select as_of_date from raw.qtc_build")[0]
    keys = {(name, entity.id): key for entity in settings.legal_entities for name, key in entity.keys.items()}
    roles = ("crm", "psa", "erp")
    return Facts(
        as_of=build["as_of_date"],
        rows=rows,
        instances={role: tuple(one.name for one in settings.instances if role in one.roles) for role in roles},
        entity_keys=keys,
        cases={(case.leg, case.grain_key): case.break_class for case in cases},
    )


def _ids(kind: str, cases: Collection[Case], rows: Mapping[str, Mapping[str, Iterable[Row]]]) -> set[str]:
    """The ids a query is asked for: from the exceptions, or from what earlier queries found."""

    def of(query: str, column: str) -> set[str]:
        return {row[column] for some in rows.get(query, {}).values() for row in some if row[column] is not None}

    def said(column: str) -> set[str]:
        return {getattr(case, column) for case in cases if getattr(case, column) is not None}

    prefixes = {"milestone.erp": "milestone:", "invoice_integrity.items": ""}
    companies = [of(query, "legal_entity_id") for query in ("contract", "time", "invoice", "cost", "subcontracted")]
    found: dict[str, Callable[[], set[str]]] = {
        "contract": lambda: said("contract_id"),
        "customer": lambda: said("customer_id") | of("contract", "customer_id"),
        "grain": lambda: said("grain_key"),
        "resource": lambda: of("time", "resource_id"),
        "item": lambda: {prefixes[case.leg] + case.grain_key for case in cases if case.leg in prefixes},
        "invoice": lambda: said("grain_key") | of("billing", "invoice_id"),
        "legal_entity": lambda: said("legal_entity_id").union(*companies),
    }
    return found[kind]()
