"""The raw lake: one append-only Delta table per (vendor, entity), one commit per load.

Here: the shape of a raw record, of a load and of its counts; appending a load, listing loads and files, compaction,
erasure.
Add here: what every reader or writer of the lake must agree on.
Stays out: how records are fetched or compared (``systems``, ``ingest``) and what they mean (dbt).

A load becomes visible by its Delta commit and by nothing else. Its Parquet files are written first (streamed, so
memory does not grow with the load), then one commit adds them together with the load's description, because cursor and
counts are known only at the end. Files of a killed write are in no commit: no reader sees them, ``compact`` sweeps them
after a day. Log files are kept for ever, so the description of every load outlives compaction; rows have its load id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.lake.erasure import Erasure, erase, erasures_of
from qtc_pipeline.lake.files import LoadFiles
from qtc_pipeline.lake.history import LOAD_KEY, described, keep_aside, loads_of
from qtc_pipeline.lake.load import RAW_COLUMNS, Load, Measure, Mode, SourceCount, new_load_id, raw_schema
from qtc_pipeline.lake.locks import merging
from qtc_pipeline.lake.profile import FieldShape, Finding, Profile

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

__all__ = [
    "RAW_COLUMNS",
    "Erasure",
    "FieldShape",
    "Finding",
    "Lake",
    "Load",
    "Measure",
    "Mode",
    "Profile",
    "SourceCount",
    "new_load_id",
    "raw_schema",
]

_ORPHAN_HOURS = 24
_CONFIGURATION: dict[str, str | None] = {
    "delta.appendOnly": "true",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    # no statistics of values: merging would write the beginnings of payloads into the log
    "delta.dataSkippingNumIndexedCols": "0",
}


class Lake:
    """The raw lake in a local folder.

    Args:
        root: the lake's folder; tables lie in ``<root>/raw/<vendor>/<entity>``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, vendor: str, entity: str) -> Path:
        """Folder of a table."""
        return self.root / "raw" / vendor / entity

    def tables(self) -> list[tuple[str, str]]:
        """(vendor, entity) of every table that exists, sorted."""
        found = (self.root / "raw").glob("*/*/_delta_log")
        return sorted((log.parent.parent.name, log.parent.name) for log in found)

    def append(
        self,
        load: Load,
        batches: Iterable[pa.RecordBatch],
        finish: Callable[[Load], Load] | None = None,
    ) -> Load:
        """Write a load: its rows, then the one commit that makes them visible.

        Args:
            load: its description as far as it is known before the first row.
            batches: rows in the shape of :func:`raw_schema`; consumed once, never held together in memory.
            finish: called when the rows are on disk and before the commit, with ``rows`` (if not set), ``versions`` and
                ``deletes`` filled in; returns the final description. An error from it (or from ``batches``) leaves
                the lake as it was.

        Returns:
            The load as committed.
        """
        from deltalake.transaction import CommitProperties

        table = self._open_or_create(load.vendor, load.entity)
        files = LoadFiles(self.path(load.vendor, load.entity), load.load_id)
        try:
            for batch in batches:
                files.add(batch)
            files.close()
            done = replace(
                load, rows=load.rows or files.versions, versions=files.versions, deletes=load.deletes or files.deletes
            )
            if finish is not None:
                done = finish(done)
            done = replace(done, completed_at=done.completed_at or datetime.now(UTC))
            table.create_write_transaction(
                files.actions(),
                "append",
                table.schema(),
                commit_properties=CommitProperties(custom_metadata={LOAD_KEY: done.to_json()}),
            )
        except BaseException:
            files.discard()
            raise
        keep_aside(table, self.path(load.vendor, load.entity))
        return done

    def loads(self, vendor: str, entity: str, instance: str | None = None) -> list[Load]:
        """Committed loads of a table, oldest first; of one instance where it is named."""
        table = self._open(vendor, entity)
        if table is None:
            return []
        return [load for load in loads_of(table, self.path(vendor, entity)) if instance in (None, load.instance)]

    def recent_loads(self, vendor: str, entity: str, instance: str, commits: int = 64) -> list[Load]:
        """Loads of an instance among the table's last commits, oldest first."""
        table = self._open(vendor, entity)
        if table is None:
            return []
        return [load for load in described(table.history(commits)) if load.instance == instance][::-1]

    def last_load(self, vendor: str, entity: str, instance: str, mode: Mode | None = None) -> Load | None:
        """The last committed load of an instance (of one mode where it is named), None where there is none."""
        table = self._open(vendor, entity)
        if table is None:
            return None
        limit = 8
        while True:  # few commits are looked at in the usual case, all of them at worst
            commits = table.history(limit)
            for load in described(commits):
                if load.instance == instance and mode in (None, load.mode):
                    return load
            if len(commits) < limit:
                return None
            limit *= 16

    def files(self, vendor: str, entity: str) -> list[str]:
        """Parquet files of all committed loads, from the Delta log; empty where there is no load."""
        table = self._open(vendor, entity)
        if table is None:
            return []
        # by name in the folder: an address is percent-encoded, and no engine finds "my%20lake"
        folder = self.path(vendor, entity)
        return sorted(str(folder / Path(address).name) for address in table.file_uris())

    def erase(self, request: Erasure) -> Erasure:
        """Redact a record in every version and every file; the one rewriting.

        Raises:
            ErasureError: the lake does not hold the record, or it is being loaded now.
        """
        table = self._open(request.vendor, request.entity)
        return erase(table, self.root, self.path(request.vendor, request.entity), request)

    def erasures(self) -> list[Erasure]:
        """Every request to erase, oldest first; one without ``completed_at`` was interrupted."""
        return erasures_of(self.root)

    def compact(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Merge small files of every table and sweep files older than a day that belong to no version.

        Returns:
            (vendor, entity) -> files before, files after.
        """
        result = {}
        for vendor, entity in self.tables():
            table = self._open_or_create(vendor, entity)
            before = len(table.file_uris())
            with merging(self.root, vendor, entity) as may_merge:
                if before > 1 and may_merge:
                    table.optimize.compact()
                table.vacuum(retention_hours=_ORPHAN_HOURS, dry_run=False, enforce_retention_duration=False, full=True)
            result[vendor, entity] = (before, len(self.files(vendor, entity)))
        return result

    def _open(self, vendor: str, entity: str) -> DeltaTable | None:
        from deltalake import DeltaTable

        path = self.path(vendor, entity)
        return DeltaTable(path) if (path / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(path)) else None

    def _open_or_create(self, vendor: str, entity: str) -> DeltaTable:
        from deltalake import DeltaTable, Schema

        table = self._open(vendor, entity)
        if table is not None:
            return table
        path = self.path(vendor, entity)
        path.mkdir(parents=True, exist_ok=True)
        # "ignore": two instances of a vendor may create the table at the same moment
        return DeltaTable.create(
            path, schema=Schema.from_arrow(raw_schema()), mode="ignore", configuration=_CONFIGURATION
        )
