"""Defects that get a deal of their own: what is agreed, billed, staffed or worked otherwise than the rules allow.

Here: by class and leg, the billing type of the extra deal and how it is spoilt (`SPOIL`), before and after its terms
are settled. Deals of activation and contract value are in `defects_contracts.py`, which also builds the deals.
Stays out: defects on records the firm has anyway.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import CURRENCY_ID, FIRST_AS_OF, at, next_workday
from qtc_pipeline.sandbox.names import LEGAL_ENTITIES, TERMS, company, sf_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.model import Account, Engagement, Milestone
    from qtc_pipeline.sandbox.plan import Pod

_TODAY = FIRST_AS_OF.date()
BILLING = {
    ("customer_missing", "customer_master.erp"): "retainer",
    ("duplicate_customer", "customer_master.erp"): "fixed_fee",
    ("master_data_mismatch", "customer_master.erp"): "subscription",
    ("billing_terms_mismatch", "billing_terms.erp"): "retainer",
    ("missing_purchase_order", "billing_terms.erp"): "time_and_materials",
    ("purchase_order_overrun", "billing_terms.erp"): "time_and_materials",
    ("rate_missing", "bill_rate.psa"): "time_and_materials",
    ("milestone_unbilled", "milestone.erp"): "milestone",
    ("milestone_billed_twice", "milestone.erp"): "milestone",
    ("rejected_milestone_billed", "milestone.erp"): "milestone",
    ("milestone_amount_mismatch", "milestone.erp"): "milestone",
    ("billed_before_signature", "lifecycle_order"): "subscription",
    ("time_before_activation", "lifecycle_order"): "time_and_materials",
    ("revenue_before_delivery", "lifecycle_order"): "retainer",
    ("unstaffed_demand", "staffing.psa"): "fixed_fee",
}
ATTRIBUTES = (("payment_terms", "tax_number"), ("name", "currency", "legal_entity"))
SIGNED_LATE = next_workday(_TODAY - timedelta(days=18))
EARLY_REVENUE = ("2026-05", 1_000_00)  # period and amount recognised before the deal starts
OVERSOLD = 6_000  # minutes nobody is assigned for
FIRST_ACCOUNT = 21  # planted customers are numbered behind every ordinary customer of a pod
_PO_LIMIT = 500_00


def date_deal(deal: Engagement, plant: Plant) -> None:
    """Move the dates of a planted deal where its defect is one of order; its terms are not settled yet."""
    name = plant.break_class
    if name == "billed_before_signature":
        _sign(deal, SIGNED_LATE, _TODAY.replace(day=1))
    elif name == "time_before_activation":
        _sign(deal, deal.signed.date(), deal.signed.date())
    elif name == "revenue_before_delivery":
        _sign(deal, date(2026, 5, 12), date(2026, 6, 8))


def _sign(deal: Engagement, signed: date, start: date) -> None:
    deal.signed, deal.start = at(signed, 9), start
    deal.end = start + timedelta(days=180)
    deal.opened, deal.drafted = deal.signed - timedelta(days=60), deal.signed - timedelta(days=32)


def spoil(draw: Random, pod: Pod, deal: Engagement, plant: Plant) -> None:
    """Put the defect into a planted deal whose terms are settled."""
    name = plant.break_class
    if name in {"customer_missing", "duplicate_customer", "master_data_mismatch"}:
        _customer(pod, deal, plant)
    elif name in _SPOIL:
        _SPOIL[name](draw, deal)


def _customer(pod: Pod, deal: Engagement, plant: Plant) -> None:
    """Give the deal a customer of its own who stands wrong in the ERP."""
    number = pod.spec.index * 200 + FIRST_ACCOUNT + plant.facts["place"] - 600
    account = replace(deal.account, number=number, sf_id=sf_id("001", number), name=company(pod.entity.key, number),
                      tax_number=f"{deal.account.country}{100_000_000 + number * 37}", quirks={})  # fmt: skip
    deal.account = account
    pod.accounts.append(account)
    if plant.break_class == "customer_missing":
        account.quirks["erp"] = {"isinactive": "T"}
    elif plant.break_class == "duplicate_customer":
        account.quirks["second"] = account.created + timedelta(days=60)
    else:
        account.quirks["erp"] = {
            key: value for name in plant.facts["attributes"] for key, value in _other(account)[name].items()
        }


def _other(account: Account) -> dict[str, dict[str, str]]:
    """Return what the ERP holds instead, by attribute."""
    currency = next(code for code in CURRENCY_ID if code != account.currency)
    entity = next(entity for entity in LEGAL_ENTITIES if entity.key != account.entity.key)
    return {
        "payment_terms": {"terms": TERMS[1 - account.terms][0]},
        "tax_number": {"vatregnumber": "XX" + str(account.tax_number)[2:]},
        "name": {"companyname": f"{account.name} (old)"},
        "currency": {"currency": CURRENCY_ID[currency]},
        "legal_entity": {"subsidiary": str(entity.number)},
    }


def _terms(draw: Random, deal: Engagement) -> None:
    del draw
    deal.po = f"PO-{deal.number:07d}"
    deal.quirks |= {
        "order_terms": 1 - deal.terms,
        "job_billing_type": "fixed_fee",
        "order_po": f"{deal.po}-OLD",
    }


def _without_po(draw: Random, deal: Engagement) -> None:
    del draw
    deal.po, deal.quirks["order_po"] = f"PO-{deal.number:07d}", None


def _small_po(draw: Random, deal: Engagement) -> None:
    del draw
    deal.po, deal.po_limit = f"PO-{deal.number:07d}", _PO_LIMIT


def _milestone(draw: Random, deal: Engagement, **quirks: object) -> Milestone:
    """Bring the first milestone forward: it was accepted this month."""
    first = deal.milestones[0]
    first.due = next_workday(_TODAY - timedelta(days=27))
    first.accepted, first.rejected = at(first.due + timedelta(days=draw.randrange(1, 3)), 15), None
    first.quirks.update(quirks)
    for later in deal.milestones[1:]:
        later.accepted = later.rejected = None
    return first


def _rejected(draw: Random, deal: Engagement) -> None:
    first = _milestone(draw, deal)
    first.quirks["billed_as_of"] = first.accepted
    first.accepted, first.rejected = None, at(_TODAY - timedelta(days=5), 15)


def _amount(draw: Random, deal: Engagement) -> None:
    first = _milestone(draw, deal)
    first.quirks["billed"] = first.amount + draw.choice((-1, 1)) * draw.randrange(100, 900) * 100


def _billed_early(draw: Random, deal: Engagement) -> None:
    del draw
    deal.psa_created = deal.erp_created = at(deal.start, 6)


def _set_up_late(draw: Random, deal: Engagement) -> None:
    del draw
    deal.psa_created = deal.signed + timedelta(days=9)


def _oversold(draw: Random, deal: Engagement) -> None:
    del draw
    deal.quirks["oversold"] = OVERSOLD


_SPOIL: dict[str, Callable[[Random, Engagement], object]] = {
    "billing_terms_mismatch": _terms,
    "missing_purchase_order": _without_po,
    "purchase_order_overrun": _small_po,
    "milestone_unbilled": lambda draw, deal: _milestone(draw, deal, never_bill=True),
    "milestone_billed_twice": lambda draw, deal: _milestone(draw, deal, twice=True),
    "rejected_milestone_billed": _rejected,
    "milestone_amount_mismatch": _amount,
    "billed_before_signature": _billed_early,
    "time_before_activation": _set_up_late,
    "unstaffed_demand": _oversold,
}
