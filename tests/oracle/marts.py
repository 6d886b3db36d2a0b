"""The marts of contracts and time in plain Python: backlog per contract, unbilled time per entry.

Add here: a column of one of them. Stays out: margin (``margin``), invoices (``invoices``), the executive roll-up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.oracle.exposure import Primary
from tests.oracle.firm_view import View
from tests.oracle.records import Contract
from tests.oracle.standing import Standing

ZERO = Decimal(0)
COLUMNS = ("ready", "on_hold", "on_draft", "blocked")


@dataclass(frozen=True)
class Backlog:
    """A contract's backlog on both bases and where it stands, contract currency."""

    contract: Contract
    value: Decimal
    billed: Decimal
    recognized: Decimal
    delivered_unbilled: Decimal
    scheduled: Decimal
    inactive: Decimal
    unscheduled: Decimal
    unscheduled_vendor: Decimal
    age: str
    left: str

    @property
    def billing(self) -> Decimal:
        """Billing basis: value not yet billed, never below zero."""
        return self.value - min(self.billed, self.value)

    @property
    def revenue(self) -> Decimal:
        """Revenue basis: value not yet recognized, never below zero."""
        return self.value - min(self.recognized, self.value)

    @property
    def overrun_billed(self) -> Decimal:
        """Billed beyond the value."""
        return self.billed - min(self.billed, self.value)

    @property
    def overrun_recognized(self) -> Decimal:
        """Recognized beyond the value."""
        return self.recognized - min(self.recognized, self.value)


def backlog(view: View, standing: Mapping[str, Standing]) -> list[Backlog]:
    """Backlog of every executed contract."""
    delivered: dict[str, Decimal] = {}
    for line in standing.values():
        delivered[line.contract.id] = delivered.get(line.contract.id, ZERO) + line.within_cap
    found = []
    for contract in view.contracts.values():
        due, ahead = _plan(view, contract)
        due += delivered.get(contract.id, ZERO)
        found.append(_backlog(view, contract, due, ahead))
    return found


def _backlog(view: View, contract: Contract, due: Decimal, ahead: Decimal) -> Backlog:
    value, billed = view.contract_value(contract), view.billed_against_value(contract.id)
    rest = value - min(billed, value)
    delivered = min(due, rest)
    rest -= delivered
    held = contract.status == "On Hold"
    scheduled = ZERO if held else min(ahead, rest)
    return Backlog(
        contract=contract,
        value=value,
        billed=billed,
        recognized=view.recognized(contract.id),
        delivered_unbilled=delivered,
        scheduled=scheduled,
        inactive=rest if held else ZERO,
        unscheduled=ZERO if held else rest - scheduled,
        unscheduled_vendor=ZERO if held else value - billed - ahead,
        age=_age(contract, view.context.today),
        left=_left(contract, view.context.today),
    )


def _age(contract: Contract, today: date) -> str:
    """Age of the signature."""
    days = (today - contract.signed).days if contract.signed is not None else 0
    return next((name for limit, name in ((90, "0-90"), (180, "91-180"), (365, "181-365")) if days <= limit), "365+")


def _left(contract: Contract, today: date) -> str:
    """Time to the contract's end."""
    if contract.end is None:
        return "unassigned"
    days = (contract.end - today).days
    if days < 0:
        return "ended"
    limits = ((92, "0-3 months"), (183, "4-6 months"), (366, "7-12 months"))
    return next((name for limit, name in limits if days <= limit), "12+ months")


def _plan(view: View, contract: Contract) -> tuple[Decimal, Decimal]:
    """What is due but not billed, and what is planned to be billed after today, from milestones and schedules."""
    today = view.context.today
    due = ahead = ZERO
    projects = {side: _ids(view, side, contract.id) for side in ("psa", "erp")}
    for milestone in view.delivery.milestones.values():
        if milestone.project in projects["psa"]:
            accepted = milestone.status == "accepted" and milestone.accepted_on and milestone.accepted_on <= today
            if accepted:
                due += max(milestone.amount - view.billed_amount("milestone", milestone.id), ZERO)
            elif milestone.status == "planned" and milestone.due is not None and milestone.due > today:
                ahead += milestone.amount
    for line in view.books.schedules:
        if line.project in projects["erp"] and not line.billed:
            due, ahead = (due, ahead + line.amount) if line.day > today else (due + line.amount, ahead)
    return due, ahead


def _ids(view: View, side: str, contract: str) -> set[str]:
    return {project.id for project in view.projects_by_contract.get((side, contract), ())}


@dataclass(frozen=True)
class Unbilled:
    """An entry's unbilled value at contract rate, in exactly one column, and the age of its work date."""

    standing: Standing
    column: str
    value: Decimal
    over_cap: Decimal
    bucket: str
    blocking: str | None


def unbilled_time(view: View, standing: Mapping[str, Standing], primaries: Mapping[str, Primary]) -> list[Unbilled]:
    """Entries with something left to bill; over the cap apart."""
    found = []
    for line in standing.values():
        if line.within_cap > ZERO or line.over_cap > ZERO:
            primary = primaries.get(f"time_entry:{line.entry.id}")
            blocking = primary.break_class if primary is not None else None
            column = _column(line, blocking)
            bucket = age_bucket(line.entry.day, view.context.today)
            found.append(Unbilled(line, column, line.within_cap, line.over_cap, bucket, blocking))
    return found


def _column(line: Standing, blocking: str | None) -> str:
    if line.within_cap == ZERO:
        return "over_cap"
    if line.draft_minutes > 0:
        return "on_draft"
    if line.held:
        return "on_hold"
    return "ready" if blocking in {None, "unbilled_past_sla"} else "blocked"


def age_bucket(day: date, today: date) -> str:
    """Age of a work date in the four usual buckets."""
    age = (today - day).days
    return next((name for limit, name in ((30, "0-30"), (60, "31-60"), (90, "61-90")) if age <= limit), "90+")
