"""Rule expense: approved costs reach the ERP once, with the agreed mark-up, and stand on a cost centre.

Both legs, expenses and subcontractors' costs, follow one path. Add here: a class of that rule. Stays out: time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.oracle.context import cents
from tests.oracle.findings import Finding, Item, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Contract, Expense

SIDES = ("kantata", "netsuite")
ZERO = Decimal(0)
EXPENSES, SUBCONTRACTORS = "expense.erp", "expense.subcontractor"


@dataclass(frozen=True)
class Arrived:
    """The ERP's side of a cost: what is charged, else what is billed, by currency."""

    amounts: dict[str, Decimal]
    contract: Contract | None
    company: str
    period: str
    leg: str
    event: datetime
    versions: tuple[datetime, ...]


def expense(view: View) -> Iterator[Finding]:
    """All rows of both legs."""
    arrived = _arrived(view)
    for charge in view.books.charges:
        if charge.expense is None:
            job = view.books.jobs.get(charge.project)
            contract = view.contract_of_job(charge.project)
            company = job.company if job is not None else "unassigned"
            place = (contract.id if contract else None, company, month_of(charge.day), charge.currency)
            yield Finding(_leg(charge.kind), "amount", "unexplained", None, charge.id, *place, -charge.amount)
    for key in sorted(view.delivery.expenses.keys() | arrived.keys()):
        cost, right = view.delivery.expenses.get(key), arrived.get(key)
        rows = list(_judged(view, key, cost, right))
        yield from rows
        if not rows and cost is not None:
            yield from _cost_centre(view, cost)


def _leg(kind: str) -> str:
    return SUBCONTRACTORS if kind == "subcontractor" else EXPENSES


def counted(view: View, cost: Expense) -> Contract | None:
    """The contract an approved, billable cost is re-billed to; None where it is not in the population."""
    contract = view.contract_of_workspace(cost.project)
    return contract if cost.counts and cost.day <= view.context.today else None


def rebilled(cost: Expense, contract: Contract) -> Decimal:
    """What a cost is billed at: with the contract's mark-up, rounded."""
    return cents(cost.amount * (100 + (contract.markup_percent or ZERO)) / 100)


def _arrived(view: View) -> dict[str, Arrived]:
    found: dict[str, Arrived] = {}
    charges = defaultdict(list)
    for charge in view.books.charges:
        if charge.expense is not None:
            charges[charge.expense].append(charge)
    for key, group in charges.items():
        amounts: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for charge in group:
            amounts[charge.currency] += charge.amount
        first = min(group, key=lambda charge: charge.id)
        contracts = [contract for charge in group if (contract := view.contract_of_job(charge.project)) is not None]
        job = view.books.jobs.get(first.project)
        company, versions = job.company if job is not None else "unassigned", tuple(one.changed for one in group)
        place = (company, month_of(first.day), _leg(first.kind), at_midnight(first.day))
        found[key] = Arrived(dict(amounts), next(iter(contracts), None), *place, versions)
    for (kind, source), lines in view.lines_by_source.items():
        posted = [(document, line) for document, line in lines if view.is_billed(document)]
        if kind == "expense" and source not in found and posted:
            billed: dict[str, Decimal] = defaultdict(lambda: ZERO)
            for document, line in posted:
                billed[document.currency] += line.amount
            first_document = min((document for document, _ in posted), key=lambda one: (one.month, one.id))
            owners = [
                contract for document, _ in posted if (contract := view.contract_of_job(document.project)) is not None
            ]
            found[source] = Arrived(
                amounts=dict(billed),
                contract=next(iter(owners), None),
                company=first_document.company,
                period=first_document.month,
                leg=EXPENSES,
                event=at_midnight(first_document.day),
                versions=tuple(document.changed for document, _ in posted),
            )
    return found


def _judged(view: View, key: str, cost: Expense | None, right: Arrived | None) -> Iterator[Finding]:
    contract = counted(view, cost) if cost is not None else None
    if cost is not None and contract is not None:
        yield from _owed(view, cost, contract, right)
    elif right is not None and any(right.amounts.values()):
        owner = (view.contract_of_workspace(cost.project) if cost is not None else None) or right.contract
        if owner is not None:
            yield from _not_owed(view, key, cost, (right, owner))


def _owed(view: View, cost: Expense, contract: Contract, right: Arrived | None) -> Iterator[Finding]:
    left = rebilled(cost, contract)
    amounts = {code: amount for code, amount in (right.amounts if right is not None else {}).items() if amount}
    leg = SUBCONTRACTORS if cost.subcontracted else EXPENSES
    event = view.context.since("expenses", cost.id, cost.changed)
    versions = (cost.changed, *(right.versions if right is not None else ()))
    kind = "break" if pending_reason(view.context, event, "netsuite", SIDES, versions) is None else "timing"
    known = cost.category.upper() in view.books.active_codes
    name = "amount_mismatch" if amounts else "expense_not_transferred" if known else "unknown_code"
    cells = {code: -amount for code, amount in amounts.items()}
    cells[cost.currency] = left + cells.get(cost.currency, ZERO)
    company, period = view.delivery.projects[cost.project].company, month_of(cost.day)
    for currency, difference in cells.items():
        if difference:
            place = (cost.id, contract.id, company, period, currency, difference)
            item = Item(f"expense:{cost.id}", *_sized(view, cost.id, difference), currency)
            claims = kind == "break" and currency == cost.currency
            yield Finding(leg, "amount", kind, name, *place, (item,) if claims else ())


def _sized(view: View, key: str, difference: Decimal) -> tuple[Decimal, str]:
    if difference > ZERO:
        return difference, "leakage"
    return (abs(difference) if _billed(view, key) > ZERO else ZERO), "overbilling"


def _billed(view: View, key: str) -> Decimal:
    return view.billed_amount("expense", key)


def _not_owed(view: View, key: str, cost: Expense | None, found: tuple[Arrived, Contract]) -> Iterator[Finding]:
    """The ERP holds a cost that is gone, or is not approved and billable."""
    right, contract = found
    leg, company, period = right.leg, right.company, right.period
    versions: Sequence[datetime] = right.versions
    if cost is not None:
        leg = SUBCONTRACTORS if cost.subcontracted else EXPENSES
        company, period = view.delivery.projects[cost.project].company, month_of(cost.day)
        versions = (*right.versions, cost.changed)
    is_unapproved = leg == SUBCONTRACTORS and (cost is None or not cost.counts)
    name = "unapproved_subcontractor_cost" if is_unapproved else "amount_mismatch"
    reason = pending_reason(view.context, right.event, "kantata", SIDES, versions)
    kind = "break" if reason is None else "timing"
    for currency, amount in right.amounts.items():
        if amount:
            worth = max(_billed(view, key), ZERO)
            if not is_unapproved:
                worth, _ = _sized(view, key, -amount)
            items = (Item(f"expense:{key}", worth, "overbilling", currency),) if kind == "break" else ()
            yield Finding(leg, "amount", kind, name, key, contract.id, company, period, currency, -amount, items)


def _cost_centre(view: View, cost: Expense) -> Iterator[Finding]:
    if cost.approved and cost.day <= view.context.today and cost.cost_centre not in view.books.cost_centres:
        contract = view.contract_of_workspace(cost.project)
        project = view.delivery.projects.get(cost.project)
        item = Item(f"expense:{cost.id}", cost.amount, "misstatement", cost.currency)
        yield Finding(
            SUBCONTRACTORS if cost.subcontracted else EXPENSES,
            "amount",
            "condition",
            "invalid_cost_centre",
            cost.id,
            contract.id if contract is not None else None,
            project.company if project is not None else "unassigned",
            month_of(cost.day),
            cost.currency,
            ZERO,
            (item,),
        )
