"""A warehouse for dbt tests: raw tables and context tables made by hand, and the dbt program run over them.

Add here: a context table a model reads. Stays out: records (``scenario``) and what is expected of them (the tests).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).parents[2] / "dbt_project"
_RAW = (
    "record_id varchar, version_at timestamptz, is_deleted boolean, is_inferred boolean, payload varchar, "
    "payload_hash varchar, read_at timestamptz, instance varchar, load_id varchar, ordinal bigint"
)
_CONTEXT = {
    "qtc_instance": "instance varchar, vendor varchar, role varchar",
    "qtc_legal_entity": "legal_entity_id varchar, name varchar, currency varchar, instance varchar, source_key varchar",
    "qtc_load": (
        "load_id varchar, vendor varchar, entity varchar, instance varchar, mode varchar, read_started_at timestamp, "
        "read_through timestamp, completed_at timestamp, rows bigint, versions bigint, deletes bigint"
    ),
    "qtc_source_count": (
        "load_id varchar, vendor varchar, entity varchar, instance varchar, currency varchar, measure varchar, "
        "count_before decimal(38,4), count_after decimal(38,4)"
    ),
    "qtc_build": (
        "build_id varchar, as_of timestamp, as_of_date date, reporting_currency varchar, package_version varchar, "
        "previous_build_id varchar, is_code_changed boolean"
    ),
}


@dataclass(frozen=True)
class Version:
    """One observed version; ``payload`` is an object, or text that shall not be readable."""

    vendor: str
    entity: str
    record_id: str
    payload: Mapping[str, Any] | str | None
    version_at: str | None = "2026-06-01 00:00:00+00"
    read_at: str = "2026-06-30 20:00:00+00"
    load_id: str = "load-1"
    is_deleted: bool = False


def lay(path: Path, versions: Iterable[Version], instances: Mapping[str, str]) -> None:
    """Append versions to the raw tables of a warehouse, an empty one for every source of the project."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("set TimeZone = 'UTC'")
        warehouse.execute("create schema if not exists raw")
        for name in raw_sources():
            warehouse.execute(f'create table if not exists raw."{name}" ({_RAW})')
        for ordinal, one in enumerate(versions):
            text = one.payload if one.payload is None or isinstance(one.payload, str) else json.dumps(one.payload)
            warehouse.execute(
                f'insert into raw."{one.vendor}__{one.entity.lower()}" values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                [
                    one.record_id,
                    one.version_at,
                    one.is_deleted,
                    one.is_deleted,
                    text,
                    "hash",
                    one.read_at,
                    instances[one.vendor],
                    one.load_id,
                    ordinal,
                ],
            )


def lay_context(path: Path, tables: Mapping[str, Sequence[Sequence[Any]]]) -> None:
    """Create the context tables with these rows."""
    with duckdb.connect(str(path)) as warehouse:
        warehouse.execute("create schema if not exists raw")
        for name, columns in _CONTEXT.items():
            warehouse.execute(f"create table raw.{name} ({columns})")
            for row in tables.get(name, ()):
                marks = ", ".join("?" for _ in row)
                warehouse.execute(f"insert into raw.{name} values ({marks})", list(row))


def raw_sources() -> list[str]:
    """Raw tables the project declares: `<vendor>__<entity>`."""
    names: list[str] = []
    for path in (PROJECT / "models").rglob("*.yml"):
        text = path.read_text()
        if text.startswith("sources:"):
            names += re.findall(r"- name: (\w+__\w+)$", text, re.MULTILINE)
    return names


def dbt(path: Path, *arguments: str) -> str:
    """Run dbt on a warehouse and return what it says; its own files go beside the warehouse."""
    command = [str(Path(sys.prefix) / "bin" / "dbt"), "--quiet", *arguments]
    command += ["--profiles-dir", str(PROJECT), "--project-dir", str(PROJECT)]
    command += ["--target-path", str(path.parent / "target"), "--log-path", str(path.parent / "logs")]
    environment = {**os.environ, "QTC_WAREHOUSE": str(path), "DO_NOT_TRACK": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=PROJECT)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query on a warehouse."""
    with duckdb.connect(str(path), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()
