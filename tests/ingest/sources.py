"""A source in memory that a test can shape record by record, and the pieces to load from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qtc_pipeline.ingest.load import Force, LoadResult, WantedMode, load_entity
from qtc_pipeline.lake import Lake, SourceCount, raw_schema
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page

START = datetime(2026, 6, 1, 8, tzinfo=UTC)
ENTITY = Entity(name="Thing", fields=("id", "at", "value"), cursor="at", deletes="log", parent="of")
INSTANCE = Instance(
    name="crm", vendor="salesforce", roles=("crm",), base_url="http://127.0.0.1:9", look_back_seconds=600
)


@dataclass
class Source:
    """Records by id: (stamp, value). ``gone`` is its list of deletions, ``hook`` is called before each page."""

    records: dict[str, tuple[datetime | None, str]] = field(default_factory=dict)
    gone: dict[str, datetime] = field(default_factory=dict)
    parents_gone: dict[str, datetime] = field(default_factory=dict)
    parent_of: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    hidden_from_counts: set[str] = field(default_factory=set)
    now: datetime = START + timedelta(days=30)
    page_size: int = 3
    hook: Callable[[int], None] = id
    asked: list[datetime | None] = field(default_factory=list)

    def put(self, minute: int, **values: str) -> None:
        for key, value in values.items():
            self.records[key] = (START + timedelta(minutes=minute), value)

    def clock(self) -> datetime:
        return self.now

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        del entity
        return (SourceCount("", "count", Decimal(len(self.records.keys() - self.hidden_from_counts))),)

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        del entity
        return (("legal_entity", "US"),)

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        self.asked.append(since)
        shown = [
            (key, at, value)
            for key, (at, value) in sorted(self.records.items())
            if key not in self.hidden and (since is None or entity.cursor is None or (at is not None and at >= since))
        ]
        for number, first in enumerate(range(0, len(shown), self.page_size)):
            self.hook(number)
            part = shown[first : first + self.page_size]
            yield Page(
                read_at=datetime.now(UTC),
                ids=[key for key, _, _ in part],
                versions=[at.isoformat() if at else None for _, at, _ in part],
                payloads=[self._payload(key, at, value) for key, at, value in part],
            )

    def _payload(self, key: str, at: datetime | None, value: str) -> str:
        stamp = at.isoformat() if at else None
        return json.dumps({"id": key, "at": stamp, "value": value, "of": self.parent_of.get(key)})

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:
        del entity
        for listed, parents in ((self.gone, False), (self.parents_gone, True)):
            chosen = {key: at for key, at in listed.items() if at >= since}
            if chosen:
                yield Page(
                    read_at=datetime.now(UTC),
                    ids=list(chosen),
                    versions=[at.isoformat() for at in chosen.values()],
                    payloads=["{}"] * len(chosen),
                    deleted=[True] * len(chosen),
                    parents=parents,
                )

    def close(self) -> None:
        return


def load(
    root: Path,
    source: Source,
    mode: WantedMode = "increment",
    *,
    entity: Entity = ENTITY,
    instance: Instance = INSTANCE,
    force: Force | None = None,
) -> LoadResult:
    return load_entity(Lake(root), instance, source, entity, mode, force=force)


def rows(root: Path, entity: str = "Thing", vendor: str = "salesforce") -> list[dict[str, Any]]:
    """Every stored version, in the order it was stored."""
    files = Lake(root).files(vendor, entity)
    if not files:
        return []
    table = pa.concat_tables([pq.read_table(file, schema=raw_schema()) for file in files])
    found: list[dict[str, Any]] = table.sort_by([("load_id", "ascending"), ("ordinal", "ascending")]).to_pylist()
    return found


def alive(root: Path, entity: str = "Thing", vendor: str = "salesforce") -> Mapping[str, str]:
    """Id -> payload of every record alive by its last observation, content by its greatest version."""
    last: dict[str, dict[str, Any]] = {}
    content: dict[str, dict[str, Any]] = {}
    for row in rows(root, entity, vendor):
        key = row["record_id"]
        seen = (row["read_at"], row["load_id"], row["ordinal"])
        if key not in last or seen > (last[key]["read_at"], last[key]["load_id"], last[key]["ordinal"]):
            last[key] = row
        order = (row["version_at"] or row["read_at"], *seen)
        if not row["is_deleted"] and (key not in content or order > content[key]["_order"]):
            content[key] = {**row, "_order": order}
    return {key: content[key]["payload"] for key, row in sorted(last.items()) if not row["is_deleted"]}
