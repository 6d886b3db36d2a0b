"""The firm's things as plain values, and the two records the sandbox hands out.

Here: one dataclass per thing of the firm's plan and history, and what is handed out (`SourceRecord`, `Truth`). Add what
cannot be derived. Stays out: how values come about. Instants are UTC without a zone, money is minor units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record as its vendor would hand it out; `payload` is JSON-ready except for Decimal (a JSON number)."""

    record_id: str
    payload: dict[str, Any]
    version_at: datetime | None
    deleted_at: datetime | None
    currency: str | None
    legal_entity: str | None


@dataclass(frozen=True, slots=True)
class Truth:
    """One planted defect: the class every build must find at this grain, and its primary exposure."""

    break_class: str
    rule_id: str
    leg: str
    records: tuple[str, ...]
    base: str
    exposure: Decimal | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """A company of the firm."""

    key: str
    number: int
    name: str
    currency: str
    country: str
    regions: tuple[str, ...]
    tax: tuple[int, ...]  # basis points


@dataclass(slots=True)
class Resource:
    """A consultant."""

    number: int
    entity: LegalEntity
    name: str
    email: str
    role: str
    cost: tuple[tuple[date, int], ...]
    hired: datetime
    time_off: frozenset[date] = frozenset()
    engagements: list[Engagement] = field(default_factory=list)

    def cost_on(self, day: date) -> int:
        """Return the hourly cost rate effective on a day."""
        current = self.cost[0][1]
        for start, amount in self.cost[1:]:
            if start <= day:
                current = amount
        return current


@dataclass(slots=True)
class Account:
    """A customer."""

    number: int
    sf_id: str
    entity: LegalEntity
    name: str
    currency: str
    country: str
    region: str
    tax: int
    terms: int
    created: datetime


@dataclass(slots=True)
class Rate:
    """A contract's hourly rate of one role."""

    number: int
    role: str
    amount: int
    start: date
    end: date | None


@dataclass(slots=True)
class Amendment:
    """A change of a contract's value; `in_psa` and `in_erp` say where it arrives (they differ only where planted)."""

    number: int
    amount: int
    outcome: str  # Approved | Rejected | Submitted
    created: datetime
    decided: datetime
    effective: date
    change_order: bool
    in_psa: bool
    in_erp: bool


@dataclass(slots=True)
class Milestone:
    """A billing milestone of a project."""

    number: int
    title: str
    amount: int
    due: date
    accepted: datetime | None
    rejected: datetime | None
    created: datetime


@dataclass(slots=True)
class Instalment:
    """A line of a billing schedule."""

    number: int
    day: date
    amount: int
    created: datetime


@dataclass(slots=True)
class Engagement:
    """A deal, its contract, its projects and its job: everything planned for it, whatever the day looked at."""

    number: int
    account: Account
    entity: LegalEntity
    name: str
    billing_type: str
    rule: str
    currency: str
    practice: str
    opened: datetime
    drafted: datetime
    signed: datetime
    start: date
    end: date
    terms: int
    po: str | None
    cycle: int
    capped: bool
    outcome: str = "signed"  # signed | cancelled | unsigned
    cancelled: datetime | None = None
    hold_from: date | None = None
    closed: date | None = None
    value: int = 0
    planned_cost: int = 0
    psa_created: datetime | None = None
    erp_created: datetime | None = None
    phase_price: int | None = None
    team: list[Resource] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    schedule: list[Instalment] = field(default_factory=list)
    planned_minutes: dict[int, int] = field(default_factory=dict)
    quirks: dict[str, Any] = field(default_factory=dict)

    def rate_on(self, role: str, day: date) -> int:
        """Return the contract rate of a role on a day (0 when the card has none)."""
        for row in self.rates:
            if row.role == role and row.start <= day and (row.end is None or day <= row.end):
                return row.amount
        return 0

    def value_on(self, day: date) -> int:
        """Return signed value plus approved amendments effective up to a day."""
        return self.value + sum(a.amount for a in self.amendments if a.outcome == "Approved" and a.effective <= day)

    @property
    def last_workday(self) -> date:
        """Return the last day on which anybody works on it."""
        return min(self.end, self.hold_from) if self.hold_from else self.end


@dataclass(slots=True)
class Entry:
    """A time entry and what became of it."""

    number: int
    resource: Resource
    engagement: Engagement | None  # None: the internal project
    phase: bool
    role: str
    day: date
    minutes: int
    billable: bool
    rate: int
    value: int
    created: datetime
    approved: datetime | None
    deleted: datetime | None
    transferred: datetime | None = None
    held_until: datetime | None = None
    abandoned: datetime | None = None  # will be written off then, and is not billed meanwhile
    written_off: datetime | None = None
    document: Document | None = None
    quirks: dict[str, Any] | None = None


@dataclass(slots=True)
class Expense:
    """An expense of a project, in the contract's currency."""

    number: int
    resource: Resource
    engagement: Engagement
    day: date
    amount: int
    category: str
    billable: bool
    created: datetime
    approved: datetime


@dataclass(slots=True)
class Line:
    """A net line of an invoice or credit memo (positive on both)."""

    number: int
    item: str
    amount: int
    memo: str
    source_type: str | None
    source_id: str | None
    minutes: int | None = None
    rate: int | None = None
    entry: Entry | None = None


@dataclass(slots=True)
class Document:
    """An invoice or a credit memo."""

    number: int
    kind: str  # CustInvc | CustCred
    engagement: Engagement
    created: datetime
    posted: datetime | None
    rate: int
    lines: list[Line]
    net: int
    tax: int
    origin: Document | None = None
    discarded: datetime | None = None
    credited: int = 0
    quirks: dict[str, Any] = field(default_factory=dict)

    @property
    def gross(self) -> int:
        """Return the total with tax."""
        return self.net + self.tax


@dataclass(slots=True)
class Payment:
    """A customer payment of one invoice; what exceeds `applied` stays unapplied."""

    number: int
    invoice: Document
    posted: datetime
    amount: int
    applied: int
    rate: int


@dataclass(slots=True)
class Recognition:
    """Revenue of one contract in one period."""

    number: int
    engagement: Engagement
    period: str
    amount: int
    functional: int
    recognised: bool
    modified: datetime
    quirks: dict[str, Any] = field(default_factory=dict)
