"""What consultants do: time entries and expenses up to an instant, with approval, transfer, holds and deletions.

Here: `entries(...)` and `expenses(...)`, deterministic by consultant and month (by deal for expenses), so that a later
instant only adds. A fact that lies after the instant is not yet there: an entry approved tomorrow is unapproved today.
Add here what people record. Stays out: what is billed of it (`billing.py`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import (
    FIRST_AS_OF,
    START,
    all_periods,
    at,
    half_up,
    is_workday,
    next_workday,
    period_end,
    period_start,
    rng,
    value_of,
)
from qtc_pipeline.sandbox.history import Entry, Expense
from qtc_pipeline.sandbox.model import Engagement, Resource
from qtc_pipeline.sandbox.names import CATEGORIES, SUBCONTRACTOR, VENDORS, cost_centre

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from qtc_pipeline.sandbox.plan import Pod

INTERNAL_SHARE = 0.07
_MINUTES = (45, 60, 75, 90, 90, 105, 120, 120, 135, 150)
HOLD_DAYS = 12
FORGOTTEN_SLOT = 8
WRITE_OFF_DAYS = 15


def entries(seed: int, pod: Pod, until: datetime) -> list[Entry]:
    """Return every time entry recorded up to the instant, deleted ones included."""
    found: list[Entry] = []
    for resource in pod.resources:
        for period in all_periods():
            if at(period_start(period), 0) > until:
                break
            _month(seed, resource, period, until, found)
    if pod.resources:
        found += _forgotten(seed, pod.resources[0], until)
    return found


def _forgotten(seed: int, resource: Resource, until: datetime) -> Iterator[Entry]:
    """Yield what somebody remembers on the first days after day 0: an hour of some weeks before each."""
    for days in range(1, 4):
        recorded = at(FIRST_AS_OF.date() + timedelta(days=days), 11)
        day = next_workday(recorded.date() - timedelta(days=21 - days))
        active = [deal for deal in resource.engagements if deal.start <= day <= deal.last_workday]
        if recorded > until or not active:
            continue
        entry = _entry(rng(seed, "forgotten", resource.number, days), resource, active, day, FORGOTTEN_SLOT + days)
        entry.created, entry.approved, entry.deleted = recorded, recorded + timedelta(hours=22), None
        entry.transferred = entry.held_until = entry.abandoned = None
        if entry.billable and entry.engagement and entry.engagement.billing_type == "time_and_materials":
            transfer(entry, 1.0, late=True)
        yield _seen_at(entry, until)


def _month(seed: int, resource: Resource, period: str, until: datetime, found: list[Entry]) -> None:
    draw = rng(seed, "time", resource.number, period)
    day, last = period_start(period), min(period_end(period), until.date())
    while day <= last:
        if is_workday(day) and day not in resource.time_off:
            active = [deal for deal in resource.engagements if deal.start <= day <= deal.last_workday]
            for slot in range(draw.choice((3, 4, 4, 5, 6))):
                entry = _entry(draw, resource, active, day, slot)
                if entry.created <= until:
                    found.append(_seen_at(entry, until))
        day += timedelta(days=1)


def _entry(draw: Random, resource: Resource, active: list[Engagement], day: date, slot: int) -> Entry:
    lot, pick, fate, minute = draw.random(), draw.random(), draw.random(), draw.randrange(0, 60)
    minutes = _MINUTES[int(draw.random() * len(_MINUTES))]
    deal = active[int(pick * len(active))] if active and lot > INTERNAL_SHARE else None
    rate = deal.rate_on(resource.role, day) if deal else 0
    billable = deal is not None and lot < 0.93
    late = fate < 0.012
    created = at(day, 17, minute, slot) + timedelta(days=12 + int(pick * 4) if late else 0)
    if late:
        approved: datetime | None = created + timedelta(hours=17)
    else:
        monday = day + timedelta(days=7 - day.weekday())
        approved = at(monday + timedelta(days=1 if minute < 6 else 0), 10 + minute % 6, minute, slot)
    deleted = None
    if 0.012 <= fate < 0.022:
        approved, deleted = None, created + timedelta(hours=30)
    elif 0.022 <= fate < 0.03:
        approved = None
    entry = Entry(
        number=resource.number * 1_000_000 + (day - START).days * 100 + slot + 1,
        resource=resource,
        engagement=deal,
        phase=deal is not None and deal.phase_price is not None and pick < 0.3,
        role=resource.role,
        day=day,
        minutes=minutes,
        billable=billable,
        rate=rate,
        value=value_of(minutes, rate) if billable else 0,
        created=created,
        approved=approved,
        deleted=deleted,
        credited=deal is not None and not billable and minute % 3 == 0,
    )
    if approved and billable and deal and deal.billing_type == "time_and_materials":
        transfer(entry, fate, late=late)
    return entry


def transfer(entry: Entry, fate: float, *, late: bool) -> None:
    """Hand an approved entry to the ERP in the night after its approval; some are held for a while or written off."""
    approved = entry.approved
    if approved is None:
        return
    entry.transferred = at(approved.date() + timedelta(days=1), 2, entry.number % 60, entry.number % 50)
    if late or entry.engagement is None or entry.engagement.capped:
        return
    if 0.03 <= fate < 0.05:
        entry.held_until = entry.transferred + timedelta(days=HOLD_DAYS)
    elif 0.05 <= fate < 0.06:
        entry.abandoned = entry.transferred + timedelta(days=WRITE_OFF_DAYS)


def _seen_at(entry: Entry, until: datetime) -> Entry:
    if entry.approved and entry.approved > until:
        entry.approved = None
    if entry.transferred and entry.transferred > until:
        entry.transferred = entry.held_until = entry.abandoned = None
    if entry.abandoned and entry.abandoned <= until:
        entry.written_off = entry.abandoned
    return entry


def expenses(seed: int, pod: Pod, until: datetime) -> list[Expense]:
    """Return every expense recorded up to the instant."""
    found: list[Expense] = []
    for deal in pod.engagements:
        if deal.outcome != "signed" or not deal.team or deal.psa_created is None:
            continue
        found += _bought_in(seed, deal, until)
        draw = rng(seed, "expense", deal.number)
        day, number = deal.start, 0
        while day < deal.last_workday:
            day = next_workday(day + timedelta(days=draw.randrange(12, 30)))
            number += 1
            resource = deal.team[draw.randrange(len(deal.team))]
            amount = draw.randrange(25_00, 900_00)
            category = draw.choice(CATEGORIES)
            passed_on = draw.random() < 0.6 and deal.billing_type == "time_and_materials"
            created = at(day, 18, number % 60)
            approved = at(next_workday(day + timedelta(days=5)), 11, number % 60)
            if day <= deal.last_workday and created <= until:
                expense = Expense(
                    deal.number * 1000 + number, resource, deal, day, amount, category, passed_on, created, approved
                )
                found.append(_cost(expense, until))
    return found


def _bought_in(seed: int, deal: Engagement, until: datetime) -> Iterator[Expense]:
    """Yield the work of subcontractors on some deals."""
    draw = rng(seed, "subcontractor", deal.number)
    if draw.random() > 0.35:
        return
    day, number = deal.start, 500
    while day < deal.last_workday:
        day = next_workday(day + timedelta(days=draw.randrange(25, 50)))
        number += 1
        amount, vendor = draw.randrange(400_00, 4_000_00), VENDORS[draw.randrange(len(VENDORS))]
        passed_on = draw.random() < 0.7 and deal.billing_type == "time_and_materials"
        created = at(day, 18, number % 60)
        approved = at(next_workday(day + timedelta(days=4)), 12, number % 60)
        if day <= deal.last_workday and created <= until:
            who = deal.team[0]
            expense = Expense(
                deal.number * 1000 + number, who, deal, day, amount, SUBCONTRACTOR, passed_on, created, approved
            )
            expense.vendor = vendor
            yield _cost(expense, until)


def _cost(item: Expense, until: datetime) -> Expense:
    """Charge an expense to its cost centre, and to the customer in the night after its approval."""
    deal = item.engagement
    item.cost_centre = cost_centre(deal.entity.key, deal.practice)
    if not item.billable:
        return item
    item.charged = half_up(item.amount * (10_000 + deal.markup), 10_000)
    handed_over = at(item.approved.date() + timedelta(days=1), 2, item.number % 60)
    if handed_over > until:
        return item
    item.transferred = handed_over
    if item.number % 25 == 4:
        item.held_until = handed_over + timedelta(days=HOLD_DAYS)
    elif item.number % 40 == 6:
        given_up = handed_over + timedelta(days=WRITE_OFF_DAYS)
        item.written_off = given_up
    return item
