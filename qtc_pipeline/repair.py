"""The closed loop as functions: plan what the last build found, write what is approved, read it back, build, verify.

Here: what the command line and the demo run; Dagster starts the same parts as jobs (``corrections.jobs``). Stays out:
each part (the rooms). Every part finds out by itself what an earlier, killed run finished.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from qtc_pipeline.errors import IngestError, QtcError
from qtc_pipeline.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtc_pipeline.corrections.outcome import Plan
    from qtc_pipeline.corrections.report import Report
    from qtc_pipeline.corrections.verify import Verified
    from qtc_pipeline.run import RunReport, Telling
    from qtc_pipeline.settings import Settings

_ROUNDS = 6


@dataclass
class Repaired:
    """What a repair did.

    Attributes:
        plans: what was planned, round by round.
        applied: what was written, round by round.
        runs: what was read, built and published after it.
        verified: what the rules said of it.
    """

    plans: list[Plan] = field(default_factory=list)
    applied: list[Report] = field(default_factory=list)
    runs: list[RunReport] = field(default_factory=list)
    verified: list[Verified] = field(default_factory=list)


def plan_and_save(settings: Settings, telling: Telling) -> Plan:
    """Plan from the last build and put it into the ledger.

    Raises:
        CorrectionError: policies, tolerances or mappings were changed and nobody else has approved that.
    """
    from qtc_pipeline.corrections import governance
    from qtc_pipeline.corrections.plan import plan, save

    now = datetime.now(UTC)
    actor = settings.corrections.proposer
    telling.stage("plan corrections of the exceptions")
    governance.check(settings, actor=actor, now=now)
    made = plan(settings, now=now)
    save(settings, made, actor=actor, now=now)
    return made


def read_back(settings: Settings, report: Report, say: Callable[[str], None] = lambda _: None) -> None:
    """Read the records a run of the applier wrote, and what belongs to them, into the lake.

    Raises:
        IngestError: something could not be read; the rest was, and the next run reads all of it.
    """
    from qtc_pipeline.ingest.run import read_records

    failures: dict[str, Exception] = {}
    for instance, records in report.written.items():
        count = sum(len(ids) for ids in records.values())
        say(f"ingest {instance}: the {count} records just written")
        outcome = read_records(settings, instance, records)
        failures |= {f"{instance}/{entity}": error for entity, error in outcome.failures.items()}
    if failures:
        raise IngestError("records just written", failures)


def verify(settings: Settings, build_id: str) -> Verified:
    """Ask the rules of a build about every correction that waits for its word."""
    from qtc_pipeline.corrections.verify import verify as ask

    return ask(settings, build_id, now=datetime.now(UTC))


def round_of_repair(settings: Settings, telling: Telling, done: Repaired) -> bool:
    """Plan, write, read what changed, build and verify once; whether anything is in effect that was not before."""
    from qtc_pipeline.corrections.apply import apply

    done.plans.append(plan_and_save(settings, telling))
    telling.stage("apply what is approved")
    report = apply(settings)
    done.applied.append(report)
    telling.stage(f"{sum(report.writes.values())} writes sent; every one was read back")
    if report.written:
        done.runs.append(run(settings, telling))
        telling.stage("verify: is the rule green for what was corrected?")
        done.verified.append(verify(settings, done.runs[-1].build_id))
    return bool(report.written)


def repair(settings: Settings, telling: Telling, done: Repaired | None = None) -> Repaired:
    """Repair until nothing is left that may be written without a person; goes on from what was ``done`` before.

    Raises:
        QtcError: it does not end: each round's repairs bring new breaks.
    """
    done = done or Repaired()
    for _ in range(_ROUNDS):
        if not round_of_repair(settings, telling, done):
            done.runs.append(run(settings, telling))  # publishes what became of the corrections
            return done
    raise QtcError("repair", f"still writes after {_ROUNDS} rounds", "See `qtc corrections list` for what comes back")
