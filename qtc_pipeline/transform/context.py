"""What dbt is told before it runs: raw views over the lake's committed files and the context tables.

Here: schema ``raw`` of the warehouse, written in one transaction. Add a table when a model needs another fact that is
no record of a system. Stays out: what the build is made of (``inputs``) and every computation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline import keys
from qtc_pipeline.lake import RAW_COLUMNS
from qtc_pipeline.ops import builds, pointer
from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.inputs import STOCKS, Inputs, RawTable, collect
from qtc_pipeline.transform.legs import legs_of
from qtc_pipeline.transform.project import load_manifest
from qtc_pipeline.warehouse import quoted

if TYPE_CHECKING:
    import duckdb

_TABLES = {
    "qtc_instance": "instance varchar, vendor varchar, role varchar, integration_user varchar",
    "qtc_legal_entity": (
        "legal_entity_id varchar, name varchar, currency varchar, instance varchar, source_key varchar"
    ),
    "qtc_load": (
        "load_id varchar, vendor varchar, entity varchar, instance varchar, mode varchar, read_started_at timestamp, "
        "read_through timestamp, completed_at timestamp, rows bigint, versions bigint, deletes bigint, "
        "forced_by varchar, forced_reason varchar"
    ),
    "qtc_source_count": (
        "load_id varchar, vendor varchar, entity varchar, instance varchar, currency varchar, measure varchar, "
        "count_before decimal(38,4), count_after decimal(38,4)"
    ),
    "qtc_build": (
        "build_id varchar, as_of timestamp, as_of_date date, reporting_currency varchar, package_version varchar, "
        "previous_build_id varchar, is_code_changed boolean"
    ),
    "qtc_leg": (
        "leg_id varchar, left_role varchar, right_role varchar, left_instance varchar, right_instance varchar, "
        "applicable boolean, interface_sla_hours integer, max_load_gap_hours integer"
    ),
    "qtc_sla": "sla_id varchar, days integer",
    "qtc_opening_balance": "stock varchar, legal_entity_id varchar, currency varchar, amount decimal(18,4)",
    "qtc_published_movement": (
        "stock varchar, movement_id varchar, movement_type varchar, legal_entity_id varchar, currency varchar, "
        "period varchar, event_date date, amount decimal(18,4), source_load_id varchar"
    ),
}
_MOVEMENT = "marts.fct_movement"


@dataclass(frozen=True)
class Prepared:
    """A build whose context stands in the warehouse.

    ``is_done``: these inputs were built, judged and published before, so there is nothing to do.
    """

    build_id: str
    as_of: datetime
    is_done: bool


def prepare(settings: Settings, say: Callable[[str], None] = lambda _: None) -> Prepared:
    """Name the build that the inputs ask for and tell the warehouse about it; does nothing when it is done already."""
    raw_names = _raw_sources(load_manifest(settings))
    with warehouse_lock(settings.warehouse_path, "prepare build", say=say):
        inputs = collect(settings)
        in_warehouse = build_in_warehouse(settings.warehouse_path)
        with open_store(settings) as session:
            earlier = builds.find_build(session, in_warehouse) if in_warehouse else None
            failures = builds.failures_of(session, in_warehouse) if in_warehouse else []
            if earlier is not None and in_warehouse == inputs.build_id and not failures:
                if earlier.published_at is not None:
                    say(f"nothing changed since build {inputs.build_id[:12]}: nothing to do")
                    return Prepared(inputs.build_id, inputs.as_of, is_done=True)
                say(f"resuming build {inputs.build_id[:12]}")
            else:  # first the store: were the warehouse first, a crash between would leave old marks on new content
                is_same_project = (
                    earlier is not None
                    and earlier.step_1_at is not None
                    and not failures
                    and earlier.inputs.get("dbt_project") == inputs.described["dbt_project"]
                    and earlier.inputs.get("erasures", []) == inputs.described["erasures"]
                )
                builds.start_build(
                    session,
                    build_id=inputs.build_id,
                    inputs_digest=inputs.inputs_digest,
                    previous_build_id=inputs.previous_build_id,
                    as_of=inputs.as_of,
                    package_version=inputs.package_version,
                    inputs={
                        **inputs.described,
                        "load_numbers": inputs.load_numbers,
                        # rows parsed by another project, before an erasure, or by a step that did not end, are
                        # parsed again
                        "full_refresh": not is_same_project,
                        "previous_publication_id": inputs.previous_publication_id,
                        "previous_movement_sources": inputs.movement_sources,
                        "previous_movement_digests": inputs.movement_digests,
                    },
                )
                say(f"build {inputs.build_id[:12]} as of {inputs.as_of:%Y-%m-%d %H:%M} UTC")
        _write(settings, inputs, raw_names)
    return Prepared(inputs.build_id, inputs.as_of, is_done=False)


def build_in_warehouse(warehouse: Path) -> str | None:
    """Id of the build the warehouse holds, None where it holds none."""
    import duckdb

    if not warehouse.is_file():
        return None
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        known = "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'qtc_build'"
        if connection.execute(known).fetchone() is None:
            return None
        row = connection.execute("select build_id from raw.qtc_build").fetchone()
    return row[0] if row else None


def _raw_sources(manifest: dict[str, Any]) -> set[str]:
    return {one["name"] for one in manifest["sources"].values() if one["schema"] == "raw" and "__" in one["name"]}


def _write(settings: Settings, inputs: Inputs, raw_names: set[str]) -> None:
    import duckdb

    with duckdb.connect(str(settings.warehouse_path)) as connection:
        connection.execute("set timezone = 'UTC'")
        attached = {stock: f"published_{stock}" for stock in inputs.movement_sources}
        for stock, alias in attached.items():
            database = settings.published_dir / inputs.movement_sources[stock] / pointer.DATABASE
            connection.execute(f"attach {quoted(database)} as {alias} (read_only)")
        connection.execute("begin")
        connection.execute("create schema if not exists raw")
        for name, rows in _context_rows(settings, inputs).items():
            _replace_table(connection, name, rows)
        _write_raw_views(connection, inputs.tables, raw_names, is_past=settings.past is not None)
        for stock, alias in attached.items():
            connection.execute(
                f"insert into raw.qtc_published_movement by name select stock, movement_id, movement_type, "
                f"legal_entity_id, currency, period, event_date, amount, source_load_id from {alias}.{_MOVEMENT} "
                f"where stock = ?",
                [stock],
            )
        connection.execute("commit")


def _write_raw_views(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[RawTable], raw_names: set[str], *, is_past: bool
) -> None:
    bodies = {name: _empty_body() for name in raw_names}
    bodies |= {keys.raw_relation(table.vendor, table.entity): _files_body(table.files) for table in tables}
    if is_past:  # the files hold later loads too
        known = "load_id in (select load_id from raw.qtc_load)"
        bodies = {name: f"select * from ({body}) where {known}" for name, body in bodies.items()}
    for name, body in sorted(bodies.items()):
        connection.execute(f'create or replace view raw."{name}" as {body}')


def _empty_body() -> str:
    columns = ", ".join(f"null::{_plain(kind)} as {name}" for name, kind in RAW_COLUMNS.items())
    return f"select {columns} where false"


def _files_body(files: Iterable[str]) -> str:
    listed = ", ".join(quoted(file) for file in files)
    if not listed:
        return _empty_body()
    columns = ", ".join(
        f"{name} at time zone 'UTC' as {name}" if kind == "TIMESTAMPTZ" else name for name, kind in RAW_COLUMNS.items()
    )
    return f"select {columns} from read_parquet([{listed}])"


def _plain(kind: str) -> str:
    return "timestamp" if kind == "TIMESTAMPTZ" else kind


def _context_rows(settings: Settings, inputs: Inputs) -> dict[str, list[tuple[Any, ...]]]:
    loads = [load for table in inputs.tables for load in table.loads]
    last = [load for table in inputs.tables for load in table.last_loads()]
    as_of = _naive(inputs.as_of)
    counts = []
    for load in last:
        before = {(count.currency, count.measure): count.value for count in load.counts_before}
        after = {(count.currency, count.measure): count.value for count in load.counts_after}
        counts += [
            (load.load_id, load.vendor, load.entity, load.instance, *key, before.get(key), after.get(key))
            for key in sorted(before.keys() | after.keys())
        ]
    return {
        "qtc_instance": [
            (one.name, one.vendor, role, one.integration_user) for one in settings.instances for role in one.roles
        ],
        "qtc_legal_entity": [
            (one.id, one.name, one.currency, instance, key)
            for one in settings.legal_entities
            for instance, key in one.keys.items()
        ],
        "qtc_load": [
            (
                *(load.load_id, load.vendor, load.entity, load.instance, load.mode),
                *(_naive(load.read_started_at), _naive(load.read_through), _naive(load.completed_at)),
                *(load.rows, load.versions, load.deletes, load.forced_by, load.forced_reason),
            )
            for load in loads
        ],
        "qtc_source_count": counts,
        "qtc_build": [
            (
                *(inputs.build_id, as_of, inputs.as_of.date(), settings.reporting_currency),
                *(inputs.package_version, inputs.previous_build_id),
                inputs.is_code_changed(settings.published_dir),
            )
        ],
        "qtc_leg": [
            (
                *(leg.leg_id, leg.left_role, leg.right_role, leg.left_instance, leg.right_instance),
                *(leg.is_applicable, settings.slas.interface_hours_of(leg.leg_id), settings.slas.max_load_gap_hours),
            )
            for leg in legs_of(settings)
        ],
        "qtc_sla": [
            ("activation", settings.slas.activation_days),
            ("unbilled", settings.slas.unbilled_days),
            ("staffing", settings.slas.staffing_days),
        ],
        "qtc_opening_balance": [
            (one.stock, one.legal_entity, one.currency, one.amount) for one in settings.opening_balances
        ],
        "qtc_published_movement": [],
    }


def _replace_table(connection: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]]) -> None:
    connection.execute(f"create or replace table raw.{name} ({_TABLES[name]})")
    if rows:
        connection.executemany(f"insert into raw.{name} values ({', '.join('?' * len(rows[0]))})", rows)


def _naive(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC).replace(tzinfo=None)


__all__ = ["STOCKS", "Prepared", "build_in_warehouse", "prepare"]
