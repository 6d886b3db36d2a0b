"""Fixtures several rooms of the tests share: warehouses of synthetic firms, built once per session.

Tests that use ``warehouses`` belong to the xdist group ``warehouses``, so that one worker builds them once.
"""

from __future__ import annotations

import pytest

from tests.flow.replay import Warehouses


@pytest.fixture(scope="session")
def warehouses(tmp_path_factory: pytest.TempPathFactory) -> Warehouses:
    """Warehouses by (seed, defects); the first is built by dbt, the others by the SQL it compiled."""
    return Warehouses(tmp_path_factory.mktemp("warehouses"))
