"""Publications in the store: prepared, published, withdrawn.

Add here: a question about publications. Stays out: files and the pointer (the publish room); the pointer is the truth.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.ops.models import Publication

PREPARED = "prepared"
PUBLISHED = "published"
WITHDRAWN = "withdrawn"
ABANDONED = "abandoned"


def prepare(session: Session, publication_id: str, build_id: str, as_of: datetime, marts: dict[str, Any]) -> None:
    """Write down a publication whose files are complete and whose pointer is about to move."""
    session.add(
        Publication(
            publication_id=publication_id,
            build_id=build_id,
            state=PREPARED,
            as_of=as_of,
            created_at=datetime.now(UTC),
            marts=marts,
        )
    )
    session.flush()


def set_state(session: Session, publication_id: str, state: str) -> None:
    """Move a publication to a state; the first time it is published is kept.

    Raises:
        PublicationError: there is no such publication.
    """
    row = session.get(Publication, publication_id)
    if row is None:
        raise PublicationError(
            f"publication {publication_id}", "is not in the operational store", "See `qtc publish list`"
        )
    row.state = state
    if state == PUBLISHED and row.published_at is None:
        row.published_at = datetime.now(UTC)


def all_publications(session: Session) -> list[Publication]:
    """Every publication, newest first."""
    return list(session.scalars(select(Publication).order_by(Publication.publication_id.desc())))


def of_build(session: Session, build_id: str) -> Publication | None:
    """The publication made from a build, None where there is none that counts."""
    return session.scalars(
        select(Publication)
        .where(Publication.build_id == build_id, Publication.state.in_((PUBLISHED, WITHDRAWN)))
        .order_by(Publication.publication_id.desc())
    ).first()
