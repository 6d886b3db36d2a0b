"""A rate corrected, time that came late, changed or was deleted: every figure's change has its causes, by hand."""

from __future__ import annotations

from decimal import Decimal

from tests.oracle.golden_days import first_day, second_day
from tests.oracle.kpis.part import Cell
from tests.oracle.restated import restated
from tests.oracle.scenario import context

CAUSES = {
    ("2026-04", "revenue_recognized", "contract_rule"): {"rate": "20.00"},
    ("2026-04", "revenue_recognized", "with_submitted"): {"rate": "20.00", "late_entry": "168.00"},
    ("2026-04", "billed", "net"): {"rate": "3.00"},
    ("2026-04", "realization_billable_hours", "recorded"): {"late_entry": "60"},
    ("2026-05", "realization_billable_hours", "recorded"): {"correction": "15", "deletion": "-20"},
    ("2026-06", "unbilled_time", "within_cap"): {"correction": "41.25", "deletion": "-55.00"},
}


def _cell(month: str, kpi: str, variant: str) -> Cell:
    return month, "DE", "North", "Data", kpi, variant


def test_every_change_of_a_figure_is_the_sum_of_its_causes() -> None:
    shares, changes = restated(first_day().payloads, second_day().payloads, context(), context())
    assert {cell: sum(causes.values()) for cell, causes in shares.items() if sum(causes.values())} == changes


def test_a_corrected_rate_late_time_corrected_time_and_deleted_time_are_told_apart() -> None:
    shares, _ = restated(first_day().payloads, second_day().payloads, context(), context())
    for name, causes in CAUSES.items():
        assert shares[_cell(*name)] == {cause: Decimal(amount) for cause, amount in causes.items()}, name


def test_a_day_on_which_nothing_is_read_restates_nothing() -> None:
    shares, changes = restated(first_day().payloads, first_day().payloads, context(), context())
    assert (shares, changes) == ({}, {})
