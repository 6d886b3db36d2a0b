"""Replay and discard: what a person decides about a dead letter.

A replay never sends what was stored: the exception is planned anew from the last build, approved again where the plan
is another one, and the new correction takes the place of the dead one. Add here: what replaying another kind of letter
means. Stays out: keeping letters (``ops.dead_letters``), planning (``plan``).
"""

from __future__ import annotations

from datetime import datetime

from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.due import letters_to_replay
from qtc_pipeline.corrections.plan import plan, save
from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import corrections, dead_letters, people
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings


def replay(settings: Settings, letter_id: int, *, person: str, now: datetime) -> str:
    """Plan the repair of a dead letter anew; a sentence that says what came of it.

    Raises:
        CorrectionError: somebody decided already, the person may not, or there is nothing to plan: the exception is
            gone or cannot be planned now, and the letter waits on.
    """
    with open_store(settings) as session:
        _check(
            letter_id,
            dead_letters.get(session, letter_id).state,
            people.may(people.enabled(session, person), "operator"),
            person,
        )
    return _plan_anew(settings, letter_id, person, now)


def replay_due(settings: Settings, *, now: datetime) -> list[str]:
    """Plan every dead letter anew whose target answers again; a sentence each, also where it cannot be planned."""
    with open_store(settings) as session:
        letters = letters_to_replay(session, now)
    told = []
    for letter_id in letters:
        try:
            told.append(_plan_anew(settings, letter_id, settings.corrections.proposer, now))
        except CorrectionError as error:
            told.append(str(error))
    return told


def _plan_anew(settings: Settings, letter_id: int, actor: str, now: datetime) -> str:
    with open_store(settings) as session:
        letter = dead_letters.get(session, letter_id)
        dead = None if letter.correction_id is None else corrections.get(session, letter.correction_id, whole=True)
        exception_id, dead_id = (None, None) if dead is None else (dead.exception_id, dead.correction_id)
    if exception_id is None or dead_id is None:
        raise CorrectionError(
            f"dead letter {letter_id}",
            "is no correction: its record is read and planned with the next run",
            "Mend its cause, run `qtc run`, then discard the letter",
        )
    made = plan(settings, now=now, only={exception_id}, replaces={dead_id})
    if not made.proposals:
        reason = made.skipped[0].reason if made.skipped else "its exception is gone"
        raise CorrectionError(
            f"dead letter {letter_id}", f"cannot be planned: {reason}", "Discard it, or run `qtc run`"
        )
    saved = save(settings, made, actor=actor, now=now)
    with open_ledger(settings) as session:
        dead_letters.decide(session, letter_id, dead_letters.REPLAYED, person=actor, reason="planned anew", now=now)
    return f"Planned anew as {', '.join(one[:12] for one in saved.planned)}; see `qtc corrections list`."


def discard(settings: Settings, letter_id: int, *, person: str, reason: str, now: datetime) -> None:
    """Give a dead letter up, and the correction it was.

    Raises:
        CorrectionError: somebody decided already, the person may not, or gives no reason.
    """
    with open_ledger(settings) as session:
        letter = dead_letters.get(session, letter_id)
        _check(letter_id, letter.state, people.may(people.enabled(session, person), "operator"), person)
        dead_letters.decide(session, letter_id, dead_letters.DISCARDED, person=person, reason=reason, now=now)
        if letter.correction_id is None:
            return
        row = corrections.get(session, letter.correction_id, whole=True)
        if row.state == State.DEAD_LETTER:
            corrections.move(session, row.correction_id, State.DISCARDED, actor=person, reason=reason, now=now)


def _check(letter_id: int, state: str, may: bool, person: str) -> None:  # noqa: FBT001  two facts of one letter
    if state != dead_letters.WAITING:
        raise CorrectionError(f"dead letter {letter_id}", f"is {state} already", "See `qtc dlq list --state all`")
    if not may:
        raise CorrectionError(f"dead letter {letter_id}", f"user '{person}' is no operator", "Ask one")
