"""Commands ``audit verify|list``: whether the trail of what was done still holds, and what it says.

Add here: a question about the trail. Stays out: writing it (``ops.audit``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from qtc_pipeline.cli.output import out, show_json, show_rows

audit = typer.Typer(no_args_is_help=True, help="Who did what to which correction, and whether that record still holds.")
_COLUMNS = ("seq", "at", "actor", "action", "subject", "detail")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(audit, name="audit")


@audit.command("verify")
def verify(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check every row, their order, and against all publications that no last rows are missing.

    Names the first row that was edited, deleted or reordered and ends with 1. The key is QTC_AUDIT_KEY, or the file
    audit_key_file names, by default audit.key in the home.
    """
    from qtc_pipeline.ops import audit as trail
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    anchors = trail.anchors_in(settings.published_dir)
    with open_store(settings) as session:
        count = trail.verify(session, settings.audit_key, anchors)
        head = trail.head(session)[1]
    if as_json:
        show_json({"rows": count, "head": head, "publications": len(anchors)})
    else:
        out.print(f"{count} rows hold, as far as {len(anchors)} publications saw them. Head: {head}")


@audit.command("list")
def listed(
    *,
    subject: Annotated[str | None, typer.Option(help="Only rows about this id: correction, user or target.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, the last ones.", min=1)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what was done, first to last."""
    from qtc_pipeline.ops import audit as trail
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in trail.rows_of(session, subject, limit)]
    show_rows(rows, _COLUMNS, as_json=as_json)
