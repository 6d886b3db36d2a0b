"""Rows of the operational store as the tables of a publication, with the same columns and types however many there are.

Add here: a type a stored column gains. Stays out: which rows (``publish``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, inspect

from qtc_pipeline.ops.models import Base, ExceptionCase, ExceptionOccurrence, Verdict
from qtc_pipeline.ops.types import Instant, Money

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = (38, 6)
_STANDING = ("legal_entity_id", "region", "workflow_stage")


def exception_table(rows: Iterable[ExceptionCase]) -> pa.Table:
    """The exception queue; grain: exception."""
    return _table(ExceptionCase, rows, ())


def verdict_table(rows: Iterable[Verdict]) -> pa.Table:
    """What the gates said; grain: build, mart, gate, rule, measure, period, legal entity, currency."""
    return _table(Verdict, rows, ("verdict_id", "watermarks"))


def life_table(lives: Iterable[tuple[ExceptionOccurrence, ExceptionCase]]) -> pa.Table:
    """Lives of exceptions that ended, with where the exception stands; grain: exception and occurrence."""
    import pyarrow as pa

    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("exception_id", "leg", "break_class", *_STANDING, "resolution")),
            ("occurrence", pa.int64()),
            ("opened_at", pa.timestamp("us")),
            ("resolved_at", pa.timestamp("us")),
        ]
    )
    values = [
        {
            **{name: getattr(case, name) for name in ("exception_id", "leg", *_STANDING)},
            **{name: _value(getattr(life, name)) for name in ("break_class", "occurrence", "opened_at", "resolved_at")},
            "resolution": life.resolution,
        }
        for life, case in lives
    ]
    return pa.Table.from_pylist(values, schema=schema)


def _table(model: type[Base], rows: Iterable[Base], left_out: Collection[str]) -> pa.Table:
    import pyarrow as pa

    columns = [column for column in inspect(model).columns if column.key not in left_out]
    kinds = {
        Money: pa.decimal128(*_DIGITS),
        Instant: pa.timestamp("us"),
        Integer: pa.int64(),
    }
    schema = pa.schema([(column.key, kinds.get(type(column.type), pa.string())) for column in columns])
    values = [{column.key: _value(getattr(row, column.key)) for column in columns} for row in rows]
    return pa.Table.from_pylist(values, schema=schema)


def _value(value: Any) -> Any:
    """Instants as everywhere in the warehouse: UTC without a zone."""
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
