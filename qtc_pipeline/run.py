"""The main job as one function: ingest -> transform -> gates -> publish, in flow order, resumable at every point.

Here: what the command line runs; Dagster runs the same rooms as assets (``definitions``). Add a room's call where the
data passes it. Stays out: the work itself. Every call below finds out by itself what an earlier, killed run finished.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from qtc_pipeline import keys
from qtc_pipeline.errors import IngestError, PublicationHeldError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qtc_pipeline.gates.evaluate import GateResult
    from qtc_pipeline.ingest.load import Force, LoadResult
    from qtc_pipeline.publish.publish import Outcome
    from qtc_pipeline.settings import Settings

_T = TypeVar("_T")
Mode = Literal["increment", "full"]


class Telling(Protocol):
    """Who is told how the run goes."""

    def stage(self, text: str) -> None:
        """A stage began or said something worth a line."""

    def detail(self, text: str) -> None:
        """What the stage is at; may come very often."""


@dataclass
class RunReport:
    """What a run did.

    Attributes:
        loads: every load that was committed, by instance.
        unread: instance -> what could not be read of it.
        build_id: the build that stands in the warehouse afterwards.
        is_unchanged: the inputs were built, judged and published before; nothing was done.
        gates: what the two stages said; empty when unchanged.
        publication: what publishing did; None where it was not reached.
        held: mart -> why it is held.
        seconds: stage -> how long it took.
    """

    loads: dict[str, list[LoadResult]] = field(default_factory=dict)
    unread: dict[str, IngestError] = field(default_factory=dict)
    build_id: str = ""
    is_unchanged: bool = False
    gates: list[GateResult] = field(default_factory=list)
    publication: Outcome | None = None
    held: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def raise_for_failure(self) -> None:
        """Fail as the run must: after everything that could be done was done.

        Raises:
            IngestError: an instance could not be read in full.
            PublicationHeldError: an expected mart is held.
        """
        if self.unread:
            failures = {f"{name}/{key}": e for name, error in self.unread.items() for key, e in error.failures.items()}
            raise IngestError("systems", failures)
        if self.held:
            raise PublicationHeldError(f"build {self.build_id[:12]}", self.held)


def run(settings: Settings, telling: Telling, mode: Mode = "increment") -> RunReport:
    """Run the whole job once.

    Args:
        settings: of the firm.
        telling: told how it goes.
        mode: how the systems are read; ``full`` also finds hard deletes.

    Raises:
        QtcError: a room could not do its work at all; what was done stays and the next run goes on from there. That a
            system could not be read, or that a mart is held, is in the report: :meth:`RunReport.raise_for_failure`.
    """
    report = RunReport()
    _timed(report, "ingest", partial(ingest, settings, telling, report, mode))
    build(settings, telling, report)
    return report


def ingest(
    settings: Settings,
    telling: Telling,
    report: RunReport,
    mode: Mode,
    *,
    instances: Sequence[str] = (),
    entities: Sequence[str] | None = None,
    force: Force | None = None,
) -> None:
    """Read the named instances (all by default, the operational store last) into the lake; failures are kept."""
    from qtc_pipeline.ingest.run import read_instance

    for name in instances or [instance.name for instance in settings.sources]:
        telling.stage(f"ingest {name}: {'every record' if mode == 'full' else 'what changed'}")
        received: dict[str, int] = {}

        def told(entity: str, records: int, name: str = name, received: dict[str, int] = received) -> None:
            received[entity] = records
            telling.detail(f"{name}: {sum(received.values()):,} records received, now {entity}")

        outcome = read_instance(settings, name, mode, entities, told, force=force)
        report.loads[name] = list(outcome.results)
        for found in (one for result in outcome.results for one in result.load.findings):
            telling.stage(f"{found.severity}: {found.sentence}")
        if outcome.failures:
            report.unread[name] = IngestError(f"instance {name}", outcome.failures)
            telling.stage(f"ingest {name}: {', '.join(sorted(outcome.failures))} could not be read; the rest was")


def build(settings: Settings, telling: Telling, report: RunReport) -> None:
    """Build, judge and publish what stands in the lake."""
    from qtc_pipeline.gates.evaluate import evaluate
    from qtc_pipeline.publish.publish import publish
    from qtc_pipeline.transform.context import prepare
    from qtc_pipeline.transform.dbt import run_step

    prepared = _timed(report, "prepare", partial(prepare, settings, telling.stage))
    report.build_id = prepared.build_id
    report.is_unchanged = prepared.is_done
    if not prepared.is_done:
        for stage, step in enumerate(keys.DBT_STEPS, start=1):
            telling.stage(f"transform {stage} of {len(keys.DBT_STEPS)}: {_ABOUT[step]}")
            done = _timed(report, f"transform {stage}", partial(run_step, settings, step, _followed(telling)))
            for failure in done.failures:
                if failure.status != "skipped":
                    telling.stage(f"dbt {failure.node_id}: {failure.message}")
            telling.stage(f"gates {stage} of {len(keys.DBT_STEPS)}: {_ASKED[step]}")
            judged = _timed(report, f"gates {stage}", partial(evaluate, settings, stage, telling.stage))
            report.gates.append(judged)
            if judged.stops:
                telling.stage("no mart can be published from these loads: stopping before the rest is computed")
                report.held = judged.held
                return
    telling.stage("publish")
    try:
        report.publication = _timed(report, "publish", partial(publish, settings, prepared.build_id, telling.stage))
    except PublicationHeldError as error:
        report.held = error.held


_ABOUT: Mapping[str, str] = {
    "step_1": "base, staging, canonical, control totals",
    "step_2": "reconciliation, marts, KPIs",
}
_ASKED: Mapping[str, str] = {
    "step_1": "is everything read (E0), is nothing lost (E1)?",
    "step_2": "is every difference explained (E2), do the marts carry it (E3)?",
}


def _followed(telling: Telling) -> Callable[[int, int, str], None]:
    return lambda done, total, text: telling.detail(f"{done} of {total}: {text}" if total else text)


def _timed(report: RunReport, stage: str, work: Callable[[], _T]) -> _T:
    started = monotonic()
    try:
        return work()
    finally:
        report.seconds[stage] = report.seconds.get(stage, 0.0) + monotonic() - started
