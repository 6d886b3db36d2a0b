"""Fixtures of whole jobs: the demo's home, and the same home a day later. They belong to the xdist group main_job."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.flow.jobs import qtc


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Home of the demo of a small firm, and what the demo showed."""
    home = tmp_path_factory.mktemp("demo") / "home"
    return home, qtc(home, "demo", "--scale", "0.02").stdout


@pytest.fixture(scope="session")
def day_later(demo: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of that home after one more day at the firm and an undisturbed run: two publications."""
    home = tmp_path_factory.mktemp("later") / "home"
    shutil.copytree(demo[0], home, symlinks=True)
    qtc(home, "sandbox", "advance")
    qtc(home, "run")
    return home
