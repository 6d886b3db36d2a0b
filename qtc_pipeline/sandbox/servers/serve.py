"""Three servers in one process: make secrets and state where missing, bind loopback, run until told to stop.

Add here what starting, addressing and stopping takes. Starting them as a process of their own is ``background``.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.servers import credentials as secret_files
from qtc_pipeline.sandbox.servers.asgi import Application, Instance
from qtc_pipeline.sandbox.servers.catalogue import Vendor
from qtc_pipeline.sandbox.servers.credentials import Credentials
from qtc_pipeline.sandbox.servers.faults import Faults, Injection
from qtc_pipeline.sandbox.servers.filling import DayOfFirm, Filled, load_day
from qtc_pipeline.sandbox.servers.journal import Journal
from qtc_pipeline.sandbox.servers.kantata import ACCOUNT_ID, Kantata
from qtc_pipeline.sandbox.servers.netsuite import NetSuite
from qtc_pipeline.sandbox.servers.netsuite_login import Integration
from qtc_pipeline.sandbox.servers.salesforce import Salesforce
from qtc_pipeline.sandbox.servers.salesforce_login import ORGANIZATION
from qtc_pipeline.sandbox.servers.store import Store
from qtc_pipeline.sandbox.servers.tokens import Tokens
from qtc_pipeline.sandbox.servers.writing import effects

if TYPE_CHECKING:
    import uvicorn

HOST = "127.0.0.1"
INSTANCES: Mapping[str, Vendor] = {"crm": "salesforce", "psa": "kantata", "erp": "netsuite"}
_START_SECONDS = 20.0


@dataclass(frozen=True)
class ServeConfig:
    """Where the sandbox lives and which ports it takes.

    Attributes:
        folder: state and secrets; made when missing.
        ports: instance name -> port; 0 or none picks a free one.
        concurrency: requests the ERP serves at the same time.
    """

    folder: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    concurrency: int = 5


@dataclass
class Running:
    """The servers while they run: addresses, and per instance its store, switches, journal and tokens."""

    credentials: Credentials
    ports: Mapping[str, int]
    instances: Mapping[str, Instance]
    tokens: Mapping[str, Tokens]

    def base_url(self, name: str) -> str:
        """Address of an instance, without a trailing slash."""
        return f"http://{HOST}:{self.ports[name]}"

    def faults(self, name: str) -> Faults:
        """The switches of an instance."""
        return self.instances[name].faults

    def inject(self, name: str, fault: str, **wanted: Any) -> Injection:
        """Let an instance wait for matching requests with a fault (see ``faults.Faults.inject``)."""
        return self.instances[name].faults.inject(fault, **wanted)

    def effects(self, name: str, after: int = 0) -> list[dict[str, Any]]:
        """What clients changed at an instance, oldest first (see ``writing.effects``)."""
        return effects(self.instances[name].store, after)

    def journal(self, name: str) -> Journal:
        """What an instance has been asked."""
        return self.instances[name].journal

    def describe(self) -> dict[str, dict[str, Any]]:
        """What a client needs per instance, in the words of ``qtc.toml``."""
        return describe(self.credentials, self.ports)


def describe(credentials: Credentials, ports: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Instance name -> the keys of its entry in ``qtc.toml``; secrets only as file names."""
    return {
        "crm": {
            "vendor": "salesforce",
            "roles": ["crm"],
            "base_url": f"http://{HOST}:{ports['crm']}",
            "client_id": credentials.crm_client_id,
            "secret_file": str(credentials.crm_secret_file),
            "identity": ORGANIZATION,
        },
        "psa": {
            "vendor": "kantata",
            "roles": ["psa"],
            "base_url": f"http://{HOST}:{ports['psa']}",
            "client_id": credentials.psa_client_id,
            "secret_file": str(credentials.psa_secret_file),
            "identity": ACCOUNT_ID,
        },
        "erp": {
            "vendor": "netsuite",
            "roles": ["erp"],
            "base_url": f"http://{HOST}:{ports['erp']}",
            "client_id": credentials.erp_client_id,
            "account": credentials.erp_account,
            "certificate_id": credentials.erp_certificate_id,
            "private_key_file": str(credentials.erp_private_key_file),
            "integration_user": "qtc-billing",
            "identity": credentials.erp_account,
        },
    }


def store_path(folder: Path, name: str) -> Path:
    """The state file of an instance."""
    return folder / "state" / f"{name}.sqlite"


def fill(folder: Path, firm: DayOfFirm, on_entity: Callable[[str, Filled], None] | None = None) -> list[Filled]:
    """Bring the state of all three instances to a day of the firm; works while the servers run.

    Args:
        folder: of the sandbox.
        firm: the day to show.
        on_entity: told instance and entity after each one, for progress.
    """
    done: list[Filled] = []
    for name, vendor in INSTANCES.items():
        store = Store(store_path(folder, name), vendor)
        try:
            done += load_day(store, firm, None if on_entity is None else _named(on_entity, name))
        finally:
            store.close()
    return done


def _named(on_entity: Callable[[str, Filled], None], name: str) -> Callable[[Filled], None]:
    return lambda filled: on_entity(name, filled)


def _applications(config: ServeConfig, keys: Credentials) -> tuple[dict[str, Application], dict[str, Tokens]]:
    control = keys.control_token_file.read_text()

    def instance(name: str) -> Instance:
        store = Store(store_path(config.folder, name), INSTANCES[name])
        return Instance(name, store, Faults(), Journal(), control)

    app = (keys.crm_client_id, keys.crm_secret_file.read_text())
    crm = Salesforce(instance("crm"), app, keys.crm_public_key_file, keys.crm_username)
    psa = Kantata(instance("psa"), keys.psa_client_id, keys.psa_secret_file.read_text())
    integration = Integration(
        client_id=keys.erp_client_id,
        certificate_id=keys.erp_certificate_id,
        public_key=keys.erp_public_key_file.read_bytes(),
        account=keys.erp_account,
        consumer_secret=keys.erp_secret_file.read_text(),
        token=(keys.erp_token_id, keys.erp_token_secret_file.read_text()),
    )
    erp = NetSuite(instance("erp"), integration, config.concurrency)
    return (
        {"crm": crm.app, "psa": psa.app, "erp": erp.app},
        {"crm": crm.tokens, "psa": psa.tokens, "erp": erp.tokens},
    )


def _listen(name: str, port: int) -> socket.socket:
    # with the protocol named, asyncio switches Nagle's delay off on what is accepted: 40 ms a small answer otherwise
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as taken:
        listener.close()
        cause = f"port {port} cannot be taken: {taken}"
        raise SandboxError(f"sandbox server {name}", cause, "Choose another") from taken
    return listener


def _server(app: Application) -> uvicorn.Server:
    import uvicorn

    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    options = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_keep_alive=30,
        server_header=False,
        date_header=False,  # the applications tell the firm's time
    )
    return uvicorn.Server(options)


@contextmanager
def running_servers(config: ServeConfig) -> Iterator[Running]:
    """The three servers in a thread of this process, for as long as the block lasts.

    Raises:
        SandboxError: a port is taken, or they did not come up.
    """
    keys = secret_files.prepare(config.folder / "secrets")
    apps, tokens = _applications(config, keys)
    listeners: dict[str, socket.socket] = {}
    try:
        for name in apps:
            listeners[name] = _listen(name, config.ports.get(name, 0))
        servers = {name: _server(app) for name, app in apps.items()}
        thread = threading.Thread(target=_run, args=(servers, listeners), name="sandbox-servers", daemon=True)
        thread.start()
        try:
            _await_start(servers, thread)
            ports = {name: int(listener.getsockname()[1]) for name, listener in listeners.items()}
            yield Running(keys, ports, {name: app.instance for name, app in apps.items()}, tokens)
        finally:
            for server in servers.values():
                server.should_exit = True
            thread.join(_START_SECONDS)
    finally:
        for listener in listeners.values():
            listener.close()
        for app in apps.values():
            app.instance.store.close()


def _run(servers: Mapping[str, uvicorn.Server], listeners: Mapping[str, socket.socket]) -> None:
    async def all_of_them() -> None:
        await asyncio.gather(*(server.serve(sockets=[listeners[name]]) for name, server in servers.items()))

    asyncio.run(all_of_them())


def _await_start(servers: Mapping[str, uvicorn.Server], thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not all(server.started for server in servers.values()):
        if time.monotonic() > until or not thread.is_alive():
            raise SandboxError("sandbox servers", "they did not come up", "Look for a port that is taken")
        time.sleep(0.01)


@contextmanager
def running_sandbox(folder: Path, firm: DayOfFirm | None = None, **config: Any) -> Iterator[Running]:
    """State filled from a firm, and the servers over it: what tests use.

    Args:
        folder: an empty or kept sandbox folder.
        firm: the day to show; None keeps the state that is there.
        config: further fields of ``ServeConfig``.
    """
    if firm is not None:
        fill(folder, firm)
    with running_servers(ServeConfig(folder, **config)) as running:
        yield running
