"""What a sensor starts next, decided from its cursor, the batch that is due and the run it started before. Pure.

A batch is named by a digest of what is in it, its run by the batch and the number of the try: Dagster starts a run of a
key once. The cursor moves on only after the run succeeded, so a run that was never launched, was killed or failed is
started again, under the next number, more and more seldom. Add here: what a cursor must remember. Stays out: Dagster
(``sensors``), what is due (``due``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

RunState = Literal["none", "under_way", "succeeded", "failed"]
AGAIN = timedelta(minutes=15)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a sensor remembers between ticks.

    Attributes:
        batch: the batch a run was asked for, "" for none.
        attempt: number of that run; it never falls, or a batch that comes back would find its key taken.
        failures: failed runs of the batch in a row.
        at: when it was asked for, or when it ended well; ISO 8601, UTC.
        is_done: whether it ended well.
    """

    batch: str = ""
    attempt: int = 0
    failures: int = 0
    at: str = ""
    is_done: bool = False

    @property
    def run_key(self) -> str:
        """Key of the run."""
        return f"{self.batch}-{self.attempt}"

    def written(self) -> str:
        """This cursor as text."""
        return json.dumps(asdict(self))


def read_cursor(text: str | None) -> Cursor:
    """The cursor a sensor wrote, an empty one before its first."""
    return Cursor(**json.loads(text)) if text else Cursor()


@dataclass(frozen=True, slots=True)
class Step:
    """What a tick does: start a run (``run_key``) or skip, why, and the cursor afterwards."""

    cursor: Cursor
    told: str
    run_key: str | None = None


def batch_of(parts: Iterable[str]) -> str:
    """Name of a batch: a digest of what is in it."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def next_step(cursor: Cursor, due: str | None, run: RunState, now: datetime, what: str) -> Step:
    """Decide a tick.

    Args:
        cursor: of the sensor.
        due: name of the batch that is due now, None where nothing is.
        run: state of the run the cursor names.
        now: instant of the tick.
        what: the batch in words, for the reasons.
    """
    if cursor.batch and not cursor.is_done:
        if run == "succeeded":
            cursor = replace(cursor, is_done=True, at=now.isoformat())
        elif run == "under_way" or due == cursor.batch:
            return _unfinished(cursor, run, now, what)
    if due is None:
        return Step(cursor, f"nothing is due: {what}")
    if due != cursor.batch:
        return _ask(cursor, due, now, what)
    if now < datetime.fromisoformat(cursor.at) + AGAIN:
        return Step(cursor, f"nothing changed since run {cursor.run_key}: {what}")
    return _ask(cursor, due, now, f"still waiting after {AGAIN}: {what}")


def _unfinished(cursor: Cursor, run: RunState, now: datetime, what: str) -> Step:
    """A tick that finds the run of the same batch not ended well."""
    if run == "under_way":
        return Step(cursor, f"run {cursor.run_key} is at work")
    if run == "none":
        return Step(cursor, f"run {cursor.run_key} was asked for and never launched", cursor.run_key)
    pause = min(_FIRST_PAUSE * 2**cursor.failures, _LONGEST_PAUSE)
    if now < datetime.fromisoformat(cursor.at) + pause:
        return Step(cursor, f"run {cursor.run_key} failed; the next try is due {pause} after it was asked for")
    return _ask(cursor, cursor.batch, now, f"once more after a failed run: {what}", cursor.failures + 1)


def _ask(cursor: Cursor, batch: str, now: datetime, told: str, failures: int = 0) -> Step:
    asked = Cursor(batch, cursor.attempt + 1, failures, now.isoformat())
    return Step(asked, told, asked.run_key)
