"""What is sold and delivered, as the oracle reasons about it: one dataclass per thing, without vendor names.

Add here: a field of the CRM's or the PSA's that a rule needs. Stays out: the ERP's records (``records_erp``), reading
payloads (``parse``) and every calculation.
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
    recognition_rule: str | None
    terms: str | None
    po_required: bool
    po_number: str | None
    po_amount: Decimal | None
    discount_percent: Decimal | None
    markup_percent: Decimal | None
    hold_from: date | None
    judgement: Decimal | None
    tax_code: str | None

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
    modification: str | None


@dataclass(frozen=True)
class Account:
    """A customer as the CRM keeps it."""

    id: str
    name: str | None
    currency: str | None
    terms: str | None
    tax_number: str | None
    company: str
    changed: datetime


@dataclass(frozen=True)
class TermChange:
    """A change of one field of a contract, as the CRM's history keeps it."""

    contract: str
    field: str
    old: str | None
    new: str | None
    at: datetime


@dataclass(frozen=True)
class Demand:
    """Minutes of a role sold with a contract, wanted from a day to a day."""

    id: str
    contract: str
    role: str
    minutes: int
    start: date | None
    end: date | None
    changed: datetime


@dataclass(frozen=True)
class Rate:
    """Contract rate of a role per hour, valid from a day to a day inclusive, in one country or (None) in all."""

    contract: str
    role: str
    rate: Decimal
    start: date
    end: date | None
    country: str | None


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
    billing_type: str | None


@dataclass(frozen=True)
class Person:
    """Somebody who works: home legal entity, country, contractual minutes a week, known from a day on."""

    id: str
    role: str | None
    company: str
    country: str | None
    weekly_minutes: int
    created: datetime


@dataclass(frozen=True)
class Assignment:
    """Minutes of a person planned for a project in a role."""

    project: str
    person: str
    role: str | None
    minutes: int
    start: date | None
    end: date | None
    changed: datetime


@dataclass(frozen=True)
class Holiday:
    """A public holiday of a legal entity."""

    company: str
    day: date


@dataclass(frozen=True)
class TimeOff:
    """Minutes a person was away on a day."""

    person: str
    day: date
    minutes: int


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
    created: datetime
    credited: bool

    @property
    def counts(self) -> bool:
        """Approved and billable."""
        return self.approved and self.billable


@dataclass(frozen=True)
class Expense:
    """A PSA expense or, by its category, what a subcontractor charges."""

    id: str
    project: str
    day: date
    amount: Decimal
    currency: str
    billable: bool
    approved: bool
    category: str
    cost_centre: str | None
    changed: datetime

    @property
    def subcontracted(self) -> bool:
        """Cost of a subcontractor."""
        return self.category == "Subcontractor"

    @property
    def counts(self) -> bool:
        """Approved and billable."""
        return self.approved and self.billable


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
    changed: datetime


@dataclass(frozen=True)
class Estimate:
    """A version of the cost plan; version 1 is the plan at signature."""

    project: str
    version: int
    day: date
    planned_cost: Decimal
    to_complete: Decimal
    currency: str
