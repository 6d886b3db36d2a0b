"""Commands ``dlq list|show|replay|discard``: what could not be done or read, until a person decides.

Add here: what a person does with a dead letter. Stays out: keeping letters (``ops.dead_letters``), planning anew
(``corrections.replay``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from qtc_pipeline.cli.corrections import Json, Limit, Token, person_of
from qtc_pipeline.cli.output import out, show_facts, show_json, show_rows

dlq = typer.Typer(no_args_is_help=True, help="Dead letters: nothing is dropped, everything waits for a decision.")
_COLUMNS = ("letter_id", "state", "cause", "target", "attempts", "correction_id", "reason", "created_at")
_Id = Annotated[int, typer.Argument(help="Id, from `qtc dlq list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(dlq, name="dlq")


@dlq.command("list")
def listed(
    *,
    state: Annotated[str, typer.Option(help="waiting, replayed, discarded; `all` for every one.")] = "waiting",
    cause: Annotated[str | None, typer.Option(help="rejected, exhausted, unmapped or undecodable.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List dead letters, oldest first."""
    from qtc_pipeline.ops import dead_letters
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        found = dead_letters.list_letters(session, state=None if state == "all" else state, cause=cause, limit=limit)
        rows = [_facts(one) for one in found]
    if not as_json:
        rows = [{**row, "correction_id": (row["correction_id"] or "")[:12]} for row in rows]
    show_rows(rows, _COLUMNS, as_json=as_json)


@dlq.command("show")
def show(letter_id: _Id, *, as_json: Json = False) -> None:
    """Show a dead letter: payload, reason, tries, and what was decided."""
    from qtc_pipeline.ops import dead_letters
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        facts = _facts(dead_letters.get(session, letter_id))
    if as_json:
        show_json(facts)
        return
    payload = facts.pop("payload")
    show_facts({name: value for name, value in facts.items() if value is not None})
    out.print("Payload:")
    show_json(payload)


@dlq.command("replay")
def replay(letter_id: _Id, *, token: Token = None) -> None:
    """Plan the repair anew from what the systems say now; the stored payload is never sent again."""
    from qtc_pipeline.corrections.replay import replay as plan_anew
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    out.print(plan_anew(settings, letter_id, person=person, now=datetime.now(UTC)), markup=False)


@dlq.command("discard")
def discard(letter_id: _Id, *, reason: Annotated[str, typer.Option(help="Why.")], token: Token = None) -> None:
    """Give a dead letter up for good; it stays on record with the person and the reason."""
    from qtc_pipeline.corrections.replay import discard as give_up
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    give_up(settings, letter_id, person=person, reason=reason, now=datetime.now(UTC))
    out.print(f"Dead letter {letter_id} is discarded.")


def _facts(letter: Any) -> dict[str, Any]:
    return {column.key: getattr(letter, column.key) for column in letter.__table__.columns if column.key != "digest"}
