"""Alerts: one per cause, said once, cleared when the step succeeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import dagster as dg
import pytest

from qtc_pipeline.errors import TransformError
from qtc_pipeline.keys import RAW_CHECK
from qtc_pipeline.lake import Finding
from qtc_pipeline.observe.alerts import alerts_path, cause_of, clear, open_alerts, raise_once
from qtc_pipeline.observe.sensors import build_sensors
from qtc_pipeline.settings import Instance, LegalEntity, Settings

HELD = "build {build}: margin: exposure revenue.gl: exposure is over the tolerance (US: amount {amount})"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        config_path=tmp_path / "qtc.toml",
        reporting_currency="USD",
        instances=(Instance(name="crm", vendor="salesforce", roles=("crm",), base_url="http://127.0.0.1:1"),),
        legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={}),),
    )


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as one:
        yield one


def sentences(settings: Settings) -> list[str]:
    return [alert.sentence for alert in open_alerts(settings)]


def test_the_same_cause_of_two_runs_is_said_once(settings: Settings) -> None:
    first = raise_once(settings, [("publish", HELD.format(build="4f3a2b1c9d8e", amount="1234.50"))], "run-1")
    second = raise_once(settings, [("publish", HELD.format(build="0a1b2c3d4e5f", amount="1300.00"))], "run-2")
    assert len(first) == 1
    assert second == []
    assert len(alerts_path(settings).read_text().splitlines()) == 1


def test_another_cause_of_the_same_step_is_said_too(settings: Settings) -> None:
    raise_once(settings, [("publish", "margin: held")], "run-1")
    assert len(raise_once(settings, [("publish", "backlog: held")], "run-2")) == 1
    assert cause_of("publish", "x") != cause_of("ingest_crm", "x")


def test_one_run_says_each_cause_once(settings: Settings) -> None:
    assert len(raise_once(settings, [("a", "timeout after 10 s"), ("a", "timeout after 12 s")], "run-1")) == 1


def test_a_cleared_cause_is_said_again_when_it_returns(settings: Settings) -> None:
    raise_once(settings, [("publish", "margin: held"), ("ingest_crm", "refused")], "run-1")
    assert [alert.step for alert in clear(settings, ["publish"], "run-2")] == ["publish"]
    assert sentences(settings) == ["refused"]
    assert len(raise_once(settings, [("publish", "margin: held"), ("ingest_crm", "refused")], "run-3")) == 1
    assert [json.loads(line)["event"] for line in alerts_path(settings).read_text().splitlines()] == [
        *("raised", "raised", "cleared", "raised")
    ]


def test_a_failed_run_raises_its_causes_and_a_good_one_clears_them(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    broken = {"build", "read"}

    @dg.asset
    def read() -> None:
        if "read" in broken:
            raise dg.Failure("instance crm: Opportunity: login refused", allow_retries=False)

    @dg.asset(check_specs=[dg.AssetCheckSpec("e2", asset="build")])
    def build() -> Iterator[dg.MaterializeResult[None]]:
        if "build" in broken:
            raise TransformError("dbt step_1", {"core_contract": "syntax error at line 12"})
        yield dg.MaterializeResult(
            check_results=[dg.AssetCheckResult(passed=False, check_name="e2", severity=dg.AssetCheckSeverity.ERROR)]
        )

    failures, successes = build_sensors(settings)

    def run() -> None:
        result = dg.materialize([read, build], instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="one",
            dagster_instance=instance,
            dagster_run=result.dagster_run,
            dagster_event=result.get_run_success_event() if result.success else result.get_run_failure_event(),
        )
        if result.success:
            successes(context)
        else:
            failures(context.for_run_failure())

    run()
    run()
    assert sorted(alert.step for alert in open_alerts(settings)) == ["build", "read"]
    assert "instance crm: Opportunity: login refused" in sentences(settings)
    assert any("core_contract: syntax error" in sentence for sentence in sentences(settings))
    assert len(alerts_path(settings).read_text().splitlines()) == 2

    broken.remove("read")
    run()
    assert [alert.step for alert in open_alerts(settings)] == ["build"]

    broken.clear()
    run()  # its check is red, which alarms nobody a second time: what is held is said by the last step
    assert open_alerts(settings) == []


def test_what_is_odd_about_a_load_is_an_alert_until_a_load_of_that_entity_shows_nothing(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    text = {"expected": "no such field", "seen": "in 3 of 3 records", "cause": "a field nobody declared", "fix": "Look"}
    odd = Finding("new_field", "info", "crm", "Account", "Colour__c", **text)
    found = [odd]

    @dg.asset(key=["raw", "account"], check_specs=[dg.AssetCheckSpec(RAW_CHECK, asset=["raw", "account"])])
    def read() -> Iterator[dg.MaterializeResult[None]]:
        told = {"findings": dg.MetadataValue.json([asdict(one) for one in found])}
        yield dg.MaterializeResult(
            check_results=[dg.AssetCheckResult(passed=True, check_name=RAW_CHECK, metadata=told)]
        )

    _, successes = build_sensors(settings)

    def run() -> None:
        result = dg.materialize([read], instance=instance)
        successes(
            dg.build_run_status_sensor_context(
                sensor_name="one",
                dagster_instance=instance,
                dagster_run=result.dagster_run,
                dagster_event=result.get_run_success_event(),
            )
        )

    run()
    run()
    assert [(one.step, one.sentence) for one in open_alerts(settings)] == [("raw/account", odd.sentence)]
    found.clear()
    run()
    assert open_alerts(settings) == []
    assert len(alerts_path(settings).read_text().splitlines()) == 2
