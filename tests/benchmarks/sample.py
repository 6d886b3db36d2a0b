"""What a benchmark yields: samples of two things taken in turn, and the ratio between them.

Add here: a form of result two parts share. Stays out: how it is printed (``report``).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

Unit = Literal["rows/s", "corrections/s", "s", "s CPU"]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Sample:
    """Values of one thing, in the order they were taken."""

    name: str
    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)


@dataclass(frozen=True)
class Ratio:
    """A thing against its alternative; value *n* of one was taken right before value *n* of the other.

    Attributes:
        part: which benchmark.
        setting: what both were measured on.
        measured: ours.
        against: the alternative.
        unit: of both; of ``…/s`` more is better, of the others less.
    """

    part: str
    setting: str
    measured: Sample
    against: Sample
    unit: Unit

    @property
    def of_pairs(self) -> tuple[float, ...]:
        """The ratio of each pair."""
        return tuple(ours / other for ours, other in zip(self.measured.values, self.against.values, strict=True))

    @property
    def middle(self) -> float:
        """The median of the pairs' ratios."""
        return median(self.of_pairs)

    def to_dict(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "part": self.part,
            "setting": self.setting,
            "unit": self.unit,
            "measured": _spread(self.measured.values) | {"name": self.measured.name},
            "against": _spread(self.against.values) | {"name": self.against.name},
            "ratio": _spread(self.of_pairs),
        }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {"min": min(values), "median": median(values), "max": max(values), "values": list(values)}


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes on the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
