"""Rules on documents: header against lines and tax, the same document twice, the same item billed twice.

Add here: a rule whose two sides both stand on documents. Stays out: the ledger (``ledgers``) and time (``worktime``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.costs import rebilled
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import UNTYPED, View, month_of
from tests.oracle.records_erp import Document, Line

ZERO = Decimal(0)
ITEMS = {"time": "time_entry", "milestone": "milestone", "expense": "expense"}
OWN_RULE = frozenset(ITEMS)
Posted = Sequence[tuple[Document, Line]]


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

    An invoice credited in full bills nothing any more: neither it nor its replacement is a duplicate. A line that is an
    item's excess exposes that item, so that the same money is not exposed twice.
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
    taken = {line: key for excess in excesses(view) for line, key in excess.lines.items()}
    for document in later.values():
        items = tuple(
            Item(taken.get(line.id, f"invoice_line:{line.id}"), line.amount, "overbilling", document.currency)
            for line in document.lines
        )
        rule = ("invoice_integrity.unique", "count", "duplicate_invoice")
        yield _row(view, document, Decimal(1), items, rule=rule)


def _credited(view: View, invoice: Document) -> Decimal:
    credits_of = view.credits_by_invoice.get(invoice.id, ())
    return sum((memo.gross for memo in credits_of if memo.counts), ZERO)


@dataclass(frozen=True)
class Excess:
    """A source item billed beyond what was delivered: what it exposes, and the lines that are (partly) too much."""

    key: tuple[str, str]
    items: tuple[Item, ...]
    lines: Mapping[str, str]


def excesses(view: View) -> Iterator[Excess]:
    """Items billed twice."""
    for (kind, source), posted in _posted(view).items():
        billed, delivered, measure = _quantities(view, kind, source, posted)
        if delivered is not None and billed > delivered and _is_repeated(kind, posted):
            yield _excess((kind, source), posted, billed - delivered, measure)


def billed_items(view: View) -> Iterator[Finding]:
    """Source items: what is billed of them, net of credits, against what was delivered.

    More is a break. Less is a part billed so far. What was delivered and is gone, and a milestone or cost billed once
    at another amount, belong to the rules of these items, which name them.
    """
    twice = {excess.key: excess for excess in excesses(view)}
    for (kind, source), posted in sorted(_posted(view).items()):
        billed, delivered, measure = _quantities(view, kind, source, posted)
        difference = billed - (delivered or ZERO)
        if difference == ZERO:
            continue
        items: tuple[Item, ...] = ()
        if delivered is None:
            verdict: tuple[str, str | None] = ("reconciling", "source_removed")
            if kind not in OWN_RULE:
                verdict = ("unexplained", None)
        elif difference < ZERO:
            verdict = ("reconciling", "partly_billed")
        elif (kind, source) in twice:
            verdict = ("break", "item_billed_twice")
            items = twice[kind, source].items
        else:
            verdict = ("reconciling", "amount_differs")
        documents = [document for document, _ in posted]
        yield _item_row(view, documents, verdict, (f"{kind}:{source}", measure, difference), items)


def _posted(view: View) -> dict[tuple[str, str], Posted]:
    found = {
        key: [(document, line) for document, line in lines if view.is_billed(document)]
        for key, lines in view.lines_by_source.items()
    }
    return {key: posted for key, posted in found.items() if posted}


def _is_repeated(kind: str, posted: Posted) -> bool:
    """Of milestones and costs, whose amounts may differ, only what stands on two invoice lines is billed twice."""
    invoiced = [line for document, line in posted if document.kind == "invoice"]
    return kind not in {"milestone", "expense"} or len(invoiced) > 1


def _quantities(view: View, kind: str, source: str, posted: Posted) -> tuple[Decimal, Decimal | None, str]:
    if kind == "time":
        return sum((Decimal(line.minutes) for _, line in posted), ZERO), _minutes_delivered(view, source), "minutes"
    billed = sum((line.amount for _, line in posted), ZERO)
    if kind == UNTYPED:
        return billed, None, "amount"
    if kind == "milestone":
        milestone = view.delivery.milestones.get(source)
        return billed, None if milestone is None else milestone.amount, "amount"
    if kind == "expense":
        cost = view.delivery.expenses.get(source)
        contract = view.deal_of_workspace(cost.project) if cost is not None else None
        worth = None if cost is None else cost.amount if contract is None else rebilled(cost, contract)
        return billed, worth, "amount"
    return billed, next((entry.amount for entry in view.books.schedules if entry.id == source), None), "amount"


def _minutes_delivered(view: View, source: str) -> Decimal | None:
    entry = view.delivery.entries.get(source)
    if entry is not None:
        return Decimal(entry.minutes)
    transfers = view.transfers_by_entry.get(source, ())
    return Decimal(sum(transfer.minutes for transfer in transfers)) if transfers else None


def _excess(key: tuple[str, str], posted: Posted, excess: Decimal, measure: str) -> Excess:
    """The latest lines are too much; time, milestones and costs expose themselves, other sources their lines."""
    kind, source = key
    items: list[Item] = []
    lines: dict[str, str] = {}
    for document, line in sorted(posted, key=lambda pair: (pair[0].day, pair[0].id, pair[1].number), reverse=True):
        quantity = Decimal(line.minutes) if measure == "minutes" else line.amount
        if quantity <= ZERO or excess <= ZERO:
            continue
        taken = min(quantity, excess)
        excess -= taken
        lines[line.id] = f"{ITEMS[kind]}:{source}" if kind in ITEMS else f"invoice_line:{line.id}"
        worth = cents(line.amount * taken / quantity)
        items.append(Item(lines[line.id], worth, "overbilling", document.currency))
    return Excess(key, tuple(_summed(items)), lines)


def _summed(items: Sequence[Item]) -> Iterator[Item]:
    by_key: dict[tuple[str, str | None], list[Item]] = defaultdict(list)
    for item in items:
        by_key[item.key, item.currency].append(item)
    for same in by_key.values():
        yield replace(same[0], amount=sum((item.amount or ZERO for item in same), ZERO))


def _row(
    view: View, document: Document, difference: Decimal, items: tuple[Item, ...], *, rule: tuple[str, str, str | None]
) -> Finding:
    leg, measure, name = rule
    contract = view.deal_of_job(document.project)
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
    contracts = [contract.id for entry in documents if (contract := view.deal_of_job(entry.project)) is not None]
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
