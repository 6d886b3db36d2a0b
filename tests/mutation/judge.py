"""Is a mutant noticed? The warehouse is rebuilt from the spoiled model on, then asked by the gates, then by the oracle.

Add here: another witness. Stays out: how a mutant comes about (``sql``).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from qtc_pipeline.transform.project import manifest_path, target_dir
from tests.flow import compare, compare_kpis, identities, published
from tests.flow.replay import Built, Warehouses
from tests.mutation.firms import said_of_a_day_later
from tests.mutation.sql import Mutant, mutants
from tests.oracle.solve import Solution

GATES = {
    "e0": "select * from reconciliation.rec_completeness where not is_explained",
    "e0 scope": "select * from reconciliation.rec_scope_anchor where not seen",
    "e1": "select * from reconciliation.rec_conservation where difference <> 0",
    "e2": (
        "select * from reconciliation.rec_total where unexplained_rows > 0 or unexplained_abs <> 0 "
        "or difference <> break_total + timing_total + reconciling_total"
    ),
    "e3": "select * from reconciliation.rec_mart_total where difference <> 0",
}
EQUATIONS: dict[str, Callable[[Built], bool]] = {
    "published": lambda built: published.recomputed(built) == published.published(built),
    "equations": lambda built: not any(equation(built) for equation in identities.EQUATIONS),
}
ROOMS = ("models/marts/", "models/reconciliation/", "models/kpis/")
KPI_MARTS = ("contract_position", "wip", "utilization", "receivable", "payment")


@dataclass(frozen=True)
class Model:
    """A model dbt compiled: its relation, its shape, its SQL, and the models that rest on it, in order."""

    name: str
    relation: str
    shape: str
    path: str
    sql: str


class Project:
    """The compiled models of a reference warehouse."""

    def __init__(self, reference: Built) -> None:
        settings = reference.settings
        self._manifest = json.loads(manifest_path(settings).read_text(encoding="utf-8"))
        nodes = self._manifest["nodes"]
        self._models: dict[str, Model] = {}
        for key, node in nodes.items():
            if node["resource_type"] != "model" or node["config"]["materialized"] == "ephemeral":
                continue
            compiled = target_dir(settings) / "compiled" / node["package_name"] / node["original_file_path"]
            shape = "view" if node["config"]["materialized"] == "view" else "table"
            relation = f'{node["schema"]}."{node["alias"]}"'
            sql = compiled.read_text(encoding="utf-8")
            self._models[key] = Model(node["name"], relation, shape, node["original_file_path"], sql)

    @cached_property
    def mutants(self) -> list[Mutant]:
        """Every mutant of the models that state or prove a number.

        Controls of Tryton's records are left out: no firm here keeps any, ``tests.flow.test_tryton`` judges them.
        """
        spoiled = [one for one in self._models.values() if one.path.startswith(ROOMS) and "tryton" not in one.name]
        return [
            mutant for model in sorted(spoiled, key=lambda one: one.name) for mutant in mutants(model.name, model.sql)
        ]

    def controls(self) -> list[Model]:
        """The models that count raw records, but those of Tryton."""
        counted = (one for one in self._models.values() if one.name.startswith("rec_control_"))
        return [one for one in counted if "tryton" not in one.name]

    def from_on(self, name: str) -> list[Model]:
        """The model of that name and everything that rests on it, in order."""
        start = next(key for key, model in self._models.items() if model.name == name)
        found: dict[str, None] = {}

        def visit(key: str) -> None:
            if key in self._models and key not in found:
                for child in self._manifest["child_map"].get(key, ()):
                    visit(child)
                found[key] = None

        visit(start)
        return [self._models[key] for key in reversed(found)]


class Witness:
    """A firm, its sound warehouse, and what the oracle says of it; what gates say of a damaged firm is its due."""

    def __init__(self, name: str, built: Built) -> None:
        self.name = name
        self._built = built

    @cached_property
    def _oracle(self) -> Solution:
        return compare.answer(self._built)

    @cached_property
    def _expected(self) -> dict[str, Any]:
        return {
            "rows": compare.rows_of_oracle(self._oracle),
            "exposure": compare.breaks_of_oracle(self._oracle),
            "blocked": compare.blocked_of_oracle(self._oracle),
            **{f"mart {name}": rows for name, rows in compare.marts_of_oracle(self._oracle).items()},
            "kpis": compare_kpis.figures_of_oracle(self._oracle),
            "durations": compare_kpis.durations_of_oracle(self._oracle),
            **{
                f"mart {name}": rows
                for name, rows in compare_kpis.marts_of_oracle(self._oracle).items()
                if name in KPI_MARTS
            },
        }

    def _seen(self, built: Built) -> Iterator[tuple[str, Any]]:
        yield from ((f"mart {name}", compare_kpis.mart_of_warehouse(built, name)) for name in KPI_MARTS)
        yield "kpis", compare_kpis.figures_of_warehouse(built)
        yield "durations", compare_kpis.durations_of_warehouse(built)
        yield from ((f"mart {name}", rows) for name, rows in compare.marts_of_warehouse(built).items())
        yield "rows", compare.rows_of_rules(built)
        yield "exposure", compare.breaks_of_warehouse(built)
        yield "blocked", compare.blocked_of_warehouse(built, self._expected["blocked"])

    @cached_property
    def _due(self) -> dict[str, list[str]]:
        return said_by_gates(self._built)

    def is_sound(self) -> list[str]:
        """What the witness would say of the unspoiled warehouse: nothing, or it is no witness."""
        return list(self._complaints(self._built))

    def notices(self, project: Project, mutant: Mutant, folder: Path) -> str | None:
        """Who notices the mutant: ``gate e2``, ``test kpis``; None where nobody does.

        Raises:
            duckdb.Error: the mutant's SQL does not run, so it says nothing about the proofs.
        """
        spoiled = copied(self._built, folder / self.name)
        rebuild(spoiled, project.from_on(mutant.model), mutant)
        return next(self._complaints(spoiled), None)

    def _complaints(self, built: Built) -> Iterator[str]:
        said = said_by_gates(built)
        yield from (f"gate {name}" for name, rows in said.items() if set(rows) - set(self._due[name]))
        yield from (f"test {name}" for name, rows in self._seen(built) if compare.unequal(self._expected[name], rows))
        yield from (f"test {name}" for name, holds in EQUATIONS.items() if not holds(built))


class LaterWitness(Witness):
    """The planted firm a day later: two loads, and what was published before. Restatements are not the oracle's."""

    def __init__(self, name: str, warehouses: Warehouses) -> None:
        super().__init__(name, warehouses.increment)
        self._warehouses = warehouses

    @cached_property
    def _oracle(self) -> Solution:
        return said_of_a_day_later(self._warehouses)

    def _seen(self, built: Built) -> Iterator[tuple[str, Any]]:
        for name, rows in super()._seen(built):
            yield name, {key: row for key, row in rows.items() if name != "rows" or key[3] != "restatement"}


TAMPERED = {
    "a source that counts more than came": (
        "update raw.qtc_source_count set count_before = count_before + 3, count_after = count_after + 3 "
        "where entity = 'Opportunity' and measure = 'count'"
    ),
    "a company that no record names": (
        "insert into raw.qtc_legal_entity select 'FR', 'Northwind SARL', 'CHF', instance, 'FR' "
        "from (select distinct instance from raw.qtc_legal_entity)"
    ),
    "entries lost on their way": (
        "delete from canonical.core_time_entry where system_role = 'psa' and hash(time_entry_id) % 97 = 0"
    ),
    "bills nobody recorded": (
        "update canonical.core_time_entry set counterpart_id = null "
        "where system_role = 'erp' and hash(time_entry_id) % 89 = 0"
    ),
    "a mart that says too much": (
        "update marts.fct_backlog set billed_amount = billed_amount + 1 where hash(contract_id) % 5 = 0"
    ),
}
# every record was read a second time, the first of each kind as a deletion; a raw table is a view on the lake
READ_AGAIN = (
    (
        "create table raw.again as select * from raw.{table} union all by name select * replace (read_at + interval 1 "
        "minute as read_at, is_deleted or record_id = (select min(record_id) from raw.{table}) as is_deleted) "
        "from raw.{table}"
    ),
    "drop view raw.{table}",
    "alter table raw.again rename to {table}",
)
_TOUCHED = frozenset({"core_time_entry", "fct_backlog"})


class RedWitness:
    """A warehouse in which every gate is red for a known reason: a mutant that changes what they say is noticed."""

    name = "red"

    def __init__(self, sound: Built, project: Project, folder: Path) -> None:
        self._built = copied(sound, folder / "tampered")
        *early, late = TAMPERED.values()
        with duckdb.connect(str(self._built.settings.warehouse_path)) as connection:
            for statement in early:
                connection.execute(statement)
            for control in project.controls():
                (table,) = set(re.findall(r'"raw"."(\w+)"', control.sql))
                for statement in READ_AGAIN:
                    connection.execute(statement.format(table=table))
        rebuild(self._built, [*project.controls(), *project.from_on("rec_control")])
        rebuild(self._built, project.from_on("rec_scope_anchor"))
        rebuild(self._built, project.from_on("core_time_entry")[1:])
        with duckdb.connect(str(self._built.settings.warehouse_path)) as connection:
            connection.execute(late)
        rebuild(self._built, project.from_on("fct_backlog")[1:])
        self._expected = said_by_gates(self._built)

    def is_sound(self) -> list[str]:
        """Gates that are not red although they must be."""
        return [f"gate {name} is green" for name, rows in self._expected.items() if not rows]

    def notices(self, project: Project, mutant: Mutant, folder: Path) -> str | None:
        """The gate that says something else of the mutant's warehouse; None where none does, or it cannot be asked."""
        models = project.from_on(mutant.model)
        if any(model.name in _TOUCHED for model in models):  # what was tampered with would be made anew
            return None
        spoiled = copied(self._built, folder / self.name)
        rebuild(spoiled, models, mutant)
        said = said_by_gates(spoiled)
        return next((f"gate {name} (red)" for name, rows in self._expected.items() if said[name] != rows), None)


def said_by_gates(built: Built) -> dict[str, list[str]]:
    """Gate -> the rows that turn it red."""
    return {name: sorted(map(str, built.rows(query))) for name, query in GATES.items()}


def copied(built: Built, home: Path) -> Built:
    """A copy of a warehouse in a fresh home."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    copy = Built(built.firm, built.settings.model_copy(update={"home": home}))
    shutil.copy(built.settings.warehouse_path, copy.settings.warehouse_path)
    return copy


def rebuild(built: Built, models: list[Model], mutant: Mutant | None = None) -> None:
    """Make models anew in a warehouse, one of them spoiled."""
    with duckdb.connect(str(built.settings.warehouse_path)) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("begin")
        for model in models:
            sql = mutant.sql if mutant is not None and model.name == mutant.model else model.sql
            connection.execute(f"create or replace {model.shape} {model.relation} as {sql}")
        connection.execute("commit")
