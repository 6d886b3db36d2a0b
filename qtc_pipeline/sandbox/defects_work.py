"""Work on planted deals: the few time entries a defect of a deal needs to show.

Here: `extra(pod, plants)`. Stays out: the deals (`defects_contracts.py`, `defects_deals.py`), defects of ordinary time
(`defects_time.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import FIRST_AS_OF, at, next_workday, value_of
from qtc_pipeline.sandbox.history import Entry
from qtc_pipeline.sandbox.names import UNPRICED_ROLE
from qtc_pipeline.sandbox.work import transfer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.model import Engagement
    from qtc_pipeline.sandbox.plan import Pod

_TODAY = FIRST_AS_OF.date()
_COUNT = 5
ORDINARY = 0.5  # the fate of an entry that is neither held nor written off
# class and leg of deals with work -> when the work begins, None: soon after the deal does
_FIRST_DAY: dict[tuple[str, str], date | None] = {
    ("project_without_contract", "activation.psa"): None,
    ("missing_purchase_order", "billing_terms.erp"): _TODAY - timedelta(days=15),
    ("purchase_order_overrun", "billing_terms.erp"): None,
    ("rate_missing", "bill_rate.psa"): None,
    ("time_before_activation", "lifecycle_order"): None,
}


def extra(pod: Pod, plants: tuple[Plant, ...]) -> list[Entry]:
    """Return the time recorded on planted deals."""
    return [entry for plant in plants if (plant.break_class, plant.leg) in _FIRST_DAY for entry in _work(pod, plant)]


def _work(pod: Pod, plant: Plant) -> Iterator[Entry]:
    deal = next(item for item in pod.engagements if item.number == plant.number)
    day = _FIRST_DAY[plant.break_class, plant.leg] or deal.start + timedelta(days=2)
    for place in range(_COUNT):
        day = next_workday(day + timedelta(days=1))
        yield _entry(deal, plant, day, place)


def _entry(deal: Engagement, plant: Plant, day: date, place: int) -> Entry:
    resource = deal.team[0]
    unpriced = plant.break_class == "rate_missing" and place == 0
    rate, minutes = deal.rate_on(resource.role, day), 90 + 15 * place
    entry = Entry(
        number=resource.number * 1_000_000 + 900_000 + plant.facts["place"] % 100 * 100 + place,
        resource=resource,
        engagement=deal,
        phase=False,
        role=UNPRICED_ROLE if unpriced else resource.role,
        day=day,
        minutes=minutes,
        billable=True,
        rate=rate,
        value=value_of(minutes, rate),
        created=at(day, 18),
        approved=at(day + timedelta(days=5), 11),
        deleted=None,
    )
    if deal.outcome == "signed":
        transfer(entry, ORDINARY, late=False)
    return entry
