"""Alembic migrations of the operational store; applied by ``ops.store`` when it is opened."""
