"""The small print of a deal: payment terms that changed, the limit of its purchase order, discount, mark-up, judgement.

Here: `agree(seed, deal)`, called once the deal's value is settled; each condition is drawn by the deal alone.
Stays out: price and plan (`terms.py`), what the conditions do to documents (`billing.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import at, period_of, period_start, rng, shift
from qtc_pipeline.sandbox.model import Rate
from qtc_pipeline.sandbox.names import LEGAL_ENTITIES

if TYPE_CHECKING:
    from random import Random

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
    if deal.billing_type == "time_and_materials":
        _of_time(deal, draw)
    if deal.rule == "percentage_of_completion" and draw.random() < 0.08:
        deal.judgement = deal.value // 10_000 * 200
    if deal.po is not None and pick < 0.7:
        deal.po_limit = deal.value * _PO_LIMIT_PERCENT // 100


def _of_time(deal: Engagement, draw: Random) -> None:
    if draw.random() < 0.35:
        deal.markup = draw.choice((500, 1000, 1250))
    if not deal.capped and draw.random() < 0.1:
        deal.discount = draw.choice((250, 500, 750, 1000))
    elif draw.random() < 0.15:
        _rates_of_country(deal)
    if draw.random() < 0.05 or deal.number % 25 == 5:  # one in the smallest firm, too
        deal.partner = next(entity for entity in LEGAL_ENTITIES if entity.key != deal.entity.key)


def _rates_of_country(deal: Engagement) -> None:
    """Agree on other rates for the people of one country, beside those for anybody."""
    country = deal.entity.country
    rows = [Rate(50 + row.number, row.role, row.amount * 104 // 100, row.start, row.end, country) for row in deal.rates]
    deal.rates[:0] = rows
