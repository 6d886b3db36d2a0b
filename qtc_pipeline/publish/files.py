"""Writing the files of a publication: a DuckDB file, Parquet files, the manifest; everything safe on disk at the end.

Add here: a table every publication carries. Stays out: which mart may be published and the pointer (``publish``).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.gates.contract import BY_NAME, Decision, Status
from qtc_pipeline.lake.files import sync
from qtc_pipeline.ops import pointer
from qtc_pipeline.warehouse import quoted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

KPI = "kpis.kpi_executive"
DURATION = "kpis.kpi_duration"
MOVEMENT = "marts.fct_movement"
_STATUS = "published.mart_status"
_LIFE = "published.exception_life"
_PAY = re.compile(r"(^|_)(cost_rate|hourly_cost|pay|salary|wage)(_|$)")
_PERSON = re.compile(r"^(resource|user|employee|person|consultant)(_id|_name)?$")
_COST = re.compile(r"(^|_)cost(_|$)")


@dataclass(frozen=True)
class Table:
    """A table of a publication as the manifest tells it; ``content_hash`` is the digest of its sorted rows."""

    rows: int
    content_hash: str
    file: str


def write_files(
    folder: Path,
    warehouse: Path,
    *,
    build_id: str,
    decisions: Sequence[Decision],
    relations: Iterable[str],
    stored: dict[str, pa.Table],
) -> dict[str, Table]:
    """Copy relations of the warehouse and write the tables of the publication itself.

    Args:
        folder: a new folder nobody reads yet.
        warehouse: the DuckDB file to copy from.
        build_id: the build the warehouse holds.
        decisions: what became of each mart; decides the values of ``kpi_executive``.
        relations: ``schema.name`` of what is copied as it is.
        stored: name -> table of schema ``published`` (``exception``, ``verdict``).

    Raises:
        PublicationError: a relation would show what a person earns.
    """
    import duckdb

    (folder / "parquet").mkdir(parents=True)
    with duckdb.connect(str(folder / pointer.DATABASE)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        connection.execute("create schema published")
        _write_status(connection, decisions, build_id)
        names = [_STATUS]
        for relation in relations:
            _refuse_pay(connection, relation)
            connection.execute(f"create schema if not exists {relation.split('.')[0]}")
            connection.execute(f"create table {relation} as {_body(connection, relation)}")
            names.append(relation)
        for name, table in stored.items():
            connection.register("incoming", table)
            connection.execute(f"create table published.{name} as select * from incoming")
            connection.unregister("incoming")
            names.append(f"published.{name}")
        if {KPI, DURATION, _LIFE} <= set(names):
            _add_times_to_repair(connection, build_id)
        tables = {name: _export(connection, folder, name) for name in names}
        connection.execute("detach warehouse")
        connection.execute("checkpoint")
    return tables


def write_manifest(folder: Path, manifest: dict[str, Any], copies: Iterable[Path]) -> None:
    """Write the manifest and copies of input files; then make every file read-only and safe on disk."""
    for copy in copies:
        if copy.is_file():
            shutil.copyfile(copy, folder / copy.name)
    text = json.dumps(manifest, indent=2, sort_keys=True, default=str)
    (folder / pointer.MANIFEST).write_text(text, encoding="utf-8")
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o444)
        sync(path)
    sync(folder)


def content_of(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, str]:
    """Number of rows and digest of the sorted rows of a query: equal contents give equal digests in any order."""
    row = connection.execute(
        f"""
        select count(*), sha256(coalesce(string_agg(line, '' order by line), ''))
        from (select md5(to_json(t)::varchar) as line from ({query}) as t)
        """
    ).fetchone()
    if row is None:
        raise PublicationError(query, "has no digest")
    return int(row[0]), str(row[1])


def _body(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """How a relation is copied: as it is, but KPIs with the status of their mart and movements of published stocks."""
    source = f"warehouse.{relation}"
    if relation == MOVEMENT:
        published = f"select stock from {_STATUS} where status <> 'held' and stock is not null"
        return f"select * from {source} where stock in ({published})"
    if relation != KPI:
        return f"select * from {source}"
    measures = ("value", "numerator", "denominator")
    own = {"status", "kpi_status", "build_id", *measures}
    columns = [row[0] for row in connection.execute(f"select column_name from (describe {source})").fetchall()]
    kept = ", ".join(f"kpi.{column}" for column in columns if column not in own)
    known = ", ".join(
        f"case when coalesce(mart_status.status, 'held') <> 'held' then kpi.{column} end as {column}"
        for column in measures
        if column in columns
    )
    unknown = "kpi.kpi_status" if "kpi_status" in columns else "null"
    return f"""
        select
            {kept},
            {known},
            coalesce(mart_status.status, 'held') as status,
            case
                when mart_status.mart is null then 'no verdict covers mart ' || coalesce(kpi.mart, '?')
                else coalesce(mart_status.reason, {unknown})
            end as kpi_status,
            '{build_id_of(connection)}' as build_id
        from {source} as kpi
        left join {_STATUS} as mart_status on kpi.mart = mart_status.mart
    """


def _add_times_to_repair(connection: duckdb.DuckDBPyConnection, build_id: str) -> None:
    """The one KPI no model can know: how long exceptions lived, from the operational store (``exception_mttr``)."""
    repaired = f"""
        select
            strftime(resolved_at, '%Y-%m') as month, coalesce(legal_entity_id, 'unassigned') as legal_entity_id,
            coalesce(region, 'unassigned') as region, 'unassigned' as practice, 'exception_mttr' as kpi_id,
            date_diff('day', opened_at, resolved_at) as days, 'exceptions' as mart
        from {_LIFE}
    """
    counted = f"select *, 'resolved' as variant, count(*) as records from ({repaired}) group by all"
    connection.execute(f"insert into {DURATION} by name {counted}")
    for name, share in (("median", "0.5"), ("p90", "0.9")):
        connection.execute(
            f"""
            insert into {KPI} by name
            select * exclude (days), 'resolved_{name}' as variant, 'days' as unit, 'final' as status,
                ? as build_id, quantile_disc(days, {share}) as value
            from ({repaired}) group by all
            """,
            [build_id],
        )


def build_id_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Build of the publication that is being written."""
    row = connection.execute(f"select min(build_id) from {_STATUS}").fetchone()
    return str(row[0]) if row else ""


def _write_status(connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision], build_id: str) -> None:
    connection.execute(
        f"create table {_STATUS} (mart varchar, status varchar, reason varchar, stock varchar, build_id varchar)"
    )
    connection.executemany(
        f"insert into {_STATUS} values (?, ?, ?, ?, ?)",
        [(one.mart, str(one.status), one.reason, BY_NAME[one.mart].stock, build_id) for one in decisions],
    )


def _refuse_pay(connection: duckdb.DuckDBPyConnection, relation: str) -> None:
    rows = connection.execute(f"select column_name from (describe warehouse.{relation})").fetchall()
    columns = [str(row[0]).lower() for row in rows]
    named = [column for column in columns if _PAY.search(column)]
    if any(_PERSON.match(column) for column in columns):
        named += [column for column in columns if _COST.search(column)]
    if named:
        raise PublicationError(
            f"relation {relation}",
            f"columns {', '.join(dict.fromkeys(named))} would show what a person earns",
            "Keep them in the warehouse, publish sums over persons",
        )


def _export(connection: duckdb.DuckDBPyConnection, folder: Path, name: str) -> Table:
    rows, content = content_of(connection, f"select * from {name}")
    file = f"parquet/{name}.parquet"
    connection.execute(f"copy {name} to {quoted(folder / file)} (format parquet, compression zstd)")
    return Table(rows, content, file)


def is_published(decision: Decision) -> bool:
    """Whether the decision lets the mart's tables out."""
    return decision.status is not Status.HELD
