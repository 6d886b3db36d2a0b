"""What the defects of deals, customers and revenue claim.

Here: `deal_claims(state)`: the plants that sit on a deal, and what follows for its revenue and staffing.
Stays out: defects of single records (`truth_records.py`).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.claims import Claim, Item, by_sign, claim, time_item
from qtc_pipeline.sandbox.clock import at, period_of, recognised_at, value_of
from qtc_pipeline.sandbox.collecting import fees
from qtc_pipeline.sandbox.defects_deals import BILLING
from qtc_pipeline.sandbox.ledger import entry_period
from qtc_pipeline.sandbox.model import Engagement
from qtc_pipeline.sandbox.names import UNPRICED_ROLE
from qtc_pipeline.sandbox.payloads_kantata import psa_price, workspace_id
from qtc_pipeline.sandbox.payloads_netsuite import customer_id, erp_value, job_id
from qtc_pipeline.sandbox.payloads_salesforce import amendment_id, contract_id, opportunity_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.history import Entry
    from qtc_pipeline.sandbox.state import PodState

MILESTONE_DAYS = 7  # an accepted milestone may wait so long for its invoice
_ATTRIBUTES = ("payment_terms", "billing_type", "purchase_order")


def deal_claims(state: PodState) -> Iterator[Claim]:
    """Yield what the defects of a pod's deals claim at its instant."""
    deals = {deal.number: deal for deal in state.pod.engagements}
    for plant in state.plants:
        if not plant.is_open:
            continue
        if plant.break_class == "master_data_mismatch" and "life" in plant.facts:
            yield _customer(state, plant)
        elif plant.leg.startswith(("activation", "contract_value")):
            yield _contract(state, plant, deals[plant.number])
        elif (plant.break_class, plant.leg) in BILLING and plant.number in deals:
            yield from _own_deal(state, plant, deals[plant.number])
    yield from _unstaffed(state, deals)
    yield from _unbilled_milestones(state)
    yield from _revenue(state, deals)


def _customer(state: PodState, plant: Plant) -> Claim:
    account = next(item for item in state.pod.accounts if item.number == plant.number)
    return claim(plant, (f"{account.sf_id}:payment_terms", customer_id(account)), (), None)


def _billed(state: PodState, deal: Engagement) -> int:
    posted = [item for item in state.books.documents if item.engagement is deal and item.posted is not None]
    return sum(fees(item) for item in posted)


def _contract(state: PodState, plant: Plant, deal: Engagement) -> Claim:
    contract, name = contract_id(deal.number), plant.break_class
    item = f"contract:{contract}"
    psa = plant.leg.endswith(".psa")
    project = workspace_id(deal) if psa else job_id(deal)
    agreed, billed = deal.value_on(state.until.date()), _billed(state, deal)
    if name == "won_without_project":
        return claim(plant, (contract,), (Item(item, max(agreed - billed, 0)),), deal.currency)
    if name == "duplicate_project":
        surplus = workspace_id(deal, 2) if psa else job_id(deal, 1)
        return claim(plant, (contract, surplus, project), (), deal.currency)
    if name == "project_without_contract":
        lost = [entry for entry in state.entries if entry.engagement is deal] if psa else []
        items = tuple(time_item(entry, value_of(entry.minutes, entry.rate)) for entry in lost)
        numbers = tuple(str(entry.number) for entry in lost)
        return claim(plant, (project, opportunity_id(deal.number), *numbers), items, deal.currency)
    if name in {"activation_past_sla", "currency_mismatch"}:
        return claim(plant, (contract, project), (), deal.currency)
    carried, _ = (psa_price if psa else erp_value)(deal, state.until)
    exposed = min(abs(agreed - carried), max(max(agreed, carried) - billed, 0))
    amendments = tuple(amendment_id(deal, item) for item in deal.amendments)
    return claim(
        plant, (contract, project, *amendments), (Item(item, exposed),), deal.currency, by_sign(agreed - carried)
    )


def _own_deal(state: PodState, plant: Plant, deal: Engagement) -> Iterator[Claim]:
    name, contract = plant.break_class, contract_id(deal.number)
    account = deal.account
    if name in {"customer_missing", "duplicate_customer"}:
        yield claim(plant, (f"{account.sf_id}:customer", customer_id(account)), (), None)
    elif name == "master_data_mismatch":
        for attribute in plant.facts["attributes"]:
            yield claim(plant, (f"{account.sf_id}:{attribute}", customer_id(account)), (), None)
    elif name == "billing_terms_mismatch":
        for attribute in _ATTRIBUTES:
            yield claim(plant, (f"{contract}:{attribute}",), (), None)
    elif name == "missing_purchase_order":
        waiting = [entry for entry in state.entries if entry.engagement is deal and _waits(entry)]
        items = tuple(time_item(entry, entry.value) for entry in waiting)
        yield claim(plant, (f"{contract}:purchase_order",), items, deal.currency)
    elif name == "purchase_order_overrun":
        rest = sum(entry.value for entry in state.entries if entry.engagement is deal and _waits(entry))
        excess = _billed(state, deal) + rest - (deal.po_limit or 0)
        yield claim(plant, (contract,), (Item(f"purchase_order:{contract}", excess),), deal.currency)
    elif name == "rate_missing":
        yield claim(plant, (f"{contract}:{UNPRICED_ROLE}",), (), deal.currency)
    elif plant.leg == "milestone.erp":
        yield from _milestone(plant, deal)
    elif plant.leg == "lifecycle_order":
        yield claim(plant, (f"{contract}:{name}",), (), deal.currency)


def _waits(entry: Entry) -> bool:
    """Return whether approved time waits to be billed."""
    return entry.approved is not None and entry.document is None and entry.written_off is None


def _milestone(plant: Plant, deal: Engagement) -> Iterator[Claim]:
    first = deal.milestones[0]
    number = str(deal.number * 100 + first.number)
    item, name = f"milestone:{number}", plant.break_class
    if name == "milestone_billed_twice":
        items = (Item(item, first.amount),)
        yield claim(plant, (number,), items, deal.currency)
        yield Claim("item_billed_twice", "invoice_integrity.items", (item, number), items, deal.currency)
    elif name == "rejected_milestone_billed":
        yield claim(plant, (number,), (Item(item, first.amount),), deal.currency)
    elif name == "milestone_amount_mismatch":
        difference = first.amount - first.quirks["billed"]
        yield claim(plant, (number,), (Item(item, abs(difference)),), deal.currency, by_sign(difference))


def _unbilled_milestones(state: PodState) -> Iterator[Claim]:
    """Yield accepted milestones nobody bills: those planted, and those of deals the ERP does not know."""
    for deal in state.pod.engagements:
        for part in deal.milestones:
            lost = part.quirks.get("never_bill") or deal.quirks.get("no_billing")
            if not lost or part.accepted is None or deal.outcome != "signed":
                continue
            if at(part.accepted.date() + timedelta(days=MILESTONE_DAYS), 0) <= state.until:
                number = str(deal.number * 100 + part.number)
                items = (Item(f"milestone:{number}", part.amount),)
                yield Claim("milestone_unbilled", "milestone.erp", (number,), items, deal.currency)


def _unstaffed(state: PodState, deals: dict[int, Engagement]) -> Iterator[Claim]:
    """Yield demand nobody is assigned for: sold beyond the plan, or without a project to be assigned to."""
    for plant in state.plants:
        if plant.break_class not in {"unstaffed_demand", "won_without_project"} or plant.leg == "activation.erp":
            continue
        if not plant.is_open:
            continue
        deal = deals[plant.number]
        if deal.end < state.until.date():
            continue
        roles = dict.fromkeys(item.role for item in deal.team)
        for role in list(roles)[: 1 if plant.break_class == "unstaffed_demand" else None]:
            yield Claim("unstaffed_demand", "staffing.psa", (f"{contract_id(deal.number)}:{role}",), (), None,
                        occurrence=plant.occurrence)  # fmt: skip


def _revenue(state: PodState, deals: dict[int, Engagement]) -> Iterator[Claim]:
    """Yield what the defects of time, documents and revenue rows mean for a deal's revenue and contract position."""
    earned: dict[int, int] = defaultdict(int)
    held: dict[int, int] = defaultdict(int)
    for row in state.recognitions:
        if row.quirks and row.recognised:
            earned[row.engagement.number] -= row.quirks.get("misaligned", 0)
            held[row.engagement.number] -= row.quirks.get("booked", 0)
    for document in state.books.documents:
        if document.quirks and document.posted is not None:
            held[document.engagement.number] += document.quirks.get("booked", 0) - document.quirks.get("position", 0)
    for entry in state.entries:
        if entry.quirks and entry.engagement is not None and entry.approved is not None:
            earned[entry.engagement.number] += _unearned(state, entry)
    unpriced = {plant.number for plant in state.plants if plant.break_class == "rate_missing"}
    for number, difference in earned.items():
        if difference and number not in unpriced:
            contract, deal = contract_id(number), deals[number]
            items = (Item(f"contract_revenue:{contract}", abs(difference)),)
            yield Claim("revenue_misaligned", "revenue.subledger", (contract,), items, deal.currency)
    for number, difference in held.items():
        if difference:
            contract, deal = contract_id(number), deals[number]
            items = (Item(f"contract_position:{contract}", abs(difference)),)
            yield Claim("revenue_misaligned", "revenue.position", (contract,), items, deal.entity.currency)


def _unearned(state: PodState, entry: Entry) -> int:
    """Return by how much the rule earns more with an entry than the firm has recognised for it."""
    quirks = entry.quirks or {}
    gone = quirks.get("unapproved") or (entry.deleted is not None and entry.deleted <= state.until)
    by_rule = not gone and recognised_at(period_of(entry.day)) <= state.until
    booked = recognised_at(entry_period(entry)) <= state.until
    return entry.value * (int(by_rule) - int(booked))
