"""Which firm a sandbox folder shows, and on which day: opened once, moved forward a day at a time.

Add here what ties a folder to a firm. What happens on a day is the firm's, how it gets into the state is ``filling``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.servers.background import running_process
from qtc_pipeline.sandbox.servers.filling import Filled
from qtc_pipeline.sandbox.servers.serve import fill

if TYPE_CHECKING:
    from qtc_pipeline.sandbox.firm import Firm

_NOTE = "firm.json"
Progress = Callable[[str, Filled], None]


@dataclass(frozen=True)
class FirmOfFolder:
    """What makes a firm: the arguments of ``Firm``. ``scale`` is text so that it stays exact."""

    seed: int
    scale: str
    defects: bool | list[str]
    day: int = 0

    def firm(self) -> Firm:
        """That firm on that day."""
        from qtc_pipeline.sandbox.firm import Firm

        return Firm(self.seed, Decimal(self.scale), self.defects, self.day)


def firm_of(folder: Path) -> FirmOfFolder | None:
    """The firm a folder shows, None where it is empty or was never filled to the end."""
    note = folder / _NOTE
    return FirmOfFolder(**json.loads(note.read_text())) if note.exists() else None


def open_firm(
    folder: Path,
    seed: int,
    scale: Decimal,
    *,
    defects: bool | Sequence[str] = True,
    on_entity: Progress | None = None,
) -> Firm:
    """Make the folder show this firm: kept on its day when it does already, else filled anew with its first day.

    Args:
        folder: of the sandbox.
        seed: of the firm.
        scale: of the firm.
        defects: of the firm.
        on_entity: told instance and entity after each one, for progress.

    Raises:
        SandboxError: servers run over another firm's state.
    """
    wanted = FirmOfFolder(seed, f"{Decimal(scale).normalize():f}", defects if isinstance(defects, bool) else [*defects])
    shown = firm_of(folder)
    if shown is not None and (shown.seed, shown.scale, shown.defects) == (wanted.seed, wanted.scale, wanted.defects):
        return shown.firm()
    if running_process(folder) is not None:
        raise SandboxError(f"sandbox {folder}", "its servers run over another firm", "Stop them first")
    shutil.rmtree(folder / "state", ignore_errors=True)
    (folder / _NOTE).unlink(missing_ok=True)
    return _show(folder, wanted, on_entity)


def advance(folder: Path, on_entity: Progress | None = None) -> Firm:
    """Move the folder's firm to its next day, also while servers run over it.

    Raises:
        SandboxError: the folder shows no firm, or the firm's calendar ends.
    """
    shown = firm_of(folder)
    if shown is None:
        raise SandboxError(f"sandbox {folder}", "it shows no firm yet", "Start it with `qtc sandbox serve`")
    return _show(folder, FirmOfFolder(shown.seed, shown.scale, shown.defects, shown.day + 1), on_entity)


def _show(folder: Path, wanted: FirmOfFolder, on_entity: Progress | None) -> Firm:
    firm = wanted.firm()
    fill(folder, firm, on_entity)
    # last, so that an interrupted fill is done again, which changes nothing where it was done
    half = folder / f"{_NOTE}.half"
    half.write_text(json.dumps(asdict(wanted)))
    half.replace(folder / _NOTE)
    return firm
