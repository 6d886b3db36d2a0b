"""Why a number is what it is, as of when, what changed since, and how we know: one KPI explained from end to end.

Here: gathering the answer from the rooms: the figure, the vendors' fields and records behind it, the bridge between its
variants, what the publication before said and why, the gates it passed and what would turn each red.
Add here: a question a reader asks of a number. Stays out: each answer (the rooms), printing (``cli.explain``).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.past import warehouse_of
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    from qtc_pipeline.gates.contract import Mart
    from qtc_pipeline.publish.bridge import Step
    from qtc_pipeline.publish.drill import Drilled
    from qtc_pipeline.publish.kpis import KpiAnswer
    from qtc_pipeline.publish.restated import Restated
    from qtc_pipeline.run import Telling
    from qtc_pipeline.settings import Settings

SHOWN_RECORDS = 8


@dataclass(frozen=True)
class Judged:
    """A gate of the KPI's mart in the build: verdicts, one comparison in numbers, and what would turn it red."""

    gate: str
    verdicts: dict[str, int]
    turns_red: str


@dataclass(frozen=True)
class Explanation:
    """Everything there is to say about one figure.

    Attributes:
        answer: the KPI's variants at the cut, with publication and as of.
        row: the variant that is explained.
        entry: its entry in the KPI dictionary: formula, unit, source, owner.
        fields: vendor, entity and field of every source value its model reads.
        records: the source records it sums.
        bridge: steps from the default variant to the others.
        earlier: the publication before, None where there is none.
        restated: its figures that the publication before stated otherwise, largest change first.
        gates: gates of its mart.
        total: one control total behind it: both sides and what explains their difference.
    """

    answer: KpiAnswer
    row: dict[str, Any]
    entry: dict[str, Any]
    fields: list[tuple[str, str, str]]
    records: Drilled
    bridge: list[Step]
    earlier: str | None
    restated: list[Restated]
    gates: list[Judged]
    total: dict[str, Any] | None


def explain(settings: Settings, telling: Telling, kpi_id: str, variant: str | None = None) -> Explanation:
    """Explain a KPI of the current publication.

    Raises:
        QtcError: there is no such KPI or variant.
        PublicationError: nothing is published yet.
    """
    from qtc_pipeline.publish.drill import drill
    from qtc_pipeline.publish.kpis import KpiQuery, read_kpis
    from qtc_pipeline.publish.reader import find_publication

    answer = read_kpis(settings, KpiQuery(kpi_id=kpi_id))
    published = find_publication(settings, answer.publication_id)
    wanted = variant or answer.defaults.get(kpi_id) or answer.rows[0]["variant"]
    row = next((one for one in answer.rows if one["variant"] == wanted), None)
    if row is None:
        known = ", ".join(one["variant"] for one in answer.rows)
        raise QtcError(f"variant '{wanted}'", f"is none of {kpi_id}", f"Use one of: {known}")
    home = warehouse_of(settings, answer.publication_id, telling)
    with open_read_only(published.database) as connection:
        entry = read_rows(
            connection,
            "select * from seeds.kpi_dictionary where mart = 'kpi_executive' and kpi_id = ? and variant = ?",
            [kpi_id, wanted],
        )
        mart_name = read_rows(
            connection,
            "select max(mart) as mart from kpis.kpi_executive where kpi_id = ? and variant = ?",
            [kpi_id, wanted],
        )[0]["mart"]
    earlier = published.manifest["previous_publication_id"]
    mart = _mart(mart_name)
    return Explanation(
        answer,
        row,
        entry[0] if entry else {},
        _fields(home, kpi_id),
        drill(home, kpi_id, wanted, limit=SHOWN_RECORDS, month=row["month"]),
        answer.bridge_of(kpi_id),
        earlier,
        _restated(settings, telling, earlier, answer.publication_id, kpi_id) if earlier else [],
        _gates(settings, published.manifest["build_id"], mart_name),
        _total(home, mart),
    )


def _mart(name: str) -> Mart:
    from qtc_pipeline.gates.contract import MARTS, QUEUE

    return MARTS.get(name, QUEUE)


def _fields(home: Settings, kpi_id: str) -> list[tuple[str, str, str]]:
    """Vendor fields a KPI's parts are made from, followed through the compiled SQL of every model on the way."""
    from qtc_pipeline.publish.drill import part_views
    from qtc_pipeline.transform.lineage import vendor_fields

    with open_read_only(home.warehouse_path) as connection:
        views = [
            view
            for view in part_views(connection)
            if read_rows(connection, f"select 1 as one from marts.{view} where kpi_id = ? limit 1", [kpi_id])
        ]
    used = {instance.vendor for instance in home.sources}
    found = vendor_fields(home, [("marts", view) for view in views], ("numerator", "denominator"))
    return sorted(field for field in found if field[0] in used)


def _restated(settings: Settings, telling: Telling, earlier: str, later: str, kpi_id: str) -> list[Restated]:
    from qtc_pipeline.corrections.own import own_records
    from qtc_pipeline.publish.reader import find_publication
    from qtc_pipeline.publish.restated import Side
    from qtc_pipeline.publish.restated import explain as causes

    sides = [
        Side(find_publication(settings, one), warehouse_of(settings, one, telling)) for one in (earlier, later)
    ]  # fmt: skip
    found = causes(*sides, kpi_id=kpi_id, own=own_records(settings))
    zero = Decimal(0)
    return sorted(found, key=lambda one: (-abs((one.after or zero) - (one.before or zero)), one.cell))


def _gates(settings: Settings, build_id: str, mart: str) -> list[Judged]:
    from qtc_pipeline.gates.contract import QUEUE, TURNS_RED, Gate
    from qtc_pipeline.ops import verdicts
    from qtc_pipeline.ops.store import open_store

    with open_store(settings) as session:
        rows = verdicts.verdicts_of(session, build_id, mart) or verdicts.verdicts_of(session, build_id, QUEUE.name)
        counts: dict[str, dict[str, int]] = {}
        for row in rows:
            cell = counts.setdefault(row.gate, {})
            cell[row.verdict] = cell.get(row.verdict, 0) + 1
    return [Judged(str(gate), counts[gate], TURNS_RED[gate]) for gate in Gate if gate in counts]


def _total(home: Settings, mart: Mart) -> dict[str, Any] | None:
    """The control total of the mart's legs with the largest difference: the one that had most to explain."""
    with open_read_only(home.warehouse_path) as connection:
        rows = read_rows(
            connection,
            """
            select * from reconciliation.rec_total
            where leg in (select unnest(?::varchar[])) and measure <> 'count'
            order by abs(difference) desc, leg, period, legal_entity_id, currency limit 1
            """,
            [list(mart.legs)],
        )
    return rows[0] if rows else None
