"""Commands ``users add|list|token|disable``: who may look, operate, approve or administer, and up to which amount.

Add here: what an admin does about people. Stays out: what people decide (corrections, dead letters, waivers).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from qtc_pipeline.cli.output import err, out, show_rows
from qtc_pipeline.errors import QtcError

users = typer.Typer(no_args_is_help=True, help="People who may decide about corrections, their roles and limits.")
_COLUMNS = ("name", "role", "approval_limit", "created_at", "disabled_at")
_Token = Annotated[
    str | None,
    typer.Option(envvar="QTC_TOKEN", help="An admin's token; not needed while there is no admin. Rather QTC_TOKEN."),
]
_Name = Annotated[str, typer.Argument(help="Name, as `qtc users list` shows it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(users, name="users")


@users.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name: letters, digits and . _ @ + -")],
    *,
    role: Annotated[str, typer.Option(help="viewer, operator, approver or admin; each may do what those before may.")],
    limit: Annotated[
        str | None, typer.Option(help="Largest exposure they may approve, in the reporting currency; any by default.")
    ] = None,
    token: _Token = None,
) -> None:
    """Add a person and print their token, this once; the store keeps a salted hash of it."""
    from qtc_pipeline.ops import people
    from qtc_pipeline.ops.store import open_ledger
    from qtc_pipeline.settings import load_settings

    amount = _amount(limit)
    with open_ledger(load_settings()) as session:
        actor = people.administrator(session, token)
        made = people.add(session, name, role, actor=actor, now=datetime.now(UTC), approval_limit=amount)
    err.print(f"{name} is {role}. The token is shown this once; use it as QTC_TOKEN:")
    out.print(made, markup=False, soft_wrap=True)


@users.command("list")
def listed(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List people, disabled ones too."""
    from qtc_pipeline.ops import people
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in people.list_people(session)]
    show_rows(rows, _COLUMNS, as_json=as_json)


@users.command("token")
def new_token(name: _Name, *, token: _Token = None) -> None:
    """Give a person a new token, printed this once; the one before is void."""
    from qtc_pipeline.ops import people
    from qtc_pipeline.ops.store import open_ledger
    from qtc_pipeline.settings import load_settings

    with open_ledger(load_settings()) as session:
        actor = people.administrator(session, token)
        made = people.new_token(session, name, actor=actor, now=datetime.now(UTC))
    err.print(f"The token of {name} is shown this once; the one before is void:")
    out.print(made, markup=False, soft_wrap=True)


@users.command("disable")
def disable(name: _Name, *, token: _Token = None) -> None:
    """Take every right from a person; what they approved no longer counts, and they stay on record."""
    from qtc_pipeline.ops import people
    from qtc_pipeline.ops.store import open_ledger
    from qtc_pipeline.settings import load_settings

    with open_ledger(load_settings()) as session:
        people.disable(session, name, actor=people.administrator(session, token), now=datetime.now(UTC))
    out.print(f"{name} is disabled.")


def _amount(said: str | None) -> Decimal | None:
    try:
        return None if said is None else Decimal(said)
    except InvalidOperation:
        raise QtcError(f"limit '{said}'", "is no amount", "Write it as 25000 or 25000.50") from None
