"""Rule approved_time.erp: every approved billable minute of a time-and-materials contract reached the ERP, once.

Add here: a class of that rule. Stays out: prices (both sides are valued at the contract rate) and invoices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.oracle.context import time_value
from tests.oracle.findings import Finding, Item, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Contract, Entry
from tests.oracle.standing import TIME_AND_MATERIALS, Standing

LEG = "approved_time.erp"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Arrived:
    """The ERP's side of a time entry: a time bill, else what is billed of an entry that has none."""

    entry: str | None
    source: str
    contract: Contract | None
    company: str
    day: date
    role: str | None
    minutes: int
    changed: datetime
    delivered: bool
    is_signed: bool
    billed: Decimal | None = None

    @property
    def period(self) -> str:
        """Month of the work date."""
        return month_of(self.day)

    @property
    def counts(self) -> bool:
        """In the rule's population: time and materials, or time of which nobody knows anything.

        Time of a project that has no contract on either side, or none yet, is named by activation, not here.
        """
        if self.contract is None or not self.is_signed:
            return not self.delivered
        return self.contract.billing_type == TIME_AND_MATERIALS


def approved_time(view: View, standing: Mapping[str, Standing]) -> Iterator[Finding]:
    """All rows of the rule, once in minutes and once in money at the contract rate."""
    arrived: dict[str | None, list[Arrived]] = defaultdict(list)
    for row in _arrived(view):
        arrived[row.entry].append(row)
    for row in arrived.pop(None, []):
        if row.counts:
            yield from _rows(_place(row), ("unexplained", None), (Side(), Side(row.minutes, _priced(view, row))))
    for key, line in standing.items():
        rights = arrived.pop(key, [])
        rows = _both(view, line, rights) if rights else _missing(view, line)
        yield from rows
        if rights and not rows:
            yield from _aged(view, line)
    for rights in arrived.values():
        for row in rights:
            if row.counts:
                yield from _surplus(view, row)


def _arrived(view: View) -> Iterator[Arrived]:
    billed = set()
    for transfer in view.books.transfers:
        billed.add(transfer.entry)
        contract = view.deal_of_job(transfer.project) or _deal_of_entry(view, transfer.entry)
        day, role = transfer.day, transfer.role
        known = transfer.entry in view.delivery.entries
        job = view.books.jobs.get(transfer.project)
        company = job.company if job is not None else "unassigned"
        signed, changed = contract is not None and contract.id in view.contracts, transfer.changed
        yield Arrived(
            transfer.entry, transfer.id, contract, company, day, role, transfer.minutes, changed, known, signed
        )
    for (kind, source), lines in view.lines_by_source.items():
        posted = [(document, line) for document, line in lines if document.posted and line.minutes]
        minutes = sum(line.minutes for _, line in posted) if kind == "time" else 0
        if source in billed or minutes == 0:
            continue
        contract = view.deal_of_job(posted[0][0].project) or _deal_of_entry(view, source)
        entry = view.delivery.entries.get(source)
        day = entry.day if entry is not None else posted[0][0].day
        changed = max(document.changed for document, _ in posted)
        role, company, known = posted[0][1].role, posted[0][0].company, entry is not None
        billed_at = sum((line.amount for _, line in posted), ZERO)
        signed = contract is not None and contract.id in view.contracts
        yield Arrived(source, posted[0][1].id, contract, company, day, role, minutes, changed, known, signed, billed_at)


def _deal_of_entry(view: View, key: str | None) -> Contract | None:
    entry = view.delivery.entries.get(key) if key is not None else None
    return view.deal_of_workspace(entry.project) if entry is not None else None


def _contract_of_entry(view: View, key: str | None) -> Contract | None:
    entry = view.delivery.entries.get(key) if key is not None else None
    return view.contract_of_workspace(entry.project) if entry is not None else None


@dataclass(frozen=True)
class Place:
    """Where minutes are counted."""

    contract: Contract | None
    grain: str
    period: str
    company: str


def _place(row: Arrived) -> Place:
    return Place(row.contract, row.entry or row.source, row.period, row.company)


def _home(view: View, line: Standing) -> Place:
    company = view.delivery.projects[line.entry.project].company
    return Place(line.contract, line.entry.id, month_of(line.entry.day), company)


def _priced(view: View, row: Arrived) -> Decimal | None:
    """Value of arrived minutes at the rate the entry has on its own contract, so that moved time nets to zero.

    Time that is gone, or stands on a contract without rates now, is valued by the rates of the contract it arrived on;
    where it is gone and no time bill tells its role, at what was billed.
    """
    entry = view.delivery.entries.get(row.entry) if row.entry is not None else None
    contract = _contract_of_entry(view, row.entry)
    if contract is None or contract.billing_type != TIME_AND_MATERIALS:
        contract = row.contract
    if contract is None:
        return None
    if entry is None and row.billed is not None:
        return row.billed
    if entry is None:
        return time_value(row.minutes, view.contract_rate(contract.id, row.role, row.day))
    return time_value(row.minutes, view.entry_rate(contract.id, entry))


def _since(view: View, entry: Entry) -> datetime:
    return view.context.since("time_entries", entry.id, entry.changed)


def _missing(view: View, line: Standing) -> list[Finding]:
    entry = line.entry
    known = entry.role in view.books.active_codes
    name = "time_not_transferred" if known else "unknown_code"
    reason = pending_reason(view.context, _since(view, entry), "netsuite", ("kantata", "netsuite"), (entry.changed,))
    kind = "break" if reason is None else "timing"
    worth = line.value if known else (None if line.value is None else line.within_cap)
    item = Item(f"time_entry:{entry.id}", worth, "leakage", line.contract.currency)
    return list(_rows(_home(view, line), (kind, name), (Side(entry.minutes, line.value), Side()), (item,)))


def _both(view: View, line: Standing, rights: list[Arrived]) -> list[Finding]:
    entry, home = line.entry, _home(view, line)
    versions = (entry.changed, *(row.changed for row in rights))
    reason = pending_reason(view.context, _since(view, entry), "netsuite", ("kantata", "netsuite"), versions)
    minutes = sum(row.minutes for row in rights)
    if any(row.contract != line.contract for row in rights):
        name: str | None = "moved_after_transfer"
    elif any(row.period != home.period for row in rights):
        name = "late_time" if _approved_late(view, entry) else None
    elif entry.minutes != minutes:
        name = "quantity_mismatch"
    elif any(row.company != home.company for row in rights):
        name = "other_entity"
    else:
        return []
    kind = "unexplained" if name is None else "break" if reason is None else "timing"
    kind = "reconciling" if name == "other_entity" else kind
    cells: dict[Place, list[Side]] = {home: [Side(entry.minutes, line.value), Side()]}
    for row in rights:
        if row.counts:
            cell = cells.setdefault(_place(row), [Side(), Side()])
            cell[1] = Side(cell[1].minutes + row.minutes, _add(cell[1].value, _priced(view, row)))
    found: list[Finding] = []
    for place, (left, right) in cells.items():
        item = _difference_item(line, name, left, right)
        found += _rows(place, (kind, name), (left, right), (item,))
    return found


def _add(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return None if first is None or second is None else first + second


def _approved_late(view: View, entry: Entry) -> bool:
    end = view.books.period_ends.get(month_of(entry.day))
    return end is not None and _since(view, entry) >= at_midnight(end + timedelta(1))


def _difference_item(line: Standing, name: str | None, left: Side, right: Side) -> Item:
    key, currency = f"time_entry:{line.entry.id}", line.contract.currency
    worth = None if left.value is None or right.value is None else abs(left.value - right.value)
    if name == "late_time":
        return Item(key, worth, "misstatement", currency)
    if left.minutes > right.minutes:
        return Item(key, worth, "leakage", currency)
    return Item(key, worth if worth is None or line.billed_minutes > 0 else ZERO, "overbilling", currency)


def _surplus(view: View, row: Arrived) -> Iterator[Finding]:
    entry = view.delivery.entries.get(str(row.entry))
    billed_minutes = view.billed_minutes(str(row.entry))
    versions = (row.changed,) if entry is None else (row.changed, entry.changed)
    event = at_midnight(row.day)
    reason = pending_reason(view.context, event, "kantata", ("kantata", "netsuite"), versions)
    if entry is not None and entry.counts:
        moved = _deal_of_entry(view, row.entry) != row.contract
        name: str | None = "moved_after_transfer" if moved else None
    elif entry is not None and billed_minutes > 0:
        name = "billed_unapproved_time"
    else:
        name = "removed_after_transfer"
    worth = _priced(view, row)
    exposed = view.billed_amount("time", str(row.entry)) if name == "billed_unapproved_time" else worth
    currency = row.contract.currency if row.contract is not None else None
    at_stake = exposed if exposed is None or billed_minutes > 0 else ZERO
    item = Item(f"time_entry:{row.entry}", at_stake, "overbilling", currency)
    kind = "unexplained" if name is None else "break" if reason is None else "timing"
    yield from _rows(_place(row), (kind, name), (Side(), Side(row.minutes, worth)), (item,))


def _aged(view: View, line: Standing) -> Iterator[Finding]:
    entry = line.entry
    if line.within_cap > ZERO and entry.day + timedelta(view.context.unbilled_days) < view.context.today:
        item = Item(f"time_entry:{entry.id}", line.within_cap, "delay", line.contract.currency)
        yield Finding(
            LEG,
            "amount",
            "condition",
            "unbilled_past_sla",
            entry.id,
            line.contract.id,
            view.delivery.projects[entry.project].company,
            month_of(entry.day),
            line.contract.currency,
            ZERO,
            (item,),
        )


@dataclass(frozen=True)
class Side:
    """One side of a cell."""

    minutes: int = 0
    value: Decimal | None = ZERO


def _rows(
    place: Place,
    verdict: tuple[str, str | None],
    sides: tuple[Side, Side],
    items: tuple[Item, ...] = (),
) -> Iterator[Finding]:
    (kind, name), (left, right) = verdict, sides
    contract, grain, period, company = place.contract, place.grain, place.period, place.company
    shown = items if kind == "break" else ()
    contract_id = contract.id if contract is not None else None
    minutes = Decimal(left.minutes - right.minutes)
    if minutes:
        yield Finding(LEG, "minutes", kind, name, grain, contract_id, company, period, None, minutes, shown)
    amount = (left.value or ZERO) - (right.value or ZERO)
    if amount:
        currency = contract.currency if contract is not None else None
        yield Finding(LEG, "amount", kind, name, grain, contract_id, company, period, currency, amount, shown)
