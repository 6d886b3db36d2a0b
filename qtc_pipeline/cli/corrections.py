"""Commands ``corrections plan|queue|list|show|approve|reject|cancel|confirm|apply|release``: the closed loop, by hand.

Add here: something a person asks of a correction, or says to it. Stays out: planning, deciding and writing (the
corrections room); dead letters (``dlq``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtc_pipeline.cli.output import out, progress, show_facts, show_json, show_rows, text_of
from qtc_pipeline.errors import CorrectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtc_pipeline.corrections.outcome import Plan
    from qtc_pipeline.corrections.report import Report
    from qtc_pipeline.ops.models_corrections import Correction
    from qtc_pipeline.settings import Settings

corrections = typer.Typer(
    no_args_is_help=True, help="Repairs of the source systems: planned, approved, written, proven."
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most this many rows.")]
Id = Annotated[str, typer.Argument(help="Id of the correction, or its first characters.")]
Token = Annotated[
    str | None, typer.Option(envvar="QTC_TOKEN", help="Your token; rather QTC_TOKEN. It is asked for where missing.")
]
LIST_COLUMNS = (
    "correction_id", "state", "kind", "class", "exposure", "policy", "instances", "legal_entity_id", "reason",
)  # fmt: skip
_STEP_COLUMNS = ("number", "instance", "record", "field", "old", "new", "state", "made_key")
_TRY_COLUMNS = ("number", "attempt_no", "intent_at", "sent_at", "ended_at", "outcome", "code", "message")
_EVENT_COLUMNS = ("correction_id", "kind", "number", "instance", "outcome", "told")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(corrections, name="corrections")


@corrections.command("plan")
def plan(
    *,
    print_only: Annotated[bool, typer.Option("--print-only", help="Do not put it into the ledger.")] = False,
    break_class: Annotated[str | None, typer.Option("--class", help="Show proposals for one class only.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Plan corrections of the last build's exceptions; calls no system, writes to none."""
    from qtc_pipeline.corrections.governance import check
    from qtc_pipeline.corrections.plan import plan as make
    from qtc_pipeline.corrections.plan import save
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    now = datetime.now(UTC)
    made = make(settings, now=now)
    if not print_only:
        check(settings, actor=settings.corrections.proposer, now=now)
        save(settings, made, actor=settings.corrections.proposer, now=now)
    show_plan(made, break_class=break_class, limit=limit, as_json=as_json)


def show_plan(made: Plan, *, break_class: str | None, limit: int, as_json: bool) -> None:
    """Print what would be changed, and what is not planned and why."""
    from qtc_pipeline.corrections.stored import to_plan

    wanted = [one for one in made.proposals if break_class in {None, one.break_class}]
    if as_json:
        show_json(
            {
                "build_id": made.build_id,
                "proposals": [
                    {**to_plan(one), "correction_id": one.correction_id, "plan_hash": one.plan_hash} for one in wanted
                ],
                "skipped": [vars_of(one) for one in made.skipped],
                "stopped": made.stopped,
            }
        )
        return
    rows = [
        {
            "correction_id": one.correction_id[:12],
            "kind": str(one.kind),
            "class": one.break_class,
            "exposure": one.exposure,
            "instances": ", ".join(one.instances),
            "what": one.steps[0].title if one.steps else "",
        }
        for one in wanted[:limit]
    ]
    title = f"{len(wanted)} corrections planned from build {made.build_id[:12]}"
    show_rows(rows, ("correction_id", "kind", "class", "exposure", "instances", "what"), title=title)
    why: dict[str, int] = {}
    for one in made.skipped:
        why[one.reason] = why.get(one.reason, 0) + 1
    for reason, count in sorted(why.items(), key=lambda item: (-item[1], item[0])):
        out.print(f"Not planned: {count} x {reason}", markup=False)
    for name, sentence in made.stopped.items():
        out.print(f"Stopped: {name}: {sentence}", markup=False)


def vars_of(one: Any) -> dict[str, Any]:
    """The fields of a small frozen record."""
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


@corrections.command("queue")
def queue(*, limit: Limit = 50, as_json: Json = False) -> None:
    """Show won deals that cannot be activated yet: the missing item, its owner, the exposure behind it."""
    from qtc_pipeline.corrections.readiness import NOT_READY_COLUMNS, not_ready
    from qtc_pipeline.settings import load_settings

    show_rows(not_ready(load_settings())[:limit], NOT_READY_COLUMNS, as_json=as_json)


@corrections.command("list")
def listed(
    *,
    state: Annotated[str, typer.Option(help="State, several with commas; `all` for every one.")] = "all",
    kind: Annotated[str | None, typer.Option(help="One correction, as the policy names it.")] = None,
    break_class: Annotated[str | None, typer.Option("--class", help="Of exceptions of one class.")] = None,
    instance: Annotated[str | None, typer.Option(help="Writing to one instance.")] = None,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """List corrections, the largest exposure first: the order in which they are written."""
    from qtc_pipeline.ops import corrections as ledger
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    states = None if state == "all" else {one.strip() for one in state.split(",")}
    with open_store(load_settings()) as session:
        found = ledger.list_corrections(
            session, state=states, kind=kind, break_class=break_class, instance=instance, limit=limit
        )
        rows = [row_of(one) for one in found]
    if not as_json:
        rows = [{**row, "correction_id": row["correction_id"][:12]} for row in rows]
    show_rows(rows, LIST_COLUMNS, as_json=as_json)


def row_of(one: Correction) -> dict[str, Any]:
    """A correction as a row."""
    hidden = {"plan", "drain_order", "break_class"}
    facts = {column.key: getattr(one, column.key) for column in one.__table__.columns if column.key not in hidden}
    instances = dict.fromkeys(step["instance"] for step in one.plan["steps"])
    return {**facts, "class": one.break_class, "instances": ", ".join(instances)}


@corrections.command("show")
def show(correction_id: Id, *, as_json: Json = False) -> None:
    """Show one correction: each field old and new, evidence, who agreed, every try and its outcome."""
    from qtc_pipeline.ops import corrections as ledger
    from qtc_pipeline.ops.store import open_store
    from qtc_pipeline.settings import load_settings

    with open_store(load_settings()) as session:
        one = ledger.get(session, correction_id)
        facts = row_of(one)
        steps = {step.number: step for step in ledger.steps_of(session, one.correction_id)}
        tries = [_columns(row, _TRY_COLUMNS) for row in ledger.attempts_of(session, one.correction_id)]
        said = [
            _columns(row, ("person", "decision", "reason", "at", "expires_at"))
            for row in ledger.approvals_of(session, one.correction_id)
        ]
        fields = [row for step in one.plan["steps"] for row in _fields(step, steps[step["number"]])]
        plan_ = one.plan
    if as_json:
        show_json({**facts, "plan": plan_, "attempts": tries, "approvals": said})
        return
    told = {**{name: value for name, value in facts.items() if value is not None}, "expects": plan_["expects"]}
    show_facts(told)
    show_rows(fields, _STEP_COLUMNS, title="What it writes")
    show_rows(plan_["evidence"], ("instance", "entity", "record_id", "version_at", "load_id"), title="Evidence")
    if said:
        show_rows(said, ("person", "decision", "reason", "at", "expires_at"), title="Decisions")
    if tries:
        show_rows(tries, _TRY_COLUMNS, title="Tries")


def _columns(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _fields(step: dict[str, Any], stored: Any) -> list[dict[str, Any]]:
    """A row a field of a step; lines of a document in one each."""
    write = step["write"]
    record = f"{write['entity']} {write['key'] or write['marker'] or ''}".strip()
    shared = {"number": step["number"], "instance": step["instance"], "record": record}
    done = {"state": stored.state, "made_key": stored.made_key}
    rows = [
        {**shared, "field": name, "old": write["old"].get(name), "new": value, **done}
        for name, value in write["new"].items()
    ]
    for place, line in enumerate(write["lines"], start=1):
        told = ", ".join(f"{name} {text_of(value)}" for name, value in line.items() if value is not None)
        rows.append({**shared, "field": f"line {place}", "old": None, "new": told, **done})
    return rows


@corrections.command("approve")
def approve(
    correction_ids: Annotated[list[str] | None, typer.Argument(help="Ids, or their first characters.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every one that waits and that you may approve.")] = False,
    reason: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    token: Token = None,
) -> None:
    """Approve the plan as it stands now; another plan needs another approval."""
    from qtc_pipeline.corrections.approve import approve as give
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    waiting = _waiting(settings, None if every else correction_ids or [])
    if not waiting:
        raise CorrectionError("approve", "nothing waits by these names", "See `qtc corrections list`")
    refused = 0
    for correction_id, plan_hash in waiting:
        try:
            state = give(
                settings, correction_id, person=person, plan_hash=plan_hash, reason=reason, now=datetime.now(UTC)
            )
        except CorrectionError as error:
            if not every:
                raise
            refused += 1
            out.print(f"{correction_id[:12]}: {error}", markup=False)
        else:
            out.print(f"{correction_id[:12]}: {state}")
    if refused == len(waiting):
        raise CorrectionError("approve", f"none of {refused} may be approved by {person}", "See the reasons above")


def _waiting(settings: Settings, ids: list[str] | None) -> list[tuple[str, str]]:
    """Id and plan hash of the named corrections, or of all that wait."""
    from qtc_pipeline.ops import corrections as ledger
    from qtc_pipeline.ops.store import open_store

    with open_store(settings) as session:
        if ids is None:
            rows = ledger.list_corrections(session, state="waiting_approval")
        else:
            rows = [ledger.get(session, one) for one in ids]
        return [(row.correction_id, row.plan_hash) for row in rows]


def person_of(settings: Settings, token: str | None) -> str:
    """The name behind a token; asks for the token where none was given.

    Raises:
        CorrectionError: it belongs to nobody.
    """
    from qtc_pipeline.ops import people
    from qtc_pipeline.ops.store import open_store

    said = token or typer.prompt("Your token", hide_input=True)
    with open_store(settings) as session:
        return people.check_token(session, said).name


@corrections.command("reject")
def reject(
    correction_id: Id, *, reason: Annotated[str, typer.Option(help="Why it must not be done.")], token: Token = None
) -> None:
    """Decline a plan; the exception stays with its owner."""
    from qtc_pipeline.corrections.approve import reject as decline
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    ((whole, plan_hash),) = _waiting(settings, [correction_id])
    state = decline(settings, whole, person=person, plan_hash=plan_hash, reason=reason, now=datetime.now(UTC))
    out.print(f"{whole[:12]}: {state}")


@corrections.command("cancel")
def cancel(correction_id: Id, *, reason: Annotated[str, typer.Option(help="Why.")], token: Token = None) -> None:
    """Give a correction up before it is applied, or where a person is to decide."""
    from qtc_pipeline.corrections.approve import cancel as give_up
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    ((whole, _),) = _waiting(settings, [correction_id])
    out.print(f"{whole[:12]}: {give_up(settings, whole, person=person, reason=reason, now=datetime.now(UTC))}")


@corrections.command("confirm")
def confirm(
    correction_id: Id,
    *,
    reason: Annotated[str, typer.Option(help="How you know: who looked, and where.")],
    token: Token = None,
) -> None:
    """Say of a correction that needs a person that its writes are in effect; the rule has the last word."""
    from qtc_pipeline.corrections.approve import confirm as say_so
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    ((whole, _),) = _waiting(settings, [correction_id])
    out.print(f"{whole[:12]}: {say_so(settings, whole, person=person, reason=reason, now=datetime.now(UTC))}")


@corrections.command("apply")
def apply(
    correction_ids: Annotated[list[str] | None, typer.Argument(help="Only these; all approved by default.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look and compare, write nothing anywhere.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Begin at most so many.")] = None,
    as_json: Json = False,
) -> None:
    """Write what is approved, settle what is in doubt, and read back what was written."""
    from qtc_pipeline.cli.sandbox import reachable_sandbox
    from qtc_pipeline.corrections.apply import apply as write
    from qtc_pipeline.repair import read_back
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    only = None if not correction_ids else [one for one, _ in _waiting(settings, correction_ids)]
    with progress(quiet=as_json) as telling, reachable_sandbox(settings, telling) as reached:
        telling.stage("apply what is approved")
        report = write(reached, dry_run=dry_run, limit=limit, only=only)
        show_applied(report, as_json=as_json)
        read_back(reached, report, telling.stage)


def show_applied(report: Report, *, as_json: bool = False) -> None:
    """Print what became of each correction that was touched, and what waits and why."""
    if as_json:
        show_json(report.to_plain())
        return
    rows = [{**vars_of(event), "correction_id": event.correction_id[:12]} for event in report.events]
    show_rows(rows, _EVENT_COLUMNS)
    for target, reason in report.stopped.items():
        out.print(f"{target} was not written to the end: {reason}", markup=False)
    for correction_id, reason in report.left.items():
        out.print(f"{correction_id[:12]} waits: {reason}", markup=False)
    for alert in report.alerts:
        out.print(f"Alert: {alert}", markup=False)


@corrections.command("release")
def release(
    break_class: Annotated[str, typer.Argument(help="The class that was stopped for a flood of exceptions.")],
    *,
    reason: Annotated[str, typer.Option(help="Why so many are right.")],
    token: Token = None,
) -> None:
    """Let a class be planned again that a sudden flood of exceptions had stopped."""
    from qtc_pipeline.ops import class_stops
    from qtc_pipeline.ops.store import open_ledger
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    person = person_of(settings, token)
    with open_ledger(settings) as session:
        class_stops.release(session, break_class, person=person, reason=reason, now=datetime.now(UTC))
    out.print(f"{break_class} is planned again; `qtc corrections plan` does it.")
