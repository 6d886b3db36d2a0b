"""The sensors of room 5: each batch is started until a run of it ended well, and every skip says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import insert

from qtc_pipeline.corrections import due
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.jobs import APPLY, PLAN, RECORDS_TAG, REPLAY, build_jobs
from qtc_pipeline.corrections.sensors import build_sensors
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.models_corrections import Correction
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.corrections.stage import keep, proposed, settings_in, update

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.instance_for_test() as instance:
        yield instance


def sensors_of(settings: Settings) -> dict[str, dg.SensorDefinition]:
    @dg.job
    def refresh() -> None:
        """Stands for the main job."""

    jobs = {job.name: job for job in build_jobs(settings, lambda _settings, _report: None)}
    return {sensor.name: sensor for sensor in build_sensors(settings, jobs, refresh)}


def tick(settings: Settings, name: str, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        result = sensors_of(settings)[f"start_{name}"](context)
    assert isinstance(result, dg.SensorResult)
    return result


def run_as(instance: dg.DagsterInstance, key: str, *, fails: bool) -> None:
    """A run of that key, ended."""

    @dg.op
    def work() -> None:
        if fails:
            raise dg.Failure("no")

    @dg.job
    def job() -> None:
        work()

    job.execute_in_process(instance=instance, tags={"dagster/run_key": key}, raise_on_error=False)


def judged_build(settings: Settings, build_id: str = "b" * 32) -> None:
    with open_store(settings) as session:
        values = {"previous_build_id": None, "as_of": NOW, "package_version": "0", "inputs": {}}
        builds.start_build(session, build_id=build_id, inputs_digest="d", **values)
        for mark in builds.MARKS:
            builds.mark(session, build_id, mark)
        builds.the_build(session, build_id).published_at = NOW
        builds.the_build(session, build_id).gates_2_at = NOW


@pytest.mark.parametrize(
    ("job", "reason"),
    [(PLAN, "no build"), (APPLY, "no correction is approved"), (REPLAY, "no dead letter")],
)
def test_a_sensor_with_nothing_to_do_says_why(
    settings: Settings, instance: dg.DagsterInstance, job: str, reason: str
) -> None:
    result = tick(settings, job, instance)
    assert not result.run_requests
    assert reason in str(result.skip_reason)


def test_where_nobody_may_write_nothing_is_started(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = settings_in(tmp_path / "home", writes=())
    keep(settings, proposed(update("1", {"a": "1"}, {"a": "2"})))
    assert "no instance is enabled for writes" in str(tick(settings, APPLY, instance).skip_reason)


def test_a_judged_build_is_planned_once(settings: Settings, instance: dg.DagsterInstance) -> None:
    judged_build(settings)
    first = tick(settings, PLAN, instance)
    (request,) = first.run_requests or []
    assert request.run_key is not None
    again = tick(settings, PLAN, instance, first.cursor)  # never launched: the same key
    assert [one.run_key for one in again.run_requests or []] == [request.run_key]
    run_as(instance, request.run_key, fails=False)
    done = tick(settings, PLAN, instance, first.cursor)
    assert not done.run_requests
    assert "nothing changed" in str(done.skip_reason)


def test_after_a_failed_run_the_batch_is_started_under_another_key(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged_build(settings)
    first = tick(settings, PLAN, instance)
    (request,) = first.run_requests or []
    run_as(instance, str(request.run_key), fails=True)
    assert "failed; the next try is due" in str(tick(settings, PLAN, instance, first.cursor).skip_reason)
    monkeypatch.setattr("qtc_pipeline.corrections.batch._FIRST_PAUSE", timedelta(0))
    (second,) = tick(settings, PLAN, instance, first.cursor).run_requests or []
    assert second.run_key != request.run_key


def test_what_is_approved_starts_the_applier_and_what_changed_starts_it_again(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    keep(settings, proposed(update("1", {"a": "1"}, {"a": "2"})))
    first = tick(settings, APPLY, instance)
    (request,) = first.run_requests or []
    run_as(instance, str(request.run_key), fails=False)
    assert not tick(settings, APPLY, instance, first.cursor).run_requests
    keep(settings, proposed(update("2", {"a": "1"}, {"a": "2"}), exception="e2"))
    assert tick(settings, APPLY, instance, first.cursor).run_requests


def test_a_run_that_wrote_something_is_followed_by_a_build(settings: Settings, instance: dg.DagsterInstance) -> None:
    @dg.op(name="apply_approved")
    def wrote(context) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  Dagster reads no postponed annotation
        context.instance.add_run_tags(context.run.run_id, {RECORDS_TAG: "3"})

    @dg.op(name="apply_approved")
    def wrote_nothing() -> None:
        """Nothing was due."""

    for op, is_followed in ((wrote, True), (wrote_nothing, False)):
        job = dg.GraphDefinition(name=APPLY, node_defs=[op]).to_job(name=APPLY)
        done = job.execute_in_process(instance=instance)
        context = dg.build_run_status_sensor_context(
            sensor_name="rebuild_after_writes",
            dagster_instance=instance,
            dagster_run=done.dagster_run,
            dagster_event=done.get_run_success_event(),
        )
        asked = sensors_of(settings)["rebuild_after_writes"](context)
        assert isinstance(asked, dg.RunRequest if is_followed else dg.SkipReason)


@pytest.mark.long
def test_a_tick_reads_one_page_of_a_queue_of_a_million(settings: Settings, instance: dg.DagsterInstance) -> None:
    keep(settings, proposed(update("1", {"a": "1"}, {"a": "2"})))
    with open_ledger(settings) as session:
        (row,) = session.query(Correction).all()
        facts = {column.key: getattr(row, column.key) for column in Correction.__table__.columns}
    facts |= {"state": State.APPROVED.value}
    for start in range(0, 1_000_000, 50_000):
        rows = [
            {**facts, "correction_id": f"{number:032x}", "exception_id": f"{number:032x}", "drain_order": number}
            for number in range(start, start + 50_000)
        ]
        with open_ledger(settings) as session:
            session.execute(insert(Correction), rows)
    began = datetime.now(UTC)
    assert tick(settings, APPLY, instance).run_requests
    assert due.to_apply(settings, began).told.startswith(f"the first {due.PAGE} ")
