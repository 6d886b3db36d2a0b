"""Read again just some records, such as those a correction wrote.

Here: a load of mode ``records``. It is no complete load and never counts as one: cursor, ``read_through`` and findings
stay those of the load before; the source's control totals are carried forward by exactly what this load added to or
took from the lake, so that completeness is judged as it was. A record that is asked for and not there leaves the lake
as it is: only complete reads tell what is gone. Stays out: increments and full reads (``load``).
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.ingest.columns import batched, rows
from qtc_pipeline.ingest.known import Known
from qtc_pipeline.ingest.load import LoadResult
from qtc_pipeline.ingest.offered import offer_of
from qtc_pipeline.lake import Lake, Load, Measure, SourceCount, new_load_id
from qtc_pipeline.lake.locks import loading
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page, Reader, System

if TYPE_CHECKING:
    import pyarrow as pa

Totals = dict[tuple[str, Measure], Decimal]
Wanted = dict[tuple[str, str | None], tuple[str, ...]]


def load_records(
    lake: Lake, instance: Instance, reader: Reader, entity: Entity, asked: Mapping[str | None, Sequence[str]]
) -> LoadResult:
    """Read records of one entity and commit them as one load.

    Args:
        lake: where to.
        instance: from which running system.
        reader: that system, open.
        entity: which of its objects.
        asked: values by the field that has them; the key where it is None.

    Raises:
        SystemReadError: the vendor's answer, transient or permanent.
        LoadRefusedError: the entity was never read completely.
    """
    started = time.monotonic()
    what = f"instance {instance.name}, entity {entity.name}"
    with loading(lake.root, instance.vendor, entity.name, instance.name):
        last = lake.last_load(instance.vendor, entity.name, instance.name)
        if last is None:
            raise LoadRefusedError(what, "it was never read completely", f"Run `qtc ingest {instance.name}` first")
        known_fields = replace(entity, added=offer_of(reader, entity, last.profile).read)
        pages = [page for field, values in asked.items() for page in reader.fetch(known_fields, values, field)]
        load = replace(
            last,
            load_id=new_load_id(datetime.now(UTC)),
            mode="records",
            cursor_in=last.cursor_out,
            read_started_at=reader.clock(),
            rows=sum(map(len, pages)),
            versions=0,
            deletes=0,
            completed_at=None,
            findings=(),
        )
        files = lake.files(instance.vendor, entity.name)
        with Known(files, instance.name, whole=False) as known:
            moved = _moved(known, files, instance.name, entity, pages)

            def finish(done: Load) -> Load:
                return replace(
                    done,
                    live=None if last.live is None else last.live + known.gained,
                    counts_before=_carried(last.counts_before, moved),
                    counts_after=_carried(last.counts_after, moved),
                )

            done = lake.append(load, _fresh(known, pages, load, what), finish)
    return LoadResult(done, time.monotonic() - started)


def _fresh(known: Known, pages: Sequence[Page], load: Load, what: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    stored = 0
    for batch in batched(pages):
        table = batch.table(what)
        kept = table.filter(pa.array(known.fresh(table)))
        yield from rows(kept, instance=load.instance, load_id=load.load_id, first_ordinal=stored, is_inferred=False)
        stored += kept.num_rows


def _moved(known: Known, files: Sequence[str], instance: str, entity: Entity, pages: Sequence[Page]) -> Totals:
    """What the records read add to the control totals the lake held of them."""
    totals: Totals = defaultdict(Decimal)
    now = {one.record_id: None if one.is_deleted else one.payload for page in pages for one in page.records()}
    before = _held(known, files, instance, list(now))
    for record_id, payload in now.items():
        for text, sign in ((before.get(record_id), -1), (payload, 1)):
            if text is None:
                continue
            record: dict[str, Any] = json.loads(text, parse_float=Decimal)
            currency = str(record.get(entity.currency) or "") if entity.currency else ""
            totals[currency, "count"] += sign
            if entity.amount:
                totals[currency, "amount"] += sign * Decimal(record.get(entity.amount) or 0)
    return totals


def _held(known: Known, files: Sequence[str], instance: str, ids: Sequence[str]) -> dict[str, str]:
    """Payloads of live records as the lake holds them: alive by the last observation, content by the latest version."""
    if not files or not ids:
        return {}
    sql = """
        select record_id, arg_max(payload, row(coalesce(version_at, read_at), read_at, load_id, ordinal))
            filter (where not is_deleted)
        from read_parquet(?) where instance = ? and record_id in (select unnest(?::varchar[]))
        group by record_id having not arg_max(is_deleted, row(read_at, load_id, ordinal))
    """
    return dict(known.engine.execute(sql, [list(files), instance, list(ids)]).fetchall())


def _carried(counts: Sequence[SourceCount], moved: Totals) -> tuple[SourceCount, ...]:
    """The totals of a complete load with what was read since."""
    measures = {one.measure for one in counts}
    held = {(one.currency, one.measure): one.value for one in counts}
    for key, value in moved.items():
        if key[1] in measures and (value or key in held):
            held[key] = held.get(key, Decimal(0)) + value
    return tuple(SourceCount(currency, measure, value) for (currency, measure), value in held.items())


def with_what_belongs(system: System, reader: Reader, asked: Mapping[str, Sequence[str]]) -> Wanted:
    """What must be read for some records to be whole: documents of lines, and lines of documents.

    Returns:
        (entity, field the values are of; None: its key) -> values.
    """
    wanted: Wanted = {(name, None): tuple(ids) for name, ids in asked.items() if ids}
    owners = {name: set(ids) for name, ids in asked.items() if ids}
    for owner, parts in system.together.items():
        for part, field in parts.items():
            pages = reader.fetch(system.entity(part), asked[part]) if asked.get(part) else ()
            texts = [text for page in pages for text in page.payloads]
            owners.setdefault(owner, set()).update(str(json.loads(text)[field]) for text in texts)
    for owner, parts in system.together.items():
        ids = tuple(sorted(owners.get(owner, ())))
        if ids:
            wanted[owner, None] = ids
            wanted |= dict.fromkeys(parts.items(), ids)
    return wanted
