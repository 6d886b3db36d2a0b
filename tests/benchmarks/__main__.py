"""The command: which parts, at which size, as a table or as JSON; everything in a folder that is removed.

Add here: a part (``PARTS``). Stays out: what a part measures (its module).
"""

from __future__ import annotations

import json
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from tests.benchmarks.sample import Ratio, Say


class Part(StrEnum):
    """What can be measured."""

    ingest = "ingest"
    build = "build"
    location = "location"
    corrections = "corrections"


@dataclass(frozen=True)
class Wanted:
    """What the caller asked for instead of the parts' own: sizes, rounds, a folder of lakes."""

    scales: list[Decimal]
    rounds: int | None
    lakes: Path | None


Scales = Annotated[
    list[float] | None, typer.Option(help="Size of the firm instead of each part's own; may be repeated.")
]
Rounds = Annotated[
    int | None, typer.Option(min=1, help="How often each is measured instead of each part's own number.")
]
Lakes = Annotated[Path | None, typer.Option(help="Folder that keeps the lakes laid down for `build`, for a next time.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON with every single value.")]


def main(
    parts: Annotated[list[Part] | None, typer.Argument(help="All when none is named.")] = None,
    scale: Scales = None,
    rounds: Rounds = None,
    lakes: Lakes = None,
    as_json: AsJson = False,  # noqa: FBT002  a switch of the command line
) -> None:
    """Measure ratios against an alternative in the same run; the table fits the README. Nothing is asserted.

    ingest: the connectors against a bare HTTP client (scale 1).

    build: dbt and gates from nothing and after an increment of about one per cent (scales 1 and 10; the longest part).

    location: loading the Dagster code location against its imports.

    corrections: the applier, and the way from a defect to its proven repair, against a plain loop of the same requests.
    """
    signal.signal(signal.SIGTERM, _leave)  # so that the folder goes and the simulators end
    started = time.monotonic()

    def say(text: str) -> None:
        passed = int(time.monotonic() - started)
        typer.echo(f"[{passed // 60:02d}:{passed % 60:02d}] {text}", err=True)

    from tests.benchmarks.report import machine, markdown

    facts = machine()
    wanted = Wanted([Decimal(f"{one:g}") for one in scale or []], rounds, lakes)
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="qtc-bench-") as name:
        for part in parts or list(Part):
            home = Path(name) / part
            home.mkdir()
            ratios += PARTS[part](home, say, wanted)
    typer.echo(
        json.dumps({"machine": facts, "ratios": [ratio.to_dict() for ratio in ratios]}, indent=2)
        if as_json
        else markdown(ratios, facts)
    )


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _ingest(home: Path, say: Say, wanted: Wanted) -> Iterator[Ratio]:
    from tests.benchmarks.ingest import measure

    for place, scale in enumerate(wanted.scales or [None]):
        yield from measure(home / str(place), say, scale, wanted.rounds)


def _build(home: Path, say: Say, wanted: Wanted) -> Iterator[Ratio]:
    from tests.benchmarks.build import measure

    return measure(home, say, wanted.scales, wanted.rounds, wanted.lakes)


def _location(home: Path, say: Say, wanted: Wanted) -> Iterator[Ratio]:
    from tests.benchmarks.location import measure

    return measure(home, say, wanted.rounds)


def _corrections(home: Path, say: Say, wanted: Wanted) -> Iterator[Ratio]:
    from tests.benchmarks.corrections import measure

    return measure(home, say, (wanted.scales or [None])[0], wanted.rounds)


PARTS: dict[Part, Callable[[Path, Say, Wanted], Iterator[Ratio]]] = {
    Part.ingest: _ingest,
    Part.build: _build,
    Part.location: _location,
    Part.corrections: _corrections,
}


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
