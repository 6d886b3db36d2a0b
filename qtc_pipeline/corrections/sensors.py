"""Who starts the jobs of room 5: one sensor a job, and one that rebuilds after something was written.

A tick reads one bounded page of the store and calls no system. A run's key is its batch and the number of the try, the
cursor moves on after the run succeeded, and every skip says why. Add here: a sensor that starts a job of this room.
Stays out: what is due (``due``), when to try again (``batch``).
"""

# no postponed annotations: Dagster reads the types of a sensor's parameters when it is defined
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from qtc_pipeline.corrections.batch import Cursor, RunState, next_step, read_cursor
from qtc_pipeline.corrections.jobs import APPLY, PLAN, RECORDS_TAG, REPLAY
from qtc_pipeline.settings import Settings

_RUN_KEY = "dagster/run_key"
_UNDER_WAY = {
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.MANAGED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
}
_EVERY_SECONDS = 60


def build_sensors(settings: Settings, jobs: dict[str, dg.JobDefinition], refresh: Any) -> list[dg.SensorDefinition]:
    """The sensors of the room.

    Args:
        settings: of the firm.
        jobs: the room's jobs by name.
        refresh: the job that reads, builds, judges and publishes.
    """

    def due_to_plan(now: datetime) -> Any:
        from qtc_pipeline.corrections.due import to_plan

        del now
        return to_plan(settings)

    def due_to_apply(now: datetime) -> Any:
        from qtc_pipeline.corrections.due import to_apply

        return to_apply(settings, now)

    def due_to_replay(now: datetime) -> Any:
        from qtc_pipeline.corrections.due import to_replay

        return to_replay(settings, now)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="rebuild_after_writes",
        monitored_jobs=[jobs[APPLY]],
        request_job=refresh,
        description="Builds anew after corrections were written, so that their rules can say whether they hold.",
        default_status=dg.DefaultSensorStatus.STOPPED,
    )
    def rebuild(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.instance.get_run_by_id(context.dagster_run.run_id)
        records = int(run.tags.get(RECORDS_TAG, "0")) if run is not None else 0
        if not records:
            return dg.SkipReason("that run brought nothing into effect")
        return dg.RunRequest(run_key=f"rebuild-{context.dagster_run.run_id}")

    return [
        _sensor(jobs[PLAN], due_to_plan, "Plans corrections of every build that was judged and published."),
        _sensor(jobs[APPLY], due_to_apply, "Writes corrections once they are approved; settles what is in doubt."),
        _sensor(jobs[REPLAY], due_to_replay, "Plans dead letters anew once their target answers again."),
        rebuild,
    ]


def _sensor(job: dg.JobDefinition, due: Callable[[datetime], Any], description: str) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"start_{job.name}",
        job=job,
        minimum_interval_seconds=_EVERY_SECONDS,
        description=description,
        # writing to other people's systems begins when a person switches it on
        default_status=dg.DefaultSensorStatus.STOPPED,
    )
    def start(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = datetime.now(UTC)
        cursor = read_cursor(context.cursor)
        found = due(now)
        step = next_step(cursor, found.batch, _state_of(context.instance, cursor), now, found.told)
        if step.run_key is None:
            return dg.SensorResult(skip_reason=step.told, cursor=step.cursor.written())
        request = dg.RunRequest(run_key=f"{job.name}-{step.run_key}", tags={"qtc/batch": step.told})
        return dg.SensorResult(run_requests=[request], cursor=step.cursor.written())

    def _state_of(instance: dg.DagsterInstance, cursor: Cursor) -> RunState:
        key = f"{job.name}-{cursor.run_key}"
        runs = instance.get_runs(filters=dg.RunsFilter(tags={_RUN_KEY: key}), limit=1) if cursor.batch else []
        if not runs:
            return "none"
        if runs[0].status in _UNDER_WAY:
            return "under_way"
        return "succeeded" if runs[0].status == dg.DagsterRunStatus.SUCCESS else "failed"

    return start
