"""The story of one engagement: its dated events in every system, its exceptions, and what was done about them.

In time order; what the ledger tells of corrections and tries has the time of day besides. Add here: another kind of
event people look for. Stays out: deriving events of the systems (``marts.fct_engagement_event``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.corrections import attempts_of, list_corrections, steps_of
from qtc_pipeline.ops.exceptions import list_exceptions, occurrences_of
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from qtc_pipeline.ops.models_corrections import Correction

_EVENTS = """
select event_date::varchar as at, system, event, reference, amount, currency, detail
from marts.fct_engagement_event where qtc_id = ?
"""


def read_story(settings: Settings, qtc_id: str) -> list[dict[str, Any]]:
    """Events of an engagement from the current publication, with its exceptions, corrections and tries; earliest first.

    Raises:
        QtcError: nothing is known of that id.
        PublicationError: nothing is published yet.
    """
    with open_publication(settings) as (_, connection):
        events = read_rows(connection, _EVENTS, [qtc_id])
    with open_store(settings) as session:
        for case in list_exceptions(session, state=None, qtc_id=qtc_id):
            for life in occurrences_of(session, case.exception_id):
                told = {"system": "qtc", "reference": case.exception_id[:12], "currency": case.currency}
                events.append(
                    {
                        **told,
                        "at": f"{life.opened_at:%Y-%m-%d}",
                        "event": f"exception opened: {life.break_class}",
                        "amount": life.exposure_amount,
                        "detail": case.failure_reason,
                    }
                )
                if life.resolved_at is not None:
                    events.append(
                        {
                            **told,
                            "at": f"{life.resolved_at:%Y-%m-%d}",
                            "event": f"exception resolved: {life.break_class}",
                            "amount": None,
                            "detail": life.resolution,
                        }
                    )
        for correction in list_corrections(session, qtc_id=qtc_id):
            events += _told(session, correction)
    if not events:
        raise QtcError(f"engagement {qtc_id}", "is unknown", "Take a qtc_id from `qtc exceptions show`")
    return sorted(events, key=lambda event: (event["at"] or "", event["system"], event.pop("order", event["event"])))


def _told(session: Session, row: Correction) -> Iterator[dict[str, Any]]:
    """What the trail holds about a correction, in its order."""
    steps = {step.number: step for step in steps_of(session, row.correction_id)}
    tries = {one.attempt_id: one for one in attempts_of(session, row.correction_id)}
    for one in audit.rows_of(session, row.correction_id):
        said = json.loads(one.detail)
        step = steps.get(said.get("step"))
        record = f"{step.instance}/{step.entity}/{step.made_key or step.record_key or 'new'}" if step else ""
        if one.action == "correction.planned":
            event, detail = f"correction planned: {row.kind}", f"{row.break_class}; {row.policy_reason}"
        elif one.action == "correction.decided":
            event, detail = f"correction: {said['decision']} by {one.actor}", said["reason"]
        elif one.action == "correction.moved":
            event, detail = f"correction {said['to']}", said["reason"]
        elif one.action == "step.already_in_effect":
            event, detail = f"step {said['step']} found in effect", record
        elif one.action == "attempt.sent":
            event, detail = f"try {tries[said['attempt']].attempt_no} of step {said['step']} sent", record
        elif one.action == "attempt.ended":
            tried = tries[said["attempt"]]
            message = tried.message if tried.outcome == said["outcome"] else ""
            event = f"try {tried.attempt_no} of step {said['step']}: {said['outcome']}"
            detail = " ".join(part for part in (record, said["code"], message) if part)
        else:
            continue
        yield {
            "at": f"{one.at:%Y-%m-%d %H:%M:%S}",
            "system": "qtc",
            "event": event,
            "reference": row.correction_id[:12],
            "amount": row.exposure if one.action == "correction.planned" else None,
            "currency": None,
            "detail": detail or None,
            "order": f"{one.seq:012d}",
        }
