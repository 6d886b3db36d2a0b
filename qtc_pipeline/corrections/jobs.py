"""Dagster's face of room 5: jobs that plan, apply and replay.

Corrections are jobs, not assets: an asset of the ledger that rested on a publication would close a circle.
Here: what a run of each does. Stays out: who starts it (``sensors``), the work (``plan``, ``apply``, ``verify``).
"""

# no postponed annotations: Dagster reads the types of an op's parameters when it is defined
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg

from qtc_pipeline.settings import Settings

if TYPE_CHECKING:
    from qtc_pipeline.corrections.report import Report

PLAN, APPLY, REPLAY = "plan_corrections", "apply_corrections", "replay_dead_letters"
RECORDS_TAG = "qtc/records"


def build_jobs(settings: Settings, read_back: "Callable[[Settings, Report], None]") -> list[dg.JobDefinition]:
    """The three jobs.

    Args:
        settings: of the firm.
        read_back: reads the records a run of the applier wrote into the lake; the ingest room's work.
    """

    @dg.op(name="verify_and_plan", description="Asks the rules about what was written, then plans what they found.")
    def verify_and_plan(context: dg.OpExecutionContext) -> None:
        from qtc_pipeline.corrections.governance import check
        from qtc_pipeline.corrections.plan import plan, save
        from qtc_pipeline.corrections.verify import verify

        now = datetime.now(UTC)
        made = plan(settings, now=now)
        verified = verify(settings, made.build_id, now=now)
        made = plan(settings, now=now)  # what was reopened may be planned again
        check(settings, actor=settings.corrections.proposer, now=now)
        saved = save(settings, made, actor=settings.corrections.proposer, now=now)
        context.log.info("%s", verified)
        context.log.info("%d planned, %d kept, %d not planned", len(saved.planned), len(saved.kept), len(made.skipped))
        for name, sentence in made.stopped.items():
            context.log.warning("class %s is stopped: %s", name, sentence)

    @dg.op(name="apply_approved", description="Writes what is approved, settles what is in doubt, reads it back.")
    def apply_approved(context: dg.OpExecutionContext) -> None:
        from qtc_pipeline.corrections.apply import apply

        report = apply(settings)
        read_back(settings, report)
        records = sum(len(ids) for by_entity in report.written.values() for ids in by_entity.values())
        context.instance.add_run_tags(context.run.run_id, {RECORDS_TAG: str(records)})
        for event in report.events:
            context.log.info("%s %s: %s", event.correction_id[:12], event.outcome, event.told)
        for target, reason in report.stopped.items():
            context.log.warning("%s was not written to the end: %s", target, reason)
        for alert in report.alerts:
            context.log.error("%s", alert)

    @dg.op(name="replay_letters", description="Plans anew what was given up while its target did not answer.")
    def replay_letters(context: dg.OpExecutionContext) -> None:
        from qtc_pipeline.corrections.replay import replay_due

        for sentence in replay_due(settings, now=datetime.now(UTC)):
            context.log.info("%s", sentence)

    return [
        _job(PLAN, verify_and_plan, "Verify what was written, plan what the last build found. Calls no system."),
        _job(APPLY, apply_approved, "Write approved corrections, the largest exposure first, and read them back."),
        _job(REPLAY, replay_letters, "Plan dead letters anew whose target answers again."),
    ]


def _job(name: str, op: dg.OpDefinition, description: str) -> dg.JobDefinition:
    return dg.GraphDefinition(name=name, node_defs=[op], description=description).to_job(
        name=name, description=description, executor_def=dg.in_process_executor
    )
