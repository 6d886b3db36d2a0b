"""Open one NetSuite account: its client, its way in, and what its errors mean to who reads.

Stays out: what is read (``read``) and written (``write``; what refusals mean to a write is ``outcomes``), how the token
is got (``token``) or a request signed (``tba``).

Facts this rests on: a false ``INVALID_LOGIN`` comes under load, so a fresh token that is refused is worth another try.
"""

from __future__ import annotations

import json

import httpx

from qtc_pipeline.errors import (
    AuthenticationError,
    PermissionRefusedError,
    RateLimitedError,
    SystemReadError,
    TransientError,
)
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Http, Patience, Token, retry_after, usual_error
from qtc_pipeline.systems.netsuite.tba import Signed
from qtc_pipeline.systems.netsuite.token import fetch_token


class NetSuiteDialect:
    """What NetSuite means: ``o:errorCode`` counts, titles lie (429 comes as "Bad Request")."""

    def explain(self, response: httpx.Response, what: str) -> SystemReadError:
        """The typed error of an answer that is not a success."""
        code, message = _code_and_message(response)
        if code in ("CONCURRENCY_LIMIT_EXCEEDED", "REQUEST_LIMIT_EXCEEDED"):
            return RateLimitedError(what, f"{code} {message}", retry_after=retry_after(response))
        if code == "INVALID_LOGIN":
            return TransientError(what, f"{code} {message}", "If it stays, check certificate, role and account")
        if code == "INSUFFICIENT_PERMISSION":
            return PermissionRefusedError(what, f"{code} {message}", "Give the integration's role this permission")
        if code in ("invalid_grant", "invalid_client", "invalid_request"):
            return AuthenticationError(what, f"{code} {message}", "Check client_id, certificate_id and the private key")
        return usual_error(response, what, code, message)


def _code_and_message(response: httpx.Response) -> tuple[str, str]:
    try:
        body = json.loads(response.text)
        if "error" in body:
            return str(body["error"]), str(body.get("error_description", ""))
        detail = body["o:errorDetails"][0]
        return str(detail.get("o:errorCode", "")), str(detail.get("detail", ""))
    except (ValueError, KeyError, IndexError, TypeError):
        return "", response.text


def _signer(instance: Instance) -> Signed:
    consumer = (str(instance.client_id), instance.secret)
    return Signed(str(instance.account), consumer, (str(instance.access_id), instance.token_secret))


def open_http(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> Http:
    """An account's client, with OAuth2 client credentials and a certificate, or with signed requests (TBA)."""
    is_signed = instance.way_in("certificate", "tba") == "tba"
    http = Http(
        what=f"instance {instance.name}",
        base_url=instance.base_url,
        dialect=NetSuiteDialect(),
        max_concurrency=instance.max_concurrency,
        transport=transport,
        patience=patience or Patience(),
        signer=_signer(instance) if is_signed else None,
    )
    if not is_signed:
        private_key = instance.private_key
        http.token = Token(lambda: fetch_token(http, instance, private_key))
    return http
