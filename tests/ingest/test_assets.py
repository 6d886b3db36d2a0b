"""Room 1 in Dagster: what the graph shows, what a step reports, how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from qtc_pipeline.ingest.assets import ReadMode, build_ingest_assets, ingest_run_config
from qtc_pipeline.ingest.schedules import hourly_increment, month_end, nightly_full
from qtc_pipeline.keys import RAW_CHECK, raw_asset_key
from qtc_pipeline.lake import Finding
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance, LegalEntity, Settings
from tests.sandbox.servers.fake_firm import FakeFirm

LINES = dg.AssetKey(raw_asset_key("netsuite", "transactionline", "erp"))
OPPORTUNITY = dg.AssetKey(raw_asset_key("salesforce", "Opportunity", "crm"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(running: Running, tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        config_path=tmp_path / "qtc.toml",
        reporting_currency="USD",
        instances=tuple(Instance(name=name, **values) for name, values in running.describe().items()),
        legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={}),),
    )


def materialize(
    settings: Settings, *keys: dg.AssetKey, mode: ReadMode = ReadMode.increment
) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            build_ingest_assets(settings),
            selection=list(keys),
            run_config=ingest_run_config(settings, mode, {key.path[-1] for key in keys}),
            instance=instance,
            raise_on_error=False,
        )


def test_there_is_one_step_per_instance_and_one_asset_per_entity(settings: Settings) -> None:
    built = build_ingest_assets(settings)
    assert [one.node_def.name for one in built] == ["ingest_crm", "ingest_psa", "ingest_erp", "ingest_ops"]
    specs = {spec.key: spec for one in built for spec in one.specs}
    assert len(specs) == 7 + 13 + 19 + 2
    for spec in specs.values():
        assert spec.group_name == "raw"
        assert spec.owners
        assert spec.description
        assert "deltalake" in spec.kinds
        assert spec.freshness_policy is not None


def test_building_the_graph_asks_for_no_secret(settings: Settings) -> None:
    bare = [one.model_copy(update={"secret_file": None, "private_key_file": None}) for one in settings.instances]
    assert build_ingest_assets(settings.model_copy(update={"instances": tuple(bare)}))


def test_a_step_reports_what_it_loaded(settings: Settings) -> None:
    result = materialize(settings, LINES, OPPORTUNITY)
    assert result.success
    (event,) = result.asset_materializations_for_node("ingest_erp")
    assert event.asset_key == LINES
    metadata = {name: value.value for name, value in event.metadata.items()}
    assert (metadata["rows"], metadata["versions"], metadata["deletes"], metadata["mode"]) == (120, 120, 0, "full")
    assert {"read_through", "seconds", "load_id", "cursor", "source_counts"} <= set(metadata)


def test_a_load_comes_with_a_check_that_says_what_was_odd_about_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qtc_pipeline.errors import LoadRefusedError
    from qtc_pipeline.ingest import assets
    from qtc_pipeline.ingest.run import Outcome

    (check,) = materialize(settings, LINES).get_asset_check_evaluations()
    assert (check.check_name, check.passed, check.metadata["findings"].value) == (RAW_CHECK, True, [])
    gone = Finding("missing_field", "error", "erp", "transactionline", "memo", "in every", "not in 9", "gone", "Look")

    def read(*args: Any, **named: Any) -> Outcome:
        del args, named
        return Outcome(failures={"transactionline": LoadRefusedError("erp", gone.detail, gone.fix, findings=[gone])})

    monkeypatch.setattr(assets, "read_instance", read)
    result = materialize(settings, LINES)
    assert not result.success
    (check,) = result.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "entity transactionline, field memo: gone" in str(check.description)


def test_only_the_chosen_assets_are_read(settings: Settings, running: Running) -> None:
    before = running.journal("crm").counts["requests"]
    assert materialize(settings, LINES).success
    assert running.journal("crm").counts["requests"] == before


def test_a_permanent_failure_fails_the_step_and_names_the_entity(settings: Settings, running: Running) -> None:
    users = dg.AssetKey(raw_asset_key("kantata", "users", "psa"))
    running.inject("psa", "field_removed", entity="users")
    time = dg.AssetKey(raw_asset_key("kantata", "time_entries", "psa"))
    result = materialize(settings, users, time)
    running.faults("psa").clear()
    assert not result.success
    assert [one.asset_key for one in result.asset_materializations_for_node("ingest_psa")] == [time]
    (failure,) = [one for one in result.all_events if one.is_step_failure]
    assert "entity users" in str(failure.step_failure_data.user_failure_data)
    assert not [one for one in result.all_events if one.is_step_up_for_retry]


def test_a_transient_failure_asks_for_another_try(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from qtc_pipeline.errors import TransientError
    from qtc_pipeline.ingest import assets
    from qtc_pipeline.ingest.run import Outcome

    monkeypatch.setattr(assets, "_SECONDS_BETWEEN", 0)
    tries = []

    def read(*args: object, **named: object) -> Outcome:
        del args, named
        tries.append(1)
        return Outcome(failures={"transactionline": TransientError("erp", "503")})

    monkeypatch.setattr(assets, "read_instance", read)
    result = materialize(settings, LINES)
    assert not result.success
    assert len(tries) == 3


def test_schedules_read_increments_by_hour_and_everything_by_night(settings: Settings) -> None:
    job = dg.define_asset_job("read", selection="*")
    built = [make(settings, job) for make in (hourly_increment, nightly_full, month_end)]
    defs = dg.Definitions(assets=build_ingest_assets(settings), jobs=[job], schedules=built)
    modes = {}
    for schedule in built:
        with dg.build_schedule_context(repository_def=defs.get_repository_def()) as context:
            requests = schedule.evaluate_tick(context).run_requests
        assert requests is not None
        modes[schedule.name] = {step["config"]["mode"] for step in requests[0].run_config["ops"].values()}
    assert modes == {"hourly_increment": {"increment"}, "nightly_full": {"full"}, "month_end": {"full"}}
