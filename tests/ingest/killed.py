"""A process that ingests and kills itself with SIGKILL at one place. Run by ``test_kill``, not by pytest.

Arguments: qtc.toml, instance, mode, where to die, the entities.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

import deltalake

from qtc_pipeline.ingest import columns, run
from qtc_pipeline.lake import files
from qtc_pipeline.settings import load_settings


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def arrange(where: str) -> None:
    columns._ROWS = files._ROWS_PER_GROUP = 20  # many batches and row groups from few records
    if where == "inside a file":
        original_flush = files.LoadFiles._flush

        def flush(self: files.LoadFiles) -> None:
            if self._writer is not None and sum(self._rows_of.values()) >= 60:
                die()
            original_flush(self)

        files.LoadFiles._flush = flush  # type: ignore[method-assign]
    elif where == "before the commit":
        deltalake.DeltaTable.create_write_transaction = lambda *_, **__: die()  # type: ignore[method-assign]
    elif where == "between two entities":
        original_load, done = run.load_entity, []

        def load(*args: Any, **named: Any) -> Any:
            if done:
                die()
            done.append(1)
            return original_load(*args, **named)

        run.load_entity = load  # type: ignore[attr-defined]
    elif where == "after the commit":
        original_write = deltalake.DeltaTable.create_write_transaction

        def write(*args: Any, **named: Any) -> None:
            original_write(*args, **named)
            die()

        deltalake.DeltaTable.create_write_transaction = write  # type: ignore[method-assign]


if __name__ == "__main__":
    config, instance, mode, where, *entities = sys.argv[1:]
    arrange(where)
    run.ingest_instance(load_settings(Path(config)), instance, mode, entities)  # type: ignore[arg-type]
