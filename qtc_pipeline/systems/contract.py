"""What every system offers: its entities, declared, and a reader for one running instance.

Add here: what ingest must know of every vendor. Stays out: anything only one vendor has.

A reader gives pages of records as columns, because a list per column is what the lake wants and a Python object per
record would cost more than fetching it. Payloads are the vendor's own JSON text, never decoded and written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from qtc_pipeline.lake import SourceCount
from qtc_pipeline.settings import Instance

Deletes = Literal["flag", "log", "none"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One object of a vendor, as far as this product reads it.

    Args:
        name: the vendor's own name; also the table of the lake.
        fields: payload fields asked for and rested on.
        key: fields that name a record, joined with ":".
        cursor: payload field of the modification stamp, None where the vendor keeps none (always read in full).
        look_back: re-read this much before the cursor; None: the instance's setting. Stamps are taken when a change
            starts and become visible when it commits, so a later reader may find an earlier stamp.
        currency: payload field whose value groups the control counts ("" in the counts where None).
        amount: payload field summed as second control, where the vendor can sum without changing currency.
        volatile: payload members that change without the record changing; left out of the payload's hash.
        deletes: what an increment learns of deletions: ``flag`` (deleted records still come, marked), ``log`` (the
            vendor lists deletions), ``none`` (only a full read shows them, as missing ids).
        parent: payload field naming the record with which this one is deleted (lines of a document).
        personal: payload fields that say who somebody is or what was written about a person; erased on request.
        added: fields nobody declared that the source came to offer; asked for last, and left out of the payload's hash
            where they are null, so that a field is no news of a record that has nothing in it.
        steady: one day's records are like another's; where not, nothing is concluded from empty fields, unusual totals
            or silence.
    """

    name: str
    fields: tuple[str, ...]
    key: tuple[str, ...] = ("id",)
    cursor: str | None = None
    look_back: timedelta | None = None
    currency: str | None = None
    amount: str | None = None
    volatile: tuple[str, ...] = ()
    deletes: Deletes = "none"
    parent: str | None = None
    personal: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    steady: bool = True

    @property
    def asked(self) -> tuple[str, ...]:
        """The fields a query names, in its order."""
        return (*self.fields, *self.added)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a vendor can and cannot do; a gap is declared here, not discovered downstream."""

    source_sums: bool  # control sums, not only counts
    delete_log: bool  # deletions are learnt without a full read
    time_approval: bool  # approval of time exists
    server_order: bool  # pages come in a stable order


@dataclass(slots=True)
class RawRecord:
    """One record, for tests and tools; pages are what travels."""

    record_id: str
    version: str | None
    payload: str
    is_deleted: bool = False


@dataclass(slots=True)
class Page:
    """Records of one answer, a list per column, all of the same length.

    ``versions`` are modification stamps as ISO 8601 text with a zone, or without one for UTC; a page is of one kind.
    ``hash_texts`` is what is hashed instead of the payloads, where volatile members are cut out. ``deleted`` is None
    where no record of the page is. In a page of ``parents`` the ids name deleted parents: every live record whose
    ``Entity.parent`` field has one of these values is deleted with it.
    """

    read_at: datetime
    ids: list[str] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)
    payloads: list[str] = field(default_factory=list)
    hash_texts: list[str] | None = None
    deleted: list[bool] | None = None
    parents: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    def records(self) -> Iterator[RawRecord]:
        """The records one by one."""
        deleted = self.deleted or [False] * len(self.ids)
        for one in zip(self.ids, self.versions, self.payloads, deleted, strict=True):
            yield RawRecord(*one)


class Reader(Protocol):
    """One running instance, open for reading. Methods may be called from several threads at once."""

    def clock(self) -> datetime:
        """The vendor's clock (UTC): now, or as its latest answer told it."""

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Control totals of the live records, on another query path than :meth:`pages`; archived ones included."""

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """(kind, value) pairs the source names beside its counts, e.g. ("legal_entity", "DE"); may be empty."""

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Records whose stamp is at or after ``since``; all of them where it is None.

        A record may come twice (a restarted page); ingest keeps one.
        """

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Tombstones of deletions the vendor lists at or after ``since``; nothing where it keeps no list."""

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Just some records: those with these keys, or those whose ``field`` has one of these values.

        A record that is not there is left out; nothing is said of why.
        """

    def close(self) -> None:
        """Release connections."""


@runtime_checkable
class Describing(Protocol):
    """What a reader can do besides, where its answers carry the fields asked for only."""

    def offered(self, entity: Entity) -> Mapping[str, bool] | None:
        """Every field the source has for an entity -> whether a query reads it as one plain value.

        One request at most. None where the source describes no such entity, or not to this role.
        """


@dataclass(frozen=True, slots=True)
class System:
    """A vendor: its entities, what it can do, and how an instance is opened.

    ``together``: entity -> the entities that are read again with its records, and their field that names it.

    Raises (from ``open``):
        SettingsError: a key of the instance or its secret is missing.
        AuthenticationError: at the first request, not here.
    """

    vendor: str
    entities: tuple[Entity, ...]
    capabilities: Capabilities
    open: Callable[[Instance], Reader]
    together: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def entity(self, name: str) -> Entity:
        """The entity of that name; KeyError where there is none."""
        return {entity.name: entity for entity in self.entities}[name]
