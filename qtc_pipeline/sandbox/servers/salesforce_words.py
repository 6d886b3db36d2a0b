"""How Salesforce says what went wrong, and what its identifiers and moments look like.

Add an error shape here. When it is said is decided where the request is handled.
"""

from __future__ import annotations

import re
from datetime import datetime

from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import json_answer

SESSION_USER = "005000000000001AAA"
_OBJECT = re.compile(r"/sobjects/(?:\w+/)??(\w+)|\bFROM\s+(\w+)", re.IGNORECASE)
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


class RefusedError(Exception):
    """A request, or one record of it, that the org refuses."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def body(self) -> list[dict[str, object]]:
        """The error of a request: an array."""
        fields = {"fields": list(self.fields)} if self.fields else {}
        return [{"message": self.message, "errorCode": self.code, **fields}]

    def item(self) -> dict[str, object]:
        """The error of one record of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


def error(status: int, code: str, message: str) -> Response:
    """The vendor's error: an array."""
    return json_answer(RefusedError(status, code, message).body(), status)


def oauth_error(code: str, text: str) -> Response:
    """An error of the token endpoint: an object."""
    return json_answer({"error": code, "error_description": text}, 400)


def long_id(spelled: str) -> str:
    """An id of 15 letters with the three that make it independent of case; any other text as it is."""
    if len(spelled) != 15 or not spelled.isalnum():
        return spelled
    parts = (spelled[at : at + 5] for at in (0, 5, 10))
    return spelled + "".join(
        _DIGITS[sum(1 << place for place, letter in enumerate(part) if letter.isupper())] for part in parts
    )


def instant(text: str) -> datetime:
    """A moment with a zone.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


class Words:
    """How the org words the answers that any request can get."""

    def __init__(self) -> None:
        self.queried: dict[str, str] = {}  # locator or job -> the object its query reads

    def throttled(self) -> Response:
        """Too many requests."""
        return error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")

    def unauthorized(self) -> Response:
        """The session is over."""
        return error(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def failed(self, status: int) -> Response:
        """A failure of the org."""
        return error(status, "SERVER_UNAVAILABLE" if status == 503 else "UNKNOWN_EXCEPTION", "Try again later")

    def locked(self) -> Response:
        """Somebody else is writing the record."""
        return error(400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

    def not_found(self) -> Response:
        """No such path."""
        return error(404, "NOT_FOUND", "The requested resource does not exist")

    def asked_for(self, path: str, text: str) -> str:
        """The object a request is about."""
        for part in path.split("/"):
            if part.partition("-")[0] in self.queried:
                return self.queried[part.partition("-")[0]]
        found = _OBJECT.search(text)
        return (found.group(1) or found.group(2)) if found else ""
