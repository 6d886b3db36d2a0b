"""Opening the operational store: engine, migrations to the newest state, sessions.

A ledger transaction (:func:`open_ledger`) holds the store alone from its first statement: ``begin immediate`` on
SQLite, an advisory lock on PostgreSQL. What it reads is therefore true until it commits, in every process.
Add here: what every database needs on opening, or between two. Stays out: tables and queries.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Engine, create_engine, delete, event, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from qtc_pipeline.ops.audit import KEY
from qtc_pipeline.ops.models import Base
from qtc_pipeline.settings import Settings

MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0002"
_LEDGER = {"qtc_ledger": True}
_LEDGER_LOCK = 7_300_101  # names of advisory locks on PostgreSQL, ours by convention
_MIGRATION_LOCK = 7_300_102


@contextmanager
def open_store(settings: Settings) -> Iterator[Session]:
    """A session on the store, migrated first; committed at the end, rolled back on an error."""
    with open_store_at(settings.ops_url) as session:
        yield session


@contextmanager
def open_store_at(url: str) -> Iterator[Session]:
    """The same, of a store of which only the address is known: it is read as a system."""
    with Session(_opened(url)) as session, session.begin():
        yield session


@contextmanager
def open_ledger(settings: Settings) -> Iterator[Session]:
    """A session that alone may change the ledger of corrections, for one short transaction; signs the audit trail.

    Rows stay readable after its end. Never open one inside another session of the same process: it would wait for it.
    """
    engine = _opened(settings.ops_url).execution_options(**_LEDGER)
    info = {KEY: settings.audit_key}
    with Session(engine, info=info, expire_on_commit=False) as session, session.begin():
        yield session


def _opened(url: str) -> Engine:
    database = make_url(url).database
    if url.startswith("sqlite") and not Path(str(database)).is_file():
        _engine.cache_clear()  # the home was removed meanwhile: a store that was migrated before must be made anew
    return _engine(url)


@lru_cache(maxsize=16)
def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        engine = create_engine(parsed, pool_pre_ping=True)
        event.listen(engine, "begin", _hold_alone)
        upgrade(engine)
        return engine
    path = Path(str(parsed.database))
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _hold_alone)
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two first openings would both create the tables
        upgrade(engine)
    return engine


def copy_rows(source: Session, target: Session, model: type[Base], condition: ColumnElement[bool]) -> None:
    """Copy the rows of a table that meet a condition into another store, in place of those that meet it there."""
    columns = [column.key for column in model.__table__.columns]
    rows = [{name: getattr(row, name) for name in columns} for row in source.scalars(select(model).where(condition))]
    target.execute(delete(model).where(condition))
    if rows:
        target.execute(insert(model), rows)


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute("pragma foreign_keys = on")
    cursor.close()


def _hold_alone(connection: Connection) -> None:
    """Begin a ledger transaction as the only one."""
    if not connection.get_execution_options().get("qtc_ledger"):
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("begin immediate")
    else:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LEDGER_LOCK})


def upgrade(engine: Engine) -> None:
    """Bring the tables to the newest migration; nothing is imported or done when they are there already."""
    with engine.begin() as connection:
        if _revision(connection) == HEAD:
            return
        if connection.dialect.name == "postgresql":  # two first openings would both create the tables
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("select version_num from alembic_version")).scalar()
    return revision
