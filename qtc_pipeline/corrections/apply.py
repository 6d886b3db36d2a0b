"""Apply: approved corrections are written, one target at a time, the largest exposure first.

::

    a target's turn: not in maintenance, breaker closed or a probe allowed -> lease -> open tries settled (settle)
        -> each correction whose next step is here, within the limits: what was agreed still holds -> its steps (turn)
    turns go round while a saga moves from one target to the next

Nothing is lost: what cannot be done now keeps its place in the ledger and says why. Add here: what decides which
correction is next. Stays out: one step (``turn``), a try in doubt (``settle``), who may write (``writers``).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from qtc_pipeline.corrections.breaker import Fuse
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.job import Job
from qtc_pipeline.corrections.policy import MIN_TRIED, Used, over_limit
from qtc_pipeline.corrections.report import Report
from qtc_pipeline.corrections.settle import settle
from qtc_pipeline.corrections.turn import Progress, Tools, Turn
from qtc_pipeline.corrections.writers import Bench, Opener, assemble, open_writer
from qtc_pipeline.errors import AuthenticationError, CorrectionError, LostLeaseError, SystemReadError, SystemWriteError
from qtc_pipeline.ops.leases import Lease
from qtc_pipeline.settings import Settings

PAGE = 200
MOST_LEFT = 1000  # a run over its limits does not read a queue of a million to its end
_CHANCE = random.Random()  # noqa: S311  spreads retries, keeps no secret


def clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


def apply(
    settings: Settings,
    *,
    now: Callable[[], datetime] = clock,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = _CHANCE.random,
    opener: Opener = open_writer,
    dry_run: bool = False,
    limit: int | None = None,
    only: Collection[str] | None = None,
    instances: Collection[str] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Write what is approved, and settle what is in doubt.

    Args:
        settings: which instances may be written, and how much.
        now: clock.
        sleep: between two tries of the same step.
        chance: between 0 and 1, spreads the tries.
        opener: of writers.
        dry_run: rehearse: look, compare, send and remember nothing.
        limit: begin at most so many corrections.
        only: ids of the corrections to begin; what was begun before is finished whatever it is.
        instances: call only these targets.
        say: told of every event.

    Raises:
        CorrectionError: a system is not the one its settings pin; nothing was sent to it.
    """
    report = Report()
    tools = Tools(now, sleep, chance, say)
    chosen = _Chosen(limit, None if only is None else frozenset(only), None if instances is None else {*instances})
    with assemble(settings, now, opener=opener, dry_run=dry_run) as benches:
        for bench in benches:
            _Run(settings, bench, report, tools, chosen).run()
    return report


@dataclass(frozen=True, slots=True)
class _Chosen:
    limit: int | None
    only: frozenset[str] | None
    targets: Collection[str] | None


@dataclass(slots=True)
class _Run:
    settings: Settings
    bench: Bench
    report: Report
    tools: Tools
    chosen: _Chosen
    exposure: Decimal = Decimal(0)
    begun: int = 0
    open_targets: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Turns of every target until none of them gets on."""
        at_work = self.bench.ledger.targets()
        if self.chosen.targets is not None:
            at_work &= frozenset(self.chosen.targets)
        for name in (one.name for one in self.settings.instances if one.name in at_work):
            if self._is_ready(name):  # every pin is checked before the first write
                self.open_targets.append(name)
        while sum(self._turn(name) for name in list(self.open_targets)):
            continue

    def _fuse(self, name: str) -> Fuse:
        ledger = self.bench.ledger
        return Fuse(ledger.settings, self.bench.instances[name], ledger.holder)

    def _is_ready(self, name: str) -> bool:
        ledger = self.bench.ledger
        held = [one.job for one in ledger.open_attempts(name)]
        if not any(self.bench.takes(job) for job in (*held, *ledger.due(name, PAGE))):
            return False
        fuse = self._fuse(name)
        reason = fuse.why_not(self.tools.now())
        if reason is None:
            try:
                self.bench.writer(name)
            except AuthenticationError as error:
                reason = str(error)
                fuse.hold(self.tools.now(), reason)
            except (SystemReadError, SystemWriteError) as error:
                reason = str(error)
                fuse.trouble(self.tools.now(), reason)
        if reason is not None:
            self.report.stopped[name] = reason
        return reason is None

    def _queue(self, name: str) -> Iterator[Job]:
        """Corrections to do at a target, in order, each once, a page read at a time."""
        seen: set[str] = set()
        while True:
            limit = PAGE + len(seen)
            found = self.bench.ledger.due(name, limit)
            fresh = [job for job in found if job.correction_id not in seen]
            seen.update(job.correction_id for job in fresh)
            yield from (job for job in fresh if self._is_mine(job, name))
            if len(found) < limit:
                return

    def _is_mine(self, job: Job, name: str) -> bool:
        step = job.next_step
        only = self.chosen.only
        is_asked_for = only is None or job.state is State.APPLYING or job.correction_id in only
        return self.bench.takes(job) and is_asked_for and (step is None or step.instance == name)

    def _turn(self, name: str) -> int:
        """How many steps a target's turn got done."""
        lease = self.bench.ledger.take(name)
        if lease is None:
            self._stop(name, "another applier writes to it")
            return 0
        turn = self._begin(name, lease)
        try:
            self._drain(turn)
        except LostLeaseError as error:
            self._stop(name, str(error))
        finally:
            with suppress(LostLeaseError):
                self.bench.ledger.give_back(turn.lease)
        if name in self.report.stopped and name in self.open_targets:
            self.open_targets.remove(name)
        return turn.done

    def _begin(self, name: str, lease: Lease) -> Turn:
        writer = self.bench.writer(name)
        return Turn(self.bench, name, writer, lease, self._fuse(name), self.report, self.tools)

    def _stop(self, name: str, reason: str) -> None:
        self.report.stopped[name] = reason
        self.open_targets.remove(name)

    def _drain(self, turn: Turn) -> None:
        if settle(turn) is Progress.STOP:
            return
        for job in self._queue(turn.target):
            if self._work(turn, job) is Progress.STOP or self._fails_too_often(turn):
                return
            if len(self.report.left) >= MOST_LEFT:
                self.report.stopped[turn.target] = f"{MOST_LEFT} corrections wait for a later run"
                return
        settle(turn)  # an answer lost just now may have had its effect already

    def _work(self, turn: Turn, job: Job) -> Progress:
        try:
            begun = job if job.state is State.APPLYING else self._start(turn, job)
            return Progress.LEFT if begun is None else turn.work(begun)
        except LostLeaseError:
            raise
        except CorrectionError as error:  # somebody moved it meanwhile
            self.report.left[job.correction_id] = str(error)
            return Progress.LEFT

    def _fails_too_often(self, turn: Turn) -> bool:
        share = self.settings.corrections.max_failing_share
        if turn.tried < MIN_TRIED or Decimal(turn.failed) <= share * turn.tried:
            return False
        told = f"{turn.failed} of {turn.tried} steps failed, more than max_failing_share {share}"
        turn.fuse.hold(self.tools.now(), told)
        self.report.stopped[turn.target] = told
        return True

    def _start(self, turn: Turn, job: Job) -> Job | None:
        """The correction, applying; None where it may not begin."""
        begun = self.bench.ledger.begin(job, lambda day: self._over_limit(job, day))
        if begun.to is None:
            self.report.left[job.correction_id] = begun.told
            return None
        if begun.to is not State.APPLYING:
            turn.tell(job, begun.to, begun.told)
            return None
        self.begun += 1
        self.exposure += job.proposal.exposure or Decimal(0)
        return begun.job

    def _over_limit(self, job: Job, writes_of_day: int) -> str | None:
        if self.chosen.limit is not None and self.begun >= self.chosen.limit:
            return f"this run begins {self.chosen.limit} corrections"
        used = Used(
            writes_of_run=sum(self.report.writes.values()),
            writes_of_day=writes_of_day,
            exposure_of_run=self.exposure,
        )
        return over_limit(self.settings.corrections, used, job.proposal)
