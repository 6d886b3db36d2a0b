"""What may be corrected: who must agree, how much at once, when a system may be written.

Here: ``[corrections]``, ``[[corrections.policies]]`` and the maintenance windows of an instance. Add here a number or a
word that decides whether a correction is made. Stays out: deciding (``corrections.policy``), how a system is reached
(``instance``).
"""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from qtc_pipeline.settings.section import Strict

Decision = Literal["automatic", "approval", "two_approvals", "never"]
Correction = Literal[
    "link_records",
    "create_project",
    "propagate_amendment",
    "transfer_time",
    "transfer_expense",
    "align_rate",
    "hold_invoice",
    "release_invoice",
    "credit_and_rebill",
    "push_invoice_status",
    "owner_task",
]
FieldClass = Literal["reference", "price", "terms", "quantity", "document", "status", "task"]
Owner = Literal["interface", "qtc"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Window(Strict):
    """Hours in which an instance is not written, UTC; past midnight where ``end`` is not after ``start``."""

    start: time
    end: time
    weekday: Weekday | None = None

    def covers(self, at: datetime) -> bool:
        """Whether an instant (UTC) lies in the window; a weekday names the day it begins on."""
        now = at.time()
        today = WEEKDAYS[at.weekday()]
        yesterday = WEEKDAYS[at.weekday() - 1]
        if self.start < self.end:
            return self.weekday in {None, today} and self.start <= now < self.end
        began_today = self.weekday in {None, today} and now >= self.start
        return began_today or (self.weekday in {None, yesterday} and now < self.end)


class PolicyRule(Strict):
    """Who must agree to a correction (``[[corrections.policies]]``); what it leaves out it says of all.

    Args:
        correction: the correction it speaks of.
        decision: who must agree.
        up_to: exposure in reporting currency; above it, and where the exposure is unknown, one step stricter.
        field_class: kind of field touched.
        legal_entity: of the exception.
        instance: one of the systems written.
    """

    correction: Correction
    decision: Decision
    up_to: Decimal | None = Field(default=None, ge=0)
    field_class: FieldClass | None = None
    legal_entity: str | None = None
    instance: str | None = None

    @property
    def precision(self) -> int:
        """How many things it names beside the correction: the most precise rule decides."""
        return sum(one is not None for one in (self.field_class, self.legal_entity, self.instance))


class Corrections(Strict):
    """Limits, policies and owners of corrections (``[corrections]``)."""

    max_writes_per_run: int = Field(default=200, ge=1)
    max_writes_per_day: int = Field(default=1000, ge=1)
    max_exposure_per_run: Decimal = Field(default=Decimal(5_000_000), ge=0)
    max_failing_share: Decimal = Field(default=Decimal("0.2"), gt=0, le=1)
    max_new_exceptions: int = Field(default=100, ge=1)
    max_new_exceptions_by_class: dict[str, int] = Field(default_factory=dict)
    ping_pong_days: int = Field(default=30, ge=1)
    approval_days: int = Field(default=7, ge=1)
    proposer: str = Field(default="qtc", min_length=1)
    transfer_owner: Owner = "interface"
    external_id_owner: Owner = "interface"
    policies: tuple[PolicyRule, ...] = ()

    def max_new_of(self, break_class: str) -> int:
        """How many exceptions of a class may be new against the last build before a person is asked."""
        return self.max_new_exceptions_by_class.get(break_class, self.max_new_exceptions)

    @model_validator(mode="after")
    def _one_word_per_case(self) -> Self:
        said: set[tuple[object, ...]] = set()
        for rule in self.policies:
            case = (rule.correction, rule.up_to, rule.field_class, rule.legal_entity, rule.instance)
            if case in said:
                message = f"policies speak twice of {rule.correction} for the same amount, field, company and system"
                raise ValueError(message)
            said.add(case)
        return self
