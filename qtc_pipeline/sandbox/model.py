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
    occurrence: int = 1


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
    tax_number: str | None = None
    quirks: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Rate:
    """A contract's hourly rate of one role, for resources of one country where it names one."""

    number: int
    role: str
    amount: int
    start: date
    end: date | None
    country: str | None = None


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
    quirks: dict[str, Any] = field(default_factory=dict)


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
    discount: int = 0  # agreed, in hundredths of a percent
    markup: int = 0  # on expenses, in hundredths of a percent
    po_limit: int | None = None
    judgement: int | None = None  # documented adjustment of cumulative revenue
    former_terms: int | None = None
    terms_changed: datetime | None = None
    partner: LegalEntity | None = None  # delivers a part of the work on a job of its own
    quirks: dict[str, Any] = field(default_factory=dict)

    def rate_on(self, role: str, day: date) -> int:
        """Return the contract rate of a role on a day (0 when the card has none); rates of a country come first."""
        for row in self.rates:
            if row.role == role and row.start <= day and (row.end is None or day <= row.end):
                return row.amount
        return 0

    def value_on(self, day: date) -> int:
        """Return signed value plus approved amendments effective up to a day."""
        return self.value + sum(a.amount for a in self.amendments if a.outcome == "Approved" and a.effective <= day)

    def terms_on(self, day: date) -> int:
        """Return the payment terms in force on a day."""
        if self.former_terms is not None and self.terms_changed is not None and day < self.terms_changed.date():
            return self.former_terms
        return self.terms

    @property
    def last_workday(self) -> date:
        """Return the last day on which anybody works on it."""
        return min(self.end, self.hold_from) if self.hold_from else self.end
