"""Tries whose outcome nobody knows: the answer was lost, or the applier died. Settled by looking, never by sending.

A look that shows the effect settles at once; one that does not settles only when the vendor can no longer be working on
it (``settle_seconds`` after it was sent). Add here: a way to tell what happened. Stays out: sending (``turn``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from qtc_pipeline.corrections.compare import Seen, compare
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.job import OpenAttempt
from qtc_pipeline.corrections.turn import TRIES, Progress, Turn
from qtc_pipeline.errors import AmbiguousRecordError, AuthenticationError, SystemReadError, SystemWriteError
from qtc_pipeline.systems.writing import Found, Write, resolved


def settle(turn: Turn) -> Progress:
    """Look at every open try of the target."""
    for held in turn.bench.ledger.open_attempts(turn.target):
        if turn.bench.takes(held.job) and _settle(turn, held) is Progress.STOP:
            return Progress.STOP
    return Progress.DONE


def _settle(turn: Turn, held: OpenAttempt) -> Progress:
    if held.sent_at is None:  # under a lease that is over nobody can send it any more
        _conclude(turn, held, "settled_none", "the applier ended before it sent anything")
        return Progress.DONE
    write = resolved(held.step.write, held.job.made)
    try:
        found = _look(turn, held, write)
    except AmbiguousRecordError as error:
        return _needs_person(turn, held, str(error))
    except AuthenticationError as error:
        return turn.refused(error)
    except (SystemReadError, SystemWriteError) as error:
        turn.report.left[held.job.correction_id] = f"in doubt, and could not be looked at: {error}"
        return turn.trouble(str(error))
    return _seen(turn, held, write, found, held.sent_at + timedelta(seconds=turn.writer.settle_seconds))


def _seen(turn: Turn, held: OpenAttempt, write: Write, found: Found | None, until: datetime) -> Progress:
    comparison = compare(write, found)
    if comparison.seen is Seen.AS_WANTED and found is not None:
        _conclude(turn, held, "settled_done", f"the answer was lost, the effect is there: {comparison.told}", found)
    elif turn.tools.now() < until:
        told = f"{comparison.told}; the vendor may still do it until {until:%Y-%m-%d %H:%M:%S} UTC"
        if held.job.state is State.APPLYING:  # its applier died
            turn.bench.ledger.move(held.job, State.IN_DOUBT, told, wait_until=until)
            turn.tell(held.job, State.IN_DOUBT, told, held.step)
        turn.report.left[held.job.correction_id] = told
    elif held.was_answered:
        return _needs_person(turn, held, f"the vendor confirmed the write, and {comparison.told}")
    else:  # what moved meanwhile is found out by the look before the next send
        _conclude(turn, held, "settled_none", f"the answer was lost, without effect: {comparison.told}")
    return Progress.DONE


def _look(turn: Turn, held: OpenAttempt, write: Write) -> Found | None:
    made = held.job.made.get(held.step.number)
    if made is not None and write.key is None:
        found = turn.writer.look(replace(write, key=made))
        if found is not None:
            return found
    return turn.writer.look(write)


def _conclude(turn: Turn, held: OpenAttempt, outcome: str, told: str, found: Found | None = None) -> None:
    """End the try; the correction goes on where it stood, or waits for its rule where nothing is left to do."""
    is_last = found is not None and held.step.number == len(held.job.proposal.steps)
    to = State.VERIFYING if is_last else State.APPLYING
    ledger = turn.bench.ledger
    job = ledger.conclude(
        held.attempt_id,
        held.job,
        outcome,
        to=None if held.job.state is to else to,
        reason=told,
        after=found.values if found is not None else None,
        made_key=found.key if found is not None else None,
    )
    if found is not None:
        turn.stands(held.step, found.key)
    turn.tell(held.job, outcome, told, held.step)
    turn.done += 1
    if found is None and (tries := ledger.failures_of(job, held.step)) >= TRIES:
        spent = f"{tries} tries had no effect, the last: {told}"
        ledger.move(job, State.DEAD_LETTER, spent, letter="exhausted")
        turn.tell(job, State.DEAD_LETTER, spent, held.step)


def _needs_person(turn: Turn, held: OpenAttempt, told: str) -> Progress:
    turn.bench.ledger.move(held.job, State.NEEDS_PERSON, told)
    turn.tell(held.job, State.NEEDS_PERSON, told, held.step)
    return Progress.LEFT
