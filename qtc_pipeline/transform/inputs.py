"""What a build is made of, and its digest: the build id.

Loads that brought versions, what the sources counted, how far each entity was read, package version, dbt project,
configuration, waivers, erasures, as of, and the publication the build compares with. A load that brought nothing new
and counted the same asks for no new build, although it is committed.
Add here: an input. Stays out: writing it into the warehouse (``context``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from qtc_pipeline import __version__
from qtc_pipeline.keys import OPS
from qtc_pipeline.lake import Lake, Load
from qtc_pipeline.ops import pointer, verdicts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.project import project_digest
from qtc_pipeline.warehouse import read_rows

STOCKS = ("backlog", "unbilled", "ar", "contract_position")
_CODE = ("package_version", "dbt_project")


@dataclass(frozen=True)
class RawTable:
    """Committed loads and files of one table of the lake, taken at one moment."""

    vendor: str
    entity: str
    loads: tuple[Load, ...]
    files: tuple[str, ...]

    def last_loads(self) -> list[Load]:
        """The last load of each instance."""
        return list({load.instance: load for load in self.loads}.values())


@dataclass(frozen=True)
class Inputs:
    """Everything a build is made of."""

    build_id: str
    inputs_digest: str
    as_of: datetime
    package_version: str
    tables: tuple[RawTable, ...]
    previous_publication_id: str | None
    previous_build_id: str | None
    movement_sources: dict[str, str]
    movement_digests: dict[str, str]
    described: dict[str, Any]

    @property
    def load_numbers(self) -> dict[str, int]:
        """``vendor/entity`` -> how many loads the table had: what a later rebuild of this build must go back to."""
        return {f"{table.vendor}/{table.entity}": len(table.loads) for table in self.tables}

    def is_code_changed(self, published: Path) -> bool:
        """Whether the movements this build is compared with were computed by another version of the code or models."""
        earlier = [pointer.read_manifest(published, one)["inputs"] for one in set(self.movement_sources.values())]
        return any(one[name] != self.described[name] for one in earlier for name in _CODE)


def collect(settings: Settings) -> Inputs:
    """Take every input at one moment and name the build they make."""
    as_of = build_instant(settings)
    lake = Lake(settings.lake_dir)
    tables = tuple(_known(settings, _raw_table(lake, vendor, entity)) for vendor, entity in lake.tables())
    described = {
        "as_of": as_of.isoformat(),
        "package_version": __version__,
        "dbt_project": project_digest(),
        "configuration": _configuration(settings),
        "waivers": _waivers(settings, as_of),
        "load_ids": sorted(load.load_id for table in tables for load in table.loads if load.versions or load.deletes),
        "source_counts": _digest([_counts(load) for table in tables for load in table.last_loads()]),
        "read_through": _read_through(settings, tables, as_of),
        "erasures": [[one.erasure_id, one.completed_at] for one in lake.erasures()],
    }
    inputs_digest = _digest(described)
    previous, manifest = _previous(settings)
    if manifest and manifest["inputs_digest"] == inputs_digest:
        # the current publication was made from these very inputs: its own movements are not a new input
        return Inputs(
            manifest["build_id"],
            inputs_digest,
            as_of,
            __version__,
            tables,
            manifest["previous_publication_id"],
            manifest["previous_build_id"],
            manifest["previous_movement_sources"],
            manifest["previous_movement_digests"],
            described,
        )
    sources = dict(manifest["movement_sources"]) if manifest else {}
    digests = dict(manifest["movement_digests"]) if manifest else {}
    build_id = _digest([inputs_digest, digests])
    return Inputs(
        build_id,
        inputs_digest,
        as_of,
        __version__,
        tables,
        previous,
        manifest["build_id"] if manifest else None,
        sources,
        digests,
        described,
    )


def build_instant(settings: Settings) -> datetime:
    """As of: the configured instant, else the last full hour, so that two runs within it speak of the same instant."""
    if settings.as_of is not None:
        return settings.as_of.astimezone(UTC)
    return settings.as_of_or_now().replace(minute=0, second=0, microsecond=0)


def _raw_table(lake: Lake, vendor: str, entity: str) -> RawTable:
    while True:  # a load committed between the two reads would have files without a description
        loads = lake.loads(vendor, entity)
        files = lake.files(vendor, entity)
        if [load.load_id for load in lake.loads(vendor, entity)] == [load.load_id for load in loads]:
            return RawTable(vendor, entity, tuple(loads), tuple(files))


def _known(settings: Settings, table: RawTable) -> RawTable:
    """The table as it was known: all of it, or the loads of a past moment. Its files hold later loads too."""
    past = settings.past
    if past is None:
        return table
    loads = table.loads
    if past.load_numbers is not None:
        loads = loads[: past.load_numbers.get(f"{table.vendor}/{table.entity}", 0)]
    if past.known_at is not None:
        loads = tuple(load for load in loads if load.completed_at is not None and load.completed_at <= past.known_at)
    return replace(table, loads=loads, files=table.files if loads else ())


def _counts(load: Load) -> list[Any]:
    both = [[asdict(count) for count in counts] for counts in (load.counts_before, load.counts_after)]
    return [load.vendor, load.entity, load.instance, both, sorted(load.scope)]


def _read_through(settings: Settings, tables: tuple[RawTable, ...], as_of: datetime) -> dict[str, str]:
    """How far each entity was read, as far as that can change a number; the operational store is compared with nothing.

    Past every version in the lake nothing is torn; what happened later than the interface's time before as of is in
    transit whether it was read or not; and a load younger than the maximum age is young enough.
    """
    tables = tuple(table for table in tables if table.vendor != OPS)
    slas = settings.slas
    allowed = (slas.interface_hours, *slas.interface_hours_by_leg.values())
    hours = min(*allowed, *(one.max_age_hours for one in settings.instances))
    latest = max([as_of - timedelta(hours=hours), *_newest_versions(tables)])
    return {
        f"{load.vendor}/{load.entity}/{load.instance}": min(load.read_through, latest).isoformat()
        for table in tables
        for load in table.last_loads()
    }


def _newest_versions(tables: tuple[RawTable, ...]) -> Iterator[datetime]:
    import duckdb

    sql = (
        "select max(version_at at time zone 'UTC') as newest from read_parquet(?) "
        "where load_id in (select unnest(?::varchar[]))"
    )
    with duckdb.connect() as engine:
        for table in tables:
            counted = [load.load_id for load in table.loads]
            newest = read_rows(engine, sql, [list(table.files), counted])[0]["newest"] if table.files else None
            if newest is not None:
                yield newest.replace(tzinfo=UTC)


def _configuration(settings: Settings) -> str:
    """Digest of the settings that decide numbers; addresses, limits and secrets do not."""
    return _digest(
        {
            "reporting_currency": settings.reporting_currency,
            "instances": [
                [one.name, one.vendor, one.roles, one.max_age_hours, one.integration_user] for one in settings.instances
            ],
            "legal_entities": [one.model_dump(mode="json") for one in settings.legal_entities],
            "slas": settings.slas.model_dump(mode="json"),
            "tolerances": settings.tolerances.model_dump(mode="json"),
            "opening_balances": [one.model_dump(mode="json") for one in settings.opening_balances],
        }
    )


def _waivers(settings: Settings, as_of: datetime) -> list[list[Any]]:
    with open_store(settings) as session:
        return [
            [one.waiver_id, one.mart, one.rule_id, one.legal_entity_id, one.period, one.expires_at.isoformat()]
            for one in verdicts.active_waivers(session, as_of)
        ]


def _previous(settings: Settings) -> tuple[str | None, dict[str, Any] | None]:
    current = pointer.current_id(settings.published_dir)
    return current, pointer.read_manifest(settings.published_dir, current) if current else None


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
