"""How a vendor's records are changed by its clients: one transaction, moved stamps, and a journal of effects.

A writer changes payloads member by member. What clients wrote survives the firm's next day, as it would at a real
vendor. The journal holds one row an effect, so a test can prove that a correction happened once.

Add here what every vendor's writes need. What a vendor allows to be written, and how it refuses, is in its application.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from qtc_pipeline.sandbox.servers.catalogue import DELETED_RECORD, LINES, SYSTEM_NOTE, Entity
from qtc_pipeline.sandbox.servers.store import Store

Payload = dict[str, Any]
_FORMS = {
    "salesforce": "%Y-%m-%dT%H:%M:%S.000+0000",
    "kantata": "%Y-%m-%dT%H:%M:%SZ",
    "netsuite": "%Y-%m-%d %H:%M:%S",
}
_CREATED = ("CreatedDate", "created_at", "createddate", "datecreated")
_FIRST_KEY = 900_000_000


def encode(payload: Mapping[str, Any]) -> str:
    """A payload as the vendor's JSON text: decimals as plain JSON numbers, nothing escaped that need not be."""
    return _encoder().encode(payload)


@cache
def _encoder() -> json.JSONEncoder:
    return json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_encode_other)


def _encode_other(value: object) -> int | float | str:
    if isinstance(value, Decimal):
        # the shortest text that reads back as the same number, which is what vendors send; exact up to 15 digits
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a payload holds a {type(value).__name__}")


def decode(text: str) -> Payload:
    """A payload with exact numbers."""
    payload: Payload = json.loads(text, parse_float=Decimal)
    return payload


@dataclass(frozen=True)
class Stored:
    """One live record."""

    key: str
    payload: Payload
    external_id: str | None
    legal_entity: str | None


class Writer:
    """The changes of one request."""

    def __init__(self, conn: sqlite3.Connection, who: str, method: str, path: str, now: datetime) -> None:
        self._conn = conn
        self._request = (who, method, path)
        self.now = now
        self.effects = 0
        self.allows_shared_ids = False
        self._parts = 0

    @contextmanager
    def part(self) -> Iterator[None]:
        """Changes that are taken back together when the block raises; the exception goes on."""
        self._parts += 1
        name = f"part_{self._parts}"
        self._conn.execute(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            self._conn.execute(f"ROLLBACK TO {name}")
            raise
        finally:
            self._conn.execute(f"RELEASE {name}")

    def stamp(self, entity: Entity) -> str:
        """Now, as the vendor writes it."""
        return self.now.strftime(_FORMS[entity.vendor])

    def get(self, entity: Entity, key: str) -> Stored | None:
        """A live record by its key."""
        found = self.where(entity, "_key = ?", key)
        return found[0] if found else None

    def is_deleted(self, entity: Entity, key: str) -> bool:
        """Whether a record was there and is gone."""
        sql = f"SELECT 1 FROM {entity.table} WHERE _key = ? AND _deleted_at IS NOT NULL"
        return self._conn.execute(sql, (key,)).fetchone() is not None

    def by_external_id(self, entity: Entity, value: str) -> list[Stored]:
        """Live records a client gave this id."""
        return self.where(entity, f'"{entity.external}" = ?', value)

    def where(self, entity: Entity, condition: str, *values: object) -> list[Stored]:
        """Live records that meet an SQL condition, in the order they came."""
        sql = (
            f"SELECT _key, _payload, _external_id, _legal_entity FROM {entity.table}"
            f" WHERE _deleted_at IS NULL AND {condition} ORDER BY _seq"
        )
        rows = self._conn.execute(sql, values).fetchall()
        return [Stored(str(key), decode(text), external, company) for key, text, external, company in rows]

    def new_number(self) -> int:
        """A number no record of the firm has."""
        return self.next_of("last_key", _FIRST_KEY)

    def next_of(self, series: str, after: int = 0) -> int:
        """The next number of a series."""
        row = self._conn.execute("SELECT value FROM meta WHERE name = ?", (series,)).fetchone()
        number = (int(row[0]) if row else after) + 1
        self._set(series, str(number))
        return number

    def insert(
        self, entity: Entity, payload: Payload, *, external_id: str | None = None, legal_entity: str | None = None
    ) -> str:
        """A new record; gives its key. Members nobody gave are null, stamps are now."""
        stamps = dict.fromkeys((*entity.stamps, *_CREATED), self.stamp(entity))
        full = {name: payload.get(name, stamps.get(name)) for name in entity.fields}
        key = ":".join(str(full[name]) for name in entity.key)
        self._conn.execute(
            f"INSERT INTO {entity.table} (_key, _payload, _legal_entity, _external_id) VALUES (?, ?, ?, ?)",
            (key, encode(full), legal_entity, external_id),
        )
        self._written(entity, key, {}, is_new=True)
        self._note(entity, key, "created", {**payload, **({entity.external: external_id} if external_id else {})})
        return key

    def update(self, entity: Entity, key: str, members: Mapping[str, Any]) -> bool:
        """Change members of a record; nothing happens, and no stamp moves, where all have these values already."""
        before = self.get(entity, key)
        if before is None:
            raise KeyError(key)
        known = {**before.payload, entity.external: before.external_id} if entity.external else before.payload
        changed = {name: value for name, value in members.items() if known.get(name) != value}
        if not changed:
            return False
        is_beside = entity.external not in entity.fields
        external_id = changed.pop(entity.external, before.external_id) if is_beside else before.external_id
        changed |= dict.fromkeys(entity.stamps, self.stamp(entity))
        self._conn.execute(
            f"UPDATE {entity.table} SET _payload = ?, _external_id = ? WHERE _key = ?",
            (encode({**before.payload, **changed}), external_id, key),
        )
        self._written(entity, key, changed, is_new=False)
        if entity.vendor == "netsuite":
            self._system_notes(entity, key, known, {name: members[name] for name in members if name in changed})
        self._note(entity, key, "updated", members)
        return True

    def _system_notes(self, entity: Entity, key: str, known: Mapping[str, Any], changed: Mapping[str, Any]) -> None:
        """NetSuite's own journal: each changed field with the value it had."""
        table = f'"e_{SYSTEM_NOTE}"'
        for name, value in changed.items():
            number = self._conn.execute(f"SELECT coalesce(max(_seq), 0) + 1 FROM {table}").fetchone()[0]
            about = {"id": str(number), "recordtype": entity.name, "recordid": key, "field": name}
            change = {"oldvalue": known.get(name), "newvalue": value, "date": self.stamp(entity)}
            values = (str(number), encode({**about, **change, "name": self._request[0]}))
            self._conn.execute(f"INSERT INTO {table} (_key, _payload) VALUES (?, ?)", values)

    def delete(self, entity: Entity, key: str) -> None:
        """Take a record away; Salesforce keeps it, marked and stamped, in its recycle bin."""
        gone = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if entity.vendor == "salesforce":
            marked = {"IsDeleted": True, **dict.fromkeys(entity.stamps, self.stamp(entity))}
            payload = {**self.where(entity, "_key = ?", key)[0].payload, **marked}
            self._conn.execute(f"UPDATE {entity.table} SET _payload = ? WHERE _key = ?", (encode(payload), key))
        self._conn.execute(f"UPDATE {entity.table} SET _deleted_at = ? WHERE _key = ?", (gone, key))
        if entity.vendor == "netsuite" and entity.name not in LINES:
            told = {"type": entity.name, "recordid": key, "deleteddate": self.stamp(entity), "name": None}
            self._conn.execute(
                f'INSERT INTO "e_{DELETED_RECORD}" (_key, _payload) VALUES (?, ?)',
                (f"{entity.name}:{key}:{gone}", encode(told)),
            )
        self._written(entity, key, {}, is_new=False, is_gone=True)
        self._note(entity, key, "deleted", {})

    def _written(
        self, entity: Entity, key: str, members: Mapping[str, Any], *, is_new: bool, is_gone: bool = False
    ) -> None:
        row = self._conn.execute(
            "SELECT members, is_new FROM written WHERE entity = ? AND key = ?", (entity.name, key)
        ).fetchone()
        kept, was_new = (decode(row[0]), bool(row[1])) if row else ({}, False)
        self._conn.execute(
            "INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?)",
            (entity.name, key, encode({**kept, **members}), is_new or was_new, is_gone),
        )

    def _note(self, entity: Entity, key: str, effect: str, members: Mapping[str, Any]) -> None:
        self.effects += 1
        at = self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._conn.execute(
            "INSERT INTO effects (at, who, method, path, entity, key, effect, members) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (at, *self._request, entity.name, key, effect, encode(members)),
        )

    def _set(self, name: str, value: str) -> None:
        self._conn.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    def close(self) -> None:
        """Readers shall notice what changed."""
        if self.effects:
            self._set("written_at", self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"))
            row = self._conn.execute("SELECT value FROM meta WHERE name = 'generation'").fetchone()
            self._set("generation", str(int(row[0] if row else 0) + 1))


@contextmanager
def writing(store: Store, *, who: str, method: str, path: str) -> Iterator[Writer]:
    """The changes of one request: all of them, or none where the block raises."""
    with store.connection() as conn:
        conn.execute("BEGIN IMMEDIATE")
        before = conn.execute("SELECT max(value) FROM meta WHERE name IN ('as_of', 'written_at')").fetchone()[0]
        moment = datetime.fromisoformat(before) if before else datetime(1970, 1, 1, tzinfo=UTC)
        writer = Writer(conn, who, method, path, moment.replace(microsecond=0) + timedelta(seconds=1))
        yield writer
        writer.close()
        conn.commit()


def effects(store: Store, after: int = 0) -> list[dict[str, Any]]:
    """The journal of effects from a place on, oldest first."""
    names = ("seq", "at", "who", "method", "path", "entity", "key", "effect", "members")
    rows = store.read(f"SELECT {', '.join(names)} FROM effects WHERE seq > ? ORDER BY seq", (after,))
    return [{**dict(zip(names, row, strict=True)), "members": json.loads(str(row[-1]))} for row in rows]


def keep_written(conn: sqlite3.Connection, entity: Entity) -> None:
    """Lay what clients wrote over the firm's next day, which stands in the table ``incoming``."""
    rows = conn.execute("SELECT key, members, is_new, is_gone FROM written WHERE entity = ?", (entity.name,)).fetchall()
    for key, members, is_new, is_gone in rows:
        if is_gone:
            conn.execute("DELETE FROM incoming WHERE _key = ?", (key,))
            continue
        found = conn.execute("SELECT _payload FROM incoming WHERE _key = ?", (key,)).fetchone()
        if found:
            payload = _laid_over(decode(found[0]), decode(members), entity.stamps)
            conn.execute("UPDATE incoming SET _payload = ? WHERE _key = ?", (encode(payload), key))
        elif is_new:
            conn.execute(
                "INSERT INTO incoming SELECT _key, _payload, _deleted_at, _legal_entity"
                f" FROM {entity.table} WHERE _key = ?",
                (key,),
            )


def _laid_over(firms: Payload, members: Payload, stamps: Sequence[str]) -> Payload:
    latest = {name: max(str(firms.get(name) or ""), str(members[name])) for name in stamps if name in members}
    return {**firms, **members, **latest}
