"""Reading KPIs of a publication at any cut: additive parts are summed first, ratios divided last.

How a variant is taken together over cells is its ``aggregation`` in the KPI dictionary: sums and ratios from numerators
and denominators, median and p90 from ``kpis.kpi_duration`` by nearest rank, a difference from its two variants; what
cannot be taken together (``none``) is shown only where the cut is one cell.
Add here: a dimension to cut by, an aggregation. Stays out: formulas (the ``kpis`` models), what a status means (gates).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import QtcError
from qtc_pipeline.keys import period_of
from qtc_pipeline.publish.bridge import Measured, Step, bridge
from qtc_pipeline.publish.reader import open_publication
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb

DIMENSIONS = {"month": "month", "legal_entity": "legal_entity_id", "region": "region", "practice": "practice"}
_PLACES = {"amount": "0.01", "ratio": "0.0001", "rate": "0.01", "per_mille": "0.01", "days": "0.1", "count": "1"}
_SHARES = {"median": Decimal("0.5"), "p90": Decimal("0.9")}
_HELD = "held"


@dataclass(frozen=True)
class KpiQuery:
    """What is asked. None means every one; of months: the publication's for stocks, the last full one for flows."""

    kpi_id: str | None = None
    variant: str | None = None
    month: str | None = None
    legal_entity: str | None = None
    region: str | None = None
    practice: str | None = None
    by: str | None = None

    @property
    def place(self) -> dict[str, str]:
        """Columns the cut fixes beside the month."""
        wanted = {"legal_entity_id": self.legal_entity, "region": self.region, "practice": self.practice}
        return {column: value for column, value in wanted.items() if value is not None}


@dataclass(frozen=True)
class KpiAnswer:
    """Rows of month, KPI, variant, value, its parts, unit, status and reason, with where they come from."""

    publication_id: str
    as_of: str
    currency: str
    rows: list[dict[str, Any]]
    defaults: dict[str, str]

    def bridge_of(self, kpi_id: str) -> list[Step]:
        """Steps from the default variant of a KPI to each of the others, where both are known at the cut."""
        measured = {
            row["variant"]: Measured(row["variant"], row["numerator"], row["denominator"])
            for row in self.rows
            if row["kpi_id"] == kpi_id and row["value"] is not None
        }
        default = measured.get(self.defaults.get(kpi_id, ""))
        return [] if default is None else [step for one in measured.values() for step in bridge(default, one)]


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
        dictionary = _dictionary(connection)
        cells = read_rows(connection, *_question(query, as_of[:7]))
        rows = [_answered(connection, query, cell, dictionary) for cell in cells]
    _differences(rows, query, dictionary)
    if query.variant is not None:
        rows = [row for row in rows if row["variant"] == query.variant]
    if not rows:
        raise QtcError("KPIs", "there are none at this cut", "Try --by month, or another cut")
    rows.sort(key=lambda row: (str(row.get(query.by or "")), row["kpi_id"], row["variant"]))
    defaults = {kpi_id: variant for (kpi_id, variant), one in dictionary.items() if one["default_variant"]}
    return KpiAnswer(published.publication_id, as_of, settings.reporting_currency, rows, defaults)


def _dictionary(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, Any]]:
    rows = read_rows(
        connection,
        "select kpi_id, variant, aggregation, lower(default_variant::varchar) in ('yes', 'true') as default_variant "
        "from seeds.kpi_dictionary where mart = 'kpi_executive'",
    )
    return {(row["kpi_id"], row["variant"]): row for row in rows}


def _question(query: KpiQuery, as_of_month: str) -> tuple[str, list[str]]:
    split = f"{DIMENSIONS[query.by]} as split," if query.by else ""
    conditions = []
    values: list[str] = [as_of_month, _month_before(as_of_month)]
    if query.month is not None:
        conditions.append("month = ?")
        values.append(query.month)
    elif query.by != "month":
        conditions.append("month = shown_month")
    if query.kpi_id is not None:
        conditions.append("kpi_id = ?")
        values.append(query.kpi_id)
    _narrow(conditions, values, query.place)
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
            case when count(numerator) = count(*) then sum(numerator) end as numerator,
            case when count(denominator) = count(*) then sum(denominator) end as denominator,
            count(*) as cells,
            max(value) as only_value,
            max(status) as status,
            max(kpi_status) as reason
        from dated
        where {" and ".join(conditions) or "true"}
        group by all
        """,
        values,
    )


def _narrow(conditions: list[str], values: list[str], place: dict[str, str]) -> None:
    conditions += [f"{column} = ?" for column in place]
    values += place.values()


def _month_before(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return period_of(year - 1, 12) if number == 1 else period_of(year, number - 1)


def _answered(
    connection: duckdb.DuckDBPyConnection,
    query: KpiQuery,
    cell: dict[str, Any],
    dictionary: dict[tuple[str, str], dict[str, Any]],
) -> dict[str, Any]:
    aggregation = dictionary.get((cell["kpi_id"], cell["variant"]), {}).get("aggregation")
    value: Decimal | None = None
    if cell["status"] != _HELD:
        if aggregation in _SHARES:
            value = _percentile(connection, query, cell, aggregation)
        elif aggregation == "none":
            value = Decimal(cell["only_value"]) if cell["cells"] == 1 and cell["only_value"] is not None else None
        elif aggregation != "difference":
            value = _divided(cell)
    return {
        **({query.by: cell["split"]} if query.by else {}),
        **{name: cell[name] for name in ("month", "kpi_id", "variant", "unit", "status", "reason")},
        "value": _rounded(value, cell["unit"]),
        "numerator": cell["numerator"],
        "denominator": cell["denominator"],
    }


def _divided(cell: dict[str, Any]) -> Decimal | None:
    numerator, denominator = cell["numerator"], cell["denominator"]
    if cell["unit"] in {"amount", "count"}:
        return None if numerator is None else Decimal(numerator)
    if numerator is None or not denominator:
        return None
    quotient: Decimal = Decimal(numerator) / denominator
    return quotient


def _rounded(value: Decimal | None, unit: str) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal(_PLACES[unit]), ROUND_HALF_UP)


def _percentile(
    connection: duckdb.DuckDBPyConnection, query: KpiQuery, cell: dict[str, Any], aggregation: str
) -> Decimal | None:
    """The smallest number of days up to which the wanted share of the records lies."""
    conditions, values = ["month = ?", "kpi_id = ?", "variant = ?"], [cell["month"], cell["kpi_id"]]
    values.append(cell["variant"].removesuffix(f"_{aggregation}"))
    split = {DIMENSIONS[query.by]: cell["split"]} if query.by and query.by != "month" else {}
    _narrow(conditions, values, {**query.place, **split})
    days = read_rows(
        connection,
        f"select days, sum(records) as records from kpis.kpi_duration where {' and '.join(conditions)} "
        "group by days order by days",
        values,
    )
    wanted = (_SHARES[aggregation] * sum(int(row["records"]) for row in days)).to_integral_value(ROUND_CEILING)
    seen = 0
    for row in days:
        seen += int(row["records"])
        if seen >= wanted:
            return Decimal(row["days"])
    return None


def _differences(
    rows: list[dict[str, Any]], query: KpiQuery, dictionary: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Booked less forecast margin, of the cut's own totals: a difference of ratios cannot be summed over cells."""
    found = {(row["month"], row.get(query.by or ""), row["kpi_id"], row["variant"]): row for row in rows}
    for (month, split, kpi_id, variant), row in found.items():
        if dictionary.get((kpi_id, variant), {}).get("aggregation") == "difference":
            booked, forecast = (found.get((month, split, kpi_id, one)) for one in ("booked", "forecast"))
            if booked and forecast and booked["value"] is not None and forecast["value"] is not None:
                row["value"] = booked["value"] - forecast["value"]
