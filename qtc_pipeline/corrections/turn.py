"""One applier's turn at one target, under its lease: a step is looked at, written down, sent, read back, confirmed.

The order is the law: look, compare, *intent* is committed, *sent* is committed, one send, a second look. A process that
dies between any two of them leaves a try that :mod:`settle` ends by looking. Add here: what becomes of an answer. Stays
out: which correction is next and how many (``apply``), how a vendor is asked (``systems``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from qtc_pipeline.corrections.breaker import Fuse
from qtc_pipeline.corrections.compare import Seen, compare, differences
from qtc_pipeline.corrections.contract import State, Step
from qtc_pipeline.corrections.job import Job
from qtc_pipeline.corrections.ledger import LEASE, digest_of
from qtc_pipeline.corrections.report import Event, Report
from qtc_pipeline.corrections.writers import Bench
from qtc_pipeline.errors import (
    AmbiguousRecordError,
    AuthenticationError,
    CorrectionError,
    LostLeaseError,
    NoEffectError,
    PermanentError,
    RateLimitedError,
    StaleRecordError,
    SystemReadError,
    SystemWriteError,
    WriteRejectedError,
)
from qtc_pipeline.ops.leases import Lease
from qtc_pipeline.systems.writing import Found, Sent, Write, Writer, resolved

DONE = "every step is in effect"
TRIES_OF_RUN = 3
TRIES = 12  # of a step without effect, over all runs
SLEEP = 1.0
LONGEST_SLEEP = 30.0
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
_FAILING = {State.REJECTED, State.PARTLY_APPLIED, State.DEAD_LETTER, State.IN_DOUBT, State.NEEDS_PERSON}
Failure = SystemReadError | SystemWriteError


class Progress(Enum):
    """What a turn may do next."""

    DONE = "done"  # go on with this correction
    LEFT = "left"  # go on with the next one
    STOP = "stop"  # the target is not to be called again now


@dataclass(frozen=True, slots=True)
class Tools:
    """Clock, sleep and chance, so that a test needs no time; and who listens."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    chance: Callable[[], float]
    say: Callable[[str], None]


@dataclass(slots=True)
class Turn:
    """A target, held by lease, and the writer of it."""

    bench: Bench
    target: str
    writer: Writer
    lease: Lease
    fuse: Fuse
    report: Report
    tools: Tools
    job: Job = field(init=False)
    done: int = 0
    tried: int = 0
    failed: int = 0

    def work(self, job: Job) -> Progress:
        """Take an applying correction as far as it goes at this target."""
        self.job = job
        while (step := self.job.next_step) is not None:
            if step.instance != self.target:
                return Progress.LEFT
            self.tried += 1
            progress = self._step(self.job, step)
            if progress is not Progress.DONE:
                return progress
            self.done += 1
        if self.job.state is State.APPLYING:
            self._move(self.job, State.VERIFYING, DONE)
        return Progress.DONE

    def _step(self, job: Job, step: Step) -> Progress:
        try:
            write = resolved(step.write, job.made)
        except KeyError as error:
            return self._reject(job, step, f"it speaks of step {error}, which made nothing")
        for trial in range(1, TRIES_OF_RUN + 1):
            try:
                found = self.writer.look(write)
            except (SystemReadError, SystemWriteError) as error:
                return self._not_seen(job, step, error)
            comparison = compare(write, found)
            if comparison.seen is Seen.MOVED:
                return self._stale(job, step, comparison.told)
            if comparison.seen is Seen.AS_WANTED and found is not None:
                self.job = self.bench.ledger.in_effect(job, step, found)
                self.stands(step, found.key)
                self.tell(job, "already_in_effect", comparison.told, step)
                return Progress.DONE
            progress = self._try(job, step, write, found, is_last=trial == TRIES_OF_RUN)
            if progress is not None:
                return progress
        raise AssertionError  # the last try always says how it ended

    def _try(self, job: Job, step: Step, write: Write, found: Found | None, *, is_last: bool) -> Progress | None:
        """One send; None where it had no effect and is to be sent again at once."""
        ledger = self.bench.ledger
        if self.lease.until - self.tools.now() < LEASE / 2:
            self.lease = ledger.renew(self.lease)
        key = digest_of(job, step)
        try:
            attempt = ledger.intent(job, step, self.lease, key)
        except LostLeaseError:
            raise
        except CorrectionError as error:  # another plan has sent the same and does not know yet what came of it
            return self.leave(job, str(error), FIRST_WAIT)
        ledger.sent(attempt)
        if not self.bench.is_rehearsal:
            self.report.writes[self.target] = self.report.writes.get(self.target, 0) + 1
        try:
            sent = self.writer.send(write, found, key)
        except NoEffectError as error:
            return self._no_effect(attempt, job, step, error, is_last=is_last)
        except (SystemReadError, SystemWriteError) as error:
            return self._not_taken(attempt, job, step, error)
        return self._confirm(attempt, job, step, (write, found, sent))

    def _no_effect(self, attempt: int, job: Job, step: Step, error: NoEffectError, *, is_last: bool) -> Progress | None:
        ledger = self.bench.ledger
        failures = ledger.failures_of(job, step) + 1
        if failures >= TRIES:
            told = f"{failures} tries had no effect, the last: {error}"
            ledger.conclude(
                attempt, job, "no_effect", to=State.DEAD_LETTER, reason=told, letter="exhausted", error=error
            )
            self.tell(job, "dead_letter", told, step)
            return self.trouble(str(error))
        ledger.conclude(attempt, job, "no_effect", error=error)
        pause = error.retry_after
        if pause is None:
            pause = min(SLEEP * 2 ** (failures - 1), LONGEST_SLEEP) * (0.5 + self.tools.chance())
        if is_last or pause > LONGEST_SLEEP:
            wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
            if error.retry_after is not None:
                wait = max(wait, timedelta(seconds=error.retry_after))
            self.leave(job, str(error), wait)
            return self.trouble(str(error))
        self.tools.sleep(pause)
        return None

    def _not_taken(self, attempt: int, job: Job, step: Step, error: Failure) -> Progress:
        ledger = self.bench.ledger
        match error:
            case StaleRecordError():
                to = State.PARTLY_APPLIED if job.has_effect else State.STALE
                told = self._listed(job, step, f"stale: {error}") if job.has_effect else str(error)
                ledger.conclude(attempt, job, "stale", to=to, reason=told, error=error)
                self.tell(job, to, told, step)
                return Progress.LEFT
            case WriteRejectedError():
                to = State.PARTLY_APPLIED if job.has_effect else State.REJECTED
                told = self._listed(job, step, f"rejected: {error}") if job.has_effect else str(error)
                ledger.conclude(attempt, job, "rejected", to=to, reason=told, letter="rejected", error=error)
                self.tell(job, to, told, step)
                return Progress.LEFT
            case AmbiguousRecordError():
                ledger.conclude(attempt, job, "rejected", to=State.NEEDS_PERSON, reason=str(error), error=error)
                self.tell(job, State.NEEDS_PERSON, str(error), step)
                return Progress.LEFT
            case AuthenticationError():
                ledger.conclude(attempt, job, "authentication", error=error)
                return self.refused(error)
            case _:
                settled = self.tools.now() + timedelta(seconds=self.writer.settle_seconds)
                ledger.conclude(
                    attempt,
                    job,
                    "unknown",
                    to=State.IN_DOUBT,
                    reason=str(error),
                    wait_until=settled,
                    error=error,
                )
                self.tell(job, State.IN_DOUBT, str(error), step)
                return self.trouble(str(error))

    def _confirm(self, attempt: int, job: Job, step: Step, done: tuple[Write, Found | None, Sent]) -> Progress:
        write, found, sent = done
        ledger = self.bench.ledger
        try:
            back = self.writer.look(replace(write, key=write.key or sent.key))
            told = f"the vendor confirmed it as {sent.key}, and it is not seen there"
        except (SystemReadError, SystemWriteError) as error:
            back = None
            told = f"the vendor confirmed it as {sent.key}, and it could not be read back: {error}"
        if back is None:
            settled = self.tools.now() + timedelta(seconds=self.writer.settle_seconds)
            ledger.conclude(
                attempt, job, "unknown", to=State.IN_DOUBT, reason=told, wait_until=settled, made_key=sent.key
            )
            self.tell(job, State.IN_DOUBT, told, step)
            return self.trouble(told)
        lost = self.writer.lost_change(write, found, back)
        other = differences(write.new, back.values)
        if lost is not None:
            told = f"another's change was covered, look at it: {lost}"
        elif other:
            told = "read back otherwise than written: " + ", ".join(
                f"{name} is {back.values.get(name)!r}, written {write.new[name]!r}" for name in other
            )
        else:
            told = f"{step.title}: confirmed by reading {back.key}"
        if lost is not None or other:
            self.report.alerts.append(f"correction {job.correction_id}, step {step.number}: {told}")
            ledger.note("correction.alert", job.correction_id, {"step": step.number, "alert": told})
        is_repeated = bool(other) and write.operation == "update"
        is_last = step.number == len(job.proposal.steps) and not is_repeated
        self.job = ledger.conclude(
            attempt,
            job,
            "confirmed",
            to=State.VERIFYING if is_last else None,
            reason=told if lost is not None or other or not is_last else DONE,
            before=found.values if found is not None else None,
            after=back.values,
            made_key=back.key,
        )
        self.fuse.fine(self.tools.now())
        self.stands(step, back.key)
        self.tell(job, "confirmed", told, step)
        if is_repeated:
            return self._differs(self.job, step, told)
        if is_last:
            self.tell(job, State.VERIFYING, DONE)
        return Progress.DONE

    def _differs(self, job: Job, step: Step, told: str) -> Progress:
        """What was written does not stand there: planned again, or a person's where more steps would rest on it."""
        if job.next_step is not None:
            self._move(job, State.PARTLY_APPLIED, self._listed(job, step, told))
            return Progress.LEFT
        job = self._move(job, State.VERIFYING, told)
        self._move(job, State.REOPENED, told)
        return Progress.LEFT

    def _not_seen(self, job: Job, step: Step, error: Failure) -> Progress:
        """A look before the write failed: nothing was sent."""
        if isinstance(error, AuthenticationError):
            return self.refused(error)
        if isinstance(error, AmbiguousRecordError):
            self._move(job, State.NEEDS_PERSON, str(error))
            return Progress.LEFT
        if isinstance(error, PermanentError | WriteRejectedError):
            return self._reject(job, step, str(error))
        told = error.retry_after if isinstance(error, RateLimitedError | NoEffectError) else None
        self.leave(job, str(error), max(FIRST_WAIT, timedelta(seconds=told or 0)))
        return self.trouble(str(error))

    def _stale(self, job: Job, step: Step, told: str) -> Progress:
        to = State.PARTLY_APPLIED if job.has_effect else State.STALE
        self._move(job, to, self._listed(job, step, f"stale: {told}") if job.has_effect else told)
        return Progress.LEFT

    def _reject(self, job: Job, step: Step, told: str) -> Progress:
        to = State.PARTLY_APPLIED if job.has_effect else State.REJECTED
        reason = self._listed(job, step, f"rejected: {told}") if job.has_effect else told
        self.bench.ledger.move(job, to, reason, letter="rejected")
        self.tell(job, to, reason, step)
        return Progress.LEFT

    def _listed(self, job: Job, step: Step, told: str) -> str:
        return f"step {step.number} of {len(job.proposal.steps)} {told} Steps: {job.told()}"

    def _move(self, job: Job, to: State, told: str) -> Job:
        moved = self.bench.ledger.move(job, to, told)
        self.tell(job, to, told)
        return moved

    def leave(self, job: Job, told: str, wait: timedelta) -> Progress:
        """Let a correction wait."""
        self.bench.ledger.wait(job, self.tools.now() + wait, told)
        self.report.left[job.correction_id] = told
        self.failed += 1
        return Progress.LEFT

    def trouble(self, told: str) -> Progress:
        """The target did not do what it was asked: enough of it opens the breaker."""
        if self.fuse.trouble(self.tools.now(), told):
            return Progress.LEFT
        self.report.stopped[self.target] = told
        return Progress.STOP

    def refused(self, error: AuthenticationError) -> Progress:
        """Credentials are refused: no call makes sense until they are repaired."""
        self.fuse.hold(self.tools.now(), str(error))
        self.report.stopped[self.target] = str(error)
        return Progress.STOP

    def stands(self, step: Step, key: str) -> None:
        """A record holds what a step wants; a rehearsal only says so."""
        if not self.bench.is_rehearsal:
            self.report.in_effect(step.instance, step.write.table, key)

    def tell(self, job: Job, outcome: str, told: str, step: Step | None = None) -> None:
        """Write into the report what became of something."""
        self.failed += outcome in _FAILING
        number, instance = (step.number, step.instance) if step is not None else (None, None)
        self.report.events.append(
            Event(job.correction_id, job.proposal.kind, number, instance, outcome, told, self.bench.is_rehearsal)
        )
        self.tools.say(f"{job.correction_id[:10]} {outcome.replace('_', ' ')}: {told}")
