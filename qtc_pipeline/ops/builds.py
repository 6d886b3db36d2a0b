"""Builds in the store: which inputs, how far, and which dbt nodes failed.

Add here: a question about builds. Stays out: how a build id is computed (the transform room).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import QtcError
from qtc_pipeline.ops.models import Build, BuildFailure

Mark = Literal["step_1_at", "gates_1_at", "step_2_at", "gates_2_at", "published_at"]
MARKS: tuple[Mark, ...] = ("step_1_at", "gates_1_at", "step_2_at", "gates_2_at", "published_at")


@dataclass(frozen=True)
class Failure:
    """A dbt node that failed or was skipped because of one; ``relations`` are itself and all that rests on it."""

    node_id: str
    step: str
    status: str
    message: str
    relations: tuple[str, ...]


def start_build(
    session: Session,
    *,
    build_id: str,
    inputs_digest: str,
    previous_build_id: str | None,
    as_of: datetime,
    package_version: str,
    inputs: dict[str, Any],
) -> None:
    """Write the build down with nothing done yet; one that was done before starts over."""
    session.execute(delete(BuildFailure).where(BuildFailure.build_id == build_id))
    session.execute(delete(Build).where(Build.build_id == build_id))
    session.add(
        Build(
            build_id=build_id,
            inputs_digest=inputs_digest,
            previous_build_id=previous_build_id,
            as_of=as_of,
            package_version=package_version,
            inputs=inputs,
            prepared_at=datetime.now(UTC),
        )
    )
    session.flush()


def find_build(session: Session, build_id: str) -> Build | None:
    """The build of that id, None where it was never started."""
    return session.get(Build, build_id)


def the_build(session: Session, build_id: str) -> Build:
    """The build of that id.

    Raises:
        QtcError: there is none.
    """
    build = find_build(session, build_id)
    if build is None:
        raise QtcError(f"build {build_id}", "is not in the operational store", "Run `qtc run` to make one")
    return build


def last_judged(session: Session) -> str | None:
    """Id of the build that was prepared last among those a gate has judged; None before the first."""
    judged = select(Build.build_id).where(Build.gates_1_at.is_not(None))
    return session.scalars(judged.order_by(Build.prepared_at.desc())).first()


def mark(session: Session, build_id: str, what: Mark) -> None:
    """Write down that a part of the build is done; what follows it is then undone."""
    unmark(session, build_id, what)
    setattr(the_build(session, build_id), what, datetime.now(UTC))


def unmark(session: Session, build_id: str, what: Mark) -> None:
    """Write down that a part of the build, and so what follows it, is to be done again."""
    build = the_build(session, build_id)
    for mark_or_later in MARKS[MARKS.index(what) :]:
        setattr(build, mark_or_later, None)


def replace_failures(session: Session, build_id: str, step: str, failures: Sequence[Failure]) -> None:
    """Store the failed and skipped nodes of a step in place of those of an earlier attempt."""
    session.execute(delete(BuildFailure).where(BuildFailure.build_id == build_id, BuildFailure.step == step))
    if failures:
        rows = [{"build_id": build_id, **vars(failure), "relations": list(failure.relations)} for failure in failures]
        session.execute(insert(BuildFailure), rows)


def failures_of(session: Session, build_id: str) -> list[Failure]:
    """Failed and skipped nodes of a build, both steps, by node."""
    rows = session.scalars(
        select(BuildFailure).where(BuildFailure.build_id == build_id).order_by(BuildFailure.step, BuildFailure.node_id)
    )
    return [Failure(row.node_id, row.step, row.status, row.message, tuple(row.relations)) for row in rows]
