"""Firms whose records were changed at random, at once or day by day: messier than any planted defect.

Each record is left alone or changed in one way, decided by the seed and the record's id alone: every reader sees the
same damage. Add here: when a record changes. Stays out: in which way (``damage_ways``) and what must be found of it
(the oracle says).
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.firm import Firm, Part
from qtc_pipeline.sandbox.model import SourceRecord
from tests.flow.changes import Change, stamped
from tests.flow.damage_ways import DAMAGE

POOLS = (
    ("salesforce", "Opportunity"),
    ("salesforce", "Account"),
    ("kantata", "workspaces"),
    ("kantata", "roles"),
    ("kantata", "workspace_groups"),
    ("kantata", "time_entries"),
    ("kantata", "expenses"),
    ("netsuite", "customer"),
    ("netsuite", "job"),
    ("netsuite", "item"),
    ("netsuite", "term"),
    ("netsuite", "accountingperiod"),
    ("netsuite", "account"),
)
SHARE = {"time_entries": 0.02, "timebill": 0.02, "transactionline": 0.02, "transactionaccountingline": 0.004}
USUAL_SHARE = 0.06
NEVER = 10_000


class Altered(Firm, ABC):
    """The same interface as a firm's, other records: each as ``alter`` makes it, marked as deleted where it is gone."""

    @abstractmethod
    def alter(self, vendor: str, entity: str, record: SourceRecord) -> SourceRecord:
        """The record as this firm has it."""

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """The firm's records, some changed, some gone."""
        for part in self.parts():
            yield from part.records(vendor, entity)

    def deleted(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """The firm's records that are gone."""
        for part in self.parts():
            yield from part.deleted(vendor, entity)

    def parts(self) -> Iterator[Part]:
        """The firm's parts, altered."""
        for part in super().parts():
            yield _AlteredPart(part.now, part.pod, self)


@dataclass(frozen=True, slots=True)
class _AlteredPart(Part):
    firm: Altered

    def _all(self, vendor: str, entity: str) -> Iterator[tuple[SourceRecord, bool]]:
        for record in Part(self.now, self.pod).records(vendor, entity):
            altered = self.firm.alter(vendor, entity, record)
            yield altered, altered.deleted_at is not None and record.deleted_at is None

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        yield from (record for record, is_gone in self._all(vendor, entity) if not is_gone)

    def deleted(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        yield from Part(self.now, self.pod).deleted(vendor, entity)
        yield from (record for record, is_gone in self._all(vendor, entity) if is_gone)


class Damaged(Altered):
    """A clean firm damaged at random.

    Args:
        seed: of the firm.
        scale: of the firm.
        damage: another number, other damage.
        day: of the firm.
        over_days: damage comes on one of the first days and some of it is repaired on a later one; else all is there
            from the beginning.
    """

    def __init__(self, seed: int, scale: Decimal, damage: int, day: int = 0, *, over_days: bool = False) -> None:
        super().__init__(seed, scale, defects=False, day=day)
        self.damage = damage
        self.over_days = over_days
        clean = Firm(seed, scale, defects=False)
        self.pools = {
            name: [record.record_id for record in clean.records(vendor, name) if not _is_long_period(record.payload)]
            for vendor, name in POOLS
        }
        self.touched = self._touched(clean) if over_days else {}

    def _touched(self, clean: Firm) -> Mapping[str, list[int]]:
        """Transaction -> days on which one of its lines changes: a document bears the stamp of its lines' changes."""
        found: dict[str, list[int]] = defaultdict(list)
        for record in clean.records("netsuite", "transactionline"):
            drawn = self._drawn("netsuite", "transactionline", record)
            if drawn is not None:
                way, _ = drawn
                found[record.payload["transaction"]] += self._span(record, way is None)
        return found

    def alter(self, vendor: str, entity: str, record: SourceRecord) -> SourceRecord:
        """The record, changed if the draw says so and its time has come."""
        altered = self._altered(vendor, entity, record)
        changes = [day for day in self.touched.get(record.record_id, ()) if day <= self.day]
        if entity != "transaction" or not changes or altered.deleted_at is not None:
            return altered
        return _restamped(replace(altered, payload=dict(altered.payload)), max(changes))

    def _drawn(self, vendor: str, entity: str, record: SourceRecord) -> tuple[Change | None, random.Random] | None:
        """The way in which a record is damaged, if it is."""
        ways = DAMAGE.get((vendor, entity), ())
        draw = random.Random(f"{self.damage}|{vendor}|{entity}|{record.record_id}")  # noqa: S311 - reproducible
        if not ways or draw.random() >= SHARE.get(entity, USUAL_SHARE):
            return None
        return draw.choice(ways), draw

    def _altered(self, vendor: str, entity: str, record: SourceRecord) -> SourceRecord:
        drawn = self._drawn(vendor, entity, record)
        if drawn is None:
            return record
        way, draw = drawn
        begins, ends = self._span(record, way is None)
        if self.day < begins:
            return record
        if way is None:
            return replace(record, deleted_at=_before(begins))
        payload = dict(record.payload)
        if self.day < ends:
            way(payload, draw, self.pools)
        elif ends == NEVER:
            return record
        came = begins if self.day < ends else ends
        return _restamped(replace(record, payload=payload), came)

    def _span(self, record: SourceRecord, is_gone: bool) -> tuple[int, int]:  # noqa: FBT001 - one of two kinds
        """Days on which damage begins and is repaired."""
        if not self.over_days or record.version_at is None:  # what has no version is read in full only
            return 0, NEVER
        draw = random.Random(f"{self.damage}|when|{record.record_id}")  # noqa: S311 - reproducible
        begins = draw.choice((0, 0, 1, 1, 2, 3))
        return begins, NEVER if is_gone or draw.random() < 0.5 else begins + draw.choice((1, 2))


def _before(day: int) -> datetime:
    """An instant of a sandbox day, after the end of the day before."""
    return clock.utc(clock.as_of(day)) - timedelta(hours=2)


def _restamped(record: SourceRecord, day: int) -> SourceRecord:
    """The record with the stamp of a change on a day; on the first day changes bear the record's own stamp.

    Damage of the stamp itself hides no change of a later day: no increment could find it.
    """
    touched = record.payload.get("updated_at")
    version = record.version_at if touched is None else datetime.fromisoformat(str(touched))
    lives_on = record.version_at is not None and record.version_at > clock.utc(clock.as_of(0))
    least = [*([_before(day)] if day > 0 else []), *([record.version_at] if lives_on else [])]
    if version is not None and least and version < max(least):
        version = max(least)
        stamped(record.payload, version)
    return replace(record, version_at=version)


def _is_long_period(payload: dict[str, Any]) -> bool:
    return "T" in {payload.get("isyear"), payload.get("isquarter")}
