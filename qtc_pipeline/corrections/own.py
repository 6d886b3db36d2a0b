"""Our own writes, told from another's when they come back through the lake.

A version is ours when its record was written by a confirmed step of the ledger, holds the values that were read back
then, and the version before did not: a later change by somebody else leaves our values standing and is still theirs. A
record we made is ours as it is read first, and so are its lines. No entity that is read says who changed it last (an
instance's integration user tells who made an invoice, and makes them for others too), so the ledger tells for all.
Add here: another sign of ourselves. Stays out: what a vendor calls its fields (``Writing.held``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
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
        for one in reversed(self.written.get((instance, entity.lower()), {}).get(record_id, [])):
            if before is None and one.write.operation == "create":
                return one.correction_id
            held = self._held[instance]
            if _shows(held, one, payload) and (before is None or not _shows(held, one, before)):
                return one.correction_id
        return None

    def made(self, instance: str, entity: str) -> dict[str, str]:
        """Records of an entity that corrections made -> the correction."""
        known = self.written.get((instance, entity.lower()), {})
        return {
            key: one.correction_id for key, found in known.items() for one in found if one.write.operation == "create"
        }


def own_records(settings: Settings) -> Callable[[duckdb.DuckDBPyConnection, Collection[str]], set[Record]]:
    """What tells, in a warehouse, the records of which some loads brought nothing but our own writes."""
    own = OwnWrites(settings)

    def found(connection: duckdb.DuckDBPyConnection, loads: Collection[str]) -> set[Record]:
        told: set[Record] = set()
        for (instance, entity), records in own.written.items():
            vendor = own.vendors[instance]
            versions = _versions(connection, (vendor, entity, instance), "record_id", list(records))
            for record_id, rows in versions.items():
                if _all_ours(own, (instance, entity, record_id), rows, loads):
                    told.add((vendor, instance, record_id))
            told.update(_lines_of_made(connection, own, (vendor, entity, instance)))
        return told

    return found


def _all_ours(
    own: OwnWrites, record: tuple[str, str, str], rows: list[Mapping[str, Any]], loads: Collection[str]
) -> bool:
    before: str | None = None
    ours = []
    for row in rows:
        if row["load_id"] in loads:
            ours.append(own.correction_of(*record, row["payload"], before) is not None)
        before = row["payload"]
    return bool(ours) and all(ours)


def _lines_of_made(
    connection: duckdb.DuckDBPyConnection, own: OwnWrites, source: tuple[str, str, str]
) -> Iterator[Record]:
    """Lines of documents we made, each with one version only: nobody has changed them since."""
    vendor, entity, instance = source
    made = own.made(instance, entity)
    for declared in system(vendor).entities if made else ():
        if declared.parent is not None and declared.parent.lower() == entity:
            where = f"json_extract_string(payload, '$.{declared.parent}')"
            versions = _versions(connection, (vendor, declared.name, instance), where, list(made))
            yield from ((vendor, instance, record_id) for record_id, rows in versions.items() if len(rows) == 1)


def _versions(
    connection: duckdb.DuckDBPyConnection, source: tuple[str, str, str], column: str, values: list[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """Record -> its versions with content, the oldest first."""
    vendor, entity, instance = source
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in read_rows(
        connection,
        f'select record_id, load_id, payload from raw."{keys.raw_relation(vendor, entity)}" '
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
