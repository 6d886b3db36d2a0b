"""Two sensors: a failed run raises alerts, a successful step clears them; what is odd about a load is said either way.

A gate that turns red raises nothing by itself: what is red holds a mart, and the last step of the run says which and
why, once. What was out of the ordinary about a load holds nothing, so it is an alert of its own, until a load of that
entity shows nothing. Add here: a sensor that only reads. Stays out: what an alert is (``alerts``), starting runs.
"""

# no postponed annotations: Dagster reads the types of a sensor's parameters when it is defined
from collections.abc import Iterator
from typing import Any, cast

import dagster as dg

from qtc_pipeline.keys import RAW_CHECK
from qtc_pipeline.lake.profile import Finding
from qtc_pipeline.observe.alerts import Alert, clear, raise_once
from qtc_pipeline.settings import Settings


def build_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors of a firm; they run as soon as the daemon does."""

    @dg.run_failure_sensor(
        name="say_failures_once",
        description="Writes one alert per cause of a failed run; a cause is not said again until its step succeeded.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def failures(context: dg.RunFailureSensorContext) -> None:
        run = context.dagster_run
        clear(settings, _succeeded(context.instance, run), run.run_id)
        for alert in [*raise_once(settings, failures_of(context), run.run_id), *_tell_loads(context, settings)]:
            context.log.error("%s: %s", alert.step, alert.sentence)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="clear_alerts",
        description="Closes the alerts of the steps that succeeded.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def successes(context: dg.RunStatusSensorContext) -> None:
        run = context.dagster_run
        for alert in clear(settings, {*_succeeded(context.instance, run), run.job_name}, run.run_id):
            context.log.info("cleared: %s: %s", alert.step, alert.sentence)
        for alert in _tell_loads(context, settings):
            context.log.warning("%s: %s", alert.step, alert.sentence)

    return [failures, successes]


def _tell_loads(context: dg.RunStatusSensorContext, settings: Settings) -> list[Alert]:
    """Alerts of what the run's loads had out of the ordinary, new ones; those of entities without are closed."""
    run = context.dagster_run
    found = context.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    odd: dict[str, set[str]] = {}
    for record in found.records:
        event = record.event_log_entry.dagster_event
        if event is None or event.asset_check_evaluation_data.check_name != RAW_CHECK:
            continue
        check = event.asset_check_evaluation_data
        told = cast("list[dict[str, Any]]", check.metadata["findings"].value)
        odd[check.asset_key.to_user_string()] = {
            Finding(**one).sentence
            for one in told
            if one["severity"] != "error"  # the failed step says errors
        }
    clear(settings, [name for name, told in odd.items() if not told], run.run_id)
    return raise_once(settings, [(name, one) for name, told in odd.items() for one in sorted(told)], run.run_id)


def _succeeded(instance: dg.DagsterInstance, run: dg.DagsterRun) -> set[str]:
    """Steps of a run that ended well, as a failed run may have some too."""
    found = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS).records
    return {record.event_log_entry.step_key for record in found if record.event_log_entry.step_key}


def failures_of(context: dg.RunFailureSensorContext) -> Iterator[tuple[str, str]]:
    """(step, sentence) of every step that failed by itself; of the run where none did (it was killed)."""
    events = list(context.get_step_failure_events())
    for event in events:
        yield event.step_key or context.dagster_run.job_name, _sentence(event)
    if not events:
        yield context.dagster_run.job_name, context.failure_event.message or "the run ended without a word"


def _sentence(event: dg.DagsterEvent) -> str:
    """What the step said; of a chain of errors the innermost, which is the cause."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else event.message or "failed without a word"
