"""Read one entity of one instance as one load.

Here: where a load starts (the last commit's cursor, less the look-back), what is counted when, what refuses it.
Add here: another condition under which a load must not become visible. Stays out: threads and instances (``run``).

Order of a load, which the equations of completeness rest on: the source's counts, its clock, every page, the counts
again, tombstones, the commit. Nothing is visible before the commit, so a load that is killed or refused never was.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Literal

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.ingest.columns import Pages, batched, rows
from qtc_pipeline.ingest.known import Known
from qtc_pipeline.lake import Lake, Load, SourceCount, new_load_id
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page, Reader

if TYPE_CHECKING:
    import pyarrow as pa

SMALLEST_SHARE = Decimal("0.8")
Progress = Callable[[str, int], None]
WantedMode = Literal["full", "increment"]


@dataclass(frozen=True, slots=True)
class Force:
    """A person takes responsibility for a load that would be refused."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A committed load and how long it took."""

    load: Load
    seconds: float


def load_entity(
    lake: Lake,
    instance: Instance,
    reader: Reader,
    entity: Entity,
    mode: WantedMode,
    *,
    force: Force | None = None,
    progress: Progress | None = None,
) -> LoadResult:
    """Read and commit.

    Args:
        lake: where to.
        instance: from which running system.
        reader: that system, open.
        entity: which of its objects.
        mode: ``increment`` reads from the last cursor on (everything where there is none), ``full`` reads everything
            and finds deletions as missing ids.
        force: commit although the read is shorter than the last or too many records vanished.
        progress: told (entity, records received so far) after each batch.

    Raises:
        SystemReadError: the vendor's answer, transient or permanent.
        LoadRefusedError: read, but must not become visible; the lake is as before.
    """
    started = time.monotonic()
    with _only_one(lake, instance, entity):
        work = _Work(lake, instance, reader, entity, mode=mode, force=force, progress=progress)
        return LoadResult(work.run(), time.monotonic() - started)


class _Work:
    """One load under way."""

    def __init__(
        self,
        lake: Lake,
        instance: Instance,
        reader: Reader,
        entity: Entity,
        *,
        mode: WantedMode,
        force: Force | None,
        progress: Progress | None,
    ) -> None:
        self.lake, self.instance, self.reader, self.entity = lake, instance, reader, entity
        self.force, self.progress = force, progress
        self.what = f"instance {instance.name}, entity {entity.name}"
        vendor = instance.vendor
        self.last = lake.last_load(vendor, entity.name, instance.name)
        self.cursor = datetime.fromisoformat(self.last.cursor_out) if self.last and self.last.cursor_out else None
        self.is_full = mode == "full" or self.cursor is None or entity.cursor is None
        self.look_back = (
            entity.look_back if entity.look_back is not None else timedelta(seconds=instance.look_back_seconds)
        )
        counts_before = reader.count(entity)
        scope = reader.scope(entity)
        clock = reader.clock()
        self.load = Load(
            load_id=new_load_id(datetime.now(UTC)),
            vendor=vendor,
            entity=entity.name,
            instance=instance.name,
            mode="full" if self.is_full else "increment",
            cursor_in=self.last.cursor_out if self.last else None,
            cursor_out=None,
            read_started_at=clock,
            read_through=clock - self.look_back,
            counts_before=counts_before,
            scope=scope,
            forced_by=force.by if force else None,
            forced_reason=force.reason if force else None,
        )
        self.counts_after: tuple[SourceCount, ...] = ()
        self.received = 0
        self.stored = 0
        self.newest = self.cursor

    def run(self) -> Load:
        files = self.lake.files(self.instance.vendor, self.entity.name)
        with Known(files, self.instance.name, whole=self.is_full) as known:
            return self.lake.append(self.load, self._rows(known), self._finish)

    def _rows(self, known: Known) -> Iterator[pa.RecordBatch]:
        since = self.cursor - self.look_back if self.cursor is not None else None
        pages = self.reader.pages(self.entity, None if self.is_full else since)
        for batch in batched(pages):
            self.received += len(batch.ids)
            yield from self._fresh(known, batch)
            if self.progress:
                self.progress(self.entity.name, self.received)
        self.counts_after = self.reader.count(self.entity)
        if self.is_full:
            self._check_length()
        if since is not None:
            for batch in batched(self._log(known, since)):
                yield from self._fresh(known, batch, known_only=True, moves_cursor=False)
        if self.is_full:
            yield from self._vanished(known)

    def _fresh(
        self,
        known: Known,
        batch: Pages,
        *,
        known_only: bool = False,
        is_inferred: bool = False,
        moves_cursor: bool = True,
    ) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa
        import pyarrow.compute as pc

        table = batch.table(self.what)
        if moves_cursor:
            newest = pc.max(table["version_at"]).as_py()
            if newest is not None and (self.newest is None or newest > self.newest):
                self.newest = newest
        kept = table.filter(pa.array(known.fresh(table, known_only=known_only)))
        first, self.stored = self.stored, self.stored + kept.num_rows
        yield from rows(
            kept,
            instance=self.instance.name,
            load_id=self.load.load_id,
            first_ordinal=first,
            is_inferred=is_inferred,
        )

    def _log(self, known: Known, since: datetime) -> Iterable[Page]:
        """The vendor's list of deletions, parents replaced by the records that go with them."""
        for page in self.reader.deletions(self.entity, since):
            if not page.parents:
                yield page
                continue
            stamps = dict(zip(page.ids, page.versions, strict=True))
            children = known.children(self.entity.parent or "", page.ids)
            yield Page(
                read_at=page.read_at,
                ids=[child for child, _ in children],
                versions=[stamps[parent] for _, parent in children],
                payloads=["{}"] * len(children),
                deleted=[True] * len(children),
            )

    def _check_length(self) -> None:
        """Refuse a full read that is far shorter than the last one."""
        last = self.lake.last_load(self.instance.vendor, self.entity.name, self.instance.name, "full")
        if last is None or self.force is not None or self.received >= SMALLEST_SHARE * last.rows:
            return
        raise LoadRefusedError(
            self.what,
            f"the full read gave {self.received} records, the last one {last.rows}: under {SMALLEST_SHARE:%}",
            "Check what the integration user may see; if the records are really gone, force the load with person and"
            " reason",
        )

    def _vanished(self, known: Known) -> Iterator[pa.RecordBatch]:
        """Tombstones of records the lake holds alive and a complete read did not show."""
        missing = known.missing()
        if not missing:
            return
        bounds = sorted((_number(self.load.counts_before), _number(self.counts_after)))
        if not bounds[0] <= known.seen <= bounds[1] and self.force is None:
            raise LoadRefusedError(
                self.what,
                f"{len(missing)} known records did not come, but the read is not complete: {known.seen} live records"
                f" read, the source counts {bounds[0]} to {bounds[1]}",
                "Run the full read again when the source is quiet",
            )
        allowed = (self.instance.max_delete_share * known.live).to_integral_value(ROUND_CEILING)
        if len(missing) > allowed and self.force is None:
            raise LoadRefusedError(
                self.what,
                f"{len(missing)} of {known.live} known records are gone, at most {allowed} may be"
                f" (max_delete_share {self.instance.max_delete_share})",
                "Check what the integration user may see; if they are really deleted, force the load with person and"
                " reason",
            )
        now = datetime.now(UTC)
        page = Page(
            read_at=now,
            ids=missing,
            versions=[None] * len(missing),
            payloads=["{}"] * len(missing),
            deleted=[True] * len(missing),
        )
        for batch in batched([page]):
            yield from self._fresh(known, batch, is_inferred=True, moves_cursor=False)

    def _finish(self, load: Load) -> Load:
        newest = self.newest
        # a stamp later than the start of the read may have neighbours that were not visible yet
        if newest is not None and newest > load.read_started_at:
            newest = max(load.read_started_at, self.cursor) if self.cursor else load.read_started_at
        return replace(
            load,
            rows=self.received,
            cursor_out=newest.isoformat() if newest else None,
            counts_after=self.counts_after,
        )


def _number(counts: tuple[SourceCount, ...]) -> int:
    return int(sum(count.value for count in counts if count.measure == "count"))


@contextmanager
def _only_one(lake: Lake, instance: Instance, entity: Entity) -> Iterator[None]:
    """An operating-system lock: two loads of the same records would store every version twice."""
    folder = lake.root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{instance.vendor}.{entity.name}.{instance.name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LoadRefusedError(
                f"instance {instance.name}, entity {entity.name}",
                "another process is loading it",
                "Wait until that run has ended",
            ) from None
        yield
