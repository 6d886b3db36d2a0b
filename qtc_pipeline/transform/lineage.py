"""Columns of the relations a dbt step made, and which columns of which relations each of them comes from.

Read once after dbt ended: column types from the warehouse, origins from the compiled SQL. dagster-dbt's own
``fetch_column_metadata`` keeps a connection of this process open, which then bars the gates, and traces every column in
a query optimized anew: 175 s for 299 models where this takes 1.4 s. Add here: what the SQL alone can tell of a column.
Stays out: Dagster (``assets`` turns names into keys).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.project import load_manifest, target_dir
from qtc_pipeline.warehouse import open_read_only, read_rows

Relation = tuple[str, str]
Origin = tuple[str, str, str]
_DIALECT = "duckdb"
_BASE = "base_"
_FIELD = re.compile(r'record\."([^"]+)"')


@dataclass(frozen=True)
class Columns:
    """Column -> type of a relation, and column -> the (schema, relation, column) it is made from."""

    types: dict[str, str]
    origins: dict[str, list[Origin]]


def read_types(settings: Settings) -> dict[Relation, dict[str, str]]:
    """(schema, name) -> column -> type of every relation in the warehouse."""
    sql = (
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "order by table_schema, table_name, ordinal_position"
    )
    found: dict[Relation, dict[str, str]] = {}
    with open_read_only(settings.warehouse_path) as connection:
        for row in read_rows(connection, sql):
            relation = (row["table_schema"], row["table_name"])
            found.setdefault(relation, {})[row["column_name"]] = row["data_type"]
    return found


def columns_of(
    settings: Settings, manifest: Mapping[str, Any], unique_id: str, types: Mapping[Relation, dict[str, str]]
) -> Columns:
    """Columns of one model or seed.

    Raises:
        QtcError: the compiled SQL of the model cannot be understood; the message names it.
    """
    node = manifest["nodes"][unique_id]
    own = types.get((node["schema"], node["name"]), {})
    compiled = target_dir(settings) / "compiled" / node["package_name"] / node["original_file_path"]
    if node["resource_type"] != "model" or not compiled.is_file():
        return Columns(own, {})
    known: dict[str, dict[str, dict[str, str]]] = {}
    for parent_id in node["depends_on"]["nodes"]:
        parent = manifest["nodes"].get(parent_id) or manifest["sources"][parent_id]
        relation = (parent["schema"], parent["name"])
        known.setdefault(relation[0], {})[relation[1]] = types.get(relation, {})
    return Columns(own, _origins(compiled, own, {**known}))


def _origins(compiled: Path, columns: Mapping[str, str], known: dict[str, object]) -> dict[str, list[Origin]]:
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    try:
        query = parse_one(compiled.read_text(encoding="utf-8"), dialect=_DIALECT)
        for table in query.find_all(exp.Table):
            table.set("catalog", None)
        query = qualify(query, dialect=_DIALECT, schema=known, validate_qualify_columns=False, identify=False)
        scope = build_scope(query)
        found: dict[str, list[Origin]] = {}
        for column in columns:
            steps = lineage(column, query, schema={}, scope=scope, dialect=_DIALECT, trim_selects=False, copy=False)
            found[column] = sorted(
                {
                    (step.expression.db, step.expression.name, step.name.split(".")[-1].strip('"'))
                    for step in steps.walk()
                    if not step.downstream and isinstance(step.expression, exp.Table)
                }
            )
    except (SqlglotError, ValueError) as error:
        raise QtcError(f"compiled SQL {compiled}", f"its columns cannot be traced: {error}") from None
    return found


def vendor_fields(
    settings: Settings, relations: Iterable[Relation], columns: tuple[str, ...]
) -> set[tuple[str, str, str]]:
    """(vendor, entity, field) of every source value some columns of some relations are made from.

    Followed column by column through the compiled SQL down to the base models, whose columns are the vendor's fields.

    Raises:
        QtcError: the compiled SQL of a model on the way cannot be understood.
    """
    manifest = load_manifest(settings)
    types = read_types(settings)
    ids = {
        (node["schema"], node["name"]): key
        for key, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed"}
    }
    known: dict[Relation, Columns] = {}
    found: set[tuple[str, str, str]] = set()
    seen: set[Origin] = set()
    waiting: list[Origin] = [(*relation, column) for relation in relations for column in columns]
    while waiting:
        one = waiting.pop()
        schema, name, column = one
        if one in seen or (schema, name) not in ids:
            continue
        seen.add(one)
        if name.startswith(_BASE):
            found |= _vendor_field(settings, manifest, ids[schema, name], column)
            continue
        if (schema, name) not in known:
            known[schema, name] = columns_of(settings, manifest, ids[schema, name], types)
        waiting += known[schema, name].origins.get(column, [])
    return found


def _vendor_field(
    settings: Settings, manifest: Mapping[str, Any], unique_id: str, column: str
) -> set[tuple[str, str, str]]:
    """The field a column of a base model holds, as its vendor writes it; nothing for what the lake adds."""
    node = manifest["nodes"][unique_id]
    compiled = target_dir(settings) / "compiled" / node["package_name"] / node["original_file_path"]
    written = {name.lower(): name for name in _FIELD.findall(compiled.read_text(encoding="utf-8"))}
    sources = [manifest["sources"][one]["meta"] for one in node["depends_on"]["nodes"] if one.startswith("source.")]
    return {(one["vendor"], one["entity"], written[column]) for one in sources if column in written}
