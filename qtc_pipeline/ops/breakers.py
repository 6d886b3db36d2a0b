"""Circuit breakers: whether a target is called at all.

Closed: calls go through. Open: none, until ``probe_at``. Half open: one call to see; a probe whose caller died makes
room for the next one after the same wait. The transitions are pure; the rows remember them for every process.
Add here: a transition. Stays out: what counts as a failure, maintenance windows (the corrections room).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import BreakerRow

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half_open"
_LONGEST = 6  # the wait doubles so often at most


@dataclass(frozen=True, slots=True)
class Breaker:
    """How a target has answered lately; ``failures`` in a row."""

    state: str = CLOSED
    failures: int = 0
    opened_at: datetime | None = None
    probe_at: datetime | None = None
    reason: str = ""


def asked(breaker: Breaker, now: datetime, wait: timedelta) -> tuple[bool, Breaker]:
    """Whether a call may be made now, and the breaker after the question."""
    if breaker.state == CLOSED:
        return True, breaker
    if breaker.probe_at is not None and now < breaker.probe_at:
        return False, breaker
    return True, replace(breaker, state=HALF_OPEN, probe_at=now + wait)


def failed(breaker: Breaker, now: datetime, wait: timedelta, *, limit: int, reason: str) -> Breaker:
    """After a call that failed: open at the limit, or at once where it was the probe; each time twice as long."""
    failures = breaker.failures + 1
    if breaker.state == CLOSED and failures < limit:
        return replace(breaker, failures=failures, reason=reason)
    longer = wait * 2 ** min(max(failures - limit, 0), _LONGEST)
    return Breaker(OPEN, failures, breaker.opened_at or now, now + longer, reason)


def succeeded() -> Breaker:
    """After a call that was answered."""
    return Breaker()


def held(breaker: Breaker, now: datetime, until: datetime, reason: str) -> Breaker:
    """No call until an instant, without a failure (maintenance, a refused credential)."""
    return Breaker(OPEN, breaker.failures, breaker.opened_at or now, until, reason)


def find(session: Session, target: str) -> Breaker:
    """The breaker of a target; closed where nothing ever failed."""
    row = session.get(BreakerRow, target)
    return Breaker(row.state, row.failures, row.opened_at, row.probe_at, row.reason) if row is not None else Breaker()


def keep(session: Session, target: str, breaker: Breaker, *, actor: str, now: datetime) -> None:
    """Store the breaker of a target, in a session of ``store.open_ledger``; a change of state goes on record."""
    row = session.get(BreakerRow, target)
    before = row.state if row is not None else CLOSED
    if row is None:
        row = BreakerRow(target=target)
        session.add(row)
    row.state, row.failures, row.reason = breaker.state, breaker.failures, breaker.reason
    row.opened_at, row.probe_at = breaker.opened_at, breaker.probe_at
    session.flush()
    if before != breaker.state:
        detail = {"from": before, "to": breaker.state, "reason": breaker.reason, "probe_at": breaker.probe_at}
        audit.append(session, actor=actor, action="breaker.moved", subject=target, detail=detail, now=now)


def all_breakers(session: Session) -> dict[str, Breaker]:
    """Target -> breaker, of every target that ever failed."""
    return {row.target: find(session, row.target) for row in session.query(BreakerRow).order_by(BreakerRow.target)}
