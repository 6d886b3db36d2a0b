"""What a raw record and a load are: columns, types, the description that stands in a load's commit.

Here: the shapes every reader and writer of the lake must agree on. Stays out: files and commits.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from qtc_pipeline.lake.profile import Finding, Profile

if TYPE_CHECKING:
    import pyarrow as pa

Mode = Literal["full", "increment", "records"]
Measure = Literal["count", "amount"]

# DuckDB types of the raw columns, in order; `raw_schema` is the same in Arrow.
RAW_COLUMNS = {
    "record_id": "VARCHAR",
    "version_at": "TIMESTAMPTZ",
    "is_deleted": "BOOLEAN",
    "is_inferred": "BOOLEAN",
    "payload": "VARCHAR",
    "payload_hash": "VARCHAR",
    "read_at": "TIMESTAMPTZ",
    "instance": "VARCHAR",
    "load_id": "VARCHAR",
    "ordinal": "BIGINT",
}


@dataclass(frozen=True, slots=True)
class SourceCount:
    """One control total (C0) as the source itself counted it.

    ``currency`` is the value the source's own records carry ("" where the entity has none), ``value`` a number of
    records or a sum in that currency.
    """

    currency: str
    measure: Measure
    value: Decimal


@dataclass(frozen=True, slots=True)
class Load:
    """One entity of one instance, read once: the description that stands in the commit.

    ``mode``: what was read; ``records`` are some records read again, which is no complete load.
    ``read_through``: the vendor's clock when the first page was asked for, minus the look-back. ``rows`` counts records
    received, ``versions`` rows stored (unchanged records add none), ``deletes`` those of them that are tombstones.
    ``live``: records of the instance alive after this load, None where the writer did not follow them.
    ``scope``: (kind, value) pairs the source named beside the counts, e.g. ("legal_entity", "DE").
    ``profile``: what the instance's records looked like up to and including this load, None where nobody looked.
    ``findings``: what was out of the ordinary about it.
    """

    load_id: str
    vendor: str
    entity: str
    instance: str
    mode: Mode
    cursor_in: str | None
    cursor_out: str | None
    read_started_at: datetime
    read_through: datetime
    counts_before: tuple[SourceCount, ...] = ()
    counts_after: tuple[SourceCount, ...] = ()
    rows: int = 0
    versions: int = 0
    deletes: int = 0
    completed_at: datetime | None = None
    forced_by: str | None = None
    forced_reason: str | None = None
    scope: tuple[tuple[str, str], ...] = ()
    live: int | None = None
    profile: Profile | None = None
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> str:
        """This load as the text that stands in the commit."""
        values = asdict(self) | {"profile": self.profile.to_plain() if self.profile else None}
        return json.dumps(values, default=_plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Load:
        """The load a commit's text describes."""
        values: dict[str, Any] = json.loads(text)
        for name in ("read_started_at", "read_through", "completed_at"):
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        for name in ("counts_before", "counts_after"):
            values[name] = tuple(
                SourceCount(one["currency"], one["measure"], Decimal(one["value"])) for one in values[name]
            )
        values["scope"] = tuple((kind, value) for kind, value in values["scope"])
        if values.get("profile") is not None:
            values["profile"] = Profile.from_plain(values["profile"])
        values["findings"] = tuple(Finding(**one) for one in values.get("findings", ()))
        return cls(**values)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    message = f"{type(value).__name__} has no place in a load's description"
    raise TypeError(message)


@cache
def raw_schema() -> pa.Schema:
    """Arrow schema of a raw record (``RAW_SCHEMA`` of the lake)."""
    import pyarrow as pa

    stamp = pa.timestamp("us", "UTC")
    return pa.schema(
        [
            pa.field("record_id", pa.string(), nullable=False),
            pa.field("version_at", stamp),
            pa.field("is_deleted", pa.bool_(), nullable=False),
            pa.field("is_inferred", pa.bool_(), nullable=False),
            pa.field("payload", pa.string(), nullable=False),
            pa.field("payload_hash", pa.string(), nullable=False),
            pa.field("read_at", stamp, nullable=False),
            pa.field("instance", pa.string(), nullable=False),
            pa.field("load_id", pa.string(), nullable=False),
            pa.field("ordinal", pa.int64(), nullable=False),
        ]
    )


def new_load_id(now: datetime) -> str:
    """A load id that sorts by time: ``20261120T131400123456-1f2e3d4c``."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"


def begun_at(load_id: str) -> datetime:
    """When a load began, by our clock: what its id sorts by."""
    return datetime.strptime(load_id.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
