"""Commands around the sandbox: ``demo`` and ``sandbox serve|advance|stop|fault``.

Here: bringing a sandbox up for a command and down again. Stays out: the firm and its servers (the sandbox room).

A home folder that a demo made holds ``qtc.toml`` and either ``sandbox/firm.json`` (the simulators' firm and its day) or
``tryton/`` (the real server). Commands that read systems start what is needed and stop what they started.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qtc_pipeline.cli.output import out, progress, show_rows
from qtc_pipeline.errors import SandboxError

if TYPE_CHECKING:
    from qtc_pipeline.run import Telling
    from qtc_pipeline.sandbox.firm import Firm
    from qtc_pipeline.settings import Settings

sandbox = typer.Typer(no_args_is_help=True, help="The synthetic firm and the servers that speak for its systems.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.add_typer(sandbox, name="sandbox")


def demo(
    *,
    tryton: Annotated[bool, typer.Option("--tryton", help="On a real Tryton server instead of simulators.")] = False,
    scale: Annotated[str, typer.Option(help="Size of the firm; 1 is 100 consultants over 18 months.")] = "0.2",
    seed: Annotated[int, typer.Option(help="Another seed, another firm.")] = 7,
    approve_all: Annotated[
        bool, typer.Option("--approve-all", help="Two other people approve every correction that waits.")
    ] = False,
) -> None:
    """Set up a firm, run the main job on its systems, repair what may be repaired, show the result."""
    from qtc_pipeline.cli.demo import close_the_loop, exceptions_by_class, show_summary
    from qtc_pipeline.run import run
    from qtc_pipeline.settings import home_in_force, load_settings

    home = home_in_force() / "tryton-firm" if tryton else home_in_force()
    with progress() as telling:
        if tryton:
            _prepare_tryton(home)
        else:
            _prepare_simulators(home, seed, scale, telling)
        settings = load_settings(home / "qtc.toml", home=home)
        with reachable_sandbox(settings, telling) as reached:
            report = run(reached, telling)
            before = exceptions_by_class(settings)
            repaired = None if tryton else close_the_loop(reached, telling, approve_all=approve_all)
    show_summary(settings, report, before, repaired)
    (repaired.runs[-1] if repaired and repaired.runs else report).raise_for_failure()


@sandbox.command("serve")
def serve(
    *, background: Annotated[bool, typer.Option("--background", help="Return; stop with `qtc sandbox stop`.")] = False
) -> None:
    """Serve the firm's CRM, PSA and ERP on loopback until interrupted."""
    from qtc_pipeline.sandbox.servers import background as servers
    from qtc_pipeline.settings import load_settings

    folder = load_settings().sandbox_dir
    _stored_firm(folder)
    if background:
        _say_addresses(servers.start(folder))
    else:
        servers.serve(folder, on_ready=_say_addresses)


def _say_addresses(facts: dict[str, dict[str, Any]]) -> None:
    for name, one in facts.items():
        out.print(f"{name}: {one['vendor']} at {one['base_url']}")


@sandbox.command("stop")
def stop() -> None:
    """Stop servers that run in the background; their state stays."""
    from qtc_pipeline.sandbox.servers import background as servers
    from qtc_pipeline.settings import load_settings

    was_running = servers.stop(load_settings().sandbox_dir)
    out.print("Stopped." if was_running else "They were not running.")


@sandbox.command("advance")
def advance(days: Annotated[int, typer.Argument(min=1, help="How many days.")] = 1) -> None:
    """Move the firm's day forward: new time, invoices, payments, late entries, deletions."""
    from qtc_pipeline.sandbox.servers.serve import fill
    from qtc_pipeline.settings import load_settings

    settings = load_settings()
    folder = settings.sandbox_dir
    with progress() as telling:
        for _ in range(days):
            firm = _stored_firm(folder, ahead=1)
            telling.stage(f"the firm's day is now {firm.as_of:%Y-%m-%d}")
            fill(folder, firm)
            _store_firm(folder, firm)
            _write_config(settings.home, firm)
    out.print("Run `qtc run` to read what changed.")


@sandbox.command("fault")
def fault(
    instance: Annotated[str, typer.Argument(help="crm, psa or erp; without one, what can go wrong is listed.")] = "",
    name: Annotated[str, typer.Argument(help="Of the fault; without one, the instance is healthy again.")] = "",
    *,
    entity: Annotated[str, typer.Option(help="Pattern of the object asked for; any request without it.")] = "",
    count: Annotated[int | None, typer.Option(min=1, help="Requests it strikes; else its own number.")] = None,
    seed: Annotated[int, typer.Option(help="Which of the possible ones.")] = 0,
) -> None:
    """Let servers that run in the background go wrong on their next requests."""
    from qtc_pipeline.sandbox.servers import background as servers
    from qtc_pipeline.sandbox.servers.faults import FAULTS, WRITE_FAULTS
    from qtc_pipeline.settings import load_settings

    if not instance:
        listed = [
            {"fault": one.name, "what_a_client_sees": one.does, "vendors": ", ".join(one.vendors)}
            for one in (*FAULTS, *WRITE_FAULTS)
        ]
        show_rows(listed, ("fault", "what_a_client_sees", "vendors"))
        return
    wanted = {"name": name, "entity": entity, "seed": seed, **({"count": count} if count else {})}
    servers.control(load_settings().sandbox_dir, instance, {"inject": [wanted]} if name else {"clear": True})
    out.print(f"{instance}: {name} waits for its requests." if name else f"{instance}: healthy.")


@contextmanager
def reachable_sandbox(settings: Settings, telling: Telling) -> Iterator[Settings]:
    """The settings with their sandbox servers running where the home has a sandbox, else the settings as they are.

    Servers that run already are used and left; those started here are stopped at the end.
    """
    if _is_tryton(settings):
        from qtc_pipeline.sandbox.tryton.server import running

        with running(settings.home, progress=telling.stage) as server:
            yield _moved(settings, {"tryton": server.base_url})
    elif _firm_file(settings.sandbox_dir).is_file() and settings.config_path == settings.home / "qtc.toml":
        from qtc_pipeline.sandbox.servers import background

        was_running = background.running_process(settings.sandbox_dir) is not None
        facts = background.start(settings.sandbox_dir)
        try:
            yield _moved(settings, {name: str(one["base_url"]) for name, one in facts.items()})
        finally:
            if not was_running:
                background.stop(settings.sandbox_dir)
    else:
        yield settings


def _is_tryton(settings: Settings) -> bool:
    return (settings.home / "tryton").is_dir() and settings.config_path == settings.home / "qtc.toml"


def _moved(settings: Settings, addresses: dict[str, str]) -> Settings:
    instances = tuple(
        one.model_copy(update={"base_url": addresses[one.name]}) if one.name in addresses else one
        for one in settings.instances
    )
    return settings.model_copy(update={"instances": instances})


def _prepare_tryton(home: Path) -> None:
    from qtc_pipeline.sandbox.tryton.server import tryton_toml

    (home / "tryton").mkdir(parents=True, exist_ok=True)
    config = home / "qtc.toml"
    if not config.is_file():
        config.write_text(tryton_toml(home, 8000), encoding="utf-8")


def _prepare_simulators(home: Path, seed: int, scale: str, telling: Telling) -> None:
    """Make the firm and fill the servers' state, unless this home has that firm already (on whatever day it is)."""
    from qtc_pipeline.sandbox.firm import Firm
    from qtc_pipeline.sandbox.servers.serve import fill

    folder = home / "sandbox"
    if _firm_file(folder).is_file():
        known = _stored_firm(folder)
        if (known.seed, known.scale) != (seed, Decimal(scale)):
            raise SandboxError(
                f"home {home}",
                f"holds the firm of seed {known.seed} at scale {known.scale}",
                "Use another QTC_HOME for another firm, or remove this one",
            )
        telling.stage(f"the sandbox firm is there, on {known.as_of:%Y-%m-%d}")
        return
    telling.stage(f"making the sandbox firm: seed {seed}, scale {scale}")
    shutil.rmtree(folder / "state", ignore_errors=True)  # of a demo that was killed before it wrote the firm down
    firm = Firm(seed, Decimal(scale))
    counted: dict[str, int] = {}

    def told(instance: str, filled: Any) -> None:
        counted[instance] = counted.get(instance, 0) + filled.rows
        telling.detail(f"{instance}: {counted[instance]:,} records")

    fill(folder, firm, told)
    _store_firm(folder, firm)
    _write_config(home, firm)


def _write_config(home: Path, firm: Firm) -> None:
    from qtc_pipeline.sandbox.config import sandbox_toml
    from qtc_pipeline.sandbox.servers import background

    _replace(home / "qtc.toml", sandbox_toml(background.addresses(home / "sandbox"), firm.as_of))


def _firm_file(folder: Path) -> Path:
    return folder / "firm.json"


def _store_firm(folder: Path, firm: Firm) -> None:
    facts = {"seed": firm.seed, "scale": str(firm.scale), "defects": firm.defects, "day": firm.day}
    _replace(_firm_file(folder), json.dumps(facts))


def _stored_firm(folder: Path, ahead: int = 0) -> Firm:
    from qtc_pipeline.sandbox.firm import Firm

    try:
        facts = json.loads(_firm_file(folder).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SandboxError(f"folder {folder}", "holds no sandbox firm", "Run `qtc demo` first") from None
    return Firm(facts["seed"], Decimal(facts["scale"]), facts["defects"], facts["day"] + ahead)


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
