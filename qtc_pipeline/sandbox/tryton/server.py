"""A Tryton server with the small firm in it, on loopback.

Here: making the template database, copying it, starting and stopping the server, the settings file that describes it.
Stays out: what the firm is (``seed.py``) and how Tryton is installed (``install.py``).

The seeded database is kept as ``template-<digest>.sqlite``; the digest covers the seed's code and Tryton's versions, so
the template is made once per change of either. A start copies it and takes under five seconds.
"""

from __future__ import annotations

import secrets
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from qtc_pipeline.errors import SandboxError, TransientError
from qtc_pipeline.sandbox.tryton.install import LOCK, environment, folder, one_at_a_time, run
from qtc_pipeline.sandbox.tryton.seed import INTEGRATION_USER, MODULES, seed
from qtc_pipeline.systems.tryton.rpc import ONCE, TrytonRpc

INSTANCE = "tryton"
DATABASE = "qtc"
AS_OF = "2026-06-30T23:00:00Z"
_SEED_CODE = ("admin.py", "billing.py", "books.py", "catalogue.py", "seed.py", "work.py")
_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ADMIN_EMAIL = "admin@example.org"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrytonServer:
    """A running server and how to log in."""

    base_url: str
    database: str
    username: str
    secret_file: Path
    admin_secret_file: Path
    folder: Path

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.base_url.rsplit(":", 1)[1])

    def connect(self) -> TrytonRpc:
        """A session of the integration user."""
        return TrytonRpc(self.base_url, self.database, self.username, _read(self.secret_file))

    def connect_admin(self) -> TrytonRpc:
        """A session of the administrator; its calls are never repeated, since they may write."""
        return TrytonRpc(self.base_url, self.database, "admin", _read(self.admin_secret_file), patience=ONCE)


def tryton_toml(home: Path, port: int) -> str:
    """The ``qtc.toml`` of the firm on this server: one instance in three roles, two companies."""
    secret = folder(home) / "qtc.secret"
    return f"""# The sandbox firm on a real Tryton: one system that sells, delivers and bills.
reporting_currency = "USD"
as_of = {AS_OF}

[instances.{INSTANCE}]
vendor = "tryton"
roles = ["crm", "psa", "erp"]
base_url = "http://127.0.0.1:{port}"
database = "{DATABASE}"
username = "{INTEGRATION_USER}"
secret_file = "{secret.absolute()}"
max_concurrency = 2
page_size = 1000
look_back_seconds = 0                   # SQLite has one writer at a time: nothing commits late

[legal_entities.US]
name = "Aldergrove Consulting Inc."
currency = "USD"
keys = {{ {INSTANCE} = "1" }}

[legal_entities.DE]
name = "Aldergrove Consulting GmbH"
currency = "EUR"
keys = {{ {INSTANCE} = "2" }}
"""


@contextmanager
def running(
    home: Path, *, name: str = "firm", fresh: bool = False, progress: Progress | None = None
) -> Iterator[TrytonServer]:
    """A server with the firm, stopped at the end.

    Args:
        home: where Tryton is installed and its databases are kept.
        name: name of the copy; copies are kept between starts.
        fresh: start from the template even where the copy exists.
        progress: told what takes its time.
    """
    template = make_template(home, progress)
    data = folder(home) / f"{name}-{_digest()}"
    database = data / f"{DATABASE}.sqlite"
    if fresh or not database.exists():
        _copy(template, database)
    with _serve(home, data) as server:
        yield server


def make_template(home: Path, progress: Progress | None = None) -> Path:
    """The seeded database, made when there is none for this seed and these versions."""
    say = progress or _silent
    root = folder(home)
    template = root / f"template-{_digest()}.sqlite"
    passwords = [root / "admin.secret", root / "qtc.secret"]
    say("Tryton: environment")
    venv = environment(home)
    with one_at_a_time(root / "template.lock"):
        if template.exists() and all(path.exists() for path in passwords):
            return template
        for path in passwords:
            if not path.exists():  # copies of an older template still know these
                _write_secret(path)
        data = root / "seeding"
        database = data / f"{DATABASE}.sqlite"
        _remove(database)
        data.mkdir(exist_ok=True)
        database.touch()
        say("Tryton: database and modules")
        configuration = _configure(data, 0)
        admin = [str(venv / "bin" / "trytond-admin"), "-c", str(configuration), "-d", DATABASE]
        extra = {"TRYTONPASSFILE": str(passwords[0])}
        run([*admin, "--all", "--email", _ADMIN_EMAIL], data, extra)
        run([*admin, "-u", *MODULES, "--activate-dependencies"], data, extra)
        say("Tryton: the firm, through its API")
        with _serve(home, data) as server, server.connect_admin() as rpc:
            seed(rpc, _read(server.secret_file))
        _copy(database, template)
        _remove(database)
        for older in root.glob("template-*.sqlite"):
            if older != template:
                older.unlink()
    return template


def _silent(_: str) -> None:
    """No progress wanted."""


def _digest() -> str:
    digest = sha256(LOCK.read_bytes())
    for name in _SEED_CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:16]


def _write_secret(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(24), encoding="utf-8")


def _read(path: Path) -> SecretStr:
    return SecretStr(path.read_text(encoding="utf-8").strip())


def _remove(database: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database with what its write-ahead log still holds; the target appears whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    read, write = sqlite3.connect(source), sqlite3.connect(part)
    try:
        read.backup(write)
    finally:
        read.close()
        write.close()
    _remove(target)
    part.replace(target)


def _configure(data: Path, port: int) -> Path:
    path = data / "trytond.conf"
    path.write_text(f"[database]\nuri = sqlite://\npath = {data}\n[web]\nlisten = 127.0.0.1:{port}\n", encoding="utf-8")
    return path


@contextmanager
def _serve(home: Path, data: Path) -> Iterator[TrytonServer]:
    venv, root = environment(home), folder(home)
    port = _free_port()
    server = TrytonServer(
        base_url=f"http://127.0.0.1:{port}",
        database=DATABASE,
        username=INTEGRATION_USER,
        secret_file=root / "qtc.secret",
        admin_secret_file=root / "admin.secret",
        folder=data,
    )
    configuration = _configure(data, port)
    command = [str(venv / "bin" / "trytond"), "-c", str(configuration), "-d", DATABASE]
    log = data / "trytond.log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603  our own installation, no shell
            command, cwd=data, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait_until_ready(server, process, log)
            yield server
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: TrytonServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with TrytonRpc(server.base_url, server.database, "nobody", SecretStr(""), patience=ONCE) as rpc:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            try:
                rpc.version()
            except TransientError:
                time.sleep(0.1)
            else:
                return
    tail = log.read_text(encoding="utf-8", errors="replace")[-600:]
    raise SandboxError("Tryton server", f"not ready after {_READY_SECONDS:.0f} s: {tail}", f"See {log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
