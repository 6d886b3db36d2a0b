"""What ``qtc demo`` prints at its end: systems, exceptions, verdicts, KPIs, where they lie, what to open next.

Add here: a line a newcomer needs. Stays out: computing any of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtc_pipeline.cli.output import out, show_rows
from qtc_pipeline.cli.work import show_report

if TYPE_CHECKING:
    from qtc_pipeline.run import RunReport
    from qtc_pipeline.settings import Settings


def show_summary(settings: Settings, report: RunReport) -> None:
    """Print the summary of a run and of the publication that is current after it."""
    from qtc_pipeline.publish.reader import current_publication

    out.rule("What was read and done", align="left")
    show_report(report)
    out.rule("Exceptions by class, with exposure", align="left")
    show_rows(exceptions_by_class(settings), ("class", "base", "count", "exposure", "currency"))
    current = current_publication(settings)
    if current is None:
        out.print("Nothing is published yet.")
        return
    out.rule("Verdicts", align="left")
    show_rows([{"mart": name, **mart} for name, mart in current.marts.items()], ("mart", "status", "reason"))
    out.rule("KPI headlines", align="left")
    _show_headlines(settings)
    home = settings.home
    out.rule("Where it lies, what to open next", align="left")
    prefix = "" if home.name == "var" else f"QTC_HOME={home} "
    out.print(f"Publication  {current.folder}")
    out.print(f"Numbers      {prefix}qtc kpi            Queue   {prefix}qtc exceptions list")
    out.print(f"Verdicts     {prefix}qtc gates          Lineage {prefix}qtc dev   (http://127.0.0.1:3000)")


def exceptions_by_class(settings: Settings) -> list[dict[str, Any]]:
    """Open exceptions per class and base; exposure in reporting currency, never added over bases."""
    from qtc_pipeline.ops.exceptions import list_exceptions
    from qtc_pipeline.ops.store import open_store

    found: dict[tuple[int, str, str | None], dict[str, Any]] = {}
    with open_store(settings) as session:
        for case in list_exceptions(session):
            key = (case.rank or 99, case.break_class, case.base)
            row = found.setdefault(
                key,
                {
                    "class": case.break_class,
                    "base": case.base,
                    "count": 0,
                    "exposure": None,
                    "currency": settings.reporting_currency,
                },
            )
            row["count"] += 1
            if case.exposure_reporting is not None:
                row["exposure"] = (row["exposure"] or 0) + case.exposure_reporting
    return [found[key] for key in sorted(found, key=str)]


def _show_headlines(settings: Settings) -> None:
    from qtc_pipeline.publish.kpis import KpiQuery, read_kpis

    answer = read_kpis(settings, KpiQuery())
    title = f"{answer.currency}, as of {answer.as_of}; flows of the last full month; `qtc kpi` shows every variant"
    rows = [row for row in answer.rows if row["variant"] == answer.defaults.get(row["kpi_id"], row["variant"])]
    show_rows(rows, ("month", "kpi_id", "variant", "value", "unit", "status"), title=title)
