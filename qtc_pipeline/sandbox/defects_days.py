"""Defects that come and go: they appear on a day, some are repaired at the source, some return.

Here: `LIVES` (which class lives when), choosing its ordinary record (`choose`), what is there on a day (`on_day`), and
putting it in (`apply_plan`, `apply_work`). A record that is switched carries the stamp of its last switch.
Stays out: defects that are there on every day (`defects.py` and its other rooms).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, as_of, at
from qtc_pipeline.sandbox.defects import Choice, Plant
from qtc_pipeline.sandbox.defects_time import move_target, pool, priced_for_anybody, reprice, suits
from qtc_pipeline.sandbox.names import CLOSED_CENTRE, TERMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtc_pipeline.sandbox.history import Entry, Expense
    from qtc_pipeline.sandbox.model import Account, Engagement
    from qtc_pipeline.sandbox.plan import Pod
    from qtc_pipeline.sandbox.state import PodState

_TODAY = FIRST_AS_OF.date()
_SWITCHED_AT = 12  # the hour of a day at which somebody changes a record
_OFF = 5_00
_OVERSOLD = 4_800
_DEARER = 1_234_56


@dataclass(frozen=True, slots=True)
class Life:
    """The days on which a defect appears, is repaired and returns."""

    appears: int
    repaired: int | None = None
    returns: int | None = None


LIVES: dict[tuple[str, str], Life] = {
    ("master_data_mismatch", "customer_master.erp"): Life(1, 3, 5),
    ("rate_mismatch", "bill_rate.psa"): Life(1, 2, 4),
    ("value_mismatch", "contract_value.psa"): Life(2, 4, 6),
    ("unstaffed_demand", "staffing.psa"): Life(1, 4),
    ("invalid_cost_centre", "expense.erp"): Life(2, 5, 7),
    ("moved_after_transfer", "approved_time.erp"): Life(2),
    ("removed_after_transfer", "approved_time.erp"): Life(1),
}
_LASTING = {"moved_after_transfer", "removed_after_transfer"}  # kept unbilled from the start: nothing else may happen


def choose(choice: Choice, key: tuple[str, str], place: int) -> list[Plant]:
    """Find an ordinary record for a class that lives."""
    name, leg = key
    for step in range(len(choice.pods)):
        state = choice.pods[(place + step) % len(choice.pods)]
        numbers = _candidates(choice, state, name)
        if numbers:
            number = numbers[choice.draw(name, f"{leg} lives").randrange(len(numbers))]
            if leg in {"bill_rate.psa", "approved_time.erp"}:
                choice.taken.add(number)
            return [Plant(name, leg, state.spec.index, number, {"life": LIVES[key]})]
    return []


def _candidates(choice: Choice, state: PodState, name: str) -> list[int]:
    if name == "master_data_mismatch":
        return sorted({deal.account.number for deal in state.pod.engagements if _under_way(deal)})
    if name in {"value_mismatch", "unstaffed_demand"}:
        return [deal.number for deal in state.pod.engagements if _under_way(deal)]
    if name == "invalid_cost_centre":
        return [item.number for item in state.expenses if item.transferred is not None and item.vendor is None]
    first = _TODAY.replace(day=1) if name in _LASTING else _TODAY - timedelta(days=400)
    last = _TODAY - timedelta(days=6 if name in _LASTING else 60)
    return [
        entry.number
        for entry in pool(choice, state)
        if first <= entry.day <= last
        and entry.number not in choice.taken
        and suits(entry, "moved_after_transfer" if name in _LASTING else name)
        and (entry.document is None) == (name in _LASTING)
        and (name != "moved_after_transfer" or move_target(state.pod, entry) is not None)
        and (name != "removed_after_transfer" or priced_for_anybody(entry))
    ]


def _under_way(deal: Engagement) -> bool:
    return (
        deal.outcome == "signed"
        and deal.signed.date() < _TODAY - timedelta(days=20)
        and deal.start <= _TODAY
        and deal.end > _TODAY + timedelta(days=15)
        and deal.hold_from is None
        and deal.partner is None
    )


def on_day(plants: Iterable[Plant], day: int) -> tuple[Plant, ...]:
    """Return the plants of a day: those that live get their occurrence and the moment of their last switch."""
    return tuple(found for plant in plants if (found := _seen(plant, day)) is not None)


def _seen(plant: Plant, day: int) -> Plant | None:
    life = plant.facts.get("life")
    if not isinstance(life, Life):
        return plant
    switches = [when for when in (life.appears, life.repaired, life.returns) if when is not None and when <= day]
    if not switches and plant.break_class not in _LASTING:
        return None
    moment = at(as_of(switches[-1]).date(), _SWITCHED_AT) if switches else None
    return replace(plant, is_open=len(switches) % 2 == 1, occurrence=1 + len(switches) // 3, switched=moment)


def living(plants: tuple[Plant, ...]) -> list[Plant]:
    """Return the plants that live."""
    return [plant for plant in plants if "life" in plant.facts]


def apply_plan(pod: Pod, plants: tuple[Plant, ...]) -> None:
    """Switch what lives in a pod's plan."""
    deals = {deal.number: deal for deal in pod.engagements}
    accounts = {account.number: account for account in pod.accounts}
    for plant in living(plants):
        if plant.break_class == "master_data_mismatch":
            _switch_customer(accounts[plant.number], plant)
        elif plant.break_class == "value_mismatch":
            _switch_deal(deals[plant.number], plant, ("psa_price", _DEARER), "psa_touched")
        elif plant.break_class == "unstaffed_demand":
            _switch_deal(deals[plant.number], plant, ("oversold", _OVERSOLD), "oversold_at")


def _switch_customer(account: Account, plant: Plant) -> None:
    account.quirks["touched"] = plant.switched
    if plant.is_open:
        account.quirks["erp"] = {"terms": TERMS[1 - account.terms][0]}


def _switch_deal(deal: Engagement, plant: Plant, change: tuple[str, int], stamp: str) -> None:
    deal.quirks[stamp] = plant.switched
    if plant.is_open:
        deal.quirks[change[0]] = change[1]


def apply_work(pod: Pod, entries: list[Entry], plants: tuple[Plant, ...]) -> None:
    """Switch what lives in a pod's time."""
    lives = {plant.number: plant for plant in living(plants) if plant.break_class in _SWITCH}
    for entry in entries if lives else ():
        plant = lives.get(entry.number)
        if plant is not None:
            entry.quirks = entry.quirks or {"planted": plant.break_class, "lives": True}
            _SWITCH[plant.break_class](pod, entry, plant)


def _rate(pod: Pod, entry: Entry, plant: Plant) -> None:
    del pod
    quirks = entry.quirks or {}
    quirks["touched"] = plant.switched
    if plant.is_open:
        quirks["psa_rate"] = entry.rate + _OFF


def _move(pod: Pod, entry: Entry, plant: Plant) -> None:
    quirks, other = entry.quirks or {}, move_target(pod, entry)
    quirks["never_bill"] = True
    if plant.is_open and other is not None:
        quirks["erp_deal"], quirks["touched"] = entry.engagement, plant.switched
        entry.engagement, entry.phase = other, False
        reprice(entry, other)


def _remove(pod: Pod, entry: Entry, plant: Plant) -> None:
    del pod
    (entry.quirks or {})["never_bill"] = True
    if plant.is_open:
        entry.deleted = plant.switched


_SWITCH: dict[str, Callable[[Pod, Entry, Plant], None]] = {
    "rate_mismatch": _rate,
    "moved_after_transfer": _move,
    "removed_after_transfer": _remove,
}


def apply_costs(expenses: list[Expense], plants: tuple[Plant, ...]) -> None:
    """Switch what lives in a pod's costs."""
    lives = {plant.number: plant for plant in living(plants) if plant.break_class == "invalid_cost_centre"}
    for item in expenses if lives else ():
        plant = lives.get(item.number)
        if plant is not None and isinstance(plant.switched, datetime):
            item.quirks["touched"] = plant.switched
            if plant.is_open:
                item.quirks["cost_centre"] = CLOSED_CENTRE
