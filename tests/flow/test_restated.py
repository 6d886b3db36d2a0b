"""A rate corrected, time late, corrected, deleted between two builds: the product names the causes the oracle does."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from qtc_pipeline.publish.causes import OWN, Own
from qtc_pipeline.publish.restated import Side, explain
from tests.flow import compare, compare_kpis
from tests.flow.replay import Built, Warehouses, increment_by_replay, settings_of
from tests.flow.written import Written
from tests.oracle.golden_days import first_day, second_day
from tests.oracle.kpis.part import ZERO, Cell
from tests.oracle.restated import restated
from tests.oracle.scalars import instant_of
from tests.oracle.solve import Solution

pytestmark = pytest.mark.xdist_group("warehouses")

LATER = timedelta(minutes=30)
CAUSES = ("rate", "correction", "deletion", "late_entry", "as_of")
# parts of these are contracts: what happened to their records is one cause for all of them
OF_CONTRACTS = {"backlog", "contract_asset", "contract_liability", "unbilled_receivable", "wip"}


@pytest.fixture(scope="module")
def days(warehouses: Warehouses, tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, Built]:
    """The warehouses of both days, the second an increment on a copy of the first."""
    before, after = first_day().payloads, second_day().payloads
    first = warehouses.of("restated", Written(before))
    home = tmp_path_factory.mktemp("restated") / "later"
    shutil.copytree(first.settings.home, home)
    copy = Built(first.firm, settings_of(home, first.firm.as_of))
    gone = [row for row in before["kantata"]["time_entries"] if row["id"] == "t3"]
    second = Written(after, LATER, {"kantata": {"time_entries": gone}})
    return first, increment_by_replay(copy, second, warehouses.increment)


def _side(built: Built) -> Side:
    """The warehouse as its own publication."""
    published: Any = SimpleNamespace(
        manifest={"as_of": built.firm.as_of.isoformat()}, database=built.settings.warehouse_path
    )
    return Side(published, built.settings)


def test_both_days_are_the_oracles(days: tuple[Built, Built]) -> None:
    for built in days:
        ours = compare_kpis.figures_of_oracle(_oracle(built))
        assert compare.unequal(ours, compare_kpis.figures_of_warehouse(built)) == []


def test_every_restated_figure_has_the_causes_the_oracle_finds(days: tuple[Built, Built]) -> None:
    ours, told = _ours(days), _told(days)
    of_records = {cell: causes for cell, causes in told.items() if cell[4] not in OF_CONTRACTS}
    assert compare.unequal({cell: ours[cell] for cell in ours if cell[4] not in OF_CONTRACTS}, of_records) == []


def test_a_figure_of_contracts_changed_because_their_records_did_and_not_by_itself(days: tuple[Built, Built]) -> None:
    ours, told = _ours(days), _told(days)
    changed = {cell: sum(causes.values(), ZERO) for cell, causes in ours.items() if cell[4] in OF_CONTRACTS}
    named = {cell: causes for cell, causes in told.items() if cell[4] in OF_CONTRACTS}
    assert changed != {}
    assert {cell: sum(causes.values(), ZERO) for cell, causes in named.items()} == changed
    assert {cause for causes in named.values() for cause in causes} == {"correction"}


def test_what_only_our_own_writes_brought_is_told_as_a_correction_by_qtc(days: tuple[Built, Built]) -> None:
    def told(own: Own | None) -> set[str]:
        first, second = days
        return {cause for row in explain(_side(first), _side(second), own=own) for cause in row.causes}

    def everything(connection: duckdb.DuckDBPyConnection, loads: Collection[str]) -> set[tuple[str, str, str]]:
        brought = connection.execute(
            "select distinct record_id from raw.kantata__time_entries where load_id in (select unnest(?))",
            [list(loads)],
        ).fetchall()
        return {("kantata", "psa", record_id) for (record_id,) in brought}

    assert OWN not in told(None)
    assert told(everything) - {OWN} < told(None)
    assert OWN in told(everything)
    assert "late_entry" not in told(everything)


def _ours(days: tuple[Built, Built]) -> dict[Cell, dict[str, Decimal]]:
    """Causes of the figures that changed on balance."""
    then, now = (_oracle(built).view.context for built in days)
    shares, changes = restated(first_day().payloads, second_day().payloads, then, now)
    return {cell: causes for cell, causes in shares.items() if cell in changes and cell[5] != "count_back"}


def _told(days: tuple[Built, Built]) -> dict[Cell, dict[str, Decimal]]:
    """What the product says of the same."""
    first, second = days
    found: dict[Cell, dict[str, Decimal]] = {}
    for row in explain(_side(first), _side(second)):
        causes = {cause: amount for cause in CAUSES if (amount := row.numerator.get(cause, ZERO))}
        if causes and row.unit != "days":
            month, company, region, practice, kpi, variant = row.cell
            found[month, company, region, practice, kpi, variant] = causes
    return found


def _oracle(built: Built) -> Solution:
    """The oracle remembers since when each entry has been approved."""
    seen = [row for day in (second_day(), first_day()) for row in day.payloads["kantata"]["time_entries"]]
    approved = [row for row in seen if row["approved"]]
    return compare.answer(built, {("time_entries", row["id"]): instant_of(row["updated_at"]) for row in approved})
