"""The audit trail: append-only, each row chained to the one before by an HMAC whose key lies outside the database.

A chain cannot show that its last rows are missing, so its head and count go into every publication manifest and
:func:`verify` takes them as anchors. Appends happen in ledger sessions only (``store.open_ledger``), which run one
after the other; the database itself refuses updates and deletes (migration 0002). Add here: what makes tampering show.
Stays out: what is worth a row (whoever does it).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import AuditError, CorrectionError
from qtc_pipeline.ops.models_corrections import AuditRow
from qtc_pipeline.ops.pointer import MANIFEST

START = "0" * 64
KEY = "audit_key"
ANCHOR = "audit"
_PAGE = 1000
_FIX = "Restore the store from a backup and find out who could write to it"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a publication saw: rows there were, hash of the last one."""

    where: str
    count: int
    hash: str


def append(
    session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], now: datetime
) -> AuditRow:
    """Add a row at the end of the trail.

    Args:
        session: of ``store.open_ledger``.
        actor: person or process that does it.
        action: what is done, ``correction.move``.
        subject: what it is done to, an id.
        detail: plain values, amounts and instants.
        now: when.

    Raises:
        CorrectionError: the session is not one of the ledger.
        AuditError: the last row does not hold.
    """
    key: SecretStr | None = session.info.get(KEY)
    if key is None:
        raise CorrectionError("audit row", "this session is not one of the ledger", "Open it with store.open_ledger")
    last = session.scalars(select(AuditRow).order_by(AuditRow.seq.desc()).limit(1)).first()
    if last is not None and not _holds(last, last.seq, key):
        cause = "does not hold with the key in force: it was edited, or the key is another one"
        raise AuditError(f"audit row {last.seq}", cause, "Nothing is added before this is cleared up")
    row = AuditRow(
        seq=last.seq + 1 if last is not None else 1,
        at=now.astimezone(UTC),
        actor=actor,
        action=action,
        subject=subject,
        detail=json.dumps(dict(detail), sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_spell),
        previous_hash=last.hash if last is not None else START,
    )
    row.hash = _hash(row, row.seq, key)
    session.add(row)
    session.flush()
    return row


def head(session: Session) -> tuple[int, str]:
    """How many rows there are and the hash of the last one."""
    last = session.execute(select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)).first()
    return (last.seq, last.hash) if last is not None else (0, START)


def rows_of(session: Session, subject: str | None = None, limit: int | None = None) -> list[AuditRow]:
    """Rows about a subject (None: all), first to last; with a limit, the last ones."""
    wanted = select(AuditRow).order_by(AuditRow.seq.desc())
    if subject is not None:
        wanted = wanted.where(AuditRow.subject == subject)
    return list(session.scalars(wanted.limit(limit)))[::-1]


def anchors_in(published: Path) -> list[Anchor]:
    """What every publication of a folder saw of the trail, oldest first; made before there was one: nothing."""
    found = []
    for path in sorted(published.glob(f"*/{MANIFEST}")):
        try:
            seen = json.loads(path.read_text(encoding="utf-8")).get(ANCHOR)
        except json.JSONDecodeError as error:
            raise AuditError(
                f"publication {path.parent.name}", f"its manifest is damaged: {error}", "Restore it from a backup"
            ) from None
        if seen is not None:
            found.append(Anchor(f"publication {path.parent.name}", int(seen["count"]), str(seen["hash"])))
    return found


def verify(session: Session, key: SecretStr, anchors: Iterable[Anchor] = ()) -> int:
    """Check every row, their order, and that none is missing at the end; the number of rows.

    Raises:
        AuditError: names the first row that was edited, deleted, added or reordered, or which last rows are missing.
    """
    wanted: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        wanted.setdefault(anchor.count, []).append(anchor)
    count, previous = 0, START
    _compare(wanted.pop(0, []), START)
    for row in _pages(session):
        count += 1
        if not _holds(row, row.seq, key):
            raise AuditError(f"audit row {row.seq}", _what_happened(session, row, key), _FIX)
        if row.seq != count:
            raise AuditError(f"audit row {count}", "is missing: it was deleted", _FIX)
        if row.previous_hash != previous:
            raise AuditError(f"audit row {count}", "does not follow the row before it: one was put in its place", _FIX)
        previous = row.hash
        _compare(wanted.pop(count, []), previous)
    if wanted:
        most = wanted[max(wanted)][0]
        missing = f"rows {count + 1} to {most.count}" if most.count > count + 1 else f"row {most.count}"
        raise AuditError(
            f"audit {missing}", f"missing at the end: {most.where} saw {most.count} rows, there are {count}", _FIX
        )
    return count


def _pages(session: Session) -> Iterator[AuditRow]:
    """All rows by their number, without ever holding all of them."""
    wanted = select(AuditRow).order_by(AuditRow.seq).limit(_PAGE)
    page = list(session.scalars(wanted))
    while page:
        yield from page
        page = list(session.scalars(wanted.where(AuditRow.seq > page[-1].seq)))


def _compare(anchors: list[Anchor], found: str) -> None:
    for anchor in anchors:
        if anchor.hash != found:
            cause = f"is not the row {anchor.where} saw: the trail was written anew"
            raise AuditError(f"audit row {anchor.count}", cause, _FIX)


def _what_happened(session: Session, row: AuditRow, key: SecretStr) -> str:
    last, _ = head(session)
    for seq in range(1, last + 1):
        if _holds(row, seq, key):
            return f"was written as row {seq}: rows were reordered"
    return "was edited (or the key is another one): its hash does not match what it says"


def _holds(row: AuditRow, seq: int, key: SecretStr) -> bool:
    return hmac.compare_digest(row.hash, _hash(row, seq, key))


def _hash(row: AuditRow, seq: int, key: SecretStr) -> str:
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = json.dumps([seq, at, row.actor, row.action, row.subject, row.detail, row.previous_hash])
    return hmac.new(key.get_secret_value().encode(), said.encode(), hashlib.sha256).hexdigest()


def _spell(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"an audit row cannot hold {type(value).__name__}")
