from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.errors import PublicationError, PublicationHeldError
from qtc_pipeline.gates.contract import EQUATIONS, JUDGED, MARTS
from qtc_pipeline.gates.legs import green_legs
from qtc_pipeline.ops import builds, exceptions, publications, verdicts
from qtc_pipeline.ops.pointer import current_id
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.publish import publish, recover, rollback
from qtc_pipeline.publish.reader import current_publication, list_publications, open_publication
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows
from tests.gates.small import break_warehouse, make_warehouse, settings_in

NOTHING: Mapping[str, str] = {}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "var")


def judged_build(settings: Settings, build_id: str, red: Mapping[str, str] = NOTHING, *breaking: str) -> None:
    """A build in the warehouse with stored verdicts: all green, but `red` maps a mart to the gate that failed."""
    make_warehouse(settings, build_id, *breaking)
    rows: list[dict[str, Any]] = []
    for mart in JUDGED:
        for gate in EQUATIONS:
            fails = red.get(mart.name) == gate
            rows.append(
                {
                    "mart": mart.name,
                    "gate": str(gate),
                    "rule_id": "completeness.crm.contract" if gate == "e0" else f"rule of {mart.name}",
                    "verdict": "fail" if fails else "pass",
                    "reason": f"{mart.name} broke" if fails else None,
                    "watermarks": {},
                    "checked_at": datetime.now(UTC),
                }
            )
    with open_store(settings) as session:
        verdicts.replace_verdicts(session, build_id, 2, rows)
        for mark in ("gates_1_at", "step_2_at", "gates_2_at"):
            builds.mark(session, build_id, mark)  # type: ignore[arg-type]


def read(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with open_publication(settings) as (_, connection):
        return read_rows(connection, sql)


def states(settings: Settings) -> dict[str, str]:
    with open_store(settings) as session:
        return {one.build_id: one.state for one in publications.all_publications(session)}


def test_a_green_build_becomes_files_a_manifest_and_the_current_publication(settings: Settings) -> None:
    judged_build(settings, "build-a")
    made = publish(settings).publication
    assert made is not None
    assert made.is_current
    manifest = made.manifest
    assert manifest["build_id"] == "build-a"
    assert manifest["load_ids"] == ["l1", "l2", "l3"]
    assert {one["status"] for one in manifest["marts"].values()} == {"final"}
    assert manifest["tables"]["marts.fct_backlog"]["rows"] == 4
    assert manifest["verdicts"]["backlog"]["e2"] == {"pass": 1}
    assert manifest["audit"] == {"count": 0, "hash": "0" * 64}
    files = {path.name for path in made.folder.iterdir()}
    assert files == {"publication.duckdb", "parquet", "manifest.json", "qtc.toml"}
    assert (made.folder / "parquet" / "marts.fct_backlog.parquet").is_file()
    assert not os.access(made.database, os.W_OK) or made.database.stat().st_mode & 0o222 == 0
    assert [row["n"] for row in read(settings, "select count(*) as n from marts.fct_backlog")] == [4]


def test_equal_contents_have_equal_hashes_whatever_the_order_of_rows(settings: Settings) -> None:
    judged_build(settings, "build-a")
    first = publish(settings).publication
    judged_build(
        settings,
        "build-b",
        NOTHING,
        "create table again as select * from marts.fct_backlog order by record_id desc",
        "delete from marts.fct_backlog",
        "insert into marts.fct_backlog from again",
    )
    second = publish(settings).publication
    judged_build(settings, "build-c", NOTHING, "update marts.fct_backlog set backlog = 100.0001 where record_id = 'c1'")
    third = publish(settings).publication
    assert first is not None
    assert second is not None
    assert third is not None
    hashes = [one.manifest["tables"]["marts.fct_backlog"]["content_hash"] for one in (first, second, third)]
    assert hashes[0] == hashes[1]
    assert hashes[1] != hashes[2]


def test_what_is_green_is_published_and_what_is_not_is_held_with_its_reason(settings: Settings) -> None:
    judged_build(settings, "build-a", {"margin": "e1"})
    with pytest.raises(PublicationHeldError, match="margin broke") as held:
        publish(settings)
    assert set(held.value.held) == {"margin"}
    tables = {row["name"] for row in read(settings, "select table_name as name from information_schema.tables")}
    assert "fct_backlog" in tables
    assert "fct_margin" not in tables
    kpis = read(settings, "select kpi_id, value, status, kpi_status, build_id from kpis.kpi_executive order by kpi_id")
    assert [(row["kpi_id"], row["value"], row["status"], row["build_id"]) for row in kpis] == [
        ("backlog", Decimal("350.0000"), "final", "build-a"),
        ("margin", None, "held", "build-a"),
    ]
    assert kpis[0]["kpi_status"] is None
    assert "margin broke" in kpis[1]["kpi_status"]


def test_a_red_gate_of_run_a_binds_a_publish_asked_for_in_run_b(settings: Settings) -> None:
    judged_build(settings, "build-a")
    publish(settings)
    before = current_id(settings.published_dir)
    everything = dict.fromkeys(MARTS, "e0")
    judged_build(settings, "build-b", everything, "update marts.fct_backlog set backlog = 0")
    for _ in range(2):
        with pytest.raises(PublicationHeldError):
            publish(settings)
    assert current_id(settings.published_dir) == before
    assert len(list_publications(settings)) == 1
    assert read(settings, "select sum(backlog) as total from marts.fct_backlog") == [{"total": Decimal("500.0000")}]


def test_a_build_no_gate_has_judged_is_not_published(settings: Settings) -> None:
    make_warehouse(settings, "build-a")
    with pytest.raises(PublicationHeldError, match="e0 was not evaluated"):
        publish(settings)
    assert current_publication(settings) is None


def test_a_build_the_warehouse_does_not_hold_is_refused(settings: Settings) -> None:
    judged_build(settings, "build-a")
    with pytest.raises(PublicationError, match="the warehouse holds build build-a"):
        publish(settings, "build-z")


def test_publishing_the_same_build_again_changes_nothing(settings: Settings) -> None:
    judged_build(settings, "build-a")
    publish(settings)
    again = publish(settings)
    assert not again.is_new
    assert len(list_publications(settings)) == 1


def test_rolling_back_stays_until_the_data_asks_for_a_new_publication(settings: Settings) -> None:
    for build_id in ("build-a", "build-b"):
        judged_build(settings, build_id)
        publish(settings)
    newest, oldest = list_publications(settings)
    assert newest.is_current
    rollback(settings, oldest.publication_id)
    assert states(settings) == {"build-a": "published", "build-b": "withdrawn"}
    again = publish(settings)
    assert (again.is_new, again.note) == (False, "was rolled back and stays so")
    assert current_id(settings.published_dir) == oldest.publication_id
    rollback(settings, newest.publication_id)
    assert states(settings) == {"build-a": "published", "build-b": "published"}
    judged_build(settings, "build-c")
    publish(settings)
    assert current_id(settings.published_dir) not in {newest.publication_id, oldest.publication_id}


def test_a_rollback_to_nothing_known_is_refused(settings: Settings) -> None:
    judged_build(settings, "build-a")
    publish(settings)
    with pytest.raises(PublicationError, match="there is none"):
        rollback(settings, "2031")


@pytest.mark.parametrize(
    "columns",
    [
        "'r1' as resource_id, 50.0 as labour_cost",
        "1 as project, 80.0 as cost_rate",
        "'Ada' as resource_name, 1 as cost",
    ],
)
def test_what_a_person_costs_is_never_published(settings: Settings, columns: str) -> None:
    judged_build(settings, "build-a", NOTHING, f"create or replace table marts.fct_margin as select {columns}")
    with pytest.raises(PublicationError, match="would show what a person earns"):
        publish(settings)
    assert current_publication(settings) is None
    assert [path.name for path in settings.published_dir.iterdir() if not path.name.startswith(".")] == []


def test_movements_of_a_held_stock_stay_those_of_the_publication_that_had_them(settings: Settings) -> None:
    judged_build(settings, "build-a")
    first = publish(settings).publication
    assert first is not None
    sources = dict.fromkeys(("backlog", "unbilled", "ar", "contract_position"), first.publication_id)
    assert first.manifest["movement_sources"] == sources
    judged_build(settings, "build-b", {"backlog": "e2"})
    with open_store(settings) as session:
        build = builds.the_build(session, "build-b")
        build.inputs = {**build.inputs, "previous_movement_sources": sources}
    with pytest.raises(PublicationHeldError):
        publish(settings)
    second = current_publication(settings)
    assert second is not None
    assert second.manifest["movement_sources"]["backlog"] == first.publication_id
    assert second.manifest["movement_sources"]["ar"] == second.publication_id
    assert read(settings, "select distinct stock from marts.fct_movement") == [{"stock": "ar"}]


def test_a_spoiled_relation_of_another_build_is_never_published(settings: Settings) -> None:
    judged_build(settings, "build-a")
    failure = builds.Failure("model.qtc.kpi_executive", "step_2", "error", "boom", ("kpis.kpi_executive",))
    with open_store(settings) as session:
        builds.replace_failures(session, "build-a", "step_2", [failure])
    with pytest.raises(PublicationHeldError, match="kpi_executive"):
        publish(settings)
    tables = {row["name"] for row in read(settings, "select table_name as name from information_schema.tables")}
    assert "kpi_executive" not in tables


def test_breaks_of_a_green_leg_become_exceptions_of_the_publication(settings: Settings) -> None:
    exposed = "insert into small.exposure values ('contract_value.psa', 'leakage', '2026-05', 'US', 12.5)"
    judged_build(settings, "build-a", NOTHING, exposed)
    outcome = publish(settings)
    assert outcome.exceptions == exceptions.SyncCounts(1, 0, 0, 0)
    rows = read(settings, "select break_class, exposure_amount, occurrence, owner_role from published.exception")
    assert [(row["break_class"], row["exposure_amount"], row["occurrence"], row["owner_role"]) for row in rows] == [
        ("amendment_not_propagated", Decimal("12.500000"), 1, "sales")
    ]
    judged_build(settings, "build-b")
    assert publish(settings).exceptions == exceptions.SyncCounts(0, 0, 0, 1)
    assert read(settings, "select exposure_amount, sla_due from published.exception") == []


def test_only_legs_whose_systems_are_whole_and_whose_differences_are_named_speak() -> None:
    class Said:
        def __init__(self, gate: str, rule_id: str, verdict: str) -> None:
            self.gate, self.rule_id, self.verdict = gate, rule_id, verdict
            self.reason, self.exposure = None, None

    legs = {"contract_value.psa": {"crm", "psa"}, "revenue.gl": {"erp"}, "rollforward.ar": {"erp"}}
    whole = [Said("e0", "completeness.crm.contract", "pass"), Said("e1", "conservation.crm.contract", "pass")]
    named = [Said("e2", "contract_value.psa", "pass")]
    assert green_legs([*whole, *named], legs) == set(legs)
    assert green_legs(named, legs) == set()
    short = Said("e0", "completeness.psa.workspaces", "fail")
    assert green_legs([*whole, *named, short], legs) == {"revenue.gl"}
    unnamed = Said("e2", "revenue.gl", "fail")
    assert green_legs([*whole, *named, unnamed], legs) == {"contract_value.psa", "rollforward.ar"}


KILLED = """
import os, signal, sys
from pathlib import Path
from qtc_pipeline.publish import publish as room
from qtc_pipeline.ops import publications
from tests.gates.small import settings_in

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

where, home = sys.argv[1], Path(sys.argv[2])
owner, name = {"files": (room, "write_files"), "manifest": (room, "write_manifest"), "row": (publications, "prepare"),
    "pointer": (room, "move_pointer"), "published": (publications, "set_state"), "mark": (room.builds, "mark")}[where]
setattr(owner, name, die)
room.publish(settings_in(home))
"""


@pytest.mark.parametrize("where", ["files", "manifest", "row", "pointer", "published", "mark"])
def test_a_publish_killed_anywhere_is_completed_by_the_next_one(settings: Settings, where: str) -> None:
    judged_build(settings, "build-a")
    publish(settings)
    judged_build(settings, "build-b", NOTHING, "update marts.fct_backlog set backlog = backlog * 2")
    killed = subprocess.run([sys.executable, "-c", KILLED, where, str(settings.home)], check=False)
    assert killed.returncode == -signal.SIGKILL
    between = read(settings, "select sum(backlog) as total from marts.fct_backlog")[0]["total"]
    assert between in {Decimal(500), Decimal(1000)}
    publish(settings)
    recover(settings)
    assert read(settings, "select sum(backlog) as total from marts.fct_backlog") == [{"total": Decimal(1000)}]
    current = current_publication(settings)
    assert current is not None
    assert current.manifest["build_id"] == "build-b"
    with open_store(settings) as session:
        assert builds.the_build(session, "build-b").published_at is not None
        rows = [(one.publication_id, one.state) for one in publications.all_publications(session)]
    assert [state for one, state in rows if one == current.publication_id] == ["published"]
    assert {state for _, state in rows} <= {"published", "abandoned"}
    folders = sorted(path.name for path in settings.published_dir.iterdir())
    assert folders == sorted(["current", *(one.publication_id for one in list_publications(settings))])


READER = """
import sys, time
from pathlib import Path
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.warehouse import read_rows
from tests.gates.small import settings_in

settings = settings_in(Path(sys.argv[1]))
seen, reads = [], 0
print("ready", flush=True)
while not (settings.home / "stop").exists():
    with open_publication(settings) as (published, connection):
        row = read_rows(connection, '''
            select
                (select sum(backlog) from marts.fct_backlog) as mart,
                (select sum(backlog) from kpis.kpi_backlog) as kpi,
                (select min(build_id) from published.mart_status) as build_id
        ''')[0]
    assert row["mart"] == row["kpi"], row
    assert row["build_id"] == published.manifest["build_id"], row
    reads += 1
    time.sleep(0.02)
    if not seen or seen[-1] != row["build_id"]:
        seen.append(row["build_id"])
assert seen == sorted(seen), seen
print(reads, len(seen))
"""


def test_eight_readers_loop_during_publications_without_error_or_half_a_state(settings: Settings) -> None:
    judged_build(settings, "build-0")
    publish(settings)
    command = [sys.executable, "-c", READER, str(settings.home)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for number in range(1, 5):
            judged_build(
                settings,
                f"build-{number}",
                NOTHING,
                f"update marts.fct_backlog set backlog = backlog + {number}",
                "create or replace table kpis.kpi_backlog as "
                "select legal_entity_id, sum(backlog) as backlog from marts.fct_backlog group by all",
            )
            publish(settings)
    finally:
        (settings.home / "stop").touch()
        answers = [reader.communicate(timeout=120) for reader in readers]
    assert [(reader.returncode, error) for reader, (_, error) in zip(readers, answers, strict=True)] == [(0, "")] * 8
    counted = [tuple(map(int, text.split())) for text, _ in answers]
    assert all(reads >= 1 for reads, _ in counted)
    assert max(itertools.chain.from_iterable(counted)) >= 2


def test_the_manifest_repeats_what_the_rows_of_the_database_say(settings: Settings) -> None:
    judged_build(settings, "build-a")
    made = publish(settings).publication
    assert made is not None
    told = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    rows = read(settings, "select mart, status from published.mart_status")
    assert {row["mart"]: row["status"] for row in rows} == {name: one["status"] for name, one in told["marts"].items()}


def test_the_warehouse_may_be_broken_after_publishing_without_harm_to_readers(settings: Settings) -> None:
    judged_build(settings, "build-a")
    publish(settings)
    break_warehouse(settings, "drop table marts.fct_backlog")
    assert read(settings, "select count(*) as n from marts.fct_backlog") == [{"n": 4}]
