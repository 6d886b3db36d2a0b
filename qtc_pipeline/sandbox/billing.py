"""What the firm bills: invoices, credit memos and rebills of a pod up to an instant.

Here: invoice runs (time and materials by cycle, instalments, milestones) and credits. Every document is decided
by the deal and its own number, so a later instant only adds documents or posts drafts.
Stays out: recording of time (`work.py`), what becomes of an invoice (`collecting.py`), recognition (`ledger.py`), the
vendor's shape (`payloads_*.py`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from qtc_pipeline.sandbox.clock import (
    all_periods,
    at,
    booking_rate,
    half_up,
    monthly,
    period_of,
    period_start,
    rng,
    value_of,
)
from qtc_pipeline.sandbox.collecting import Books, collect, number_in_order
from qtc_pipeline.sandbox.history import Document, Entry, Expense, Line
from qtc_pipeline.sandbox.model import Engagement
from qtc_pipeline.sandbox.names import CLERK, INTEGRATION_USER, SERVICE_ITEMS

OVER_CAP_WRITE_OFF_DAYS = 30
CREDIT_SHARE = 0.05
AUTHORS_KNOWN = at(date(2025, 4, 1), 0)  # before, the ERP kept no author of what the interface wrote
_REASON = {"subscription": "service_credit", "retainer": "service_credit"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a pod has sold and recorded up to an instant, and the seed of its customers' manners."""

    seed: int
    pod: int
    until: datetime
    deals: list[Engagement]
    entries: list[Entry]
    expenses: list[Expense]
    unnumbered: dict[int, int] = field(default_factory=dict)  # planted: numbers a document skips; -1: takes none


def books(state: Recorded) -> Books:
    """Bill what is due up to the instant; marks the entries with the document that bills them."""
    biller = _Biller(state.seed, state.until)
    by_deal: dict[int, list[Entry]] = defaultdict(list)
    for entry in state.entries:
        if entry.transferred is not None and entry.engagement is not None:
            by_deal[entry.engagement.number].append(entry)
    costs: dict[int, list[Expense]] = defaultdict(list)
    for expense in state.expenses:
        if expense.billable:
            costs[expense.engagement.number].append(expense)
    for deal in state.deals:
        if deal.outcome != "signed" or deal.quirks.get("no_billing"):
            continue
        if deal.billing_type == "time_and_materials":
            biller.bill_time(deal, by_deal[deal.number], costs[deal.number])
        elif deal.billing_type == "milestone":
            biller.bill_milestones(deal)
        else:
            biller.bill_schedule(deal)
    biller.strays(state.pod, state.deals)
    number_in_order(biller.books, state.unnumbered)
    return biller.books


@dataclass(slots=True)
class _Biller:
    """Makes the documents of a pod up to an instant."""

    seed: int
    until: datetime
    books: Books = field(default_factory=Books)

    def keep(self, document: Document) -> None:
        """File a document as it stands at the instant: absent, draft, or posted with credit and payments."""
        if document.created > self.until or not document.lines:
            return
        self.books.documents.append(document)
        if document.posted is None or document.posted > self.until:
            document.posted = None
            return
        for line in document.lines:
            if line.entry is not None:
                line.entry.document = document
        if not document.quirks.get("no_credit"):
            self.credit(document)
        collect(self.seed, self.until, self.books, document)

    def bill_time(self, deal: Engagement, time: list[Entry], spent: list[Expense]) -> None:
        """Bill time and materials by monthly runs, up to the cap."""
        waiting = sorted(time, key=lambda entry: (entry.day, entry.number))
        used = 0
        again: list[Entry] = []  # planted: billed once more by the next run
        for run, (created, posted) in enumerate(runs(deal), start=1):
            if created > self.until:
                break
            lines: list[Line] = []
            later: list[Entry] = []
            for entry in waiting:
                if not _may_bill(entry, created):
                    later.append(entry)
                elif deal.capped and used + entry.value > deal.value:
                    _give_up(entry, created, self.until)
                else:
                    used += entry.value
                    lines.append(_time_line(len(lines) + 1, entry))
            waiting = later
            lines += [_time_line(len(lines) + place, entry) for place, entry in enumerate(again, start=1)]
            again = [line.entry for line in lines if line.entry and (line.entry.quirks or {}).pop("again", None)]
            for expense in [item for item in spent if _may_charge(item, created)]:
                spent.remove(expense)
                item, number = expense.category.upper(), str(expense.number)
                amount = expense.quirks.get("charged", expense.charged)
                lines.append(Line(len(lines) + 1, item, amount, expense.category, "expense", number))
            self.keep(_document(deal, run, "CustInvc", (created, posted), lines))

    def bill_schedule(self, deal: Engagement) -> None:
        """Bill the instalments of a schedule."""
        item = SERVICE_ITEMS[deal.billing_type]
        for part in deal.schedule:
            if deal.hold_from and part.day >= deal.hold_from:
                continue
            source = str(deal.number * 100 + part.number)
            line = Line(1, item, part.amount, f"{deal.name} {part.day}", deal.billing_type, source)
            created, posted = at(part.day, 8), at(part.day + timedelta(days=2), 11)
            self.keep(_document(deal, part.number, "CustInvc", (created, posted), [line]))

    def bill_milestones(self, deal: Engagement) -> None:
        """Bill accepted milestones."""
        for part in deal.milestones:
            accepted = part.quirks.get("billed_as_of", part.accepted)
            if accepted is None or accepted > self.until or part.quirks.get("never_bill"):
                continue
            amount, source = part.quirks.get("billed", part.amount), str(deal.number * 100 + part.number)
            for place, days in enumerate((2, 15) if part.quirks.get("twice") else (2,)):
                line = Line(1, "MILESTONE", amount, part.title, "milestone", source)
                day = accepted.date() + timedelta(days=days)
                when = at(day, 8), at(day + timedelta(days=2), 11)
                document = _document(deal, part.number + 50 * place, "CustInvc", when, [line])
                document.quirks["no_credit"] = bool(part.quirks)
                self.keep(document)

    def credit(self, invoice: Document) -> None:
        """Credit part of some invoices ten days later; credited time is billed again the same day or written off."""
        draw = rng(self.seed, "credit", invoice.number)
        if draw.random() >= CREDIT_SHARE or invoice.posted is None:
            return
        when = invoice.posted + timedelta(days=10)
        if when > self.until:
            return
        deal = invoice.engagement
        lines = [line for line in invoice.lines if line.entry and _may_credit(line.entry)][: draw.randrange(1, 4)]
        again = draw.random() < 0.5 and not deal.capped
        if invoice.lines[0].source_type != "time":
            first = invoice.lines[0]
            share = half_up(first.amount, 1000) * 100
            lines = [Line(1, first.item, share, f"Goodwill {first.memo}", first.source_type, first.source_id)]
        elif not lines:
            return
        serial = invoice.number - deal.number * 1000
        memo = _document(
            deal, 100 + serial, "CustCred", (when, when), [_copy(line, place) for place, line in enumerate(lines, 1)]
        )
        memo.origin, memo.rate = invoice, invoice.rate
        memo.reason = "rebill" if again and lines[0].entry else _REASON.get(deal.billing_type, "goodwill")
        invoice.credited = memo.gross
        self.books.documents.append(memo)
        rebilled = [_copy(line, place) for place, line in enumerate(lines, 1)] if again else []
        for line in lines:
            if line.entry is not None and not again:
                line.entry.written_off = when
        if rebilled and rebilled[0].entry is not None:
            rebill = _document(deal, 200 + serial, "CustInvc", (when, when + timedelta(minutes=20)), rebilled)
            rebill.quirks["no_credit"] = True
            self.keep(rebill)

    def strays(self, pod: int, deals: list[Engagement]) -> None:
        """Once a month somebody drafts an invoice by mistake and deletes it the next morning."""
        for place, (created, discarded) in enumerate(monthly(pod % 30 + 2, self.until)):
            running = [
                deal
                for deal in deals
                if deal.outcome == "signed"
                and deal.erp_created
                and deal.erp_created < created
                and deal.start < created.date()
            ]
            if created > self.until or not running:
                continue
            deal = running[rng(self.seed, "stray", pod, place).randrange(len(running))]
            line = Line(1, "SERVICES", 1_000_00, "Drafted by mistake", None, None)
            draft = _document(deal, 900 + place, "CustInvc", (created, created), [line])
            draft.posted, draft.discarded, draft.created_by = None, discarded, CLERK
            (self.books.discarded if discarded <= self.until else self.books.documents).append(draft)


def _document(deal: Engagement, number: int, kind: str, when: tuple[datetime, datetime], lines: list[Line]) -> Document:
    created, posted = when
    net = sum(line.amount for line in lines)
    tax = half_up(net * deal.account.tax, 10_000)
    rate = booking_rate(deal.currency, deal.entity.currency, period_of(posted.date()))
    found = Document(deal.number * 1000 + number, kind, deal, created, posted, rate, lines, net, tax)
    by_hand = found.number % 9 == 4
    found.created_by = CLERK if by_hand else INTEGRATION_USER if created >= AUTHORS_KNOWN else None
    return found


def runs(deal: Engagement) -> list[tuple[datetime, datetime]]:
    """Return (draft, posting) of every monthly run of a deal."""
    lag = 3 if deal.cycle == 28 else 2
    found = []
    for period in all_periods():
        day = period_start(period).replace(day=deal.cycle)
        if deal.start < day <= deal.end + timedelta(days=70):
            found.append((at(day, 8), at(day + timedelta(days=lag), 11)))
    return found


def _may_credit(entry: Entry) -> bool:
    """Return whether nothing is planted on it from the start; what is switched on later leaves the past as it was."""
    return not entry.quirks or "lives" in entry.quirks


def _may_bill(entry: Entry, when: datetime) -> bool:
    if entry.quirks and entry.quirks.get("never_bill"):
        return False
    if entry.transferred is None or entry.transferred > when or entry.abandoned is not None:
        return False
    return entry.held_until is None or entry.held_until <= when


def _may_charge(item: Expense, when: datetime) -> bool:
    ready = item.held_until or item.transferred
    return ready is not None and ready <= when and item.written_off is None


def _give_up(entry: Entry, run: datetime, until: datetime) -> None:
    """Write off what the cap does not allow, before it ages past the limit."""
    if entry.transferred is not None:
        given_up = max(entry.transferred + timedelta(days=OVER_CAP_WRITE_OFF_DAYS), run + timedelta(hours=1))
        entry.written_off = given_up if given_up <= until else None


def _time_line(number: int, entry: Entry) -> Line:
    quirks = entry.quirks or {}
    minutes, rate = quirks.get("erp_minutes", entry.minutes), quirks.get("erp_rate", entry.rate)
    if entry.engagement is not None and entry.engagement.discount:
        rate = half_up(rate * (10_000 - entry.engagement.discount), 10_000)
    worth = entry.value if minutes == entry.minutes and rate == entry.rate else value_of(minutes, rate)
    memo = f"{entry.resource.name} {entry.day}"
    return Line(number, entry.role, worth, memo, "time", str(entry.number), minutes, rate, entry)


def _copy(line: Line, number: int) -> Line:
    return Line(number, line.item, line.amount, line.memo, line.source_type, line.source_id, line.minutes, line.rate,
                line.entry)  # fmt: skip
