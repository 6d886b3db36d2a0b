"""What happened at the firm: recorded work, documents, payments and revenue, as plain values.

Here: one dataclass per thing of the firm's history. Add what cannot be derived.
Stays out: the plan it rests on (`model.py`), how values come about. Instants are UTC without a zone, money is minor
units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from qtc_pipeline.sandbox.model import Engagement, Resource


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
    credited: bool = False  # counts as utilised although it is not billable
    transferred: datetime | None = None
    withheld: bool = False  # by an interface that is dead
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
    charged: int = 0  # what the customer is asked for: the amount with its mark-up
    cost_centre: str | None = None
    vendor: str | None = None
    transferred: datetime | None = None
    withheld: bool = False  # by an interface that is dead
    held_until: datetime | None = None
    written_off: datetime | None = None
    quirks: dict[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class Dispute:
    """A customer's objection to an invoice."""

    opened: date
    closed: date | None
    reason: str


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
    created_by: str | None = None
    reason: str | None = None  # of a credit memo: rebill | goodwill | service_credit | bad_debt
    dispute: Dispute | None = None
    serial: int | None = None  # place in its pod's series of numbers, once posted
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
    voided: datetime | None = None  # reversed then by a journal, and never applied
    quirks: dict[str, Any] = field(default_factory=dict)


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
