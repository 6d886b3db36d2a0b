"""Who may work on a table of the lake at the same time: operating-system locks, which a killed process cannot keep.

Here: loads of different records together; loads of the same records, and a rewriting, alone. Stays out: the work.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from qtc_pipeline.errors import ErasureError, LoadRefusedError


@contextmanager
def loading(root: Path, vendor: str, entity: str, instance: str) -> Iterator[None]:
    """Alone among loads of these records (two would store every version twice), and no rewriting meanwhile."""
    what = f"instance {instance}, entity {entity}"
    with ExitStack() as held:
        if not _taken(held, root, f"{vendor}.{entity}", fcntl.LOCK_SH):
            raise LoadRefusedError(what, "a record of it is being erased", "Run again when that has ended")
        if not _taken(held, root, f"{vendor}.{entity}.{instance}", fcntl.LOCK_EX):
            raise LoadRefusedError(what, "another process is loading it", "Wait until that run has ended")
        yield


@contextmanager
def merging(root: Path, vendor: str, entity: str) -> Iterator[bool]:
    """Beside loads; gives False while a record is erased, as merged files would keep what is erased."""
    with ExitStack() as held:
        yield _taken(held, root, f"{vendor}.{entity}", fcntl.LOCK_SH)


@contextmanager
def rewriting(root: Path, vendor: str, entity: str) -> Iterator[None]:
    """Alone: no load and no merging of this table meanwhile."""
    with ExitStack() as held:
        if not _taken(held, root, f"{vendor}.{entity}", fcntl.LOCK_EX):
            raise ErasureError(f"entity {entity}", "it is being loaded now", "Run again when that load has ended")
        yield


def _taken(held: ExitStack, root: Path, name: str, kind: int) -> bool:
    folder = root / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    handle: IO[str] = held.enter_context((folder / f"{name}.lock").open("w"))
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
