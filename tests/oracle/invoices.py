"""The mart of invoice exceptions in plain Python: posted documents by the class of what is wrong with them.

Add here: a column of that mart. Stays out: the rules that find the exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
ON_ITEMS = {
    ("invoice_integrity.items", "item_billed_twice"),
    ("bill_rate.erp", "rate_mismatch"),
    ("approved_time.erp", "billed_unapproved_time"),
    ("milestone.erp", "milestone_billed_twice"),
    ("milestone.erp", "rejected_milestone_billed"),
    ("milestone.erp", "milestone_amount_mismatch"),
    ("expense.erp", "amount_mismatch"),
    ("expense.subcontractor", "amount_mismatch"),
    ("expense.subcontractor", "unapproved_subcontractor_cost"),
}
# item -> the source type under which invoices bill it
SOURCES = {"time_entry": "time", "milestone": "milestone", "expense": "expense"}


@dataclass
class InvoiceException:
    """A document under one class: how many exceptions, and the exposure they carry as primaries."""

    document: Document
    break_class: str
    exceptions: set[tuple[str, str]] = field(default_factory=set)
    carried: list[Item] = field(default_factory=list)

    def exposure(self, view: View) -> Decimal | None:
        """Σ of what is carried; of several currencies in reporting currency."""
        if len({item.currency for item in self.carried}) > 1:
            return sum((reported(view, item) for item in self.carried), ZERO)
        return sum((item.amount or ZERO for item in self.carried), ZERO)


def reported(view: View, item: Item) -> Decimal:
    """An item's amount in reporting currency at the latest average rate."""
    rates, today = view.books.average_rates, month_of(view.context.today)
    latest = max((month for code, month in rates if code == item.currency and month <= today), default="")
    return cents((item.amount or ZERO) * rates.get((str(item.currency), latest), ZERO))


def invoice_exceptions(
    view: View, findings: Iterable[Finding], primaries: Mapping[str, Primary]
) -> list[InvoiceException]:
    """(document, class) pairs: what is wrong with a document, or with an item a posted invoice bills."""
    found: dict[tuple[str, str], InvoiceException] = {}
    claimed: set[tuple[str, str, str, str]] = set()
    for finding in findings:
        if not finding.acts:
            continue
        key = (finding.leg, str(finding.break_class), finding.grain)
        for document, items in _documents(view, finding):
            row = found.setdefault((document.id, key[1]), InvoiceException(document, key[1]))
            row.exceptions.add((finding.leg, finding.grain))
            for item in {item.key for item in items}:
                if (*key, item) not in claimed and primaries[item].key == key:
                    claimed.add((*key, item))
                    row.carried.append(primaries[item].item)
    return list(found.values())


def _documents(view: View, finding: Finding) -> Iterator[tuple[Document, Sequence[Item]]]:
    """The document itself, or for each item the latest posted invoice that bills it, where one does."""
    name = str(finding.break_class)
    if name in ON_DOCUMENTS:
        yield view.books.documents[finding.grain], finding.items
    elif (finding.leg, name) in ON_ITEMS:
        for item in finding.items:
            kind, _, source = item.key.partition(":")
            if kind == "invoice_line":
                document = view.document_of_line[source]
                billing = [document] if _invoices(view, document) else []
            else:
                lines = view.lines_by_source.get((SOURCES[kind], source), ())
                billing = [document for document, _ in lines if _invoices(view, document)]
            latest = max(billing, key=lambda document: (document.day, document.id), default=None)
            if latest is not None:
                yield latest, (item,)


def _invoices(view: View, document: Document) -> bool:
    return document.kind == "invoice" and view.is_billed(document)
