"""What waits to be planned, applied or replayed: one bounded page each, never the whole queue.

Add here: another thing a sensor watches. Stays out: deciding whether a run starts (``batch``), doing it (``jobs``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtc_pipeline.corrections.batch import batch_of
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.ops import breakers, builds, corrections, dead_letters
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings

PAGE = 200
REST = timedelta(hours=1)
"""A dead letter rests so long before its repair is planned anew by itself."""
MOST_REPLAYS = 3
"""An exception's repair is planned anew by itself so often; after that a person decides."""


@dataclass(frozen=True, slots=True)
class Due:
    """A batch: its name (None where nothing is due) and what is in it, in words."""

    batch: str | None
    told: str


def to_plan(settings: Settings) -> Due:
    """The last build whose exceptions are known and which no plan was made from."""
    with open_store(settings) as session:
        build_id = builds.last_judged(session)
        build = None if build_id is None else builds.find_build(session, build_id)
        if build is None or build.gates_2_at is None or build.published_at is None:
            return Due(None, "no build was judged and published yet")
        return Due(batch_of([build.build_id]), f"exceptions and repairs of build {build.build_id[:12]}")


def to_apply(settings: Settings, now: datetime) -> Due:
    """The first page of corrections that may be written or settled now, the largest exposure first."""
    if not any(one.writes for one in settings.instances):
        return Due(None, "no instance is enabled for writes (instances.<name>.writes)")
    wanted = {State.APPROVED, State.APPLYING, State.IN_DOUBT}
    with open_store(settings) as session:
        rows = corrections.list_corrections(session, state=wanted, due_at=now, limit=PAGE)
        if not rows:
            return Due(None, "no correction is approved or in doubt")
        names = batch_of(f"{row.correction_id} {row.state} {row.updated_at.isoformat()}" for row in rows)
    count = f"{len(rows)}" if len(rows) < PAGE else f"the first {PAGE}"
    return Due(names, f"{count} corrections that are approved or in doubt")


def to_replay(settings: Settings, now: datetime) -> Due:
    """Dead letters whose cause is gone: they rested, and their target answers again."""
    with open_store(settings) as session:
        found = letters_to_replay(session, now)
    if not found:
        return Due(None, "no dead letter waits whose target answers again")
    return Due(batch_of(str(one) for one in found), f"{len(found)} dead letters whose target answers again")


def letters_to_replay(session: Session, now: datetime) -> list[int]:
    """Ids of the letters a replay takes: given up for want of an answer, rested, the target's breaker closed."""
    found = []
    for letter in dead_letters.list_letters(session, cause="exhausted", limit=PAGE):
        if letter.correction_id is None or letter.created_at + REST > now:
            continue
        dead = corrections.get(session, letter.correction_id, whole=True)
        if dead.generation <= MOST_REPLAYS and breakers.find(session, letter.target).state == "closed":
            found.append(letter.letter_id)
    return found
