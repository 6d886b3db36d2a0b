"""Commands ``waivers add|list|end``: a person's decision to live with an exposure for a while.

Add here: what people may decide about a gate. Stays out: what a waiver does (``gates``): it covers exposure over
tolerance and the share in flight, never one of the equations.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from qtc_pipeline.cli.history import instant
from qtc_pipeline.cli.output import out, show_rows
from qtc_pipeline.errors import QtcError

waivers = typer.Typer(no_args_is_help=True, help="Exposure people decided to live with: who, why, until when.")
_COLUMNS = (
    *("waiver_id", "mart", "rule_id", "legal_entity_id", "period"),
    *("person", "reason", "created_at", "expires_at"),
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(waivers, name="waivers")


@waivers.command("add")
def add(
    *,
    mart: Annotated[str, typer.Option(help="The mart whose exposure is waived.")],
    rule: Annotated[str, typer.Option(help="The leg, as `qtc gates` names it: revenue.gl.")],
    person: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why this may wait.")],
    expires: Annotated[str, typer.Option(help="Until when, 2026-08-31 or with a time.")],
    legal_entity: Annotated[str | None, typer.Option(help="Only this legal entity; every one by default.")] = None,
    period: Annotated[str | None, typer.Option(help="Only this period, 2026-05; every one by default.")] = None,
) -> None:
    """Waive the exposure (or the share in flight) of a rule in a mart; the next run judges with it."""
    from qtc_pipeline.gates.contract import MARTS
    from qtc_pipeline.ops import verdicts
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    legs = MARTS[mart].exposure_legs if mart in MARTS else ()
    if rule not in legs:
        known = ", ".join(legs) or ", ".join(name for name, one in MARTS.items() if one.exposure_legs)
        raise QtcError(f"rule '{rule}' of mart '{mart}'", "has no exposure that gates", f"Use one of: {known}")
    if legal_entity is not None and legal_entity not in settings.legal_entity_ids:
        known = ", ".join(sorted(settings.legal_entity_ids))
        raise QtcError(f"legal entity '{legal_entity}'", f"not in {settings.config_path}", f"Use one of: {known}")
    until = instant(expires)
    if until <= settings.as_of_or_now():
        raise QtcError(f"expiry {until:%Y-%m-%d}", "is past already", "Name a later day")
    if not person.strip() or not reason.strip():
        raise QtcError("waiver", "--person and --reason must say something", "Name the person and the reason")
    with open_store(settings) as session:
        waiver = verdicts.add_waiver(
            session,
            mart=mart,
            rule_id=rule,
            legal_entity_id=legal_entity,
            period=period,
            person=person.strip(),
            reason=reason.strip(),
            expires_at=until,
        )
        out.print(f"Waiver {waiver.waiver_id} until {until:%Y-%m-%d %H:%M} UTC; `qtc run` judges with it.")


@waivers.command("list")
def listed(
    *,
    every: Annotated[bool, typer.Option("--all", help="Expired ones too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List waivers in force."""
    from qtc_pipeline.ops import verdicts
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    since = datetime.min.replace(tzinfo=UTC) if every else settings.as_of_or_now()
    with open_store(settings) as session:
        found = verdicts.active_waivers(session, since)
        rows = [{name: getattr(one, name) for name in _COLUMNS} for one in found]
    show_rows(rows, _COLUMNS, as_json=as_json)


@waivers.command("end")
def end(waiver_id: Annotated[int, typer.Argument(help="Id, from `qtc waivers list`.")]) -> None:
    """End a waiver now; it stays on record."""
    from qtc_pipeline.ops import verdicts
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    with open_store(settings) as session:
        if not verdicts.end_waiver(session, waiver_id, settings.as_of_or_now()):
            raise QtcError(f"waiver {waiver_id}", "there is none in force", "See `qtc waivers list`")
    out.print(f"Waiver {waiver_id} ended; `qtc run` judges without it.")
