"""The store on both databases: every test that asks for ``settings`` runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qtc_pipeline.ops import store
from qtc_pipeline.settings import Settings
from tests.gates.small import settings_in
from tests.postgres import Postgres, running_postgres

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=DATABASES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings with an empty store."""
    found = settings_in(tmp_path / "var")
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        found = found.model_copy(update={"ops_database_url": server.new_database()})
    yield found
    if found.ops_database_url is not None:
        store._engine(found.ops_database_url).dispose()
