"""Ways to spoil the gates' own Python: each must fail a test of the gates.

Add here: a line a gate rests on and how a tired colleague would have written it. Stays out: SQL (``sql``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/gates"


@dataclass(frozen=True)
class Spoiled:
    """One line of one module, before and after."""

    module: str
    before: str
    after: str

    @property
    def key(self) -> str:
        """Names the place."""
        return f"{self.module}:{self.before.strip()[:60]}"

    def __str__(self) -> str:
        return f"{self.module}: {self.before.strip()} -> {self.after.strip()}"


SPOILED = (
    Spoiled("gates/rules/limits.py", "max(_ZERO, exposure - ", "max(_ZERO, exposure + "),
    Spoiled("gates/rules/limits.py", "if exposure is None or (one", "if exposure is None and (one"),
    Spoiled("gates/rules/limits.py", 'judged={"excess": share - limit}', 'judged={"excess": limit - share}'),
    Spoiled("gates/rules/limits.py", "if not covered:", "if covered:"),
    Spoiled("gates/rules/limits.py", "None if gating is None else excess", "_ZERO if gating is None else excess"),
    Spoiled("gates/contract.py", "row.gate not in LIMITS and row.verdict in", "row.gate in LIMITS and row.verdict in"),
    Spoiled("gates/contract.py", "if held or (mart.is_financial and unwaived):", "if held:"),
    Spoiled("gates/contract.py", "{Outcome.FAIL, Outcome.NOT_EVALUATED}\n    ]", "{Outcome.FAIL}\n    ]"),
)


def survives(spoiled: Spoiled, folder: Path) -> bool:
    """Whether the tests of the gates pass with a spoiled module in place of the sound one.

    Raises:
        ValueError: the line is not in the module (any more).
    """
    root = folder / "spoiled"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(ROOT / "qtc_pipeline", root / "qtc_pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dbt_project", "tests", "pyproject.toml"):
        (root / name).symlink_to(ROOT / name)
    module = root / "qtc_pipeline" / spoiled.module
    text = module.read_text(encoding="utf-8")
    if text.count(spoiled.before) != 1:
        message = f"{spoiled.module} holds {spoiled.before!r} {text.count(spoiled.before)} times, not once"
        raise ValueError(message)
    module.write_text(text.replace(spoiled.before, spoiled.after), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", TESTS]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return done.returncode == 0
