"""Is the rule green on re-read data? The last word on a correction is a later build's.

A correction waits until a build whose leg speaks (E0 to E2 green) rests on loads that began after its writes were
confirmed. The exception is gone: resolved. It is still there after two complete loads of everything written: reopened,
to be planned again. What nobody has begun with is superseded when a build no longer shows the break. A half-done
correction is never superseded: a person decides. Add here: what a build can say of a correction. Stays out: judging
(``gates``), planning again (``plan``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import BEFORE_APPLYING, Kind, State
from qtc_pipeline.corrections.stored import from_plan
from qtc_pipeline.errors import QtcError
from qtc_pipeline.gates.contract import QUEUE
from qtc_pipeline.gates.legs import green_legs
from qtc_pipeline.lake.load import begun_at
from qtc_pipeline.ops import corrections, verdicts
from qtc_pipeline.ops.models import ExceptionCase
from qtc_pipeline.ops.models_corrections import Correction
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import open_read_only, read_rows

COMPLETE_LOADS = 2
MAY_LAPSE = BEFORE_APPLYING | {State.STALE, State.REOPENED, State.REJECTED, State.DEAD_LETTER}
_AT_ONCE = 100


@dataclass(slots=True)
class Verified:
    """Ids of corrections a build spoke about; ``waiting``: why it could not say yet."""

    resolved: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    superseded: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Build:
    """What a build knows: legs that speak, exception -> class, and when loads of an entity began."""

    build_id: str
    green: frozenset[str]
    found: Mapping[str, str]
    on_their_way: frozenset[tuple[str, str]]  # legs and grains one side of which was read before the other changed
    loads: Mapping[tuple[str, str], Sequence[tuple[datetime, bool]]]

    def silent(self, row: Correction) -> str | None:
        """Why the build says nothing about a correction; None where it does."""
        if row.leg not in self.green:
            return f"leg {row.leg} does not speak in build {self.build_id[:12]}"
        if (row.leg, row.grain_key) in self.on_their_way:
            return f"it changed while build {self.build_id[:12]} was read"
        return None

    def shows(self, row: Correction, case: ExceptionCase | None) -> bool:
        """Whether the break a correction repairs is still there: the same life of it, the same class."""
        if case is not None and case.occurrence > row.occurrence:
            return False
        return self.found.get(row.exception_id) == row.break_class


def verify(settings: Settings, build_id: str, *, now: datetime, actor: str = "qtc") -> Verified:
    """Ask a build about every correction that waits for its word.

    Args:
        settings: where the warehouse and the store are.
        build_id: a judged build, the one in the warehouse.
        now: when.
        actor: who asks.

    Raises:
        QtcError: the warehouse holds another build.
    """
    build = _read(settings, build_id)
    said = Verified()
    with open_store(settings) as session:
        asked = {State.VERIFYING, *MAY_LAPSE}
        ids = [row.correction_id for row in corrections.list_corrections(session, state=asked)]
    for start in range(0, len(ids), _AT_ONCE):
        with open_ledger(settings) as session:
            for one in ids[start : start + _AT_ONCE]:
                row = corrections.get(session, one, whole=True)
                if row.state in asked:  # nobody moved it meanwhile
                    _ask(session, build, row, said, now=now, actor=actor)
    return said


def _read(settings: Settings, build_id: str) -> _Build:
    with open_read_only(settings.warehouse_path) as connection:
        held = [row["build_id"] for row in read_rows(connection, "select build_id from raw.qtc_build")]
        if held != [build_id]:
            cause = f"the warehouse holds {held[0][:12] if held else 'none'}"
            raise QtcError(f"build {build_id[:12]}", cause, "Verify with the last build")
        legs = {
            row["leg_id"]: {row["left_instance"], row["right_instance"]}
            for row in read_rows(connection, "select leg_id, left_instance, right_instance from raw.qtc_leg")
        }
        found = read_rows(connection, "select exception_id, break_class from reconciliation.rec_break")
        timing = read_rows(connection, "select leg, grain_key from reconciliation.rec_row where kind = 'timing'")
        loads = _loads(read_rows(connection, "select instance, entity, load_id, mode from raw.qtc_load"))
    with open_store(settings) as session:
        green = green_legs(verdicts.verdicts_of(session, build_id, QUEUE.name), legs)
    classes = {row["exception_id"]: row["break_class"] for row in found}
    on_their_way = frozenset((row["leg"], row["grain_key"]) for row in timing)
    return _Build(build_id, frozenset(green), classes, on_their_way, loads)


def _loads(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], list[tuple[datetime, bool]]]:
    loads: dict[tuple[str, str], list[tuple[datetime, bool]]] = {}
    for row in rows:
        is_complete = row["mode"] != "records"
        loads.setdefault((row["instance"], row["entity"]), []).append((begun_at(row["load_id"]), is_complete))
    return loads


def _ask(session: Session, build: _Build, row: Correction, said: Verified, *, now: datetime, actor: str) -> None:
    one = row.correction_id
    silent = build.silent(row)
    if silent is not None:
        if row.state == State.VERIFYING:
            said.waiting[one] = silent
        return
    is_there = build.shows(row, session.get(ExceptionCase, row.exception_id))
    if row.state != State.VERIFYING:
        if not is_there and row.build_id != build.build_id:
            told = f"build {build.build_id[:12]} does not show the break any more"
            corrections.move(session, one, State.SUPERSEDED, actor=actor, reason=told, now=now)
            said.superseded.append(one)
        return
    any_load, complete = _read_again(session, build, row)
    if not any_load and row.kind != Kind.OWNER_TASK:  # a task changes nothing the rules read
        said.waiting[one] = "what was written has not been read again yet"
    elif not is_there:
        told = f"{row.leg} is green in build {build.build_id[:12]}, on data read after the write"
        corrections.move(session, one, State.RESOLVED, actor=actor, reason=told, now=now)
        said.resolved.append(one)
    elif row.kind == Kind.OWNER_TASK:
        said.waiting[one] = "its owner has not decided yet"
    elif complete >= COMPLETE_LOADS:
        told = f"still there in build {build.build_id[:12]} after {complete} complete loads of what was written"
        corrections.move(session, one, State.REOPENED, actor=actor, reason=told, now=now)
        said.reopened.append(one)
    else:
        said.waiting[one] = f"still there after {complete} of {COMPLETE_LOADS} complete loads"


def _read_again(session: Session, build: _Build, row: Correction) -> tuple[bool, int]:
    """Whether everything written was read again after it was confirmed, and how often completely at least."""
    confirmed = {step.number: step.confirmed_at for step in corrections.steps_of(session, row.correction_id)}
    counts = []
    for step in from_plan(row.plan).steps:
        written = confirmed[step.number] or row.updated_at  # a person said so
        later = [
            is_complete
            for begun, is_complete in build.loads.get((step.instance, step.write.table), ())
            if begun > written
        ]
        counts.append((len(later), sum(later)))
    return all(loads for loads, _ in counts), min(complete for _, complete in counts)
