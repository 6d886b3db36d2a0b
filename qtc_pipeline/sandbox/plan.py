"""The firm's plan: pods of consultants, their customers and the contracts they will work on over the whole calendar.

Here: what is decided once, whatever day is looked at: who exists, who signs what when, at which rates, staffed by whom.
A pod is at most five consultants of one legal entity with their own customers; nothing crosses pods, so a firm of any
size is generated pod by pod. Add here what a day cannot change.
Stays out: what happens on the days (`work.py`, `billing.py`, `ledger.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox import terms
from qtc_pipeline.sandbox.clock import HORIZON, START, at, half_up, is_workday, next_workday, rng
from qtc_pipeline.sandbox.model import Account, Engagement, LegalEntity, Resource
from qtc_pipeline.sandbox.names import (
    BASE_COST,
    BILLING_TYPES,
    CURRENCY_FACTOR,
    LEGAL_ENTITIES,
    PRACTICES,
    ROLES,
    RULES,
    SHARE,
    company,
    person,
    sf_id,
)

if TYPE_CHECKING:
    from random import Random

POD_SIZE = 5
CONTRACTS_PER_CONSULTANT = 11
FOREIGN = {"US": "EUR", "UK": "EUR", "DE": None}


@dataclass(frozen=True, slots=True)
class PodSpec:
    """Which pod, of which legal entity, with which consultants."""

    index: int
    entity: LegalEntity
    first_resource: int
    size: int


@dataclass(slots=True)
class Pod:
    """A self-contained cell of the firm."""

    spec: PodSpec
    resources: list[Resource] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    engagements: list[Engagement] = field(default_factory=list)
    lost: list[tuple[int, Account, date, int]] = field(default_factory=list)

    @property
    def entity(self) -> LegalEntity:
        """Return the pod's legal entity."""
        return self.spec.entity


def pod_specs(scale: Decimal) -> list[PodSpec]:
    """Cut 100 x scale consultants (at least one per legal entity) into pods, legal entities in turn."""
    total = int(scale * 100 + Decimal("0.5"))
    sizes = {entity.key: max(1, half_up(total * SHARE[entity.key], 100)) for entity in LEGAL_ENTITIES}
    open_pods: dict[str, list[int]] = {}
    for key, size in sizes.items():
        count = -(-size // POD_SIZE)
        open_pods[key] = [size // count + (1 if place < size % count else 0) for place in range(count)]
    specs: list[PodSpec] = []
    first = 1
    while any(open_pods.values()):
        for entity in LEGAL_ENTITIES:
            if open_pods[entity.key]:
                size = open_pods[entity.key].pop(0)
                specs.append(PodSpec(len(specs), entity, first, size))
                first += size
    return specs


def build_pod(seed: int, spec: PodSpec) -> Pod:
    """Plan one pod: the same for a (seed, pod) on every day."""
    draw = rng(seed, "pod", spec.index)
    pod = Pod(spec)
    pod.resources = [_resource(seed, spec, place) for place in range(spec.size)]
    count = spec.size * CONTRACTS_PER_CONSULTANT
    pod.accounts = [_account(draw, spec, place, None) for place in range(max(2, count // 3))]
    foreign = FOREIGN[spec.entity.key]
    if foreign:
        pod.accounts.append(_account(draw, spec, len(pod.accounts), foreign))
    for place in range(count):
        pod.engagements.append(engagement(seed, pod, place, start=_start(draw, place, count)))
    share_work(pod)
    for deal in pod.engagements:
        terms.settle(seed, deal)
    for place in range(count // 3):
        opened = START + timedelta(days=draw.randrange(0, (HORIZON - START).days - 60))
        account = pod.accounts[draw.randrange(len(pod.accounts))]
        pod.lost.append((spec.index * 1000 + 800 + place, account, opened, draw.randrange(20, 400) * 100_000))
    return pod


def _start(draw: Random, place: int, count: int) -> date:
    early = max(2, count // 5)
    if place < early:
        return date(2025, 1, 8) + timedelta(days=draw.randrange(0, 25) if place else 0)
    span = (date(2026, 12, 10) - date(2025, 2, 1)).days
    offset = span * (place - early) // (count - early) + draw.randrange(-8, 9)
    return date(2025, 2, 1) + timedelta(days=offset)


def _resource(seed: int, spec: PodSpec, place: int) -> Resource:
    number = spec.first_resource + place
    draw = rng(seed, "resource", number)
    role = ROLES[draw.randrange(len(ROLES))]
    factor = CURRENCY_FACTOR[spec.entity.currency]
    first = BASE_COST[role] * factor * draw.randrange(90, 111) // 10_000
    cost = [(START, first)]
    if draw.random() < 0.4:
        cost.append((date(2025, 7, 1), first * 103 // 100))
    cost.append((date(2026, 1, 1), first * 106 // 100))
    name = person(number)
    mail = name.lower().replace(" ", ".") + "@northwind.example"
    return Resource(number, spec.entity, name, mail, role, tuple(cost), at(date(2024, 12, 2), 9), _time_off(draw))


def _time_off(draw: Random) -> frozenset[date]:
    days: set[date] = set()
    for year in (2025, 2026):
        for first in (date(year, 2, 1), date(year, 7, 1), date(year, 10, 1)):
            begin = first + timedelta(days=draw.randrange(0, 50))
            days |= {begin + timedelta(days=step) for step in range(draw.choice((5, 7, 12)))}
        days |= {date(year, 1, 10) + timedelta(days=draw.randrange(0, 340)) for _ in range(4)}
    return frozenset(day for day in days if is_workday(day))


def _account(draw: Random, spec: PodSpec, place: int, currency: str | None) -> Account:
    entity = spec.entity
    number = spec.index * 200 + place + 1
    country = "FR" if currency else entity.country
    return Account(
        number=number,
        sf_id=sf_id("001", number),
        entity=entity,
        name=company(entity.key, number),
        currency=currency or entity.currency,
        country=country,
        region=draw.choice(entity.regions),
        tax=0 if currency else draw.choice(entity.tax),
        terms=draw.choice((0, 0, 1)),
        created=at(date(2024, 11, 4) + timedelta(days=draw.randrange(0, 25)), 11),
        tax_number=f"{country}{100_000_000 + number * 37}" if number % 9 else None,
    )


def engagement(seed: int, pod: Pod, place: int, *, start: date) -> Engagement:
    """Plan one deal; its value is known only when the work is shared (`share_work`, then `terms.settle`)."""
    number = pod.spec.index * 1000 + place + 1
    draw = rng(seed, "engagement", number)
    start = next_workday(start)
    end = min(start + timedelta(days=draw.randrange(90, 260)), date(2027, 6, 30))
    signed = next_workday(max(date(2025, 1, 2), start - timedelta(days=draw.randrange(5, 31))))
    signed = min(signed, start)
    billing_type = BILLING_TYPES[(place + pod.spec.index * 3) % len(BILLING_TYPES)]
    home = [account for account in pod.accounts if account.currency == pod.entity.currency]
    account = home[(place // 2 + draw.randrange(0, 3)) % len(home)]
    if len(home) < len(pod.accounts) and place % 7 == 3:
        account = pod.accounts[-1]
    deal = Engagement(
        number=number,
        account=account,
        entity=pod.entity,
        name=f"{account.name.rsplit(' ', 2)[0]} {draw.choice(PRACTICES)} {number}",
        billing_type=billing_type,
        rule=RULES[billing_type],
        currency=account.currency,
        practice=draw.choice(PRACTICES),
        opened=at(max(date(2024, 12, 2), signed - timedelta(days=draw.randrange(30, 90))), 10),
        drafted=at(max(date(2024, 12, 20), signed - timedelta(days=12)), 11),
        signed=at(signed, 9),
        start=start,
        end=end,
        terms=account.terms,
        po=f"PO-{number:07d}" if draw.random() < 0.5 else None,
        cycle=draw.choice((3, 10, 28)),
        capped=billing_type == "time_and_materials" and draw.random() < 0.4,
    )
    if place % 14 == 9:
        deal.outcome, deal.cancelled = "cancelled", at(signed, 16)
    elif place % 15 == 6 and billing_type != "subscription":
        deal.hold_from = next_workday(start + timedelta(days=draw.randrange(45, 80)))
    size = min(len(pod.resources), draw.choice((1, 2, 2, 3)))
    deal.team = [pod.resources[(place + step) % len(pod.resources)] for step in range(size)]
    return deal


def share_work(pod: Pod) -> None:
    """Give every consultant the deals of each working day, and every deal its planned minutes by consultant."""
    for deal in pod.engagements:
        if deal.outcome == "signed":
            for resource in deal.team:
                resource.engagements.append(deal)
    for resource in pod.resources:
        day = START
        while day <= HORIZON:
            if is_workday(day) and day not in resource.time_off:
                active = [deal for deal in resource.engagements if deal.start <= day <= deal.last_workday]
                for deal in active:
                    minutes = deal.planned_minutes.get(resource.number, 0) + 410 // len(active)
                    deal.planned_minutes[resource.number] = minutes
            day += timedelta(days=1)
