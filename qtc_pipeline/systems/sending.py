"""How a write travels: one try, and an exact word for what became of it.

Here: what all HTTP vendors share when they are written: sent or not, answered or lost. Stays out: which status and code
of a vendor means what (``OUTCOMES`` of each vendor's folder) and what is written (``write``).

Nothing is repeated, with one exception: a refused token, whose request had no effect, is fetched anew once. A request
that never left and one the vendor refused have had no effect. Every other silence may hide an effect.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

import httpx

from qtc_pipeline.errors import (
    AuthenticationError,
    NoEffectError,
    OutcomeUnknownError,
    PermanentError,
    QtcError,
    RateLimitedError,
    StaleRecordError,
    TransientError,
    WriteRejectedError,
)
from qtc_pipeline.systems.http import Http, presentable, retry_after


class Outcome(StrEnum):
    """What an answer that is no success says of a write."""

    NO_EFFECT = "no_effect"  # not done, may be sent again
    STALE = "stale"  # not done, the record moved
    BUSINESS = "business"  # not done, a rule of the firm or vendor
    PERMISSION = "permission"  # not done, the integration may not
    CONTRACT = "contract"  # not done, we asked wrongly
    AUTHENTICATION = "authentication"  # not done, nobody the vendor knows
    UNKNOWN = "unknown"  # only looking tells


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of a vendor's table: answers of this status and code; None for any."""

    status: int | None
    code: str | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Sender:
    """One instance's way for writes.

    Args:
        http: its client.
        meanings: the vendor's table; the first row that fits counts.
        told: the vendor's own code and words in an answer.
    """

    http: Http
    meanings: Sequence[Meaning]
    told: Callable[[httpx.Response], tuple[str, str]]

    def send(self, method: str, url: str, *, what: str, **options: Any) -> httpx.Response:
        """Send once; gives an answer of success.

        Args:
            method: of the request.
            url: path on this instance.
            what: the object written, for messages (``job 700``).
            options: of ``httpx.Client.request`` (content, headers, params).

        Raises:
            NoEffectError: never left, or refused for a reason that may pass.
            OutcomeUnknownError: no answer, or one that does not tell.
            StaleRecordError: the vendor's guard says the record moved.
            WriteRejectedError: the vendor's rules forbid it.
            AuthenticationError: credentials refused.
        """
        name = f"{self.http.what}, {what}"
        token = self._token(name)
        response = self._exchange(method, url, name, token, options)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            renewed = self._token(name, refused=token) if self._renews else token
            if renewed != token or self.http.signer is not None:
                token = renewed
                response = self._exchange(method, url, name, token, options)
        if response.is_success:
            return response
        raise self._refusal(response, name, token)

    @property
    def _renews(self) -> bool:
        return self.http.token is not None and self.http.token.renewable

    def _token(self, name: str, refused: str | None = None) -> str | None:
        if self.http.token is None:
            return None
        try:
            return self.http.token.value(refused)
        except AuthenticationError:
            raise
        except TransientError as error:
            told = error.retry_after if isinstance(error, RateLimitedError) else None
            raise NoEffectError(name, f"no token: {error.cause}", retry_after=told) from None
        except PermanentError as error:
            raise AuthenticationError(name, f"no token: {error.cause}", error.fix) from None

    def _exchange(
        self, method: str, url: str, name: str, token: str | None, options: Mapping[str, Any]
    ) -> httpx.Response:
        try:
            return self.http.exchange(method, url, token, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise NoEffectError(name, f"not reached ({type(error).__name__})") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            cause = f"'{self.http.base_url}' is no address ({error})"
            raise WriteRejectedError(name, cause, "Correct base_url", category="contract") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise OutcomeUnknownError(name, f"the answer was lost ({type(error).__name__})") from None

    def _refusal(self, response: httpx.Response, name: str, token: str | None) -> QtcError:
        status = response.status_code
        code, message = self.told(response)
        spoken = presentable(" ".join(part for part in (f"HTTP {status}", code, message) if part), token)
        known = code or str(status)
        match outcome_of(self.meanings, status, code):
            case Outcome.NO_EFFECT:
                return NoEffectError(name, spoken, code=known, retry_after=retry_after(response))
            case Outcome.STALE:
                return StaleRecordError(name, spoken, code=known)
            case Outcome.AUTHENTICATION:
                fix = "Check client id, secret or certificate of this instance"
                return AuthenticationError(name, spoken, fix)
            case Outcome.UNKNOWN:
                return OutcomeUnknownError(name, spoken, code=known)
            case category:
                return WriteRejectedError(name, spoken, code=known, category=category.value)


def outcome_of(meanings: Sequence[Meaning], status: int, code: str) -> Outcome:
    """What an answer means: the vendor's first row that fits; else what its status says."""
    for row in meanings:
        if row.status in {None, status} and row.code in {None, code}:
            return row.outcome
    is_lost = status == httpx.codes.REQUEST_TIMEOUT or status >= httpx.codes.INTERNAL_SERVER_ERROR
    return Outcome.UNKNOWN if is_lost else Outcome.CONTRACT


def encoded(body: Any) -> bytes:
    """A body as JSON; a Decimal is a number with the digits it has, whatever a binary float would make of it."""
    mark = secrets.token_hex(16)  # no text of a body says so

    def number(value: object) -> str:
        if isinstance(value, Decimal):
            return f"{mark}{value:f}"
        raise TypeError(f"a body holds a {type(value).__name__}")

    text = json.dumps(body, default=number, separators=(",", ":"), ensure_ascii=True)
    return re.sub(f'"{mark}([^"]*)"', r"\1", text).encode()


def plain(amount: Decimal) -> str:
    """An amount as text with one spelling: no exponent, no zeros that say nothing."""
    text = f"{amount:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
