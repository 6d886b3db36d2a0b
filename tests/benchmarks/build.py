"""The build: at two sizes, from nothing and after an increment of about one per cent; the gates as a share of it.

The lake is laid down once per size by the sandbox's own writer, without HTTP; every round builds from a copy of it.
A build is what ``qtc run`` does after reading: context, two dbt steps with their tests, two stages of gates. Publishing
is measured beside it. Stays out: reading (``ingest``).
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from qtc_pipeline import run
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import EXAMPLE, Settings, load_settings
from qtc_pipeline.transform.project import prepare_manifest
from tests.benchmarks.sample import Ratio, Sample, Say, Unit

SCALES = (Decimal(1), Decimal(10))
ROUNDS = {Decimal(1): 3}  # one round of any other size
SEED = 1
DAYS = 1  # of the firm's eighteen months; with approvals and the first of a month's billing about 1 % of its rows
_BUILD = ("prepare", "transform 1", "gates 1", "transform 2", "gates 2")
_GATES = ("gates 1", "gates 2")
_UNITS: tuple[Unit, ...] = ("s", "s CPU")


@dataclass(frozen=True)
class _Sizes:
    """What a lake holds."""

    time_entries: int
    rows: int
    new_rows: int


@dataclass(frozen=True)
class _Built:
    """One build: what took how long on the clock, and processor seconds of all of it, dbt's processes included."""

    seconds: Mapping[str, float]
    processor: float


@dataclass(frozen=True)
class Telling:
    """A run's stages as progress of the benchmark."""

    say: Say

    def stage(self, text: str) -> None:
        """One line a stage."""
        self.say(f"build: {text}")

    def detail(self, text: str) -> None:
        """Too much of it here."""


def measure(
    home: Path, say: Say, scales: Sequence[Decimal] | None = None, rounds: int | None = None, lakes: Path | None = None
) -> Iterator[Ratio]:
    """Per size: increment by full build, gates and publishing by the build; then each size by the one below it.

    Args:
        home: an empty folder.
        say: told how it goes.
        scales: sizes of the firm.
        rounds: how often each size is measured.
        lakes: a folder that keeps the lakes; by default they are laid down in ``home`` and removed.
    """
    builds: dict[Decimal, list[_Built]] = {}
    for scale in scales or SCALES:
        folder = (lakes or home) / f"scale-{scale}"
        sizes = _lay_down(folder, scale, say)
        full, increment = builds.setdefault(scale, []), []
        for number in range(1, (count := rounds or ROUNDS.get(scale, 1)) + 1):
            say(f"build: scale {scale}, round {number} of {count}")
            first, later = _build_both(home / f"built-{scale}-{number}", folder, scale, say)
            full.append(first)
            increment.append(later)
        if lakes is None:
            shutil.rmtree(folder)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
        say(f"build: scale {scale}: no process of dbt took more than {memory:.1f} GiB")
        setting = f"scale {scale}: {sizes.time_entries:,} time entries, {sizes.rows:,} raw rows"
        share = f"build after an increment of {sizes.new_rows / sizes.rows:.1%} of the rows"
        for unit in _UNITS:
            whole = _sample("build from nothing", full, unit)
            yield Ratio("build", setting, _sample(share, increment, unit), whole, unit)
        whole = _sample("build from nothing", full, "s")
        yield Ratio("build", setting, _sample("its gates", full, "s", _GATES), whole, "s")
        yield Ratio("build", setting, _sample("publishing it", full, "s", ("publish",)), whole, "s")
    for small, large in pairwise(sorted(builds)):
        pairs = min(len(builds[small]), len(builds[large]))
        for unit in _UNITS:
            ours, other = (_sample(f"build, scale {one}", builds[one][:pairs], unit) for one in (large, small))
            yield Ratio("build", f"{large / small:g} times the firm", ours, other, unit)


def _sample(name: str, built: Sequence[_Built], unit: Unit, stages: Sequence[str] = _BUILD) -> Sample:
    if unit == "s CPU":
        return Sample(name, tuple(one.processor for one in built))
    return Sample(name, tuple(sum(one.seconds[stage] for stage in stages) for one in built))


def _lay_down(folder: Path, scale: Decimal, say: Say) -> _Sizes:
    """The lake of the first day in ``folder/first``, with the increment on top in ``folder/later``; kept ones stay."""

    def told(where: str, rows: int) -> None:
        say(f"build: laying down scale {scale}, {where}, {rows:,} rows")

    first, later, part = folder / "first", folder / "later", folder / "part"
    for lake, day in ((first, 0), (later, DAYS)):
        if not lake.is_dir():
            shutil.rmtree(part, ignore_errors=True)
            if day:
                shutil.copytree(first, part)
            write_lake(Firm(SEED, scale, day=day), Lake(part), progress=told)
            part.rename(lake)
    loads = [load for vendor, entity in Lake(later).tables() for load in Lake(later).loads(vendor, entity)]
    full = [load for load in loads if load.mode == "full"]
    return _Sizes(
        sum(load.versions for load in full if load.entity == "time_entries"),
        sum(load.versions for load in full),
        sum(load.versions for load in loads if load.mode != "full"),
    )


def _build_both(home: Path, folder: Path, scale: Decimal, say: Say) -> tuple[_Built, _Built]:
    """Build the first day from nothing, then what the increment brings."""
    settings = _settings(home, Firm(SEED, scale))
    shutil.copytree(folder / "first", settings.lake_dir)
    prepare_manifest(settings)
    first = _build(settings, say)
    shutil.rmtree(settings.lake_dir)
    shutil.copytree(folder / "later", settings.lake_dir)
    later = _build(_settings(home, Firm(SEED, scale, day=DAYS)), say)
    shutil.rmtree(home)
    return first, later


def _settings(home: Path, firm: Firm) -> Settings:
    return load_settings(EXAMPLE, home=home).model_copy(update={"as_of": firm.as_of, "ops_database_url": None})


def _build(settings: Settings, say: Say) -> _Built:
    report = run.RunReport()
    before = os.times()
    run.build(settings, Telling(say), report)
    after = os.times()
    if any(stage not in report.seconds for stage in (*_BUILD, "publish")):
        message = f"the build stopped early: {report.held}"
        raise RuntimeError(message)
    return _Built(report.seconds, sum(after[:4]) - sum(before[:4]))
