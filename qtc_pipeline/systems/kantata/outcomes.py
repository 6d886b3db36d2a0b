"""What Kantata's answers mean for a write: its statuses, and the types of its errors.

Add a row when an account answers something new; the test of this table reads it row by row.
"""

from __future__ import annotations

import json

import httpx

from qtc_pipeline.systems.sending import Meaning, Outcome

OUTCOMES: tuple[Meaning, ...] = (
    Meaning(400, None, Outcome.CONTRACT),
    Meaning(401, None, Outcome.AUTHENTICATION),
    Meaning(403, None, Outcome.PERMISSION),
    Meaning(404, None, Outcome.BUSINESS),  # gone, or hidden from us: the vendor does not say which
    Meaning(409, None, Outcome.STALE),
    Meaning(422, "validation", Outcome.BUSINESS),
    Meaning(422, None, Outcome.BUSINESS),
    Meaning(429, None, Outcome.NO_EFFECT),
    Meaning(503, None, Outcome.NO_EFFECT),  # documented as "not available", refused before the work
    Meaning(500, None, Outcome.UNKNOWN),
    Meaning(502, None, Outcome.UNKNOWN),
    Meaning(504, None, Outcome.UNKNOWN),
)


def told(response: httpx.Response) -> tuple[str, str]:
    """Type and words of the first error."""
    try:
        first = json.loads(response.text)["errors"][0]
        field = f" ({first['field']})" if first.get("field") else ""
        return str(first.get("type", "")), f"{first.get('message', '')}{field}"
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return "", response.text
