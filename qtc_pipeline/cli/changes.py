"""Commands ``changes list|propose|approve``: settings that decide what is corrected, changed by two people.

Add here: what people do about a change of the settings. Stays out: which settings those are (the
corrections room).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from qtc_pipeline.cli.corrections import Json, Token, person_of
from qtc_pipeline.cli.output import out, show_rows
from qtc_pipeline.errors import CorrectionError

changes = typer.Typer(
    no_args_is_help=True,
    help="Policies, tolerances, mappings and targets: changed by one, approved by another.",
)
_COLUMNS = ("governed_id", "what", "state", "person", "at", "approved_by", "approved_at", "digest")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(changes, name="changes")


@changes.command("list")
def listed(*, as_json: Json = False) -> None:
    """List what is in force and what waits for a second person."""
    from qtc_pipeline.corrections.governance import documents
    from qtc_pipeline.ops import governed
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    with open_store(settings) as session:
        in_force = [row for what in documents(settings) if (row := governed.in_force(session, what)) is not None]
        rows = [
            {name: getattr(row, name, None) for name in _COLUMNS} | {"state": state, "digest": row.digest[:12]}
            for state, found in (("in force", in_force), ("waiting", governed.waiting(session)))
            for row in found
        ]
    show_rows(rows, _COLUMNS, as_json=as_json)


@changes.command("propose")
def propose(*, token: Token = None) -> None:
    """Propose what differs in qtc.toml from what is in force; until another approves it, nothing is planned."""
    from qtc_pipeline.corrections import governance
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    made = governance.propose(settings, person=person_of(settings, token), now=datetime.now(UTC))
    for row in made:
        out.print(f"Change {row.governed_id} of {row.what} waits for another person: `qtc changes approve`.")
    if not made:
        out.print("Everything in qtc.toml is in force already.")


@changes.command("approve")
def approve(
    change: Annotated[int, typer.Argument(help="Id, from `qtc changes list`.")], *, token: Token = None
) -> None:
    """Put a change into force that another person proposed; for approvers and admins."""
    from qtc_pipeline.ops import governed, people
    from qtc_pipeline.ops.store import open_ledger
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    name = person_of(settings, token)
    with open_ledger(settings) as session:
        if not people.may(people.enabled(session, name), "approver"):
            raise CorrectionError(f"user '{name}'", "is no approver", "Ask an approver")
        row = governed.approve(session, change, person=name, now=datetime.now(UTC))
    out.print(f"Change {change} of {row.what} is in force.")
