"""Erasure of personal data: the one rewriting of the append-only lake, by record, logged.

Here: rewriting the files that hold a record, the commit that puts the new ones in their place, removing the old ones,
the log. Stays out: which members are personal, who else must not read meanwhile (the room that erases).

Crash-safe by order: the request is in the log before anything changes; new files are in no commit until the one commit
that swaps them for the old ones; then every file that may hold the text is removed, and the log says it is done. A
request that is not done is taken up again by the next erasure of that record. The commit removes and adds files without
data change, in Delta's words, because nothing but the redacted text differs: an append-only table allows no other.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.errors import ErasureError
from qtc_pipeline.lake.files import sync
from qtc_pipeline.lake.load import raw_schema
from qtc_pipeline.lake.locks import rewriting
from qtc_pipeline.lake.redact import redacted

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

ERASURE_KEY = "qtc_erasure"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request to erase, as the log has it.

    Attributes:
        erasure_id: sorts by time.
        vendor: whose table.
        entity: which table.
        instance: whose record.
        record_id: which record.
        members: payload members that were redacted.
        person: who asked.
        reason: why.
        requested_at: when, ISO 8601, UTC.
        versions: versions of the record whose payload was redacted.
        completed_at: when no file held the text any more; None where that was interrupted.
    """

    erasure_id: str
    vendor: str
    entity: str
    instance: str
    record_id: str
    members: tuple[str, ...]
    person: str
    reason: str
    requested_at: str
    versions: int = 0
    completed_at: str | None = None

    @property
    def what(self) -> str:
        """The record, as its owner would name it."""
        return f"instance {self.instance}, entity {self.entity}, record {self.record_id}"


def erasures_of(root: Path) -> list[Erasure]:
    """The log, oldest first; the last ones may be interrupted."""
    found = []
    for path in sorted((root / "erasures").glob("*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        found.append(Erasure(**{**values, "members": tuple(values["members"])}))
    return found


def erase(table: DeltaTable | None, root: Path, folder: Path, request: Erasure) -> Erasure:
    """Redact a record in every version and every file.

    Args:
        table: the table, None where there is none.
        root: the lake's folder.
        folder: the table's folder.
        request: what is asked for; an earlier, interrupted one for this record is completed with it.

    Returns:
        The completed entry of the log.

    Raises:
        ErasureError: the lake does not hold the record, or it is being loaded now.
    """
    with rewriting(root, request.vendor, request.entity):
        if table is not None:
            table.update_incremental()
        current = [folder / Path(one).name for one in table.file_uris()] if table is not None else []
        holding = [path for path in current if _holds(path, request)]
        if table is None or not holding:
            raise ErasureError(request.what, "the lake holds no such record", "Check vendor, entity, instance and id")
        request = _with_interrupted(root, request)
        _note(root, request)
        swapped = [(path, *_rewritten(path, request)) for path in holding]
        swapped = [one for one in swapped if one[2]]
        if swapped:
            request = replace(request, versions=sum(count for _, _, count in swapped))
            _note(root, request)
            _commit(table, [(old, new) for old, new, _ in swapped], request)
        kept = {Path(one).name for one in table.file_uris()}
        for path in folder.glob("*.parquet"):
            # nobody writes here now: what cannot be read is what a killed process left
            if path.name not in kept and _holds(path, request, if_unreadable=True):
                path.unlink()
        sync(folder)
        request = replace(request, completed_at=datetime.now(UTC).isoformat())
        _note(root, request)
    return request


def _with_interrupted(root: Path, request: Erasure) -> Erasure:
    record = (request.vendor, request.entity, request.instance, request.record_id)
    for one in erasures_of(root):
        if one.completed_at is None and (one.vendor, one.entity, one.instance, one.record_id) == record:
            return replace(one, members=tuple(sorted({*one.members, *request.members})))
    return request


def _holds(path: Path, request: Erasure, *, if_unreadable: bool = False) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = ["record_id", "instance"]
            return any(any(_of_record(file.read_row_group(n, wanted), request)) for n in range(file.num_row_groups))
    except pa.ArrowInvalid:
        if if_unreadable:
            return True
        raise


def _rewritten(path: Path, request: Erasure) -> tuple[Path, int]:
    """A file like this one with the record redacted, and how many payloads that changed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    new = path.with_name(f"erased-{request.erasure_id}-{secrets.token_hex(4)}.zstd.parquet")
    changed = 0
    with pq.ParquetFile(path) as file, pq.ParquetWriter(new, raw_schema(), compression="zstd") as writer:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number).cast(raw_schema())
            chosen = _of_record(group, request)
            payloads = group["payload"].to_pylist() if any(chosen) else []
            for row in (row for row, is_chosen in enumerate(chosen) if is_chosen):
                text = redacted(payloads[row], request.members)
                changed += text != payloads[row]
                payloads[row] = text
            if payloads:
                place = group.schema.get_field_index("payload")
                group = group.set_column(place, group.schema.field(place), pa.array(payloads, pa.string()))
            writer.write_table(group, row_group_size=max(1, group.num_rows))
    if not changed:
        new.unlink()
    else:
        sync(new)
    return new, changed


def _of_record(rows: pa.Table, request: Erasure) -> list[bool]:
    import pyarrow.compute as pc

    is_record = pc.equal(rows["record_id"], request.record_id)
    chosen: list[bool] = pc.and_(is_record, pc.equal(rows["instance"], request.instance)).to_pylist()
    return chosen


def _commit(table: DeltaTable, swapped: list[tuple[Path, Path]], request: Erasure) -> None:
    from deltalake.transaction import AddAction, CommitProperties, RemoveAction

    now = int(time.time() * 1000)
    actions: list[AddAction | RemoveAction] = []
    for old, new in swapped:
        actions.append(RemoveAction(old.name, False, now, old.stat().st_size, {}))
        actions.append(AddAction(new.name, new.stat().st_size, {}, now, False, json.dumps({"numRecords": _rows(new)})))
    sync(swapped[0][1].parent)
    told = CommitProperties(custom_metadata={ERASURE_KEY: json.dumps(asdict(request))})
    table.create_write_transaction(actions, "append", table.schema(), commit_properties=told)
    table.update_incremental()


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def _note(root: Path, request: Erasure) -> None:
    folder = root / "erasures"
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{request.erasure_id}.part"
    part.write_text(json.dumps(asdict(request)), encoding="utf-8")
    sync(part)
    part.replace(folder / f"{request.erasure_id}.json")
    sync(folder)
