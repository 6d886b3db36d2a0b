"""An interface that stops shows: first as rows in flight, past their time as breaks, while the quiet ERP is read on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from qtc_pipeline.sandbox.clock import as_of, utc
from qtc_pipeline.sandbox.firm import Firm, Part
from qtc_pipeline.sandbox.model import SourceRecord
from tests.flow.replay import SCALE, Built, Warehouses

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("warehouses")]
SEED = 7
# a Sunday: time is approved on Mondays and reaches the ERP in the night after
STOPPED = utc(as_of(5))
FEED = ("netsuite", "timebill")
KINDS = ("timing", "break")


@dataclass(frozen=True, slots=True)
class Cut(Part):
    """A part of a firm whose PSA's time does not reach its ERP any more."""

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        for record in Part.records(self, vendor, entity):
            if (vendor, entity) != FEED or (record.version_at is not None and record.version_at <= STOPPED):
                yield record


class CutFirm(Firm):
    def parts(self) -> Iterator[Part]:
        return (Cut(part.now, part.pod) for part in super().parts())


def untransferred(built: Built) -> tuple[dict[str, datetime], dict[str, datetime]]:
    """Grain -> due time of the rows in flight, and of the breaks, of approved time the ERP does not have."""
    found = built.rows(
        "select kind, grain_key, due_at from reconciliation.rec_row where leg = 'approved_time.erp'"
        " and kind in ('timing', 'break') and (kind = 'timing' or break_class = 'time_not_transferred')"
    )
    pending, broken = ({row["grain_key"]: row["due_at"] for row in found if row["kind"] == kind} for kind in KINDS)
    return pending, broken


def test_a_dead_interface_is_in_flight_until_its_rows_are_due_and_then_a_break(warehouses: Warehouses) -> None:
    soon, later = CutFirm(SEED, SCALE, defects=False, day=6), CutFirm(SEED, SCALE, defects=False, day=9)
    pending, broken = untransferred(warehouses.of("cut-6", soon))
    assert pending
    assert not broken, "nothing is due on the day of its approval"
    still, after = untransferred(warehouses.of("cut-9", later))
    assert pending.keys() <= after.keys(), "what was in flight is a break once it is due"
    assert {key: after[key] for key in pending} == pending, "a row's time does not move"
    now = later.as_of.replace(tzinfo=None)
    assert all(due < now for due in after.values())
    assert all(due >= now for due in still.values())


def test_a_firm_whose_interface_lives_has_no_such_break_on_the_same_day(warehouses: Warehouses) -> None:
    _, broken = untransferred(warehouses.of("alive-9", Firm(SEED, SCALE, defects=False, day=9)))
    assert not broken
