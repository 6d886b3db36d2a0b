"""The records the oracle reasons about: one dataclass per thing, in the words of the field, without vendor names.

Add here: a field a rule needs. Stays out: reading payloads (``parse``) and every calculation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Contract:
    """A contract with the region and practice of its opportunity; amounts in its own currency."""

    id: str
    opportunity: str | None
    customer: str | None
    status: str
    signed: date | None
    start: date | None
    end: date | None
    signed_value: Decimal
    currency: str
    billing_type: str
    cap: Decimal | None
    closed: date | None
    debooked: Decimal
    planned_cost: Decimal | None
    company: str
    region: str
    practice: str
    changed: datetime

    @property
    def executed(self) -> bool:
        """Signed by the customer and in force, on hold or expired."""
        return self.signed is not None and self.status in {"Activated", "On Hold", "Expired"}


@dataclass(frozen=True)
class Amendment:
    """A change of a contract's value, approved or not."""

    id: str
    contract: str
    amount: Decimal
    currency: str
    approved: bool
    effective: date | None
    approved_on: date | None
    changed: datetime


@dataclass(frozen=True)
class Rate:
    """Contract rate of a role per hour, valid from a day to a day inclusive."""

    contract: str
    role: str
    rate: Decimal
    start: date
    end: date | None


@dataclass(frozen=True)
class Project:
    """A project as one side keeps it: a PSA workspace or an ERP job; ``price`` in ``currency``."""

    id: str
    side: str
    contract: str | None
    link: str | None
    cancelled: bool
    internal: bool
    price: Decimal | None
    currency: str
    company: str
    twin: str | None
    changed: datetime
    status: str
    start: date | None
    created: datetime


@dataclass(frozen=True)
class Entry:
    """A PSA time entry."""

    id: str
    project: str
    person: str
    role: str | None
    day: date
    minutes: int
    billable: bool
    approved: bool
    rate: Decimal | None
    currency: str
    changed: datetime

    @property
    def counts(self) -> bool:
        """Approved and billable."""
        return self.approved and self.billable


@dataclass(frozen=True)
class Transfer:
    """An ERP time bill: minutes that arrived, with the PSA id they carry."""

    id: str
    entry: str | None
    project: str
    role: str | None
    day: date
    minutes: int
    held: bool
    written_off: bool
    written_off_on: date | None
    changed: datetime


@dataclass(frozen=True)
class Expense:
    """A PSA expense."""

    id: str
    project: str
    day: date
    amount: Decimal
    currency: str
    billable: bool
    approved: bool


@dataclass(frozen=True)
class Milestone:
    """A PSA billing milestone."""

    id: str
    project: str
    amount: Decimal
    currency: str
    status: str
    accepted_on: date | None
    due: date | None


@dataclass(frozen=True)
class Schedule:
    """A dated amount the ERP means to bill."""

    id: str
    project: str
    day: date
    amount: Decimal
    currency: str
    billed: bool


@dataclass(frozen=True)
class Estimate:
    """A version of the cost plan; version 1 is the plan at signature."""

    project: str
    version: int
    day: date
    planned_cost: Decimal
    to_complete: Decimal
    currency: str


@dataclass(frozen=True)
class Line:
    """An item line of a document, signed so that an invoice is positive and a credit memo negative."""

    id: str
    document: str
    number: int
    source_type: str | None
    source: str | None
    role: str | None
    minutes: int
    amount: Decimal


@dataclass(frozen=True)
class Document:
    """An invoice or credit memo (negative), with its item lines and the Σ of its tax lines."""

    id: str
    kind: str
    number: str
    customer: str | None
    project: str | None
    company: str
    currency: str
    rate: Decimal
    day: date
    due: date | None
    period: str | None
    posted: bool
    void: bool
    gross: Decimal
    tax: Decimal
    credits: str | None
    lines: tuple[Line, ...]
    tax_lines: Decimal
    header_functional: Decimal
    changed: datetime

    @property
    def net(self) -> Decimal:
        """Header total without sales tax."""
        return self.gross - self.tax

    @property
    def counts(self) -> bool:
        """Posted and not void."""
        return self.posted and not self.void


@dataclass(frozen=True)
class Payment:
    """Money received; ``amount`` in its currency, ``rate`` to the functional one."""

    id: str
    customer: str | None
    company: str
    currency: str
    rate: Decimal
    day: date
    period: str | None
    amount: Decimal
    posted: bool
    void: bool


@dataclass(frozen=True)
class Application:
    """A part of a payment or credit memo set against an invoice."""

    invoice: str
    settled_by: str
    amount: Decimal


@dataclass(frozen=True)
class Posting:
    """A line of the general ledger in functional currency, debit positive."""

    id: str
    document: str
    kind: str
    account_type: str
    company: str
    period: str
    amount: Decimal


@dataclass(frozen=True)
class Recognition:
    """A planned or booked piece of revenue: ``amount`` in contract currency and its functional twin."""

    id: str
    project: str | None
    period: str
    amount: Decimal
    functional: Decimal
    currency: str
    booked: bool
    journal: str | None


@dataclass(frozen=True)
class Order:
    """A sales order's net value, None where it has no lines."""

    id: str
    project: str | None
    currency: str
    net: Decimal | None
    void: bool
    changed: datetime
