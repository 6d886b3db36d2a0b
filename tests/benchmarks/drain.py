"""Bare HTTP clients: page through an endpoint as the vendor's protocol asks and do nothing else with the answers.

Same token, same pages, same compression as the connectors; of an answer only what leads to the next page is looked at.
Add here: another vendor's way of paging. Stays out: what the connectors do with the rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.registry import system

_NEXT = re.compile(r'"nextRecordsUrl"\s*:\s*"([^"]+)"')
_PAGES = re.compile(r'"page_count"\s*:\s*(\d+)')
_MORE = re.compile(r'"hasMore"\s*:\s*true')


@contextmanager
def bare_client(instance: Instance) -> Iterator[httpx.Client]:
    """A client with nothing but the address and the token the connector would use."""
    reader: Any = system(instance.vendor).open(instance)
    try:
        token = reader.http.token.value()
    finally:
        reader.close()
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    with httpx.Client(base_url=instance.base_url, headers=headers, trust_env=False) as client:
        yield client


def drain(client: httpx.Client, vendor: str, entity: Entity) -> Iterator[str]:
    """The answers of an endpoint, page by page, as text."""
    pages: dict[str, Callable[[httpx.Client, Entity], Iterator[str]]] = {
        "salesforce": _salesforce,
        "kantata": _kantata,
        "netsuite": _netsuite,
    }
    return pages[vendor](client, entity)


def _text(answer: httpx.Response) -> str:
    return answer.raise_for_status().text


def _salesforce(client: httpx.Client, entity: Entity) -> Iterator[str]:
    query = f"SELECT {', '.join(entity.fields)} FROM {entity.name} ORDER BY {entity.cursor}, Id"
    options = {"Sforce-Query-Options": "batchSize=2000"}
    text = _text(client.get("/services/data/v67.0/queryAll", params={"q": query}, headers=options))
    yield text
    while following := _NEXT.search(text):
        text = _text(client.get(following[1], headers=options))
        yield text


def _kantata(client: httpx.Client, entity: Entity) -> Iterator[str]:
    params = {"per_page": "200", "order": "created_at:asc", "from_archived_workspaces": "true"}
    page, pages = 1, 1
    while page <= pages:
        text = _text(client.get(f"/api/v1/{entity.name}", params={**params, "page": str(page)}))
        yield text
        counted = _PAGES.search(text)
        page, pages = page + 1, int(counted[1]) if counted else 0


def _netsuite(client: httpx.Client, entity: Entity) -> Iterator[str]:
    query = {"q": f"SELECT {', '.join(entity.fields)} FROM {entity.name} ORDER BY {', '.join(entity.key)}"}
    offset, more = 0, True
    while more:
        params = {"limit": "1000", "offset": str(offset)}
        text = _text(
            client.post("/services/rest/query/v1/suiteql", params=params, json=query, headers={"Prefer": "transient"})
        )
        yield text
        offset, more = offset + 1000, _MORE.search(text) is not None
