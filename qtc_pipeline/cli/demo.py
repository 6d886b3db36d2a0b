"""What ``qtc demo`` does after the main job and prints at its end.

The loop closed on the sandbox, with the demo's own approvers where asked, then: systems, exceptions before and after,
corrections, verdicts, KPIs, where they lie, what to open next. Add here: a line a newcomer needs. Stays out: computing
any of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.cli.output import out, show_rows, text_of
from qtc_pipeline.cli.work import show_report

if TYPE_CHECKING:
    from qtc_pipeline.repair import Repaired
    from qtc_pipeline.run import RunReport, Telling
    from qtc_pipeline.settings import Settings

_APPROVERS = ("avery", "blake")  # two, because some corrections want two
_ROUNDS = 6
_LARGEST = 8


def close_the_loop(settings: Settings, telling: Telling, *, approve_all: bool) -> Repaired:
    """Repair what may be repaired without a person; with ``approve_all`` two people agree to everything that waits."""
    from qtc_pipeline.repair import repair

    done = repair(settings, telling)
    for _ in range(_ROUNDS if approve_all else 0):
        if not _approve_everything(settings, telling):
            break
        done = repair(settings, telling, done)
    return done


def _approve_everything(settings: Settings, telling: Telling) -> int:
    """Approve what waits as each of the demo's approvers; how many corrections are approved now."""
    from qtc_pipeline.corrections.approve import approve
    from qtc_pipeline.corrections.contract import State
    from qtc_pipeline.errors import CorrectionError
    from qtc_pipeline.ops import corrections, people
    from qtc_pipeline.ops.store import open_ledger

    now = datetime.now(UTC)
    with open_ledger(settings) as session:
        known = {one.name for one in people.list_people(session)}
        for name in _APPROVERS:
            if name not in known:
                people.add(session, name, "approver", actor="demo", now=now)
        waiting = [
            (row.correction_id, row.plan_hash)
            for row in corrections.list_corrections(session, state=State.WAITING_APPROVAL)
        ]
    approved = 0
    for correction_id, plan_hash in waiting:
        for person in _APPROVERS:
            try:
                state = approve(settings, correction_id, person=person, plan_hash=plan_hash, now=now, reason="demo")
            except CorrectionError as error:
                telling.stage(f"{person} may not approve {correction_id[:12]}: {error}")
                break
            if state is State.APPROVED:
                approved += 1
                break
    telling.stage(f"{' and '.join(_APPROVERS)} approved {approved} corrections")
    return approved


def show_summary(
    settings: Settings, report: RunReport, before: list[dict[str, Any]], repaired: Repaired | None = None
) -> None:
    """Print the summary of a run, of what was repaired after it, and of the publication that is current now.

    Args:
        settings: of the demo's home.
        report: of the first run.
        before: exceptions by class as that run found them.
        repaired: what was corrected; None where nothing may be written.
    """
    from qtc_pipeline.publish.reader import current_publication

    out.rule("What was read and done", align="left")
    show_report(report)
    if repaired is None:
        out.rule("Exceptions by class, with exposure", align="left")
        show_rows(before, ("class", "base", "count", "exposure", "currency"))
    else:
        _show_loop(settings, before, repaired)
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
    out.print(f"Corrections  {prefix}qtc corrections list --state waiting_approval")


def _show_loop(settings: Settings, before: list[dict[str, Any]], repaired: Repaired) -> None:
    """Exceptions per class before and after, what became of the corrections, what waits for a person."""
    after = {(row["class"], row["base"]): row for row in exceptions_by_class(settings)}
    known = {(row["class"], row["base"]) for row in before}
    rows = []
    for row in [*before, *(one for key, one in after.items() if key not in known)]:
        left = after.get((row["class"], row["base"]), {})
        was = row if (row["class"], row["base"]) in known else {}
        repaired_amount = None if was.get("exposure") is None else was["exposure"] - (left.get("exposure") or 0)
        rows.append(
            {
                "class": row["class"],
                "base": row["base"],
                "found": was.get("count", 0),
                "left": left.get("count", 0),
                "exposure_found": was.get("exposure"),
                "exposure_left": left.get("exposure"),
                "repaired": repaired_amount,
            }
        )
    columns = ("class", "base", "found", "left", "exposure_found", "exposure_left", "repaired")
    out.rule(
        f"Exceptions by class before and after the repair, exposure in {settings.reporting_currency}", align="left"
    )
    show_rows(rows, columns)
    by_base: dict[str, Decimal] = {"leakage": Decimal(0)}  # bases are never added to each other
    for row in rows:
        if row["repaired"]:
            by_base[row["base"]] = by_base.get(row["base"], Decimal(0)) + row["repaired"]
    told = ", ".join(f"{base} {text_of(amount)}" for base, amount in by_base.items())
    out.print(f"Leakage repaired and other exposure, proven by a later build, {settings.reporting_currency}: {told}.")
    writes = sum(sum(one.writes.values()) for one in repaired.applied)
    out.print(f"{writes} writes to the systems, each read back.")
    for alert in (alert for one in repaired.applied for alert in one.alerts):
        out.print(f"Alert: {alert}", markup=False)
    _show_corrections(settings)


def _show_corrections(settings: Settings) -> None:
    from qtc_pipeline.cli.corrections import row_of
    from qtc_pipeline.corrections.contract import State
    from qtc_pipeline.ops import corrections
    from qtc_pipeline.ops.store import open_store

    with open_store(settings) as session:
        every = [row_of(row) for row in corrections.list_corrections(session)]
    counts: dict[tuple[str, str], int] = {}
    for row in every:
        key = (row["kind"], row["state"])
        counts[key] = counts.get(key, 0) + 1
    rows = [{"correction": kind, "state": state, "count": count} for (kind, state), count in sorted(counts.items())]
    show_rows(rows, ("correction", "state", "count"), title="Corrections")
    waiting = [
        {**row, "correction_id": row["correction_id"][:12]} for row in every if row["state"] == State.WAITING_APPROVAL
    ]
    if waiting:
        title = f"{len(waiting)} wait for approval (`qtc demo --approve-all` approves as two other people)"
        shown = ("correction_id", "kind", "class", "exposure", "policy", "policy_reason")
        show_rows(waiting[:_LARGEST], shown, title=title)


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
