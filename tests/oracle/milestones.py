"""Rule milestone: what was accepted is billed, once, at its amount.

Add here: a class of that rule. Stays out: schedules of fixed fees, retainers and subscriptions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal

from tests.oracle.findings import Finding, Item, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Contract, Milestone
from tests.oracle.records_erp import Document, Line

LEG = "milestone.erp"
SIDES = ("kantata", "netsuite")
GIVEN = {"goodwill", "service_credit"}
ZERO = Decimal(0)
Posted = Sequence[tuple[Document, Line]]


def milestone(view: View) -> Iterator[Finding]:
    """All rows of the rule."""
    posted: dict[str, Posted] = {
        source: [(document, line) for document, line in lines if view.is_billed(document)]
        for (kind, source), lines in view.lines_by_source.items()
        if kind == "milestone"
    }
    for key in sorted(view.delivery.milestones.keys() | posted.keys()):
        found, lines = view.delivery.milestones.get(key), posted.get(key, ())
        contract = view.contract_of_workspace(found.project) if found is not None else None
        if found is not None and contract is not None and accepted(view, found):
            yield from _accepted(view, found, contract, lines)
        elif lines:
            owners = [owner for document, _ in lines if (owner := view.contract_of_job(document.project)) is not None]
            owner = contract or next(iter(owners), None)
            if owner is not None:
                yield from _not_accepted(view, key, found, (owner, lines))


def accepted(view: View, found: Milestone) -> bool:
    """Accepted by today."""
    return found.status == "accepted" and found.accepted_on is not None and found.accepted_on <= view.context.today


def _by_currency(lines: Posted) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for document, line in lines:
        found[document.currency] += line.amount
    return {currency: amount for currency, amount in found.items() if amount}


def _accepted(view: View, found: Milestone, contract: Contract, lines: Posted) -> Iterator[Finding]:
    rights = _by_currency(lines)
    left, right = found.amount, rights.get(found.currency, ZERO)
    day = found.accepted_on or view.context.today
    versions = (found.changed, *(document.changed for document, _ in lines))
    reason = pending_reason(view.context, at_midnight(day), "netsuite", SIDES, versions, leg=LEG)
    name, item = _class(found, lines, (left, right), foreign=len(rights) > (1 if right else 0))
    kind = "reconciling" if item is None else "break" if reason is None else "timing"
    company, period = view.delivery.projects[found.project].company, month_of(day)
    cells = {currency: -amount for currency, amount in rights.items()}
    cells[found.currency] = left - right
    for currency, difference in cells.items():
        if difference:
            claim = item if kind == "break" and currency == found.currency else None
            items = (Item(f"milestone:{found.id}", *claim, currency),) if claim is not None else ()
            place = (found.id, contract.id, company, period, currency, difference)
            yield Finding(LEG, "amount", kind, name, *place, items)


def _class(
    found: Milestone, lines: Posted, sides: tuple[Decimal, Decimal], *, foreign: bool
) -> tuple[str, tuple[Decimal, str] | None]:
    left, right = sides
    difference = left - right
    invoices = {document.id for document, _ in lines if document.kind == "invoice"}
    given = -sum((line.amount for document, line in lines if document.reason in GIVEN), ZERO)
    if right == ZERO and not foreign:
        return "milestone_unbilled", (left, "delay")
    if len(invoices) > 1 and right > left > ZERO:
        return "milestone_billed_twice", (right - left, "overbilling")
    if given and difference == given and found.currency:
        return "agreed_discount", None
    return "milestone_amount_mismatch", (abs(difference), "leakage" if difference > ZERO else "overbilling")


def _not_accepted(view: View, key: str, found: Milestone | None, billed: tuple[Contract, Posted]) -> Iterator[Finding]:
    contract, lines = billed
    first = min((document for document, _ in lines), key=lambda document: (document.month, document.id))
    day = min(document.day for document, _ in lines)
    versions = [document.changed for document, _ in lines] + ([found.changed] if found is not None else [])
    reason = pending_reason(view.context, at_midnight(day), "kantata", SIDES, versions, leg=LEG)
    kind = "break" if reason is None else "timing"
    for currency, amount in _by_currency(lines).items():
        item = Item(f"milestone:{key}", max(amount, ZERO), "overbilling", currency)
        place = (key, contract.id, first.company, first.month, currency, -amount)
        items = (item,) if kind == "break" else ()
        yield Finding(LEG, "amount", kind, "rejected_milestone_billed", *place, items)
