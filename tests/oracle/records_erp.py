"""What the ERP keeps, as the oracle reasons about it: one dataclass per thing, without vendor names.

Add here: a field of the ERP's that a rule needs. Stays out: what is sold and delivered (``records``), reading payloads
(``parse_erp``, ``parse_documents``) and every calculation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


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
class Schedule:
    """A dated amount the ERP means to bill."""

    id: str
    project: str
    day: date
    amount: Decimal
    currency: str
    billed: bool


@dataclass(frozen=True)
class Customer:
    """A customer as the ERP keeps it, with the CRM account it names."""

    id: str
    account: str | None
    name: str | None
    currency: str | None
    terms: str | None
    tax_number: str | None
    tax_rate: Decimal | None
    company: str
    active: bool
    changed: datetime


@dataclass(frozen=True)
class Charge:
    """A cost handed over for re-billing, with the PSA expense it comes from."""

    id: str
    kind: str
    expense: str | None
    project: str
    day: date
    amount: Decimal
    currency: str
    held: bool
    written_off: bool
    written_off_on: date | None
    changed: datetime


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
    """An invoice, credit memo or write-off (both negative), with its item lines and the Σ of its tax lines."""

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
    created_by: str | None
    reason: str | None
    terms: str | None
    disputed: bool
    dispute_opened: date | None
    dispute_closed: date | None

    @property
    def net(self) -> Decimal:
        """Header total without sales tax."""
        return self.gross - self.tax

    @property
    def month(self) -> str:
        """Posting period; of a document without one the month of its date."""
        return self.period or f"{self.day:%Y-%m}"

    @property
    def counts(self) -> bool:
        """Posted and not void."""
        return self.posted and not self.void

    @property
    def bills(self) -> bool:
        """Changes what is billed; a write-off changes what is owed only."""
        return self.kind != "write_off"


@dataclass(frozen=True)
class Payment:
    """Money received, or (negative) taken back; ``amount`` in its currency, ``rate`` to the functional one."""

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
    reverses: str | None
    changed: datetime


@dataclass(frozen=True)
class Application:
    """A part of a payment or credit memo set against an invoice."""

    invoice: str
    settled_by: str
    amount: Decimal
    changed: datetime


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
    project: str | None


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
    changed: datetime


@dataclass(frozen=True)
class Order:
    """A sales order's net value, None where it has no lines."""

    id: str
    project: str | None
    currency: str
    net: Decimal | None
    void: bool
    changed: datetime
    terms: str | None
    po_number: str | None
