"""One warehouse for all dbt tests: a build costs more than every check of it together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt import scenario
from tests.dbt.warehouse import dbt, lay, lay_context


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scenario after the first dbt step."""
    path = tmp_path_factory.mktemp("dbt") / "warehouse.duckdb"
    lay(path, scenario.versions(), scenario.INSTANCES)
    lay_context(path, scenario.context())
    dbt(path, "build", "--select", "tag:step_1")
    return path
