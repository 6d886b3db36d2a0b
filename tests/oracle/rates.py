"""Rule bill_rate: time is planned (PSA) and billed (ERP) at the rate that was agreed.

Add here: a reason why a price may differ. Stays out: quantities (``worktime``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.findings import Finding, Item, torn
from tests.oracle.firm_view import View, month_of
from tests.oracle.records_erp import Document, Line
from tests.oracle.standing import Standing

PSA, ERP = "bill_rate.psa", "bill_rate.erp"
ZERO = Decimal(0)
HALF_A_CENT = Decimal("0.005")


def bill_rate(view: View, standing: Mapping[str, Standing]) -> Iterator[Finding]:
    """All rows of both legs, and the time nobody agreed a rate for."""
    missing: dict[tuple[str, str], list[Standing]] = defaultdict(list)
    for line in standing.values():
        if line.rate is None or line.value is None:
            missing[line.contract.id, line.entry.role or "unassigned"].append(line)
            continue
        yield from _planned(view, line)
        yield from _billed(view, line)
    for (contract, role), lines in missing.items():
        worth = sum((time_value(line.entry.minutes, line.entry.rate) or ZERO for line in lines), ZERO)
        yield Finding(
            PSA,
            "amount",
            "condition",
            "rate_missing",
            f"{contract}:{role}",
            contract,
            lines[0].contract.company,
            month_of(view.context.today),
            min(line.entry.currency for line in lines),
            ZERO,
            blocked=worth,
        )


def _planned(view: View, line: Standing) -> Iterator[Finding]:
    entry = line.entry
    if entry.rate is None or entry.currency == line.contract.currency:
        planned = time_value(entry.minutes, entry.rate) or ZERO
        versions = (line.contract.changed, entry.changed)
        late = torn(view.context, ("salesforce", "kantata"), versions)
        yield from _row(view, PSA, line, (entry.minutes, planned, 0), late=late)


def _billed(view: View, line: Standing) -> Iterator[Finding]:
    lines = _lines(view, line)
    minutes = sum(billed.minutes for _, billed in lines)
    if minutes > 0:
        versions = [line.contract.changed, line.entry.changed, *(document.changed for document, _ in lines)]
        late = torn(view.context, ("salesforce", "netsuite"), versions)
        amount = sum((billed.amount for _, billed in lines), ZERO)
        yield from _row(view, ERP, line, (minutes, amount, len(lines)), late=late)


def _lines(view: View, line: Standing) -> Sequence[tuple[Document, Line]]:
    found = view.lines_by_source.get(("time", line.entry.id), ())
    return [pair for pair in found if view.is_billed(pair[0]) and pair[0].currency == line.contract.currency]


def _row(view: View, leg: str, line: Standing, side: tuple[int, Decimal, int], *, late: bool) -> Iterator[Finding]:
    minutes, amount, lines = side
    agreed = time_value(minutes, line.rate) or ZERO
    difference = agreed - amount
    if difference == ZERO:
        return
    room = HALF_A_CENT * lines if lines > 1 else ZERO
    discounted = _discounted(line, minutes)
    if late:
        kind, name = "timing", "rate_mismatch"
    elif discounted is not None and abs(discounted - amount) <= room:
        kind, name = "reconciling", "agreed_discount"
    elif abs(difference) <= room:
        kind, name = "reconciling", "rounding"
    else:
        kind, name = "break", "rate_mismatch"
    entry, currency = line.entry, line.contract.currency
    base = "leakage" if difference > ZERO else "overbilling"
    item = Item(f"time_entry:{entry.id}", abs(difference), base, currency)
    company = view.delivery.projects[entry.project].company
    ids = (entry.id, line.contract.id, company, month_of(entry.day), currency)
    yield Finding(leg, "amount", kind, name, *ids, difference, (item,) if kind == "break" else ())


def _discounted(line: Standing, minutes: int) -> Decimal | None:
    percent = line.contract.discount_percent
    if percent is None or line.rate is None:
        return None
    return time_value(minutes, cents(line.rate * (100 - percent) / 100))
