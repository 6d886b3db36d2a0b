"""Warehouses of many firms for the price of one dbt run.

One firm is built by dbt itself, and a day later its increment. dbt leaves the SQL it ran (``target/compiled``) and the
order of the models (manifest); that very SQL is then run, model by model, against the context and the lake of any other
firm. A second dbt invocation would compute the same SQL again for half a minute.

Add here: how a warehouse for a test comes about. Stays out: what is asserted about it.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from qtc_pipeline import keys
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import EXAMPLE, Settings, load_settings
from qtc_pipeline.transform.context import prepare
from qtc_pipeline.transform.dbt import run_step
from qtc_pipeline.transform.project import manifest_path, target_dir

SCALE = Decimal("0.02")
REFERENCE_SEED = 1
_NAMED = r"create [a-z ]*?(?:schema if not exists |\w+\.\"?)(\w+)"
# what the last build found is what the next one finds published
PUBLISHED = """
insert into raw.qtc_published_movement by name
select stock, movement_id, movement_type, legal_entity_id, currency, period, event_date, amount, source_load_id
from marts.fct_movement
"""


@dataclass(frozen=True)
class Built:
    """A firm, its settings, and the warehouse built from it."""

    firm: Firm
    settings: Settings

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows of a query on the warehouse."""
        with duckdb.connect(str(self.settings.warehouse_path), read_only=True) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def at(self, home: Path) -> Built:
        """A copy in another home, for a test that goes on with it."""
        shutil.copytree(self.settings.home, home)
        return Built(self.firm, settings_of(home, self.firm.as_of))

    @cached_property
    def statements(self) -> tuple[str, ...]:
        """The SQL of every model, in order; only after dbt has built this warehouse."""
        return tuple(_statements(self.settings))


def settings_of(home: Path, as_of: datetime) -> Settings:
    """Settings of the shipped example, at home in a folder, as of an instant."""
    return load_settings(EXAMPLE).model_copy(update={"home": home, "as_of": as_of})


def lay_down(home: Path, firm: Firm) -> Built:
    """A firm's lake; no warehouse yet."""
    settings = settings_of(home, firm.as_of)
    write_lake(firm, Lake(settings.lake_dir))
    return Built(firm, settings)


def build_by_dbt(home: Path, firm: Firm) -> Built:
    """A warehouse as the pipeline builds it."""
    built = lay_down(home, firm)
    prepare(built.settings)
    for step in keys.DBT_STEPS:
        result = run_step(built.settings, step)
        assert result.failures == (), [failure.message for failure in result.failures]
    return built


def build_by_replay(home: Path, firm: Firm, reference: Built) -> Built:
    """A warehouse built by running the SQL dbt compiled for ``reference`` against another firm."""
    return _from_nothing(lay_down(home, firm), reference, ())


def build_again(home: Path, built: Built, reference: Built) -> Built:
    """The same lake and context as another warehouse's, built from nothing."""
    shutil.copytree(built.settings.lake_dir, settings_of(home, built.firm.as_of).lake_dir)
    known = "insert into raw.qtc_published_movement from other.raw.qtc_published_movement"
    attach = f"attach '{built.settings.warehouse_path}' as other (read_only)"
    return _from_nothing(Built(built.firm, settings_of(home, built.firm.as_of)), reference, (attach, known))


def build_some(built: Built, reference: Built, models: Collection[str]) -> None:
    """Compute some models anew, after what they rest on came to the lake."""
    prepare(built.settings)
    _run(built, [], [one for one in reference.statements if re.match(_NAMED, one)[1] in models])  # type: ignore[index]


def _from_nothing(built: Built, reference: Built, first: Sequence[str]) -> Built:
    source, target = manifest_path(reference.settings), manifest_path(built.settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    for file in (source, source.with_suffix(".digest")):
        shutil.copy(file, target.parent / file.name)
    prepare(built.settings)
    attach = f"attach '{reference.settings.warehouse_path}' as reference (read_only)"
    _run(built, [attach, *first], reference.statements)
    return built


def increment_by_dbt(home: Path, reference: Built, firm: Firm) -> Built:
    """A copy of the reference, another day read on top: what is kept from build to build is added to by dbt itself."""
    shutil.copytree(reference.settings.home, home)
    built = lay_down(home, firm)
    prepare(built.settings)
    _run(built, [], [PUBLISHED])
    result = run_step(built.settings, keys.DBT_STEPS[0])
    assert result.failures == (), [failure.message for failure in result.failures]
    _run(built, [], _statements(built.settings, steps=keys.DBT_STEPS[1:]))
    return built


def increment_by_replay(before: Built, firm: Firm, increment: Built) -> Built:
    """A later day read on top of a warehouse, with the SQL dbt compiled for an increment."""
    built = lay_down(before.settings.home, firm)
    prepare(built.settings)
    _run(built, [], [PUBLISHED, *_statements(increment.settings, is_increment=True)])
    return built


def _run(built: Built, first: Sequence[str], statements: Iterable[str]) -> None:
    with duckdb.connect(str(built.settings.warehouse_path)) as connection:
        connection.execute("set timezone = 'UTC'")
        for statement in first:
            connection.execute(statement)
        connection.execute("begin")  # one commit: a commit for each of 400 statements would cost more than they do
        for statement in statements:
            connection.execute(statement)
        connection.execute("commit")


class Warehouses:
    """Warehouses by (seed, defects), each built when first asked for and kept for the session.

    They are shared: a test that changes one takes a copy of its home first.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._built: dict[str, Built] = {}

    @cached_property
    def reference(self) -> Built:
        """The firm of seed 1 with all defects, built by dbt."""
        return build_by_dbt(self._root / "reference", Firm(REFERENCE_SEED, SCALE, defects=True))

    @cached_property
    def increment(self) -> Built:
        """The reference a day later, its increment built by dbt."""
        later = Firm(REFERENCE_SEED, SCALE, defects=True, day=1)
        return increment_by_dbt(self._root / "increment", self.reference, later)

    def __call__(self, seed: int, *, defects: bool) -> Built:
        """The warehouse of a firm."""
        if (seed, defects) == (REFERENCE_SEED, True):
            return self.reference
        return self.of(f"{seed}-{'defects' if defects else 'clean'}", Firm(seed, SCALE, defects=defects))

    def of(self, name: str, firm: Firm) -> Built:
        """The warehouse of any firm, kept under a name."""
        if name not in self._built:
            self._built[name] = build_by_replay(self._root / name, firm, self.reference)
        return self._built[name]

    def copy_of(self, name: str, firm: Firm) -> Built:
        """A warehouse of a firm for one test alone, which may go on with it."""
        home = self._root / name
        if type(firm) is not Firm or firm.defects not in {True, False}:
            return build_by_replay(home, firm, self.reference)
        return replace(self(firm.seed, defects=bool(firm.defects)).at(home), firm=firm)


def _statements(
    settings: Settings, *, is_increment: bool = False, steps: Sequence[str] = keys.DBT_STEPS
) -> Iterator[str]:
    """What dbt runs, in its order; of an increment, what it adds to what is there."""
    manifest = json.loads(manifest_path(settings).read_text(encoding="utf-8"))
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] in {"model", "seed"}}
    for schema in sorted({node["schema"] for node in nodes.values()}):
        yield f"create schema if not exists {schema}"
    for key in _in_order(nodes):
        node = nodes[key]
        name, shape = f'{node["schema"]}."{node["alias"]}"', node["config"]["materialized"]
        if not set(steps) & set(node["tags"]) or shape == "ephemeral":
            continue
        if node["resource_type"] == "seed":
            if not is_increment:
                yield f"create or replace table {name} as from reference.{name}"
            continue
        compiled = target_dir(settings) / "compiled" / node["package_name"] / node["original_file_path"]
        body = compiled.read_text(encoding="utf-8")
        if shape == "incremental" and is_increment:
            yield f"insert into {name} by name {body}"
        else:
            yield f"create or replace {'view' if shape == 'view' else 'table'} {name} as {body}"


def _in_order(nodes: dict[str, Any]) -> list[str]:
    ordered: dict[str, None] = {}

    def visit(key: str) -> None:
        if key not in ordered and key in nodes:
            for parent in nodes[key]["depends_on"].get("nodes", ()):
                visit(parent)
            ordered[key] = None

    for key in nodes:
        visit(key)
    return list(ordered)
