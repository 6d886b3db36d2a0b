"""Alembic environment: migrates over the connection the store hands in.

Add here: nothing; migrations go into ``versions``.
"""

from __future__ import annotations

from alembic import context

from qtc_pipeline.ops.models_corrections import Correction

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Correction.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
