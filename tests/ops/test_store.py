from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops import builds, exceptions, verdicts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from tests.gates.small import AS_OF, settings_in

pytestmark = pytest.mark.xdist_group("postgres")


def found(**changes: Any) -> dict[str, Any]:
    row = {
        "exception_id": "e1",
        "rule_id": "approved_time",
        "leg": "approved_time.erp",
        "kind": "break",
        "break_class": "time_not_transferred",
        "grain_key": "t1",
        "base": "leakage",
        "rank": 7,
        "owner_role": "delivery",
        "exposure_amount": Decimal("10.10"),
        "exposure_reporting": Decimal("10.10"),
        "blocked_amount": None,
        "difference": Decimal(60),
        "currency": "USD",
        "qtc_id": None,
        "customer_id": None,
        "contract_id": None,
        "legal_entity_id": "US",
        "region": None,
        "workflow_stage": "delivery",
        "period": "2026-05",
        "failure_reason": "not in the ERP",
        "left_ref": "t1",
        "right_ref": None,
        "sla_due": AS_OF + timedelta(days=3),
    }
    return {**row, **changes}


def synced(
    settings: Settings, build_id: str, *rows: dict[str, Any], green: bool = True, on_their_way: str = ""
) -> exceptions.SyncCounts:
    with open_store(settings) as session:
        return exceptions.sync(
            session,
            build_id=build_id,
            as_of=AS_OF + timedelta(days=int(build_id)),
            found=rows,
            green_legs=["approved_time.erp"] if green else [],
            on_their_way={("approved_time.erp", on_their_way)},
        )


def test_the_embedded_store_is_in_write_ahead_mode(tmp_path: Path) -> None:
    with open_store(settings_in(tmp_path)) as session:
        assert session.execute(text("pragma journal_mode")).scalar() == "wal"


def test_money_keeps_every_digit_and_instants_their_zone(settings: Settings) -> None:
    amount = Decimal("12345678901234567890.1234")
    with open_store(settings) as session:
        row = {"mart": "margin", "gate": "e2", "rule_id": "r", "verdict": "pass", "watermarks": {}}
        verdicts.replace_verdicts(session, "b", 2, [{**row, "expected": amount, "checked_at": AS_OF}])
    with open_store(settings) as session:
        stored = verdicts.verdicts_of(session, "b")[0]
        assert (stored.expected, stored.checked_at) == (amount, AS_OF)


def test_an_instant_without_zone_is_refused(settings: Settings) -> None:
    naive = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    with open_store(settings) as session, pytest.raises(Exception, match="has no time zone"):
        verdicts.active_waivers(session, naive)


def test_first_openings_at_the_same_moment_make_the_tables_once(settings: Settings) -> None:
    code = f"""
from sqlalchemy import text
from pathlib import Path
from qtc_pipeline.ops.store import open_store
from tests.gates.small import settings_in
settings = settings_in(Path({str(settings.home)!r}))
with open_store(settings.model_copy(update={{"ops_database_url": {settings.ops_database_url!r}}})) as session:
    assert session.execute(text("select count(*) from build")).scalar() == 0
"""
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [one.wait(timeout=120) for one in started] == [0, 0]


def test_a_home_removed_and_made_again_gets_its_tables_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "var")
    for _ in range(2):
        with open_store(settings) as session:
            assert exceptions.list_exceptions(session) == []
        shutil.rmtree(settings.home)


def test_marking_a_part_of_a_build_undoes_what_follows_it(settings: Settings) -> None:
    with open_store(settings) as session:
        values = {"previous_build_id": None, "as_of": AS_OF, "package_version": "0", "inputs": {}}
        builds.start_build(session, build_id="b", inputs_digest="d", **values)
        for mark in builds.MARKS:
            builds.mark(session, "b", mark)
        builds.mark(session, "b", "step_2_at")
        build = builds.the_build(session, "b")
        assert build.gates_1_at is not None
        assert (build.gates_2_at, build.published_at) == (None, None)


def test_an_exception_opens_stays_resolves_and_returns_as_its_second_occurrence(settings: Settings) -> None:
    assert synced(settings, "1", found()) == exceptions.SyncCounts(1, 0, 0, 0)
    assert synced(settings, "2", found()) == exceptions.SyncCounts(0, 0, 1, 0)
    assert synced(settings, "3") == exceptions.SyncCounts(0, 0, 0, 1)
    assert synced(settings, "4", found()) == exceptions.SyncCounts(0, 1, 0, 0)
    with open_store(settings) as session:
        case = exceptions.find_exception(session, "e1")
        assert (case.occurrence, case.state) == (2, "open")
        assert case.first_seen == AS_OF + timedelta(days=4)
        lives = exceptions.occurrences_of(session, "e1")
        assert [(one.opened_build_id, one.resolved_build_id) for one in lives] == [("1", "3"), ("4", None)]


def test_a_change_of_class_is_not_a_new_exception(settings: Settings) -> None:
    synced(settings, "1", found())
    counts = synced(settings, "2", found(break_class="unknown_code", rank=6, exposure_amount=Decimal(5)))
    assert counts == exceptions.SyncCounts(0, 0, 1, 0)
    with open_store(settings) as session:
        case = exceptions.find_exception(session, "e1")
        assert (case.break_class, case.exposure_amount, case.occurrence) == ("unknown_code", Decimal(5), 1)
        assert case.first_seen == AS_OF + timedelta(days=1)


def test_a_leg_that_is_not_green_neither_opens_nor_resolves(settings: Settings) -> None:
    synced(settings, "1", found())
    assert synced(settings, "2", found(exception_id="e2"), green=False) == exceptions.SyncCounts(0, 0, 0, 0)
    with open_store(settings) as session:
        assert [case.exception_id for case in exceptions.list_exceptions(session)] == ["e1"]


def test_exceptions_are_listed_by_exposure_and_found_by_the_beginning_of_their_id(settings: Settings) -> None:
    synced(
        settings,
        "1",
        found(exception_id="aa1", exposure_reporting=Decimal(9)),
        found(exception_id="ab2", exposure_reporting=Decimal(100)),
        found(exception_id="ac3", exposure_reporting=None),
    )
    with open_store(settings) as session:
        assert [case.exception_id for case in exceptions.list_exceptions(session)] == ["ab2", "aa1", "ac3"]
        assert exceptions.find_exception(session, "ab").exception_id == "ab2"
        with pytest.raises(QtcError, match="several begin so"):
            exceptions.find_exception(session, "a")
        with pytest.raises(QtcError, match="there is none"):
            exceptions.find_exception(session, "%")


def test_an_exception_whose_row_changed_since_it_was_read_is_neither_repaired_nor_seen(settings: Settings) -> None:
    synced(settings, "1", found())
    counts = synced(settings, "2", on_their_way="t1")
    assert (counts.kept, counts.resolved) == (0, 0)
    with open_store(settings) as session:
        (case,) = exceptions.list_exceptions(session)
        assert (case.state, case.last_build_id) == ("open", "1")
    assert synced(settings, "3").resolved == 1
