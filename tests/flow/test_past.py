"""Numbers can be derived again for any past moment, and every change between two publications has its causes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.publish.reader import list_publications
from tests.flow.jobs import asked, qtc, settings_of

pytestmark = pytest.mark.xdist_group("main_job")


@pytest.fixture(scope="module")
def publications(day_later: Path) -> tuple[str, str]:
    """Ids of the last publication of the demo and of the one a day later."""
    second, first, *_ = list_publications(settings_of(day_later))
    return first.publication_id, second.publication_id


@pytest.fixture(scope="module")
def rebuilt(day_later: Path, publications: tuple[str, str]) -> Any:
    """What building the first publication again said."""
    return asked(day_later, "publish", "rebuild", publications[0])


def test_a_past_publication_built_again_is_equal_row_for_row(rebuilt: Any, publications: tuple[str, str]) -> None:
    assert rebuilt["then"] == publications[0]
    assert rebuilt["same_code"] is True
    assert rebuilt["rule_change"] == []
    assert {"kpis.kpi_executive", "marts.fct_backlog", "marts.fct_margin", "marts.fct_movement"} <= set(
        rebuilt["equal"]
    )


def test_what_was_known_at_an_instant_is_the_publication_of_that_instant(
    day_later: Path, rebuilt: Any, publications: tuple[str, str]
) -> None:
    first = next(one for one in list_publications(settings_of(day_later)) if one.publication_id == publications[0])
    known = asked(day_later, "run", "--known-at", first.manifest["created_at"])
    assert (known["then"], known["equal"]) == (publications[0], rebuilt["equal"])
    reported = asked(day_later, "kpi", "unbilled_time", "--known-at", first.manifest["created_at"])
    assert reported == asked(day_later, "kpi", "unbilled_time", "--publication", publications[0])
    assert "nothing had been published by then" in qtc(day_later, "kpi", "--known-at", "2001-01-01", expect=1).stderr


def test_a_rebuild_leaves_the_present_as_it_is(day_later: Path, rebuilt: Any, publications: tuple[str, str]) -> None:
    assert Path(rebuilt["home"]).is_relative_to(day_later / "past")
    assert asked(day_later, "run")["unchanged"] is True
    latest = [one.publication_id for one in list_publications(settings_of(day_later))][:2]
    assert latest == list(reversed(publications))


def test_every_restated_figure_is_the_sum_of_its_causes(
    day_later: Path, rebuilt: Any, publications: tuple[str, str]
) -> None:
    assert rebuilt["equal"]
    found = asked(day_later, "publish", "diff", publications[0])
    assert (found["earlier"], found["later"]) == publications
    assert found["rows"]
    for row in found["rows"]:
        assert row["causes"], row
        if row["unit"] == "amount" and row["before"] is not None and row["after"] is not None:
            told = sum(Decimal(str(row.get(cause, 0))) for cause in row["causes"])
            assert told == Decimal(str(row["after"])) - Decimal(str(row["before"])), row
    assert "rule_change" not in {cause for row in found["rows"] for cause in row["causes"]}
    assert {"late_entry", "correction"} <= {cause for row in found["rows"] for cause in row["causes"]}


@pytest.mark.parametrize("kpi_id", ["unbilled_time", "utilization", "ar_aging", "margin"])
def test_the_records_of_a_drill_sum_to_the_figure(day_later: Path, kpi_id: str) -> None:
    drilled = asked(day_later, "kpi", kpi_id, "--drill")
    rows = asked(day_later, "kpi", kpi_id, "--variants")["variants"]
    figure = next(one for one in rows if one["variant"] == drilled["variant"])
    assert Decimal(str(drilled["numerator"])) == Decimal(str(figure["numerator"]))
    assert sum(Decimal(str(one["numerator"] or 0)) for one in drilled["records"]) == Decimal(str(drilled["numerator"]))
    assert all(one["source_id"] and one["source_load_id"] for one in drilled["records"])


def test_the_bridge_between_variants_sums(day_later: Path) -> None:
    shown = asked(day_later, "kpi", "utilization", "--variants")
    values = {one["variant"]: Decimal(str(one["value"])) for one in shown["variants"]}
    assert len(values) >= 5
    for variant, value in values.items():
        steps = [Decimal(str(step["change"])) for step in shown["bridge"] if step["variant"] == variant]
        assert abs(values[shown["default"]] + sum(steps, Decimal(0)) - value) <= Decimal("0.0001")


def test_one_figure_is_explained_from_the_kpi_to_the_vendors_fields(day_later: Path, rebuilt: Any) -> None:
    assert rebuilt["equal"]
    told = asked(day_later, "explain", "unbilled_time")
    assert {"kantata.time_entries.time_in_minutes", "salesforce.Contract_Rate__c.Rate__c"} <= set(told["fields"])
    assert Decimal(str(told["sum"]["numerator"])) == Decimal(str(told["figure"]["numerator"]))
    assert {one["gate"] for one in told["gates"]} >= {"e0", "e1", "e2", "e3"}
    total = {name: Decimal(str(value)) for name, value in told["control_total"].items() if name.endswith("_total")}
    assert total["left_total"] - total["right_total"] == (
        total["break_total"] + total["timing_total"] + total["reconciling_total"] + total["unexplained_total"]
    )
    shown = qtc(day_later, "explain", "utilization").stdout
    for heading in ("The figure", "Where it comes from", "bridge", "What changed", "How we know"):
        assert heading in shown
