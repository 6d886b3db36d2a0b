"""Loading the code location against importing what it stands on: processor time of fresh processes.

Loading is what ``dagster dev`` and every Dagster daemon do: import the module, build the definitions, resolve the
repository; with a prepared manifest, as ``make dev`` leaves it. Stays out: what the graph holds.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from qtc_pipeline.settings import EXAMPLE, child_environment, load_settings
from qtc_pipeline.transform.project import prepare_manifest
from tests.benchmarks.sample import Ratio, Sample, Say

ROUNDS = 7
_IMPORTS = "import dagster, dagster_dbt"
_LOADING = "from qtc_pipeline.definitions import defs; defs().get_repository_def()"


def measure(home: Path, say: Say, rounds: int | None = None) -> Iterator[Ratio]:
    """One ratio.

    Args:
        home: an empty folder.
        say: told how it goes.
        rounds: how often each is measured, in turn, after one run of each that is not counted.
    """
    rounds = rounds or ROUNDS
    say("location: preparing the manifest")
    prepare_manifest(load_settings(EXAMPLE, home=home))
    loading, imports = [], []
    for number in range(rounds + 1):
        say(f"location: round {number} of {rounds}")
        pair = [_processor_seconds(home, code) for code in (_LOADING, _IMPORTS)]
        if number:  # the first one fills the caches
            loading.append(pair[0])
            imports.append(pair[1])
    ours, other = Sample("load the code location", tuple(loading)), Sample(f"`{_IMPORTS}`", tuple(imports))
    yield Ratio("code location", "a fresh process each", ours, other, "s CPU")


def _processor_seconds(home: Path, code: str) -> float:
    """User and system seconds a fresh interpreter spends on a line of code."""
    environment = child_environment(QTC_HOME=str(home), QTC_CONFIG=str(EXAMPLE), DAGSTER_HOME=str(home))
    before = os.times()
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=home, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
