"""Commands that show what is there: ``exceptions``, ``gates``, ``publish list|show|rollback``, ``trace``.

Add here: a view of the publication or of the operational store. Stays out: reading systems, building.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from qtc_pipeline.cli.output import out, show_facts, show_json, show_rows
from qtc_pipeline.errors import QtcError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most this many rows.")]
exceptions = typer.Typer(no_args_is_help=True, help="What people have to work on: the exception queue.")
CASE_COLUMNS = (
    "exception_id",
    "class",
    "exposure_reporting",
    "base",
    "legal_entity_id",
    "grain_key",
    "sla_due",
    "state",
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(gates)
    app.command()(trace)
    app.add_typer(exceptions, name="exceptions")


def gates(
    build: Annotated[str | None, typer.Option(help="A build id; the last judged one by default.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Green verdicts too.")] = False,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """Show the stored verdicts of a build: what was compared, what is unexplained, what was held and why."""
    from qtc_pipeline.gates.contract import MARTS, decide
    from qtc_pipeline.ops import builds, verdicts
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        build_id = build or builds.last_judged(session)
        if build_id is None:
            raise QtcError("gates", "no build was judged yet", "Run `qtc run` first")
        stored = verdicts.verdicts_of(session, build_id)
        rows = [_verdict_row(row) for row in stored if every or row.verdict not in {"pass", "not_applicable"}]
        decisions = [decide(mart, [row for row in stored if row.mart == name]) for name, mart in MARTS.items()]
        counts: dict[str, int] = {}
        for row in stored:
            counts[row.verdict] = counts.get(row.verdict, 0) + 1
    marts = [{"mart": one.mart, "status": str(one.status), "reason": one.reason} for one in decisions]
    if as_json:
        show_json({"build_id": build_id, "counts": counts, "marts": marts, "verdicts": rows[:limit]})
        return
    out.print(f"Build {build_id}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    show_rows(marts, ("mart", "status", "reason"))
    if rows:
        show_rows(rows[:limit], ("mart", "gate", "rule_id", "period", "legal_entity_id", "verdict", "reason"))


@exceptions.command("list")
def list_exceptions(
    *,
    break_class: Annotated[str | None, typer.Option("--class", help="One class.")] = None,
    state: Annotated[str, typer.Option(help="State; `all` for every one.")] = "open",
    legal_entity: Annotated[str | None, typer.Option(help="One legal entity.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List exceptions, the largest exposure first."""
    from qtc_pipeline.ops import exceptions as store
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        cases = store.list_exceptions(
            session,
            state=None if state == "all" else state,
            break_class=break_class,
            legal_entity_id=legal_entity,
            limit=limit,
        )
        rows = [_case_row(case) for case in cases]
    if not as_json:
        rows = [{**row, "exception_id": row["exception_id"][:12]} for row in rows]
    show_rows(rows, CASE_COLUMNS, as_json=as_json)


@exceptions.command("show")
def show_exception(
    exception_id: Annotated[str, typer.Argument(help="Id, or its first characters.")], *, as_json: Json = False
) -> None:
    """Show one exception: what differs, since when, whose it is, its occurrences."""
    from qtc_pipeline.ops import exceptions as store
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        case = store.find_exception(session, exception_id)
        if case is None:
            raise QtcError(
                f"exception {exception_id}", "there is none, or several begin so", "See `qtc exceptions list`"
            )
        facts = _case_row(case)
        lives = [_columns_of(one) for one in store.occurrences_of(session, case.exception_id)]
    if as_json:
        show_json({**facts, "occurrences": lives})
        return
    show_facts({key: value for key, value in facts.items() if value is not None})
    show_rows(lives, ("occurrence", "opened_at", "resolved_at", "resolution", "exposure_amount"), title="Occurrences")


def trace(
    qtc_id: Annotated[str, typer.Argument(help="Correlation id of an engagement, or of an exception's row.")],
    *,
    as_json: Json = False,
) -> None:
    """Tell the story of one engagement through all systems, in time order."""
    from qtc_pipeline.publish.story import read_story
    from qtc_pipeline.settings import load_settings

    rows = read_story(load_settings(), qtc_id)
    show_rows(rows, ("at", "system", "event", "reference", "amount", "currency", "detail"), as_json=as_json)


def _verdict_row(row: Any) -> dict[str, Any]:
    return {
        key: value for key, value in _columns_of(row).items() if key not in {"verdict_id", "watermarks", "build_id"}
    }


def _case_row(case: Any) -> dict[str, Any]:
    facts = _columns_of(case)
    return {"exception_id": facts.pop("exception_id"), "class": facts.pop("break_class"), **facts}


def _columns_of(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}
