"""The Parquet files of one load.

Here: row groups of useful size, a new file every half gigabyte, fsync before the commit. Stays out: the commit itself.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.lake.load import raw_schema

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS_PER_GROUP = 65_536
_BYTES_PER_GROUP = 64 * 2**20
_BYTES_PER_FILE = 512 * 2**20


class LoadFiles:
    """Collects the rows of one load into files that no reader sees before the commit names them."""

    def __init__(self, folder: Path, load_id: str) -> None:
        self.versions = 0
        self.deletes = 0
        self._folder = folder
        self._load_id = load_id
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._file_bytes = 0
        self._writer: Any = None
        self._rows_of: dict[str, int] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows in the shape of the raw schema."""
        import pyarrow.compute as pc

        if not batch.schema.equals(raw_schema()):
            raise LoadRefusedError(
                f"load {self._load_id}", f"rows have the columns {batch.schema.names}", "Build them with raw_schema()"
            )
        if batch.num_rows == 0:
            return
        self.versions += batch.num_rows
        self.deletes += pc.sum(batch.column("is_deleted")).as_py() or 0
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        self._pending_bytes += batch.nbytes
        if self._pending_rows >= _ROWS_PER_GROUP or self._pending_bytes >= _BYTES_PER_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._pending:
            return
        if self._writer is None or self._file_bytes >= _BYTES_PER_FILE:
            self._close_writer()
            name = f"load-{self._load_id}-{len(self._rows_of):04d}.zstd.parquet"
            self._rows_of[name] = 0
            self._file_bytes = 0
            self._writer = pq.ParquetWriter(self._folder / name, raw_schema(), compression="zstd")
        self._writer.write_table(pa.Table.from_batches(self._pending), row_group_size=self._pending_rows)
        name = next(reversed(self._rows_of))
        self._rows_of[name] += self._pending_rows
        self._file_bytes += self._pending_bytes
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0

    def close(self) -> None:
        """Write what is pending and make it safe on disk."""
        self._flush()
        self._close_writer()
        for name in (*self._rows_of, "."):
            sync(self._folder / name)

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def actions(self) -> list[Any]:
        """What the commit adds to the table."""
        from deltalake.transaction import AddAction

        now = int(time.time() * 1000)
        return [
            AddAction(name, (self._folder / name).stat().st_size, {}, now, True, json.dumps({"numRecords": rows}))
            for name, rows in self._rows_of.items()
        ]

    def discard(self) -> None:
        """Remove the files of a load that will not be committed."""
        self._close_writer()
        for name in self._rows_of:
            (self._folder / name).unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make a file or the entries of a folder safe on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
