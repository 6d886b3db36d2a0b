"""Defects of time: approved time that never arrived, arrived differently, or changed after it had arrived.

Here: choosing the entries (`CHOOSERS`) and marking them in a pod's time before it is billed (`apply`), so that
invoices, tax, payments and ledger follow from the defect as they would in life.
Stays out: defects of contracts and of documents.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox.billing import runs
from qtc_pipeline.sandbox.clock import (
    FIRST_AS_OF,
    at,
    closes_at,
    period_of,
    value_of,
)
from qtc_pipeline.sandbox.defects import Choice, Plant
from qtc_pipeline.sandbox.defects_work import extra
from qtc_pipeline.sandbox.history import Entry
from qtc_pipeline.sandbox.model import Engagement
from qtc_pipeline.sandbox.names import UNKNOWN_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from qtc_pipeline.sandbox.plan import Pod
    from qtc_pipeline.sandbox.state import PodState

_TODAY = FIRST_AS_OF.date()
_BILLED = (150, 78)  # work this many to this many days before day 0 is billed by then
_WAITING = (32, 14)  # transferred, and not billed if the planter says so
_OPEN = (100, 14)
AGE = {
    "time_not_transferred": _OPEN,
    "unknown_code": _OPEN,
    "quantity_mismatch": _BILLED,
    "billed_unapproved_time": _BILLED,
    "removed_after_transfer": _BILLED,
    "moved_after_transfer": _WAITING,
    "late_time": (150, 62),
    "unbilled_past_sla": _BILLED,
    "item_billed_twice": (200, 120),
    "rate_mismatch": _BILLED,
}
LEGS = ("approved_time.erp", "invoice_integrity.items", "bill_rate.psa", "bill_rate.erp")
LATE_BY = timedelta(days=3)
FIRST_PLANTED = 600  # extra deals of other planters are no target


def choose(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find an ordinary entry of the class's age; removed time is planted billed and unbilled."""
    plants = _choose(choice, (name, leg), place, AGE[name], {})
    if name == "removed_after_transfer":
        plants += _choose(choice, (name, leg), place + 1, _WAITING, {"unbilled": True})
    return plants


def choose_rate(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find ordinary billed entries; on the ERP's leg one with both rates wrong, and the one billed short, too."""
    off = {"off": 7_50}
    if leg == "bill_rate.psa":
        return _choose(choice, (name, leg), place, AGE[name], off)
    found = _choose(choice, (name, leg), place, AGE[name], {"off": -12_25})
    found += _choose(choice, (name, leg), place + 1, AGE[name], {**off, "both": True})
    short = choice.found.get(("quantity_mismatch", "approved_time.erp"), [])
    return found + [Plant(name, leg, plant.pod, plant.number, off) for plant in short]


def _choose(
    choice: Choice, key: tuple[str, str], place: int, age: tuple[int, int], facts: dict[str, Any]
) -> list[Plant]:  # fmt: skip
    name, leg = key
    draw = choice.draw(name, f"{leg}{sorted(facts)}")
    for widened in (0, 120, 300):
        first, last = _TODAY - timedelta(days=age[0] + widened), _TODAY - timedelta(days=age[1])
        for step in range(len(choice.pods)):
            state = choice.pods[(place + step) % len(choice.pods)]
            entries = [
                entry
                for entry in pool(choice, state)
                if first <= entry.day <= last and entry.number not in choice.taken and suits(entry, name)
            ]
            if name == "moved_after_transfer":
                entries = [entry for entry in entries if move_target(state.pod, entry)]
            if entries:
                entry = entries[draw.randrange(len(entries))]
                choice.taken.add(entry.number)
                if entry.engagement is not None:
                    choice.deals.add(entry.engagement.number)
                    if name == "item_billed_twice":
                        choice.billed_twice.add(entry.engagement.number)
                return [Plant(name, leg, state.spec.index, entry.number, facts)]
    return []


def pool(choice: Choice, state: PodState) -> list[Entry]:
    """Return the entries of a pod that have gone their ordinary way, found once for all classes."""
    found = choice.pools.get(state.spec.index)
    if found is None:
        found = choice.pools[state.spec.index] = [entry for entry in state.entries if _ordinary(entry)]
    return found


def _ordinary(entry: Entry) -> bool:
    deal = entry.engagement
    if deal is None or entry.transferred is None or deal.capped or deal.discount or deal.partner or entry.minutes < 75:
        return False
    marked = entry.held_until or entry.abandoned or entry.written_off or entry.deleted
    return not (marked or entry.created.date() != entry.day or deal.outcome != "signed" or deal.closed is None)


def suits(entry: Entry, name: str) -> bool:
    """Return whether an ordinary entry is one a class can be planted on."""
    deal = entry.engagement
    if deal is None:
        return False
    if name == "removed_after_transfer" and not priced_for_anybody(entry):
        return False
    if name == "late_time":
        arrival = closes_at(period_of(entry.day)) + LATE_BY + timedelta(days=1)
        return any(arrival < created and posted < FIRST_AS_OF - timedelta(days=4) for created, posted in runs(deal))
    if name == "item_billed_twice":
        return entry.document is not None and entry.document.posted is not None and (deal.end - entry.day).days > 10
    return AGE[name] != _BILLED or entry.document is not None


def priced_for_anybody(entry: Entry) -> bool:
    """Return whether the rate is the same whoever works: once the entry is gone, nobody knows who did."""
    return entry.engagement is not None and not any(row.country for row in entry.engagement.rates)


def move_target(pod: Pod, entry: Entry) -> Engagement | None:
    """Return another time-and-materials deal the entry may be moved to, one under way first."""
    deal = entry.engagement
    if deal is None:
        return None
    others = [
        other
        for other in pod.engagements
        if other is not deal
        and other.number % 1000 < FIRST_PLANTED
        and other.outcome == "signed"
        and other.billing_type == "time_and_materials"
        and not other.capped
        and other.currency == deal.currency
        and other.start <= entry.day
    ]
    return max(others, key=lambda other: other.end, default=None)


def apply(pod: Pod, entries: list[Entry], plants: tuple[Plant, ...]) -> list[Entry]:
    """Mark the planted entries of a pod; returns the entries with those of planted deals."""
    by_number = {entry.number: entry for entry in entries}
    for plant in plants:
        if "life" in plant.facts or plant.break_class == "rate_missing":
            continue
        if plant.leg in LEGS and plant.number in by_number:
            _spoil(pod, by_number[plant.number], plant)
    planted = extra(pod, plants)
    return [*entries, *planted] if planted else entries


def _spoil(pod: Pod, entry: Entry, plant: Plant) -> None:
    name = plant.break_class
    quirks: dict[str, Any] = entry.quirks or {}
    entry.quirks = quirks
    quirks.setdefault("planted", name)
    if name in {"time_not_transferred", "unknown_code"}:
        _withhold(entry, name)
    elif name == "quantity_mismatch":
        quirks["erp_minutes"] = entry.minutes - 30
    elif name == "billed_unapproved_time":
        quirks["unapproved"] = quirks["touched"] = _touch(entry)
    elif name == "removed_after_transfer":
        entry.deleted = _touch(entry)
        quirks["never_bill"] = bool(plant.facts.get("unbilled"))
    elif name == "moved_after_transfer":
        _move(entry, quirks, move_target(pod, entry))
    elif name == "late_time":
        entry.approved = closes_at(period_of(entry.day)) + LATE_BY
        entry.transferred = at(entry.approved.date() + timedelta(days=1), 2, 30)
        quirks["erp_day"] = entry.transferred.date()
    elif name == "unbilled_past_sla":
        quirks["never_bill"] = True
    elif name == "item_billed_twice":
        quirks["again"] = True
    elif name == "rate_mismatch":
        _misprice(entry, quirks, plant)


def _withhold(entry: Entry, name: str) -> None:
    entry.transferred = None
    if name == "unknown_code" and entry.engagement is not None:
        entry.role = UNKNOWN_ROLE
        reprice(entry, entry.engagement)


def _move(entry: Entry, quirks: dict[str, Any], other: Engagement | None) -> None:
    if other is not None:
        quirks["erp_deal"], quirks["touched"], quirks["never_bill"] = entry.engagement, _touch(entry), True
        entry.engagement, entry.phase = other, False
        reprice(entry, other)


def _misprice(entry: Entry, quirks: dict[str, Any], plant: Plant) -> None:
    if plant.leg == "bill_rate.psa" or plant.facts.get("both"):
        quirks["psa_rate"], quirks["touched"] = entry.rate - plant.facts["off"], _touch(entry)
    if plant.leg == "bill_rate.erp":
        quirks["erp_rate"] = entry.rate + plant.facts["off"]


def _touch(entry: Entry) -> datetime:
    """Return when somebody changed the entry in the last week before day 0."""
    return at(_TODAY - timedelta(days=4 + entry.number % 3), 15, entry.number % 60)


def reprice(entry: Entry, deal: Engagement) -> None:
    """Price an entry as a deal's rate card says."""
    entry.rate = deal.rate_on(entry.role, entry.day)
    entry.value = value_of(entry.minutes, entry.rate)


CHOOSERS: dict[tuple[str, str], Callable[[Choice, str, str, int], list[Plant]]] = {
    **{(name, "approved_time.erp"): choose for name in AGE if name not in {"item_billed_twice", "rate_mismatch"}},
    ("item_billed_twice", "invoice_integrity.items"): choose,
    ("rate_mismatch", "bill_rate.psa"): choose_rate,
    ("rate_mismatch", "bill_rate.erp"): choose_rate,
}
