"""A quiet system is not unread for ever, and an interface that died shows when its time is over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.dbt.warehouse import dbt

pytestmark = pytest.mark.xdist_group("dbt")
SLA, GAP = 24, 26


@dataclass(frozen=True)
class Moment:
    """A row that differs: hours from the event to as of, and how many hours past the event each side was read."""

    means: str
    as_of: int
    expected_side_read: int
    other_side_read: int
    why: str | None
    changed: int | None = None  # hours past the event at which the record was touched again


MOMENTS = (
    Moment("the interface has time", 5, 5, 5, "in_transit"),
    Moment("its time is over and both sides were read since: a break, however quiet the ERP was", 25, 25, 25, None),
    Moment("the ERP brought no new record for a month, but was read: nothing excuses the row", 720, 720, 720, None),
    Moment("the ERP was not read past the event: it may be there", 30, -1, 30, "unread"),
    Moment("an ERP nobody can read does not hide it for ever", SLA + GAP + 1, -1, 51, None),
    Moment("up to the last moment it may", SLA + GAP, -1, 50, "unread"),
    Moment("a record touched after the other side was read may be half of a change", 30, 26, 30, "torn", changed=28),
    Moment("touching it again and again does not hide it either", SLA + GAP + 1, 26, 51, None, changed=50),
)


def test_what_is_pending_ends_when_its_time_is_over(warehouse: Path) -> None:
    at = "timestamp '2026-06-01 00:00:00' + interval ({}) hour"
    rows = " union all ".join(
        f"select {place} as place, {at.format(0)} as event_at, {at.format(one.as_of)} as as_of,"
        f" {at.format(one.expected_side_read)} as right_read_through,"
        f" {at.format(min(one.expected_side_read, one.other_side_read))} as both_read_through,"
        f" {'cast(null as timestamp)' if one.changed is None else at.format(one.changed)} as touched,"
        f" {SLA} as interface_sla_hours, {GAP} as max_load_gap_hours"
        for place, one in enumerate(MOMENTS)
    )
    why = "{{ pending_reason('leg.event_at', 'leg.touched', 'cast(null as timestamp)', 'right') }}"
    due = "{{ due_at('leg.event_at') }}"
    said = dbt(
        warehouse,
        *("show", "--limit", "50", "--output", "json"),
        *("--inline", f"select place, {why} as why, cast({due} as varchar) as due from ({rows}) as leg order by place"),
    )
    found = json.loads(said[said.index("{") :])["show"]
    assert {one.means: row["why"] for one, row in zip(MOMENTS, found, strict=True)} == {
        one.means: one.why for one in MOMENTS
    }
    assert {row["due"] for row in found} == {"2026-06-03 02:00:00"}, "nothing moves the time a row is due"
