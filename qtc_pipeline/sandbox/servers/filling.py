"""How the firm's days get into a store: the first one as a stream, each later one as the difference to what is there.

Add here what concerns moving firm records into SQLite. What changes on a day and when it was stamped is the firm's;
only a record that the firm simply stops showing gets its deletion stamp here, the firm's ``as_of``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from qtc_pipeline.sandbox.servers.catalogue import DELETED_RECORD, LINES, NOT_THE_FIRMS, Entity, entities
from qtc_pipeline.sandbox.servers.store import Store, Value, index_statements
from qtc_pipeline.sandbox.servers.writing import encode, keep_written

_COLUMNS = "_key, _payload, _deleted_at, _legal_entity"


class Record(Protocol):
    """What the firm yields for one record (see ``qtc_pipeline.sandbox.firm``)."""

    @property
    def record_id(self) -> str:
        """The vendor's key."""

    @property
    def payload(self) -> Mapping[str, Any]:
        """The record as the vendor shows it."""

    @property
    def deleted_at(self) -> datetime | None:
        """When it was deleted, None while it lives."""

    @property
    def legal_entity(self) -> str | None:
        """The legal entity a company filter goes by, None for shared records."""


class DayOfFirm(Protocol):
    """The state of a firm on one day."""

    @property
    def as_of(self) -> datetime:
        """The firm's now."""

    def records(self, vendor: str, entity: str) -> Iterable[Record]:
        """Every record of one entity, streaming."""


@dataclass(frozen=True)
class Filled:
    """What filling one entity did."""

    entity: str
    rows: int
    changed: int
    deleted: int


def _stamp(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def _rows(records: Iterable[Record]) -> Iterator[tuple[Value, ...]]:
    for record in records:
        yield (
            record.record_id,
            encode(record.payload),
            _stamp(record.deleted_at),
            record.legal_entity,
        )


def load_day(store: Store, firm: DayOfFirm, on_entity: Callable[[Filled], None] | None = None) -> list[Filled]:
    """Bring a store to a day of the firm.

    Only records that are new, changed or gone are touched, so row numbers and open pages of the rest stay as they are.
    One transaction for all: readers see the old day or the new one.

    Args:
        store: the instance's state.
        firm: the day to show.
        on_entity: told after each entity, for progress.
    """
    done = []
    with store.connection() as conn:
        conn.execute("BEGIN IMMEDIATE")
        for entity in entities(store.vendor).values():
            if entity.name in NOT_THE_FIRMS:
                continue
            filled = _load_entity(conn, entity, firm)
            done.append(filled)
            if on_entity is not None:
                on_entity(filled)
        generation = int(store.generation()) + 1
        facts = {"generation": str(generation), "as_of": str(_stamp(firm.as_of))}
        conn.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", facts.items()
        )
        conn.commit()
    return done


def _load_entity(conn: sqlite3.Connection, entity: Entity, firm: DayOfFirm) -> Filled:
    records = firm.records(entity.vendor, entity.name)
    is_empty = conn.execute(f"SELECT 1 FROM {entity.table} LIMIT 1").fetchone() is None
    if is_empty:
        indexes = index_statements(entity)
        for name in indexes:
            conn.execute(f"DROP INDEX {name}")
        insert = f"INSERT INTO {entity.table} ({_COLUMNS}) VALUES (?, ?, ?, ?)"
        rows = conn.executemany(insert, _rows(records)).rowcount
        for statement in indexes.values():
            conn.execute(statement)
        deleted = _note_deletions(conn, entity)
        return Filled(entity.name, max(rows, 0), max(rows, 0), deleted)
    conn.execute(f"CREATE TEMP TABLE incoming ({_COLUMNS}, PRIMARY KEY (_key)) WITHOUT ROWID")
    rows = conn.executemany("INSERT INTO incoming VALUES (?, ?, ?, ?)", _rows(records)).rowcount
    keep_written(conn, entity)
    assignments = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[1:])
    changed = conn.execute(
        f"INSERT INTO {entity.table} ({_COLUMNS}) SELECT {_COLUMNS} FROM incoming AS i WHERE NOT EXISTS"
        f" (SELECT 1 FROM {entity.table} AS t WHERE t._key = i._key AND t._payload = i._payload"
        f"  AND t._deleted_at IS i._deleted_at AND t._legal_entity IS i._legal_entity)"
        f" ON CONFLICT (_key) DO UPDATE SET {assignments}"
    ).rowcount
    deleted = _delete_missing(conn, entity, str(_stamp(firm.as_of)))
    conn.execute("DROP TABLE incoming")
    _note_deletions(conn, entity)
    return Filled(entity.name, max(rows, 0), changed, deleted)


def _delete_missing(conn: sqlite3.Connection, entity: Entity, as_of: str) -> int:
    """Records the firm no longer shows; Salesforce keeps them, marked and stamped, in its recycle bin."""
    payload = "_payload"
    if entity.vendor == "salesforce":
        stamp = as_of.replace("Z", "+0000")
        payload = f"json_set(_payload, '$.IsDeleted', json('true'), '$.SystemModstamp', '{stamp}')"
    return conn.execute(
        f"UPDATE {entity.table} SET _deleted_at = ?, _payload = {payload}"
        " WHERE _deleted_at IS NULL AND _key NOT IN (SELECT _key FROM incoming)",
        (as_of,),
    ).rowcount


def _note_deletions(conn: sqlite3.Connection, entity: Entity) -> int:
    """Write NetSuite's own list of deletions."""
    gone = conn.execute(f"SELECT count(*) FROM {entity.table} WHERE _deleted_at IS NOT NULL").fetchone()[0]
    if entity.vendor == "netsuite" and gone and entity.name not in LINES:
        conn.execute(
            f'INSERT OR IGNORE INTO "e_{DELETED_RECORD}" (_key, _payload)'
            f" SELECT '{entity.name}:' || _key || ':' || _deleted_at,"
            f" json_object('type', '{entity.name}', 'recordid', _key,"
            "  'deleteddate', replace(substr(_deleted_at, 1, 19), 'T', ' '), 'name', null)"
            f" FROM {entity.table} WHERE _deleted_at IS NOT NULL"
        )
    return int(gone)
