"""dbt itself on a project of a few models: progress, failures that spoil only what rests on them, a killed parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from qtc_pipeline.errors import TransformError
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform import project
from qtc_pipeline.transform.context import prepare
from qtc_pipeline.transform.dbt import StepResult, run_step, selection, touched
from qtc_pipeline.transform.project import load_manifest, prepare_manifest, project_dir
from qtc_pipeline.warehouse import open_read_only, read_rows
from tests.gates.small import settings_in

PROJECT = """
name: qtc
version: '1.0.0'
config-version: 2
profile: qtc
model-paths: [models]
macro-paths: [macros]
flags: {send_anonymous_usage_stats: false}
models:
  qtc:
    canonical: {+schema: canonical, +tags: [step_1], +materialized: table}
    marts: {+schema: marts, +tags: [step_2], +materialized: table}
"""
MODELS = {
    "sources.yml": (
        "sources:\n  - name: raw\n    schema: raw\n    tables: [{name: qtc_build}, {name: salesforce__account}]\n"
    ),
    "canonical/core_contract.sql": "select 1 as contract_id union all select {second}",
    "canonical/core_contract.yml": (
        "models:\n  - name: core_contract\n    columns: [{name: contract_id, data_tests: [unique]}]\n"
    ),
    "canonical/core_slow.sql": "select count(*) as n from range({rows}) as a(x), range(100000) as b(y) where x <> y",
    "marts/fct_backlog.sql": "select * from {{{{ ref('core_contract') }}}}",
    "marts/fct_margin.sql": "select build_id from {{{{ source('raw', 'qtc_build') }}}}",
}


def write_project(folder: Path, second: int = 2, rows: int = 1) -> None:
    for name, text in MODELS.items():
        path = folder / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(second=second, rows=rows) if name.endswith(".sql") else text, encoding="utf-8")
    (folder / "macros").mkdir(exist_ok=True)
    for name in ("profiles.yml", "macros/generate_schema_name.sql"):
        (folder / name).write_text((REAL / name).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")


REAL = project_dir()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project, "project_dir", lambda: tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "var")


def both_steps(settings: Settings) -> tuple[StepResult, StepResult]:
    prepare(settings)
    return run_step(settings, "step_1"), run_step(settings, "step_2")


def tables(settings: Settings) -> set[str]:
    with open_read_only(settings.warehouse_path) as connection:
        rows = read_rows(connection, "select table_name as name from information_schema.tables")
    return {row["name"] for row in rows}


def test_two_steps_build_the_project_and_tell_how_far_they_are(folder: Path, settings: Settings) -> None:
    write_project(folder)
    prepare(settings)
    told: list[tuple[int, int, str]] = []
    first = run_step(settings, "step_1", lambda done, total, text: told.append((done, total, text)))
    assert (first.nodes, first.failures, first.was_done) == (3, (), False)
    assert {total for _, total, _ in told} == {3}
    assert any(text.startswith("core_contract") for _, _, text in told)
    assert not tables(settings) & {"fct_backlog", "fct_margin"}
    run_step(settings, "step_2")
    assert tables(settings) >= {"fct_backlog", "fct_margin"}
    assert run_step(settings, "step_2").was_done


def test_a_failed_test_keeps_out_what_rests_on_it_and_nothing_else(folder: Path, settings: Settings) -> None:
    write_project(folder, second=1)
    first, second = both_steps(settings)
    (failure,) = first.failures
    assert failure.status == "fail"
    assert failure.relations == ("canonical.core_contract", "marts.fct_backlog")
    assert second.failures == ()
    assert "fct_margin" in tables(settings)
    assert "fct_backlog" not in tables(settings)
    with open_store(settings) as session:
        assert builds.failures_of(session, second.build_id) == [failure]
    assert selection(settings, second.build_id, "step_2")[4:] == ["--exclude", "core_contract", "fct_backlog"]


def test_a_test_skipped_for_a_failed_model_spoils_none_of_the_others_it_reads(folder: Path, settings: Settings) -> None:
    write_project(folder)
    failing = folder / "models" / "marts" / "fct_backlog.sql"
    failing.write_text("select cast(contract_id || 'x' as integer) from {{ ref('core_contract') }}", encoding="utf-8")
    (folder / "tests").mkdir()
    reading_both = "select 1 from {{ ref('fct_backlog') }}, {{ ref('fct_margin') }} where false"
    (folder / "tests" / "assert_both.sql").write_text(
        f"{{{{ config(tags=['step_2']) }}}} {reading_both}", encoding="utf-8"
    )
    _, second = both_steps(settings)
    assert [(one.status, one.relations) for one in second.failures] == [("error", ("marts.fct_backlog",))]


def test_a_project_that_does_not_parse_is_named_with_its_file(folder: Path, settings: Settings) -> None:
    write_project(folder)
    (folder / "models" / "marts" / "fct_backlog.sql").write_text("select * from {{ ref('nowhere') }}", encoding="utf-8")
    with pytest.raises(TransformError, match="nowhere"):
        prepare_manifest(settings)


def test_a_manifest_is_prepared_once_per_project(folder: Path, settings: Settings) -> None:
    write_project(folder)
    stamp = prepare_manifest(settings).stat().st_mtime_ns
    assert prepare_manifest(settings).stat().st_mtime_ns == stamp
    write_project(folder, second=3)
    assert prepare_manifest(settings).stat().st_mtime_ns != stamp
    assert touched(load_manifest(settings), "model.qtc.core_contract") == (
        "canonical.core_contract",
        "marts.fct_backlog",
    )


def test_dbt_of_a_killed_run_is_ended_by_the_next_one_which_completes_the_build(
    folder: Path, settings: Settings
) -> None:
    write_project(folder, rows=10_000_000)
    prepare(settings)
    code = f"""
from pathlib import Path
from qtc_pipeline.transform import project
from qtc_pipeline.transform.dbt import run_step
from tests.gates.small import settings_in
project.project_dir = lambda: Path({str(folder)!r})
run_step(settings_in(Path({str(settings.home)!r})), "step_1", lambda *_: print("working", flush=True))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "working\n"  # one model is done, the slow one runs
    (orphan,) = (one for one in psutil.Process(parent.pid).children() if "dbt" in " ".join(one.cmdline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert orphan.is_running()
    write_project(folder)
    started = time.monotonic()
    first, second = both_steps(settings)
    assert time.monotonic() - started < 120
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert (first.failures, second.failures) == ((), ())
    assert tables(settings) >= {"core_slow", "fct_backlog", "fct_margin"}
