"""Rules on documents: header against lines and tax, the same document twice, the same item billed twice.

Add here: a rule whose two sides both stand on documents. Stays out: the ledger (``ledgers``) and time (``worktime``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import View, month_of
from tests.oracle.records import Document, Line

ZERO = Decimal(0)


def header_and_lines(view: View) -> Iterator[Finding]:
    """Posted documents: header net against Σ item lines, header tax against Σ tax lines."""
    for document in view.books.documents.values():
        if not document.counts:
            continue
        net = document.net - sum((line.amount for line in document.lines), ZERO)
        tax = document.tax - document.tax_lines
        for leg, name, difference in (
            ("invoice_integrity.lines", "header_line_mismatch", net),
            ("invoice_integrity.tax", "tax_mismatch", tax),
        ):
            if difference != ZERO:
                worth = cents(abs(difference) * document.rate)
                functional = view.context.functional(document.company)
                item = Item(f"invoice:{document.id}:{name}", worth, "misstatement", functional)
                yield _row(view, document, difference, (item,), rule=(leg, "amount", name))


def duplicates(view: View) -> Iterator[Finding]:
    """Posted invoices that repeat an earlier one: same number, or same day, source items and amount."""
    groups: dict[tuple[object, ...], list[Document]] = defaultdict(list)
    for document in view.books.documents.values():
        if document.counts and document.kind == "invoice":
            sources = tuple(sorted((line.source_type or "", line.source or "") for line in document.lines))
            groups["number", document.company, document.customer, document.number].append(document)
            groups["content", document.company, document.customer, document.day, sources, document.net].append(document)
    later: dict[str, Document] = {}
    for group in groups.values():
        ordered = sorted(group, key=lambda document: (document.day, document.id))
        later.update({document.id: document for document in ordered[1:]})
    for document in later.values():
        items = tuple(
            Item(f"invoice_line:{line.id}", line.amount, "overbilling", document.currency) for line in document.lines
        )
        rule = ("invoice_integrity.unique", "count", "duplicate_invoice")
        yield _row(view, document, Decimal(1), items, rule=rule)


def billed_twice(view: View) -> Iterator[Finding]:
    """Source items of which more is billed, net of credits, than was delivered."""
    for (kind, source), found in sorted(view.lines_by_source.items()):
        posted = [(document, line) for document, line in found if document.posted]
        billed, delivered, measure = _quantities(view, kind, source, posted)
        if delivered is None or billed <= delivered:
            continue
        items = tuple(_excess_items(posted, billed, delivered, measure))
        rule = ("invoice_integrity.items", measure, "item_billed_twice")
        yield _row(view, posted[0][0], billed - delivered, items, rule=rule, grain=f"{kind}:{source}")


def _quantities(
    view: View, kind: str, source: str, posted: Sequence[tuple[Document, Line]]
) -> tuple[Decimal, Decimal | None, str]:
    if kind == "time":
        entry = view.delivery.entries.get(source)
        billed = sum((Decimal(line.minutes) for _, line in posted), ZERO)
        return billed, None if entry is None else Decimal(entry.minutes), "minutes"
    billed = sum((line.amount for _, line in posted), ZERO)
    if kind == "milestone":
        milestone = view.delivery.milestones.get(source)
        return billed, None if milestone is None else milestone.amount, "amount"
    if kind == "expense":
        expense = view.delivery.expenses.get(source)
        return billed, None if expense is None else expense.amount, "amount"
    schedule = next((entry for entry in view.books.schedules if entry.id == source), None)
    return billed, None if schedule is None else schedule.amount, "amount"


def _excess_items(
    posted: Sequence[tuple[Document, Line]], billed: Decimal, delivered: Decimal, measure: str
) -> Iterator[Item]:
    excess = billed - delivered
    for document, line in sorted(posted, key=lambda pair: (pair[0].day, pair[0].id, pair[1].number), reverse=True):
        quantity = Decimal(line.minutes) if measure == "minutes" else line.amount
        if quantity <= ZERO or excess <= ZERO:
            continue
        taken = min(quantity, excess)
        excess -= taken
        yield Item(f"invoice_line:{line.id}", cents(line.amount * taken / quantity), "overbilling", document.currency)


def _row(
    view: View,
    document: Document,
    difference: Decimal,
    items: tuple[Item, ...],
    *,
    rule: tuple[str, str, str],
    grain: str | None = None,
) -> Finding:
    leg, measure, name = rule
    contract = view.contract_of_job(document.project)
    period = document.period or month_of(document.day)
    return Finding(
        leg,
        measure,
        "break",
        name,
        grain or document.id,
        contract.id if contract else None,
        document.company,
        period,
        document.currency,
        difference,
        items,
    )
