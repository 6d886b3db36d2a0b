"""The firm's companies, and what it tolerates: service levels, tolerances, anomalies, opening balances.

Add here: a section that decides numbers or verdicts. Stays out: judging (``gates``), how systems are reached
(``instance``).
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from qtc_pipeline.settings.section import Strict


class LegalEntity(Strict):
    """A company of the firm (``[legal_entities.<id>]``); ``keys`` maps instance name -> that system's own key."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")
    name: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    keys: dict[str, str]


class Slas(Strict):
    """How late things may be before they are somebody's work."""

    interface_hours: int = Field(default=24, ge=0)
    max_load_gap_hours: int = Field(default=26, ge=0)
    activation_days: int = Field(default=14, ge=0)
    unbilled_days: int = Field(default=60, ge=0)
    staffing_days: int = Field(default=14, ge=0)
    interface_hours_by_leg: dict[str, int] = Field(default_factory=lambda: {"milestone.erp": 168})

    def interface_hours_of(self, leg: str) -> int:
        """Hours a row of a leg may be on its way; an accepted milestone is billed by people, who need a week."""
        return self.interface_hours_by_leg.get(leg, self.interface_hours)


class RuleTolerance(Strict):
    """Limits of one rule or leg, in one mart or all, of one legal entity or all (``[[tolerances.rules]]``)."""

    rule: str
    mart: str | None = None
    legal_entity: str | None = None
    exposure: Decimal | None = Field(default=None, ge=0)
    max_in_flight: Decimal | None = Field(default=None, ge=0, le=1)

    def covers(self, mart: str, leg: str, legal_entity: str | None) -> bool:
        """Whether this is said of a leg (or its whole rule) in a mart and legal entity."""
        return (
            self.rule in {leg, leg.split(".", maxsplit=1)[0]}
            and self.mart in {None, mart}
            and self.legal_entity in {None, legal_entity}
        )

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        """The most precise of several decides: legal entity before mart before leg."""
        return (self.legal_entity is not None, self.mart is not None, "." in self.rule)


class Tolerances(Strict):
    """Exposure (reporting currency) a financial mart may carry; share in flight above which it is held.

    What a rule's own tolerance covers is judged against it alone and uses up nothing of the mart's.
    """

    exposure: dict[str, Decimal] = Field(default_factory=dict)
    max_in_flight: Decimal = Field(default=Decimal("0.05"), ge=0, le=1)
    rules: tuple[RuleTolerance, ...] = ()

    def exposure_of(self, mart: str) -> Decimal:
        """Tolerated exposure of a mart, reporting currency; zero where nothing is said."""
        return self.exposure.get(mart, Decimal(0))

    def own_exposure(self, mart: str, leg: str, legal_entity: str | None) -> RuleTolerance | None:
        """The rule's own limit of exposure, None where the mart's holds."""
        return self._own([one for one in self.rules if one.exposure is not None], mart, leg, legal_entity)

    def in_flight_of(self, mart: str, leg: str) -> Decimal:
        """Share of a leg that may be in flight in a mart."""
        of_all = [one for one in self.rules if one.max_in_flight is not None and one.legal_entity is None]
        own = self._own(of_all, mart, leg, None)
        return self.max_in_flight if own is None or own.max_in_flight is None else own.max_in_flight

    @staticmethod
    def _own(rules: list[RuleTolerance], mart: str, leg: str, legal_entity: str | None) -> RuleTolerance | None:
        return max(
            (one for one in rules if one.covers(mart, leg, legal_entity)), key=lambda one: one.precision, default=None
        )


class Anomalies(Strict):
    """When a load is out of the ordinary against the entity's own earlier loads (``[anomalies]``)."""

    min_loads: int = Field(default=5, ge=3)
    deviations: Decimal = Field(default=Decimal(8), gt=0)
    min_change: Decimal = Field(default=Decimal("0.25"), ge=0)
    stale_after_days: int = Field(default=7, ge=1)


class OpeningBalance(Strict):
    """Closing of a stock before the oldest record the systems hold."""

    stock: Literal["backlog", "unbilled", "ar", "contract_position"]
    legal_entity: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    amount: Decimal


class Past(Strict):
    """A past moment that is built again: of the lake only the loads that were known then count.

    Attributes:
        lake_home: home of the lake; the rebuild itself lies in a home of its own.
        load_numbers: ``vendor/entity`` -> number of loads its table had, in the order of their commits; None where the
            moment is told by ``known_at`` alone.
        known_at: loads completed later do not count.
    """

    lake_home: Path
    load_numbers: dict[str, int] | None = None
    known_at: AwareDatetime | None = None
