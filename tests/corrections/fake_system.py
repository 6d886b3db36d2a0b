"""A system in one SQLite database: records, a journal of every effect, faults on order. Many processes may use it.

It keeps its own clock (``at``), so that a late effect, a settle time or a lagging search take no real time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qtc_pipeline.errors import (
    AmbiguousRecordError,
    AuthenticationError,
    NoEffectError,
    OutcomeUnknownError,
    StaleRecordError,
    TransientError,
    WriteRejectedError,
)
from qtc_pipeline.systems.writing import Found, Sent, Write

SETTLE_SECONDS = 300.0
LATE_SECONDS = 120.0
START = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
FAULTS = (
    "lost_before",
    "lost_after",
    "late",
    "no_effect",
    "rejected",
    "stale",
    "authentication",
    "duplicate",
    "dropped",
    "unreadable",
)
_TABLES = """
create table if not exists clock (at text);
create table if not exists record (key text primary key, entity text, marker text, fields text, version integer,
    searchable_at text);
create table if not exists journal (seq integer primary key, what text, target text, fields text, at text);
create table if not exists late (seq integer primary key, due text, body text);
create table if not exists fault (seq integer primary key, what text);
create table if not exists other (seq integer primary key, key text, fields text);
"""


class FakeSystem:
    """The system itself, seen by whoever looks at it from outside."""

    def __init__(self, path: Path | str = ":memory:", *, search_lag: float = 0.0) -> None:
        self.search_lag = search_lag
        self.calls: list[str] = []
        self.db = sqlite3.connect(str(path), isolation_level=None, timeout=30, check_same_thread=False)
        self.db.executescript(_TABLES)
        if self.db.execute("select 1 from clock").fetchone() is None:
            self.db.execute("insert into clock values (?)", (START.isoformat(),))

    @property
    def at(self) -> datetime:
        """The system's clock."""
        return datetime.fromisoformat(self.db.execute("select at from clock").fetchone()[0])

    def advance(self, seconds: float) -> None:
        """Time passes; what was to take effect meanwhile does."""
        self.db.execute("update clock set at = ?", ((self.at + timedelta(seconds=seconds)).isoformat(),))
        due = "select seq, body from late where due <= ? order by seq"
        for seq, body in self.db.execute(due, (self.at.isoformat(),)).fetchall():
            self.db.execute("delete from late where seq = ?", (seq,))
            self._take(Write(**json.loads(body)))

    def put(self, key: str, entity: str = "project", marker: str | None = None, **fields: Any) -> None:
        """A record that is there before anybody corrects anything."""
        self.db.execute(
            "insert or replace into record values (?, ?, ?, ?, 1, ?)",
            (key, entity, marker, json.dumps(fields), START.isoformat()),
        )

    def change(self, key: str, **fields: Any) -> None:
        """Somebody else changes a record."""
        held, version = self.db.execute("select fields, version from record where key = ?", (key,)).fetchone()
        self.db.execute(
            "update record set fields = ?, version = ? where key = ?",
            (json.dumps({**json.loads(held), **fields}), version + 1, key),
        )

    def fail_next(self, *faults: str) -> None:
        """What becomes of the next sends, one each."""
        self.db.executemany("insert into fault (what) values (?)", [(one,) for one in faults])

    def changed_between(self, key: str, **fields: Any) -> None:
        """Somebody else changes a record between the next look and its send."""
        self.db.execute("insert into other (key, fields) values (?, ?)", (key, json.dumps(fields)))

    def heal(self) -> None:
        """No fault is left on order."""
        self.db.execute("delete from fault")

    def fields(self, key: str) -> dict[str, Any] | None:
        """What a record holds."""
        row = self.db.execute("select fields from record where key = ?", (key,)).fetchone()
        return None if row is None else dict(json.loads(row[0]))

    def effects(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every effect our writes had: (operation, key or marker, fields), in order."""
        rows = self.db.execute("select what, target, fields from journal order by seq")
        return [(what, target, json.loads(fields)) for what, target, fields in rows]

    def with_marker(self, marker: str) -> list[str]:
        """Keys of the records that carry a marker."""
        return [row[0] for row in self.db.execute("select key from record where marker = ?", (marker,))]

    def _take(self, write: Write) -> str:
        self.db.execute("begin immediate")
        try:
            key = self._taken(write)
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")
        return key

    def _taken(self, write: Write) -> str:
        new = dict(write.new)
        if write.operation == "create":
            key = f"r{self.db.execute('select count(*) from record').fetchone()[0] + 1}"
            searchable = (self.at + timedelta(seconds=self.search_lag)).isoformat()
            self.db.execute(
                "insert into record values (?, ?, ?, ?, 1, ?)",
                (key, write.entity, write.marker, json.dumps(new), searchable),
            )
        else:
            key = str(write.key)
            held, version = self.db.execute("select fields, version from record where key = ?", (key,)).fetchone()
            self.db.execute(
                "update record set fields = ?, version = ? where key = ?",
                (json.dumps({**json.loads(held), **new}), version + 1, key),
            )
        self.db.execute(
            "insert into journal (what, target, fields, at) values (?, ?, ?, ?)",
            (write.operation, write.marker or key, json.dumps(new), self.at.isoformat()),
        )
        return key


class FakeWriter:
    """A writer of the fake: the protocol of ``systems.writing`` with every failure it may have."""

    settle_seconds = SETTLE_SECONDS

    def __init__(
        self, system: FakeSystem, *, identity: str = "fake-1", on_send: Callable[[str], None] = lambda _: None
    ) -> None:
        self.system = system
        self.named = identity
        self.on_send = on_send
        self.down = False
        self.is_closed = False

    def identity(self) -> str:
        self.system.calls.append("identity")
        if self.down:
            raise TransientError("system fake", "does not answer")
        return self.named

    def look(self, write: Write) -> Found | None:
        self.system.calls.append("look")
        if self.down:
            raise TransientError("system fake", "does not answer")
        database = self.system.db
        if write.key is not None:
            rows = database.execute("select key, fields, version from record where key = ?", (write.key,)).fetchall()
        else:
            rows = database.execute(
                "select key, fields, version from record where marker = ? and searchable_at <= ?",
                (write.marker, self.system.at.isoformat()),
            ).fetchall()
        if len(rows) > 1:
            raise AmbiguousRecordError(f"marker {write.marker}", f"{len(rows)} records carry it")
        if not rows:
            return None
        key, fields, version = rows[0]
        held: Mapping[str, Any] = json.loads(fields)
        spoken = {name: held.get(name) for name in write.new}
        return Found(key, spoken, str(version), {name: one for name, one in held.items() if name not in write.new})

    def send(self, write: Write, found: Found | None, key: str) -> Sent:
        del found
        self.system.calls.append("send")
        database = self.system.db
        for seq, other, fields in database.execute("select seq, key, fields from other").fetchall():
            database.execute("delete from other where seq = ?", (seq,))
            self.system.change(other, **json.loads(fields))
        if self.down:
            raise NoEffectError("system fake", "does not answer", code="connect")
        ordered = database.execute("delete from fault where seq = (select min(seq) from fault) returning what")
        fault = (ordered.fetchone() or ("",))[0]
        self.on_send("before")
        self._fail_before(fault, write)
        made = str(write.key) if fault == "dropped" else self.system._take(write)
        self.on_send("after")
        if fault == "duplicate" and write.operation == "update":
            self.system._take(write)
        if fault == "unreadable":
            self.down = True
        if fault == "lost_after":
            raise OutcomeUnknownError(f"write {key[:8]}", "the answer was lost")
        return Sent(made, 200)

    def _fail_before(self, fault: str, write: Write) -> None:
        if fault == "late":
            due = (self.system.at + timedelta(seconds=LATE_SECONDS)).isoformat()
            body = json.dumps({name: _plain(getattr(write, name)) for name in Write.__slots__})
            self.system.db.execute("insert into late (due, body) values (?, ?)", (due, body))
        if fault in {"late", "lost_before"}:
            raise OutcomeUnknownError(f"record {write.key or write.marker}", "the answer was lost")
        if fault == "no_effect":
            raise NoEffectError("system fake", "is busy", code="503")
        if fault == "rejected":
            raise WriteRejectedError(f"record {write.key or write.marker}", "the period is locked", code="PERIOD")
        if fault == "stale":
            raise StaleRecordError(f"record {write.key}", "moved since it was looked at", code="412")
        if fault == "authentication":
            raise AuthenticationError("system fake", "the credentials are refused")

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:
        if write.operation == "create" or before is None or before.version is None or after.version is None:
            return None
        if int(after.version) > int(before.version) + 1:
            return f"record {after.key} changed between our look and our write"
        return None

    def close(self) -> None:
        self.is_closed = True


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
