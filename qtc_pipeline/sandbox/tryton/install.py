"""Tryton's own environment: installed from a hash-pinned lock, apart from ours.

Here: where it lies and how it is made. Tryton is GPL: it runs as a process of its own and is spoken to over the wire;
nothing of it is ever imported here. Stays out: databases and servers (``server.py``).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from qtc_pipeline.errors import SandboxError

LOCK = Path(__file__).with_name("requirements.lock")
_STAMP = "installed.sha256"
_SLOWEST_STEP = 600.0


def folder(home: Path) -> Path:
    """Where Tryton, its templates and its databases lie."""
    return home / "tryton"


def environment(home: Path) -> Path:
    """Tryton's virtual environment, installed when it is missing or older than the lock.

    Raises:
        SandboxError: the installation failed; the message carries the end of its output.
    """
    root = folder(home)
    venv = root / "venv"
    wanted = sha256(LOCK.read_bytes()).hexdigest()
    with one_at_a_time(root / "install.lock"):
        stamp = venv / _STAMP
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted):
            shutil.rmtree(venv, ignore_errors=True)
            _install(venv)
            stamp.write_text(wanted, encoding="utf-8")
    return venv


def _install(venv: Path) -> None:
    python = str(venv / "bin" / "python")
    uv = shutil.which("uv")
    if uv is not None:
        run([uv, "venv", "--quiet", "--no-config", "--python", sys.executable, str(venv)], venv.parent)
        run([uv, "pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(LOCK)], venv.parent)
        return
    run([sys.executable, "-m", "venv", str(venv)], venv.parent)
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    run([python, "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(LOCK)], venv.parent)


def run(command: Sequence[str], where: Path, extra: Mapping[str, str] | None = None) -> None:
    """Run a program of the installation to its end, with an environment of its own where ``extra`` is given.

    Raises:
        SandboxError: it failed or took too long.
    """
    env = None if extra is None else {"PATH": os.defpath, "HOME": str(where), **extra}
    try:
        done = subprocess.run(  # noqa: S603  our own programs, no shell
            list(command), cwd=where, env=env, capture_output=True, text=True, timeout=_SLOWEST_STEP, check=False
        )
    except subprocess.TimeoutExpired:
        raise SandboxError(f"Tryton, {Path(command[0]).name}", f"took more than {_SLOWEST_STEP:.0f} s") from None
    if done.returncode != 0:
        tail = (done.stderr or done.stdout)[-800:].strip()
        raise SandboxError(f"Tryton, {Path(command[0]).name}", f"exit {done.returncode}: {tail}")


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Hold a file lock; a second process waits until the first is through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
