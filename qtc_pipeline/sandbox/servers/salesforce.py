"""Salesforce as its clients meet it: sessions, queries, records, collections, composites, bulk jobs, deletes.

Rests on the vendor notes of the project (REST API of a multi-currency org). Add paths and traps of reading here; the
query language is ``soql``, sessions are ``salesforce_login``, writing is ``salesforce_objects`` and its neighbours.

Traps kept: a batch may be smaller than asked; aggregated amounts are in the org's currency; a token says nothing of
its lifetime; errors are arrays; `/deleted/` reaches fifteen days back; over the limit is a 403; a composite answers 200
whatever its parts do.
"""

from __future__ import annotations

import json
import re
import secrets
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qtc_pipeline.sandbox.servers import distort
from qtc_pipeline.sandbox.servers.asgi import (
    Application,
    Instance,
    Refusal,
    bearer,
    json_answer,
    off_loop,
    text_answer,
)
from qtc_pipeline.sandbox.servers.catalogue import find_entity
from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.salesforce_bulk import Bulk
from qtc_pipeline.sandbox.servers.salesforce_composite import composite
from qtc_pipeline.sandbox.servers.salesforce_login import Login
from qtc_pipeline.sandbox.servers.salesforce_objects import Call, answer
from qtc_pipeline.sandbox.servers.salesforce_words import RefusedError, Words, error, instant
from qtc_pipeline.sandbox.servers.soql import Query, aggregate_sql, parse, stored_moment
from qtc_pipeline.sandbox.servers.store import projection, visible
from qtc_pipeline.sandbox.servers.tokens import Tokens
from qtc_pipeline.sandbox.servers.writing import encode, writing

_SESSION_SECONDS = 7200.0
_DAILY_REQUESTS = 100_000
_MOST_ROWS = 2000
_FEWEST_ROWS = 200
_OPEN_LOCATORS = 64
_REACH = timedelta(days=15)
_BATCH_SIZE = re.compile(r"batchSize=(\d+)", re.IGNORECASE)
_DATA = "/services/data/v{version}"
_WRITES = ["GET", "POST", "PATCH", "DELETE"]


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
        client: consumer key and secret of the connected app.
        certificate: public key of the app, for assertions.
        username: the user that approved the app.
    """

    def __init__(self, instance: Instance, client: tuple[str, str], certificate: Path, username: str) -> None:
        self._instance = instance
        self._words = Words()
        self.tokens = Tokens(instance.faults, _SESSION_SECONDS)
        self._bulk = Bulk(instance, self._words, self._rows)
        self._locators: OrderedDict[str, _Locator] = OrderedDict()
        login = Login(instance, self.tokens, client=client, certificate=certificate, username=username)
        jobs = f"{_DATA}/jobs/query"
        self.app = Application(
            instance,
            self._words,
            [
                Route("/services/oauth2/token", login.token, methods=["POST"]),
                Route("/services/oauth2/userinfo", self._served(login.userinfo)),
                Route(f"{_DATA}/query{{slash:path}}", self._served(self._query)),
                Route(f"{_DATA}/queryAll{{slash:path}}", self._served(self._query)),
                Route(f"{_DATA}/limits{{slash:path}}", self._served(self._limits)),
                Route(f"{_DATA}/sobjects/{{name}}/deleted{{slash:path}}", self._served(self._deleted)),
                Route(f"{_DATA}/sobjects/{{name}}/updated{{slash:path}}", self._served(self._updated)),
                Route(f"{_DATA}/{{kind:str}}", self._served(self._objects), methods=_WRITES),
                Route(f"{_DATA}/sobjects/{{rest:path}}", self._served(self._objects), methods=_WRITES),
                Route(f"{_DATA}/composite/{{rest:path}}", self._served(self._objects), methods=_WRITES),
                Route(jobs, self._served(self._job), methods=["POST"]),
                Route(f"{jobs}/{{job}}", self._served(self._job), methods=_WRITES),
                Route(f"{jobs}/{{job}}/results", self._served(self._results)),
            ],
        )

    def _served(self, work: Callable[[Request, bytes], Response]) -> Callable[[Request], Any]:
        """A handler: the session first, then the work beside the event loop."""

        async def handler(request: Request) -> Response:
            body = await request.body()

            def run() -> Response:
                if not self.tokens.use(bearer(request)):
                    raise Refusal(self._words.unauthorized())
                try:
                    return work(request, body)
                except RefusedError as refused:
                    return json_answer(refused.body(), refused.status)

            return await off_loop(run)

        return handler

    def _usage(self) -> dict[str, str]:
        used = self._instance.journal.counts["requests"] + 1
        return {"Sforce-Limit-Info": f"api-usage={used}/{_DAILY_REQUESTS}"}

    def _query(self, request: Request, _body: bytes) -> Response:
        kind, _, locator = request.url.path.partition("/data/")[2].partition("/")[2].partition("/")
        if locator:
            return self._more(request, locator)
        version, text = request.path_params["version"], request.query_params.get("q", "")
        return self._answered(version, text, self._batch_size(request), with_deleted=kind == "queryAll")

    def _answered(self, version: str, text: str, batch: int, *, with_deleted: bool) -> Response:
        try:
            query = parse(text)
        except QueryError as failed:
            return error(400, failed.code, str(failed))
        if query.is_aggregate:
            return self._aggregate(query, self._seen(query, with_deleted=with_deleted))
        rows = self._rows(query, with_deleted)
        return self._batch(version, _Locator(query, rows, batch), None, 0)

    def _seen(self, query: Query, *, with_deleted: bool) -> str:
        seen = visible(query.entity, self._instance.faults.company_filter) or "1"
        return seen if with_deleted else f"{seen} AND _deleted_at IS NULL"

    def _rows(self, query: Query, with_deleted: bool) -> array[int]:  # noqa: FBT001 - handed on to bulk jobs
        where = f"{self._seen(query, with_deleted=with_deleted)} AND {query.where.text}"
        rows = self._instance.store.select_rows(query.entity, where, query.where.values, query.order or "_seq")
        return rows[query.offset :][: query.limit] if query.limit is not None or query.offset else rows

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

    def _more(self, request: Request, spelled: str) -> Response:
        name, _, start = spelled.rpartition("-")
        locator = self._locators.get(name)
        if locator is None or not start.isdigit():
            return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._batch(request.path_params["version"], locator, name, int(start))

    def _batch(self, version: str, locator: _Locator, name: str | None, start: int) -> Response:
        query = locator.query
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
        self._words.queried[name] = locator.query.entity.name
        while len(self._locators) > _OPEN_LOCATORS:
            forgotten, _ = self._locators.popitem(last=False)
            del self._words.queried[forgotten]
        return name

    def _limits(self, _request: Request, _body: bytes) -> Response:
        used = self._instance.journal.counts["requests"] + 1
        return json_answer(
            {"DailyApiRequests": {"Max": _DAILY_REQUESTS, "Remaining": _DAILY_REQUESTS - used}}, headers=self._usage()
        )

    def _objects(self, request: Request, body: bytes) -> Response:
        version = request.path_params["version"]
        path = tuple(part for part in request.url.path.partition(f"/v{version}/")[2].split("/") if part)
        if not path or path[0] not in {"sobjects", "composite"}:
            return self._words.not_found()
        try:
            wanted = json.loads(body, parse_float=Decimal) if body else None
        except ValueError:
            return error(400, "JSON_PARSER_ERROR", "Unexpected end-of-input or character")
        who = self.tokens.holder(bearer(request))
        with writing(self._instance.store, who=who, method=request.method, path=request.url.path) as writer:
            writer.allows_shared_ids = self._instance.faults.shared_ids
            if path == ("composite",):
                answers = composite(writer, wanted, self._inner_query)
                return text_answer(encode({"compositeResponse": answers}), headers=self._usage())
            headers = {name.lower(): text for name, text in request.headers.items()}
            call = Call(request.method, path, dict(request.query_params), headers, wanted, version)
            done = answer(writer, call)
        if done.body is None:
            return Response(status_code=done.status)
        return text_answer(encode(done.body), done.status, {**self._usage(), **done.headers})

    def _inner_query(self, version: str, text: str) -> tuple[int, Any]:
        done = self._answered(version, text, _MOST_ROWS, with_deleted=False)
        return done.status_code, json.loads(bytes(done.body), parse_float=Decimal)

    def _job(self, request: Request, body: bytes) -> Response:
        name = request.path_params.get("job")
        if name is None:
            return self._bulk.create(request.path_params["version"], body)
        if request.method == "PATCH":
            return self._bulk.abort(name, body)
        return self._bulk.delete(name) if request.method == "DELETE" else self._bulk.status(name)

    def _results(self, request: Request, _body: bytes) -> Response:
        return self._bulk.results(request, request.path_params["version"], request.path_params["job"])

    def _span(self, request: Request) -> tuple[datetime, datetime, datetime]:
        """Start, end and now of a replication request; refused where they make no span."""
        now = datetime.fromisoformat(self._instance.store.now() or "1970-01-01T00:00:00Z")
        try:
            start, end = (instant(request.query_params.get(name, "")) for name in ("start", "end"))
        except ValueError:
            start = end = now
        if start >= end:
            message = "startDate and endDate must be ISO 8601, start before end"
            raise RefusedError(400, "INVALID_REPLICATION_DATE", message)
        if start < now - _REACH:
            raise RefusedError(400, "INVALID_REPLICATION_DATE", "startDate before org's earliest replication date")
        return start, end, now

    def _deleted(self, request: Request, _body: bytes) -> Response:
        start, end, now = self._span(request)
        deleted = [
            {"id": key, "deletedDate": stored_moment(stamp)}
            for key, stamp in self._changes(request, "_deleted_at", start, end, "Z")
        ]
        earliest, latest = (stored_moment(one.isoformat()) for one in (now - _REACH, min(end, now)))
        told = {"deletedRecords": deleted, "earliestDateAvailable": earliest, "latestDateCovered": latest}
        return json_answer(told, headers=self._usage())

    def _updated(self, request: Request, _body: bytes) -> Response:
        start, end, now = self._span(request)
        ids = [key for key, _ in self._changes(request, '"SystemModstamp"', start, end, "+0000")]
        latest = stored_moment(min(end, now).isoformat())
        return json_answer({"ids": ids, "latestDateCovered": latest}, headers=self._usage())

    def _changes(
        self, request: Request, column: str, start: datetime, end: datetime, zone: str
    ) -> list[tuple[str, str]]:
        entity = find_entity("salesforce", request.path_params["name"])
        if entity is None:
            raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
        seen = visible(entity, self._instance.faults.company_filter) or "1"
        alive = "1" if zone == "Z" else "_deleted_at IS NULL"
        bounds = [stored_moment(moment.isoformat()).replace("+0000", zone) for moment in (start, end)]
        rows = self._instance.store.read(
            f"SELECT _key, {column} FROM {entity.table} WHERE {seen} AND {alive} AND {column} >= ? AND {column} < ?"
            f" ORDER BY {column}, _key",
            bounds,
        )
        return [(str(key), str(stamp)) for key, stamp in rows]
