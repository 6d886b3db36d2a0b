"""Salesforce as a reader meets it: token, query, queryAll, nextRecordsUrl, /deleted/, /limits.

Rests on the vendor notes of the project (REST API of a multi-currency org). Add paths and traps of this vendor here;
the query language is ``soql``.

Traps kept: a batch may be smaller than asked; aggregated amounts are in the org's currency; a token says nothing of
its lifetime; errors are arrays; `/deleted/` reaches fifteen days back; over the limit is a 403.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from qtc_pipeline.sandbox.servers.catalogue import find_entity
from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.soql import Query, aggregate_sql, parse, stored_moment
from qtc_pipeline.sandbox.servers.store import projection, visible
from qtc_pipeline.sandbox.servers.tokens import Tokens

_SESSION_SECONDS = 7200.0
_DAILY_REQUESTS = 100_000
_MOST_ROWS = 2000
_FEWEST_ROWS = 200
_OPEN_LOCATORS = 64
_DELETED_REACH = timedelta(days=15)
_OBJECT = re.compile(r"/sobjects/(\w+)|\bFROM\s+(\w+)", re.IGNORECASE)
_BATCH_SIZE = re.compile(r"batchSize=(\d+)", re.IGNORECASE)


def error(status: int, code: str, message: str) -> Response:
    """The vendor's error: an array."""
    return json_answer([{"message": message, "errorCode": code}], status)


class _Wording:
    def __init__(self) -> None:
        self.queried: dict[str, str] = {}  # locator -> the object its query reads

    def throttled(self) -> Response:
        return error(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")

    def unauthorized(self) -> Response:
        return error(401, "INVALID_SESSION_ID", "Session expired or invalid")

    def failed(self, status: int) -> Response:
        return error(status, "SERVER_UNAVAILABLE" if status == 503 else "UNKNOWN_EXCEPTION", "Try again later")

    def not_found(self) -> Response:
        return error(404, "NOT_FOUND", "The requested resource does not exist")

    def asked_for(self, path: str, text: str) -> str:
        last = path.rpartition("/")[2].partition("-")[0]
        found = _OBJECT.search(text)
        return self.queried.get(last) or (found.group(1) or found.group(2) if found else "")


@dataclass(frozen=True)
class _Locator:
    """A result that is read batch by batch: its rows were fixed when the query ran."""

    query: Query
    rows: Sequence[int]
    batch: int


class Salesforce:
    """The application of one org.

    Args:
        instance: state, switches, journal.
        client_id: consumer key of the connected app.
        client_secret: its secret.
    """

    def __init__(self, instance: Instance, client_id: str, client_secret: str) -> None:
        self._instance = instance
        self._client = (client_id, client_secret)
        self._wording = _Wording()
        self.tokens = Tokens(instance.faults, _SESSION_SECONDS)
        self._locators: OrderedDict[str, _Locator] = OrderedDict()
        data = "/services/data/v{version}"
        self.app = Application(
            instance,
            self._wording,
            [
                Route("/services/oauth2/token", self._token, methods=["POST"]),
                Route(f"{data}/query", self._query),
                Route(f"{data}/query/", self._query),
                Route(f"{data}/query/{{locator}}", self._more),
                Route(f"{data}/queryAll", self._query_all),
                Route(f"{data}/queryAll/", self._query_all),
                Route(f"{data}/queryAll/{{locator}}", self._more),
                Route(f"{data}/limits", self._limits),
                Route(f"{data}/limits/", self._limits),
                Route(f"{data}/sobjects/{{name}}/deleted", self._deleted),
                Route(f"{data}/sobjects/{{name}}/deleted/", self._deleted),
            ],
        )

    async def _token(self, request: Request) -> Response:
        fields = await form(request)
        if fields.get("grant_type") != "client_credentials":
            return _oauth_error("unsupported_grant_type", "grant type not supported")
        given = _basic(request) or (fields.get("client_id", ""), fields.get("client_secret", ""))
        if given[0] != self._client[0]:
            return _oauth_error("invalid_client_id", "client identifier invalid")
        if not hmac.compare_digest(given[1].encode(), self._client[1].encode()):
            return _oauth_error("invalid_client", "invalid client credentials")
        token, _ = self.tokens.issue("00D000000000001!")
        self._instance.journal.add("tokens")
        base = str(request.base_url).rstrip("/")
        return json_answer(
            {
                "access_token": token,
                "signature": secrets.token_urlsafe(24),
                "scope": "api",
                "instance_url": base,
                "id": f"{base}/id/00D000000000001AAA/005000000000001AAA",
                "token_type": "Bearer",
                "issued_at": "1767225600000",
            }
        )

    def _admit(self, request: Request) -> None:
        if not self.tokens.use(bearer(request)):
            raise Refusal(self._wording.unauthorized())

    def _usage(self) -> dict[str, str]:
        used = self._instance.journal.counts["requests"] + 1
        return {"Sforce-Limit-Info": f"api-usage={used}/{_DAILY_REQUESTS}"}

    async def _query(self, request: Request) -> Response:
        return await off_loop(self._instance, lambda: self._answer_query(request, with_deleted=False))

    async def _query_all(self, request: Request) -> Response:
        return await off_loop(self._instance, lambda: self._answer_query(request, with_deleted=True))

    def _answer_query(self, request: Request, *, with_deleted: bool) -> Response:
        self._admit(request)
        text = request.query_params.get("q", "")
        try:
            query = parse(text)
        except QueryError as failed:
            return error(400, failed.code, str(failed))
        seen = visible(query.entity, self._instance.faults.company_filter) or "1"
        if not with_deleted:
            seen += " AND _deleted_at IS NULL"
        if query.is_aggregate:
            return self._aggregate(query, seen)
        where = f"{seen} AND {query.where.text}"
        rows = self._instance.store.select_rows(query.entity, where, query.where.values, query.order or "_seq")
        if query.limit is not None or query.offset:
            rows = rows[query.offset :][: query.limit]
        return self._batch(request, _Locator(query, rows, self._batch_size(request)), None, 0)

    def _aggregate(self, query: Query, seen: str) -> Response:
        store = self._instance.store
        if query.is_count:
            sql = f"SELECT count(*) FROM {query.entity.table} WHERE {seen} AND {query.where.text}"
            total = int(store.read(sql, query.where.values)[0][0] or 0)
            total = total if query.limit is None else min(total, query.limit)
            return json_answer({"totalSize": total, "done": True, "records": []}, headers=self._usage())
        rows = store.read(aggregate_sql(query, seen), query.where.values)[: query.limit]
        if len(rows) > _MOST_ROWS:
            return error(
                400, "EXCEEDED_ID_LIMIT", "AggregateResult query does not support queryMore(). Use LIMIT to restrict it"
            )
        labels = [column.label for column in query.columns]
        records = [{"attributes": {"type": "AggregateResult"}, **dict(zip(labels, row, strict=True))} for row in rows]
        return json_answer({"totalSize": len(rows), "done": True, "records": records}, headers=self._usage())

    def _batch_size(self, request: Request) -> int:
        asked = _BATCH_SIZE.search(request.headers.get("sforce-query-options", ""))
        size = min(max(int(asked.group(1)), _FEWEST_ROWS), _MOST_ROWS) if asked else _MOST_ROWS
        cap = self._instance.faults.page_cap
        return size if cap is None else min(size, cap)

    async def _more(self, request: Request) -> Response:
        return await off_loop(self._instance, lambda: self._answer_more(request))

    def _answer_more(self, request: Request) -> Response:
        self._admit(request)
        name, _, start = request.path_params["locator"].rpartition("-")
        locator = self._locators.get(name)
        if locator is None or not start.isdigit():
            return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._batch(request, locator, name, int(start))

    def _batch(self, request: Request, locator: _Locator, name: str | None, start: int) -> Response:
        query, version = locator.query, request.path_params["version"]
        shown, start = distort.turn(start, locator.batch, len(locator.rows))
        rows = locator.rows[shown : shown + locator.batch]
        entity, fields = query.entity, [str(column.field) for column in query.columns]
        head = f'{{"attributes":{{"type":"{entity.name}","url":"/services/data/v{version}/sobjects/{entity.name}/'
        wire = f"""'{head}' || _key || '"}},' || substr({projection(entity, fields)}, 2)"""
        records = ",".join(self._instance.store.texts(entity, rows, wire))
        self._instance.journal.add("rows", len(rows))
        after = start + locator.batch
        more = ""
        if after < len(locator.rows):
            name = name or self._keep(locator)
            more = f'"nextRecordsUrl":"/services/data/v{version}/query/{name}-{after}",'
        done = "false" if more else "true"
        body = f'{{"totalSize":{len(locator.rows)},"done":{done},{more}"records":[{records}]}}'
        return text_answer(body, headers=self._usage())

    def _keep(self, locator: _Locator) -> str:
        name = "01g" + secrets.token_hex(8)
        self._locators[name] = locator
        self._wording.queried[name] = locator.query.entity.name
        while len(self._locators) > _OPEN_LOCATORS:
            forgotten, _ = self._locators.popitem(last=False)
            del self._wording.queried[forgotten]
        return name

    async def _limits(self, request: Request) -> Response:
        self._admit(request)
        used = self._instance.journal.counts["requests"] + 1
        return json_answer(
            {"DailyApiRequests": {"Max": _DAILY_REQUESTS, "Remaining": _DAILY_REQUESTS - used}}, headers=self._usage()
        )

    async def _deleted(self, request: Request) -> Response:
        return await off_loop(self._instance, lambda: self._answer_deleted(request))

    def _answer_deleted(self, request: Request) -> Response:
        self._admit(request)
        entity = find_entity("salesforce", request.path_params["name"])
        if entity is None:
            return self._wording.not_found()
        now = datetime.fromisoformat(self._instance.store.now() or "1970-01-01T00:00:00Z")
        earliest = now - _DELETED_REACH
        try:
            start, end = (_instant(request.query_params.get(name, "")) for name in ("start", "end"))
        except ValueError:
            start = end = now
        if start >= end:
            return error(400, "INVALID_REPLICATION_DATE", "startDate and endDate must be ISO 8601, start before end")
        if start < earliest:
            return error(400, "INVALID_REPLICATION_DATE", "startDate before org's earliest replication date")
        seen = visible(entity, self._instance.faults.company_filter) or "1"
        bounds = [stored_moment(moment.isoformat()).replace("+0000", "Z") for moment in (start, end)]
        rows = self._instance.store.read(
            f"SELECT _key, _deleted_at FROM {entity.table} WHERE {seen} AND _deleted_at >= ? AND _deleted_at < ?"
            " ORDER BY _deleted_at, _key",
            bounds,
        )
        deleted = [{"id": key, "deletedDate": stored_moment(str(stamp))} for key, stamp in rows]
        return json_answer(
            {
                "deletedRecords": deleted,
                "earliestDateAvailable": stored_moment(earliest.isoformat()),
                "latestDateCovered": stored_moment(min(end, now).isoformat()),
            },
            headers=self._usage(),
        )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _oauth_error(code: str, text: str) -> Response:
    return json_answer({"error": code, "error_description": text}, 400)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return (user, secret)
