"""Rules on revenue: recognized as the contract's rule says, and the contract position as the ledger holds it.

Add here: a recognition rule. Stays out: the revenue accounts (``ledgers``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from tests.oracle.context import cents, time_value
from tests.oracle.findings import Finding, Item
from tests.oracle.firm_view import View, month_of
from tests.oracle.milestones import accepted
from tests.oracle.records import Contract, Entry, Estimate

SUBLEDGER, POSITION = "revenue.subledger", "revenue.position"
CONTRACT_POSITION = "DeferRevenue"
ZERO = Decimal(0)


def revenue_to_rule(view: View) -> Iterator[Finding]:
    """Revenue recomputed by each contract's rule up to the last recognized period, against what is recognized."""
    last: dict[str, str] = {}
    for entry in view.books.recognitions:
        contract = view.contract_of_job(entry.project)
        job = view.books.jobs.get(str(entry.project))
        if entry.booked and job is not None and entry.period <= month_of(view.context.today):
            company = contract.company if contract is not None else job.company
            last[company] = max(last.get(company, ""), entry.period)
    work = _work(view)
    for contract in view.contracts.values():
        period = last.get(contract.company)
        earned = None if period is None else _earned(view, contract, period, work.get(contract.id, []))
        if period is None or earned is None:
            continue
        booked = view.recognized_by_contract.get(contract.id, ())
        recognized = sum(
            (one.amount for one in booked if one.period <= period and one.currency == contract.currency), ZERO
        )
        difference = earned - recognized
        if difference == ZERO:
            continue
        judged = contract.judgement is not None and difference == -contract.judgement
        item = Item(f"contract_revenue:{contract.id}", abs(difference), "misstatement", contract.currency)
        kind, name = ("reconciling", "documented_judgement") if judged else ("break", "revenue_misaligned")
        place = (contract.id, contract.id, contract.company, period, contract.currency, difference)
        yield Finding(SUBLEDGER, "amount", kind, name, *place, () if judged else (item,))


def _work(view: View) -> Mapping[str, list[Entry]]:
    """Approved time per contract, billable or not."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in view.delivery.entries.values():
        contract = view.contract_of_workspace(entry.project)
        if contract is not None and entry.approved and entry.day <= view.context.today:
            found[contract.id].append(entry)
    return found


def _earned(view: View, contract: Contract, period: str, work: list[Entry]) -> Decimal | None:
    """Cumulative revenue by the end of a period in contract currency, None where an input is unknown."""
    if contract.recognition_rule == "right_to_invoice":
        done = [entry for entry in work if entry.billable and month_of(entry.day) <= period]
        values = [time_value(entry.minutes, view.entry_rate(contract.id, entry)) for entry in done]
        known = [value for value in values if value is not None]
        return sum(known, ZERO) if len(known) == len(values) else None
    if contract.recognition_rule == "milestone":
        return _milestones(view, contract, period)
    if contract.recognition_rule == "straight_line":
        return _straight_line(view, contract, period)
    if contract.recognition_rule == "percentage_of_completion":
        return _completion(view, contract, period, work)
    return None


def _milestones(view: View, contract: Contract, period: str) -> Decimal | None:
    earned = ZERO
    for milestone in view.delivery.milestones.values():
        owner = view.contract_of_workspace(milestone.project)
        if owner != contract or not accepted(view, milestone) or month_of(milestone.accepted_on or date.max) > period:
            continue
        if milestone.currency != contract.currency:
            return None
        earned += milestone.amount
    return earned


def _straight_line(view: View, contract: Contract, period: str) -> Decimal | None:
    if contract.start is None or contract.end is None:
        return None
    first, months = _number(month_of(contract.start)), _number(month_of(contract.end))
    until = min(_number(period), months)
    if contract.hold_from is not None:  # the last month that began by then
        until = min(until, _number(month_of(contract.hold_from)))
    length, elapsed = months - first + 1, max(until - first + 1, 0)
    if length <= 0:
        return None
    value = _value_on(view, contract, min(_last_day(until), view.context.today))
    return cents(value * elapsed / length)


def _completion(view: View, contract: Contract, period: str, work: list[Entry]) -> Decimal | None:
    projects = {project.id for project in view.projects_by_contract.get(("psa", contract.id), ())}
    plans = [plan for plan in view.delivery.estimates if plan.project in projects and month_of(plan.day) <= period]
    if not plans:
        return None
    reached = max(month_of(plan.day) for plan in plans)
    latest: dict[str, Estimate] = {}
    for plan in sorted(plans, key=lambda plan: plan.version):
        if month_of(plan.day) == reached:
            latest[plan.project] = plan
    to_complete = sum((plan.to_complete for plan in latest.values()), ZERO)
    cost = ZERO
    for entry in work:
        if month_of(entry.day) <= reached:
            worth = time_value(entry.minutes, view.cost_rate(entry))
            if worth is None:
                return None
            cost += worth
    value = _value_on(view, contract, min(_last_day(_number(reached)), view.context.today))
    return None if cost + to_complete == ZERO else cents(value * cost / (cost + to_complete))


def _value_on(view: View, contract: Contract, day: date) -> Decimal:
    amended = [entry.amount for entry in view.in_force(contract.id) if entry.effective and entry.effective <= day]
    return contract.signed_value + sum(amended, ZERO)


def _number(period: str) -> int:
    return int(period[:4]) * 12 + int(period[5:7]) - 1


def _last_day(number: int) -> date:
    return date.fromordinal(date((number + 1) // 12, (number + 1) % 12 + 1, 1).toordinal() - 1)


def position_to_ledger(view: View) -> Iterator[Finding]:
    """Recognized less billed per contract, against its contract position in the ledger, functional currency."""
    today = month_of(view.context.today)
    ledger: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for posting in view.books.postings:
        contract = view.contract_of_job(posting.project)
        if contract is not None and posting.account_type == CONTRACT_POSITION and posting.period <= today:
            ledger[contract.id] += posting.amount
    for contract in view.contracts.values():
        booked = view.recognized_by_contract.get(contract.id, ())
        recognized = sum((entry.functional for entry in booked), ZERO)
        billed = sum(
            (
                cents(line.amount * document.rate)
                for document in view.documents_by_contract.get(contract.id, ())
                for line in document.lines
            ),
            ZERO,
        )
        difference = recognized - billed - ledger[contract.id]
        if difference != ZERO:
            currency = view.context.functional(contract.company)
            item = Item(f"contract_position:{contract.id}", abs(difference), "misstatement", currency)
            place = (contract.id, contract.id, contract.company, today, currency, difference)
            yield Finding(POSITION, "amount", "break", "revenue_misaligned", *place, (item,))
