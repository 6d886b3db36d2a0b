"""Ratios as a table a README takes as it is, and the machine they were measured on.

Add here: a fact of the machine, a form of output. Stays out: measuring.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.sample import Ratio, Sample, Unit

_LIBRARIES = ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "duckdb", "deltalake", "great-expectations", "httpx")


def machine() -> dict[str, Any]:
    """The facts without which a figure means nothing."""
    import psutil

    return {
        "measured_at": f"{datetime.now(UTC):%Y-%m-%d}",
        "cores": psutil.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load_at_start": round(psutil.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def markdown(ratios: Sequence[Ratio], facts: dict[str, Any]) -> str:
    """The table with the machine above it."""
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    where = f"{facts['cores']} cores ({facts['processor']}), {facts['memory_gib']} GiB, {facts['system']}"
    when = f"{facts['measured_at']}, load before the start {facts['load_at_start']}"
    lines = [
        f"{where}, Python {facts['python']}; {versions}; {when}.",
        "",
        "| part | on | measured | against | ratio |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.part} | {one.setting} | {_cell(one.measured, one.unit)} | {_cell(one.against, one.unit)} "
        f"| **{_ratio(one.middle)}**{_range([_ratio(value) for value in one.of_pairs])} |"
        for one in ratios
    ]
    return "\n".join(lines)


def _cell(sample: Sample, unit: Unit) -> str:
    return f"{sample.name}: {_value(sample.middle, unit)}{_range([_value(one, unit) for one in sample.values])} {unit}"


def _range(texts: Sequence[str]) -> str:
    ordered = sorted(texts, key=lambda text: float(text.replace(",", "")))
    return f" ({ordered[0]} to {ordered[-1]})" if ordered[0] != ordered[-1] else ""


def _value(value: float, unit: Unit) -> str:
    return f"{value:,.0f}" if unit.endswith("/s") else f"{value:.1f}"


def _ratio(value: float) -> str:
    return f"{value:.2f}"
