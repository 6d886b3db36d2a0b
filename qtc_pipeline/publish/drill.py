"""From a figure to the records of the systems it is made of.

Every KPI is the aggregate of the views ``marts.part_*``: one row per source record and cell, with the record's version
and load. The views read the warehouse, which holds what a publication must not (what a person costs), so a drill needs
the warehouse of the publication's build. Add here: a way to cut parts. Stays out: formulas (the views themselves).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    import duckdb

    from qtc_pipeline.settings import Settings

PLACE = ("month", "legal_entity_id", "region", "practice")
RECORD = ("source_vendor", "source_instance", "source_entity", "source_id")
PART_COLUMNS = (
    *PLACE,
    "kpi_id",
    "variant",
    "numerator",
    "denominator",
    "unit",
    *RECORD,
    "version_at",
    "source_load_id",
)


@dataclass(frozen=True)
class Drilled:
    """Parts of a cut, largest first, and what they sum to."""

    rows: list[dict[str, Any]]
    records: int
    numerator: Decimal | None
    denominator: Decimal | None


def drill(settings: Settings, kpi_id: str, variant: str, *, limit: int | None = None, **cut: str | None) -> Drilled:
    """The source records behind a KPI's variant at a cut.

    Args:
        settings: of a home whose warehouse holds the build of the figure.
        kpi_id: id of the dictionary.
        variant: of the KPI.
        limit: rows to give back; the sums are of all of them.
        cut: ``month``, ``legal_entity_id``, ``region``, ``practice``; None for every one.

    Raises:
        QtcError: nothing of the KPI stands in the cut.
    """
    with open_read_only(settings.warehouse_path) as connection:
        rows = list(contributions(connection, kpi_ids=[kpi_id], variant=variant, cut=cut))
    if not rows:
        raise QtcError(f"KPI '{kpi_id}' {variant}", "has no parts at this cut", "Try another month, or `qtc kpi`")
    rows.sort(key=lambda row: (-abs(row["numerator"] or 0), -abs(row["denominator"] or 0), row["source_id"] or ""))
    return Drilled(rows[:limit], len(rows), _sum(rows, "numerator"), _sum(rows, "denominator"))


def contributions(
    connection: duckdb.DuckDBPyConnection,
    *,
    kpi_ids: Sequence[str],
    variant: str | None = None,
    cut: dict[str, str | None] | None = None,
) -> Iterator[dict[str, Any]]:
    """What each source record contributes to each cell of some KPIs, summed per record and cell."""
    conditions, values = ["kpi_id in (select unnest(?::varchar[]))"], [list(kpi_ids)]
    for column, value in {"variant": variant, **(cut or {})}.items():
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)  # type: ignore[arg-type]
    groups = ", ".join((*PLACE, "kpi_id", "variant", "unit", *RECORD))
    for view in part_views(connection):
        yield from read_rows(
            connection,
            f"""
            select {groups},
                case when count(numerator) = count(*) then sum(numerator) end as numerator,
                case when count(denominator) = count(*) then sum(denominator) end as denominator,
                max(version_at) as version_at, max(source_load_id) as source_load_id
            from marts.{view} where {" and ".join(conditions)}
            group by {groups}
            """,
            values,
        )


def part_views(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Names of the views that hold the parts of the KPIs."""
    rows = read_rows(
        connection,
        "select table_name from information_schema.tables "
        "where table_schema = 'marts' and starts_with(table_name, 'part_') order by 1",
    )
    return [row["table_name"] for row in rows]


def _sum(rows: list[dict[str, Any]], measure: str) -> Decimal | None:
    amounts = [row[measure] for row in rows]
    return None if None in amounts else sum(amounts, Decimal(0))
