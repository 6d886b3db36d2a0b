"""The story of one engagement: its dated events in every system, and the exceptions it had, in time order.

Add here: another kind of event people look for. Stays out: deriving events (``marts.fct_engagement_event``).
"""

from __future__ import annotations

from typing import Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops.exceptions import list_exceptions, occurrences_of
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

_EVENTS = """
select event_date::varchar as at, system, event, reference, amount, currency, detail
from marts.fct_engagement_event where qtc_id = ?
"""


def read_story(settings: Settings, qtc_id: str) -> list[dict[str, Any]]:
    """Events of an engagement from the current publication, with the lives of its exceptions; earliest first.

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
    if not events:
        raise QtcError(f"engagement {qtc_id}", "is unknown", "Take a qtc_id from `qtc exceptions show`")
    return sorted(events, key=lambda event: (event["at"] or "", event["system"], event["event"]))
