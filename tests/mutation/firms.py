"""What the witnesses read besides the tests' own firms: a firm of many oddities that planted firms lack, a second day.

Add here: an oddity in which a mutant shows that shows nowhere else. Stays out: dates on edges (``tests.flow.edges``),
damage at random (``tests.flow.damage``).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.model import SourceRecord
from tests.flow.changes import Change, flip, other, put
from tests.flow.compare import answer
from tests.flow.damage import Altered
from tests.flow.days import remember
from tests.flow.replay import REFERENCE_SEED, SCALE, Warehouses
from tests.oracle.solve import Solution

TODAY = "2026-06-30"
DISCOUNT = Decimal("0.95")
POOLS = (("kantata", "workspaces"),)


def _discounted(payload: dict[str, Any], _: random.Random, __: Mapping[str, list[str]]) -> None:
    if payload["custcol_source_type"] == "time" and payload["foreignamount"] is not None:
        payload["foreignamount"] = str((Decimal(payload["foreignamount"]) * DISCOUNT).quantize(Decimal("0.01")))


def _without_rate(payload: dict[str, Any], _: random.Random, __: Mapping[str, list[str]]) -> None:
    payload["rate_in_cents"] = None
    payload["currency"] = "USD" if payload["currency"] == "EUR" else "EUR"


def _not_started(payload: dict[str, Any], _: random.Random, __: Mapping[str, list[str]]) -> None:
    payload["status"] = {**payload["status"], "key": "not_started"}


# entity -> (share of its records, how they change): the shares of an entity add up to 1 at most
ODDITIES: dict[tuple[str, str], tuple[tuple[float, Change], ...]] = {
    ("salesforce", "Contract"): (
        (0.3, put("CustomerSignedDate", "2026-06-29")),
        (0.2, put("CustomerSignedDate", "2026-07-15")),
        (0.5, put("Discount_Percent__c", 5)),
    ),
    ("salesforce", "ContractHistory"): ((1.0, put("Field", "PO_Number__c")),),
    ("kantata", "workspaces"): ((0.3, _not_started),),
    ("kantata", "time_entries"): (
        (0.01, put("date_performed", TODAY)),
        (0.01, _without_rate),
        (0.03, flip("approved")),
        (0.03, other("workspace_id", "workspaces")),
    ),
    ("kantata", "expenses"): ((0.3, put("date", TODAY)),),
    ("kantata", "billing_milestones"): ((0.2, put("accepted_date", TODAY)),),
    ("netsuite", "transactionline"): ((0.05, _discounted),),
    ("netsuite", "timebill"): ((0.01, put("trandate", TODAY)),),
}


class Odd(Altered):
    """A firm with all planted defects and many oddities."""

    def __init__(self) -> None:
        super().__init__(REFERENCE_SEED, SCALE, defects=True)
        sound = Firm(REFERENCE_SEED, SCALE, defects=True)
        self.pools = {name: [record.record_id for record in sound.records(of, name)] for of, name in POOLS}

    def alter(self, vendor: str, entity: str, record: SourceRecord) -> SourceRecord:
        """The record, made odd if the draw says so."""
        draw = random.Random(f"{vendor}|{entity}|{record.record_id}")  # noqa: S311 - reproducible
        drawn = draw.random()
        for share, change in ODDITIES.get((vendor, entity), ()):
            drawn -= share
            if drawn < 0:
                payload = dict(record.payload)
                change(payload, draw, self.pools)
                return replace(record, payload=payload)
        return record


def said_of_a_day_later(warehouses: Warehouses) -> Solution:
    """What the oracle says of the reference's increment, remembering its first day."""
    memory: dict[tuple[str, str], datetime] = {}
    for built in (warehouses.reference, warehouses.increment):
        remember(memory, built.firm)
    return answer(warehouses.increment, memory)
