"""How requests travel: one client per instance, with retries, a concurrency limit and a token that may run out.

Here: what all HTTP vendors share. Stays out: which status or code of a vendor means what (``Dialect``, each vendor's
folder decides) and what an answer contains.

An attempt that fails for a reason that may pass (429, 5xx, timeouts, resets, a body cut off) is repeated with growing,
jittered pauses; a vendor's Retry-After is kept exactly, and given up on when it is longer than the patience. A refused
token is fetched anew once per request. Bodies in messages are cut and tokens are masked; nothing here logs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, TypeVar

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
    PermanentError,
    PermissionRefusedError,
    RateLimitedError,
    SystemReadError,
    TransientError,
)

T = TypeVar("T")

TRANSIENT_STATUS = frozenset({406, 408, 420, 425, 500, 502, 503, 504})
_LONGEST_CAUSE = 300
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a request is repeated. ``base`` and ``longest`` are seconds of one pause."""

    attempts: int = 6
    base: float = 0.5
    longest: float = 60.0
    timeout: float = 120.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its text and headers, and when it arrived."""

    text: str
    headers: Mapping[str, str]
    read_at: datetime


class Dialect(Protocol):
    """How a vendor says what went wrong."""

    def explain(self, response: httpx.Response, what: str) -> SystemReadError:
        """The typed error of an answer that is not a success; :func:`usual_error` for what is usual."""


class Token:
    """A token and how to get another one; safe to share between threads.

    Args:
        fetch: gives a token and the seconds it lives (None: until it is refused).
        renewable: False for a token that stands in the settings.
    """

    def __init__(self, fetch: Callable[[], tuple[str, float | None]], *, renewable: bool = True) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._value: str | None = None
        self._until = float("inf")
        self.renewable = renewable

    def value(self, refused: str | None = None) -> str:
        """The token in force; another one when it has run out or is the one just refused."""
        with self._lock:
            if self._value is None or self._value == refused or time.monotonic() > self._until:
                self._value, lives = self._fetch()
                # renewed a little early, so that it does not run out on the way
                self._until = time.monotonic() + lives * 0.9 if lives else float("inf")
            return self._value


@dataclass(slots=True)
class Http:
    """One instance's client.

    Args:
        what: how errors name the instance.
        base_url: scheme, host, and a path prefix if there is one.
        dialect: how the vendor reports errors.
        max_concurrency: requests under way at once, over all threads.
        transport: replaces the network in tests.
        token: what authorizes requests; None where ``signer`` does.
        signer: authorizes each request by itself.
        clock: the vendor's clock in the latest answer, None before the first.
    """

    what: str
    base_url: str
    dialect: Dialect
    max_concurrency: int = 4
    patience: Patience = field(default_factory=Patience)
    transport: httpx.BaseTransport | None = None
    token: Token | None = None
    signer: httpx.Auth | None = None
    requests: int = 0
    clock: datetime | None = None
    _client: httpx.Client = field(init=False)
    _slots: threading.BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = threading.BoundedSemaphore(self.max_concurrency)
        self._client = httpx.Client(
            base_url=self.base_url,
            timeout=httpx.Timeout(self.patience.timeout, connect=10.0),
            limits=httpx.Limits(
                max_connections=self.max_concurrency,
                max_keepalive_connections=self.max_concurrency,
            ),
            transport=self.transport,
            auth=self.signer,
            # a proxy named in the environment is for the way out, not for this machine
            trust_env=httpx.URL(self.base_url).host not in _LOOPBACK,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        decode: Callable[[Answer], T],
        *,
        what: str = "",
        authorized: bool = True,
        repeat: bool = True,
        **options: Any,
    ) -> T:
        """Send, check and decode; repeat what may pass.

        Args:
            method: GET or POST (the requests of a reader are all safe to repeat).
            url: path on this instance, or an absolute URL on it.
            decode: makes the result of the answer; a ``ValueError`` from it (JSON that ends early) is transient.
            what: the object asked for, for messages (``entity Account``).
            authorized: send the token.
            repeat: False where the caller repeats (a token is fetched inside a request that is repeated itself).
            options: of ``httpx.Client.request`` (params, json, headers, data).

        Raises:
            TransientError: still failing after the last attempt.
            PermanentError: refused for good.
        """
        name = f"{self.what}, {what}" if what else self.what
        growing = wait_random_exponential(multiplier=self.patience.base, max=self.patience.longest)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            told = error.retry_after if isinstance(error, RateLimitedError) else None
            return told if told is not None else growing(state)

        def worth_waiting(state: RetryCallState) -> bool:
            error = state.outcome.exception() if state.outcome else None
            told = error.retry_after if isinstance(error, RateLimitedError) else None
            return told is not None and told > self.patience.longest

        attempts = stop_after_attempt(self.patience.attempts if repeat else 1)
        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            wait=pause,
            stop=lambda state: attempts(state) or worth_waiting(state),
            sleep=self.patience.sleep,
            reraise=True,
        )
        for attempt in retrying:
            with attempt:
                return decode_answer(decode, self._answer(method, url, name, options, authorized=authorized), name)
        raise AssertionError(name)  # tenacity raises the last error itself (reraise)

    def _answer(self, method: str, url: str, what: str, options: dict[str, Any], *, authorized: bool) -> Answer:
        token = self.token.value() if authorized and self.token else None
        response = self._send(method, url, what, token, options)
        if response.status_code == httpx.codes.UNAUTHORIZED and token and self.token and self.token.renewable:
            token = self.token.value(refused=token)
            response = self._send(method, url, what, token, options)
        if not response.is_success:
            raise _presentable(self.dialect.explain(response, what), token)
        try:
            text = response.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise TransientError(what, f"the answer is garbled ({error})") from None
        self.clock = vendor_clock(response.headers)
        return Answer(text, response.headers, datetime.now(UTC))

    def _send(self, method: str, url: str, what: str, token: str | None, options: dict[str, Any]) -> httpx.Response:
        try:
            return self.exchange(method, url, token, **options)
        except httpx.TimeoutException as error:
            raise TransientError(what, f"no answer in time ({type(error).__name__})") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TransientError(what, f"connection failed ({type(error).__name__}: {error})") from None
        except httpx.InvalidURL as error:
            raise PermanentError(what, f"'{self.base_url}' is no address ({error})", "Correct base_url") from None

    def exchange(self, method: str, url: str, token: str | None, **options: Any) -> httpx.Response:
        """One request and its answer, whatever it says; the client's own exceptions tell what became of it."""
        headers = dict(options.pop("headers", None) or {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        with self._slots:
            self.requests += 1
            return self._client.request(method, url, headers=headers, **options)


def decode_answer(decode: Callable[[Answer], T], answer: Answer, what: str) -> T:
    """What ``decode`` makes of an answer; text that ends early or is no JSON is transient, another shape is not."""
    try:
        return decode(answer)
    except ValueError as error:
        raise TransientError(what, f"the answer is cut off or no JSON ({error})") from None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        said = f"the answer has another shape than declared ({type(error).__name__}: {error})"
        raise ContractError(what, said, "Compare the entity's declared fields with what this instance has") from None


def usual_error(response: httpx.Response, what: str, code: str, message: str) -> SystemReadError:
    """The error most vendors mean by a status.

    Args:
        response: the answer, not a success.
        what: the object asked for.
        code: the vendor's own error code ("" where it has none).
        message: the vendor's words.
    """
    status = response.status_code
    said = " ".join(part for part in (f"HTTP {status}", code, message) if part)
    wait = retry_after(response)
    if status == httpx.codes.TOO_MANY_REQUESTS or (status == httpx.codes.SERVICE_UNAVAILABLE and wait is not None):
        return RateLimitedError(what, said, retry_after=wait)
    if status in TRANSIENT_STATUS or status > httpx.codes.INTERNAL_SERVER_ERROR:
        return TransientError(what, said)
    if status == httpx.codes.UNAUTHORIZED:
        return AuthenticationError(what, said, "Check client id, secret or certificate of this instance")
    if status == httpx.codes.FORBIDDEN:
        return PermissionRefusedError(what, said, "Give the integration user the permission to read this")
    if status in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND, httpx.codes.UNPROCESSABLE_ENTITY):
        return ContractError(what, said, "Compare the entity's declared fields with what this instance has")
    return PermanentError(what, said)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the vendor asks to wait, None where it does not say."""
    text = response.headers.get("Retry-After")
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    wait: float = (at - datetime.now(at.tzinfo or UTC)).total_seconds()
    return max(0.0, wait)


def vendor_clock(headers: Mapping[str, str]) -> datetime:
    """The vendor's clock as its Date header tells it; ours where it sends none."""
    text = headers.get("date")
    return parsedate_to_datetime(text).astimezone(UTC) if text else datetime.now(UTC)


def presentable(text: str, token: str | None) -> str:
    """A vendor's words on one line of a message: cut, and without the token."""
    shown = text.replace(token, "***") if token else text
    return shown if len(shown) <= _LONGEST_CAUSE else f"{shown[:_LONGEST_CAUSE]}…"


def _presentable(error: SystemReadError, token: str | None) -> SystemReadError:
    """The error with a cause that fits a line and shows no token."""
    cause = presentable(error.cause, token)
    if cause != error.cause:
        error.cause = cause
        error.args = (error._sentence(),)  # noqa: SLF001  the sentence of our own error family, built anew
    return error
