"""A copy of what is at work in the ledger, for rehearsals: whatever is written there is thrown away.

Add here: a table a rehearsal reads. Stays out: rehearsing (``apply`` with the writers of ``writers``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.ledger import AT_WORK
from qtc_pipeline.ops.models_corrections import Approval, Attempt, BreakerRow, Correction, CorrectionStep, Person
from qtc_pipeline.ops.store import copy_rows, open_store
from qtc_pipeline.settings import Settings


@contextmanager
def rehearsing(settings: Settings) -> Iterator[Settings]:
    """Settings over a copy of what is at work in the store; whatever is written there is thrown away."""
    at_work = select(Correction.correction_id).where(Correction.state.in_([*AT_WORK, State.IN_DOUBT]))
    with tempfile.TemporaryDirectory(prefix="qtc-rehearsal-") as folder:
        copied = settings.model_copy(update={"ops_database_url": f"sqlite:///{Path(folder) / 'ops.db'}"})
        with open_store(settings) as source, open_store(copied) as target:
            copy_rows(source, target, Person, Person.name.is_not(None))
            copy_rows(source, target, Correction, Correction.correction_id.in_(at_work))
            for model in (CorrectionStep, Attempt, Approval):
                copy_rows(source, target, model, model.correction_id.in_(at_work))
            copy_rows(source, target, BreakerRow, BreakerRow.target.is_not(None))
        yield copied
