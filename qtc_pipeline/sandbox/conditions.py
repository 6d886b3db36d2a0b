"""The small print of a deal: payment terms that changed, the limit of its purchase order, discount, mark-up, judgement.

Here: `agree(seed, deal)`, called once the deal's value is settled; each condition is drawn by the deal alone.
Stays out: price and plan (`terms.py`), what the conditions do to documents (`billing.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import at, period_of, period_start, rng, shift

if TYPE_CHECKING:
    from qtc_pipeline.sandbox.model import Engagement

CHANGE_DAY = 20  # of a month: no invoice of time and materials is dated on it
_PO_LIMIT_PERCENT = 200


def agree(seed: int, deal: Engagement) -> None:
    """Complete a deal whose value is known."""
    draw = rng(seed, "conditions", deal.number)
    fate, pick = draw.random(), draw.random()
    if deal.outcome != "signed":
        return
    if fate < 0.05:  # renegotiated before anything was billed
        deal.former_terms = 1 - deal.terms
        deal.terms_changed = deal.drafted + timedelta(days=3)
    elif fate < 0.12 and deal.billing_type == "time_and_materials":
        deal.former_terms = 1 - deal.terms
        month = shift(period_of(deal.start), 2)
        deal.terms_changed = at(period_start(month).replace(day=CHANGE_DAY), 16)
    if deal.po is not None and pick < 0.7:
        deal.po_limit = deal.value * _PO_LIMIT_PERCENT // 100
