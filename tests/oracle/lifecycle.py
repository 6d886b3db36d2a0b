"""Policies on the course of an engagement: the order of its events, and people for what was sold.

Add here: another order that must hold. Stays out: amounts and quantities that must agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.context import time_value
from tests.oracle.findings import Finding
from tests.oracle.firm_view import View, month_of
from tests.oracle.milestones import accepted
from tests.oracle.records import Contract, Demand, Entry

ORDER, STAFFING = "lifecycle_order", "staffing.psa"
ZERO = Decimal(0)


def lifecycle_order(view: View) -> Iterator[Finding]:
    """Contracts whose events happened in an order they must not have."""
    work: dict[str, list[Entry]] = defaultdict(list)
    for entry in view.delivery.entries.values():
        contract = view.contract_of_workspace(entry.project)
        if contract is not None and entry.approved and entry.day <= view.context.today:
            work[contract.id].append(entry)
    paid = _paid_early(view)
    for contract in view.contracts.values():
        names = {
            "billed_before_signature": _billed_early(view, contract),
            "time_before_activation": any(_before_project(view, entry) for entry in work[contract.id]),
            "revenue_before_delivery": _earned_early(view, contract, work[contract.id]),
            "paid_before_invoice": contract.id in paid,
        }
        for name in (name for name, holds in names.items() if holds):
            grain, period = f"{contract.id}:{name}", month_of(view.context.today)
            place = (grain, contract.id, contract.company, period, contract.currency, ZERO)
            yield Finding(ORDER, "amount", "condition", name, *place)


def _billed_early(view: View, contract: Contract) -> bool:
    documents = view.documents_by_contract.get(contract.id, ())
    signed = contract.signed or date.min
    return any(document.kind == "invoice" and document.day < signed for document in documents)


def _before_project(view: View, entry: Entry) -> bool:
    return entry.day < view.delivery.projects[entry.project].created.date()


def _earned_early(view: View, contract: Contract, work: Sequence[Entry]) -> bool:
    recognized = [entry.period for entry in view.recognized_by_contract.get(contract.id, ())]
    delivered = [month_of(entry.day) for entry in work]
    delivered += [
        month_of(milestone.accepted_on or view.context.today)
        for milestone in view.delivery.milestones.values()
        if view.contract_of_workspace(milestone.project) == contract and accepted(view, milestone)
    ]
    if contract.start is not None:
        delivered.append(month_of(contract.start))
    return bool(recognized) and bool(delivered) and min(recognized) < min(delivered)


def _paid_early(view: View) -> set[str]:
    found = set()
    for use in view.books.applications:
        payment, invoice = view.money.get(use.settled_by), view.books.documents.get(use.invoice)
        if payment is not None and invoice is not None and invoice.counts and payment.day < invoice.day:
            contract = view.contract_of_job(invoice.project)
            if contract is not None:
                found.add(contract.id)
    return found


def staffing(view: View) -> Iterator[Finding]:
    """Minutes of a role sold for the near future, against the minutes people are assigned for."""
    today = view.context.today
    wanted: dict[tuple[str, str], list[Demand]] = defaultdict(list)
    for demand in view.sales.demands:
        contract = view.contracts.get(demand.contract)
        soon = demand.start is not None and demand.start <= today + timedelta(view.context.staffing_days)
        if contract is not None and soon and _open(contract, today):
            wanted[contract.id, demand.role].append(demand)
    assigned = _assigned(view)
    for (key, role), demands in wanted.items():
        contract, sold, there = view.contracts[key], sum(demand.minutes for demand in demands), assigned[key, role]
        if sold > there:
            rate = view.contract_rate(key, role, today)
            place = (f"{key}:{role}", key, contract.company, month_of(today), None, ZERO)
            blocked = time_value(sold - there, rate)
            yield Finding(STAFFING, "minutes", "condition", "unstaffed_demand", *place, blocked=blocked)


def _open(contract: Contract, today: date) -> bool:
    if contract.status == "On Hold" or contract.end is None or contract.end < today:
        return False
    return contract.closed is None or contract.closed > today


def _assigned(view: View) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for assignment in view.delivery.assignments:
        contract = view.contract_of_workspace(assignment.project)
        if contract is not None and assignment.role is not None:
            found[contract.id, assignment.role] += assignment.minutes
    return found
