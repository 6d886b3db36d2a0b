"""What NetSuite's answers mean for a write: ``o:errorCode`` counts, titles lie (429 comes as "Bad Request").

Add a row when an account answers something new; the test of this table reads it row by row.
"""

from __future__ import annotations

import json

import httpx

from qtc_pipeline.systems.sending import Meaning, Outcome

OUTCOMES: tuple[Meaning, ...] = (
    Meaning(None, "CONCURRENCY_LIMIT_EXCEEDED", Outcome.NO_EFFECT),
    Meaning(None, "REQUEST_LIMIT_EXCEEDED", Outcome.NO_EFFECT),
    Meaning(429, None, Outcome.NO_EFFECT),
    Meaning(None, "RCRD_HAS_BEEN_CHANGED", Outcome.STALE),
    Meaning(None, "TRAN_PERIOD_CLOSED", Outcome.BUSINESS),
    Meaning(None, "INSUFFICIENT_PERMISSION", Outcome.PERMISSION),
    Meaning(None, "INVALID_LOGIN", Outcome.AUTHENTICATION),
    Meaning(401, None, Outcome.AUTHENTICATION),
    Meaning(403, None, Outcome.PERMISSION),
    Meaning(400, "INVALID_CONTENT", Outcome.CONTRACT),
    Meaning(400, "INVALID_PARAMETER", Outcome.CONTRACT),
    Meaning(400, "INVALID_HEADER", Outcome.CONTRACT),
    Meaning(400, "INVALID_REQUEST", Outcome.BUSINESS),
    Meaning(404, "NONEXISTENT_ID", Outcome.BUSINESS),  # deleted since the plan was made
    Meaning(400, None, Outcome.BUSINESS),  # USER_ERROR and the codes of the firm's own scripts
    Meaning(503, None, Outcome.NO_EFFECT),  # announced maintenance: the request was not taken
    Meaning(500, "UNEXPECTED_ERROR", Outcome.UNKNOWN),
    Meaning(500, None, Outcome.UNKNOWN),
    Meaning(502, None, Outcome.UNKNOWN),
    Meaning(504, None, Outcome.UNKNOWN),
)


def told(response: httpx.Response) -> tuple[str, str]:
    """Code and words of the first error."""
    try:
        detail = json.loads(response.text)["o:errorDetails"][0]
        path = f" ({detail['o:errorPath']})" if detail.get("o:errorPath") else ""
        return str(detail.get("o:errorCode", "")), f"{detail.get('detail', '')}{path}"
    except (ValueError, KeyError, IndexError, TypeError):
        return "", response.text
