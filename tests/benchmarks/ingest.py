"""Ingest against a bare HTTP client that drains the same endpoint: rows per second, per vendor.

The simulators run as a process of their own, so that both clients meet the same server. Measured per vendor on its
entity with the most rows: a first load into an empty lake, and a full read that finds nothing changed.
Stays out: the bare clients (``drain``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from qtc_pipeline.ingest.run import ingest_instance
from qtc_pipeline.sandbox.config import sandbox_toml
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.servers import background
from qtc_pipeline.sandbox.servers.serve import fill
from qtc_pipeline.settings import Settings, load_settings
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.registry import system
from tests.benchmarks.drain import bare_client, drain
from tests.benchmarks.sample import Ratio, Sample, Say, seconds

CASES = (("crm", "Contract_Rate__c"), ("psa", "time_entries"), ("erp", "transactionline"))
SCALE = Decimal(1)
ROUNDS = 5
_RECORDS: Mapping[str, str] = {"salesforce": "records", "kantata": "results", "netsuite": "items"}


def measure(home: Path, say: Say, scale: Decimal | None = None, rounds: int | None = None) -> Iterator[Ratio]:
    """Two ratios per vendor.

    Args:
        home: an empty folder.
        say: told how it goes.
        scale: of the firm behind the simulators.
        rounds: how often each is measured, in turn, after one round that is not counted.
    """
    scale, rounds = scale or SCALE, rounds or ROUNDS
    say(f"ingest: filling the simulators at scale {scale}")
    with _simulators(home, Firm(7, scale)) as settings:
        for name, entity in CASES:
            yield from _measure_entity(
                settings, name, system(settings.instance(name).vendor).entity(entity), rounds, say
            )


@contextmanager
def _simulators(home: Path, firm: Firm) -> Iterator[Settings]:
    """The three vendors over a firm, and the settings that lead to them."""
    folder = home / "sandbox"
    fill(folder, firm)
    described = background.start(folder)
    try:
        path = home / "qtc.toml"
        path.write_text(sandbox_toml(described, firm.as_of), encoding="utf-8")
        yield load_settings(path, home=home)
    finally:
        background.stop(folder)


def _measure_entity(settings: Settings, name: str, entity: Entity, rounds: int, say: Say) -> Iterator[Ratio]:
    vendor = settings.instance(name).vendor
    with bare_client(settings.instance(name)) as client:
        rows = sum(len(json.loads(text)[_RECORDS[vendor]]) for text in drain(client, vendor, entity))
        bare: list[float] = []
        first: list[float] = []
        again: list[float] = []
        for number in range(rounds + 1):
            say(f"ingest: {name} {entity.name}, {rows:,} rows, round {number} of {rounds}")
            with TemporaryDirectory(dir=settings.home) as folder:
                fresh = settings.model_copy(update={"home": Path(folder)})
                taken = [
                    rows / seconds(partial(_exhaust, client, vendor, entity)),
                    rows / seconds(partial(_load, fresh, name, entity, rows)),
                    rows / seconds(partial(_load, fresh, name, entity, rows)),
                ]
            if number:  # the first round imports what reading needs
                for values, value in zip((bare, first, again), taken, strict=True):
                    values.append(value)
    setting = f"{vendor} {entity.name}, {rows:,} rows"
    for label, values in (("first load", first), ("full read, nothing changed", again)):
        measured = Sample(label, tuple(values))
        yield Ratio("ingest", setting, measured, Sample("bare client", tuple(bare)), "rows/s")


def _exhaust(client: httpx.Client, vendor: str, entity: Entity) -> None:
    for _ in drain(client, vendor, entity):
        pass


def _load(settings: Settings, name: str, entity: Entity, rows: int) -> None:
    (result,) = ingest_instance(settings, name, "full", [entity.name])
    if result.load.rows != rows:
        message = f"{name} {entity.name}: the bare client got {rows} rows, the load {result.load.rows}"
        raise RuntimeError(message)
