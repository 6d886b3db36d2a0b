"""The closed loop: people, corrections with steps and attempts, approvals, leases, breakers, dead letters, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qtc_pipeline.ops import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index("audit_by_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "breaker",
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", types.Instant(), nullable=True),
        sa.Column("probe_at", types.Instant(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "class_stop",
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("break_class", sa.String(length=60), nullable=False),
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("limit_", sa.Integer(), nullable=False),
        sa.Column("stopped_at", types.Instant(), nullable=False),
        sa.Column("released_by", sa.String(length=120), nullable=True),
        sa.Column("released_reason", sa.Text(), nullable=True),
        sa.Column("released_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("stop_id"),
    )
    op.create_index(op.f("ix_class_stop_break_class"), "class_stop", ["break_class"], unique=False)
    op.create_table(
        "correction",
        sa.Column("correction_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("exception_id", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("break_class", sa.String(length=60), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("grain_key", sa.String(length=400), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("policy", sa.String(length=20), nullable=False),
        sa.Column("policy_reason", sa.Text(), nullable=False),
        sa.Column("proposer", sa.String(length=120), nullable=False),
        sa.Column("exposure", types.Money(), nullable=True),
        sa.Column("drain_order", sa.BigInteger(), nullable=False),
        sa.Column("owner_role", sa.String(length=60), nullable=True),
        sa.Column("legal_entity_id", sa.String(length=40), nullable=True),
        sa.Column("qtc_id", sa.String(length=80), nullable=True),
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("not_before", types.Instant(), nullable=True),
        sa.Column("superseded_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("correction_id"),
        sa.UniqueConstraint("exception_id", "occurrence", "generation", name="correction_of_exception"),
    )
    op.create_index("correction_by_qtc_id", "correction", ["qtc_id"], unique=False)
    op.create_index("correction_by_state", "correction", ["state", "drain_order", "correction_id"], unique=False)
    op.create_table(
        "governed",
        sa.Column("governed_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("approved_by", sa.String(length=120), nullable=True),
        sa.Column("approved_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("governed_id"),
    )
    op.create_index(op.f("ix_governed_what"), "governed", ["what"], unique=False)
    op.create_table(
        "lease",
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("until", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("target"),
    )
    op.create_table(
        "person",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("approval_limit", types.Money(), nullable=True),
        sa.Column("token_salt", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=128), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("disabled_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "approval",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.String(length=64), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.correction_id"]),
        sa.ForeignKeyConstraint(["person"], ["person.name"]),
        sa.PrimaryKeyConstraint("approval_id"),
        sa.UniqueConstraint("correction_id", "plan_hash", "person", "at", name="approval_of_plan"),
    )
    op.create_table(
        "correction_step",
        sa.Column("correction_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instance", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=80), nullable=False),
        sa.Column("record_key", sa.String(length=200), nullable=True),
        sa.Column("marker", sa.String(length=200), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_key", sa.String(length=200), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("confirmed_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.correction_id"]),
        sa.PrimaryKeyConstraint("correction_id", "number"),
        sa.UniqueConstraint("correction_id", "idempotency_key", name="correction_step_key"),
    )
    op.create_index("correction_step_by_confirmed", "correction_step", ["confirmed_at"], unique=False)
    op.create_index("correction_step_by_instance", "correction_step", ["instance", "state"], unique=False)
    op.create_index("correction_step_by_key", "correction_step", ["idempotency_key"], unique=False)
    op.create_table(
        "dead_letter",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.String(length=64), nullable=True),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=80), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("decided_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["correction_id"], ["correction.correction_id"]),
        sa.PrimaryKeyConstraint("letter_id"),
    )
    op.create_index("dead_letter_by_digest", "dead_letter", ["digest"], unique=False)
    op.create_index("dead_letter_by_state", "dead_letter", ["state", "cause"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("correction_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("fencing", sa.BigInteger(), nullable=False),
        sa.Column("request_digest", sa.String(length=64), nullable=False),
        sa.Column("intent_at", types.Instant(), nullable=False),
        sa.Column("sent_at", types.Instant(), nullable=True),
        sa.Column("ended_at", types.Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("code", sa.String(length=120), nullable=False),
        sa.Column("error_class", sa.String(length=80), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id", "number"], ["correction_step.correction_id", "correction_step.number"]
        ),
        sa.PrimaryKeyConstraint("attempt_id"),
        sa.UniqueConstraint("correction_id", "number", "attempt_no", name="attempt_of_step"),
    )
    op.create_index("attempt_by_sent", "attempt", ["sent_at"], unique=False)
    op.create_index(
        "attempt_done",
        "attempt",
        ["correction_id", "number"],
        unique=True,
        sqlite_where=sa.text("outcome in ('confirmed', 'settled_done')"),
        postgresql_where=sa.text("outcome in ('confirmed', 'settled_done')"),
    )
    op.create_index(
        "attempt_open",
        "attempt",
        ["correction_id", "number"],
        unique=True,
        sqlite_where=sa.text("outcome is null or outcome = 'unknown'"),
        postgresql_where=sa.text("outcome is null or outcome = 'unknown'"),
    )
    _let_the_audit_trail_only_grow()


def _let_the_audit_trail_only_grow() -> None:
    refuse = "the audit trail is append-only"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function audit_only_grows() returns trigger language plpgsql as "
            f"$$ begin raise exception '{refuse}'; end $$"
        )
        op.execute(
            "create trigger audit_only_grows before update or delete or truncate on audit "
            "for each statement execute function audit_only_grows()"
        )
        return
    for what in ("update", "delete"):
        op.execute(
            f"create trigger audit_refuses_{what} before {what} on audit begin select raise(abort, '{refuse}'); end"
        )
