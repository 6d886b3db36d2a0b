"""What the firm earns: estimates of the plan's cost and revenue recognised by contract and period.

Here: `estimates(...)` (versions of plan cost and estimate to complete) and `recognitions(...)` by the contract's rule:
right to invoice, percentage of completion (input: labour cost), milestone, straight line.
Stays out: the general ledger's lines (`payloads_netsuite_ledger.py`), billing (`billing.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import (
    all_periods,
    at,
    booking_rate,
    convert,
    half_up,
    month_index,
    period_end,
    period_of,
    period_start,
    recognised_at,
    rng,
    shift,
)
from qtc_pipeline.sandbox.history import Entry, Recognition
from qtc_pipeline.sandbox.model import Engagement

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Estimate:
    """A version of a deal's cost plan."""

    version: int
    day: date
    published: datetime
    planned: int
    to_complete: int


def estimates(seed: int, deal: Engagement, until: datetime) -> list[Estimate]:
    """Return the versions published up to the instant: at signature, then on the tenth after every month worked."""
    created = deal.psa_created or deal.signed
    found = [Estimate(1, deal.signed.date(), created, deal.planned_cost, deal.planned_cost)]
    draw = rng(seed, "estimate", deal.number)
    span = max(1, (deal.end - deal.start).days)
    for period in all_periods():
        day = period_end(period)
        published = at(period_start(shift(period, 1)).replace(day=10), 12)
        if published > until:
            break
        if deal.outcome == "signed" and deal.start <= day < deal.last_workday + timedelta(days=31):
            left = max(0, (deal.end - day).days)
            to_complete = half_up(deal.planned_cost * left * draw.randrange(92, 116), span * 100)
            found.append(Estimate(len(found) + 1, day, published, deal.planned_cost, to_complete))
    return [item for item in found if item.published <= until]


def recognitions(seed: int, deals: list[Engagement], time: list[Entry], until: datetime) -> Iterator[Recognition]:
    """Yield revenue by contract and period: posted rows, and for straight-line contracts the planned ones too."""
    by_deal: dict[int, list[Entry]] = defaultdict(list)
    for entry in time:
        if entry.engagement is not None and entry.approved is not None:
            by_deal[entry.engagement.number].append(entry)
    for deal in deals:
        if deal.outcome != "signed" or deal.signed > until or deal.erp_created is None or deal.quirks.get("no_revenue"):
            continue
        if deal.rule == "straight_line":
            yield from _straight_line(deal, until)
        else:
            rows = _earned(seed, deal, by_deal[deal.number], until)
            yield from _judged(deal, rows) if deal.judgement else rows


def entry_period(entry: Entry) -> str:
    """Return the period an approved entry counts in: its work date's, or the next one not yet recognised."""
    period = period_of(entry.day)
    while entry.approved is not None and entry.approved > recognised_at(period):
        period = shift(period, 1)
    return period


def _row(deal: Engagement, period: str, amount: int, until: datetime, planned: datetime | None = None) -> Recognition:
    posted = recognised_at(period)
    done = planned is None and posted <= until
    rate = booking_rate(deal.currency, deal.entity.currency, period if done else period_of(deal.signed.date()))
    modified = posted if done or planned is None else planned
    number = deal.number * 100 + month_index(period) + 1
    return Recognition(number, deal, period, amount, convert(amount, rate), done, modified)


def _earned(seed: int, deal: Engagement, time: list[Entry], until: datetime) -> Iterator[Recognition]:
    worth: dict[str, int] = defaultdict(int)
    cost: dict[str, int] = defaultdict(int)
    for entry in time:
        period = entry_period(entry)
        worth[period] += entry.value
        cost[period] += half_up(entry.minutes * entry.resource.cost_on(entry.day), 60)
    plans = {period_of(item.day): item.to_complete for item in estimates(seed, deal, until)}
    spent = earned = 0
    for period in all_periods():
        if recognised_at(period) > until:
            break
        spent += cost[period]
        if deal.rule == "right_to_invoice":
            total = earned + worth[period]
        elif deal.rule == "milestone":
            total = earned + sum(
                part.amount for part in deal.milestones if part.accepted and period_of(part.accepted.date()) == period
            )
        elif period in plans:
            total = half_up(deal.value_on(period_end(period)) * spent, max(1, spent + plans[period]))
        else:
            total = earned
        if total != earned:
            yield _row(deal, period, total - earned, until)
        earned = total


def _judged(deal: Engagement, rows: Iterator[Recognition]) -> Iterator[Recognition]:
    """Add the documented judgement to the first revenue of a deal."""
    adjustment = deal.judgement or 0
    for row in rows:
        if adjustment:
            rate = booking_rate(deal.currency, deal.entity.currency, row.period)
            row.amount, adjustment = row.amount + adjustment, 0
            row.functional = convert(row.amount, rate)
        yield row


def _straight_line(deal: Engagement, until: datetime) -> Iterator[Recognition]:
    first, last = period_of(deal.start), period_of(deal.end)
    months = (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1
    changed = [at(item.effective, 3, 10) for item in deal.amendments if item.outcome == "Approved"]
    planned = max([item for item in changed if item <= until], default=deal.erp_created or deal.signed)
    earned = 0
    for place in range(months):
        period = shift(first, place)
        if deal.hold_from and period_start(period) > deal.hold_from:
            break
        value = deal.value_on(min(period_end(period), until.date()))
        total = half_up(value * (place + 1), months)
        if total != earned:
            yield _row(deal, period, total - earned, until, None if recognised_at(period) <= until else planned)
        earned = total
