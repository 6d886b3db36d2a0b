"""Scalars of the vendors: dates, instants, decimals, durations, flags as their JSON spells them.

Add here: another spelling. Stays out: anything that knows an entity.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def text_of(value: object) -> str | None:
    """Text, None for null and for the empty string."""
    return None if value is None or value == "" else str(value)


def decimal_of(value: object) -> Decimal | None:
    """Exact decimal of a JSON number or numeric text, None for null."""
    return None if value is None or value == "" else Decimal(str(value))


def day_of(value: object) -> date | None:
    """Date of ``YYYY-MM-DD`` (a time behind it is ignored), None for null."""
    return None if value is None or value == "" else date.fromisoformat(str(value)[:10])


def instant_of(value: object) -> datetime:
    """Aware UTC instant of ``2026-01-31T10:00:00.000+0000``, ``…Z`` or ``2026-01-31 10:00:00``."""
    text = str(value).replace("Z", "+00:00")
    if text[-5] in "+-" and text[-3] != ":":
        text = f"{text[:-2]}:{text[-2:]}"
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def minutes_of(value: object) -> int:
    """Minutes of a duration such as ``7:30``."""
    hours, _, minutes = str(value).partition(":")
    return int(hours) * 60 + int(minutes or 0)


def flag_of(value: object) -> bool:
    """True for ``T``; everything else, null included, is false."""
    return value == "T"


def needed(value: Any, name: str, key: str) -> Any:
    """The value itself; a record without it cannot be judged."""
    if value is None:
        message = f"record {key} has no {name}"
        raise ValueError(message)
    return value
