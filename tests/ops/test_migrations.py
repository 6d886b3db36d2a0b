from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from qtc_pipeline.ops.models import Build, ExceptionCase
from qtc_pipeline.ops.models_corrections import Correction
from qtc_pipeline.ops.store import HEAD, MIGRATIONS, upgrade
from tests.ops.conftest import DATABASES
from tests.postgres import Postgres

pytestmark = pytest.mark.xdist_group("postgres")
AT = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        made = create_engine(server.new_database())
    else:
        made = create_engine(f"sqlite:///{tmp_path / 'ops.db'}")
    yield made
    made.dispose()


def upgraded_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def indexes(engine: Engine) -> dict[str, tuple[bool, str]]:
    """Index -> unique, condition: the comparison of metadata does not look at conditions."""
    found = {}
    for table in Correction.metadata.tables:
        for index in inspect(engine).get_indexes(table):
            options = index.get("dialect_options", {})
            condition = next((str(value) for name, value in options.items() if name.endswith("_where")), "")
            found[str(index["name"])] = (bool(index["unique"]), condition)
    return found


def test_the_head_the_store_opens_at_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Correction.metadata) == []
    partial = {name for name, (unique, condition) in indexes(engine).items() if unique and "outcome" in condition}
    assert partial == {"attempt_open", "attempt_done"}


def test_a_store_of_the_previous_version_keeps_its_rows(engine: Engine) -> None:
    upgraded_to(engine, "0001")
    values = {"inputs_digest": "d", "as_of": AT, "package_version": "0", "inputs": {"a": [1]}, "prepared_at": AT}
    case = {"rule_id": "r", "leg": "l", "kind": "break", "break_class": "c", "grain_key": "g", "last_build_id": "b"}
    with Session(engine) as session, session.begin():
        session.add(Build(build_id="b", **values))
        session.add(ExceptionCase(exception_id="e", occurrence=2, state="open", first_seen=AT, last_seen=AT, **case))
    upgrade(engine)
    upgrade(engine)
    with Session(engine) as session, session.begin():
        assert session.execute(text("select version_num from alembic_version")).scalars().all() == [HEAD]
        assert (session.get_one(Build, "b").inputs, session.get_one(Build, "b").as_of) == ({"a": [1]}, AT)
        assert session.get_one(ExceptionCase, "e").occurrence == 2
        assert session.query(Correction).count() == 0
