"""The records of one simulated instance: SQLite, one table an entity, each record kept as the vendor's own JSON text.

Pages are cut from a *selection*: the row numbers a query gave, in its order. So paging costs the same on the first
and the last page, and a page is the stored text of its rows, never decoded. Every field is a generated column over
that text, which is what the query languages filter and sort by.

Add here what every vendor's state needs. How the firm's days get in is ``filling``; what a vendor shows is in its
application.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeAlias

from qtc_pipeline.sandbox.servers.catalogue import DELETED_RECORD, Entity, Vendor, entities
from qtc_pipeline.sandbox.servers.distort import added, kept_back, payload, quoted

Value: TypeAlias = str | int | float | None
Rows: TypeAlias = "array[int] | list[str]"

_META_COLUMNS = (
    "_seq INTEGER PRIMARY KEY, _key TEXT NOT NULL UNIQUE, _payload TEXT NOT NULL, _deleted_at TEXT, _legal_entity TEXT,"
    " _external_id TEXT"
)
_KEPT_SELECTIONS = 12


class ExactSum:
    """SQL aggregate ``exact_sum``: a decimal sum as text, so that no total passes through a binary float."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: Value) -> None:
        """Add one value; NULL is skipped as SQL does."""
        if value is not None:
            self.total = (self.total or Decimal(0)) + Decimal(str(value))

    def finalize(self) -> str | None:
        """The sum without an exponent, None when there was nothing to add."""
        return None if self.total is None else f"{self.total.normalize():f}"


class Store:
    """State of one instance; safe for many threads, one writer at a time.

    Args:
        path: the database file; made when missing.
        vendor: whose entities the tables are.
    """

    def __init__(self, path: Path, vendor: Vendor) -> None:
        self.path = path
        self.vendor = vendor
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._selections: OrderedDict[tuple[object, ...], Rows] = OrderedDict()
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self.connection() as conn:
            conn.execute("PRAGMA journal_mode=WAL")
            conn.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            conn.executescript(_BESIDE)
            for entity in entities(vendor).values():
                conn.execute(table_statement(entity))
                _add_missing_columns(conn, entity)
                conn.execute(_older_statement(entity))
                for statement in index_statements(entity).values():
                    conn.execute(statement)
            conn.commit()

    def _open(self) -> sqlite3.Connection:
        conn = sqlite3.connect(self.path, check_same_thread=False, timeout=60, cached_statements=256)
        conn.execute("PRAGMA synchronous=OFF")
        conn.execute("PRAGMA temp_store=MEMORY")
        conn.create_aggregate("exact_sum", 1, ExactSum)  # type: ignore[arg-type]
        return conn

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection of the pool, given back afterwards; uncommitted work is rolled back."""
        try:
            conn = self._idle.get_nowait()
        except Empty:
            conn = self._open()
        try:
            yield conn
        finally:
            if conn.in_transaction:
                conn.rollback()
            self._idle.put(conn)

    def close(self) -> None:
        """Close every pooled connection."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def meta(self, name: str) -> str | None:
        """A fact about the state, such as ``generation`` or ``as_of``."""
        with self.connection() as conn:
            row = conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def now(self) -> str | None:
        """The vendor's clock: the firm's day, or the last write where that is later."""
        rows = self.read("SELECT max(value) FROM meta WHERE name IN ('as_of', 'written_at')")
        return None if rows[0][0] is None else str(rows[0][0])

    def generation(self) -> str:
        """Changes whenever records change, also when another process changed them."""
        return self.meta("generation") or "0"

    def select(self, key: Sequence[object], run: Callable[[sqlite3.Connection], Rows]) -> Rows:
        """The rows of a query, kept so that its later pages cost nothing; forgotten when the data changes."""
        full_key = (self.generation(), *key)
        with self._lock:
            if full_key in self._selections:
                self._selections.move_to_end(full_key)
                return self._selections[full_key]
        with self.connection() as conn:
            rows = run(conn)
        with self._lock:
            self._selections[full_key] = rows
            while len(self._selections) > _KEPT_SELECTIONS:
                self._selections.popitem(last=False)
        return rows

    def select_rows(self, entity: Entity, where: str, values: Sequence[Value], order: str = "_seq") -> array[int]:
        """Row numbers of one entity, in order."""

        def run(conn: sqlite3.Connection) -> Rows:
            sql = f"SELECT _seq FROM {entity.table} WHERE {where} ORDER BY {order}"
            return array("q", (row[0] for row in conn.execute(sql, tuple(values))))

        rows = self.select((entity.name, where, tuple(values), order), run)
        if isinstance(rows, list):
            raise TypeError(entity.name)
        return rows

    def texts(self, entity: Entity, rows: Sequence[int], expression: str = "_payload") -> list[str]:
        """One text a row, in the order given; ``expression`` is SQL over the entity's columns."""
        expression = expression.replace("_payload", payload(entity))
        sql = (
            f"SELECT {expression} FROM json_each(?) AS wanted CROSS JOIN {entity.table} AS t ON t._seq = wanted.value"
            " ORDER BY wanted.key"
        )
        with self.connection() as conn:
            found = conn.execute(sql, (json.dumps(list(rows)),))
            return [row[0] for row in found]

    def read(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """Run a reading statement."""
        with self.connection() as conn:
            return conn.execute(sql, tuple(values)).fetchall()


def table_statement(entity: Entity) -> str:
    """DDL of one entity: the text, what the simulator must know of it, and every field as a generated column."""
    return f"CREATE TABLE IF NOT EXISTS {entity.table} ({_META_COLUMNS}, {', '.join(_columns(entity).values())})"


def _columns(entity: Entity) -> dict[str, str]:
    """Name -> DDL of each field's column, and of the external id beside the payload."""
    columns = {
        name: f"\"{name}\" {entity.affinity(name)} GENERATED ALWAYS AS (json_extract(_payload, '$.{name}')) VIRTUAL"
        for name in entity.fields
    }
    if entity.external and entity.external not in entity.fields:
        columns[entity.external] = f'"{entity.external}" TEXT GENERATED ALWAYS AS (_external_id) VIRTUAL'
    return columns


def _add_missing_columns(conn: sqlite3.Connection, entity: Entity) -> None:
    """A state kept from before the vendor's objects had these fields serves them too, empty."""
    there = {row[1] for row in conn.execute(f"PRAGMA table_xinfo({entity.table})")}
    for name, ddl in {"_external_id": "_external_id TEXT", **_columns(entity)}.items():
        if name not in there:
            conn.execute(f"ALTER TABLE {entity.table} ADD COLUMN {ddl}")


_BESIDE = """
-- records as they were before their last change: what a replica that lags still answers
CREATE TABLE IF NOT EXISTS older (
    entity TEXT, key TEXT, payload TEXT NOT NULL, PRIMARY KEY (entity, key)
) WITHOUT ROWID;
-- what clients wrote, member by member: the firm's next day does not undo it
CREATE TABLE IF NOT EXISTS written (
    entity TEXT, key TEXT, members TEXT NOT NULL, is_new INTEGER, is_gone INTEGER, PRIMARY KEY (entity, key)
) WITHOUT ROWID;
-- one row an effect, in order; requests without effect leave none
CREATE TABLE IF NOT EXISTS effects (
    seq INTEGER PRIMARY KEY, at TEXT, who TEXT, method TEXT, path TEXT, entity TEXT, key TEXT, effect TEXT, members TEXT
);
"""


def _older_statement(entity: Entity) -> str:
    return (
        f'CREATE TRIGGER IF NOT EXISTS "older_{entity.name}" AFTER UPDATE OF _payload ON {entity.table}'
        " WHEN OLD._payload <> NEW._payload BEGIN"
        f" DELETE FROM older WHERE entity = '{entity.name}' AND key = OLD._key;"
        f" INSERT INTO older VALUES ('{entity.name}', OLD._key, OLD._payload); END"
    )


def index_statements(entity: Entity) -> dict[str, str]:
    """Quoted name -> DDL of each index: by key, by each order readers page in, by what writers look for."""
    # live rows only: then an index alone answers the query that sorts them
    live = "" if entity.vendor == "salesforce" else " WHERE _deleted_at IS NULL"
    sorts = [entity.key, *((name, *entity.key) for name in entity.orders)]
    names = [f'"i_{entity.name}_{number}"' for number in range(len(sorts))]
    ordered = {
        name: f"CREATE INDEX IF NOT EXISTS {name} ON {entity.table} ({_quoted(fields)}){live}"
        for name, fields in zip(names, sorts, strict=True)
    }
    found = {
        f'"f_{entity.name}_{field}"': f'CREATE INDEX IF NOT EXISTS "f_{entity.name}_{field}" ON {entity.table}'
        f' ("{field}") WHERE "{field}" IS NOT NULL'
        for field in entity.finds
    }
    return {**ordered, **found}


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def projection(entity: Entity, fields: Sequence[str]) -> str:
    """SQL for the JSON text of some fields; the stored text itself when all are asked for, added ones behind it."""
    known = {spelled.lower(): value for spelled, value in added().items()}
    new = {name: known[name.lower()] for name in fields if entity.field(name) is None and name.lower() in known}
    if new:
        head = projection(entity, [name for name in fields if name not in new])
        tail = "".join(f",{json.dumps(name)}:{value}" for name, value in new.items())
        return f"(substr({head}, 1, length({head}) - 1) || {quoted(tail + '}')})"
    if set(fields) == set(entity.fields):
        return "_payload"
    parts = " || ',' || ".join(f"'\"{name}\":' || {_text_of(entity, name)}" for name in fields)
    return f"'{{' || {parts} || '}}'"


def _text_of(entity: Entity, field: str) -> str:
    is_beside = field == entity.external and field not in entity.fields
    return "json_quote(_external_id)" if is_beside else f"coalesce(_payload -> '$.{field}', 'null')"


def visible(entity: Entity, legal_entities: Sequence[str] | None, alias: str = "") -> str:
    """SQL condition of a restricted role or company filter; entities without a legal entity stay visible."""
    back = kept_back(entity, alias)
    if legal_entities is None or entity.name == DELETED_RECORD:
        return back
    column = f"{alias}._legal_entity" if alias else "_legal_entity"
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in legal_entities)
    seen = f"({column} IS NULL OR {column} IN ({names}))"
    return f"{seen} AND {back}" if back else seen
