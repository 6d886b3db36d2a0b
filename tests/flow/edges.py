"""A firm whose dates lie on the edges of what is counted, and that lacks what is usually there.

Work on the day of the build and the day after, documents due exactly as many days ago as a bucket ends, contracts
signed and ending on such days, amendments approved in another month than they take effect in, a customer or a
person gone. Add here: another edge. Stays out: damage at random (``damage``) and what must be found (the oracle).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.model import SourceRecord
from tests.flow.changes import Change, put, shift
from tests.flow.damage import Altered

AGES = (0, 1, 30, 31, 60, 61, 90, 91)
ENDS = (0, -1, 92, 93, 183, 184, 366, 367)


def on_day(field: str, *ages: int) -> Change:
    """Put a date so many days before the build."""
    return put(field, *((clock.as_of(0).date() - timedelta(days=age)).isoformat() for age in ages))


def _any(_: Mapping[str, Any]) -> bool:
    return True


def _is(field: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
    return lambda payload: payload[field] == value


def _euro_of_august(payload: Mapping[str, Any]) -> bool:
    return (payload["postingperiod"], payload["fromcurrency"], payload["tocurrency"]) == ("108", "2", "1")


# of these records, this share is changed so; None: the record is gone
EDGES: tuple[tuple[str, str, Callable[[Mapping[str, Any]], bool], float, Change | None], ...] = (
    ("salesforce", "Account", _any, 0.15, None),
    ("salesforce", "Contract", _any, 0.1, on_day("CustomerSignedDate", 0, -1, -15)),
    ("salesforce", "Contract_Amendment__c", _any, 0.6, shift("Approved_Date__c", -70, 45)),
    ("salesforce", "Contract", _is("Status", "Activated"), 0.4, on_day("EndDate", *(-age for age in ENDS))),
    ("kantata", "time_entries", _is("billable", True), 0.03, on_day("date_performed", *AGES, -1)),
    ("kantata", "users", _any, 0.06, None),
    ("netsuite", "consolidatedexchangerate", _euro_of_august, 1.0, None),
    ("netsuite", "transaction", _is("type", "CustInvc"), 0.6, on_day("duedate", *AGES)),
)


class OnEdges(Altered):
    """A clean firm, many of whose records lie on an edge."""

    def __init__(self, seed: int, scale: Decimal) -> None:
        super().__init__(seed, scale, defects=False)

    def alter(self, vendor: str, entity: str, record: SourceRecord) -> SourceRecord:
        """The record, moved to an edge if the draw says so."""
        for of_vendor, of_entity, concerns, share, change in EDGES:
            draw = random.Random(f"{self.seed}|{entity}|{record.record_id}")  # noqa: S311 - reproducible
            if (of_vendor, of_entity) != (vendor, entity) or not concerns(record.payload) or draw.random() >= share:
                continue
            if change is None:
                return replace(record, deleted_at=clock.utc(clock.as_of(0)) - timedelta(hours=2))
            payload = dict(record.payload)
            change(payload, draw, {})
            return replace(record, payload=payload)
        return record
