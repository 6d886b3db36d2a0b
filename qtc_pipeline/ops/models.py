"""Tables of the operational store.

Add here: a table or column, together with a migration in ``migrations/versions`` (a test compares the two).
Stays out: queries (``builds``, ``verdicts``, ``exceptions``, ``publications``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from qtc_pipeline.ops.types import Instant, Money


class Base(DeclarativeBase):
    """Metadata of the store."""


class Build(Base):
    """One set of inputs and how far its work has come; grain: build."""

    __tablename__ = "build"

    build_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    inputs_digest: Mapped[str] = mapped_column(String(64))
    previous_build_id: Mapped[str | None] = mapped_column(String(64))
    as_of: Mapped[datetime] = mapped_column(Instant)
    package_version: Mapped[str] = mapped_column(String(40))
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    prepared_at: Mapped[datetime] = mapped_column(Instant)
    step_1_at: Mapped[datetime | None] = mapped_column(Instant)
    gates_1_at: Mapped[datetime | None] = mapped_column(Instant)
    step_2_at: Mapped[datetime | None] = mapped_column(Instant)
    gates_2_at: Mapped[datetime | None] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)


class BuildFailure(Base):
    """A model or test of a build that did not come out well; grain: build, node."""

    __tablename__ = "build_failure"

    build_id: Mapped[str] = mapped_column(ForeignKey("build.build_id"), primary_key=True)
    node_id: Mapped[str] = mapped_column(String(400), primary_key=True)
    step: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text)
    relations: Mapped[list[str]] = mapped_column(JSON)


class Verdict(Base):
    """What a gate said; grain: build, mart, gate, rule, measure, period, legal entity, currency."""

    __tablename__ = "verdict"
    __table_args__ = (Index("verdict_of_build", "build_id", "mart"),)

    verdict_id: Mapped[int] = mapped_column(primary_key=True)
    build_id: Mapped[str] = mapped_column(String(64))
    stage: Mapped[int]
    mart: Mapped[str] = mapped_column(String(40))
    gate: Mapped[str] = mapped_column(String(20))
    rule_id: Mapped[str] = mapped_column(String(120))
    measure: Mapped[str | None] = mapped_column(String(40))
    period: Mapped[str | None] = mapped_column(String(10))
    legal_entity_id: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str | None] = mapped_column(String(40))
    expected: Mapped[Decimal | None] = mapped_column(Money)
    actual: Mapped[Decimal | None] = mapped_column(Money)
    unexplained: Mapped[Decimal | None] = mapped_column(Money)
    exposure: Mapped[Decimal | None] = mapped_column(Money)
    in_flight: Mapped[Decimal | None] = mapped_column(Money)
    tolerance: Mapped[Decimal | None] = mapped_column(Money)
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    watermarks: Mapped[dict[str, Any]] = mapped_column(JSON)
    checked_at: Mapped[datetime] = mapped_column(Instant)


class Waiver(Base):
    """A person's decision to live with an exposure for a while; NULL legal entity or period means every one."""

    __tablename__ = "waiver"

    waiver_id: Mapped[int] = mapped_column(primary_key=True)
    mart: Mapped[str] = mapped_column(String(40))
    rule_id: Mapped[str] = mapped_column(String(120))
    legal_entity_id: Mapped[str | None] = mapped_column(String(40))
    period: Mapped[str | None] = mapped_column(String(10))
    person: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class ExceptionCase(Base):
    """A business exception over builds, as it stands now; grain: exception id."""

    __tablename__ = "exception"
    __table_args__ = (Index("exception_by_state", "state", "rank"),)

    exception_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    occurrence: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    rule_id: Mapped[str] = mapped_column(String(80))
    leg: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    break_class: Mapped[str] = mapped_column(String(60))
    grain_key: Mapped[str] = mapped_column(String(400))
    base: Mapped[str | None] = mapped_column(String(20))
    rank: Mapped[int | None]
    owner_role: Mapped[str | None] = mapped_column(String(60))
    exposure_amount: Mapped[Decimal | None] = mapped_column(Money)
    exposure_reporting: Mapped[Decimal | None] = mapped_column(Money)
    blocked_amount: Mapped[Decimal | None] = mapped_column(Money)
    difference: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None] = mapped_column(String(3))
    qtc_id: Mapped[str | None] = mapped_column(String(80))
    customer_id: Mapped[str | None] = mapped_column(String(120))
    contract_id: Mapped[str | None] = mapped_column(String(120))
    legal_entity_id: Mapped[str | None] = mapped_column(String(40))
    region: Mapped[str | None] = mapped_column(String(80))
    workflow_stage: Mapped[str | None] = mapped_column(String(40))
    period: Mapped[str | None] = mapped_column(String(10))
    failure_reason: Mapped[str | None] = mapped_column(Text)
    left_ref: Mapped[str | None] = mapped_column(String(400))
    right_ref: Mapped[str | None] = mapped_column(String(400))
    first_seen: Mapped[datetime] = mapped_column(Instant)
    last_seen: Mapped[datetime] = mapped_column(Instant)
    sla_due: Mapped[datetime | None] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    last_build_id: Mapped[str] = mapped_column(String(64))


class ExceptionOccurrence(Base):
    """One life of an exception, from the build that saw it to the build in which it was gone."""

    __tablename__ = "exception_occurrence"

    exception_id: Mapped[str] = mapped_column(ForeignKey("exception.exception_id"), primary_key=True)
    occurrence: Mapped[int] = mapped_column(primary_key=True)
    opened_build_id: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    resolved_build_id: Mapped[str | None] = mapped_column(String(64))
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolution: Mapped[str | None] = mapped_column(String(40))
    break_class: Mapped[str] = mapped_column(String(60))
    exposure_amount: Mapped[Decimal | None] = mapped_column(Money)
    currency: Mapped[str | None] = mapped_column(String(3))


class Publication(Base):
    """An immutable publication; the pointer in the folder of publications is the truth about which is current."""

    __tablename__ = "publication"

    publication_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    build_id: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(20))
    as_of: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    marts: Mapped[dict[str, Any]] = mapped_column(JSON)
