"""First tables: builds, verdicts, waivers, exceptions with their occurrences, publications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qtc_pipeline.ops import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "build",
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("inputs_digest", sa.String(length=64), nullable=False),
        sa.Column("previous_build_id", sa.String(length=64), nullable=True),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("package_version", sa.String(length=40), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("prepared_at", types.Instant(), nullable=False),
        sa.Column("step_1_at", types.Instant(), nullable=True),
        sa.Column("gates_1_at", types.Instant(), nullable=True),
        sa.Column("step_2_at", types.Instant(), nullable=True),
        sa.Column("gates_2_at", types.Instant(), nullable=True),
        sa.Column("published_at", types.Instant(), nullable=True),
        sa.PrimaryKeyConstraint("build_id"),
    )
    op.create_table(
        "exception",
        sa.Column("exception_id", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("rule_id", sa.String(length=80), nullable=False),
        sa.Column("leg", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("break_class", sa.String(length=60), nullable=False),
        sa.Column("grain_key", sa.String(length=400), nullable=False),
        sa.Column("base", sa.String(length=20), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("owner_role", sa.String(length=60), nullable=True),
        sa.Column("exposure_amount", types.Money(length=64), nullable=True),
        sa.Column("exposure_reporting", types.Money(length=64), nullable=True),
        sa.Column("blocked_amount", types.Money(length=64), nullable=True),
        sa.Column("difference", types.Money(length=64), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("qtc_id", sa.String(length=80), nullable=True),
        sa.Column("customer_id", sa.String(length=120), nullable=True),
        sa.Column("contract_id", sa.String(length=120), nullable=True),
        sa.Column("legal_entity_id", sa.String(length=40), nullable=True),
        sa.Column("region", sa.String(length=80), nullable=True),
        sa.Column("workflow_stage", sa.String(length=40), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("left_ref", sa.String(length=400), nullable=True),
        sa.Column("right_ref", sa.String(length=400), nullable=True),
        sa.Column("first_seen", types.Instant(), nullable=False),
        sa.Column("last_seen", types.Instant(), nullable=False),
        sa.Column("sla_due", types.Instant(), nullable=True),
        sa.Column("resolved_at", types.Instant(), nullable=True),
        sa.Column("last_build_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("exception_id"),
    )
    op.create_index("exception_by_state", "exception", ["state", "rank"], unique=False)
    op.create_table(
        "publication",
        sa.Column("publication_id", sa.String(length=80), nullable=False),
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("as_of", types.Instant(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("published_at", types.Instant(), nullable=True),
        sa.Column("marts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id"),
    )
    op.create_index(op.f("ix_publication_build_id"), "publication", ["build_id"], unique=False)
    op.create_table(
        "verdict",
        sa.Column("verdict_id", sa.Integer(), nullable=False),
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("mart", sa.String(length=40), nullable=False),
        sa.Column("gate", sa.String(length=20), nullable=False),
        sa.Column("rule_id", sa.String(length=120), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=True),
        sa.Column("legal_entity_id", sa.String(length=40), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=True),
        sa.Column("expected", types.Money(length=64), nullable=True),
        sa.Column("actual", types.Money(length=64), nullable=True),
        sa.Column("unexplained", types.Money(length=64), nullable=True),
        sa.Column("exposure", types.Money(length=64), nullable=True),
        sa.Column("in_flight", types.Money(length=64), nullable=True),
        sa.Column("tolerance", types.Money(length=64), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("watermarks", sa.JSON(), nullable=False),
        sa.Column("checked_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("verdict_id"),
    )
    op.create_index("verdict_of_build", "verdict", ["build_id", "mart"], unique=False)
    op.create_table(
        "waiver",
        sa.Column("waiver_id", sa.Integer(), nullable=False),
        sa.Column("mart", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.String(length=120), nullable=False),
        sa.Column("legal_entity_id", sa.String(length=40), nullable=True),
        sa.Column("period", sa.String(length=10), nullable=True),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("waiver_id"),
    )
    op.create_table(
        "build_failure",
        sa.Column("build_id", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=400), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("relations", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["build_id"],
            ["build.build_id"],
        ),
        sa.PrimaryKeyConstraint("build_id", "node_id"),
    )
    op.create_table(
        "exception_occurrence",
        sa.Column("exception_id", sa.String(length=64), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("opened_build_id", sa.String(length=64), nullable=False),
        sa.Column("opened_at", types.Instant(), nullable=False),
        sa.Column("resolved_build_id", sa.String(length=64), nullable=True),
        sa.Column("resolved_at", types.Instant(), nullable=True),
        sa.Column("resolution", sa.String(length=40), nullable=True),
        sa.Column("break_class", sa.String(length=60), nullable=False),
        sa.Column("exposure_amount", types.Money(length=64), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.ForeignKeyConstraint(
            ["exception_id"],
            ["exception.exception_id"],
        ),
        sa.PrimaryKeyConstraint("exception_id", "occurrence"),
    )
