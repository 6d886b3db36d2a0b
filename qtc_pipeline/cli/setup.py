"""Commands that set up and look after an installation: ``init``, ``doctor``, ``dev``, ``systems check``.

Add here: commands that touch no business data. Stays out: the pipeline's own work.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from qtc_pipeline.cli.output import out, progress, show_rows
from qtc_pipeline.errors import QtcError, SettingsError, SystemReadError

_DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
freshness: {enabled: true}
# runs wait for each other at the warehouse's own lock, which a killed run cannot keep; a slot here it would keep
concurrency: {runs: {max_concurrent_runs: -1}}
# a run killed from outside cannot say so itself: after this time it counts as failed, and that is said once
run_monitoring: {enabled: true, max_runtime_seconds: 21600}
"""
systems = typer.Typer(no_args_is_help=True, help="The connected systems.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(doctor)
    app.command()(dev)
    app.add_typer(systems, name="systems")


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("qtc.toml"),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented example of qtc.toml."""
    from qtc_pipeline.settings import EXAMPLE

    if path.exists() and not force:
        raise SettingsError(str(path), "is there already", "Give another name, or --force")
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    out.print(f"Wrote {path}. Describe your systems in it, set the secrets, then try `qtc systems check`.")


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check the installation: settings, secrets, folders, versions, the one-writer lock, the publication."""
    rows = [_checked(name, check) for name, check in _DOCTOR]
    show_rows(rows, ("check", "ok", "finding"), as_json=as_json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def dev(
    *,
    host: Annotated[str, typer.Option(help="Address to bind to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of the UI.")] = 3000,
) -> None:
    """Open the Dagster UI on the whole graph, with schedules and sensors."""
    from qtc_pipeline.settings import child_environment, load_settings
    from qtc_pipeline.transform.dbt import prepare_manifest

    settings = load_settings(fall_back_to_example=True)
    prepare_manifest(settings)
    home = prepare_dagster_home(settings.dagster_home)
    workspace = Path(__file__).resolve().parents[2] / "workspace.yaml"
    target = ["-w", str(workspace)] if workspace.is_file() else ["-m", "qtc_pipeline.definitions"]
    out.print(f"Dagster UI: http://{host}:{port}")
    command = [str(Path(sys.executable).with_name("dagster")), "dev", *target, "-h", host, "-p", str(port)]
    done = subprocess.run(command, env=child_environment(DAGSTER_HOME=str(home)), check=False)  # noqa: S603
    raise typer.Exit(done.returncode)


def prepare_dagster_home(home: Path) -> Path:
    """Make DAGSTER_HOME with a ``dagster.yaml`` (no telemetry, freshness on) where there is none; returns it."""
    home.mkdir(parents=True, exist_ok=True)
    file = home / "dagster.yaml"
    if not file.exists():
        file.write_text(_DAGSTER_YAML, encoding="utf-8")
    return home


@systems.command("check")
def check_systems(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Log in to every instance and count one entity: proves address, credentials and permissions."""
    from qtc_pipeline.cli.sandbox import reachable_sandbox
    from qtc_pipeline.ingest.run import check_instance
    from qtc_pipeline.settings import load_settings

    rows: list[dict[str, Any]] = []
    with progress(quiet=as_json) as telling, reachable_sandbox(load_settings(), telling) as settings:
        for one in settings.instances:
            row: dict[str, Any] = {"instance": one.name, "vendor": one.vendor, "roles": ", ".join(one.roles)}
            try:
                row |= {"ok": True, "finding": check_instance(settings, one.name)}
            except (SystemReadError, SettingsError) as error:
                row |= {"ok": False, "finding": str(error)}
            rows.append(row)
    show_rows(rows, ("instance", "vendor", "roles", "ok", "finding"), as_json=as_json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(4)


def _checked(name: str, check: Any) -> dict[str, Any]:
    try:
        return {"check": name, "ok": True, "finding": check()}
    except QtcError as error:
        return {"check": name, "ok": False, "finding": str(error)}


def _check_settings() -> str:
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    return f"{settings.config_path}: {len(settings.instances)} instances, {len(settings.legal_entities)} legal entities"


def _check_secrets() -> str:
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    for instance in settings.instances:
        _ = instance.private_key if instance.vendor == "netsuite" else instance.secret
    return "every instance has its secret"


def _check_versions() -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "deltalake"))


def _check_home() -> str:
    from qtc_pipeline.settings import load_settings

    home = load_settings().home
    home.mkdir(parents=True, exist_ok=True)
    probe = home / ".doctor"
    try:
        probe.write_text("", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise QtcError(f"folder {home}", str(error), "Make it writable, or set QTC_HOME") from None
    return f"{home} is writable"


def _check_writer() -> str:
    from qtc_pipeline.ops.lock import holder
    from qtc_pipeline.settings import load_settings

    pid = holder(load_settings().warehouse_path)
    return f"process {pid} writes the warehouse now" if pid else "no process writes the warehouse"


def _check_publication() -> str:
    from qtc_pipeline.publish.reader import current_publication
    from qtc_pipeline.settings import load_settings

    current = current_publication(load_settings())
    return f"current is {current.publication_id}" if current else "nothing is published yet"


_DOCTOR = (
    ("settings", _check_settings),
    ("secrets", _check_secrets),
    ("home", _check_home),
    ("versions", _check_versions),
    ("writer", _check_writer),
    ("publication", _check_publication),
)
