"""Defects that come and go with the days, an interface that dies, and what else the first days bring.

Add here: something that happens on a later day. Stays out: what stands on day 0 (`test_defects.py`).
"""

from __future__ import annotations

from functools import cache

import pytest

from qtc_pipeline.sandbox.defects_days import LIVES
from qtc_pipeline.sandbox.firm import Firm
from tests.sandbox.firm_books import SMALL, by_id, rows

SCALE = SMALL


@cache
def _open(day: int) -> dict[tuple[str, str, str], int]:
    firm = Firm(2, SCALE, day=day)
    return {(one.break_class, one.leg, one.records[0]): one.occurrence for one in firm.truth()}


@pytest.mark.parametrize("key", LIVES, ids=lambda key: f"{key[0]}-{key[1]}")
def test_a_defect_appears_is_repaired_and_returns_as_its_second_occurrence(key: tuple[str, str]) -> None:
    name, leg = key
    life = LIVES[key]
    (grain,) = {found for found in _open(life.appears).keys() - _open(0).keys() if found[:2] == (name, leg)}
    for day in range(9):
        found = _open(day).get(grain)
        if life.returns is not None and day >= life.returns:
            assert found == 2
        elif day < life.appears or (life.repaired is not None and day >= life.repaired):
            assert found is None
        else:
            assert found == 1


def test_a_deleted_entry_is_gone_and_a_moved_one_is_on_another_project() -> None:
    before, after = (Firm(2, SCALE, day=day) for day in (0, 2))
    old, new = (by_id(firm, "kantata", "time_entries") for firm in (before, after))
    fresh = {one.records[0]: one.break_class for one in after.truth()}.items() - {
        one.records[0]: one.break_class for one in before.truth()
    }.items()
    (deleted,) = [key for key, name in fresh if name == "removed_after_transfer"]
    (moved,) = [key for key, name in fresh if name == "moved_after_transfer"]
    assert deleted in old
    assert deleted not in new
    assert deleted in {record.record_id for record in after.deleted("kantata", "time_entries")}
    assert old[moved]["workspace_id"] != new[moved]["workspace_id"]
    bills = {row["externalid"]: row["customer"] for row in rows(after, "netsuite", "timebill")}
    assert bills[moved] == {row["externalid"]: row["customer"] for row in rows(before, "netsuite", "timebill")}[moved]


def test_the_rate_of_a_past_month_is_corrected_on_the_second_day() -> None:
    first, second = (by_id(Firm(1, SCALE, day=day), "netsuite", "consolidatedexchangerate") for day in (1, 2))
    changed = [key for key in first if first[key] != second[key]]
    assert len(changed) == 1
    assert second[changed[0]]["lastmodifieddate"].startswith("2026-07-02")
    assert first[changed[0]]["averagerate"] != second[changed[0]]["averagerate"]


def test_time_of_past_weeks_is_recorded_on_the_first_days() -> None:
    for day in (1, 2, 3):
        firm = Firm(1, "0.1", defects=False, day=day)
        today = firm.as_of.date().isoformat()
        late = [
            row
            for row in rows(firm, "kantata", "time_entries")
            if row["created_at"][:10] == today and row["date_performed"] < "2026-06-20"
        ]
        assert late


def test_a_dead_interface_hands_nothing_over_and_catches_up_afterwards() -> None:
    alive, dead = (Firm(1, "0.1", defects=False, day=3, outage=days) for days in (None, (1, 3)))
    bills, held = ({row["externalid"] for row in rows(firm, "netsuite", "timebill")} for firm in (alive, dead))
    assert held < bills
    overdue = {one.records[0] for one in dead.truth() if one.leg == "approved_time.erp"}
    assert overdue
    assert overdue <= bills - held
    assert {one.break_class for one in dead.truth()} <= {"time_not_transferred", "expense_not_transferred"}
    again = Firm(1, "0.1", defects=False, day=4, outage=(1, 3))
    assert {row["externalid"] for row in rows(again, "netsuite", "timebill")} >= bills
    assert again.truth() == []


@pytest.mark.parametrize("day", [1, 2, 3, 4])
def test_an_outage_only_adds_what_is_stamped_on_the_day(day: int) -> None:
    before, after = (Firm(2, SCALE, day=when, outage=(1, 3)) for when in (day - 1, day))
    for name in ("timebill", "charge", "transaction", "transactionline"):
        old = {record.record_id: record for record in before.records("netsuite", name)}
        for record in after.records("netsuite", name):
            if old.get(record.record_id) != record:
                assert record.version_at is not None
                assert before.as_of < record.version_at <= after.as_of


def test_a_defect_on_time_that_was_credited_years_ago_leaves_the_credit_as_it_was() -> None:
    """Of seed 23 the rate that is spoiled on the first day is of an entry credited and billed again in 2025."""
    before, after = (Firm(23, SCALE, day=day) for day in (0, 1))
    for name in ("transaction", "transactionline", "transactionaccountingline", "nexttransactionlinelink"):
        old = by_id(before, "netsuite", name)
        for record in after.records("netsuite", name):
            if record.payload != old.get(record.record_id):
                assert record.version_at is not None
                assert record.version_at > before.as_of
