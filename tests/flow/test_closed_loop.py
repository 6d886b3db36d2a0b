"""The loop closed on the sandbox: everything a correction repairs is repaired and proven, each effect is there once."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.corrections.contract import LIVE, Kind, State
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.exceptions import list_exceptions
from qtc_pipeline.ops.models_corrections import Correction, CorrectionStep
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.sandbox.servers.serve import INSTANCES, store_path
from qtc_pipeline.sandbox.servers.store import Store
from qtc_pipeline.sandbox.servers.writing import effects
from tests.flow.jobs import asked, qtc, settings_of

pytestmark = pytest.mark.xdist_group("main_job")
_EVERYTHING_DONE = {State.RESOLVED, State.SUPERSEDED}


@pytest.fixture(scope="module")
def loop(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Home of the demo after two people agreed to everything, and what it showed before and then."""
    home = tmp_path_factory.mktemp("loop") / "home"
    shutil.copytree(demo[0], home, symlinks=True)
    return home, demo[1] + qtc(home, "demo", "--scale", "0.02", "--approve-all").stdout


@pytest.fixture(scope="module")
def ledger(loop: tuple[Path, str]) -> list[Correction]:
    with open_store(settings_of(loop[0])) as session:
        rows = corrections.list_corrections(session)
        session.expunge_all()
        return rows


@pytest.fixture(scope="module")
def steps(loop: tuple[Path, str], ledger: list[Correction]) -> list[CorrectionStep]:
    with open_store(settings_of(loop[0])) as session:
        found = [step for row in ledger for step in corrections.steps_of(session, row.correction_id)]
        session.expunge_all()
        return found


@pytest.fixture(scope="module")
def journal(loop: tuple[Path, str]) -> list[dict[str, Any]]:
    """What the simulators say was done to their records."""
    found = []
    for name, vendor in INSTANCES.items():
        store = Store(store_path(settings_of(loop[0]).sandbox_dir, name), vendor)
        found += [{**effect, "instance": name} for effect in effects(store)]
        store.close()
    return found


def test_the_demo_shows_what_was_found_repaired_and_left(loop: tuple[Path, str]) -> None:
    for expected in ("before and after", "Leakage repaired", "writes to the systems", "create_project", "owner_task"):
        assert expected in loop[1]


def test_nothing_is_left_but_what_only_people_can_decide(ledger: list[Correction]) -> None:
    assert {row.state for row in ledger if row.kind != Kind.OWNER_TASK} <= _EVERYTHING_DONE
    assert {row.state for row in ledger if row.kind == Kind.OWNER_TASK} <= {State.VERIFYING, *_EVERYTHING_DONE}
    repaired = {row.kind for row in ledger if row.state == State.RESOLVED}
    assert {"create_project", "link_records", "propagate_amendment", "transfer_time", "credit_and_rebill"} <= repaired


def test_every_exception_that_is_open_is_somebodys_task(loop: tuple[Path, str], ledger: list[Correction]) -> None:
    tasks = {row.exception_id for row in ledger if row.kind == Kind.OWNER_TASK and row.state in LIVE}
    with open_store(settings_of(loop[0])) as session:
        assert {case.exception_id for case in list_exceptions(session)} == tasks


def test_every_write_was_read_back_as_it_was_wanted(ledger: list[Correction], steps: list[CorrectionStep]) -> None:
    wanted = {(row.correction_id, one["number"]): one["write"]["new"] for row in ledger for one in row.plan["steps"]}
    confirmed = [step for step in steps if step.state == "confirmed"]
    assert confirmed
    for step in confirmed:
        seen = step.after or {}
        for name, value in wanted[step.correction_id, step.number].items():
            if not str(value).startswith("@{"):
                assert seen[name] == value, (step.entity, name)


def test_each_effect_stands_once_in_the_simulators_journal(
    journal: list[dict[str, Any]], steps: list[CorrectionStep]
) -> None:
    made = Counter(
        (effect["instance"], effect["entity"], effect["key"]) for effect in journal if effect["effect"] == "created"
    )
    assert set(made.values()) == {1}
    confirmed = [step for step in steps if step.state == "confirmed"]
    ours = Counter((step.instance, step.made_key) for step in confirmed if step.marker is not None)
    assert set(ours.values()) == {1}
    made_keys = {(instance, key) for instance, _, key in made}
    assert set(ours) <= made_keys
    changed = {(effect["instance"], effect["key"]) for effect in journal if effect["effect"] == "updated"}
    assert {(step.instance, step.record_key) for step in confirmed if step.marker is None} <= changed


def test_each_owner_task_is_once_in_the_system_its_owner_works_in(
    journal: list[dict[str, Any]], ledger: list[Correction]
) -> None:
    subjects = [str(effect["members"].get("Subject")) for effect in journal if effect["entity"] == "Task"]
    for row in ledger:
        if row.kind == Kind.OWNER_TASK:
            (step,) = row.plan["steps"]
            assert sum(step["write"]["marker"] in subject for subject in subjects) == 1


def test_the_audit_trail_of_it_all_is_whole_and_its_head_is_in_the_publication(loop: tuple[Path, str]) -> None:
    assert "rows hold" in qtc(loop[0], "audit", "verify").stdout
    with open_publication(settings_of(loop[0])) as (published, _):
        assert published.manifest["audit"]["count"] > 0


def test_what_was_repaired_is_published(loop: tuple[Path, str], ledger: list[Correction]) -> None:
    resolved = sum(row.state == State.RESOLVED for row in ledger)
    with open_publication(settings_of(loop[0])) as (_, connection):
        told = connection.execute("select count(*) from marts.fct_correction where state = 'resolved'").fetchone()
    assert told == (resolved,)
    (row,) = [one for one in asked(loop[0], "kpi", "sync_success_rate") if one["variant"] == "try"]
    assert row["value"] == "1.0000"


def test_a_run_afterwards_finds_nothing_to_do(loop: tuple[Path, str]) -> None:
    assert json.loads(qtc(loop[0], "run", "--json").stdout)["unchanged"] is True
    planned = asked(loop[0], "corrections", "plan")
    assert planned["proposals"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["corrections", "list"],
        ["corrections", "plan", "--print-only"],
        ["corrections", "queue"],
        ["corrections", "apply", "--dry-run"],
        ["dlq", "list", "--state", "all"],
        ["users", "list"],
    ],
    ids=" ".join,
)
def test_the_loops_lists_are_there_as_json_too(loop: tuple[Path, str], arguments: list[str]) -> None:
    assert json.loads(qtc(loop[0], *arguments, "--json").stdout) is not None


def test_a_correction_is_shown_with_each_field_its_evidence_and_its_tries(
    loop: tuple[Path, str], ledger: list[Correction]
) -> None:
    one = next(row for row in ledger if row.kind == Kind.CREATE_PROJECT and row.state == State.RESOLVED)
    shown = asked(loop[0], "corrections", "show", one.correction_id[:12])
    assert shown["plan"]["evidence"]
    assert {tried["outcome"] for tried in shown["attempts"]} == {"confirmed"}
    text = qtc(loop[0], "corrections", "show", one.correction_id).stdout
    assert "What it writes" in text
    assert "Evidence" in text
    story = asked(loop[0], "trace", one.qtc_id or "")
    assert any("create_project" in event["event"] for event in story)
