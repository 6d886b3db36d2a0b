"""Whether a table of two publications has the same rows, whatever their order.

Add here: a column that tells of the making and not of the content. Stays out: what a difference means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtc_pipeline.warehouse import quoted, read_rows

if TYPE_CHECKING:
    import duckdb

    from qtc_pipeline.publish.reader import Published

_OF_THE_MAKING = frozenset({"build_id"})


def compare_tables(then: Published, now: Published, table: str) -> tuple[int, int, int, int]:
    """Rows then, rows now, rows only then, rows only now; columns only one of them has count as different content."""
    import duckdb

    with duckdb.connect() as connection:
        for alias, one in (("earlier", then), ("later", now)):
            connection.execute(f"attach {quoted(one.database)} as {alias} (read_only)")
        rows = [_rows(connection, alias, table) for alias in ("earlier", "later")]
        columns = [_columns(connection, alias, table) for alias in ("earlier", "later")]
        if columns[0] != columns[1] or None in rows:
            return rows[0] or 0, rows[1] or 0, rows[0] or 0, rows[1] or 0
        listed = ", ".join(f'"{name}"' for name in columns[0])
        gone, new = (
            _count(connection, f"select {listed} from {one}.{table} except all select {listed} from {other}.{table}")
            for one, other in (("earlier", "later"), ("later", "earlier"))
        )
    return rows[0] or 0, rows[1] or 0, gone, new


def _columns(connection: duckdb.DuckDBPyConnection, alias: str, table: str) -> list[str]:
    schema, name = table.split(".")
    found = read_rows(
        connection,
        "select column_name from duckdb_columns() where database_name = ? and schema_name = ? and table_name = ? "
        "order by column_name",
        [alias, schema, name],
    )
    return [row["column_name"] for row in found if row["column_name"] not in _OF_THE_MAKING]


def _rows(connection: duckdb.DuckDBPyConnection, alias: str, table: str) -> int | None:
    return _count(connection, f"select * from {alias}.{table}") if _columns(connection, alias, table) else None


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(read_rows(connection, f"select count(*) as rows from ({query})")[0]["rows"])
