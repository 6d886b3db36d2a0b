"""Open one Salesforce org: its client, and what its errors mean to who reads.

Stays out: what is read (``read``) and written (``write``; what refusals mean to a write is ``outcomes``), what is sent
for a session (``token``).

Facts this rests on: errors are a JSON array; 403 REQUEST_LIMIT_EXCEEDED is the day's budget ("TotalRequests": stop) or
a concurrency limit (wait).
"""

from __future__ import annotations

import json

import httpx

from qtc_pipeline.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    SystemReadError,
    TransientError,
)
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Http, Patience, Token, retry_after, usual_error
from qtc_pipeline.systems.salesforce.token import fetch_token, grant_of

_LOST_LOCATOR = "INVALID_QUERY_LOCATOR"


class LostLocatorError(PermanentError):
    """The server forgot where a query stood; it must be asked again."""


class BulkRefusedError(PermanentError):
    """The Bulk API does not serve this object or query; the other interface does."""


class SalesforceDialect:
    """What Salesforce means by its statuses and codes."""

    def explain(self, response: httpx.Response, what: str) -> SystemReadError:
        """The typed error of an answer that is not a success."""
        code, message = code_and_message(response)
        if code == _LOST_LOCATOR:
            return LostLocatorError(what, message)
        if code == "INVALIDENTITY" or ("not supported" in message and "Bulk" in message):
            return BulkRefusedError(what, f"{code} {message}")
        return self._known(response, what, code, message) or usual_error(response, what, code, message)

    @staticmethod
    def _known(response: httpx.Response, what: str, code: str, message: str) -> SystemReadError | None:
        if code == "REQUEST_LIMIT_EXCEEDED":
            if "TotalRequests" in message:
                return PermanentError(what, f"{code} {message}", "The org's requests of 24 hours are used up; wait")
            return RateLimitedError(what, f"{code} {message}", retry_after=retry_after(response))
        if code in ("UNABLE_TO_LOCK_ROW", "TXN_SECURITY_METERING_ERROR"):
            return TransientError(what, f"{code} {message}")
        if code in ("invalid_grant", "invalid_client", "invalid_client_id", "app_not_found"):
            return AuthenticationError(what, f"{code} {message}", "Check client id, secret and My Domain base_url")
        return None


def code_and_message(response: httpx.Response) -> tuple[str, str]:
    """Code and words of the first error."""
    try:
        body = json.loads(response.text)
    except ValueError:
        return "", response.text
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", response.text
    return str(first.get("errorCode") or first.get("error") or ""), str(
        first.get("message") or first.get("error_description") or ""
    )


def open_http(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> Http:
    """An org's client, with OAuth2 client credentials or an assertion signed with the app's key."""
    grant = grant_of(instance)
    http = Http(
        what=f"instance {instance.name}",
        base_url=instance.base_url,
        dialect=SalesforceDialect(),
        max_concurrency=instance.max_concurrency,
        transport=transport,
        patience=patience or Patience(),
    )
    http.token = Token(lambda: fetch_token(http, grant))
    return http
