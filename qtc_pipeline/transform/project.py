"""The dbt project on disk: where it lies, its digest, its prepared manifest, its executable.

Add here: what must be known of the project before dbt runs. Stays out: running a step (``dbt``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from qtc_pipeline.errors import TransformError
from qtc_pipeline.settings import Settings, child_environment

_PARTS = ("dbt_project.yml", "profiles.yml", "models", "macros", "seeds", "tests")
_MANIFEST = "manifest.json"
_PROFILE = "profiles.yml"


def project_dir() -> Path:
    """The dbt project: inside an installed wheel, else beside the package."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_dbt_project"
    return installed if installed.is_dir() else package.parent / "dbt_project"


def project_digest() -> str:
    """Digest of every file that decides what dbt computes."""
    root = project_dir()
    digest = hashlib.sha256()
    for part in _PARTS:
        path = root / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(f"{file.relative_to(root)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def dbt_executable() -> Path:
    """The dbt of this environment, found without PATH."""
    return Path(sys.prefix) / "bin" / "dbt"


def target_dir(settings: Settings) -> Path:
    """Where dbt writes its artifacts."""
    return settings.home / "dbt" / "target"


def manifest_path(settings: Settings) -> Path:
    """The prepared manifest; what loading the Dagster graph reads."""
    return settings.home / "dbt" / _MANIFEST


def dbt_environment() -> dict[str, str]:
    """Environment of a dbt child: ours, without telemetry and secrets."""
    return child_environment(DBT_SEND_ANONYMOUS_USAGE_STATS="False")


def prepare_profile(settings: Settings) -> Path:
    """Write the project's profile with the path of this warehouse in it; returns the folder it lies in.

    The project's own profile serves whoever runs dbt by hand, with a path from the environment. A run has its path from
    the settings, and so has Dagster's dbt, to which no other environment can be handed.
    """
    own = (project_dir() / _PROFILE).read_text(encoding="utf-8")
    path_line = f" path: {json.dumps(str(settings.warehouse_path))}"
    content = re.sub(r" path: .*", lambda _: path_line, own).encode()
    folder = settings.home / "dbt"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _PROFILE
    if not path.is_file() or path.read_bytes() != content:
        replace_file(path, content)
    return folder


def dbt_arguments(settings: Settings) -> list[str]:
    """Arguments of every dbt command: project, profile, artifacts, JSON lines on standard output."""
    return [
        *("--project-dir", str(project_dir()), "--profiles-dir", str(prepare_profile(settings))),
        *("--target-path", str(target_dir(settings)), "--log-path", str(settings.home / "dbt" / "logs")),
        *("--log-format", "json", "--log-level-file", "none", "--no-version-check"),
    ]


def prepare_manifest(settings: Settings) -> Path:
    """Parse the project unless the prepared manifest is of this very project; returns the manifest's path.

    Raises:
        TransformError: the project does not parse; names dbt's messages.
    """
    path = manifest_path(settings)
    stamp = path.with_suffix(".digest")
    digest = project_digest()
    if path.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == digest:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(  # noqa: S603
        [str(dbt_executable()), "parse", *dbt_arguments(settings)],
        env=dbt_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise TransformError(
            "dbt parse", {"project": error_text(done.stdout) or done.stderr.strip()}, "Correct the file"
        )
    replace_file(path, (target_dir(settings) / _MANIFEST).read_bytes())
    replace_file(stamp, digest.encode())
    return path


def load_manifest(settings: Settings) -> dict[str, Any]:
    """The prepared manifest as a dictionary; prepares it first where it is missing or stale."""
    manifest: dict[str, Any] = json.loads(prepare_manifest(settings).read_text(encoding="utf-8"))
    return manifest


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never half."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def error_text(lines: str) -> str:
    """Messages of level error in dbt's JSON lines, one after the other."""
    found = []
    for line in lines.splitlines():
        if not line.startswith("{"):
            continue
        info = json.loads(line).get("info", {})
        if info.get("level") == "error" and info.get("msg"):
            found.append(str(info["msg"]).strip())
    return "; ".join(found)
