"""What a rule says about one grain: the row, its class, and the source items that carry its exposure.

Add here: a column every rule has. Stays out: the rules themselves; who is primary is settled in ``exposure``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tests.oracle.context import Context

MAX_LOAD_GAP_HOURS = 26


@dataclass(frozen=True)
class Item:
    """A source item (time entry, invoice line, contract delta …) and what it would expose in one exception."""

    key: str
    amount: Decimal | None
    base: str
    currency: str | None


@dataclass(frozen=True)
class Finding:
    """One row of a rule: left minus right at a grain, its kind and class.

    ``kind`` is break, timing, reconciling, condition or unexplained; ``break_class`` is None for unexplained only.
    """

    leg: str
    measure: str
    kind: str
    break_class: str | None
    grain: str
    contract: str | None
    company: str
    period: str | None
    currency: str | None
    difference: Decimal | None
    items: tuple[Item, ...] = ()
    due_at: datetime | None = None
    blocked: Decimal | None = None

    @property
    def acts(self) -> bool:
        """Someone must act: a break or a condition."""
        return self.kind in {"break", "condition"}


def due(context: Context, event_at: datetime, leg: str = "") -> datetime:
    """The instant after which nothing is pending: the interface's delay and the longest gap between loads."""
    return event_at + timedelta(hours=context.hours_of(leg) + MAX_LOAD_GAP_HOURS)


def pending_reason(
    context: Context,
    event_at: datetime,
    other: str,
    sides: tuple[str, str],
    versions: Iterable[datetime],
    *,
    leg: str = "",
) -> str | None:
    """Why a differing row has a right to be late, in the order unread, torn, in transit; None where it has none.

    ``other`` is the vendor whose record is missing or behind, ``sides`` both vendors, ``versions`` the instants of the
    records at hand. After the interface's delay plus the longest gap between loads nothing is pending.
    """
    if context.as_of > due(context, event_at, leg):
        return None
    if event_at > context.read_through[other]:
        return "unread"
    if torn(context, sides, versions):
        return "torn"
    if event_at + timedelta(hours=context.hours_of(leg)) > context.as_of:
        return "in_transit"
    return None


def torn(context: Context, sides: tuple[str, str], versions: Iterable[datetime]) -> bool:
    """A record at hand is younger than what was read of one of the sides."""
    horizon = min(context.read_through[side] for side in sides)
    return any(version > horizon for version in versions)
