"""The ``qtc`` command on a home of its own, as a stranger runs it.

Add here: what several tests of whole jobs need. Stays out: assertions.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from qtc_pipeline.settings import Settings, child_environment, load_settings

QTC = str(Path(sys.executable).with_name("qtc"))


def qtc(home: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; its exit code is as expected."""
    done = subprocess.run(
        [QTC, *arguments], env=child_environment(QTC_HOME=str(home)), capture_output=True, text=True, check=False
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def asked(home: Path, *arguments: str) -> Any:
    """What a command answers with ``--json``."""
    return json.loads(qtc(home, *arguments, "--json").stdout)


def settings_of(home: Path) -> Settings:
    """Settings of a sandbox home."""
    return load_settings(home / "qtc.toml", home=home)
