"""What the oracle is told besides the records: the instant, the instances, the legal entities, the agreed delays.

Add here: an input that is configuration. Stays out: anything that can be read from a payload.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CENT = Decimal("0.01")
SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "rule_class.csv"


@dataclass(frozen=True)
class Company:
    """A legal entity: its functional currency and the key under which each vendor's system knows it."""

    id: str
    currency: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Context:
    """Configuration of one computation; instants are aware UTC, ``read_through`` is per vendor.

    ``expected_since`` remembers, by (entity, id), since when a record without a stamp of its own has been in a rule's
    population; without a memory it is the record's last change.
    """

    as_of: datetime
    companies: tuple[Company, ...]
    read_through: Mapping[str, datetime]
    instances: Mapping[str, str] = field(
        default_factory=lambda: {"salesforce": "crm", "kantata": "psa", "netsuite": "erp"}
    )
    reporting_currency: str = "USD"
    integration_user: str | None = "qtc-billing"
    interface_hours: int = 24
    activation_days: int = 14
    unbilled_days: int = 60
    staffing_days: int = 14
    leg_hours: Mapping[str, int] = field(default_factory=lambda: {"milestone.erp": 168})
    expected_since: Mapping[tuple[str, str], datetime] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The date of the as-of instant in UTC."""
        return self.as_of.astimezone(UTC).date()

    def company_of(self, vendor: str, key: str | None) -> str:
        """Legal entity a vendor's key means, ``unassigned`` where it means none."""
        for company in self.companies:
            if key is not None and company.keys.get(vendor) == key:
                return company.id
        return "unassigned"

    def since(self, entity: str, key: str, otherwise: datetime) -> datetime:
        """Since when a record has been expected on the other side."""
        return self.expected_since.get((entity, key), otherwise)

    def hours_of(self, leg: str) -> int:
        """Hours the interface of a leg may take."""
        return self.leg_hours.get(leg, self.interface_hours)

    def functional(self, company: str) -> str | None:
        """Functional currency of a legal entity, None where the entity is unknown."""
        return next((entry.currency for entry in self.companies if entry.id == company), None)


def cents(value: Decimal) -> Decimal:
    """Round half away from zero to the minor unit (all currencies of the sandbox have two digits)."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def time_value(minutes: int, rate: Decimal | None) -> Decimal | None:
    """Value of minutes at an hourly rate, rounded per entry before any summing; None where the rate is unknown."""
    return None if rate is None else cents(Decimal(minutes) * rate / Decimal(60))


def class_ranks(seed: Path = SEED) -> dict[str, tuple[int, str]]:
    """``break_class -> (rank, base)`` from the seed that planter, oracle and SQL share."""
    with seed.open(encoding="utf-8", newline="") as handle:
        return {row["break_class"]: (int(row["rank"]), row["base"]) for row in csv.DictReader(handle)}
