"""Settings people answer for: policies, tolerances, mappings, pinned targets, each change proposed and approved.

What is in force is the newest approved document of its kind; a change one person wrote waits until another approves.
Add here: a question about changes. Stays out: what the documents mean (settings, the corrections room).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import Governed


def digest_of(document: Mapping[str, Any]) -> str:
    """Digest of a document, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def propose(session: Session, what: str, document: Mapping[str, Any], *, person: str, now: datetime) -> Governed:
    """Write a change down; the same one that waits, or is in force, is that one.

    Args:
        session: of ``store.open_ledger``.
        what: its kind, ``policies``.
        document: the whole of it after the change, plain JSON.
        person: who changed it.
        now: when.
    """
    digest = digest_of(document)
    for known in (in_force(session, what), *waiting(session, what)):
        if known is not None and known.digest == digest:
            return known
    row = Governed(what=what, digest=digest, document=dict(document), person=person, at=now)
    session.add(row)
    session.flush()
    detail = {"digest": digest, "change": row.governed_id}
    audit.append(session, actor=person, action="settings.proposed", subject=what, detail=detail, now=now)
    return row


def adopt(session: Session, what: str, document: Mapping[str, Any], *, actor: str, now: datetime) -> Governed:
    """Put the first document of a kind into force as it is found; a later one needs two people.

    Raises:
        CorrectionError: one is in force already.
    """
    if in_force(session, what) is not None:
        raise CorrectionError(f"settings {what}", "are in force already", "Propose the change")
    row = Governed(what=what, digest=digest_of(document), document=dict(document), person=actor, at=now)
    row.approved_by, row.approved_at = actor, now
    session.add(row)
    session.flush()
    detail = {"digest": row.digest, "change": row.governed_id}
    audit.append(session, actor=actor, action="settings.adopted", subject=what, detail=detail, now=now)
    return row


def approve(session: Session, governed_id: int, *, person: str, now: datetime) -> Governed:
    """Put a change into force.

    Raises:
        CorrectionError: there is none that waits, or the person proposed it.
    """
    row = session.get(Governed, governed_id)
    if row is None or row.approved_at is not None:
        cause = "there is none" if row is None else f"was approved by {row.approved_by}"
        raise CorrectionError(f"change {governed_id}", cause, "List what waits")
    if row.person == person:
        raise CorrectionError(f"change {governed_id}", f"'{person}' proposed it", "Another person approves")
    row.approved_by, row.approved_at = person, now
    session.flush()
    detail = {"digest": row.digest, "change": governed_id, "proposer": row.person}
    audit.append(session, actor=person, action="settings.approved", subject=row.what, detail=detail, now=now)
    return row


def in_force(session: Session, what: str) -> Governed | None:
    """The newest approved document of a kind; None before the first."""
    wanted = select(Governed).where(Governed.what == what, Governed.approved_at.is_not(None))
    return session.scalars(wanted.order_by(Governed.approved_at.desc(), Governed.governed_id.desc())).first()


def waiting(session: Session, what: str | None = None) -> list[Governed]:
    """Changes nobody has approved yet, newer than what is in force, oldest first."""
    wanted = select(Governed).where(Governed.approved_at.is_(None)).order_by(Governed.governed_id)
    if what is not None:
        wanted = wanted.where(Governed.what == what)
    rows = list(session.scalars(wanted))
    in_force_of = {kind: in_force(session, kind) for kind in {row.what for row in rows}}
    return [row for row in rows if (now := in_force_of[row.what]) is None or row.governed_id > now.governed_id]
