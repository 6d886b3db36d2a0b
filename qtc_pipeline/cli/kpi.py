"""The command ``kpi``: figures of a publication, their variants and the bridge between them, the records behind them.

Add here: another way to look at one figure. Stays out: reading (``publish.kpis``, ``publish.drill``), the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtc_pipeline.cli.history import instant
from qtc_pipeline.cli.output import out, progress, show_json, show_rows
from qtc_pipeline.errors import QtcError

if TYPE_CHECKING:
    from qtc_pipeline.publish.bridge import Step
    from qtc_pipeline.publish.drill import Drilled
    from qtc_pipeline.publish.kpis import KpiAnswer, KpiQuery
    from qtc_pipeline.settings import Settings

KPI_COLUMNS = ("month", "kpi_id", "variant", "value", "unit", "status")
_DRILL = ("source_instance", "source_entity", "source_id", "numerator", "denominator", "version_at", "source_load_id")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(kpi)


def kpi(
    kpi_id: Annotated[str | None, typer.Argument(help="One KPI, by the id of the dictionary; all by default.")] = None,
    *,
    variant: Annotated[str | None, typer.Option(help="One variant of the KPI.")] = None,
    month: Annotated[
        str | None, typer.Option(help="One month, 2026-05; by default the last full one, for stocks now.")
    ] = None,
    legal_entity: Annotated[str | None, typer.Option(help="One legal entity.")] = None,
    region: Annotated[str | None, typer.Option(help="One region.")] = None,
    practice: Annotated[str | None, typer.Option(help="One practice.")] = None,
    by: Annotated[str | None, typer.Option(help="Split by: month, legal_entity, region or practice.")] = None,
    variants: Annotated[
        bool, typer.Option("--variants", help="The KPI's variants side by side and the bridge from the default one.")
    ] = False,
    drill: Annotated[bool, typer.Option("--drill", help="The source records whose values sum to the figure.")] = False,
    known_at: Annotated[str | None, typer.Option(help="As reported at this instant, 2026-06-30T23:00:00Z.")] = None,
    publication: Annotated[str | None, typer.Option(help="Of this publication; the current one by default.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Records shown by --drill.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show KPIs of a publication, each with its status; a held one is unknown, never yesterday's."""
    from qtc_pipeline.publish.kpis import KpiQuery, read_kpis
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    if (variants or drill) and kpi_id is None:
        raise QtcError("--variants and --drill", "no KPI was named", "Name one: qtc kpi utilization --variants")
    query = KpiQuery(
        kpi_id=kpi_id, variant=variant, month=month, legal_entity=legal_entity, region=region, practice=practice, by=by
    )
    publication_id = _publication(settings, publication, known_at)
    answer = read_kpis(settings, query, publication_id)
    if drill:
        show_drill(settings, answer, query, limit=limit, as_json=as_json)
    elif variants:
        show_variants(answer, kpi_id or "", by=by, as_json=as_json)
    else:
        show_figures(answer, by=by, as_json=as_json)


def _publication(settings: Settings, publication: str | None, known_at: str | None) -> str | None:
    from qtc_pipeline.publish.reader import published_at

    if known_at is None:
        return publication
    if publication is not None:
        raise QtcError("--known-at and --publication", "both name a publication", "Give one of them")
    return published_at(settings, instant(known_at)).publication_id


def show_figures(answer: KpiAnswer, *, by: str | None, as_json: bool) -> None:
    """Print figures, and why those that are not final are not."""
    columns = (*((by,) if by and by != "month" else ()), *KPI_COLUMNS)
    title = f"{answer.currency}, publication {answer.publication_id} as of {answer.as_of}"
    show_rows(answer.rows, (*columns, *(("reason",) if as_json else ())), title=title, as_json=as_json)
    told = {(row["status"] == "final", row["reason"]) for row in answer.rows if row["reason"]}
    for is_final, reason in [] if as_json else sorted(told):
        out.print(f"{'Unknown' if is_final else 'Not final'}: {reason}", markup=False)


def show_variants(answer: KpiAnswer, kpi_id: str, *, by: str | None, as_json: bool) -> None:
    """Print the variants of a KPI side by side, and the steps from the default one to each other."""
    if by is not None:
        raise QtcError("--variants", "a bridge stands at one cut", "Leave --by out and name the cut")
    steps = answer.bridge_of(kpi_id)
    default = answer.defaults.get(kpi_id)
    columns = ("month", "variant", "value", "numerator", "denominator", "unit", "status")
    if as_json:
        show_json(
            {"kpi_id": kpi_id, "default": default, "variants": answer.rows, "bridge": [vars_of(step) for step in steps]}
        )
        return
    title = f"{kpi_id}, {answer.currency}, publication {answer.publication_id} as of {answer.as_of}"
    show_rows(answer.rows, columns, title=title)
    show_bridge(steps, default)


def show_bridge(steps: list[Step], default: str | None) -> None:
    """Print the steps from the default variant to the others."""
    if steps:
        title = f"Bridge from {default}: the effects sum to the difference"
        show_rows([vars_of(step) for step in steps], ("variant", "effect", "change"), title=title)


def vars_of(step: Step) -> dict[str, Any]:
    """A step of a bridge as a row, its change to six places."""
    return {"variant": step.variant, "effect": step.effect, "change": round(step.change, 6)}


def show_drill(settings: Settings, answer: KpiAnswer, query: KpiQuery, *, limit: int, as_json: bool) -> None:
    """Print the records behind one variant and what they sum to; the figure's build is made again if need be."""
    from qtc_pipeline.past import warehouse_of
    from qtc_pipeline.publish.drill import drill as drill_down

    kpi_id = query.kpi_id or ""
    variant = query.variant or answer.defaults.get(kpi_id) or answer.rows[0]["variant"]
    row = next((one for one in answer.rows if one["variant"] == variant), None)
    if row is None:
        raise QtcError(f"variant '{variant}'", f"is none of {kpi_id}", "See `qtc kpi` with --variants")
    with progress(quiet=as_json) as telling:
        home = warehouse_of(settings, answer.publication_id, telling)
    found = drill_down(home, kpi_id, variant, limit=None if as_json else limit, month=row["month"], **query.place)
    facts: dict[str, Any] = {
        "kpi_id": kpi_id,
        "variant": variant,
        "month": row["month"],
        "value": row["value"],
        "unit": row["unit"],
    }
    if as_json:
        sums = {"numerator": found.numerator, "denominator": found.denominator}
        show_json({**facts, **sums, "records": found.rows})
        return
    show_rows(found.rows, _DRILL, title=f"{kpi_id} {variant}, {row['month']}: {found.records} records")
    out.print(f"{sum_of(found)}: {row['value']} {row['unit']}.")


def sum_of(found: Drilled) -> str:
    """What the records behind a figure sum to, in words."""
    told = f"numerator {found.numerator}"
    if found.denominator is not None:
        told += f", denominator {found.denominator}"
    return f"All {found.records} records sum to {told}"
