"""Pages of records -> rows of the raw lake.

Here: joining small pages to batches worth a look-up, hashing, stamps, the columns that say which load a row came with.
Stays out: which rows are new (``known``) and what a load is allowed to do (``load``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING

from qtc_pipeline.errors import ContractError
from qtc_pipeline.systems.contract import Page

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 20_000
_CHARACTERS = 32 * 2**20


@dataclass(slots=True)
class Pages:
    """Columns of several pages of one kind, and what they have in common."""

    ids: list[str] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    hash_texts: list[str] = field(default_factory=list)
    deleted: list[bool] = field(default_factory=list)
    read_at: list[datetime] = field(default_factory=list)
    characters: int = 0

    def add(self, page: Page) -> None:
        """Take a page's records."""
        self.ids += page.ids
        self.versions += page.versions
        self.payloads += page.payloads
        self.hash_texts += page.hash_texts if page.hash_texts is not None else page.payloads
        self.deleted += page.deleted if page.deleted is not None else [False] * len(page)
        self.read_at += [page.read_at] * len(page)
        self.characters += sum(map(len, page.payloads))

    @property
    def is_full(self) -> bool:
        """Large enough to be worth a look-up of its own."""
        return len(self.ids) >= _ROWS or self.characters >= _CHARACTERS

    def table(self, what: str) -> pa.Table:
        """Columns record_id, version_at, is_deleted, payload, payload_hash, read_at.

        Raises:
            ContractError: an id is missing or a stamp cannot be read.
        """
        import pyarrow as pa

        hashes = [blake2b(text.encode(), digest_size=16).hexdigest() for text in self.hash_texts]
        try:
            return pa.table(
                {
                    "record_id": pa.array(self.ids, pa.string()),
                    "version_at": _stamps(self.versions),
                    "is_deleted": pa.array(self.deleted, pa.bool_()),
                    "payload": pa.array(self.payloads, pa.string()),
                    "payload_hash": pa.array(hashes, pa.string()),
                    "read_at": pa.array(self.read_at, pa.timestamp("us", "UTC")),
                }
            )
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise ContractError(what, f"ids or stamps are not what the vendor's contract says: {error}") from None


def batched(pages: Iterable[Page]) -> Iterator[Pages]:
    """Join pages until a batch is full."""
    batch = Pages()
    for page in pages:
        batch.add(page)
        if batch.is_full:
            yield batch
            batch = Pages()
    if batch.ids:
        yield batch


def _stamps(texts: list[str | None]) -> pa.Array:
    """Stamps in UTC; a text without a zone is UTC."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.array(texts, pa.string())
    first = next((text for text in texts if text is not None), "")
    has_zone = first.endswith("Z") or any(sign in first[19:] for sign in "+-")
    if not has_zone:
        column = pc.cast(column, pa.timestamp("us"))
    return pc.cast(column, pa.timestamp("us", "UTC"))


def rows(
    table: pa.Table, *, instance: str, load_id: str, first_ordinal: int, is_inferred: bool
) -> Iterator[pa.RecordBatch]:
    """The table in the shape of the lake's raw schema."""
    import pyarrow as pa

    from qtc_pipeline.lake import raw_schema

    count = table.num_rows
    columns = {
        "is_inferred": pa.repeat(is_inferred, count),
        "instance": pa.repeat(instance, count),
        "load_id": pa.repeat(load_id, count),
        "ordinal": pa.array(range(first_ordinal, first_ordinal + count), pa.int64()),
    }
    for name, values in columns.items():
        table = table.append_column(name, values)
    schema = raw_schema()
    yield from table.select(schema.names).cast(schema).combine_chunks().to_batches()
