"""Commands that do the work: ``run``, ``ingest``, ``publish``, ``lake``.

Add here: a command that reads systems, builds or publishes. Stays out: the work (``qtc_pipeline.run`` and the rooms).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtc_pipeline.cli.history import register as register_history
from qtc_pipeline.cli.output import out, progress, show_json, show_rows
from qtc_pipeline.errors import SettingsError

if TYPE_CHECKING:
    from qtc_pipeline.run import RunReport

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Full = Annotated[bool, typer.Option("--full", help="Read every record, not only what changed; finds hard deletes.")]
publish = typer.Typer(help="Publish, list, show and roll back publications.", invoke_without_command=True)
lake = typer.Typer(no_args_is_help=True, help="The raw lake.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(run)
    app.command()(ingest)
    register_history(publish)
    app.add_typer(publish, name="publish")
    app.add_typer(lake, name="lake")


def run(
    *,
    full: Full = False,
    known_at: Annotated[
        str | None, typer.Option(help="Build what was known at this instant, beside the present; reads no system.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the systems, build, judge and publish; does only the work the data asks for."""
    from qtc_pipeline.cli.history import run_known_at
    from qtc_pipeline.cli.sandbox import reachable_sandbox
    from qtc_pipeline.run import run as run_job
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    if known_at is not None:
        run_known_at(settings, known_at, as_json=as_json)
        return
    with progress(quiet=as_json) as telling, reachable_sandbox(settings, telling) as reached:
        report = run_job(reached, telling, "full" if full else "increment")
    if as_json:
        show_json(report_facts(report))
    else:
        show_report(report)
    report.raise_for_failure()


def ingest(
    instances: Annotated[list[str] | None, typer.Argument(help="Instances of qtc.toml; all by default.")] = None,
    *,
    entity: Annotated[list[str] | None, typer.Option(help="Only this entity; may be given several times.")] = None,
    full: Full = False,
    force_reason: Annotated[str | None, typer.Option(help="Commit a load that would be refused, and why.")] = None,
    person: Annotated[str | None, typer.Option(help="Who takes responsibility for --force-reason.")] = None,
    as_json: Json = False,
) -> None:
    """Read records into the raw lake, nothing else."""
    from qtc_pipeline.cli.sandbox import reachable_sandbox
    from qtc_pipeline.ingest.load import Force
    from qtc_pipeline.run import Mode, RunReport
    from qtc_pipeline.run import ingest as ingest_job
    from qtc_pipeline.settings import load_settings

    if bool(force_reason) != bool(person):
        raise SettingsError("--force-reason and --person", "only one of them was given", "Give both or none")
    force = Force(by=person, reason=force_reason) if force_reason and person else None
    settings = load_settings()
    report = RunReport()
    with progress(quiet=as_json) as telling, reachable_sandbox(settings, telling) as reached:
        mode: Mode = "full" if full else "increment"
        ingest_job(reached, telling, report, mode, instances=instances or (), entities=entity, force=force)
    show_rows(load_rows(report), (*LOAD_COLUMNS, "findings") if as_json else LOAD_COLUMNS, as_json=as_json)
    report.raise_for_failure()


LOAD_COLUMNS = ("instance", "entity", "mode", "rows", "versions", "deletes", "read_through", "seconds")


def load_rows(report: RunReport) -> list[dict[str, Any]]:
    """The loads of a report, one row each."""
    return [
        {
            "instance": instance,
            "seconds": round(result.seconds, 2),
            "findings": [asdict(found) for found in result.load.findings],
            **{name: getattr(result.load, name) for name in LOAD_COLUMNS if name not in {"instance", "seconds"}},
        }
        for instance, results in report.loads.items()
        for result in results
    ]


def report_facts(report: RunReport) -> dict[str, Any]:
    """A report as plain values."""
    made = report.publication
    return {
        "build_id": report.build_id,
        "unchanged": report.is_unchanged,
        "loads": load_rows(report),
        "unread": {name: str(error) for name, error in report.unread.items()},
        "verdicts": [{"stage": one.stage, **one.counts} for one in report.gates],
        "publication_id": made.publication.publication_id if made and made.publication else None,
        "held": report.held,
        "seconds": {stage: round(seconds, 1) for stage, seconds in report.seconds.items()},
    }


def show_report(report: RunReport) -> None:
    """Print what a run read, did and did not."""
    rows = [
        {
            "instance": name,
            "records_read": sum(one.load.rows for one in results),
            "new_versions": sum(one.load.versions for one in results),
            "deletes": sum(one.load.deletes for one in results),
            "seconds": round(sum(one.seconds for one in results), 1),
        }
        for name, results in report.loads.items()
    ]
    show_rows(rows, ("instance", "records_read", "new_versions", "deletes", "seconds"), title="Systems read")
    if report.is_unchanged:
        out.print("Nothing changed since the last build: nothing was built, judged or published.")
    for result in report.gates:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(result.counts.items()))
        out.print(f"Gates, stage {result.stage}: {counts}")
    spent = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.seconds.items())
    out.print(f"Time: {spent}")


@publish.callback()
def publish_now(context: typer.Context) -> None:
    """Publish the build in the warehouse by its own stored verdicts."""
    if context.invoked_subcommand is not None:
        return
    from qtc_pipeline.publish.publish import publish as publish_build
    from qtc_pipeline.settings import load_settings

    with progress() as telling:
        publish_build(load_settings(), None, telling.stage)


@publish.command("list")
def list_publications(*, as_json: Json = False) -> None:
    """List publications, newest first."""
    from qtc_pipeline.publish.reader import list_publications as listed
    from qtc_pipeline.settings import load_settings

    rows = [
        {
            "publication_id": one.publication_id,
            "current": one.is_current,
            "as_of": one.manifest["as_of"],
            "build_id": one.manifest["build_id"],
            "marts": ", ".join(f"{name} {mart['status']}" for name, mart in one.marts.items()),
        }
        for one in listed(load_settings())
    ]
    show_rows(
        rows, ("publication_id", "current", "as_of", *(("build_id",) if as_json else ()), "marts"), as_json=as_json
    )


@publish.command("show")
def show_publication(
    publication_id: Annotated[str | None, typer.Argument(help="Id or its beginning; the current by default.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show a publication: marts with status, tables with rows and content hashes, where it lies."""
    from qtc_pipeline.publish.reader import find_publication
    from qtc_pipeline.settings import load_settings

    found = find_publication(load_settings(), publication_id)
    if as_json:
        show_json({**found.manifest, "folder": found.folder, "is_current": found.is_current})
        return
    out.print(f"{found.publication_id}{' (current)' if found.is_current else ''} in {found.folder}")
    show_rows([{"mart": name, **mart} for name, mart in found.marts.items()], ("mart", "status", "reason"))
    tables = [{"table": name, **facts} for name, facts in found.manifest["tables"].items()]
    show_rows(tables, ("table", "rows", "content", "file"))


@publish.command("rollback")
def rollback(publication_id: Annotated[str, typer.Argument(help="Id or its beginning.")]) -> None:
    """Make an earlier publication the current one."""
    from qtc_pipeline.publish.publish import rollback as go_back
    from qtc_pipeline.settings import load_settings

    with progress() as telling:
        go_back(load_settings(), publication_id, telling.stage)


@lake.command("erase")
def erase(
    *,
    record: Annotated[str, typer.Option(help="The vendor's id of the record.")],
    instance: Annotated[str, typer.Option(help="Instance of qtc.toml that holds it.")],
    entity: Annotated[str, typer.Option(help="The vendor's name of the object, such as users.")],
    person: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    vendor: Annotated[str | None, typer.Option(help="Refuse where the instance is of another vendor.")] = None,
    field: Annotated[list[str] | None, typer.Option(help="One more payload field; may be given several times.")] = None,
    as_json: Json = False,
) -> None:
    """Erase what a record says about a person, in every version; ids, stamps and amounts stay. Logged for ever."""
    from qtc_pipeline.ingest.erase import erase_record
    from qtc_pipeline.past import forget
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    known = settings.instance(instance).vendor
    if vendor not in {None, known}:
        raise SettingsError(f"instance '{instance}'", f"is of {known}, not of {vendor}", "Correct one of them")
    with progress(quiet=as_json) as telling:
        done = erase_record(
            settings,
            instance=instance,
            entity=entity,
            record_id=record,
            person=person,
            reason=reason,
            members=field or (),
            say=telling.stage,
        )
    forget(settings)
    if as_json:
        show_json(asdict(done))
        return
    out.print(f"Erased {', '.join(done.members)} of {done.what}: {done.versions} version(s).")
    out.print("Run `qtc run`: the next build parses the lake anew, so that the warehouse forgets it too.")


@lake.command("erasures")
def erasures(*, as_json: Json = False) -> None:
    """List what was erased: who asked, why, when, how many versions."""
    from qtc_pipeline.lake import Lake
    from qtc_pipeline.settings import load_settings

    rows = [
        {
            **asdict(one),
            "members": ", ".join(one.members),
            "requested_at": datetime.fromisoformat(one.requested_at),
            "completed_at": datetime.fromisoformat(one.completed_at) if one.completed_at else None,
        }
        for one in Lake(load_settings().lake_dir).erasures()
    ]
    columns = ("requested_at", "instance", "entity", "record_id", "members", "versions", "person", "reason")
    show_rows(rows, (*columns, "completed_at"), as_json=as_json)


@lake.command("compact")
def compact(*, as_json: Json = False) -> None:
    """Rewrite many small files of the lake into few; every row and its load stay."""
    from qtc_pipeline.lake import Lake
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    with progress(quiet=as_json) as telling:
        telling.stage(f"compacting {settings.lake_dir}")
        done = Lake(settings.lake_dir).compact()
    rows = [
        {"vendor": vendor, "entity": entity, "files_before": before, "files_after": after}
        for (vendor, entity), (before, after) in done.items()
    ]
    show_rows(rows, ("vendor", "entity", "files_before", "files_after"), as_json=as_json)
