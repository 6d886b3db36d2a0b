"""The graph: what loading costs and shows, and what a run of it does with a build that is green, red or unchanged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml

from qtc_pipeline import keys
from qtc_pipeline.definitions import build_defs, defs
from qtc_pipeline.gates.contract import EXPECTED, MARTS, QUEUE
from qtc_pipeline.lake import Lake
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.pointer import current_id
from qtc_pipeline.ops.runs import BUILD_TAG
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import EXAMPLE, Settings, child_environment, load_settings
from qtc_pipeline.systems.registry import system
from qtc_pipeline.transform.project import prepare_manifest

pytestmark = pytest.mark.xdist_group("definitions")
ROOT = Path(__file__).resolve().parent.parent
ROOMS = {*keys.ROOMS, "seeds", "context"}
# a judge, an engine, a client of a system: nothing of it is needed to show the graph
UNWANTED = {
    *("great_expectations", "pandas", "numpy", "duckdb", "deltalake", "pyarrow", "sqlalchemy", "alembic"),
    *("httpx", "authlib", "networkx", "uvicorn", "starlette", "sqlglot"),
}


@pytest.fixture(scope="module")
def firm() -> Firm:
    return Firm(7, 0.02, defects=False)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, firm: Firm) -> Settings:
    home = tmp_path_factory.mktemp("home")
    example = load_settings(EXAMPLE, home=home).model_copy(update={"as_of": firm.as_of})
    prepare_manifest(example)
    return example


@pytest.fixture(scope="module")
def built(settings: Settings) -> dg.Definitions:
    return build_defs(settings)


@pytest.fixture(scope="module")
def specs(built: dg.Definitions) -> dict[tuple[str, ...], dg.AssetSpec]:
    return {tuple(spec.key.path): spec for spec in built.resolve_all_asset_specs()}


def test_every_asset_says_what_it_is_where_it_belongs_and_whose_it_is(
    specs: dict[tuple[str, ...], dg.AssetSpec],
) -> None:
    assert {spec.group_name for spec in specs.values()} == ROOMS
    unsaid = [key for key, spec in specs.items() if not (spec.description and spec.kinds and spec.owners)]
    assert unsaid == []


def test_every_asset_that_is_made_leads_to_its_source(built: dg.Definitions) -> None:
    graph = built.resolve_asset_graph()
    for key in graph.materializable_asset_keys:
        assert "dagster/code_references" in graph.get(key).metadata, key
    references = graph.get(dg.AssetKey(["marts", "fct_backlog"])).metadata["dagster/code_references"]
    (code,) = references.code_references
    assert Path(code.file_path).name == "fct_backlog.sql"
    assert Path(code.file_path).is_file()


def test_there_is_one_raw_asset_per_vendor_entity_and_instance(
    settings: Settings, specs: dict[tuple[str, ...], dg.AssetSpec]
) -> None:
    wanted = {
        keys.raw_asset_key(instance.vendor, entity.name, instance.name)
        for instance in settings.sources
        for entity in system(instance.vendor).entities
    }
    assert {key for key, spec in specs.items() if spec.group_name == "raw"} == wanted


def test_a_model_rests_on_the_raw_asset_of_every_instance_of_its_vendor(settings: Settings) -> None:
    (crm, *others) = settings.instances
    bought = crm.model_copy(update={"name": "crm_bought"})
    graph = build_defs(settings.model_copy(update={"instances": (crm, bought, *others)})).resolve_asset_graph()
    parents = {key.to_user_string() for key in graph.get(dg.AssetKey(["base", "base_salesforce__account"])).parent_keys}
    assert {"raw/salesforce/Account/crm", "raw/salesforce/Account/crm_bought"} <= parents
    named = {instance.vendor for instance in settings.instances}
    for key in graph.materializable_asset_keys:
        vendor = key.path[-1].removeprefix("base_").split("__")[0]
        if key.path[0] == "base" and vendor in named:
            assert any(parent.path[0] == "raw" and len(parent.path) == 4 for parent in graph.get(key).parent_keys), key


def test_the_rooms_follow_each_other_and_no_edge_leads_back(built: dg.Definitions) -> None:
    graph = built.resolve_asset_graph()
    # executive figures are put together from the KPIs: marts and KPIs are one floor
    floor = {"raw": 0, "base": 1, "staging": 2, "canonical": 3, "marts": 4, "kpis": 4, "publication": 5}
    for key in graph.materializable_asset_keys:
        for parent in graph.get(key).parent_keys:
            if key.path[0] in floor and parent.path[0] in floor:
                assert floor[parent.path[0]] <= floor[key.path[0]], (parent, key)
    assert graph.toposorted_asset_keys  # a cycle has no order


def test_the_ledger_comes_back_without_an_edge_from_the_rooms_that_write_it(built: dg.Definitions) -> None:
    graph = built.resolve_asset_graph()
    for entity, mart in (("correction", "fct_correction"), ("attempt", "fct_sync_attempt")):
        read = dg.AssetKey(["raw", "ops", entity, "ops"])
        assert graph.get(read).parent_keys == set()
        assert read in graph.get_ancestor_asset_keys(dg.AssetKey(["marts", mart]))


def test_nothing_of_step_two_is_computed_before_the_first_gates(built: dg.Definitions) -> None:
    graph = built.resolve_asset_graph()
    first = dg.AssetKey(["gates", "step_1"])
    assert first in graph.get(dg.AssetKey(["gates", "step_2"])).parent_keys
    for mart in EXPECTED:
        (schema, name) = MARTS[mart].relations[0].split(".")
        assert first in graph.get_ancestor_asset_keys(dg.AssetKey([schema, name]))


def test_every_gate_is_a_check_that_does_not_block(settings: Settings, built: dg.Definitions) -> None:
    graph = built.resolve_asset_graph()
    names = {key.name for key in graph.asset_check_keys}
    wanted = {f"{gate}_{one.name}" for gate in ("e0", "e1") for one in settings.instances}
    wanted |= {keys.gate_asset_check_name("e2", leg) for leg in QUEUE.legs}
    wanted |= {f"{gate}_{mart}" for gate in ("e0", "e1", "e3") for mart in EXPECTED}
    wanted |= {f"e2_{mart}" for mart in EXPECTED if MARTS[mart].legs}
    assert wanted <= names
    assert not any(graph.get(key).blocking for key in graph.asset_check_keys)


def test_jobs_schedules_and_sensors_are_there(built: dg.Definitions) -> None:
    repository = built.get_repository_def()
    jobs = {"refresh", "ingest_only", "publish_only"}
    jobs |= {"plan_corrections", "apply_corrections", "replay_dead_letters"}
    assert jobs <= {job.name for job in repository.get_all_jobs()}
    assert {one.name for one in repository.schedule_defs} == {"hourly_increment", "nightly_full", "month_end"}
    watching = {one.name for one in repository.sensor_defs if one.default_status is dg.DefaultSensorStatus.RUNNING}
    writing = {one.name for one in repository.sensor_defs} - watching
    assert watching == {"say_failures_once", "clear_alerts"}
    # writing to other people's systems begins when a person switches it on
    assert writing == {
        *(f"start_{name}" for name in jobs if "_" in name and "only" not in name),
        "rebuild_after_writes",
    }


def test_what_can_age_has_a_freshness_policy(specs: dict[tuple[str, ...], dg.AssetSpec]) -> None:
    for spec in specs.values():
        if spec.group_name in {"raw", "publication"}:
            assert spec.freshness_policy is not None, spec.key


def test_workspace_names_the_lazy_definitions() -> None:
    (entry,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert entry["python_module"]["module_name"] == "qtc_pipeline.definitions"
    assert entry["python_module"]["attribute"] == "defs"
    assert callable(defs)


def test_loading_needs_no_secret_no_network_and_nothing_heavy(settings: Settings, tmp_path: Path) -> None:
    code = (
        "import socket, sys, dagster, dagster_dbt\n"
        "before = {name.split('.')[0] for name in sys.modules}\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from qtc_pipeline.definitions import defs\n"
        "defs().get_repository_def().get_all_jobs()\n"
        "print(' '.join({name.split('.')[0] for name in sys.modules} - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=child_environment(QTC_HOME=str(settings.home)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert UNWANTED.isdisjoint(done.stdout.split())


@dataclass
class Firms:
    """The job run over a firm's lake, from the first dbt step on."""

    settings: Settings
    built: dg.Definitions
    instance: dg.DagsterInstance
    first: dg.ExecuteInProcessResult

    def run(self, job: str = "refresh", *rooms: str, build_id: str | None = None) -> dg.ExecuteInProcessResult:
        """Run what the job selects of these rooms, by default of all but the systems."""
        selected = self.built.resolve_job_def(job).asset_layer.selected_asset_keys
        chosen = [key for key in selected if key.path[0] in rooms or (not rooms and key.path[0] != "raw")]
        return self.built.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            asset_selection=chosen,
            raise_on_error=False,
            tags={BUILD_TAG: build_id} if build_id else None,
        )


@pytest.fixture(scope="module")
def flow(settings: Settings, built: dg.Definitions, firm: Firm) -> Iterator[Firms]:
    write_lake(firm, Lake(settings.lake_dir))
    with dg.DagsterInstance.ephemeral() as instance:
        done = Firms(settings, built, instance, None)  # type: ignore[arg-type]
        done.first = done.run()
        yield done


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        event.step_key: str(event.step_failure_data.user_failure_data or event.step_failure_data.error)
        for event in result.all_events
        if event.is_step_failure and event.step_key
    }


def materialized(result: dg.ExecuteInProcessResult) -> set[tuple[str, ...]]:
    return {tuple(event.asset_key.path) for event in result.get_asset_materialization_events() if event.asset_key}


def test_a_clean_firm_runs_green_to_its_publication(flow: Firms) -> None:
    assert failures(flow.first) == {}
    assert {("publication", name) for name in (*EXPECTED, "kpi_executive")} <= materialized(flow.first)
    checks = {check.check_name: check for check in flow.first.get_asset_check_evaluations()}
    graph = flow.built.resolve_asset_graph()
    assert {key.name for key in graph.asset_check_keys if key.asset_key.path[0] != keys.RAW} == set(checks)
    assert {name for name, check in checks.items() if not check.passed} == set()
    assert "verdicts pass" in checks["e2_backlog"].metadata
    assert current_id(flow.settings.published_dir) is not None


def test_models_carry_their_columns_and_where_they_come_from(flow: Firms) -> None:
    events = {
        tuple(event.asset_key.path): event.materialization.metadata
        for event in flow.first.get_asset_materialization_events()
        if event.asset_key
    }
    backlog = events["marts", "fct_backlog"]
    types = {column.name: column.type for column in backlog["dagster/column_schema"].value.columns}
    assert types["contract_id"] == "varchar"
    lineage = backlog["dagster/column_lineage"].value.deps_by_column
    assert [(*dep.asset_key.path, dep.column_name) for dep in lineage["contract_id"]] == [
        ("reconciliation", "int_contract_position", "contract_id")
    ]
    account = events["base", "base_salesforce__account"]["dagster/column_lineage"].value.deps_by_column
    assert {dep.asset_key.to_user_string() for deps in account.values() for dep in deps} == {
        "raw/salesforce/Account/crm"
    }


def test_an_unchanged_run_does_no_work_and_notes_none(flow: Firms) -> None:
    before = current_id(flow.settings.published_dir)
    again = flow.run()
    assert again.success
    assert {key[0] for key in materialized(again)} <= {"gates"}
    assert current_id(flow.settings.published_dir) == before
    assert flow.run("refresh", "gates").success  # the verdicts alone, without the checks on other assets


def test_a_run_overtaken_by_another_leaves_its_build_to_it(flow: Firms) -> None:
    before = current_id(flow.settings.published_dir)
    overtaken = flow.run("refresh", "gates", "publication", build_id="prepared by this run")
    assert overtaken.success
    assert materialized(overtaken) == set()
    assert overtaken.get_asset_check_evaluations() == []
    assert current_id(flow.settings.published_dir) == before


def test_a_red_gate_of_one_run_holds_what_another_run_asks_to_publish(flow: Firms) -> None:
    settings = flow.settings
    before = current_id(settings.published_dir)
    with duckdb.connect(str(settings.warehouse_path)) as warehouse:
        warehouse.execute("update reconciliation.rec_mart_total set mart_total = mart_total + 1, difference = 1")
        (build_id,) = warehouse.execute("select build_id from raw.qtc_build").fetchone() or ("",)
    with open_store(settings) as session:
        builds.unmark(session, build_id, "gates_2_at")

    run_a = flow.run("refresh", *(ROOMS - {"raw", "publication"}))
    assert run_a.success  # red checks do not fail the run that judges
    red = {check.check_name for check in run_a.get_asset_check_evaluations() if not check.passed}
    assert red == {f"e3_{mart}" for mart in EXPECTED}

    for _ in range(2):
        run_b = flow.run("publish_only")
        assert set(failures(run_b)) == {"publish"}
        for mart in EXPECTED:
            assert f"{mart}: e3 carried.{mart}" in failures(run_b)["publish"]
        assert materialized(run_b) == set()
        assert current_id(settings.published_dir) == before

    run_c = flow.run()  # nothing changed, but an expected mart is held: the run must not end green
    assert set(failures(run_c)) == {"publish"}
    assert current_id(settings.published_dir) == before
