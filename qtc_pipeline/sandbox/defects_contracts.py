"""Defects of contracts and their projects: extra deals signed some weeks before day 0, each with one thing wrong.

Here: choosing them (`CHOOSERS`) and putting them into a pod's plan (`apply`). A planted deal has no share in the
consultants' calendars, so the rest of the firm is the same with and without it; only surplus projects sit on deals that
exist anyway.
Stays out: defects of time and of documents.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox import defects_deals, terms
from qtc_pipeline.sandbox.clock import FIRST_AS_OF, at, next_workday, rng
from qtc_pipeline.sandbox.defects import Choice, Plant
from qtc_pipeline.sandbox.model import Amendment, Engagement
from qtc_pipeline.sandbox.names import RULES
from qtc_pipeline.sandbox.plan import Pod, engagement

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

FIRST_PLACE = 600  # planted deals are numbered behind every ordinary deal of a pod
_TODAY = FIRST_AS_OF.date()
_BILLING = {
    ("won_without_project", "activation.psa"): "retainer",
    ("won_without_project", "activation.erp"): "milestone",
    ("project_without_contract", "activation.psa"): "time_and_materials",
    ("project_without_contract", "activation.erp"): "fixed_fee",
    ("activation_past_sla", "activation.psa"): "subscription",
    ("amendment_not_propagated", "contract_value.psa"): "fixed_fee",
    ("amendment_not_propagated", "contract_value.erp"): "time_and_materials",
    ("unapproved_amendment_propagated", "contract_value.psa"): "time_and_materials",
    ("unapproved_amendment_propagated", "contract_value.erp"): "fixed_fee",
    ("value_mismatch", "contract_value.psa"): "subscription",
    ("value_mismatch", "contract_value.erp"): "retainer",
    ("currency_mismatch", "contract_value.psa"): "retainer",
    ("currency_mismatch", "contract_value.erp"): "subscription",
    **defects_deals.BILLING,
}
SECOND_PLACE = 100  # a class's second deal is numbered so far behind its first


def choose_deal(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Put an extra deal into one of the group's pods."""
    spec = choice.pods[place % len(choice.pods)].spec
    number = spec.index * 1000 + FIRST_PLACE + place + 1
    return [Plant(name, leg, spec.index, number, {"place": FIRST_PLACE + place})]


def choose_customer(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Put two deals into the group: the customers of each differ in some attributes."""
    found = [*choose_deal(choice, name, leg, place), *choose_deal(choice, name, leg, place + SECOND_PLACE)]
    for plant, attributes in zip(found, defects_deals.ATTRIBUTES, strict=True):
        plant.facts["attributes"] = attributes
    return found


def choose_running(choice: Choice, name: str, leg: str, place: int) -> list[Plant]:
    """Find a deal under way that nothing else is planted on."""
    draw = choice.draw(name, leg)
    for step in range(len(choice.pods)):
        state = choice.pods[(place + step) % len(choice.pods)]
        running = [
            deal
            for deal in state.pod.engagements
            if deal.outcome == "signed"
            and deal.signed.date() < _TODAY - timedelta(days=10)
            and deal.closed is not None
            and deal.closed > _TODAY
            and deal.number not in choice.deals
            and deal.partner is None
        ]
        if running:
            deal = running[draw.randrange(len(running))]
            choice.deals.add(deal.number)
            return [Plant(name, leg, state.spec.index, deal.number)]
    return []


def apply(seed: int, pod: Pod, plants: tuple[Plant, ...]) -> None:
    """Change a pod's plan as its plants say."""
    deals = {deal.number: deal for deal in pod.engagements}
    for plant in plants:
        if "life" in plant.facts:
            continue
        key = (plant.break_class, plant.leg)
        if key in _BILLING:
            pod.engagements.append(_deal(seed, pod, plant))
        elif plant.break_class == "duplicate_project":
            deals[plant.number].quirks["second_workspace" if plant.leg == "activation.psa" else "second_job"] = True
        elif plant.break_class == "stale_terms_invoiced":
            deal = deals[plant.facts["deal"]]
            deal.former_terms, deal.terms_changed = 1 - deal.terms, deal.drafted + timedelta(days=3)


def _deal(seed: int, pod: Pod, plant: Plant) -> Engagement:
    draw = rng(seed, "planted", plant.number)
    signed = next_workday(_TODAY - timedelta(days=draw.randrange(45, 75)))
    deal = engagement(seed, pod, plant.facts["place"], start=signed + timedelta(days=10))
    deal.billing_type = _BILLING[plant.break_class, plant.leg]
    deal.rule = RULES[deal.billing_type]
    deal.outcome, deal.cancelled, deal.hold_from, deal.capped = "signed", None, None, False
    deal.signed, deal.start = at(signed, 9), signed + timedelta(days=10)
    deal.end = deal.start + timedelta(days=draw.randrange(150, 200))
    deal.opened, deal.drafted = deal.signed - timedelta(days=40), deal.signed - timedelta(days=12)
    if deal.billing_type == "milestone":
        deal.start, deal.end = _TODAY + timedelta(days=20), _TODAY + timedelta(days=180)
    defects_deals.date_deal(deal, plant)
    deal.team = deal.team[:1]
    deal.planned_minutes = {item.number: draw.randrange(12_000, 20_000) for item in deal.team}
    amendment = _amendment(draw, plant)
    terms.settle(seed, deal, amendments=[amendment] if amendment else [])
    deal.phase_price = deal.po_limit = deal.judgement = deal.former_terms = deal.terms_changed = deal.partner = None
    deal.discount = deal.markup = 0
    _spoil(draw, deal, plant)
    defects_deals.spoil(draw, pod, deal, plant)
    return deal


def _amendment(draw: Random, plant: Plant) -> Amendment | None:
    if "amendment" not in plant.break_class:
        return None
    approved = plant.break_class == "amendment_not_propagated"
    in_psa, in_erp = (plant.leg == "contract_value.psa") != approved, (plant.leg == "contract_value.erp") != approved
    created = next_workday(_TODAY - timedelta(days=36))
    decided, effective = next_workday(_TODAY - timedelta(days=30)), next_workday(_TODAY - timedelta(days=20))
    outcome = "Approved" if approved else "Submitted"
    amount = draw.randrange(21, 60) * 10_000
    return Amendment(
        1,
        amount,
        outcome,
        at(created, 10),
        at(decided, 10),
        effective,
        change_order=False,
        in_psa=in_psa,
        in_erp=in_erp,
    )


def _spoil(draw: Random, deal: Engagement, plant: Plant) -> None:
    name, leg = plant.break_class, plant.leg
    if name == "won_without_project":
        if leg == "activation.psa":
            deal.psa_created = None
        else:
            deal.erp_created, deal.quirks["no_billing"] = None, True
    elif name == "project_without_contract":
        deal.outcome, deal.closed = "unsigned", None
        if leg == "activation.psa":
            deal.erp_created = None
        else:
            deal.psa_created = None
    elif name == "activation_past_sla":
        deal.quirks["not_started"] = True
    elif name == "currency_mismatch":
        other = "EUR" if deal.currency == "USD" else "USD"
        deal.quirks["psa_currency" if leg == "contract_value.psa" else "order_currency"] = other
    elif name == "value_mismatch":
        odd = draw.choice((-1, 1)) * (draw.randrange(1_000, 1_900) * 100 + 37)
        deal.quirks["psa_price" if leg == "contract_value.psa" else "erp_value"] = odd


CHOOSERS: dict[tuple[str, str], Callable[[Choice, str, str, int], list[Plant]]] = {
    **dict.fromkeys(_BILLING, choose_deal),
    ("master_data_mismatch", "customer_master.erp"): choose_customer,
    ("duplicate_project", "activation.psa"): choose_running,
    ("duplicate_project", "activation.erp"): choose_running,
}
