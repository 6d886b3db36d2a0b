"""Fixtures several rooms of the tests share: warehouses of synthetic firms, built once per session.

Tests that use ``warehouses`` belong to the xdist group ``warehouses``, so that one worker builds them once. pytest 9.2
does not see how pytest-xdist 3.8 marks the members of a group, so the scheduler here reads a module's group itself.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.flow.replay import Warehouses

ROOT = Path(__file__).resolve().parent.parent
_GROUP = re.compile(r'^pytestmark = .*xdist_group\("([a-z_]+)"\)', re.MULTILINE)


@cache
def group_of(path: str) -> str | None:
    """The xdist group a module of tests names for all its tests, None where it names none."""
    found = _GROUP.search((ROOT / path).read_text(encoding="utf-8"))
    return found.group(1) if found else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One worker for all tests of a group; every other test goes to whoever is free."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    return ByGroup(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(scope="session")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    """Warehouses by (seed, defects); the first is built by dbt, the others by the SQL it compiled."""
    return Warehouses(tmp_path_factory.mktemp("warehouses"))
