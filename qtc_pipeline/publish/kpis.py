"""Reading KPIs of a publication at any cut: additive parts are summed first, ratios divided last.

Add here: a dimension to cut by. Stays out: formulas (the ``kpis`` models) and what a status means (gates).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.keys import period_of
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

DIMENSIONS = {"month": "month", "legal_entity": "legal_entity_id", "region": "region", "practice": "practice"}
_PLACES = {"amount": Decimal("0.01"), "ratio": Decimal("0.0001")}
_HELD = "held"


@dataclass(frozen=True)
class KpiQuery:
    """What is asked. None means every one; of months: the publication's for stocks, the last full one for flows."""

    kpi_id: str | None = None
    month: str | None = None
    legal_entity: str | None = None
    region: str | None = None
    practice: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class KpiAnswer:
    """Rows of month, KPI, variant, value, unit, status and reason, with where they come from."""

    publication_id: str
    as_of: str
    currency: str
    rows: list[dict[str, Any]]


def read_kpis(settings: Settings, query: KpiQuery, publication_id: str | None = None) -> KpiAnswer:
    """Answer from a publication, the current one by default.

    Raises:
        QtcError: an unknown KPI or dimension, or a cut in which there is nothing.
        PublicationError: nothing is published yet.
    """
    if query.by is not None and query.by not in DIMENSIONS:
        raise QtcError(f"dimension '{query.by}'", "is unknown", f"Use one of: {', '.join(DIMENSIONS)}")
    with open_publication(settings, publication_id) as (published, connection):
        known = [row["kpi_id"] for row in read_rows(connection, "select distinct kpi_id from kpis.kpi_executive")]
        if query.kpi_id is not None and query.kpi_id not in known:
            raise QtcError(f"KPI '{query.kpi_id}'", "is not published", f"Use one of: {', '.join(sorted(known))}")
        as_of = str(published.manifest["as_of"])
        parts = read_rows(connection, *_question(query, as_of[:7]))
        currency = settings.reporting_currency
        rows = [_answered(part, query.by) for part in parts]
    rows += _erosion(rows, query)
    if not rows:
        raise QtcError("KPIs", "there are none at this cut", "Try --by month, or another cut")
    rows.sort(key=lambda row: (str(row.get(query.by or "")), row["kpi_id"], row["variant"]))
    return KpiAnswer(published.publication_id, as_of, currency, rows)


def _question(query: KpiQuery, as_of_month: str) -> tuple[str, list[str]]:
    split = f"{DIMENSIONS[query.by]} as split," if query.by else ""
    conditions = ["variant <> 'erosion'"]
    values: list[str] = [as_of_month, _month_before(as_of_month)]
    if query.month is not None:
        conditions.append("month = ?")
        values.append(query.month)
    elif query.by != "month":
        conditions.append("month = shown_month")
    for column, value in (
        ("kpi_id", query.kpi_id),
        ("legal_entity_id", query.legal_entity),
        ("region", query.region),
        ("practice", query.practice),
    ):
        if value is not None:
            conditions.append(f"{column} = ?")
            values.append(value)
    return (
        f"""
        with dated as (
            select
                *,
                -- a stock stands in the month of the publication only; of a flow, the last full month is shown
                case when min(month) over (partition by kpi_id, variant) = ? then month else ? end as shown_month
            from kpis.kpi_executive
        )
        select
            {split} month, kpi_id, variant, unit,
            sum(numerator) as numerator,
            count(*) - count(numerator) as numerators_unknown,
            sum(denominator) as denominator,
            max(status) as status,
            max(kpi_status) as reason
        from dated
        where {" and ".join(conditions)}
        group by all
        """,
        values,
    )


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return period_of(year - 1, 12) if number == 1 else period_of(year, number - 1)


def _answered(part: dict[str, Any], by: str | None) -> dict[str, Any]:
    value = part["numerator"]
    if part["status"] == _HELD or (part["unit"] == "ratio" and part["numerators_unknown"]):
        value = None
    elif part["unit"] == "ratio":
        value = value / part["denominator"] if value is not None and part["denominator"] else None
    if value is not None:
        value = value.quantize(_PLACES[part["unit"]], ROUND_HALF_UP)
    split = {by: part["split"]} if by else {}
    return {
        **split,
        **{name: part[name] for name in ("month", "kpi_id", "variant", "unit", "status", "reason")},
        "value": value,
    }


def _erosion(rows: list[dict[str, Any]], query: KpiQuery) -> list[dict[str, Any]]:
    """Booked less forecast margin, of the cut's own totals: a difference of ratios cannot be summed over cells."""
    margins = {
        (row["month"], row.get(query.by or ""), row["variant"]): row for row in rows if row["kpi_id"] == "margin"
    }
    found = []
    for (month, split, variant), booked in margins.items():
        forecast = margins.get((month, split, "forecast"))
        if variant != "booked" or forecast is None:
            continue
        known = booked["value"] is not None and forecast["value"] is not None
        found.append({**booked, "variant": "erosion", "value": booked["value"] - forecast["value"] if known else None})
    return found
