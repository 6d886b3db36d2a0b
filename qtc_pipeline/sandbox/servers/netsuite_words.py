"""How NetSuite says what went wrong.

Add an error shape here. When it is said is decided where the request is handled.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import json_answer

INVALID = "INVALID_PARAMETER"
CONTENT = "INVALID_CONTENT"
_RECORD = re.compile(r"/record/v1/(?:metadata-catalog/)?(\w+)|\bFROM\s+(\w+)", re.IGNORECASE)
_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"


def problem(status: int, code: str, detail: str, *, title: str | None = None, path: str = "") -> dict[str, Any]:
    """The body of an error: a problem with its details; ``path`` is the property it is about."""
    found = {"detail": detail, "o:errorCode": code}
    return {
        "type": _RFC,
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "o:errorDetails": [{**found, "o:errorPath": path} if path else found],
    }


def error(status: int, code: str, detail: str, title: str | None = None) -> Response:
    """The vendor's error."""
    return json_answer(problem(status, code, detail, title=title), status)


class RefusedError(Exception):
    """A request on a record that the account refuses."""

    def __init__(self, status: int, code: str, detail: str, path: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.body = problem(status, code, detail, path=path)


class Words:
    """How the account words the answers that any request can get."""

    def throttled(self) -> Response:
        """Too many requests at once; the title is wrong, as the vendor's is."""
        detail = "Concurrent request limit exceeded. Request blocked."
        return error(429, "CONCURRENCY_LIMIT_EXCEEDED", detail, "Bad Request")

    def unauthorized(self) -> Response:
        """Nobody the account knows."""
        return error(401, "INVALID_LOGIN", "Invalid login attempt.")

    def failed(self, status: int) -> Response:
        """A failure of the vendor."""
        return error(status, "UNEXPECTED_ERROR", "An unexpected error occurred.")

    def locked(self) -> Response:
        """Somebody else saved the record first."""
        return error(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed.")

    def not_found(self) -> Response:
        """No such path."""
        return error(404, "NONEXISTENT_ID", "The requested resource does not exist.")

    def asked_for(self, _path: str, text: str) -> str:
        """The record type or table a request is about."""
        found = _RECORD.search(text)
        return (found.group(1) or found.group(2)) if found else ""
