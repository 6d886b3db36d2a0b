"""KPIs of the exceptions: what leaks, by group of rules, and how many records of a stage have an exception.

Add here: a KPI whose parts are exceptions. Stays out: what is wrong with single invoices (``documents``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from tests.oracle.exposure import Carried
from tests.oracle.findings import Item
from tests.oracle.firm_view import View, fee_lines, month_of
from tests.oracle.kpis.part import UNASSIGNED, ZERO, Part, Place, place_of, reported, whole
from tests.oracle.records import Contract
from tests.oracle.solution import Answer

MONTHS_OF_A_YEAR = 12
ONE_OF_A_THOUSAND = Decimal("0.001")
GROUPS = {
    "approved_time": "time",
    "activation": "contracts",
    "contract_value": "contracts",
    "bill_rate": "rates",
    "expense": "expenses",
    "milestone": "milestones",
    "billing_terms": "terms",
}
STAGES = {
    "activation": "activation",
    "contract_value": "contract",
    "customer_master": "contract",
    "billing_terms": "contract",
    "approved_time": "delivery",
    "expense": "delivery",
    "staffing": "delivery",
    "bill_rate.psa": "delivery",
    "bill_rate.erp": "billing",
    "milestone": "billing",
    "invoice_integrity": "billing",
    "ar_to_gl": "cash",
    "cash": "cash",
    "revenue": "revenue",
}
STAGES_OF_CLASSES = {
    "unbilled_past_sla": "billing",
    "stale_terms_invoiced": "billing",
    "purchase_order_overrun": "billing",
    "billed_before_signature": "billing",
    "time_before_activation": "delivery",
    "revenue_before_delivery": "revenue",
    "paid_before_invoice": "cash",
}
STAGES_WITH_RECORDS = frozenset({"contract", "activation", "delivery", "billing", "cash", "revenue"})


def leakage(answer: Answer) -> Iterator[Part]:
    """Primary exposure of base leakage, and of base delay that is past its time, by group of rules."""
    view, month = answer.view, month_of(answer.view.context.today)
    carried: dict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for primary in answer.primaries.values():
        carried[primary.key].append(primary.item)
    leaking: dict[Place, list[Decimal | None]] = defaultdict(list)
    for row in answer.exceptions:
        late = row.base == "delay" and (row.due_at is None or row.due_at < view.context.as_of)
        group = GROUPS.get(row.leg.partition(".")[0])
        if group is not None and (row.base == "leakage" or late):
            place = place_of(month, view.deals.get(str(row.contract)), row.company)
            items = carried[row.leg, row.break_class, row.grain]
            amount = whole(reported(view, item.amount, item.currency) if item.amount else item.amount for item in items)
            yield Part(place, "revenue_leakage", group, "amount", amount)
            leaking[place].append(amount)
    for place, amounts in leaking.items():
        yield _share(place, whole(amounts), ZERO)
    yield from _billed(answer, month)


def _billed(answer: Answer, month: str) -> Iterator[Part]:
    """Net fees of the last twelve months; where nothing was billed there is nothing to convert."""
    view = answer.view
    billed = {
        (contract, document.month)
        for contract, documents in view.documents_by_contract.items()
        for document in documents
        if fee_lines(document)
    }
    months = sorted(period for period in view.books.period_ends if period <= month)[-MONTHS_OF_A_YEAR:]
    for row in answer.margins:
        if row.period in months and (row.contract.id, row.period) in billed:
            functional = view.context.functional(row.contract.company)
            amount = reported(view, row.month.billed, functional, row.period)
            yield _share(place_of(month, row.contract), ZERO, amount)


def _share(place: Place, leaking: Decimal | None, billed: Decimal | None) -> Part:
    return Part(place, "revenue_leakage", "share_of_billed_12m", "ratio", leaking, billed)


def stage_of(leg: str, break_class: str) -> str:
    """The stage of the workflow in which an exception stands: that of its class if it has one, else of its leg."""
    rule = STAGES.get(leg) or STAGES.get(leg.partition(".")[0], "none")
    return STAGES_OF_CLASSES.get(break_class, rule)


def rates(answer: Answer) -> Iterator[Part]:
    """Exceptions per thousand records of a stage."""
    view, month = answer.view, month_of(answer.view.context.today)
    for row in answer.exceptions:
        stage = stage_of(row.leg, row.break_class)
        if stage in STAGES_WITH_RECORDS:
            yield Part(_where(view, row, month), "exception_rate", stage, "ratio", Decimal(1), ZERO)
    for stage, contract, company in _records(view):
        yield Part(place_of(month, contract, company), "exception_rate", stage, "ratio", ZERO, ONE_OF_A_THOUSAND)


def _where(view: View, row: Carried, month: str) -> Place:
    """The place of its contract; a customer stands where all its contracts do: they are the records of the rate."""
    if row.leg.startswith("customer_master"):
        customer = row.grain.partition(":")[0]
        regions = {contract.region for contract in view.contracts.values() if contract.customer == customer}
        return month, row.company, regions.pop() if len(regions) == 1 else UNASSIGNED, UNASSIGNED
    return place_of(month, view.deals.get(str(row.contract)), row.company)


def _records(view: View) -> Iterator[tuple[str, Contract | None, str]]:
    """(stage, contract, legal entity) of every record of a stage."""
    for contract in view.contracts.values():
        yield "contract", contract, contract.company
        yield "activation", contract, contract.company
        for _ in view.recognized_by_contract.get(contract.id, ()):
            yield "revenue", contract, contract.company
    for entry in view.delivery.entries.values():
        if entry.day <= view.context.today:
            contract, project = view.contract_of_workspace(entry.project), view.delivery.projects.get(entry.project)
            beside = project.company if project is not None else UNASSIGNED
            yield "delivery", contract, contract.company if contract is not None else beside
    for document in view.books.documents.values():
        if document.counts:
            yield "billing", view.deal_of_job(document.project), document.company
    for payment in view.books.payments.values():
        yield "cash", None, payment.company
