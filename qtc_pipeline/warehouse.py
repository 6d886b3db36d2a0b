"""Reading relations of the warehouse or of a publication as Arrow or as rows.

Add here: ways to open, name and read. Stays out: writing (only the transform room writes the warehouse), SQL of a mart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import QtcError, WarehouseBusyError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@contextmanager
def open_read_only(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file for reading, UTC.

    Raises:
        QtcError: there is no such file.
        WarehouseBusyError: another process writes it.
    """
    import duckdb

    if not path.is_file():
        raise QtcError(f"warehouse {path}", "not found", "Run `qtc run` first")
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.IOException as error:
        raise WarehouseBusyError(
            f"warehouse {path}", str(error).splitlines()[0], "Wait for the running build"
        ) from None
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    finally:
        connection.close()


def quoted(text: object) -> str:
    """Text or a path as an SQL literal, for the places where no value can be bound (``attach``, ``copy``, macros)."""
    return "'" + str(text).replace("'", "''") + "'"


def read_arrow(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> pa.Table:
    """Rows of a query as an Arrow table; decimals stay decimals."""
    return connection.sql(sql, params=list(values)).to_arrow_table()


def read_rows(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries; for small results."""
    rows: list[dict[str, Any]] = read_arrow(connection, sql, values).to_pylist()
    return rows
