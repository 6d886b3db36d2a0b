"""What a planted defect says of itself: class, leg, records, and the source items whose money it puts at risk.

Here: the value both rooms of the truth (`truth_deals.py`, `truth_records.py`) hand to `truth.py`.
Stays out: who carries an item that several defects claim (`truth.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.history import Entry

LEAKAGE, OVERBILLING, CONTROL = "leakage", "overbilling", "control"


@dataclass(frozen=True, slots=True)
class Item:
    """A source item and what it would expose, in minor units."""

    key: str
    amount: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A break or condition that must be open; `base` only where the class leaves it to the sign."""

    break_class: str
    leg: str
    records: tuple[str, ...]
    items: tuple[Item, ...]
    currency: str | None
    base: str | None = None
    occurrence: int = 1


def claim(
    plant: Plant, records: tuple[str, ...], items: tuple[Item, ...], currency: str | None, base: str | None = None
) -> Claim:
    """Return what a plant claims under its own class and leg."""
    return Claim(plant.break_class, plant.leg, records, items, currency, base, plant.occurrence)


def time_item(entry: Entry, amount: int) -> Item:
    """Return the item of a time entry."""
    return Item(f"time_entry:{entry.number}", amount)


def by_sign(difference: int) -> str:
    """Return the base of a difference: what is owed and not billed leaks."""
    return LEAKAGE if difference > 0 else OVERBILLING
