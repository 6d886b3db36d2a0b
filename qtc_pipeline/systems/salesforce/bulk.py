"""Read many rows of one Salesforce org as a Bulk API 2.0 query job.

Here: the job's life, and CSV turned into the very text the other interface sends, so that a record read either way is
one version. Stays out: when a read is large enough, and what errors mean (``read``).

Facts this rests on: an empty value is null, because the org keeps no empty text; the last locator is the text ``null``;
results belong to the version that created the job; moments end in Z here and in +0000 there; types come from describe.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from qtc_pipeline.errors import ContractError, SystemReadError, TransientError
from qtc_pipeline.systems.contract import Entity, Page
from qtc_pipeline.systems.http import Answer, Http
from qtc_pipeline.systems.paging import ahead
from qtc_pipeline.systems.payload import without_empty

API = "/services/data/v67.0"
_JOBS = f"{API}/jobs/query"
_PAGE_ROWS = 50_000
_FIRST_PAUSE, _LONGEST_PAUSE, _LONGEST_WAIT = 0.5, 30.0, 3600.0
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})
_text = json.JSONEncoder(ensure_ascii=False).encode

Spell = Callable[[str], str]


def field_types(http: Http, entity: Entity) -> dict[str, str]:
    """Every field the org shows of an object -> its type."""
    url = f"{API}/sobjects/{entity.name}/describe"
    return http.request("GET", url, _kinds, what=f"entity {entity.name}")


def bulk_pages(http: Http, entity: Entity, soql: str, kinds: Mapping[str, str]) -> Iterator[Page]:
    """The rows of a query, deleted ones included, page by page; the job is deleted afterwards.

    Raises:
        TransientError: the job failed, was lost or took too long.
    """
    what = f"entity {entity.name}"
    wanted = {"operation": "queryAll", "query": soql}
    job = http.request("POST", _JOBS, lambda answer: str(json.loads(answer.text)["id"]), what=what, json=wanted)
    try:
        _await(http, what, job)
        yield from ahead("", partial(_page, http, entity, job, kinds), f"{http.what}, {what}")
    except SystemReadError:
        _forget(http, what, job)
        raise
    _forget(http, what, job)


def _forget(http: Http, what: str, job: str) -> None:
    with suppress(SystemReadError):  # a job that stays is deleted by the org itself after seven days
        http.request("DELETE", f"{_JOBS}/{job}", lambda _: None, what=what, repeat=False)


def _kinds(answer: Answer) -> dict[str, str]:
    return {str(one["name"]): str(one["type"]) for one in json.loads(answer.text)["fields"]}


def _await(http: Http, what: str, job: str) -> None:
    pause, waited = _FIRST_PAUSE, 0.0
    while True:
        told = http.request("GET", f"{_JOBS}/{job}", lambda answer: dict(json.loads(answer.text)), what=what)
        if told["state"] == "JobComplete":
            return
        if told["state"] in {"Failed", "Aborted"} or waited > _LONGEST_WAIT:
            said = f"the query job is {told['state']} after {waited:.0f} s ({told.get('errorMessage', 'no message')})"
            raise TransientError(f"{http.what}, {what}", said)
        http.patience.sleep(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _page(http: Http, entity: Entity, job: str, kinds: Mapping[str, str], locator: str) -> tuple[Page, str | None]:
    params = {"maxRecords": str(_PAGE_ROWS), **({"locator": locator} if locator else {})}

    def decode(answer: Answer) -> tuple[Page, str | None]:
        page = page_of(entity, kinds, answer)
        following = answer.headers.get("Sforce-Locator", "null")
        return page, None if following == "null" else following

    headers = {"Accept": "text/csv"}
    url = f"{_JOBS}/{job}/results"
    return http.request("GET", url, decode, what=f"entity {entity.name}", params=params, headers=headers)


def page_of(entity: Entity, kinds: Mapping[str, str], answer: Answer) -> Page:
    """The records of one page of CSV, as the other interface spells them.

    Raises:
        ValueError: the text ends early.
        ContractError: the columns are not those asked for, or a number is none.
    """
    try:
        head, *rows = csv.reader(io.StringIO(answer.text, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if len(rows) != int(answer.headers["Sforce-NumberOfRecords"]) or not answer.text.endswith("\n"):
        raise ValueError(f"{len(rows)} rows of {answer.headers['Sforce-NumberOfRecords']}")
    if tuple(head) != entity.asked:
        raise ContractError(f"entity {entity.name}", f"the columns are {head}", "Compare them with the declared fields")
    spell = [_spelling(name, kinds.get(name, "string")) for name in head]
    key, stamp, deleted = (head.index(str(name)) for name in (entity.key[0], entity.cursor, "IsDeleted"))
    texts = []
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"a row of {len(row)} values for {len(head)} columns")
        texts.append(",".join(one(value) for one, value in zip(spell, row, strict=True)))
    return Page(
        read_at=answer.read_at,
        ids=[row[key] for row in rows],
        versions=[_moment(row[stamp]) for row in rows],
        payloads=[f"{{{text}}}" for text in texts],
        # as left of a record once its ``attributes`` are cut off
        hash_texts=[without_empty(f"{text}}}", entity.added) for text in texts],
        deleted=[row[deleted] == "true" for row in rows],
    )


def _spelling(name: str, kind: str) -> Spell:
    lead = f'"{name}":'
    if kind in _NUMBERS:
        return lambda value: lead + (_number(name, value) if value else "null")
    if kind == "boolean":
        return lambda value: lead + ("true" if value == "true" else "false")
    if kind == "datetime":
        return lambda value: lead + (f'"{_moment(value)}"' if value else "null")
    return lambda value: lead + (_text(value) if value else "null")


def _moment(value: str) -> str:
    return f"{value[:-1]}+0000" if value.endswith("Z") else value


def _number(name: str, value: Any) -> str:
    if not _NUMBER.fullmatch(value):
        raise ContractError(f"field {name}", f"'{value}' is no number", "Compare its type with the org's describe")
    return str(value)
