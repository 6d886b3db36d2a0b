"""Alembic environment: migrates over the connection the store hands in.

Add here: nothing; migrations go into ``versions``.
"""

from __future__ import annotations

from alembic import context

from qtc_pipeline.ops.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
