"""Rules on documents: header against lines and tax, the same document twice, the same item billed twice.

Add here: a rule whose two sides both stand on documents. Stays out: the ledger (``ledgers``) and time (``worktime``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import UNTYPED, View, month_of
from tests.oracle.records_erp import Document, Line

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
            if difference != ZERO and leg == "invoice_integrity.lines" and not document.lines:
                rule = (leg, "amount", None)  # a document without lines: nobody can say what is wrong
                yield _row(view, document, difference, (), rule=rule)
            elif difference != ZERO:
                worth = cents(abs(difference) * document.rate)
                functional = view.context.functional(document.company)
                item = Item(f"invoice:{document.id}:{name}", worth, "misstatement", functional)
                yield _row(view, document, difference, (item,), rule=(leg, "amount", name))


def duplicates(view: View) -> Iterator[Finding]:
    """Posted invoices that repeat an earlier one: same number, or same day, source items and amount.

    An invoice credited in full bills nothing any more: neither it nor its replacement is a duplicate.
    """
    groups: dict[tuple[object, ...], list[Document]] = defaultdict(list)
    for document in view.books.documents.values():
        if document.counts and document.kind == "invoice" and document.gross + _credited(view, document) != ZERO:
            sources = tuple(sorted((line.source_type or "", line.source) for line in document.lines if line.source))
            groups["number", document.company, document.customer, document.number].append(document)
            if sources:
                key = ("content", document.company, document.customer, document.day, sources, document.net)
                groups[key].append(document)
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


def _credited(view: View, invoice: Document) -> Decimal:
    credits_of = view.credits_by_invoice.get(invoice.id, ())
    return sum((memo.gross for memo in credits_of if memo.counts), ZERO)


def billed_items(view: View) -> Iterator[Finding]:
    """Source items: what is billed of them, net of credits, against what was delivered.

    More is a break. Less is a part billed so far. Billed time without any record of its delivery belongs to the rule
    approved_time, which names it.
    """
    for (kind, source), found in sorted(view.lines_by_source.items()):
        posted = [(document, line) for document, line in found if view.is_billed(document)]
        if not posted:
            continue
        billed, delivered, measure = _quantities(view, kind, source, posted)
        difference = billed - (delivered or ZERO)
        if difference == ZERO:
            continue
        items: tuple[Item, ...] = ()
        if delivered is None:
            verdict: tuple[str, str | None] = ("reconciling", "source_removed")
            if kind != "time":
                verdict = ("unexplained", None)
        elif difference < ZERO:
            verdict = ("reconciling", "partly_billed")
        else:
            verdict = ("break", "item_billed_twice")
            items = tuple(_excess_items(posted, billed, delivered, measure))
        yield _item_row(
            view, [document for document, _ in posted], verdict, (f"{kind}:{source}", measure, difference), items
        )


def _quantities(
    view: View, kind: str, source: str, posted: Sequence[tuple[Document, Line]]
) -> tuple[Decimal, Decimal | None, str]:
    if kind == "time":
        return sum((Decimal(line.minutes) for _, line in posted), ZERO), _minutes_delivered(view, source), "minutes"
    billed = sum((line.amount for _, line in posted), ZERO)
    if kind == UNTYPED:
        return billed, None, "amount"
    if kind == "milestone":
        milestone = view.delivery.milestones.get(source)
        return billed, None if milestone is None else milestone.amount, "amount"
    if kind == "expense":
        expense = view.delivery.expenses.get(source)
        return billed, None if expense is None else expense.amount, "amount"
    return billed, next((entry.amount for entry in view.books.schedules if entry.id == source), None), "amount"


def _minutes_delivered(view: View, source: str) -> Decimal | None:
    entry = view.delivery.entries.get(source)
    if entry is not None:
        return Decimal(entry.minutes)
    transfers = view.transfers_by_entry.get(source, ())
    return Decimal(sum(transfer.minutes for transfer in transfers)) if transfers else None


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
    view: View, document: Document, difference: Decimal, items: tuple[Item, ...], *, rule: tuple[str, str, str | None]
) -> Finding:
    leg, measure, name = rule
    contract = view.contract_of_job(document.project)
    period = document.period or month_of(document.day)
    currency = None if measure == "count" else document.currency
    contract_id = contract.id if contract is not None else None
    return Finding(
        leg,
        measure,
        "break" if name else "unexplained",
        name,
        document.id,
        contract_id,
        document.company,
        period,
        currency,
        difference,
        items,
    )


def _item_row(
    view: View,
    documents: Sequence[Document],
    verdict: tuple[str, str | None],
    measured: tuple[str, str, Decimal],
    items: tuple[Item, ...],
) -> Finding:
    (kind, name), (grain, measure, difference) = verdict, measured
    contracts = [contract.id for entry in documents if (contract := view.contract_of_job(entry.project)) is not None]
    return Finding(
        leg="invoice_integrity.items",
        measure=measure,
        kind=kind,
        break_class=name,
        grain=grain,
        contract=min(contracts, default=None),
        company=min(document.company for document in documents),
        period=month_of(view.context.today),
        currency=None if measure == "minutes" else min(document.currency for document in documents),
        difference=difference,
        items=items,
    )
