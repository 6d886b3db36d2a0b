"""A process that erases a record and kills itself with SIGKILL at one place. Run by ``test_erasure``, not by pytest.

Arguments: the lake's folder, where to die.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import deltalake

from qtc_pipeline.lake import Lake, erasure
from tests.ingest.test_erasure import request


def die(*_: Any, **__: Any) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def arrange(where: str) -> None:
    if where == "before anything":
        erasure._rewritten = die  # type: ignore[assignment]
    elif where == "inside a file":
        erasure.redacted = die  # type: ignore[attr-defined]
    elif where == "before the commit":
        erasure._commit = die  # type: ignore[assignment]
    elif where == "after the commit":
        original = deltalake.DeltaTable.create_write_transaction

        def write(*args: Any, **named: Any) -> None:
            original(*args, **named)
            die()

        deltalake.DeltaTable.create_write_transaction = write  # type: ignore[method-assign]
    elif where == "between two removals":
        Path.unlink = _unlinked_once(Path.unlink)  # type: ignore[method-assign]
    elif where == "before it is told":
        original_note = erasure._note

        def note(root: Path, one: Any) -> None:
            if one.completed_at is not None:
                die()
            original_note(root, one)

        erasure._note = note


def _unlinked_once(original: Any) -> Any:
    def unlink(path: Path, *args: Any, **named: Any) -> None:
        original(path, *args, **named)
        die()

    return unlink


if __name__ == "__main__":
    root, where = sys.argv[1:]
    arrange(where)
    Lake(Path(root)).erase(request())
