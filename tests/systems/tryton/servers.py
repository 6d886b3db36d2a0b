"""Real Tryton servers for tests: one installation and one seeded template for the whole machine, a copy per use.

The installation is the one ``make demo-tryton`` makes, so whichever comes first pays for both.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qtc_pipeline.sandbox.tryton.server import TrytonServer, make_template, running, tryton_toml
from qtc_pipeline.settings import Instance, load_settings

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "var" / "tryton-firm"


@contextmanager
def fresh_copy(name: str) -> Iterator[TrytonServer]:
    """A server on a copy of the template, thrown away afterwards."""
    copy = f"test-{os.getpid()}-{name}"
    with running(HOME, name=copy, fresh=True) as server:
        yield server
    shutil.rmtree(server.folder)


@pytest.fixture(scope="session")
def tryton_server() -> Iterator[TrytonServer]:
    """A server nobody writes to; installs Tryton and seeds the template where that was not done before."""
    make_template(HOME)
    with fresh_copy("read") as server:
        yield server


@pytest.fixture
def own_server(request: pytest.FixtureRequest) -> Iterator[TrytonServer]:
    """A server a test may write to."""
    make_template(HOME)
    with fresh_copy(f"write-{abs(hash(request.node.name))}") as server:
        yield server


def instance_of(server: TrytonServer, folder: Path, **changes: object) -> Instance:
    """The instance as the shipped settings file describes it."""
    path = folder / "qtc.toml"
    path.write_text(tryton_toml(HOME, server.port), encoding="utf-8")
    return load_settings(path).instance("tryton").model_copy(update=changes)
