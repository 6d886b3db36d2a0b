"""Ingest against a bare HTTP client that drains the same endpoint: rows per second of either, and their ratio.

The simulators run as a process of their own, so that both clients meet the same server. Each is measured several times,
in turn, and its best time counts: what else the machine does only ever adds time.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from qtc_pipeline.ingest.load import load_entity
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.servers import background
from qtc_pipeline.sandbox.servers.serve import fill
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.registry import system

CASES = (("crm", "Contract_Rate__c"), ("psa", "time_entries"), ("erp", "transactionline"))
REPEATS = 3


@dataclass(frozen=True)
class IngestRatio:
    """Rows per second of one entity: a bare client, a first load, a full read that finds nothing changed."""

    entity: str
    rows: int
    bare: float
    first: float
    again: float

    @property
    def ratio(self) -> float:
        """First load against the bare client."""
        return self.first / self.bare


@contextmanager
def simulators(scale: float, seed: int = 7) -> Iterator[dict[str, Instance]]:
    """The three vendors over a firm of that scale; instance name -> how to reach it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, Firm(seed, scale, defects=False))
        described = background.start(folder)
        try:
            yield {name: Instance(name=name, **values) for name, values in described.items()}
        finally:
            background.stop(folder)


def measure(instances: dict[str, Instance]) -> Iterator[IngestRatio]:
    """One ratio per case."""
    for name, entity in CASES:
        bare, first, again = [], [], []
        rows = 0
        for _ in range(REPEATS):
            rows, seconds = _timed(_drain, instances[name], entity)
            bare.append(seconds)
            with tempfile.TemporaryDirectory() as lake:
                for times in (first, again):
                    loaded, seconds = _timed(_load, instances[name], entity, Path(lake))
                    assert loaded == rows
                    times.append(seconds)
        yield IngestRatio(f"{name} {entity}", rows, rows / min(bare), rows / min(first), rows / min(again))


def _timed(work: Callable[..., int], *arguments: Any) -> tuple[int, float]:
    started = time.perf_counter()
    return work(*arguments), time.perf_counter() - started


def _load(instance: Instance, entity: str, lake: Path) -> int:
    declared = system(instance.vendor)
    reader = declared.open(instance)
    try:
        return load_entity(Lake(lake), instance, reader, declared.entity(entity), "full").load.rows
    finally:
        reader.close()


def _drain(instance: Instance, entity: str) -> int:
    """Page through the endpoint and decode each page; keep nothing."""
    declared = system(instance.vendor)
    reader: Any = declared.open(instance)
    token = reader.http.token.value()
    reader.close()
    headers = {"Authorization": f"Bearer {token}", "Prefer": "transient"}
    with httpx.Client(base_url=instance.base_url, headers=headers, trust_env=False) as client:
        pages = {"salesforce": _salesforce, "kantata": _kantata, "netsuite": _netsuite}[instance.vendor]
        return sum(pages(client, declared.entity(entity)))


def _salesforce(client: httpx.Client, entity: Any) -> Iterator[int]:
    query = f"SELECT {', '.join(entity.fields)} FROM {entity.name} ORDER BY SystemModstamp, Id"
    body = client.get("/services/data/v67.0/queryAll", params={"q": query}).json()
    while True:
        yield len(body["records"])
        if body["done"]:
            return
        body = client.get(body["nextRecordsUrl"]).json()


def _kantata(client: httpx.Client, entity: Any) -> Iterator[int]:
    params = {"per_page": "200", "order": "created_at:asc", "from_archived_workspaces": "true"}
    page, pages = 1, 1
    while page <= pages:
        body = client.get(f"/api/v1/{entity.name}", params={**params, "page": str(page)}).json()
        yield len(body["results"])
        page, pages = page + 1, body["meta"]["page_count"]


def _netsuite(client: httpx.Client, entity: Any) -> Iterator[int]:
    query = {"q": f"SELECT {', '.join(entity.fields)} FROM {entity.name} ORDER BY {', '.join(entity.key)}"}
    offset, more = 0, True
    while more:
        params = {"limit": "1000", "offset": str(offset)}
        body = client.post("/services/rest/query/v1/suiteql", params=params, json=query).json()
        yield len(body["items"])
        offset, more = offset + 1000, body["hasMore"]


def main(scale: float = 0.2) -> None:
    """Print the ratios."""
    with simulators(scale) as instances:
        for one in measure(instances):
            print(  # noqa: T201  a benchmark speaks on standard output
                f"{one.entity}: {one.rows} rows; bare {one.bare:,.0f}/s, first load {one.first:,.0f}/s"
                f" ({one.ratio:.0%}), unchanged full read {one.again:,.0f}/s ({one.again / one.bare:.0%})"
            )


if __name__ == "__main__":
    main()
