"""NetSuite as a reader meets it: a token for a signed assertion, and SuiteQL windows.

Rests on the vendor notes of the project. Add paths and traps of this vendor here; the query language is ``suiteql``.

Traps kept: ``Prefer: transient`` is required; an offset is a multiple of its limit; nothing beyond row 100,000; every
value is a string; over-concurrency is a 429 titled "Bad Request" without a delay; a deleted record leaves a row in
``deletedrecord``, its lines leave nothing.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Sequence
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qtc_pipeline.sandbox.servers import distort
from qtc_pipeline.sandbox.servers.asgi import (
    Application,
    Instance,
    Refusal,
    bearer,
    form,
    json_answer,
    off_loop,
    text_answer,
)
from qtc_pipeline.sandbox.servers.credentials import AssertionRefusedError, check_assertion
from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.store import Rows, Value, projection
from qtc_pipeline.sandbox.servers.suiteql import Query, compile_query
from qtc_pipeline.sandbox.servers.suiteql_terms import INVALID
from qtc_pipeline.sandbox.servers.tokens import Tokens

_PATH = "/services/rest/query/v1/suiteql"
_TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_TOKEN_SECONDS = 3600.0
_LARGEST_PAGE = 1000
_LAST_ROW = 100_000
_RECORD = re.compile(r"/record/v1/(\w+)|\bFROM\s+(\w+)", re.IGNORECASE)
_RFC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html"


def error(status: int, code: str, detail: str, title: str | None = None) -> Response:
    """The vendor's error: a problem with its details."""
    body = {
        "type": _RFC,
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "o:errorDetails": [{"detail": detail, "o:errorCode": code}],
    }
    return json_answer(body, status)


class _Wording:
    def throttled(self) -> Response:
        detail = "Concurrent request limit exceeded. Request blocked."
        return error(429, "CONCURRENCY_LIMIT_EXCEEDED", detail, "Bad Request")

    def unauthorized(self) -> Response:
        return error(401, "INVALID_LOGIN", "Invalid login attempt.")

    def failed(self, status: int) -> Response:
        return error(status, "UNEXPECTED_ERROR", "An unexpected error occurred.")

    def locked(self) -> Response:
        return error(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed.")

    def not_found(self) -> Response:
        return error(404, "NONEXISTENT_ID", "The requested resource does not exist.")

    def asked_for(self, _path: str, text: str) -> str:
        found = _RECORD.search(text)
        return found.group(1) or found.group(2) if found else ""


class NetSuite:
    """The application of one account.

    Args:
        instance: state, switches, journal.
        client_id: of the integration record.
        certificate_id: ``kid`` of its certificate.
        public_key: PEM of that certificate or of its public key.
        concurrency: requests served at the same time.
    """

    def __init__(
        self, instance: Instance, client_id: str, certificate_id: str, public_key: bytes, concurrency: int = 5
    ) -> None:
        self._instance = instance
        self._client_id = client_id
        self._certificate_id = certificate_id
        self._public_key = public_key
        self._concurrency = concurrency
        self._running = 0
        self._wording = _Wording()
        self.tokens = Tokens(instance.faults, _TOKEN_SECONDS)
        self.app = Application(
            instance,
            self._wording,
            [
                Route(_TOKEN_PATH, self._token, methods=["POST"]),
                Route(_PATH, self._suiteql, methods=["POST"]),
            ],
        )

    async def _token(self, request: Request) -> Response:
        fields = await form(request)
        if fields.get("grant_type") != "client_credentials" or fields.get("client_assertion_type") != _ASSERTION_TYPE:
            return json_answer({"error": "invalid_request"}, 400)
        try:
            check_assertion(
                fields.get("client_assertion", ""),
                self._public_key,
                client_id=self._client_id,
                certificate_id=self._certificate_id,
                audience=str(request.url).partition("?")[0],
            )
        except AssertionRefusedError as refused:
            return json_answer({"error": "invalid_client", "error_description": str(refused)}, 401)
        token, seconds = self.tokens.issue()
        self._instance.journal.add("tokens")
        return json_answer({"access_token": token, "expires_in": int(seconds), "token_type": "bearer"})

    async def _suiteql(self, request: Request) -> Response:
        allowed = self._instance.faults.concurrency
        if self._running >= (self._concurrency if allowed is None else allowed):
            return self._wording.throttled()
        self._running += 1
        try:
            body = await request.body()
            return await off_loop(self._instance, lambda: self._answer(request, body))
        finally:
            self._running -= 1

    def _answer(self, request: Request, body: bytes) -> Response:
        if not self.tokens.use(bearer(request)):
            return self._wording.unauthorized()
        preferences = {part.strip().lower() for part in request.headers.get("prefer", "").split(",")}
        if "transient" not in preferences:
            return error(400, "INVALID_HEADER", "Invalid value for the header 'Prefer'. Use 'transient'.")
        limit, offset = _window(request)
        try:
            text, params = _query(body)
            query = compile_query(text, params)
        except QueryError as failed:
            return error(400, failed.code, f"Invalid search query. Search error occurred: {failed}")
        rows = self._rows(query)
        shown, offset = distort.turn(offset, limit, len(rows))
        window = rows[shown : shown + limit]
        fields = query.plain_fields
        if isinstance(window, list) or fields is None:
            items = ",".join(str(item) for item in window)
        else:
            entity = query.tables[0].entity
            wire = f"""'{{"links":[],' || substr({projection(entity, fields)}, 2)"""
            items = ",".join(self._instance.store.texts(entity, window, wire))
        self._instance.journal.add("rows", len(window))
        has_more = offset + limit < len(rows)
        links = json.dumps(_links(str(request.url).partition("?")[0], limit, offset, len(rows)))
        return text_answer(
            f'{{"links":{links},"count":{len(window)},"hasMore":{json.dumps(has_more)},"items":[{items}],'
            f'"offset":{offset},"totalResults":{len(rows)}}}'
        )

    def _rows(self, query: Query) -> Rows:
        """Row numbers of a query of plain fields, finished items of any other."""
        legal_entities = self._instance.faults.company_filter
        fields = query.plain_fields
        if fields is not None:
            statement = query.statement("_seq", legal_entities)

            def numbers(conn: Any) -> Rows:
                return array("q", (row[0] for row in conn.execute(statement.text, statement.values)))

            return self._instance.store.select(("rows", statement.text, statement.values), numbers)
        statement = query.statement(", ".join(column.sql.text for column in query.columns), legal_entities)
        values = tuple(value for column in query.columns for value in column.sql.values) + statement.values
        labels = [column.label for column in query.columns]

        def items(conn: Any) -> Rows:
            return [_item(labels, row) for row in conn.execute(statement.text, values)]

        return self._instance.store.select(("items", *labels, statement.text, values), items)


def _item(labels: Sequence[str], row: Sequence[Value]) -> str:
    return json.dumps({"links": [], **{label: _spoken(value) for label, value in zip(labels, row, strict=True)}})


def _spoken(value: Value) -> str | None:
    """Every value is a string, numbers without an exponent."""
    if value is None or isinstance(value, str):
        return value
    text = f"{Decimal(repr(value)):f}"
    return text.removesuffix(".0")


def _window(request: Request) -> tuple[int, int]:
    asked = {"limit": _LARGEST_PAGE, "offset": 0}
    for name, default in asked.items():
        text = request.query_params.get(name, str(default))
        if not text.isdigit():
            raise Refusal(error(400, INVALID, f"Provide an integer for the query parameter '{name}'."))
        asked[name] = int(text)
    limit, offset = asked["limit"], asked["offset"]
    if not 1 <= limit <= _LARGEST_PAGE:
        raise Refusal(error(400, INVALID, f"The limit must be from 1 to {_LARGEST_PAGE}."))
    if offset % limit:
        raise Refusal(error(400, INVALID, "The offset must be divisible by the limit."))
    if offset + limit > _LAST_ROW:
        raise Refusal(error(400, INVALID, f"A query reaches no further than {_LAST_ROW} results. Narrow it."))
    return limit, offset


def _query(body: bytes) -> tuple[str, list[Value]]:
    try:
        wanted = json.loads(body)
        text, params = wanted["q"], wanted.get("params", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise QueryError("INVALID_CONTENT", "the body must be JSON with a query 'q'") from None
    if not isinstance(text, str) or not isinstance(params, list):
        raise QueryError("INVALID_CONTENT", "'q' must be a text and 'params' a list")
    return text, params


def _links(base: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    last = max((total - 1) // limit, 0) * limit
    wanted = {"first": 0, "prev": offset - limit, "self": offset, "next": offset + limit, "last": last}
    shown = {rel: at for rel, at in wanted.items() if rel == "self" or (0 <= at <= last and at != offset)}
    return [{"rel": rel, "href": f"{base}?{urlencode({'limit': limit, 'offset': at})}"} for rel, at in shown.items()]
