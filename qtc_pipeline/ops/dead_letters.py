"""Dead letters: what could not be done or read, kept with payload and reason until a person decides.

A letter is never sent again: a replay reads and plans anew. Add here: a cause. Stays out: replaying (the corrections
room).
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
from qtc_pipeline.ops.models_corrections import DeadLetter

CAUSES = ("rejected", "exhausted", "unmapped", "undecodable")
WAITING = "waiting"
REPLAYED = "replayed"
DISCARDED = "discarded"


def add(
    session: Session,
    *,
    cause: str,
    target: str,
    payload: Mapping[str, Any],
    reason: str,
    actor: str,
    now: datetime,
    attempts: int = 1,
    correction_id: str | None = None,
) -> DeadLetter:
    """Keep something that could not be done; the same thing again is the same letter with more attempts.

    Args:
        session: of ``store.open_ledger``.
        cause: one of ``CAUSES``.
        target: instance it was for or from.
        payload: what could not be done or read, plain JSON.
        reason: why, the vendor's message where there is one.
        actor: who gave up.
        now: when.
        attempts: how often it was tried.
        correction_id: the correction, where it is one.

    Raises:
        CorrectionError: no such cause.
    """
    if cause not in CAUSES:
        raise CorrectionError("dead letter", f"'{cause}' is no cause", f"Use one of: {', '.join(CAUSES)}")
    kept = dict(payload)
    said = json.dumps([cause, target, correction_id, kept], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(said.encode()).hexdigest()
    wanted = select(DeadLetter).where(DeadLetter.digest == digest, DeadLetter.state == WAITING)
    known = session.scalars(wanted).first()
    if known is not None:
        known.attempts += attempts
        known.reason = reason
        session.flush()
        return known
    letter = DeadLetter(
        correction_id=correction_id,
        cause=cause,
        target=target,
        payload=kept,
        digest=digest,
        reason=reason,
        attempts=attempts,
        state=WAITING,
        created_at=now,
    )
    session.add(letter)
    session.flush()
    detail = {"cause": cause, "target": target, "correction_id": correction_id, "reason": reason}
    audit.append(session, actor=actor, action="letter.kept", subject=str(letter.letter_id), detail=detail, now=now)
    return letter


def get(session: Session, letter_id: int) -> DeadLetter:
    """The letter of that id.

    Raises:
        CorrectionError: there is none.
    """
    letter = session.get(DeadLetter, letter_id)
    if letter is None:
        raise CorrectionError(f"dead letter {letter_id}", "there is none", "See `qtc dlq list`")
    return letter


def list_letters(
    session: Session,
    *,
    state: str | None = WAITING,
    cause: str | None = None,
    target: str | None = None,
    correction_id: str | None = None,
    limit: int | None = None,
) -> list[DeadLetter]:
    """Letters in a state (None: any), oldest first."""
    wanted = select(DeadLetter).order_by(DeadLetter.letter_id)
    for column, value in (
        (DeadLetter.state, state),
        (DeadLetter.cause, cause),
        (DeadLetter.target, target),
        (DeadLetter.correction_id, correction_id),
    ):
        if value is not None:
            wanted = wanted.where(column == value)
    return list(session.scalars(wanted.limit(limit)))


def decide(session: Session, letter_id: int, state: str, *, person: str, reason: str, now: datetime) -> DeadLetter:
    """Write down that a letter is *replayed* or *discarded*, by whom and why.

    Raises:
        CorrectionError: somebody has decided already, or a discard gives no reason.
    """
    letter = get(session, letter_id)
    if letter.state != WAITING:
        raise CorrectionError(f"dead letter {letter_id}", f"is {letter.state} by {letter.person}", "See `qtc dlq list`")
    if not person.strip() or (state == DISCARDED and not reason.strip()):
        raise CorrectionError(f"dead letter {letter_id}", "needs a person and a reason", "Name both")
    letter.state = state
    letter.person, letter.decision_reason, letter.decided_at = person, reason, now
    session.flush()
    detail = {"reason": reason, "correction_id": letter.correction_id}
    audit.append(session, actor=person, action=f"letter.{state}", subject=str(letter_id), detail=detail, now=now)
    return letter
