"""A part of a figure and how parts become figures: sums, ratios of sums, nearest-rank percentiles.

Add here: another way in which parts become one number. Stays out: every KPI.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from tests.oracle.context import cents
from tests.oracle.firm_view import View, month_of
from tests.oracle.records import Contract

ZERO = Decimal(0)
UNASSIGNED = "unassigned"
MEDIAN, NINETIETH = Decimal("0.5"), Decimal("0.9")
Place = tuple[str, str, str, str]
Cell = tuple[str, str, str, str, str, str]
Kind = Literal["amount", "ratio", "median", "p90"]


@dataclass(frozen=True)
class Part:
    """What one record adds to a figure; ``kind`` says how the parts of its cell are put together.

    A percentile has the duration in its numerator.
    """

    place: Place
    kpi: str
    variant: str
    kind: Kind
    numerator: Decimal | None
    denominator: Decimal | None = None

    @property
    def cell(self) -> Cell:
        """Where it counts."""
        return (*self.place, self.kpi, self.variant)


@dataclass(frozen=True)
class Figure:
    """A number with what is divided and what it is divided by; a percentile has neither."""

    value: Decimal | None
    numerator: Decimal | None = None
    denominator: Decimal | None = None


def figures(parts: Iterable[Part]) -> dict[Cell, Figure]:
    """The figure of each cell."""
    cells: dict[Cell, list[Part]] = defaultdict(list)
    for part in parts:
        cells[part.cell].append(part)
    return {cell: _figure(found) for cell, found in cells.items()}


def _figure(parts: Sequence[Part]) -> Figure:
    numerators = [part.numerator for part in parts]
    kind = parts[0].kind
    if kind in {"median", "p90"}:
        return Figure(nearest_rank([n for n in numerators if n is not None], MEDIAN if kind == "median" else NINETIETH))
    top = whole(numerators)
    if kind == "amount":
        return Figure(top, top)
    bottom = whole([part.denominator for part in parts])
    return Figure(quotient(top, bottom), top, bottom)


def whole(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """A sum, None where a part is unknown."""
    total = ZERO
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def quotient(top: Decimal | None, bottom: Decimal | None) -> Decimal | None:
    """A ratio in six digits; None where a part is unknown or the divisor is zero."""
    if top is None or not bottom:
        return None
    return (top / bottom).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def nearest_rank(values: Sequence[Decimal], share: Decimal) -> Decimal | None:
    """The smallest value whose cumulative share reaches ``share``."""
    ordered = sorted(values)
    return next((v for rank, v in enumerate(ordered, start=1) if Decimal(rank) / len(ordered) >= share), None)


def reported(view: View, amount: Decimal | None, currency: str | None, period: str | None = None) -> Decimal | None:
    """An amount in reporting currency at a period's average rate, by default the latest known."""
    rates = view.books.average_rates
    known = [month for code, month in rates if code == currency and month <= month_of(view.context.today)]
    rate = rates.get((str(currency), period or max(known, default="")))
    return None if amount is None or rate is None else cents(amount * rate)


def place_of(month: str, contract: Contract | None, company: str | None = None) -> Place:
    """The contract's place in a month, another legal entity if told; unassigned where there is no contract."""
    if contract is None:
        return month, company or UNASSIGNED, UNASSIGNED, UNASSIGNED
    return month, company or contract.company, contract.region, contract.practice


def durations(place: Place, kpi: str, name: str, days: int) -> list[Part]:
    """A duration as part of its median and of its ninetieth percentile."""
    return [
        Part(place, kpi, f"{name}_median", "median", Decimal(days)),
        Part(place, kpi, f"{name}_p90", "p90", Decimal(days)),
    ]
