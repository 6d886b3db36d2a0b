"""Policies on issued documents: sales tax at the customer's rate, invoice numbers without gaps.

Add here: another policy on a single document or a series. Stays out: differences inside a document (``billing``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from tests.oracle.findings import Finding
from tests.oracle.firm_view import View, month_of
from tests.oracle.records_erp import Document

TAX, UNIQUE = "invoice_integrity.tax", "invoice_integrity.unique"
HALF_A_CENT = Decimal("0.005")
ZERO = Decimal(0)
NUMBER = re.compile(r"^(.*?)(\d+)$")


def tax_rate_unexpected(view: View) -> Iterator[Finding]:
    """Tax that header and lines agree on, at another rate than the customer's."""
    for document in view.books.documents.values():
        customer = view.books.customers.get(str(document.customer))
        if not document.counts or not document.bills or customer is None or customer.tax_rate is None:
            continue
        if document.net != sum((line.amount for line in document.lines), ZERO):
            continue  # nobody knows of what the tax is
        expected = document.net * customer.tax_rate
        if document.tax == document.tax_lines and abs(document.tax - expected) > HALF_A_CENT * len(document.lines):
            contract = view.deal_of_job(document.project)
            place = (contract.id if contract is not None else None, document.company, document.month)
            verdict = ("condition", "tax_rate_unexpected", document.id)
            yield Finding(TAX, "amount", *verdict, *place, document.currency, ZERO, blocked=document.gross)


def invoice_number_gap(view: View) -> Iterator[Finding]:
    """Runs of numbers missing between the lowest and the highest of a series."""
    series: dict[tuple[str, str], dict[int, Document]] = defaultdict(dict)
    for document in view.books.documents.values():
        parts = NUMBER.match(document.number)
        if document.posted and parts is not None:
            series[document.company, parts[1]].setdefault(int(parts[2]), document)
    for (company, prefix), numbers in series.items():
        ordered = sorted(numbers)
        for before, after in pairwise(ordered):
            if after > before + 1:
                grain, period = f"{company}:{prefix}:{before + 1}", month_of(view.context.today)
                place = (grain, None, company, period, None, ZERO)
                yield Finding(UNIQUE, "count", "condition", "invoice_number_gap", *place)
