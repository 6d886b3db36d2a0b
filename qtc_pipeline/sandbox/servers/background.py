"""The servers as a process of their own: started, found again, waited for, stopped.

Run as ``python -m qtc_pipeline.sandbox.servers.background FOLDER`` it is that process. Add here what concerns the
process; what it serves is ``serve``. A note in the folder says which process runs and on which ports; a process
number alone proves nothing, so its start time is written down with it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

import qtc_pipeline
from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.servers.asgi import CONTROL_HEADER, CONTROL_PATH
from qtc_pipeline.sandbox.servers.credentials import Credentials, prepare
from qtc_pipeline.sandbox.servers.serve import HOST, INSTANCES, ServeConfig, describe, running_servers

_NOTE = "servers.json"
_LOG = "servers.log"
_PORTS = "ports.json"
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_SAME_PROCESS_SECONDS = 1.0


@dataclass(frozen=True)
class Process:
    """A running process of servers: number, start time (seconds since the epoch) and ports by instance."""

    pid: int
    started: float
    ports: Mapping[str, int]


def running_process(folder: Path) -> Process | None:
    """The process that serves this folder, None where none does (a stale note counts as none)."""
    import psutil

    try:
        noted = Process(**json.loads((folder / _NOTE).read_text()))
        process = psutil.Process(noted.pid)
        is_alive = process.status() != psutil.STATUS_ZOMBIE
        is_same = abs(process.create_time() - noted.started) < _SAME_PROCESS_SECONDS
    except (OSError, ValueError, TypeError, psutil.Error):
        return None
    return noted if is_alive and is_same else None


def addresses(folder: Path) -> dict[str, dict[str, Any]]:
    """What a client will need per instance, without starting anything; ``start`` takes the same ports if it can.

    They are those of the running servers, else those of last time; a free one where there was none.
    """
    found = running_process(folder)
    ports = dict(found.ports) if found is not None else _last_ports(folder)
    with ExitStack() as held:
        for name in INSTANCES:
            if name not in ports:
                probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                probe.bind((HOST, 0))
                ports[name] = int(probe.getsockname()[1])
    folder.mkdir(parents=True, exist_ok=True)
    _keep_ports(folder, ports)
    return describe(prepare(folder / "secrets"), ports)


def _last_ports(folder: Path) -> dict[str, int]:
    kept = folder / _PORTS
    found: dict[str, int] = json.loads(kept.read_text()) if kept.exists() else {}
    return found


def _keep_ports(folder: Path, ports: Mapping[str, int]) -> None:
    (folder / _PORTS).write_text(json.dumps(dict(ports)))


def start(folder: Path, ports: Mapping[str, int] | None = None) -> dict[str, dict[str, Any]]:
    """Start the servers unless they run already, and wait until each answers.

    Args:
        folder: of the sandbox, filled before or later.
        ports: instance name -> port; what is missing gets the port of last time, or a free one.

    Returns:
        What a client needs per instance, as ``serve.describe`` tells it.

    Raises:
        SandboxError: they did not come up; the message carries the last lines they wrote.
    """
    found = running_process(folder)
    if found is None:
        (folder / _NOTE).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        listed = [f"{name}={port}" for name, port in (ports or {}).items()]
        with (folder / _LOG).open("wb") as log:
            child = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
                [sys.executable, "-m", __name__, str(folder.resolve()), *listed],
                cwd=Path(qtc_pipeline.__file__).parents[1],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        found = _await_answers(folder, child)
    return describe(Credentials(folder / "secrets"), found.ports)


def _await_answers(folder: Path, child: subprocess.Popen[bytes]) -> Process:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        found = running_process(folder)
        if found is not None and all(control(folder, name) for name in INSTANCES):
            # it lives on by itself; without this its end would leave a zombie and a warning behind
            threading.Thread(target=child.wait, daemon=True).start()
            return found
        time.sleep(0.05)
    if child.poll() is None:
        child.terminate()
        child.wait(_STOP_SECONDS)
    said = (folder / _LOG).read_text(errors="replace").strip().splitlines()[-3:]
    raise SandboxError("sandbox servers", f"they did not come up: {' / '.join(said)}", f"See {folder / _LOG}")


def stop(folder: Path) -> bool:
    """Stop the servers of this folder; their state stays.

    Returns:
        Whether there was a process to stop.

    Raises:
        SandboxError: it does not go.
    """
    import psutil

    found = running_process(folder)
    if found is None:
        (folder / _NOTE).unlink(missing_ok=True)
        return False
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(found.pid)
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except psutil.TimeoutExpired:
            raise SandboxError("sandbox servers", f"process {found.pid} does not stop", "End it by hand") from None
    (folder / _NOTE).unlink(missing_ok=True)
    return True


def control(folder: Path, name: str, switches: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Read or set the switches of an instance that runs in another process.

    Args:
        folder: of the sandbox.
        name: instance.
        switches: fields of ``faults.Faults``, and ``"inject"`` with a list of what ``Faults.inject`` takes;
            ``{"clear": True}`` resets all; None only reads.

    Raises:
        SandboxError: the servers do not run or refuse the switch.
    """
    return _asked(folder, name, "", switches)


def effects(folder: Path, name: str, after: int = 0) -> list[dict[str, Any]]:
    """What clients changed at an instance that runs in another process, oldest first.

    Args:
        folder: of the sandbox.
        name: instance.
        after: place in the journal of effects to start behind.

    Raises:
        SandboxError: the servers do not run.
    """
    listed: list[dict[str, Any]] = _asked(folder, name, f"/journal?after={after}", None)["effects"]
    return listed


def _asked(folder: Path, name: str, path: str, switches: Mapping[str, Any] | None) -> dict[str, Any]:
    found = running_process(folder)
    if found is None:
        raise SandboxError("sandbox servers", "they do not run", "Start them with `qtc sandbox serve`")
    if name not in found.ports:
        known = f"Use one of: {', '.join(INSTANCES)}"
        raise SandboxError(f"sandbox server {name}", "there is none of that name", known)
    headers = {CONTROL_HEADER: Credentials(folder / "secrets").control_token_file.read_text()}
    url = f"http://{HOST}:{found.ports[name]}{CONTROL_PATH}{path}"
    with httpx.Client(trust_env=False, headers=headers) as client:
        try:
            answer = client.get(url) if switches is None else client.post(url, json=dict(switches))
        except httpx.TransportError as failed:
            raise SandboxError(f"sandbox server {name}", str(failed), f"See {folder / _LOG}") from None
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        raise SandboxError(f"sandbox server {name}", str(body.get("error")), "See faults.Faults for the switches")
    return body


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((HOST, port)) != 0


def serve(
    folder: Path,
    ports: Mapping[str, int] | None = None,
    on_ready: Callable[[dict[str, dict[str, Any]]], None] | None = None,
) -> None:
    """Serve a folder in this process until SIGTERM or SIGINT; call it in the main thread.

    Args:
        folder: of the sandbox.
        ports: instance name -> port; what is missing gets the port of last time, or a free one.
        on_ready: told what a client needs per instance, once all answer.

    Raises:
        SandboxError: another process serves this folder, or a port is taken.
    """
    import psutil

    found = running_process(folder)
    if found is not None:
        raise SandboxError("sandbox servers", f"process {found.pid} serves {folder} already", "Stop it first")
    wanted = {name: port for name, port in _last_ports(folder).items() if _is_free(port)} | dict(ports or {})
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with running_servers(ServeConfig(folder, wanted)) as running:
            _keep_ports(folder, running.ports)
            process = Process(os.getpid(), psutil.Process().create_time(), dict(running.ports))
            half = folder / f"{_NOTE}.half"
            half.write_text(json.dumps(asdict(process)))
            half.replace(folder / _NOTE)
            if on_ready is not None:
                on_ready(running.describe())
            ended.wait()
            (folder / _NOTE).unlink(missing_ok=True)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; ``arguments`` are the folder and ``name=port`` pairs. Gives the exit code."""
    pairs = (pair.partition("=") for pair in arguments[1:])
    serve(Path(arguments[0]), {name: int(port) for name, _, port in pairs})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
