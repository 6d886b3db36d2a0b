"""Lay the firm's records down in the raw lake as loads, without HTTP: what ingest stores of an honest source.

Here: `write_lake(firm, lake)`. The first call writes every entity in full; a later one with a later day writes what has
changed since, as increments with tombstones. Counts (C0) and scope are taken of the whole firm, as a source would.
Stays out: reading over a vendor's protocol (`systems`, `ingest`); what the records are (`firm.py`).
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.lake import Lake, Load, SourceCount, raw_schema
from qtc_pipeline.sandbox.firm import ENTITIES, INSTANCE, Firm
from qtc_pipeline.sandbox.servers.writing import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from qtc_pipeline.sandbox.firm import Part
    from qtc_pipeline.sandbox.model import SourceRecord

BATCH_ROWS = 20_000
# what each vendor can total, by vendor and entity: (field that groups, field summed or None)
_CURRENCY = {"salesforce": "CurrencyIsoCode"}
_WITHOUT_CURRENCY = {"Contract_Role_Demand__c", "ContractHistory"}
_TOTALS: dict[str, tuple[str | None, str | None]] = {
    "customer": ("currency", None),
    "job": ("currency", "jobprice"),
    "transaction": ("currency", "foreigntotal"),
    "transactionline": (None, "foreignamount"),
    "transactionaccountingline": (None, "debit"),
    "nexttransactionlinelink": (None, "foreignamount"),
    "charge": ("currency", "amount"),
    "billingscheduleline": ("currency", "amount"),
    "revenueelement": ("currency", "amount"),
    "plannedrevenue": ("currency", "amount"),
}
_SCOPE = {"salesforce": "Legal_Entity__c", "workspace_groups": "name", "subsidiary": "id"}


def write_lake(
    firm: Firm,
    lake: Lake,
    read_at: datetime | None = None,
    *,
    progress: Callable[[str, int], None] | None = None,
) -> list[Load]:
    """Write one load per entity, in one pass over the firm.

    Args:
        firm: the firm on its day.
        lake: where to; an entity that has loads of the instance gets an increment.
        read_at: the sources' clock when they were read; default the firm's instant.
        progress: told (where the pass is, records to write so far) after each part of the firm.

    Returns:
        The committed loads.
    """
    moment = read_at or firm.as_of
    lake.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lake.root, prefix=".writing-") as folder:
        writers = [
            _EntityWriter(firm, lake, vendor, name, moment, Path(folder))
            for vendor, names in ENTITIES.items()
            for name in names
        ]
        for number, part in enumerate(firm.parts()):
            for writer in writers:
                writer.take(part)
            if progress is not None:
                progress(f"part {number} of {firm.pod_count}", sum(writer.received for writer in writers))
        return [writer.commit() for writer in writers]


def totals(vendor: str, entity: str) -> tuple[str | None, str | None]:
    """Return the payload fields by which a vendor groups its count of an entity, and which it can sum."""
    if vendor == "salesforce" and entity in _WITHOUT_CURRENCY:
        return None, None
    return _TOTALS.get(entity, (None, None)) if vendor == "netsuite" else (_CURRENCY.get(vendor), None)


@dataclass(slots=True)
class _EntityWriter:
    """One load being written: rows are kept until there are many, then wait on disk for the commit."""

    firm: Firm
    lake: Lake
    vendor: str
    entity: str
    moment: datetime
    folder: Path
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    scope: set[str] = field(default_factory=set)
    newest: datetime | None = None
    received: int = 0
    written: int = 0
    load: Load = field(init=False)
    since: datetime | None = field(init=False)
    rows: list[tuple[SourceRecord, bool]] = field(default_factory=list)
    gone: list[tuple[SourceRecord, bool]] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Name the load."""
        instance = INSTANCE[self.vendor]
        last = self.lake.last_load(self.vendor, self.entity, instance)
        digest = blake2b(f"{self.vendor}/{self.entity}/{self.firm.seed}".encode(), digest_size=4).hexdigest()
        self.since = last.read_through if last else None
        self.load = Load(
            load_id=f"{self.moment:%Y%m%dT%H%M%S%f}-{digest}",
            vendor=self.vendor,
            entity=self.entity,
            instance=instance,
            mode="increment" if last else "full",
            cursor_in=last.cursor_out if last else None,
            cursor_out=None,
            read_started_at=self.moment,
            read_through=self.moment,
        )

    def take(self, part: Part) -> None:
        """Count this part's records and keep those the load writes."""
        since = self.since
        for record in part.records(self.vendor, self.entity):
            self._count(record)
            if since is None or (record.version_at is not None and record.version_at > since):
                self.rows.append((record, record.deleted_at is not None))
                self.received += 1
        if since is not None:
            gone = part.deleted(self.vendor, self.entity)
            self.gone += [(record, True) for record in gone if record.deleted_at and record.deleted_at > since]
        if len(self.rows) >= BATCH_ROWS:
            self._set_aside()

    def commit(self) -> Load:
        """Write what was kept, in one commit."""
        self.received += len(self.gone)
        return self.lake.append(self.load, self._batches(), self._finish)

    def _finish(self, load: Load) -> Load:
        counts = [
            SourceCount(currency, "count", Decimal(number)) for currency, number in sorted(self.counts.items())
        ] + [SourceCount(currency, "amount", total) for currency, total in sorted(self.sums.items())]
        return replace(
            load,
            rows=self.received,
            counts_before=tuple(counts),
            counts_after=tuple(counts),
            cursor_out=self.newest.isoformat() if self.newest else load.cursor_in,
            completed_at=self.moment,
            scope=tuple(("legal_entity", key) for key in sorted(self.scope)),
        )

    def _set_aside(self) -> None:
        import pyarrow as pa

        path = self.folder / f"{self.vendor}-{self.entity}-{len(self.waiting)}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with pa.ipc.new_file(str(path), raw_schema(), options=options) as file:
            file.write_batch(self._batch(self.rows))
        self.waiting.append(path)
        self.rows = []

    def _batches(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for path in self.waiting:
            with pa.ipc.open_file(str(path)) as file:
                yield from (file.get_batch(number) for number in range(file.num_record_batches))
        for rows in (self.rows, self.gone):
            if rows:
                yield self._batch(rows)

    def _count(self, record: SourceRecord) -> None:
        if record.deleted_at is not None:
            return
        payload = record.payload
        group, amount = totals(self.vendor, self.entity)
        currency = str(payload[group] or "") if group else ""
        self.counts[currency] += 1
        if amount:
            self.sums[currency] += Decimal(payload[amount] or 0)
        named = _SCOPE.get(self.entity) or _SCOPE.get(self.vendor)
        if named and payload.get(named):
            self.scope.add(str(payload[named]))

    def _batch(self, rows: list[tuple[SourceRecord, bool]]) -> pa.RecordBatch:
        import pyarrow as pa

        columns: dict[str, list[Any]] = {name: [] for name in raw_schema().names}
        for record, deleted in rows:
            text = encode(record.payload)
            version = record.deleted_at if deleted else record.version_at
            columns["record_id"].append(record.record_id)
            columns["version_at"].append(version)
            columns["is_deleted"].append(deleted)
            columns["is_inferred"].append(False)
            columns["payload"].append(text if not deleted or self.vendor == "salesforce" else "{}")
            columns["payload_hash"].append(blake2b(text.encode(), digest_size=16).hexdigest())
            columns["read_at"].append(self.moment)
            columns["instance"].append(self.load.instance)
            columns["load_id"].append(self.load.load_id)
            columns["ordinal"].append(self.written)
            self.written += 1
            if version is not None and (self.newest is None or version > self.newest):
                self.newest = version
        return pa.RecordBatch.from_pydict(columns, schema=raw_schema())
