"""From one variant of a ratio to another: what the other numerator does, and what the other denominator does.

``other - default = (n_other - n_default) / d_default + (n_other / d_other - n_other / d_default)``: the two effects sum
to the difference exactly, before rounding. Of an amount there is one effect. Add here: a finer split of an effect.
Stays out: reading KPIs (``kpis``), printing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_ZERO = Decimal(0)


@dataclass(frozen=True)
class Measured:
    """A variant's parts at a cut: ``value`` is numerator / denominator, or the numerator of an amount."""

    variant: str
    numerator: Decimal | None
    denominator: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """The figure; None where it is unknown."""
        if self.numerator is None or self.denominator == 0:
            return None
        return self.numerator if self.denominator is None else self.numerator / self.denominator


@dataclass(frozen=True)
class Step:
    """One step of a bridge."""

    variant: str
    effect: str
    change: Decimal


def bridge(default: Measured, other: Measured) -> list[Step]:
    """Steps from a default variant to another; empty where one of the two is unknown."""
    if default.value is None or other.value is None or default.numerator is None or other.numerator is None:
        return []
    if default.denominator is None or other.denominator is None:
        return [Step(other.variant, "amount", other.value - default.value)]
    by_denominator = other.value - other.numerator / default.denominator
    by_numerator = other.value - default.value - by_denominator
    steps = [Step(other.variant, "numerator", by_numerator), Step(other.variant, "denominator", by_denominator)]
    return [step for step in steps if step.change != _ZERO]
