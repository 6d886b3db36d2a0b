"""The mart of invoice exceptions in plain Python: posted documents by the class of what is wrong with them.

Add here: a column of that mart. Stays out: the rules that find the exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.exposure import Primary
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import View, month_of
from tests.oracle.records_erp import Document

ZERO = Decimal(0)
ON_DOCUMENTS = {
    "header_line_mismatch",
    "tax_mismatch",
    "tax_rate_unexpected",
    "duplicate_invoice",
    "stale_terms_invoiced",
}
# class on a billed item -> the source type under which invoices bill it; None: the grain says it
ON_ITEMS: dict[tuple[str, str], str | None] = {
    ("invoice_integrity.items", "item_billed_twice"): None,
    ("bill_rate.erp", "rate_mismatch"): "time",
    ("approved_time.erp", "billed_unapproved_time"): "time",
    ("milestone.erp", "milestone_billed_twice"): "milestone",
    ("milestone.erp", "rejected_milestone_billed"): "milestone",
    ("milestone.erp", "milestone_amount_mismatch"): "milestone",
    ("expense.erp", "amount_mismatch"): "expense",
    ("expense.subcontractor", "amount_mismatch"): "expense",
    ("expense.subcontractor", "unapproved_subcontractor_cost"): "expense",
}


@dataclass
class InvoiceException:
    """A document under one class: how many exceptions, and the exposure they carry as primaries."""

    document: Document
    break_class: str
    exceptions: set[tuple[str, str]] = field(default_factory=set)
    carried: list[Item] = field(default_factory=list)

    def exposure(self, view: View) -> Decimal | None:
        """Σ of what is carried; of several currencies in reporting currency."""
        amounts = [item.amount or ZERO for item in self.carried]
        if len({item.currency for item in self.carried}) > 1:
            rates = [_rate(view, item.currency) for item in self.carried]
            amounts = [cents(amount * rate) for amount, rate in zip(amounts, rates, strict=True)]
        return sum(amounts, ZERO)


def _rate(view: View, currency: str | None) -> Decimal:
    rates, today = view.books.average_rates, month_of(view.context.today)
    latest = max((month for code, month in rates if code == currency and month <= today), default="")
    return rates.get((str(currency), latest), ZERO)


def invoice_exceptions(
    view: View, findings: Iterable[Finding], primaries: Mapping[str, Primary]
) -> list[InvoiceException]:
    """(document, class) pairs: what is wrong with a document, or with an item a posted invoice bills."""
    found: dict[tuple[str, str], InvoiceException] = {}
    carried: dict[tuple[str, str, str], list[Item]] = {}
    for primary in primaries.values():
        carried.setdefault(primary.key, []).append(primary.item)
    for finding in findings:
        document = _document(view, finding) if finding.acts else None
        if document is None:
            continue
        key = (finding.leg, str(finding.break_class), finding.grain)
        row = found.setdefault((document.id, key[1]), InvoiceException(document, key[1]))
        if (finding.leg, finding.grain) not in row.exceptions:
            row.exceptions.add((finding.leg, finding.grain))
            row.carried += carried.get(key, [])
    return list(found.values())


def _document(view: View, finding: Finding) -> Document | None:
    """The document itself, or the latest posted invoice that bills the item; None where none does."""
    name = str(finding.break_class)
    if name in ON_DOCUMENTS:
        return view.books.documents[finding.grain]
    if (finding.leg, name) not in ON_ITEMS:
        return None
    kind = ON_ITEMS[finding.leg, name]
    source = finding.grain
    if kind is None:
        kind, _, source = finding.grain.partition(":")
    billing = [document for document, _ in view.lines_by_source.get((kind, source), ()) if _invoices(view, document)]
    return _latest(billing)


def _invoices(view: View, document: Document) -> bool:
    return document.kind == "invoice" and view.is_billed(document)


def _latest(documents: Sequence[Document]) -> Document | None:
    return max(documents, key=lambda document: (document.day, document.id), default=None)
