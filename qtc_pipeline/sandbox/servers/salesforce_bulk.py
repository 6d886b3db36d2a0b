"""Bulk API 2.0 query jobs: created, polled until complete, read as pages of CSV, deleted.

Traps kept: the last locator is the text ``null``; results are fetched with the version that created the job, else 409;
some objects are not served; null is an empty value; moments end in Z where the other interface writes +0000.
"""

from __future__ import annotations

import csv
import io
import json
import secrets
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from qtc_pipeline.sandbox.servers import distort
from qtc_pipeline.sandbox.servers.asgi import Instance, json_answer
from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.salesforce_words import RefusedError, Words, error
from qtc_pipeline.sandbox.servers.soql import Query, parse
from qtc_pipeline.sandbox.servers.store import projection

Rows = Callable[[Query, bool], "array[int]"]
_MOST_ROWS = 50_000
_DELIMITERS = {"COMMA": ",", "TAB": "\t", "SEMICOLON": ";", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}
_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_STATES = ("UploadComplete", "InProgress", "JobComplete")


@dataclass
class _Job:
    name: str
    version: str
    operation: str
    query: Query
    created: str
    delimiter: str = "COMMA"
    ending: str = "LF"
    state: str = "UploadComplete"
    rows: array[int] = field(default_factory=lambda: array("q"))


class Bulk:
    """The query jobs of one org.

    Args:
        instance: state and switches.
        words: learns which object a job reads.
        rows: the row numbers a query gives, deleted ones included or not.
    """

    def __init__(self, instance: Instance, words: Words, rows: Rows) -> None:
        self._instance = instance
        self._words = words
        self._rows = rows
        self._jobs: dict[str, _Job] = {}

    def create(self, version: str, body: bytes) -> Response:
        """A job for a query.

        Raises:
            RefusedError: the query is wrong, or nothing this interface serves.
        """
        operation, text, delimiter, ending = _wanted(body)
        try:
            query = parse(text)
        except QueryError as refused:
            raise RefusedError(400, refused.code, str(refused)) from None
        if not self._instance.faults.bulk:
            message = f"Entity '{query.entity.name}' is not supported by the Bulk API."
            raise RefusedError(400, "INVALIDENTITY", message)
        if query.is_aggregate or query.offset:
            message = "Aggregates and OFFSET are not supported in Bulk Query"
            raise RefusedError(400, "FUNCTIONALITY_NOT_ENABLED", message)
        created = str(self._instance.store.now()).replace("Z", "+0000")
        job = _Job(f"750{secrets.token_hex(6)}AAA", version, operation, query, created, delimiter, ending)
        self._jobs[job.name] = job
        self._words.queried[job.name] = query.entity.name
        return json_answer(self._told(job))

    def _told(self, job: _Job) -> dict[str, Any]:
        told = {
            "id": job.name,
            "operation": job.operation,
            "object": job.query.entity.name,
            "createdDate": job.created,
            "systemModstamp": job.created,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(job.version),
            "lineEnding": job.ending,
            "columnDelimiter": job.delimiter,
        }
        return told | ({"numberRecordsProcessed": len(job.rows)} if job.state == "JobComplete" else {})

    def _job(self, name: str) -> _Job:
        if name not in self._jobs:
            raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
        return self._jobs[name]

    def status(self, name: str) -> Response:
        """How far a job is; it moves on each time it is asked."""
        job = self._job(name)
        if job.state in _STATES[:2]:
            job.state = _STATES[_STATES.index(job.state) + 1]
            if job.state == "JobComplete":
                job.rows = self._rows(job.query, job.operation == "queryAll")
        return json_answer(self._told(job))

    def abort(self, name: str, body: bytes) -> Response:
        """Stop a job."""
        job = self._job(name)
        if json.loads(body or b"{}").get("state") != "Aborted" or job.state == "JobComplete":
            return error(400, "INVALIDJOBSTATE", f"a job that is {job.state} cannot be changed like this")
        job.state = "Aborted"
        return json_answer(self._told(job))

    def delete(self, name: str) -> Response:
        """Forget a job and its results."""
        job = self._job(name)
        if job.state in _STATES[:2]:
            return error(400, "INVALIDJOBSTATE", f"a job that is {job.state} cannot be deleted")
        del self._jobs[name], self._words.queried[name]
        return Response(status_code=204)

    def results(self, request: Request, version: str, name: str) -> Response:
        """One page of CSV."""
        job = self._job(name)
        if version != job.version:
            return error(409, "API_ERROR", f"results are read with version {job.version}, which created the job")
        if job.state != "JobComplete":
            return error(400, "INVALIDJOBSTATE", f"Cannot get results of a job that is {job.state}")
        size, start = request.query_params.get("maxRecords", ""), request.query_params.get("locator", "0")
        if not start.isdigit():
            return error(400, "INVALID_LOCATOR", f"The locator {start} is not one of this job")
        most = min(int(size), _MOST_ROWS) if size.isdigit() and int(size) else _MOST_ROWS
        cap = self._instance.faults.page_cap
        most = most if cap is None else min(most, cap)
        shown, begin = distort.turn(int(start), most, len(job.rows))
        page = job.rows[shown : shown + most]
        self._instance.journal.add("rows", len(page))
        following = str(begin + most) if begin + most < len(job.rows) else "null"
        headers = {"Sforce-NumberOfRecords": str(len(page)), "Sforce-Locator": following}
        return Response(self._csv(job, page).encode(), 200, headers, "text/csv; charset=UTF-8")

    def _csv(self, job: _Job, page: array[int]) -> str:
        query = job.query
        fields = [str(column.field) for column in query.columns]
        moments = {name for name in fields if query.entity.kind(name) == "datetime"}
        out = io.StringIO()
        writer = csv.writer(
            out, quoting=csv.QUOTE_ALL, lineterminator=_ENDINGS[job.ending], delimiter=_DELIMITERS[job.delimiter]
        )
        writer.writerow(fields)
        for text in self._instance.store.texts(query.entity, page, projection(query.entity, fields)):
            # numbers stay the text they are
            record = json.loads(text, parse_float=str, parse_int=str)
            writer.writerow([_spoken(record.get(name), is_moment=name in moments) for name in fields])
        return out.getvalue()


def _wanted(body: bytes) -> tuple[str, str, str, str]:
    try:
        wanted = json.loads(body)
        found = [str(wanted[name]) for name in ("operation", "query")]
        found += [str(wanted.get("columnDelimiter", "COMMA")), str(wanted.get("lineEnding", "LF"))]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(400, "JSON_PARSER_ERROR", "operation and query are needed") from None
    operation, text, delimiter, ending = found
    if operation not in {"query", "queryAll"} or delimiter not in _DELIMITERS or ending not in _ENDINGS:
        raise RefusedError(400, "INVALIDJOB", f"operation {operation}, {delimiter} or {ending} is not supported")
    return operation, text, delimiter, ending


def _spoken(value: Any, *, is_moment: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace("+0000", "Z") if is_moment else str(value)
