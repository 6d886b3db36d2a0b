"""The command ``explain``: one figure from end to end, in sentences and short tables.

Add here: how an answer is worded. Stays out: the answers (``qtc_pipeline.explain``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from qtc_pipeline.cli.kpi import show_bridge, sum_of, vars_of
from qtc_pipeline.cli.output import out, progress, show_json, show_rows, text_of

if TYPE_CHECKING:
    from qtc_pipeline.explain import Explanation
    from qtc_pipeline.publish.restated import Restated

_RECORD = ("source_instance", "source_entity", "source_id", "numerator", "version_at", "source_load_id")
_SHOWN_RESTATED = 5


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    kpi_id: Annotated[str, typer.Argument(help="A KPI, by the id of the dictionary.")] = "utilization",
    *,
    variant: Annotated[str | None, typer.Option(help="One variant; the default one where none is named.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain one figure: formula, records, variants, what changed since the last publication, gates."""
    from qtc_pipeline.explain import explain as gather
    from qtc_pipeline.settings import load_settings

    with progress(quiet=as_json) as telling:
        found = gather(load_settings(), telling, kpi_id, variant)
    if as_json:
        show_json(as_facts(found))
        return
    _figure(found)
    _origin(found)
    _variants(found)
    _history(found)
    _proof(found)


def as_facts(found: Explanation) -> dict[str, object]:
    """The explanation as plain values."""
    return {
        "publication_id": found.answer.publication_id,
        "as_of": found.answer.as_of,
        "figure": found.row,
        "dictionary": found.entry,
        "fields": [".".join(field) for field in found.fields],
        "records": found.records.records,
        "sum": {"numerator": found.records.numerator, "denominator": found.records.denominator},
        "largest_records": found.records.rows,
        "bridge": [vars_of(step) for step in found.bridge],
        "earlier": found.earlier,
        "restated": [
            {**vars(one), "causes": one.causes} for one in found.restated
        ],
        "gates": [vars(one) for one in found.gates],
        "control_total": found.total,
    }  # fmt: skip


def _figure(found: Explanation) -> None:
    row, entry = found.row, found.entry
    out.rule("The figure", align="left")
    out.print(
        f"{row['kpi_id']} {row['variant']}, {row['month']}: {text_of(row['value'])} {row['unit']} ({row['status']})"
    )
    out.print(f"Publication {found.answer.publication_id} as of {found.answer.as_of}, {found.answer.currency}.")
    if entry:
        out.print(f"{entry['name']}: {entry['formula']}. Owner: {entry['owner']}.", markup=False)
    if row["reason"]:
        out.print(f"{'Unknown' if row['status'] == 'final' else 'Not final'}: {row['reason']}", markup=False)


def _origin(found: Explanation) -> None:
    out.rule("Where it comes from", align="left")
    by_entity: dict[str, list[str]] = {}
    for vendor, entity, field in found.fields:
        by_entity.setdefault(f"{vendor} {entity}", []).append(field)
    for name, fields in by_entity.items():
        out.print(f"{name}: {', '.join(fields)}", markup=False)
    show_rows(found.records.rows, _RECORD, title=f"{len(found.records.rows)} of {found.records.records} records")
    out.print(f"{sum_of(found.records)}.")


def _variants(found: Explanation) -> None:
    out.rule("Its variants, and the bridge between them", align="left")
    show_rows(found.answer.rows, ("month", "variant", "value", "unit", "status"))
    show_bridge(found.bridge, found.answer.defaults.get(found.row["kpi_id"]))


def _history(found: Explanation) -> None:
    out.rule("What changed since the last publication", align="left")
    if found.earlier is None:
        out.print(
            "This is the first publication. After `qtc sandbox advance` and `qtc run` there is one to compare with."
        )
    elif not found.restated:
        out.print(f"No figure that {found.earlier} stated was restated.")
    for one in found.restated[:_SHOWN_RESTATED]:
        place = ", ".join(one.cell[:4])
        causes = ", ".join(_share(one, cause) for cause in one.causes)
        out.print(
            f"{one.cell[4]} {one.cell[5]} ({place}): {text_of(one.before)} before, {text_of(one.after)} now."
            f" Causes: {causes} ({one.records} records).",
            markup=False,
        )


def _share(one: Restated, cause: str) -> str:
    """What a cause did: to the amount, or to the two sides of a ratio."""
    shares = [(name, getattr(one, name).get(cause)) for name in ("numerator", "denominator")]
    if one.unit == "amount":
        return f"{cause} {text_of(shares[0][1])}"
    return f"{cause} ({', '.join(f'{name} {text_of(amount)}' for name, amount in shares if amount)})"


def _proof(found: Explanation) -> None:
    out.rule("How we know", align="left")
    rows = [
        {"gate": one.gate, "says": ", ".join(f"{n} {name}" for name, n in one.verdicts.items()), "red": one.turns_red}
        for one in found.gates
    ]
    show_rows(rows, ("gate", "says", "red"), title="Gates of its mart, and what would turn each red")
    total = found.total
    if total is not None:
        out.print(
            f"{total['leg']}, {total['period']}, {total['legal_entity_id']} ({total['measure']}, {total['currency']}):"
            f" left {text_of(total['left_total'])} - right {text_of(total['right_total'])}"
            f" = {text_of(total['difference'])} = breaks {text_of(total['break_total'])}"
            f" + in flight {text_of(total['timing_total'])} + reconciling {text_of(total['reconciling_total'])};"
            f" unexplained {text_of(total['unexplained_total'])}.",
            markup=False,
        )
