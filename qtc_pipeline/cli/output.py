"""What the commands print: tables, JSON, money, progress and errors.

Add here: a form two commands share. Stays out: where the rows come from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from qtc_pipeline.errors import (
    IngestError,
    PublicationHeldError,
    QtcError,
    SettingsError,
    SystemReadError,
    WarehouseBusyError,
)

_PIPE_WIDTH = 160  # columns where nobody's terminal says how wide it is
out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PIPE_WIDTH)
_EXIT_CODES: tuple[tuple[type[QtcError], int], ...] = (
    (PublicationHeldError, 3),
    (IngestError, 4),
    (SystemReadError, 4),
    (SettingsError, 5),
    (WarehouseBusyError, 6),
)


def exit_code_of(error: QtcError) -> int:
    """Documented exit code of an error."""
    return next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1)


def say_error(error: QtcError) -> None:
    """Print an error as one sentence on standard error."""
    err.print(f"[bold red]{type(error).__name__.removesuffix('Error')}[/]: ", end="")
    err.print(str(error), markup=False)


def text_of(value: Any) -> str:
    """A cell as a person reads it: money with thousands separators, instants to the second, unknown as a dash."""
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        shown = value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value.normalize()
        return f"{shown:,f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def show_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, title: str = "", as_json: bool = False
) -> None:
    """Print rows as a table, or as a JSON array (decimals and dates as text) where asked."""
    if as_json:
        show_json([{column: row.get(column) for column in columns} for row in rows])
        return
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        numeric = any(isinstance(row.get(column), (int, Decimal)) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(text_of(row.get(column)) for column in columns))
    out.print(table)


def show_facts(facts: Mapping[str, Any]) -> None:
    """Print the facts of one thing below each other."""
    show_rows([{"fact": name, "value": text_of(value)} for name, value in facts.items()], ("fact", "value"))


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output, nothing else beside it."""
    out.print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False), markup=False, soft_wrap=True)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Progress]:
    """Progress of a long command on standard error."""
    shown = Progress(quiet=quiet)
    try:
        yield shown
    finally:
        shown.close()


class Progress:
    """Says what is being done now: a live line on a terminal, a line per stage elsewhere."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._status = None if quiet or not err.is_terminal else err.status("starting")
        if self._status is not None:
            self._status.start()

    def stage(self, text: str) -> None:
        """A new stage began."""
        if not self._quiet:
            err.print(f"[bold]▸[/] {text}")

    def detail(self, text: str) -> None:
        """What the stage is at."""
        if self._status is not None:
            self._status.update(text)

    def close(self) -> None:
        """End the live line."""
        if self._status is not None:
            self._status.stop()
