"""The mart of invoice exceptions in plain Python: posted documents by the class of what is wrong with them.

Add here: a column of that mart. Stays out: the rules that find the exceptions (``billing``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracle.exposure import Primary
from tests.oracle.findings import Finding
from tests.oracle.firm_view import View
from tests.oracle.records_erp import Document

ZERO = Decimal(0)


@dataclass
class InvoiceException:
    """A document under one class: how many exceptions, and the exposure its lines carry as primaries."""

    document: Document
    break_class: str
    exceptions: set[tuple[str, str]] = field(default_factory=set)
    exposure: Decimal = ZERO
    carried: list[tuple[Decimal, str | None]] = field(default_factory=list)


def invoice_exceptions(
    view: View, findings: Iterable[Finding], primaries: Mapping[str, Primary]
) -> list[InvoiceException]:
    """(document, class) pairs of the rules on documents."""
    home = {line.id: document for document in view.books.documents.values() for line in document.lines}
    found: dict[tuple[str, str], InvoiceException] = {}
    claims: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for finding in findings:
        if not finding.leg.startswith("invoice_integrity.") or finding.kind != "break":
            continue
        key = (finding.leg, str(finding.break_class), finding.grain)
        for item in finding.items:
            kind, _, rest = item.key.partition(":")
            document = home[rest] if kind == "invoice_line" else view.books.documents[finding.grain]
            name = str(finding.break_class)
            row = found.setdefault((document.id, name), InvoiceException(document, name))
            row.exceptions.add((finding.leg, finding.grain))
            if primaries[item.key].key == key and item.key not in claims[key]:
                claims[key].add(item.key)
                row.exposure += item.amount or ZERO
                row.carried.append((item.amount or ZERO, item.currency))
    return list(found.values())
