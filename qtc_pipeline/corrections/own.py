"""Our own writes, told from another's when they come back through the lake.

A version is ours when its record was written by a confirmed step of the ledger, holds the values that were read back
then, and the version before did not: a later change by somebody else leaves our values standing and is still theirs. A
record we made is ours as it is read first, and so are its lines and what the vendor changed with it. No entity that is
read says who changed it last (an instance's integration user tells who made an invoice, and makes them for others too),
so the ledger tells for all.
Add here: another sign of ourselves. Stays out: what a vendor calls its fields (``Writing.held``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from qtc_pipeline import keys
from qtc_pipeline.corrections.stored import from_plan
from qtc_pipeline.ops.corrections import confirmed_steps
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.systems.registry import system, writing
from qtc_pipeline.systems.writing import Holding, Value, Values, Write
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb

    from qtc_pipeline.settings import Settings

_WITHIN = timedelta(seconds=1)
Row = Mapping[str, Any]
Place = tuple[str, str]  # instance, entity of the lake in lower case
Record = tuple[str, str, str]  # vendor, instance, record id


@dataclass(frozen=True, slots=True)
class Written:
    """A confirmed write: what was wanted, and the fields as they were read back."""

    correction_id: str
    write: Write
    values: Values


class OwnWrites:
    """Everything the ledger says was written and read back; read once."""

    def __init__(self, settings: Settings) -> None:
        vendors = {one.name: one.vendor for one in settings.instances}
        self.written: dict[Place, dict[str, list[Written]]] = defaultdict(lambda: defaultdict(list))
        self._held: dict[str, Holding] = {}
        self.vendors: dict[str, str] = {}
        with open_store(settings) as session:
            for step, plan in confirmed_steps(session):
                vendor = vendors.get(step.instance)
                writes = writing(vendor) if vendor else None
                key = step.made_key or step.record_key
                if vendor is None or writes is None or key is None:
                    continue
                write = next(one.write for one in from_plan(plan).steps if one.number == step.number)
                if write.table not in {entity.name for entity in system(vendor).entities}:
                    continue  # a task: nobody reads them
                known = self.written[step.instance, write.table.lower()]
                known[key].append(Written(step.correction_id, write, step.after or write.new))
                self.vendors[step.instance], self._held[step.instance] = vendor, writes.held

    def correction_of(
        self, instance: str, entity: str, record_id: str, payload: str, before: str | None = None
    ) -> str | None:
        """The correction whose write a version is; None where it is another's.

        Args:
            instance: the version is from.
            entity: of the lake.
            record_id: of the record.
            payload: of the version.
            before: payload of the version before; None where there is none.
        """
        found = self.write_of((instance, entity.lower()), record_id, payload, before)
        return found.correction_id if found else None

    def write_of(self, place: Place, record_id: str, payload: str, before: str | None) -> Written | None:
        """The same, as the write."""
        for one in reversed(self.written.get(place, {}).get(record_id, [])):
            if before is None and one.write.operation == "create":
                return one
            held = self._held[place[0]]
            if _shows(held, one, payload) and (before is None or not _shows(held, one, before)):
                return one
        return None


def own_records(settings: Settings) -> Callable[[duckdb.DuckDBPyConnection, Collection[str]], set[Record]]:
    """What tells, in a warehouse, the records of which some loads brought nothing but our own writes."""
    own = OwnWrites(settings)

    def found(connection: duckdb.DuckDBPyConnection, loads: Collection[str]) -> set[Record]:
        told: set[Record] = set()
        for instance, vendor in own.vendors.items():
            documents = _Documents(vendor, instance, loads)
            for place, records in own.written.items():
                if place[0] == instance:
                    versions = _versions(connection, (vendor, place[1], instance), "record_id", list(records))
                    told |= {
                        (vendor, instance, record_id)
                        for record_id, rows in versions.items()
                        if documents.are_ours(own, place, record_id, rows)
                    }
            told.update(documents.changed_with(connection))
        return told

    return found


class _Documents:
    """Documents of an instance that writes made, or changed although they wrote another record.

    A credit memo settles its invoice, a new line moves its order's total: the vendor's own doing within our call, told
    by the stamp it gives both.
    """

    def __init__(self, vendor: str, instance: str, loads: Collection[str]) -> None:
        self.vendor, self.instance, self.loads = vendor, instance, loads
        writes = writing(vendor)
        self.beside = writes.beside if writes else {}
        self.made: set[str] = set()
        self.moved: dict[str, set[datetime]] = defaultdict(set)

    def are_ours(self, own: OwnWrites, place: Place, record_id: str, rows: list[Row]) -> bool:
        """Whether every version of a record that the loads brought is a write of ours."""
        before: str | None = None
        ours = []
        for row in rows:
            write = own.write_of(place, record_id, row["payload"], before)
            before = row["payload"]
            if write is not None and write.write.operation == "create":
                self.made.add(record_id)
            if write is not None and write.write.source is not None and row["version_at"] is not None:
                self.moved[write.write.source.partition("/")[2]].add(row["version_at"])
            if row["load_id"] in self.loads:
                ours.append(write is not None)
        return bool(ours) and all(ours)

    def changed_with(self, connection: duckdb.DuckDBPyConnection) -> Iterator[Record]:
        """Documents and lines that came, or changed, by such a write alone."""
        entities = system(self.vendor).entities
        parents = {one.parent for one in entities}
        for declared in entities if self.made or self.moved else ():
            is_document = declared.name in parents
            named_by = self.beside.get(declared.name, declared.parent)
            if not is_document and named_by is None:
                continue
            column = "record_id" if is_document else f"json_extract_string(payload, '$.{named_by}')"
            wanted = [*self.moved, *(() if is_document else self.made)]
            versions = _versions(connection, (self.vendor, declared.name, self.instance), column, wanted)
            for record_id, rows in versions.items():
                news = [row for row in rows if row["load_id"] in self.loads]
                if news and all(self._is_ours(row, is_only=len(rows) == 1) for row in news):
                    yield self.vendor, self.instance, record_id

    def _is_ours(self, row: Row, *, is_only: bool) -> bool:
        if is_only and row["document"] in self.made:
            return True
        stamps = self.moved.get(row["document"], ())
        return row["version_at"] is not None and any(abs(row["version_at"] - one) <= _WITHIN for one in stamps)


def _versions(
    connection: duckdb.DuckDBPyConnection, source: tuple[str, str, str], column: str, values: list[str]
) -> dict[str, list[Row]]:
    """Record -> its versions with content, the oldest first; ``column`` is what has one of the values."""
    vendor, entity, instance = source
    found: dict[str, list[Row]] = defaultdict(list)
    for row in read_rows(
        connection,
        f"select record_id, load_id, version_at, payload, {column} as document "
        f'from raw."{keys.raw_relation(vendor, entity)}" '
        f"where instance = ? and not is_deleted and {column} in (select unnest(?::varchar[])) "
        "order by coalesce(version_at, read_at), read_at, load_id, ordinal",
        [instance, values],
    ):
        found[row["record_id"]].append(row)
    return found


def _shows(held: Holding, written: Written, payload: str) -> bool:
    """Whether a payload has the values of a write, as far as it has its fields, and has one of them at least."""
    try:
        record = json.loads(payload, parse_float=str)
    except ValueError:
        return False
    values = held(written.write, record) if isinstance(record, dict) else {}
    known = {name: value for name, value in values.items() if name in written.values}
    return bool(known) and all(_alike(value, written.values[name]) for name, value in known.items())


def _alike(value: Value, wanted: Value) -> bool:
    if value is None or wanted is None or isinstance(value, bool) or isinstance(wanted, bool):
        return value == wanted
    if str(value) == str(wanted):
        return True
    try:
        return Decimal(str(value)) == Decimal(str(wanted))
    except InvalidOperation:
        return False
