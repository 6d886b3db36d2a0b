"""What the gates look at: the warehouse of one build, and a question as a table with one row per verdict.

Here: reading evidence into the columns every rule module fills. Add a column when a verdict gains one.
Stays out: what a row must be (``rules``) and judging it (``expectations``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qtc_pipeline.gates.contract import MARTS, Gate, Outcome
from qtc_pipeline.gates.expectations import Expect
from qtc_pipeline.keys import OPS
from qtc_pipeline.ops.builds import Failure
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb


@dataclass
class Row:
    """One row of evidence; becomes one verdict per mart of ``marts``.

    ``given`` is a verdict that needs no judging (not applicable, not evaluated, a failed dbt test). ``judged`` are the
    columns the expectations look at.
    """

    marts: tuple[str, ...]
    rule_id: str
    measure: str | None = None
    period: str | None = None
    legal_entity_id: str | None = None
    currency: str | None = None
    expected: Decimal | None = None
    actual: Decimal | None = None
    unexplained: Decimal | None = None
    exposure: Decimal | None = None
    in_flight: Decimal | None = None
    tolerance: Decimal | None = None
    judged: dict[str, Any] = field(default_factory=dict)
    given: Outcome | None = None
    reason: str | None = None
    watermarks: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A table whose rows must meet the expectations; ``broken`` says in words what a failing row means."""

    gate: Gate
    name: str
    rows: list[Row]
    expectations: tuple[Expect, ...]
    broken: str


@dataclass(frozen=True)
class Baseline:
    """Exposure at the last publication: (mart, rule, base, period, legal entity) -> amount, of closed periods."""

    exposure: dict[tuple[str, str, str | None, str | None, str | None], Decimal]


@dataclass
class Evidence:
    """The warehouse of one build and what is known about it."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    build_id: str
    as_of: datetime
    failures: list[Failure]
    baseline: Baseline

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a query as dictionaries."""
        return read_rows(self.connection, sql, list(values))

    def has(self, relation: str) -> bool:
        """Whether the relation ``schema.name`` is there, with content of this build."""
        return relation in self._relations and relation not in self.spoiled

    @cached_property
    def _relations(self) -> set[str]:
        rows = self.rows("select table_schema || '.' || table_name as name from information_schema.tables")
        return {row["name"] for row in rows}

    @cached_property
    def spoiled(self) -> frozenset[str]:
        """Relations that a failed dbt node left behind from another build, or did not make."""
        return frozenset(name for failure in self.failures for name in failure.relations)

    @cached_property
    def roles_of(self) -> dict[str, set[str]]:
        """Instance -> the roles it plays."""
        return {one.name: set(one.roles) for one in self.settings.instances}

    def marts_resting_on(self, instance: str | None) -> tuple[str, ...]:
        """Marts (and the queue) that need a system to be complete; all of them where no instance is named.

        What came of corrections is told with the queue: no figure of the firm rests on the operational store.
        """
        from qtc_pipeline.gates.contract import JUDGED, QUEUE

        if instance == OPS:
            return (QUEUE.name,)
        roles = self.roles_of.get(instance) if instance is not None else None
        return tuple(mart.name for mart in JUDGED if roles is None or roles & set(mart.roles))


def marts_with_leg(leg: str) -> tuple[str, ...]:
    """Marts and the queue that rest on a leg; an unknown leg gates the queue alone."""
    from qtc_pipeline.gates.contract import QUEUE

    return (*(mart.name for mart in MARTS.values() if leg in mart.legs), QUEUE.name)


def not_applicable_legs(evidence: Evidence) -> dict[str, str]:
    """Leg -> instance, where every pair of systems it could join is one and the same instance."""
    found = evidence.rows(
        "select leg_id, bool_or(applicable) as applicable, min(left_instance) as instance "
        "from raw.qtc_leg group by leg_id"
    )
    return {row["leg_id"]: row["instance"] for row in found if not row["applicable"]}


def not_applicable_row(marts: tuple[str, ...], leg: str, instance: str) -> Row:
    """The evidence of such a leg: it can be neither green nor red."""
    reason = f"both sides are instance {instance}: a table compared with itself proves nothing"
    return Row(marts, leg, given=Outcome.NOT_APPLICABLE, reason=reason)


def missing(gate: Gate, relation: str, marts: Iterable[str]) -> Question:
    """The question whose table is not there: nothing was evaluated."""
    row = Row(tuple(marts), relation, given=Outcome.NOT_EVALUATED, reason=f"{relation} was not built in this build")
    return Question(gate, f"{gate}_missing_{relation}", [row], (), "")
