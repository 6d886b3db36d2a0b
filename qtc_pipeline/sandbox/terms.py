"""What a planned deal is sold for: rates, value, cap, amendments, milestones, schedule, and when it ends.

Here: `settle(seed, deal)`, called once the planned minutes of a deal are known. Add commercial terms here.
Stays out: who works on it (`plan.py`), what is billed (`billing.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox import conditions
from qtc_pipeline.sandbox.clock import FIRST_AS_OF, at, half_up, next_workday, period_of, period_start, rng, shift
from qtc_pipeline.sandbox.model import Amendment, Engagement, Instalment, Milestone, Rate
from qtc_pipeline.sandbox.names import ALL_ROLES, BASE_RATE, CURRENCY_FACTOR

if TYPE_CHECKING:
    from random import Random

CLOSING_LAG = 75  # days after the end: by then everything is billed or written off
_HOUR = 60


def settle(seed: int, deal: Engagement, amendments: list[Amendment] | None = None) -> None:
    """Complete a deal: rates, value, amendments (drawn unless given), billing plan, projects, closing."""
    draw = rng(seed, "terms", deal.number)
    _rates(draw, deal)
    _value(draw, deal)
    signed = deal.signed.date()
    if amendments is not None:
        deal.amendments = amendments
    elif deal.outcome == "signed" and draw.random() < 0.4 and (deal.end - deal.start).days > 100:
        _amend(draw, deal)
    elif deal.outcome == "signed" and deal.number % 4 == 1:
        _amend_soon(deal)
    if deal.billing_type == "milestone":
        _milestones(draw, deal)
    elif deal.billing_type != "time_and_materials":
        _schedule(draw, deal)
    deal.psa_created = at(signed, 13)
    deal.erp_created = at(signed, 14)
    if draw.random() < 0.15:
        deal.phase_price = half_up(deal.value // 100, 4) * 100
    conditions.agree(seed, deal)
    if not deal.hold_from:
        deal.closed = deal.end + timedelta(days=CLOSING_LAG)


def _rates(draw: Random, deal: Engagement) -> None:
    factor = CURRENCY_FACTOR[deal.currency] * draw.randrange(92, 116)
    raise_on = deal.start + timedelta(days=100) if draw.random() < 0.25 else None
    for role in ALL_ROLES:
        amount = BASE_RATE[role] * factor // 10_000 // 25 * 25
        number = len(deal.rates) + 1
        if raise_on is None:
            deal.rates.append(Rate(number, role, amount, deal.start, None))
        else:
            deal.rates.append(Rate(number, role, amount, deal.start, raise_on - timedelta(days=1)))
            deal.rates.append(Rate(number + 1, role, amount * 103 // 100 // 25 * 25, raise_on, None))


def _value(draw: Random, deal: Engagement) -> None:
    sold = cost = 0
    for resource in deal.team:
        minutes = deal.planned_minutes.get(resource.number, 0) or 1200
        sold += half_up(minutes * deal.rate_on(resource.role, deal.start), _HOUR)
        cost += half_up(minutes * resource.cost_on(deal.start), _HOUR)
    if deal.billing_type == "time_and_materials":
        percent = draw.randrange(78, 96) if deal.capped else draw.randrange(90, 126)
    else:
        percent = draw.randrange(92, 118)
    deal.value = max(sold * percent // 100 // 10_000, 20) * 10_000
    deal.planned_cost = half_up(cost * draw.randrange(88, 104), 100)


def _amend(draw: Random, deal: Engagement) -> None:
    day = deal.start + timedelta(days=draw.randrange(20, 45))
    for number in range(1, draw.choice((1, 1, 2)) + 1):
        amount = max(1, deal.value * draw.randrange(5, 16) // 100 // 10_000) * 10_000
        if deal.billing_type == "time_and_materials" and not deal.capped and draw.random() < 0.25:
            amount = -amount
        decided = next_workday(day + timedelta(days=draw.randrange(3, 8)))
        effective = next_workday(decided + timedelta(days=draw.randrange(1, 15)))
        outcome = draw.choice(("Approved", "Approved", "Approved", "Approved", "Rejected", "Submitted"))
        if effective < min(deal.last_workday, deal.end - timedelta(days=30)):
            approved = outcome == "Approved"
            deal.amendments.append(
                Amendment(number, amount, outcome, at(day, 10), at(decided, 10), effective,
                          change_order=draw.random() < 0.5, in_psa=approved, in_erp=approved),
            )  # fmt: skip
        day = effective + timedelta(days=draw.randrange(15, 30))


def _amend_soon(deal: Engagement) -> None:
    """Agree on a change that takes effect in the days after the first as-of instant, where the deal is under way."""
    day = FIRST_AS_OF.date() + timedelta(days=1 + deal.number % 3)
    if deal.hold_from or deal.start > day - timedelta(days=40) or deal.end < day + timedelta(days=40):
        return
    amount = max(1, deal.value // 12 // 10_000) * 10_000
    created, decided = at(day - timedelta(days=12), 10), at(day - timedelta(days=1), 10)
    deal.amendments.append(
        Amendment(1, amount, "Approved", created, decided, day, change_order=False, in_psa=True, in_erp=True)
    )


def _milestones(draw: Random, deal: Engagement) -> None:
    count = draw.randrange(3, 6)
    created = at(deal.signed.date(), 13, 10)
    part = deal.value // 10_000 // count * 10_000
    for place in range(1, count + 1):
        amount = part if place < count else deal.value - part * (count - 1)
        due = next_workday(deal.start + (deal.end - deal.start) * place / count)
        _accept(draw, deal, Milestone(place, f"Milestone {place}", amount, due, None, None, created))
    for amendment in deal.amendments:
        if amendment.outcome == "Approved" and amendment.in_psa:
            due = next_workday(min(deal.end, amendment.effective + timedelta(days=28)))
            created = at(amendment.effective, 3, 5)
            title = f"Change order {amendment.number}"
            change = Milestone(20 + amendment.number, title, amendment.amount, due, None, None, created)
            _accept(draw, deal, change)


def _accept(draw: Random, deal: Engagement, part: Milestone) -> None:
    """Decide when a milestone is accepted, rejected first, or never because the deal is put on hold."""
    accepted = at(next_workday(part.due + timedelta(days=draw.randrange(-3, 10))), 15)
    rejected = None
    if draw.random() < 0.12:
        rejected, accepted = accepted, accepted + timedelta(days=14)
    if not deal.hold_from or accepted.date() < deal.hold_from:
        part.accepted, part.rejected = accepted, rejected
    deal.milestones.append(part)


def _schedule(draw: Random, deal: Engagement) -> None:
    created = at(deal.signed.date(), 14, 10)
    if deal.billing_type == "fixed_fee":
        count = draw.randrange(3, 6)
        days = [next_workday(deal.start + (deal.end - deal.start) * place / count) for place in range(count)]
    else:
        first = period_of(deal.start)
        months = (deal.end.year - deal.start.year) * 12 + deal.end.month - deal.start.month + 1
        arrears = deal.billing_type == "retainer"
        days = [max(deal.start, period_start(shift(first, place + arrears))) for place in range(months)]
        part = max(1, deal.value // months // 5_000) * 5_000
        deal.value = part * months
        count = months
    part = deal.value // 100 // count * 100
    for place, day in enumerate(days, start=1):
        amount = part if place < count else deal.value - part * (count - 1)
        deal.schedule.append(Instalment(place, day, amount, created))
    for amendment in deal.amendments:
        if amendment.outcome == "Approved" and amendment.in_erp:
            day = next_workday(min(deal.end, amendment.effective + timedelta(days=25)))
            arrival = at(amendment.effective, 3, 5)
            deal.schedule.append(Instalment(40 + amendment.number, day, amendment.amount, arrival))
