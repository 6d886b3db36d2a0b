"""Rule approved_time.erp: every approved billable minute of a time-and-materials contract reached the ERP, once.

Add here: a class of that rule. Stays out: prices (both sides are valued at the contract rate) and invoices.
"""

from __future__ import annotations

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
    """The ERP's side of a time entry: minutes of its time bill, else what is billed."""

    entry: str | None
    source: str
    contract: Contract
    day: date
    role: str | None
    minutes: int
    changed: datetime

    @property
    def period(self) -> str:
        """Month of the work date."""
        return month_of(self.day)


def approved_time(view: View, standing: Mapping[str, Standing]) -> Iterator[Finding]:
    """All rows of the rule, once in minutes and once in money at the contract rate."""
    arrived = list(_arrived(view))
    by_entry = {row.entry: row for row in arrived if row.entry is not None}
    for key, line in standing.items():
        right = by_entry.pop(key, None)
        rows = _missing(view, line) if right is None else _both(view, line, right)
        yield from rows
        if right is not None and not rows:
            yield from _aged(view, line)
    for row in arrived:
        if row.entry is None:
            yield from _rows(
                (row.contract, f"erp:{row.source}", row.period), ("unexplained", None), (0, row.minutes), None
            )
        elif row.entry in by_entry:
            yield from _surplus(view, row)


def _arrived(view: View) -> Iterator[Arrived]:
    seen = set()
    for transfer in view.books.transfers:
        contract = view.contract_of_job(transfer.project)
        if contract is None or contract.billing_type != TIME_AND_MATERIALS or transfer.day > view.context.today:
            continue
        seen.add(transfer.entry)
        yield Arrived(
            transfer.entry, transfer.id, contract, transfer.day, transfer.role, transfer.minutes, transfer.changed
        )
    for (kind, source), lines in view.lines_by_source.items():
        minutes = view.billed_minutes(source) if kind == "time" else 0
        posted = [(document, line) for document, line in lines if document.posted]
        contract = view.contract_of_job(posted[0][0].project) if posted else None
        if source in seen or minutes == 0 or contract is None or contract.billing_type != TIME_AND_MATERIALS:
            continue
        entry = view.delivery.entries.get(source)
        day = entry.day if entry is not None else posted[0][0].day
        changed = max(document.changed for document, _ in posted)
        yield Arrived(source, f"line:{posted[0][1].id}", contract, day, posted[0][1].role, minutes, changed)


def _missing(view: View, line: Standing) -> list[Finding]:
    entry = line.entry
    known = entry.role in view.books.active_codes
    name = "time_not_transferred" if known else "unknown_code"
    reason = pending_reason(view.context, entry.changed, "netsuite", ("kantata", "netsuite"), (entry.changed,))
    kind = "break" if reason is None else "timing"
    worth = line.value if known else (None if line.value is None else line.within_cap)
    return list(
        _rows(
            (line.contract, entry.id, month_of(entry.day)),
            (kind, name),
            (entry.minutes, 0),
            line.rate,
            (Item(f"time_entry:{entry.id}", worth, "leakage", line.contract.currency),),
        )
    )


def _both(view: View, line: Standing, right: Arrived) -> list[Finding]:
    entry, period = line.entry, month_of(line.entry.day)
    versions = (entry.changed, right.changed)
    reason = pending_reason(view.context, entry.changed, "netsuite", ("kantata", "netsuite"), versions)
    kind = "break" if reason is None else "timing"
    if right.contract.id != line.contract.id:
        split = [("moved_after_transfer", line.contract, period, (entry.minutes, 0))]
        split.append(("moved_after_transfer", right.contract, right.period, (0, right.minutes)))
    elif right.period != period:
        if not _approved_late(view, entry):
            kind = "unexplained"
        split = [("late_time", line.contract, period, (entry.minutes, 0))]
        split.append(("late_time", line.contract, right.period, (0, right.minutes)))
    elif entry.minutes != right.minutes:
        split = [("quantity_mismatch", line.contract, period, (entry.minutes, right.minutes))]
    else:
        return []
    found: list[Finding] = []
    for name, contract, month, minutes in split:
        named = None if kind == "unexplained" else name
        item = _difference_item(line, name, minutes)
        found += _rows((contract, entry.id, month), (kind, named), minutes, line.rate, (item,))
    return found


def _approved_late(view: View, entry: Entry) -> bool:
    end = view.books.period_ends.get(month_of(entry.day))
    return end is not None and entry.changed >= at_midnight(end + timedelta(1))


def _difference_item(line: Standing, name: str, minutes: tuple[int, int]) -> Item:
    entry = line.entry
    difference = _worth(minutes, line.rate)
    worth = None if difference is None else abs(difference)
    key, currency = f"time_entry:{entry.id}", line.contract.currency
    if name == "late_time":
        return Item(key, worth, "misstatement", currency)
    if minutes[0] > minutes[1]:
        return Item(key, worth, "leakage", currency)
    return Item(key, worth if line.billed_minutes > 0 else ZERO, "overbilling", currency)


def _surplus(view: View, row: Arrived) -> Iterator[Finding]:
    entry = view.delivery.entries.get(str(row.entry))
    billed_minutes = view.billed_minutes(str(row.entry))
    role, day = (row.role, row.day) if entry is None else (entry.role, entry.day)
    rate = view.contract_rate(row.contract.id, role, day)
    versions = (row.changed,) if entry is None else (row.changed, entry.changed)
    reason = pending_reason(view.context, row.changed, "kantata", ("kantata", "netsuite"), versions)
    unapproved = entry is not None and not entry.counts and billed_minutes > 0
    name = "billed_unapproved_time" if unapproved else "removed_after_transfer"
    worth = view.billed_amount("time", str(row.entry)) if unapproved else time_value(row.minutes, rate)
    item = Item(f"time_entry:{row.entry}", worth if billed_minutes > 0 else ZERO, "overbilling", row.contract.currency)
    kind = "break" if reason is None else "timing"
    yield from _rows((row.contract, str(row.entry), row.period), (kind, name), (0, row.minutes), rate, (item,))


def _aged(view: View, line: Standing) -> Iterator[Finding]:
    entry = line.entry
    if line.within_cap > ZERO and entry.day + timedelta(view.context.unbilled_days) < view.context.today:
        item = Item(f"time_entry:{entry.id}", line.within_cap, "delay", line.contract.currency)
        yield Finding(
            LEG,
            "minutes",
            "condition",
            "unbilled_past_sla",
            entry.id,
            line.contract.id,
            line.contract.company,
            month_of(entry.day),
            line.contract.currency,
            ZERO,
            (item,),
        )


def _rows(
    where: tuple[Contract, str, str],
    verdict: tuple[str, str | None],
    minutes: tuple[int, int],
    rate: Decimal | None,
    items: tuple[Item, ...] = (),
) -> Iterator[Finding]:
    (contract, grain, period), (kind, name) = where, verdict
    shown = items if kind == "break" else ()
    for measure, difference in (("minutes", Decimal(minutes[0] - minutes[1])), ("amount", _worth(minutes, rate))):
        yield Finding(
            LEG, measure, kind, name, grain, contract.id, contract.company, period, contract.currency, difference, shown
        )


def _worth(minutes: tuple[int, int], rate: Decimal | None) -> Decimal | None:
    left, right = time_value(minutes[0], rate), time_value(minutes[1], rate)
    return None if left is None or right is None else left - right
