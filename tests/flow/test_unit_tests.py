"""The dbt project's unit tests: golden cases of the KPIs and named situations of the rules."""

from __future__ import annotations

import json
import subprocess

import pytest

from qtc_pipeline.transform.project import dbt_arguments, dbt_environment, dbt_executable, target_dir
from tests.flow.replay import Warehouses

pytestmark = pytest.mark.xdist_group("warehouses")


def test_every_golden_case_comes_out(warehouses: Warehouses) -> None:
    settings = warehouses.reference.settings
    command = [str(dbt_executable()), "test", *dbt_arguments(settings), "--select", "test_type:unit"]
    done = subprocess.run(command, env=dbt_environment(), capture_output=True, text=True, check=False)
    results = json.loads((target_dir(settings) / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert [(one["unique_id"], one["message"]) for one in results if one["status"] != "pass"] == []
    assert done.returncode == 0
    assert len(results) >= 10
