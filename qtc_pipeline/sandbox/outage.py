"""The interface from PSA to ERP being dead for some days: nothing is handed over, and all of it when it works again.

Here: `Outage`, what it holds back of time and costs (`hold_back`), and what must then be open (`outage_claims`).
Stays out: how work is handed over when the interface lives (`work.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.claims import Claim, Item, time_item
from qtc_pipeline.sandbox.clock import as_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtc_pipeline.sandbox.history import Entry, Expense
    from qtc_pipeline.sandbox.state import PodState

INTERFACE_HOURS = 24  # how late the interface may be
_CATCHES_UP_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Outage:
    """From the end of one day to the end of another nothing is handed over."""

    begins: datetime
    ends: datetime

    def delays(self, moment: datetime) -> bool:
        """Return whether something would have been handed over while the interface is dead."""
        return self.begins < moment <= self.ends


def outage_of(days: tuple[int, int] | None) -> Outage | None:
    """Return the outage of (first, last) sandbox day."""
    return Outage(as_of(days[0] - 1), as_of(days[1])) if days else None


def hold_back(outage: Outage | None, found: list[Entry] | list[Expense], until: datetime) -> None:
    """Hand over later what would have been handed over during the outage, or not yet."""
    if outage is None:
        return
    resumed = outage.ends + _CATCHES_UP_AFTER
    for item in found:
        if item.transferred is None or not outage.delays(item.transferred):
            continue
        if resumed <= until:
            item.transferred = resumed
        else:
            item.transferred, item.withheld = None, True
        if item.held_until is not None:
            item.held_until = max(item.held_until, resumed) if resumed <= until else None


def outage_claims(state: PodState) -> Iterator[Claim]:
    """Yield what the interface owes for longer than it may."""
    late = state.until - timedelta(hours=INTERFACE_HOURS)
    for entry in state.entries:
        deal = entry.engagement
        if entry.withheld and deal is not None and entry.approved is not None and entry.approved <= late:
            items = (time_item(entry, entry.value),)
            yield Claim("time_not_transferred", "approved_time.erp", (str(entry.number),), items, deal.currency)
    for cost in state.expenses:
        if cost.withheld and cost.approved <= late:
            number = str(cost.number)
            leg = "expense.subcontractor" if cost.vendor else "expense.erp"
            items = (Item(f"expense:{number}", cost.charged),)
            yield Claim("expense_not_transferred", leg, (number,), items, cost.engagement.currency)
