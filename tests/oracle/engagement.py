"""Rules on engagements: is every contract set up once on each side, and with the agreed value?

Add here: a rule whose grain is a contract. Stays out: time, documents and ledgers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate

from tests.oracle.context import time_value
from tests.oracle.findings import Finding, Item, due, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Amendment, Contract, Entry, Project

ZERO = Decimal(0)
VENDOR = {"psa": "kantata", "erp": "netsuite"}


def activation(view: View, side: str) -> Iterator[Finding]:
    """Executed contracts against engagement-root projects that are not cancelled, archived ones included."""
    leg = f"activation.{side}"
    for contract in view.contracts.values():
        roots = [
            project
            for project in view.projects_by_contract.get((side, contract.id), ())
            if project.link == "root" and not project.cancelled
        ]
        if not roots:
            yield _not_set_up(view, leg, side, contract)
            continue
        at_home = [project for project in roots if project.company == contract.company]
        if at_home:  # what another legal entity delivers of it is declared by standing there
            yield from (_elsewhere(leg, contract, project) for project in roots if project not in at_home)
            roots = at_home
        if len(roots) > 1:
            yield _surplus(view, leg, side, contract, roots)
        elif _started_late(view, contract, roots[0]):
            item = Item(f"contract:{contract.id}", ZERO, "control", contract.currency)
            yield _contract_row(leg, contract, ("condition", "activation_past_sla"), ZERO, (item,))
    for project in _projects(view, side):
        if not project.cancelled:
            yield from _beyond_contracts(view, leg, side, project)


def _projects(view: View, side: str) -> Sequence[Project]:
    return list((view.delivery.projects if side == "psa" else view.books.jobs).values())


def _started_late(view: View, contract: Contract, project: Project) -> bool:
    overdue = (
        contract.signed is not None and contract.signed + timedelta(view.context.activation_days) < view.context.today
    )
    return project.side == "psa" and project.status == "not_started" and overdue


def _surplus(view: View, leg: str, side: str, contract: Contract, roots: list[Project]) -> Finding:
    last = max(project.created for project in roots)
    versions = (contract.changed, *(project.changed for project in roots))
    reason = pending_reason(view.context, last, "salesforce", ("salesforce", VENDOR[side]), versions)
    item = Item(f"contract:{contract.id}", ZERO, "control", contract.currency)
    verdict = ("break" if reason is None else "timing", "duplicate_project")
    return _contract_row(leg, contract, verdict, Decimal(1 - len(roots)), (item,))


def _elsewhere(leg: str, contract: Contract, project: Project) -> Finding:
    row = _contract_row(leg, contract, ("reconciling", "other_entity"), Decimal(-1))
    return replace(row, grain=project.id)


def _not_set_up(view: View, leg: str, side: str, contract: Contract) -> Finding:
    signed = at_midnight(contract.signed) if contract.signed is not None else contract.changed
    reason = pending_reason(view.context, signed, VENDOR[side], ("salesforce", VENDOR[side]), (contract.changed,))
    if reason is not None:
        return _contract_row(leg, contract, ("timing", "won_without_project"), Decimal(1))
    rest = max(view.contract_value(contract) - view.billed_against_value(contract.id), ZERO)
    item = Item(f"contract:{contract.id}", rest, "delay", contract.currency)
    row = _contract_row(leg, contract, ("break", "won_without_project"), Decimal(1), (item,))
    return replace(row, due_at=due(view.context, signed))


def _beyond_contracts(view: View, leg: str, side: str, project: Project) -> Iterator[Finding]:
    def row(kind: str, name: str, items: tuple[Item, ...] = ()) -> Finding:
        contract = view.contracts.get(str(project.contract))
        signed = contract.signed if contract is not None else None
        company = contract.company if contract is not None else project.company
        period = month_of(signed or project.created.date())
        return Finding(
            leg,
            "count",
            kind,
            name,
            project.id,
            contract.id if contract is not None else None,
            company,
            period,
            None,
            Decimal(-1),
            items,
        )

    if project.internal:
        yield row("reconciling", "internal_project")
    elif project.contract is not None and project.link == "additional_phase":
        yield row("reconciling", "additional_phase")
    elif project.contract is None or project.contract not in view.contracts:
        items = [
            Item(f"time_entry:{entry.id}", open_value, "leakage", entry.currency)
            for entry in _entries_on(view, side, project)
            if entry.counts and (open_value := _open_at_own_rate(view, entry)) > ZERO
        ]
        sides = ("salesforce", VENDOR[side])
        reason = pending_reason(view.context, project.created, "salesforce", sides, (project.changed,))
        if reason is not None:
            yield row("timing", "project_without_contract")
        else:
            yield row("break", "project_without_contract", tuple(items))


def _entries_on(view: View, side: str, project: Project) -> list[Entry]:
    """Time of a PSA project; of an ERP job the entries it holds as time bills, or bills without one."""
    if side == "psa":
        return view.entries_of([project.id])
    return [entry for key, entry in view.delivery.entries.items() if _holder(view, key) == project.id]


def _holder(view: View, entry: str) -> str | None:
    """The ERP job that holds an entry; of several the first by id."""
    jobs = [transfer.project for transfer in view.transfers_by_entry.get(entry, ())]
    if not jobs:
        lines = view.lines_by_source.get(("time", entry), ())
        jobs = [document.project for document, _ in lines if document.posted and document.project is not None]
    return min(jobs, default=None)


def _open_at_own_rate(view: View, entry: Entry) -> Decimal:
    open_minutes = max(entry.minutes - view.billed_minutes(entry.id), 0)
    return time_value(open_minutes, entry.rate) or ZERO


def _contract_row(
    leg: str, contract: Contract, verdict: tuple[str, str], difference: Decimal, items: tuple[Item, ...] = ()
) -> Finding:
    kind, name = verdict
    period = month_of(contract.signed) if contract.signed is not None else None
    return Finding(
        leg, "count", kind, name, contract.id, contract.id, contract.company, period, None, difference, items
    )


def contract_value(view: View, side: str) -> Iterator[Finding]:
    """Agreed value against Σ project prices (PSA) or Σ order lines (ERP), in contract currency.

    An approved amendment in another currency can be added to nothing: then, as where the other side holds two
    currencies, every currency shows its full value.
    """
    for contract in view.contracts.values():
        agreed = view.agreed_value(contract)
        found = _values_on(view, side, contract)
        foreign = _foreign_amendments(view, contract)
        same = found.get(contract.currency)
        priced = [value for value in found.values() if value.amount is not None]
        if not found:
            for currency, amount in [(contract.currency, agreed), *foreign]:
                yield _value_row((view, side), contract, ("reconciling", "not_activated"), amount, currency)
        elif not priced and not foreign:
            yield _value_row((view, side), contract, ("unexplained", None), agreed, contract.currency)
        elif len(found) > 1 or same is None or foreign:
            item = (Item(f"contract:{contract.id}", ZERO, "control", contract.currency),)
            verdict = ("break", "currency_mismatch")
            here = same.amount or ZERO if same is not None else ZERO
            yield _value_row((view, side), contract, verdict, agreed - here, contract.currency, items=item)
            for currency, value in found.items():
                if currency != contract.currency and value.amount is not None:
                    yield _value_row((view, side), contract, verdict, -value.amount, currency)
            for currency, amount in foreign:
                yield _value_row((view, side), contract, verdict, amount, currency, items=item)
        elif same.amount is not None and same.amount != agreed:
            yield _differs(view, side, contract, agreed, (same.amount, same.changed))


def _foreign_amendments(view: View, contract: Contract) -> list[tuple[str, Decimal]]:
    """Approved amendments in force in another currency than the contract's."""
    today = view.context.today
    return [
        (entry.currency, entry.amount)
        for entry in view.amendments.get(contract.id, ())
        if entry.approved and entry.effective is not None and entry.effective <= today
        if entry.currency != contract.currency and entry.amount
    ]


@dataclass
class Value:
    """What one side holds of a contract's value in one currency; None while no record has a price."""

    amount: Decimal | None
    changed: datetime


def _values_on(view: View, side: str, contract: Contract) -> dict[str, Value]:
    projects = [entry for entry in view.projects_by_contract.get((side, contract.id), ()) if not entry.cancelled]
    if side == "psa":
        parts = [(entry.currency, entry.price, entry.changed) for entry in projects]
    else:
        jobs = {project.id for project in projects}
        parts = [
            (entry.currency, entry.net, entry.changed)
            for entry in view.books.orders
            if entry.project in jobs and not entry.void
        ]
    found: dict[str, Value] = {}
    for currency, price, changed in parts:
        value = found.setdefault(currency, Value(None, changed))
        value.changed = max(value.changed, changed)
        if price is not None:
            value.amount = price if value.amount is None else value.amount + price
    return found


def _differs(view: View, side: str, contract: Contract, agreed: Decimal, right: tuple[Decimal, datetime]) -> Finding:
    amount, changed = right
    difference = agreed - amount
    approved = view.in_force(contract.id)
    others = [entry for entry in view.amendments.get(contract.id, ()) if entry not in approved]
    cause, event = _cause(contract, difference, approved, others)
    versions = (contract.changed, changed, *(entry.changed for entry in approved))
    reason = pending_reason(view.context, event, VENDOR[side], ("salesforce", VENDOR[side]), versions)
    if reason is not None:
        return _value_row((view, side), contract, ("timing", cause), difference, contract.currency)
    ceiling = max(max(agreed, amount) - view.billed_against_value(contract.id), ZERO)
    base = "leakage" if difference > ZERO else "overbilling"
    item = Item(f"contract:{contract.id}", min(abs(difference), ceiling), base, contract.currency)
    return _value_row((view, side), contract, ("break", cause), difference, contract.currency, items=(item,))


def _cause(
    contract: Contract, difference: Decimal, approved: Sequence[Amendment], others: Sequence[Amendment]
) -> tuple[str, datetime]:
    latest_first = list(reversed(approved))
    single = next((entry for entry in latest_first if entry.amount == difference), None)
    sums = list(accumulate(entry.amount for entry in latest_first))
    if single is not None or difference in sums:
        entry = single or latest_first[sums.index(difference)]
        return "amendment_not_propagated", at_midnight(max(day for day in (entry.effective, entry.approved_on) if day))
    if any(entry.amount == -difference for entry in others):
        return "unapproved_amendment_propagated", _signature(contract)
    return "value_mismatch", _signature(contract)


def _signature(contract: Contract) -> datetime:
    return at_midnight(contract.signed) if contract.signed is not None else contract.changed


def _value_row(
    leg_of: tuple[View, str],
    contract: Contract,
    verdict: tuple[str, str | None],
    difference: Decimal,
    currency: str,
    *,
    items: tuple[Item, ...] = (),
) -> Finding:
    kind, name = verdict
    view, side = leg_of
    leg, period = f"contract_value.{side}", month_of(view.context.today)
    return Finding(
        leg, "amount", kind, name, contract.id, contract.id, contract.company, period, currency, difference, items
    )
