"""Commands about the past: ``publish rebuild``, ``publish diff``, and what ``run`` and ``kpi`` do with ``--known-at``.

Add here: a question about an earlier moment. Stays out: rebuilding (``qtc_pipeline.past``), causes
(``publish.restated``).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtc_pipeline.cli.output import out, progress, show_json, show_rows
from qtc_pipeline.errors import QtcError

if TYPE_CHECKING:
    from qtc_pipeline.lake import Erasure
    from qtc_pipeline.past import Rebuilt
    from qtc_pipeline.publish.restated import Restated, Side
    from qtc_pipeline.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_FIGURE = ("month", "legal_entity_id", "region", "practice", "kpi_id", "variant")


def register(publish: typer.Typer) -> None:
    """Add the commands of this module to ``qtc publish``."""
    publish.command("rebuild")(rebuild)
    publish.command("diff")(diff)


def instant(text: str) -> datetime:
    """An instant as typed: ISO 8601, UTC where no zone is said.

    Raises:
        QtcError: it is none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise QtcError(f"instant '{text}'", "is not ISO 8601", "Write it like 2026-06-30T23:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def rebuild(
    publication_id: Annotated[str | None, typer.Argument(help="Id or its beginning; the current by default.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Build a publication again from what was known then, in a home of its own, and compare every table."""
    from qtc_pipeline.past import rebuild as rebuild_past
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    with progress(quiet=as_json) as telling:
        done = rebuild_past(settings, telling, publication_id=publication_id)
    show_rebuilt(done, as_json=as_json)


def run_known_at(settings: Settings, known_at: str, *, as_json: bool) -> None:
    """Build what was known at an instant, in a home of its own; the present stays as it is."""
    from qtc_pipeline.past import rebuild as rebuild_past

    with progress(quiet=as_json) as telling:
        done = rebuild_past(settings, telling, known_at=instant(known_at))
    show_rebuilt(done, as_json=as_json)


def show_rebuilt(done: Rebuilt, *, as_json: bool) -> None:
    """Print how a rebuild compares with the publication of its moment."""
    differences = [vars(one) for one in done.differences]
    if as_json:
        show_json(
            {
                "then": done.then.publication_id if done.then else None,
                "now": done.now.publication_id if done.now else None,
                "home": done.settings.home,
                "same_code": done.is_same_code,
                "equal": list(done.equal),
                "rule_change": differences,
                "held": done.report.held,
            }
        )
        return
    if done.then is None:
        out.print("Nothing had been published by then: there is nothing to compare with.")
    elif done.now is None:
        out.print(f"Publication {done.then.publication_id}: every mart of the rebuild is held.")
    else:
        code = "the same code" if done.is_same_code else "other code"
        same = f"{len(done.equal)} of {len(done.equal) + len(differences)} tables are equal, row for row"
        out.print(f"Publication {done.then.publication_id} built again by {code}: {same}.")
    if differences:
        columns = ("table", "rows_then", "rows_now", "only_then", "only_now")
        show_rows(differences, columns, title="Differences: rule_change")
    out.print(f"It lies in {done.settings.home}; that folder may be deleted at any time.", markup=False)


def diff(
    earlier: Annotated[str, typer.Argument(help="Publication id or its beginning.")],
    later: Annotated[str | None, typer.Argument(help="Another one; the current by default.")] = None,
    *,
    kpi: Annotated[str | None, typer.Option(help="Only this KPI.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most this many figures.")] = 100,
    as_json: Json = False,
) -> None:
    """Explain every figure two publications state differently, by cause, to the cent."""
    from qtc_pipeline.corrections.own import own_records
    from qtc_pipeline.past import warehouse_of
    from qtc_pipeline.publish.causes import CAUSES
    from qtc_pipeline.publish.reader import find_publication
    from qtc_pipeline.publish.restated import Side, explain
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    sides = []
    with progress(quiet=as_json) as telling:
        for one in (earlier, later):
            published = find_publication(settings, one)
            sides.append(Side(published, warehouse_of(settings, published.publication_id, telling)))
        restated = explain(*sides, kpi_id=kpi, own=own_records(settings))
    rows = [_row(one) for one in restated]
    erased = _erased_between(settings, *sides)
    if as_json:
        ids = {"earlier": sides[0].published.publication_id, "later": sides[1].published.publication_id}
        show_json({**ids, "rows": rows, "erasures": [asdict(one) for one in erased]})
        return
    for entry in erased:
        what = f"{entry.what}: {', '.join(entry.members)} in {entry.versions} versions"
        out.print(f"Erased in between, amounts kept: {what} ({entry.person}: {entry.reason}).", markup=False)
    if not rows:
        out.print("Every figure the earlier publication states is the same in the later one.")
        return
    rows.sort(key=lambda row: -abs((row["after"] or 0) - (row["before"] or 0)))
    shown = (*_FIGURE, "before", "after", *[cause for cause in CAUSES if any(row.get(cause) for row in rows)])
    title = f"{len(rows)} figures changed; of a ratio the causes tell the change of its numerator"
    show_rows(rows[:limit], shown, title=title)


def _erased_between(settings: Settings, earlier: Side, later: Side) -> list[Erasure]:
    """Erasures the later publication's build knew and the earlier one's did not."""
    from qtc_pipeline.lake import Lake

    before, after = (
        {erasure_id for erasure_id, _ in side.published.manifest["inputs"].get("erasures", [])}
        for side in (earlier, later)
    )
    return [one for one in Lake(settings.lake_dir).erasures() if one.erasure_id in after - before]


def _row(one: Restated) -> dict[str, Any]:
    return {
        **dict(zip(_FIGURE, one.cell, strict=True)),
        "unit": one.unit,
        "before": one.before,
        "after": one.after,
        **one.numerator,
        "denominator": one.denominator,
        "causes": one.causes,
        "records": one.records,
    }
