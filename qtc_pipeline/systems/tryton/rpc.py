"""Tryton's JSON-RPC: one session, typed errors, tagged values.

Here: how a call travels. Stays out: which models are read (``entities.py``), paging (``read.py``).

Facts this rests on (Tryton 8.2):

- errors of the application come under HTTP 200 as ``{"error": [type, ...]}``; a domain violation carries 30 KB;
- answers over 1 400 bytes say ``Content-Encoding: gzip`` even where the client does not accept gzip and they are plain,
  so gzip is always accepted (the shared client does);
- every failed login sleeps longer inside the server and the seventh locks the account (429, the right password too):
  a refused login is remembered and never sent again by this object.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Self, TypeVar

import httpx
from pydantic import SecretStr

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
    PermanentError,
    PermissionRefusedError,
    RateLimitedError,
    SystemReadError,
    TransientError,
)
from qtc_pipeline.systems.http import Answer, Http, Patience, usual_error, vendor_clock
from qtc_pipeline.systems.payload import Record, split_answer

T = TypeVar("T")
SERIES = "8.2"
LOCKOUT_SECONDS = 300.0  # the server's default window
ONCE = Patience(attempts=1)  # for calls that write: a lost answer may belong to a change that was made
_LOGIN = "common.db.login"
_LONGEST_CAUSE = 300
_DATETIME_PARTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class ConfirmationNeededError(PermanentError):
    """The server asks for a confirmation; ``name`` is the warning's key."""

    def __init__(self, what: str, cause: str = "", fix: str = "", *, name: str) -> None:
        super().__init__(what, cause, fix)
        self.name = name


class _Dialect:
    """What Tryton's status codes mean, where it differs from the usual."""

    def explain(self, response: httpx.Response, what: str) -> SystemReadError:
        """The typed error of an answer that is not HTTP 200."""
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS and _LOGIN in what:
            # sent without Retry-After; asking again sooner cannot succeed
            cause = "HTTP 429: too many failed logins, even the right password is refused now"
            fix = f"Wait {LOCKOUT_SECONDS:.0f} s (the server's lockout window)"
            return RateLimitedError(what, cause, fix, retry_after=LOCKOUT_SECONDS)
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return PermanentError(what, "HTTP 413: more records than the server allows", "Lower page_size")
        if status == httpx.codes.NOT_FOUND:
            return PermanentError(what, "HTTP 404", "Check base_url and database of this instance")
        return usual_error(response, what, "", "")


class TrytonRpc:
    """A session with one database of a Tryton server; safe to share between threads.

    Args:
        base_url: address of the server, without the database.
        database: name of the database.
        username: login of the integration user.
        password: its password.
        what: how errors name this system (``instance tryton``).
        max_concurrency: calls under way at once.
        patience: how often and how long a call is repeated; a single attempt where calls write.
        transport: replaces the network in tests.
    """

    def __init__(
        self,
        base_url: str,
        database: str,
        username: str,
        password: SecretStr,
        *,
        what: str = "Tryton",
        max_concurrency: int = 4,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.what = what
        self._username = username
        self._password = password
        self._path = f"/{database}/rpc/"
        self._http = Http(what, base_url, _Dialect(), max_concurrency, patience or Patience(), transport)
        self._lock = threading.Lock()
        self._session: str | None = None
        self._refused: AuthenticationError | None = None

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._http.requests

    def close(self) -> None:
        """Close the connections; the session itself expires on the server."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def version(self) -> str:
        """Series of the server (``8.2``); needs no login."""
        return str(self._send("/rpc/", "common.server.version", (), None, _decoded))

    def clock(self) -> datetime:
        """The server's clock, UTC."""
        return self._send("/rpc/", "common.server.version", (), None, lambda answer, _: vendor_clock(answer.headers))

    def call(self, method: str, *params: Any, about: str = "") -> Any:
        """Call and give the decoded result: tagged values as Python objects, JSON floats as Decimal.

        Args:
            method: e.g. ``model.party.party.search_count``.
            params: the last one is the context.
            about: how errors name the object; the method by default.
        """
        return self._authorized(method, params, _decoded, about)

    def records(self, method: str, *params: Any, about: str = "") -> tuple[datetime, list[Record]]:
        """Call a method that gives records: when the answer came, and (decoded, text as received) of each."""
        return self._authorized(method, params, _records, about)

    def login(self) -> str:
        """Log in once; later calls give the same session.

        Raises:
            AuthenticationError: refused. The same error is raised again without asking the server, because each
                further failure brings the account nearer to its lockout.
        """
        with self._lock:
            if self._refused is not None:
                raise self._refused
            if self._session is None:
                self._session = self._login()
            return self._session

    def _login(self) -> str:
        params = (self._username, {"password": self._password.get_secret_value()})
        try:
            user, session, *_ = self._send(self._path, _LOGIN, params, None, _decoded)
        except AuthenticationError:
            self._refused = AuthenticationError(
                self.what,
                f"login of user '{self._username}' refused",
                "Correct the password; it is not tried again, since the server locks the account after a few failures",
            )
            raise self._refused from None
        return base64.b64encode(f"{self._username}:{user}:{session}".encode()).decode()

    def _authorized(self, method: str, params: Sequence[Any], decode: Callable[[Answer, str], T], about: str) -> T:
        session = self.login()
        try:
            return self._send(self._path, method, params, session, decode, about=about)
        except AuthenticationError:
            # the server forgot the session: one new login, no loop
            with self._lock:
                if self._session == session:
                    self._session = None
            return self._send(self._path, method, params, self.login(), decode, about=about)

    def _send(
        self,
        path: str,
        method: str,
        params: Sequence[Any],
        session: str | None,
        decode: Callable[[Answer, str], T],
        *,
        about: str = "",
    ) -> T:
        content = json.dumps({"id": 1, "method": method, "params": params}, default=tag).encode()
        headers = {"Content-Type": "application/json"}
        if session is not None:
            headers["Authorization"] = f"Session {session}"
        about = about or method
        return self._http.request(
            "POST",
            path,
            lambda answer: decode(answer, f"{self.what}, {about}"),
            what=about,
            authorized=False,
            content=content,
            headers=headers,
        )


def _decoded(answer: Answer, what: str) -> Any:
    document = json.loads(answer.text, object_hook=untag, parse_float=Decimal)
    _refuse_errors(document, what)
    return document["result"]


def _records(answer: Answer, what: str) -> tuple[datetime, list[Record]]:
    envelope, records = split_answer(answer.text, "result")
    if "error" in envelope:
        _refuse_errors(envelope, what)
    return answer.read_at, records


def _refuse_errors(document: Any, what: str) -> None:
    if not isinstance(document, Mapping) or not document.keys() & {"result", "error"}:
        raise ContractError(what, f"neither result nor error in the answer: {str(document)[:_LONGEST_CAUSE]}")
    if "error" in document:
        raise application_error(document["error"], what)


def application_error(error: Any, what: str) -> SystemReadError:
    """The typed error for ``{"error": [type, ...]}``, cut to a length that fits a log line."""
    parts = error if isinstance(error, list) else [error]
    kind = str(parts[0]) if parts else "unknown"
    details = parts[1] if len(parts) > 1 else ""
    words = [str(one)[:_LONGEST_CAUSE] for one in (details if isinstance(details, list) else [details]) if one]
    message = words[0] if words else kind
    if kind == "UserError":
        if "not allowed" in message or "access" in message.lower():
            return PermissionRefusedError(what, message, "Give the integration user this permission")
        return PermanentError(what, message)
    if kind == "UserWarning":
        return ConfirmationNeededError(what, words[-1] if words else kind, name=message)
    if kind == "ConcurrencyException":
        return TransientError(what, message)
    # anything else is "str(exception), traceback": a model or field this connector does not know
    return ContractError(what, kind[:_LONGEST_CAUSE], "Check that the modules this connector reads are activated")


def tag(value: Any) -> Any:
    """A Python value as Tryton writes it in JSON (``default`` of ``json.dumps``)."""
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        return {"__class__": "datetime", **{part: getattr(value, part) for part in _DATETIME_PARTS}}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if isinstance(value, timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    message = f"{type(value).__name__} has no place in a Tryton call"
    raise TypeError(message)


def untag(value: dict[str, Any]) -> Any:
    """The Python value of one decoded JSON object (``object_hook``); objects without a tag stay as they are."""
    match value.get("__class__"):
        case "Decimal":
            return Decimal(value["decimal"])
        case "datetime":
            return stamp(value).replace(tzinfo=None)
        case "date":
            return date(value["year"], value["month"], value["day"])
        case "timedelta":
            return timedelta(seconds=float(value["seconds"]))
        case "bytes":
            return base64.b64decode(value["base64"])
    return value


def stamp(value: Mapping[str, Any]) -> datetime:
    """A tagged datetime as the instant it is: Tryton's stamps are naive UTC."""
    year, month, day, hour, minute, second, microsecond = (int(value[part]) for part in _DATETIME_PARTS)
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=UTC)
