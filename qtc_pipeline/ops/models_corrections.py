"""Tables of the closed loop: the ledger of corrections and attempts, approvals, leases, breakers, dead letters, audit.

Add here: a table or column of the ledger, together with a migration (a test compares the two). Stays out: queries
(``corrections``, ``attempts``, …) and tables of builds and exceptions (``models``).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from qtc_pipeline.ops.models import Base
from qtc_pipeline.ops.types import Instant, Money

OPEN_ATTEMPT = text("outcome is null or outcome = 'unknown'")
DONE_ATTEMPT = text("outcome in ('confirmed', 'settled_done')")


class Person(Base):
    """Someone who may look, operate or approve; grain: name."""

    __tablename__ = "person"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    approval_limit: Mapped[Decimal | None] = mapped_column(Money)
    token_salt: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)


class Correction(Base):
    """A planned repair of an exception and where it stands; grain: exception, occurrence, generation."""

    __tablename__ = "correction"
    __table_args__ = (
        UniqueConstraint("exception_id", "occurrence", "generation", name="correction_of_exception"),
        Index("correction_by_state", "state", "drain_order", "correction_id"),
        Index("correction_by_qtc_id", "qtc_id"),
    )

    correction_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    exception_id: Mapped[str] = mapped_column(String(64))
    occurrence: Mapped[int]
    generation: Mapped[int]
    break_class: Mapped[str] = mapped_column(String(60))
    leg: Mapped[str] = mapped_column(String(80))
    grain_key: Mapped[str] = mapped_column(String(400))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON)
    plan_hash: Mapped[str] = mapped_column(String(64))
    policy: Mapped[str] = mapped_column(String(20))
    policy_reason: Mapped[str] = mapped_column(Text)
    proposer: Mapped[str] = mapped_column(String(120))
    exposure: Mapped[Decimal | None] = mapped_column(Money)
    drain_order: Mapped[int] = mapped_column(BigInteger)  # the largest exposure first; Money is text to the database
    owner_role: Mapped[str | None] = mapped_column(String(60))
    legal_entity_id: Mapped[str | None] = mapped_column(String(40))
    qtc_id: Mapped[str | None] = mapped_column(String(80))
    build_id: Mapped[str] = mapped_column(String(64))
    batch_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime | None] = mapped_column(Instant)
    superseded_by: Mapped[str | None] = mapped_column(String(64))


class CorrectionStep(Base):
    """One write of a correction; grain: correction, number.

    The key of a create stays when it is planned again, so it is unique within a correction and searched over all.
    """

    __tablename__ = "correction_step"
    __table_args__ = (
        UniqueConstraint("correction_id", "idempotency_key", name="correction_step_key"),
        Index("correction_step_by_key", "idempotency_key"),
        Index("correction_step_by_instance", "instance", "state"),
        Index("correction_step_by_confirmed", "confirmed_at"),
    )

    correction_id: Mapped[str] = mapped_column(ForeignKey("correction.correction_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instance: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(80))
    record_key: Mapped[str | None] = mapped_column(String(200))
    marker: Mapped[str | None] = mapped_column(String(200))
    idempotency_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    made_key: Mapped[str | None] = mapped_column(String(200))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class Attempt(Base):
    """One try of a step, written down before the socket opens; grain: correction, step, attempt number.

    The two partial indexes are the ledger's word: at most one try under way, at most one with an effect.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(["correction_id", "number"], ["correction_step.correction_id", "correction_step.number"]),
        UniqueConstraint("correction_id", "number", "attempt_no", name="attempt_of_step"),
        Index(
            "attempt_open",
            "correction_id",
            "number",
            unique=True,
            sqlite_where=OPEN_ATTEMPT,
            postgresql_where=OPEN_ATTEMPT,
        ),
        Index(
            "attempt_done",
            "correction_id",
            "number",
            unique=True,
            sqlite_where=DONE_ATTEMPT,
            postgresql_where=DONE_ATTEMPT,
        ),
        Index("attempt_by_sent", "sent_at"),
    )

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    correction_id: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]
    attempt_no: Mapped[int]
    holder: Mapped[str] = mapped_column(String(200))
    fencing: Mapped[int] = mapped_column(BigInteger)
    request_digest: Mapped[str] = mapped_column(String(64))
    intent_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(120))
    error_class: Mapped[str] = mapped_column(String(80))
    message: Mapped[str] = mapped_column(Text)


class Approval(Base):
    """What a person said to a plan, bound to its hash; grain: correction, plan hash, person."""

    __tablename__ = "approval"
    __table_args__ = (UniqueConstraint("correction_id", "plan_hash", "person", "at", name="approval_of_plan"),)

    approval_id: Mapped[int] = mapped_column(primary_key=True)
    correction_id: Mapped[str] = mapped_column(ForeignKey("correction.correction_id"))
    plan_hash: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(ForeignKey("person.name"))
    decision: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class LeaseRow(Base):
    """Who may write to a target; the fencing number grows with every holder; grain: target."""

    __tablename__ = "lease"

    target: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    fencing: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime] = mapped_column(Instant)


class BreakerRow(Base):
    """Whether a target is called at all; grain: target."""

    __tablename__ = "breaker"

    target: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    failures: Mapped[int]
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    probe_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text)


class DeadLetter(Base):
    """Something that could not be done or read, kept until a person decides; grain: letter."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("dead_letter_by_state", "state", "cause"), Index("dead_letter_by_digest", "digest"))

    letter_id: Mapped[int] = mapped_column(primary_key=True)
    correction_id: Mapped[str | None] = mapped_column(ForeignKey("correction.correction_id"))
    cause: Mapped[str] = mapped_column(String(20))
    target: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    person: Mapped[str | None] = mapped_column(String(120))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)


class ClassStop(Base):
    """A class of exceptions nothing is planned for until a person releases it: a flood; grain: stop."""

    __tablename__ = "class_stop"

    stop_id: Mapped[int] = mapped_column(primary_key=True)
    break_class: Mapped[str] = mapped_column(String(60), index=True)
    build_id: Mapped[str] = mapped_column(String(64))
    found: Mapped[int]
    limit_: Mapped[int]
    stopped_at: Mapped[datetime] = mapped_column(Instant)
    released_by: Mapped[str | None] = mapped_column(String(120))
    released_reason: Mapped[str | None] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(Instant)


class Governed(Base):
    """Settings people answer for, as proposed by one and approved by another; grain: change."""

    __tablename__ = "governed"

    governed_id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(80), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    person: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Instant)
    approved_by: Mapped[str | None] = mapped_column(String(120))
    approved_at: Mapped[datetime | None] = mapped_column(Instant)


class AuditRow(Base):
    """One thing that was done, chained to the one before; never changed, never removed; grain: sequence number."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_by_subject", "subject"),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
