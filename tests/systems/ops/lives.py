"""Corrections that lived through something, written into a ledger by its own functions.

Add here: another life. Stays out: what is expected of what is read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import Kind, Proposal
from qtc_pipeline.ops import attempts, corrections
from qtc_pipeline.ops.models import Build, ExceptionCase, ExceptionOccurrence
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import Settings
from tests.ops.ledger import ACTOR, NOW, leased, proposal, saved, write

SEEN = NOW - timedelta(days=12)
MINUTE = timedelta(minutes=1)
AS_OF = NOW - timedelta(hours=9)  # what the firm's clock said in the first build


def write_ledger(settings: Settings) -> None:
    """Repaired after a lost answer, found done, rejected, stale, waiting; and a task for a person."""
    with open_ledger(settings) as session:
        for number, as_of in enumerate((AS_OF, AS_OF + timedelta(days=1)), 1):
            session.add(_build(f"b{number}", as_of, NOW + timedelta(hours=number)))
        session.flush()
        for name in ("repaired", "found", "rejected", "stale", "waiting", "task"):
            _see(session, name)
    repaired = proposal("repaired", write(1), write(2), exposure=Decimal("1200.50"))
    _live(settings, repaired, ("no_effect", "confirmed"), ("unknown", "settled_done"), ends="resolved")
    found = proposal("found", write(3), exposure=Decimal(80))
    _live(settings, found, ("already",), ends="resolved")
    _live(settings, proposal("rejected", write(4)), ("rejected",), ends="rejected")
    _live(settings, proposal("stale", write(5)), ("stale",), ends="stale")
    _live(settings, proposal("waiting", write(6)), ends="planned")
    task = replace(proposal("task", write(create=True), exposure=None), kind=Kind.OWNER_TASK)
    _live(settings, task, ("confirmed",), ends="verifying")


def _build(build_id: str, as_of: datetime, judged_at: datetime) -> Build:
    return Build(
        build_id=build_id,
        inputs_digest="",
        as_of=as_of,
        package_version="",
        inputs={},
        prepared_at=judged_at,
        gates_2_at=judged_at,
    )


def _see(session: Session, exception_id: str) -> None:
    words = {"leg": "value.erp", "break_class": "value_differs", "grain_key": "p1", "kind": "break", "region": "EMEA"}
    session.add(
        ExceptionCase(
            exception_id=exception_id,
            occurrence=1,
            state="open",
            rule_id="value",
            first_seen=SEEN,
            last_seen=SEEN,
            last_build_id="b1",
            **words,
        )
    )
    session.flush()
    session.add(
        ExceptionOccurrence(
            exception_id=exception_id, occurrence=1, opened_build_id="b1", opened_at=SEEN, break_class="value_differs"
        )
    )


def _live(settings: Settings, planned: Proposal, *steps: Sequence[str], ends: str) -> None:
    """Each step's tries, a minute each; the correction ends in a state two hours later."""
    one, now = planned.correction_id, NOW
    with open_ledger(settings) as session:
        saved(session, planned, state="planned" if ends == "planned" else "applying")
        for number, outcomes in enumerate(steps, 1):
            now = _try(session, planned, number, outcomes, now)
        later = NOW + timedelta(hours=2)
        for state in {"resolved": ("verifying", "resolved"), "planned": ()}.get(ends, (ends,)):
            corrections.move(session, one, state, actor=ACTOR, now=later if state == "resolved" else now)


def _try(session: Session, planned: Proposal, number: int, outcomes: Sequence[str], now: datetime) -> datetime:
    one = planned.correction_id
    attempt = 0
    for outcome in outcomes:
        now += MINUTE
        if outcome == "already":
            attempts.already(session, one, number, made_key=f"70{number}", before={"jobPrice": "100"}, now=now)
        elif outcome.startswith("settled"):
            attempts.ended(session, attempt, outcome, now=now, made_key=f"70{number}")
        else:
            attempt = attempts.intent(session, one, number, leased(session), "digest", now)
            attempts.sent(session, attempt, now + timedelta(seconds=1))
            said = {"code": "INVALID_VALUE", "error_class": "business", "message": "the price is locked"}
            refused = said if outcome == "rejected" else {}
            after = {"jobPrice": "100"} if outcome == "confirmed" else None
            attempts.ended(session, attempt, outcome, now=now + timedelta(seconds=4), after=after, **refused)
    return now + MINUTE
