"""Defects of expenses and subcontractor cost: not handed over, handed over differently, on a wrong cost centre.

Here: choosing a deal (`CHOOSERS`) and adding the costs to a pod's (`apply`) before they are billed. Every defect sits
on a cost of its own, recorded some weeks before day 0.
Stays out: defects of time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, at, half_up, next_workday
from qtc_pipeline.sandbox.defects import Choice, Plant
from qtc_pipeline.sandbox.history import Expense
from qtc_pipeline.sandbox.names import CATEGORIES, CLOSED_CENTRE, SUBCONTRACTOR, VENDORS, cost_centre

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtc_pipeline.sandbox.model import Engagement
    from qtc_pipeline.sandbox.plan import Pod
    from qtc_pipeline.sandbox.state import PodState

_TODAY = FIRST_AS_OF.date()
_AGE = 50
_WIDEST = 400
EXPENSES, SUBCONTRACTORS = "expense.erp", "expense.subcontractor"
UNKNOWN_CATEGORY = "Gifts"  # no item of the ERP
NUMBERS = 900  # planted costs are numbered behind every ordinary cost of a deal
# what is planted by class: one cost each
VARIANTS: dict[tuple[str, str], tuple[str, ...]] = {
    ("expense_not_transferred", EXPENSES): ("lost",),
    ("unknown_code", EXPENSES): ("lost",),
    ("amount_mismatch", EXPENSES): ("less", "more", "withdrawn"),
    ("invalid_cost_centre", EXPENSES): ("closed",),
    ("expense_not_transferred", SUBCONTRACTORS): ("lost",),
    ("amount_mismatch", SUBCONTRACTORS): ("less",),
    ("unapproved_subcontractor_cost", SUBCONTRACTORS): ("withdrawn",),
    ("invalid_cost_centre", SUBCONTRACTORS): ("none",),
}


_SERIAL = {(key, variant): serial for serial, (key, variant) in enumerate(
    (key, variant) for key, variants in VARIANTS.items() for variant in variants
)}  # fmt: skip


def choose(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find deals whose costs are billed; the youngest work first."""
    found = []
    for step, variant in enumerate(VARIANTS[name, leg]):
        picked = _deal(choice, place + step)
        if picked is not None:
            state, deal = picked
            number = deal.number * 1000 + NUMBERS + _SERIAL[(name, leg), variant]
            found.append(Plant(name, leg, state.spec.index, number, {"deal": deal.number, "variant": variant}))
    return found


def _deal(choice: Choice, place: int) -> tuple[PodState, Engagement] | None:
    for widest in (_AGE + 40, _WIDEST):
        for step in range(len(choice.pods)):
            state = choice.pods[(place + step) % len(choice.pods)]
            deals = [deal for deal in state.pod.engagements if _fits(deal, widest)]
            if deals:
                return state, deals[place % len(deals)]
    return None


def _fits(deal: Engagement, widest: int) -> bool:
    oldest = _TODAY - timedelta(days=widest)
    return (
        deal.outcome == "signed"
        and deal.billing_type == "time_and_materials"
        and deal.start < _TODAY - timedelta(days=_AGE + 2)
        and deal.last_workday > oldest
        and deal.end > oldest
    )


def apply(pod: Pod, expenses: list[Expense], plants: tuple[Plant, ...]) -> list[Expense]:
    """Add the planted costs of a pod."""
    deals = {deal.number: deal for deal in pod.engagements}
    extra = [_cost(deals[plant.facts["deal"]], plant) for plant in plants if "variant" in plant.facts]
    return [*expenses, *extra] if extra else expenses


def _cost(deal: Engagement, plant: Plant) -> Expense:
    name, variant, number = plant.break_class, plant.facts["variant"], plant.number
    day = min(next_workday(_TODAY - timedelta(days=_AGE)), deal.last_workday)
    category = SUBCONTRACTOR if plant.leg == SUBCONTRACTORS else CATEGORIES[number % len(CATEGORIES)]
    if name == "unknown_code":
        category = UNKNOWN_CATEGORY
    approved = at(day + timedelta(days=4), 11)
    amount = 200_00 + number % 977 * 100
    item = Expense(number, deal.team[0], deal, day, amount, category, True, at(day, 18), approved)
    item.charged = half_up(amount * (10_000 + deal.markup), 10_000)
    item.cost_centre = cost_centre(deal.entity.key, deal.practice)
    item.vendor = VENDORS[number % len(VENDORS)] if plant.leg == SUBCONTRACTORS else None
    if variant != "lost":
        item.transferred = at(approved.date() + timedelta(days=1), 2)
    if variant in {"less", "more"}:
        item.quirks["charged"] = item.charged + (35_50 if variant == "more" else -27_25)
    elif variant == "withdrawn":
        item.quirks["unapproved"] = item.quirks["touched"] = at(_TODAY - timedelta(days=4), 15)
    elif variant in {"closed", "none"}:
        item.quirks["cost_centre"] = CLOSED_CENTRE if variant == "closed" else None
    return item


CHOOSERS: dict[tuple[str, str], Callable[[Choice, str, str, int], list[Plant]]] = dict.fromkeys(VARIANTS, choose)
