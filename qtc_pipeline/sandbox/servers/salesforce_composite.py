"""Several calls in one request, each able to use what the earlier ones answered.

Add here what concerns the chain: references, halting, taking back. A single call is ``salesforce_objects``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from qtc_pipeline.sandbox.servers.salesforce_objects import Call, Outcome, answer
from qtc_pipeline.sandbox.servers.salesforce_words import RefusedError
from qtc_pipeline.sandbox.servers.writing import Writer

_MOST_CALLS, _MOST_QUERIES = 25, 5
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_DATA = re.compile(r"/services/data/v([\d.]+)/(.*)")

Query = Callable[[str, str], tuple[int, Any]]


class _TakenBackError(Exception):
    """One call was refused, so none is done."""


def composite(writer: Writer, body: Any, query: Query) -> list[dict[str, Any]]:
    """The answers of all calls, in order; a refused call never fails the request.

    Args:
        writer: the transaction.
        body: of the request.
        query: answers a query by version and text.

    Raises:
        RefusedError: too many calls, or no list of them.
    """
    calls = body.get("compositeRequest") if isinstance(body, dict) else None
    if not isinstance(calls, list):
        raise RefusedError(400, "JSON_PARSER_ERROR", "compositeRequest is missing")
    queries = sum("/query" in str(one.get("url")) or "/composite/sobjects" in str(one.get("url")) for one in calls)
    if len(calls) > _MOST_CALLS or queries > _MOST_QUERIES:
        raise RefusedError(400, "LIMIT_EXCEEDED", f"at most {_MOST_CALLS} subrequests, {_MOST_QUERIES} of them queries")
    chain = _Chain(writer, query)
    with suppress(_TakenBackError), writer.part():
        for one in calls:
            chain.run(one)
        if body.get("allOrNone") and chain.is_refused:
            raise _TakenBackError
    return chain.answers if not (body.get("allOrNone") and chain.is_refused) else chain.taken_back()


class _Chain:
    def __init__(self, writer: Writer, query: Query) -> None:
        self._writer = writer
        self._query = query
        self._bodies: dict[str, Any] = {}
        self.answers: list[dict[str, Any]] = []
        self.is_refused = False

    def run(self, one: Mapping[str, Any]) -> None:
        """One call, unless an earlier one it refers to was refused."""
        reference = str(one.get("referenceId", ""))
        try:
            with self._writer.part():
                outcome = self._outcome(self._resolved(one))
        except RefusedError as refused:
            outcome = Outcome(refused.status, refused.body())
        if outcome.status < 300:
            self._bodies[reference] = outcome.body
        else:
            self.is_refused = True
        self.answers.append(
            {
                "body": outcome.body,
                "httpHeaders": dict(outcome.headers),
                "httpStatusCode": outcome.status,
                "referenceId": reference,
            }
        )

    def taken_back(self) -> list[dict[str, Any]]:
        """The answers when nothing was done because one call was refused."""
        message = "The transaction was rolled back since another operation in the same transaction failed."
        halted = RefusedError(400, "PROCESSING_HALTED", message).body()
        return [
            one if one["httpStatusCode"] >= 300 else {**one, "body": halted, "httpStatusCode": 400}
            for one in self.answers
        ]

    def _resolved(self, one: Mapping[str, Any]) -> Mapping[str, Any]:
        def value(found: re.Match[str]) -> str:
            name, _, path = found.group(1).partition(".")
            at: Any = self._bodies.get(name)
            try:
                for step in re.findall(r"[^.\[\]]+", path):
                    at = at[int(step)] if isinstance(at, list) else at[step]
            except (KeyError, IndexError, TypeError, ValueError):
                message = f"Invalid reference specified. No value for {found.group(1)} found in {name}"
                raise RefusedError(400, "PROCESSING_HALTED", message) from None
            return str(at)

        resolved: Mapping[str, Any] = json.loads(_REFERENCE.sub(value, json.dumps(one)))
        return resolved

    def _outcome(self, one: Mapping[str, Any]) -> Outcome:
        url = urlsplit(str(one.get("url", "")))
        found = _DATA.fullmatch(url.path)
        if found is None:
            raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
        params = dict(parse_qsl(url.query))
        path = tuple(unquote(part) for part in found.group(2).split("/") if part)
        if path[0] == "query":
            return Outcome(*self._query(found.group(1), params.get("q", "")))
        headers = {name.lower(): str(text) for name, text in one.get("httpHeaders", {}).items()}
        return answer(
            self._writer,
            Call(str(one.get("method", "GET")), path, params, headers, one.get("body"), found.group(1)),
        )
