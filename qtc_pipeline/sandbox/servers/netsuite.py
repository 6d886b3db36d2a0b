"""NetSuite as its clients meet it: SuiteQL windows, the record service, asynchronous jobs.

Rests on the vendor notes of the project. Add paths and traps of querying here; the query language is ``suiteql``, ways
in are ``netsuite_login``, records are ``netsuite_records`` and its neighbours.

Traps kept: ``Prefer: transient`` is required; an offset is a multiple of its limit; nothing beyond row 100,000; every
value is a string; over-concurrency is a 429 titled "Bad Request" without a delay; a deleted record leaves a row in
``deletedrecord``, its lines leave nothing.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qtc_pipeline.sandbox.servers import distort
from qtc_pipeline.sandbox.servers.asgi import Application, Instance, Refusal, json_answer, off_loop, text_answer
from qtc_pipeline.sandbox.servers.catalogue import COMPANY
from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.netsuite_async import PATH as JOBS
from qtc_pipeline.sandbox.servers.netsuite_async import AsyncJobs, collected
from qtc_pipeline.sandbox.servers.netsuite_lists import condition
from qtc_pipeline.sandbox.servers.netsuite_login import Integration, Login
from qtc_pipeline.sandbox.servers.netsuite_records import Call, Records
from qtc_pipeline.sandbox.servers.netsuite_types import record_type
from qtc_pipeline.sandbox.servers.netsuite_words import CONTENT, INVALID, RefusedError, Words, error
from qtc_pipeline.sandbox.servers.store import Rows, Value, projection, visible
from qtc_pipeline.sandbox.servers.suiteql import Query, compile_query
from qtc_pipeline.sandbox.servers.tokens import Tokens
from qtc_pipeline.sandbox.servers.writing import encode, writing

_PATH = "/services/rest/query/v1/suiteql"
_RECORDS = "/services/rest/record/v1"
_TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - a path
_TOKEN_SECONDS = 3600.0
_LARGEST_PAGE = 1000
_LAST_ROW = 100_000


class NetSuite:
    """The application of one account.

    Args:
        instance: state, switches, journal.
        integration: the client the account knows.
        concurrency: requests served at the same time.
    """

    def __init__(self, instance: Instance, integration: Integration, concurrency: int = 5) -> None:
        self._instance = instance
        self._concurrency = concurrency
        self._running = 0
        self._words = Words()
        self.tokens = Tokens(instance.faults, _TOKEN_SECONDS)
        self._login = Login(instance, self.tokens, integration)
        self._jobs = AsyncJobs()
        own = encode({"accountid": integration.account})
        with instance.store.connection() as conn:
            statement = f'INSERT OR IGNORE INTO "e_{COMPANY}" (_key, _payload) VALUES (?, ?)'
            conn.execute(statement, (integration.account, own))
            conn.commit()
        writes = ["GET", "POST", "PATCH", "PUT", "DELETE"]
        self.app = Application(
            instance,
            self._words,
            [
                Route(_TOKEN_PATH, self._login.token, methods=["POST"]),
                Route(_PATH, self._served(self._suiteql), methods=["POST"]),
                Route(f"{_RECORDS}/{{rest:path}}", self._served(self._record), methods=writes),
                Route(f"{JOBS}/{{rest:path}}", self._served(self._job)),
            ],
        )

    def _served(self, work: Callable[[Request, bytes, str], Response]) -> Callable[[Request], Any]:
        """A handler: the concurrency limit, then who it is, then the work beside the event loop."""

        async def handler(request: Request) -> Response:
            allowed = self._instance.faults.concurrency
            if self._running >= (self._concurrency if allowed is None else allowed):
                return self._words.throttled()
            self._running += 1
            try:
                body = await request.body()
                return await off_loop(lambda: work(request, body, self._login.admit(request)))
            finally:
                self._running -= 1

        return handler

    def _suiteql(self, request: Request, body: bytes, _who: str) -> Response:
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

    def _record(self, request: Request, body: bytes, who: str) -> Response:
        path = tuple(unquote(part) for part in request.path_params["rest"].split("/") if part)
        if not path:
            return self._words.not_found()
        if len(path) == 1 and request.method == "GET":
            return self._listed(request, path[0])
        try:
            wanted = collected(body, request.headers.get("content-type", ""))
        except ValueError:
            return error(400, CONTENT, "The request body is not valid JSON.")
        tasks = [partial(self._done, request, path, one, who) for one in wanted]
        if "respond-async" in request.headers.get("prefer", "").lower() and request.method != "GET":
            key = request.headers.get("x-netsuite-idempotency-key")
            return self._jobs.accept(str(request.base_url).rstrip("/"), key, tasks)
        if len(tasks) != 1:
            return error(400, "INVALID_REQUEST", "A collection is accepted with 'Prefer: respond-async' only.")
        return tasks[0]()

    def _done(self, request: Request, path: tuple[str, ...], body: Any, who: str) -> Response:
        headers = {name.lower(): text for name, text in request.headers.items()}
        base = str(request.base_url).rstrip("/") + _RECORDS
        call = Call(request.method, path, dict(request.query_params), headers, body, base)
        try:
            with writing(self._instance.store, who=who, method=request.method, path=request.url.path) as writer:
                done = Records(writer).answer(call)
        except RefusedError as refused:
            return json_answer(refused.body, refused.status)
        if done.body is None:
            return Response(status_code=done.status, headers=dict(done.headers))
        return text_answer(encode(done.body), done.status, done.headers)

    def _listed(self, request: Request, name: str) -> Response:
        """Ids of a record type, window by window."""
        kind = record_type(name)
        if kind is None:
            return self._words.not_found()
        limit, offset = _window(request)
        try:
            where, values = condition(kind, request.query_params["q"]) if "q" in request.query_params else ("1", [])
        except RefusedError as refused:
            return json_answer(refused.body, refused.status)
        seen = visible(kind.entity, self._instance.faults.company_filter) or "1"
        live = f"_deleted_at IS NULL AND {kind.condition} AND {seen} AND {where}"
        keys = [
            str(row[0])
            for row in self._instance.store.read(f"SELECT _key FROM {kind.entity.table} WHERE {live}", values)
        ]
        base = str(request.url).partition("?")[0]
        window = keys[offset : offset + limit]
        return json_answer(
            {
                "links": _links(base, limit, offset, len(keys)),
                "items": [{"links": [{"rel": "self", "href": f"{base}/{key}"}], "id": key} for key in window],
                "count": len(window),
                "offset": offset,
                "hasMore": offset + limit < len(keys),
                "totalResults": len(keys),
            }
        )

    def _job(self, request: Request, _body: bytes, _who: str) -> Response:
        path = [part for part in request.path_params["rest"].split("/") if part]
        return self._jobs.answer(str(request.base_url).rstrip("/"), path)


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
        wanted: Mapping[str, Any] = json.loads(body)
        text, params = wanted["q"], wanted.get("params", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise QueryError(CONTENT, "the body must be JSON with a query 'q'") from None
    if not isinstance(text, str) or not isinstance(params, list):
        raise QueryError(CONTENT, "'q' must be a text and 'params' a list")
    return text, params


def _links(base: str, limit: int, offset: int, total: int) -> list[dict[str, str]]:
    last = max((total - 1) // limit, 0) * limit
    wanted = {"first": 0, "prev": offset - limit, "self": offset, "next": offset + limit, "last": last}
    shown = {rel: at for rel, at in wanted.items() if rel == "self" or (0 <= at <= last and at != offset)}
    return [{"rel": rel, "href": f"{base}?{urlencode({'limit': limit, 'offset': at})}"} for rel, at in shown.items()]
