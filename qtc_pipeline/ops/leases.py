"""Leases: one applier per target, told apart from the one before it by a fencing number that only grows.

Everything here wants a session of ``store.open_ledger``. Add here: a question about leases. Stays out: what is done
under one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtc_pipeline.errors import LostLeaseError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models_corrections import LeaseRow


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to a target until an instant; ``holder`` is unique to one applier."""

    target: str
    holder: str
    fencing: int
    until: datetime


def take(session: Session, target: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
    """Take a target over for a while; None while another holds it. Taking it again gives a new fencing number."""
    row = session.get(LeaseRow, target)
    if row is None:
        row = LeaseRow(target=target, holder=holder, fencing=0, until=now)
        session.add(row)
    elif row.holder != holder and row.until > now:
        return None
    if row.fencing and row.holder not in {holder, ""}:  # its holder never gave it back
        detail = {"from": row.holder, "fencing": row.fencing + 1, "until": row.until}
        audit.append(session, actor=holder, action="lease.taken_over", subject=target, detail=detail, now=now)
    row.holder = holder
    row.fencing += 1
    row.until = now + ttl
    session.flush()
    return Lease(target, holder, row.fencing, row.until)


def renew(session: Session, lease: Lease, ttl: timedelta, now: datetime) -> Lease:
    """Keep a target for longer.

    Raises:
        LostLeaseError: it ran out or another took it.
    """
    row = check(session, lease.target, lease.fencing, now)
    row.until = now + ttl
    session.flush()
    return Lease(lease.target, lease.holder, lease.fencing, row.until)


def give_back(session: Session, lease: Lease, now: datetime) -> None:
    """Let the next one have it at once; nothing happens where another has it already."""
    row = session.get(LeaseRow, lease.target)
    if row is not None and row.fencing == lease.fencing:
        row.holder = ""
        row.until = now
        session.flush()


def check(session: Session, target: str, fencing: int, now: datetime) -> LeaseRow:
    """The lease in force, which must be the one with that fencing number.

    Raises:
        LostLeaseError: it ran out or another took it.
    """
    row = session.get(LeaseRow, target)
    if row is None or row.fencing != fencing:
        who = f"{row.holder or 'another'} (fencing {row.fencing})" if row is not None else "nobody"
        raise LostLeaseError(f"target {target}", f"the lease with fencing {fencing} is over, {who} holds it", "Stop")
    if row.until <= now:
        raise LostLeaseError(f"target {target}", f"the lease ran out at {row.until:%H:%M:%S} UTC", "Take it again")
    return row


def holders(session: Session) -> list[Lease]:
    """Every target that was ever leased, by name."""
    rows = session.query(LeaseRow).order_by(LeaseRow.target)
    return [Lease(row.target, row.holder, row.fencing, row.until) for row in rows]
