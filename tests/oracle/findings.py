"""What a rule says about one grain: the row, its class, and the source items that carry its exposure.

Add here: a column every rule has. Stays out: the rules themselves; who is primary is settled in ``exposure``.
"""

from __future__ import annotations

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

    @property
    def acts(self) -> bool:
        """Someone must act: a break or a condition."""
        return self.kind in {"break", "condition"}


def due(context: Context, event_at: datetime) -> datetime:
    """The instant after which nothing is pending: the interface's delay and the longest gap between loads."""
    return event_at + timedelta(hours=context.interface_hours + MAX_LOAD_GAP_HOURS)


def pending_reason(
    context: Context, event_at: datetime, other: str, sides: tuple[str, str], versions: tuple[datetime, ...]
) -> str | None:
    """Why a differing row has a right to be late, in the order unread, torn, in transit; None where it has none.

    ``other`` is the vendor whose record is missing or behind, ``sides`` both vendors, ``versions`` the instants of the
    records at hand. After the interface's delay plus the longest gap between loads nothing is pending.
    """
    if context.as_of > due(context, event_at):
        return None
    if event_at > context.read_through[other]:
        return "unread"
    horizon = min(context.read_through[side] for side in sides)
    if any(version > horizon for version in versions):
        return "torn"
    if event_at + timedelta(hours=context.interface_hours) > context.as_of:
        return "in_transit"
    return None
