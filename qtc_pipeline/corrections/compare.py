"""What a look at a record says about a write: still as planned, already as wanted, or moved. Pure.

Add here: a question a look can answer. Stays out: looking (``systems``), what follows from the answer (``apply``,
``settle``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from qtc_pipeline.systems.writing import Found, Value, Values, Write

_PLAIN = re.compile(r"^-?(0|[1-9]\d*)(\.\d+)?$")


class Seen(StrEnum):
    """What a record looks like beside a write."""

    AS_PLANNED = "as_planned"  # the old values still stand, or the record is not there yet: it may be written
    AS_WANTED = "as_wanted"  # the new values stand already
    MOVED = "moved"  # neither


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was seen, and a sentence about it."""

    seen: Seen
    told: str


def compare(write: Write, found: Found | None) -> Comparison:
    """A look beside a write.

    A record that is made is known by its marker alone: people may have changed it since, and writing it again would
    cover what they did.
    """
    if write.operation == "create":
        if found is None:
            return Comparison(Seen.AS_PLANNED, f"no {write.entity} carries the marker {write.marker}")
        return Comparison(Seen.AS_WANTED, f"{write.entity} {found.key} carries the marker {write.marker} already")
    where = f"{write.entity} {write.key}"
    if found is None:
        return Comparison(Seen.MOVED, f"{where} is gone")
    if not differences(write.new, found.values):
        return Comparison(Seen.AS_WANTED, f"{where} is as wanted already")
    moved = differences(write.old, found.values)
    if moved:
        listed = ", ".join(f"{name} is {found.values.get(name)!r}, planned on {write.old[name]!r}" for name in moved)
        return Comparison(Seen.MOVED, f"{where} moved since it was planned: {listed}")
    return Comparison(Seen.AS_PLANNED, f"{where} is as planned")


def differences(expected: Values, found: Values) -> list[str]:
    """Fields that do not hold what is expected, by name."""
    return sorted(name for name, value in expected.items() if not same(value, found.get(name)))


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same to a reader: nothing and an empty text are, and 100 and 100.00.

    Only plain numbers one of which has a fraction are compared as amounts, so that 0012 and 12 stay two references.
    """
    one, other = (None if value == "" else value for value in (one, other))
    if type(one) is type(other) and one == other:
        return True
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return False
    left, right = str(one), str(other)
    if left == right:
        return True
    is_amount = _PLAIN.match(left) and _PLAIN.match(right) and "." in left + right
    return bool(is_amount) and Decimal(left) == Decimal(right)
