"""What the lake already holds of one entity of one instance.

Here: telling an unchanged record from a new version, and which known records a complete read did not show.
Stays out: reading the source, writing the lake.

Memory stays small because a record is four numbers in sorted arrays (25 bytes), not Python objects: 64-bit digests of
its id and of its newest content, its newest stamp, and whether it was dead when last observed. A digest of an id may
meet another one's by chance; then the contents differ and a version is stored that need not be, never one lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from qtc_pipeline.ingest.runs import Run, first_of_each, joined, newest

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from qtc_pipeline.ingest.runs import Flags, Keys, Stamps

_NO_STAMP = -(2**62)
# content: the greatest version; life: the last observation (they differ after a late delivery of an old version)
# numbers instead of texts, because the grouping is what takes memory (400 bytes a version)
_STATE = """
    with loads as (
        select load_id, row_number() over (order by load_id) as load_number
        from (select distinct load_id from read_parquet($files) where instance = $instance)
    ),
    versions as (
        select
            hash(record_id) as k, hash(payload_hash) as h, is_deleted, ordinal, load_number,
            epoch_us(read_at) as read_at, epoch_us(coalesce(version_at, read_at)) as ordered_at
        from read_parquet($files) inner join loads using (load_id)
        where instance = $instance {only}
    )
    select
        k,
        coalesce(arg_max(h, row(ordered_at, read_at, load_number, ordinal)) filter (where not is_deleted), 0) as h,
        coalesce(max(ordered_at) filter (where not is_deleted), {no_stamp}) as top,
        arg_max(is_deleted, row(read_at, load_number, ordinal)) as dead
    from versions group by k order by k
"""
_MEMORY = "1GB"
_VERSIONS_AT_ONCE = 500_000


class Known:
    """State of an entity as of the last commit, plus what this load has added.

    Args:
        files: committed Parquet files of the entity's table.
        instance: whose records.
        whole: the load reads every record, so all state is needed and missing records can be told; otherwise only
            the state of records that come is looked up.

    Attributes:
        new: records this load has shown alive that the lake never held.
        gained: live records gained by this load, less those lost.
    """

    def __init__(self, files: Sequence[str], instance: str, *, whole: bool) -> None:
        self._files = list(files)
        self._instance = instance
        self._whole = whole
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._base: Run | None = None
        self._seen: Any = None
        self._added: list[Run] = []
        self.new = 0
        self.gained = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def engine(self) -> duckdb.DuckDBPyConnection:
        """The engine that knows the lake's files."""
        # most increments bring nothing: then no engine is started
        import tempfile

        import duckdb

        if self._opened is None:
            self._opened = duckdb.connect(
                config={"threads": 2, "memory_limit": _MEMORY, "temp_directory": tempfile.gettempdir()}
            )
        return self._opened

    def fresh(self, batch: pa.Table, *, known_only: bool = False) -> Flags:
        """Which rows of a batch add a version.

        Args:
            batch: columns record_id, payload_hash, version_at, is_deleted.
            known_only: drop tombstones of records the lake never held.

        Returns:
            A mask over the rows.
        """
        import numpy as np

        self.engine.register("batch", batch)
        came = self.engine.execute(
            "select hash(record_id) as k, hash(payload_hash) as h, is_deleted as d,"
            f" coalesce(epoch_us(version_at), {_NO_STAMP}) as v from batch"
        ).fetchnumpy()
        keys, hashes, deleted, stamps = (np.asarray(came[name]) for name in ("k", "h", "d", "v"))
        found, now = self._look_up(keys, alive=~deleted)
        same = np.where(deleted, now.dead, ~now.dead & (hashes == now.hashes))
        keep = ~(found & same)
        if known_only:
            keep &= found | ~deleted
        keep &= first_of_each(keys, hashes, deleted)
        late = keep & found & ~deleted & ~now.dead & (stamps != _NO_STAMP) & (stamps < now.tops)
        if late.any():
            keep &= ~(late & self._stored(batch))
        self.engine.unregister("batch")
        # a late, older version is stored and changes nothing; the rest is the new state
        changing = keep & ~late
        self._follow(keys, deleted, was_alive=found & ~now.dead, chosen=changing)
        self._add(keys, hashes, stamps, deleted, changing)
        self.new += len(np.unique(keys[keep & ~found & ~deleted]))
        return keep

    def read_whole(self) -> None:
        """From here on the load reads every record, whatever it has shown before."""
        self._whole = True

    @property
    def live(self) -> int:
        """Records alive as of the last commit (of a whole load)."""
        base = self._load_base()
        return int((~base.dead).sum())

    @property
    def seen(self) -> int:
        """Different live records a whole load has shown so far."""
        self._load_base()
        return int(self._seen.sum()) + self.new

    def missing(self) -> list[str]:
        """Ids alive as of the last commit that a whole load did not show, sorted."""
        import pyarrow as pa

        base = self._load_base()
        gone = base.keys[~base.dead & ~self._seen]
        if len(gone) == 0:
            return []
        self.engine.register("gone", pa.table({"k": gone}))
        rows = self.engine.execute(
            "select distinct record_id from read_parquet(?)"
            " where instance = ? and hash(record_id) in (select k from gone) order by 1",
            [self._files, self._instance],
        ).fetchall()
        return [row[0] for row in rows]

    def children(self, field: str, parents: Sequence[str]) -> list[tuple[str, str]]:
        """(record id, parent id) of known records whose payload field names one of the parents."""
        import pyarrow as pa

        if not self._files or not parents:
            return []
        self.engine.register("parents", pa.table({"parent": list(parents)}))
        return self.engine.execute(
            "select distinct record_id, parent from (select record_id, json_extract_string(payload, ?) as parent"
            " from read_parquet(?) where instance = ? and not is_deleted) semi join parents using (parent) order by 1",
            [f"$.{field}", self._files, self._instance],
        ).fetchall()

    def _look_up(self, keys: Keys, *, alive: Flags) -> tuple[Flags, Run]:
        import numpy as np

        base = self._load_base() if self._whole else self._state("and record_id in (select record_id from batch)")
        found = np.zeros(len(keys), dtype=bool)
        now = Run(
            keys,
            np.zeros(len(keys), dtype=np.uint64),
            np.full(len(keys), _NO_STAMP, dtype=np.int64),
            np.zeros(len(keys), dtype=bool),
        )
        for run in (base, *self._added):  # oldest first: what was added later wins
            if len(run) == 0:
                continue
            at = np.minimum(np.searchsorted(run.keys, keys), len(run) - 1)
            hit = run.keys[at] == keys
            if run is base and self._whole:
                self._seen[at[hit & alive]] = True
            for mine, theirs in ((now.hashes, run.hashes), (now.tops, run.tops), (now.dead, run.dead)):
                mine[hit] = theirs[at[hit]]
            found |= hit
        return found, now

    def _load_base(self) -> Run:
        import numpy as np

        if self._base is None:
            self._base = self._state("")
            self._seen = np.zeros(len(self._base), dtype=bool)
        return self._base

    def _state(self, only: str) -> Run:
        import numpy as np

        if not self._files:
            unsigned = np.zeros(0, dtype=np.uint64)
            return Run(unsigned, unsigned, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool))
        named = {"files": self._files, "instance": self._instance}
        found = self.engine.execute("select count(*) from read_parquet($files)", {"files": self._files}).fetchone()
        rows = 0 if only or found is None else int(found[0])
        bits = max(0, rows // _VERSIONS_AT_ONCE).bit_length()
        # part by part along the leading bits of the key: so each grouping is small and the whole comes out sorted
        parts = [f"{only} and hash(record_id) >> {64 - bits} = {part}" for part in range(1 << bits)] if bits else [only]
        runs = []
        for part in parts:
            sql = _STATE.format(only=part, no_stamp=_NO_STAMP)
            columns = self.engine.execute(sql, named).fetchnumpy()
            runs.append([np.asarray(columns[name]) for name in ("k", "h", "top", "dead")])
        return Run(*(np.concatenate(column) for column in zip(*runs, strict=True)))

    def _stored(self, batch: pa.Table) -> Flags:
        """Rows of the batch that the lake holds with the same stamp and content, whatever came after."""
        import numpy as np

        del batch  # registered under its name
        rows = self.engine.execute(
            "select exists (select 1 from read_parquet(?) s where s.instance = ? and s.record_id = b.record_id"
            " and s.payload_hash = b.payload_hash and s.version_at = b.version_at) as e from batch b",
            [self._files, self._instance],
        ).fetchnumpy()
        return np.asarray(rows["e"], dtype=bool)

    def _follow(self, keys: Keys, deleted: Flags, *, was_alive: Flags, chosen: Flags) -> None:
        """Keep count of records that came to life or died in this load."""
        import numpy as np

        if not chosen.any():
            return
        order = np.flatnonzero(chosen)[np.argsort(keys[chosen], kind="stable")]
        last = np.ones(len(order), dtype=bool)
        last[:-1] = keys[order][1:] != keys[order][:-1]
        final = order[last]
        self.gained += int((~deleted[final] & ~was_alive[final]).sum()) - int((deleted[final] & was_alive[final]).sum())

    def _add(self, keys: Keys, hashes: Keys, stamps: Stamps, deleted: Flags, chosen: Flags) -> None:
        if not chosen.any():
            return
        run = newest(Run(keys[chosen], hashes[chosen], stamps[chosen], deleted[chosen]))
        # runs of growing size are merged, so that a look-up passes few of them
        while self._added and len(self._added[-1]) < 2 * len(run):
            run = newest(joined(self._added.pop(), run))
        self._added.append(run)
