"""When the systems are read: every hour what changed, every night everything, and once more at month-end.

Here: the three schedules, for jobs the assembly makes. Stays out: which assets a job holds (``definitions``).

The nightly full read is the reconciliation of the lake with its sources: it finds hard deletes as missing ids and any
change that moved no stamp (formula fields). The month-end run comes when the books' last day is over everywhere.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from qtc_pipeline.ingest.assets import ReadMode, ingest_run_config
from qtc_pipeline.settings import Settings

Job = dg.JobDefinition | Any  # an unresolved asset job is no JobDefinition yet


def hourly_increment(settings: Settings, job: Job) -> dg.ScheduleDefinition:
    """Every hour: what changed since the last load."""
    return _schedule("hourly_increment", job, "15 * * * *", "Reads what changed.", settings, full=False)


def nightly_full(settings: Settings, job: Job) -> dg.ScheduleDefinition:
    """Every night: every record, so that hard deletes and silent changes are found."""
    return _schedule("nightly_full", job, "30 2 * * *", "Reads every record; finds hard deletes.", settings, full=True)


def month_end(settings: Settings, job: Job) -> dg.ScheduleDefinition:
    """On the first of the month at noon UTC, when the last day is over in every time zone."""
    return _schedule("month_end", job, "0 12 1 * *", "Reads every record for the closing.", settings, full=True)


def _schedule(
    name: str, job: Job, cron: str, description: str, settings: Settings, *, full: bool
) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        description=description,
        run_config=ingest_run_config(settings, ReadMode.full if full else ReadMode.increment),
    )
