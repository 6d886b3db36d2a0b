"""Read one entity of one instance as one load.

Here: where a load starts (the last commit's cursor, less the look-back) and what is read and counted when.
Stays out: what refuses a load (``judge``), threads and instances (``run``).

Order of a load, which the equations of completeness rest on: the source's description, its counts, its clock, every
page, the counts again, tombstones, the commit. Nothing is visible before the commit, so a load that is killed or
refused never was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from qtc_pipeline.errors import ContractError
from qtc_pipeline.ingest.columns import Pages, batched, rows
from qtc_pipeline.ingest.findings import Observed, find, profile_after
from qtc_pipeline.ingest.judge import bounds, is_off_count, refuse_found, refuse_vanished, shrunk
from qtc_pipeline.ingest.known import Known
from qtc_pipeline.ingest.offered import offer_of
from qtc_pipeline.ingest.shape import Shape
from qtc_pipeline.lake import Finding, Lake, Load, SourceCount, new_load_id
from qtc_pipeline.lake.locks import loading
from qtc_pipeline.settings import Anomalies, Instance
from qtc_pipeline.systems.contract import Entity, Page, Reader

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, int], None]
WantedMode = Literal["full", "increment"]


@dataclass(frozen=True, slots=True)
class Force:
    """A person takes responsibility for a load that would be refused."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A committed load, how long it took, and what was out of the ordinary about it ("" when nothing was)."""

    load: Load
    seconds: float
    note: str = ""


def load_entity(
    lake: Lake,
    instance: Instance,
    reader: Reader,
    entity: Entity,
    mode: WantedMode,
    *,
    limits: Anomalies | None = None,
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
        limits: when a load is out of the ordinary; the settings' defaults by default.
        force: commit although the read is shorter than the last, too many records vanished or a field changed.
        progress: told (entity, records received so far) after each batch.

    Raises:
        SystemReadError: the vendor's answer, transient or permanent.
        LoadRefusedError: read, but must not become visible; the lake is as before.
    """
    started = time.monotonic()
    with loading(lake.root, instance.vendor, entity.name, instance.name):
        work = _Work(lake, instance, reader, entity, mode=mode, force=force, progress=progress)
        work.limits = limits or Anomalies()
        return LoadResult(work.run(), time.monotonic() - started, work.note)


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
        self.offer = offer_of(reader, entity, self.last.profile if self.last else None)
        self.asked = replace(entity, added=self.offer.read)
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
        self.live: int | None = None
        self.note = ""
        self.received = 0
        self.stored = 0
        self.newest = self.cursor
        self.seen: int | None = None
        self.shrunk: list[Finding] = []
        self.shape = Shape(entity)
        self.limits = Anomalies()

    def run(self) -> Load:
        files = self.lake.files(self.instance.vendor, self.entity.name)
        with Known(files, self.instance.name, whole=self.is_full) as known:
            return self.lake.append(self.load, self._rows(known), self._finish)

    def _rows(self, known: Known) -> Iterator[pa.RecordBatch]:
        since = self.cursor - self.look_back if self.cursor is not None else None
        yield from self._read(known, None if self.is_full else since)
        if since is not None:
            for batch in batched(self._log(known, since)):
                yield from self._fresh(known, batch, known_only=True, moves_cursor=False)
        counted = bounds(self.load.counts_before, self.counts_after)
        live = self._live(known)
        if not self.is_full and is_off_count(live, counted, self.last):
            self.note = f"the source counts {counted[1]} records and the lake held {live}: read in full"
            self.is_full = True
            known.read_whole()
            self.load = replace(self.load, mode="full", counts_before=self.counts_after)
            self.received = 0
            yield from self._read(known, None)
        if self.is_full:
            self.shrunk = shrunk(self.received, self._last_full())
            if self.force is None:
                refuse_found(self.what, self.shrunk)
            yield from self._vanished(known)
            self.seen = known.seen
        self.live = self._live(known)

    def _read(self, known: Known, since: datetime | None) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._pages(known, since)
        except ContractError:
            # a field the source describes may still be none its queries take; a declared one is missed without it too
            if self.received or not self.asked.added:
                raise
            self.note = f"read without {', '.join(self.asked.added)}, which the source offers and does not give"
            self.asked, self.offer = self.entity, replace(self.offer, read=())
            yield from self._pages(known, since)

    def _pages(self, known: Known, since: datetime | None) -> Iterator[pa.RecordBatch]:
        for batch in batched(self.reader.pages(self.asked, since)):
            self.received += len(batch.ids)
            yield from self._fresh(known, batch)
            if self.progress:
                self.progress(self.entity.name, self.received)
        self.counts_after = self.reader.count(self.entity)

    def _last_full(self) -> Load | None:
        return self.lake.last_load(self.instance.vendor, self.entity.name, self.instance.name, "full")

    def _live(self, known: Known) -> int | None:
        """Live records of the lake with what this load has stored so far."""
        before = 0 if self.last is None else self.last.live
        return None if before is None else before + known.gained

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
        self.shape.add(kept, known)
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

    def _vanished(self, known: Known) -> Iterator[pa.RecordBatch]:
        """Tombstones of records the lake holds alive and a complete read did not show."""
        missing = known.missing()
        if not missing:
            return
        if self.force is None:
            refuse_vanished(
                self.what,
                missing=len(missing),
                seen=known.seen,
                known=known.live,
                counted=bounds(self.load.counts_before, self.counts_after),
                max_share=self.instance.max_delete_share,
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

    def _recent(self, load: Load) -> list[Load]:
        """Complete loads of late; some records read again say nothing of how many usually come."""
        recent = self.lake.recent_loads(load.vendor, load.entity, load.instance)
        return [one for one in recent if one.mode != "records"] or ([self.last] if self.last else [])

    def _finish(self, load: Load) -> Load:
        newest = self.newest
        # a stamp later than the start of the read may have neighbours that were not visible yet
        if newest is not None and newest > load.read_started_at:
            newest = max(load.read_started_at, self.cursor) if self.cursor else load.read_started_at
        done = replace(
            load,
            mode=self.load.mode,
            counts_before=self.load.counts_before,
            rows=self.received,
            live=self.live,
            cursor_out=newest.isoformat() if newest else None,
            counts_after=self.counts_after,
        )
        observed = Observed(
            done,
            self.entity,
            self.shape.profile,
            self.shape.imprecise,
            self._recent(load),
            self.seen,
            self.offer,
        )
        found = (*self.shrunk, *find(observed, self.limits))
        if self.force is None:
            refuse_found(self.what, found)
        return replace(done, profile=profile_after(observed, found), findings=found)
