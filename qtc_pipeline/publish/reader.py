"""Reading publications: which there are, which is current, and opening one.

A publication never changes once the pointer names it, so a reader resolves the pointer once and is then neither blocked
nor shown half a state. Add here: a way to read. Stays out: making one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.ops import pointer
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import open_read_only

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Published:
    """One publication: its folder and its manifest."""

    publication_id: str
    folder: Path
    manifest: dict[str, Any]
    is_current: bool

    @property
    def database(self) -> Path:
        """Its DuckDB file."""
        return self.folder / pointer.DATABASE

    @property
    def marts(self) -> dict[str, dict[str, str | None]]:
        """Mart -> its ``status`` (final, qualified, held) and ``reason``."""
        found: dict[str, dict[str, str | None]] = self.manifest["marts"]
        return found


def current_publication(settings: Settings) -> Published | None:
    """The publication the pointer names, None before the first."""
    current = pointer.current_id(settings.published_dir)
    return None if current is None else _read(settings, current, current)


def find_publication(settings: Settings, publication_id: str | None = None) -> Published:
    """A publication by its id or the unique beginning of it; the current one where none is named.

    Raises:
        PublicationError: there is no such publication.
    """
    current = pointer.current_id(settings.published_dir)
    if publication_id is None:
        if current is None:
            raise PublicationError(
                f"folder {settings.published_dir}", "nothing is published yet", "Use `qtc run` first"
            )
        return _read(settings, current, current)
    alike = [one for one in _ids(settings) if one.startswith(publication_id)]
    if len(alike) != 1:
        cause = "there is none" if not alike else f"{len(alike)} begin so"
        raise PublicationError(f"publication {publication_id}", cause, "See `qtc publish list`")
    return _read(settings, alike[0], current)


def list_publications(settings: Settings) -> list[Published]:
    """Every complete publication, newest first."""
    current = pointer.current_id(settings.published_dir)
    return [_read(settings, one, current) for one in sorted(_ids(settings), reverse=True)]


def published_at(settings: Settings, instant: datetime) -> Published:
    """The publication that was the newest at an instant: what was reported then.

    Raises:
        PublicationError: nothing had been published by then.
    """
    for one in list_publications(settings):
        if datetime.fromisoformat(one.manifest["created_at"]) <= instant:
            return one
    raise PublicationError(
        f"publication known at {instant:%Y-%m-%d %H:%M} UTC",
        "nothing had been published by then",
        "See `qtc publish list`",
    )


@contextmanager
def open_publication(
    settings: Settings, publication_id: str | None = None
) -> Iterator[tuple[Published, duckdb.DuckDBPyConnection]]:
    """Open a publication (the current one by default) read-only; it stays the same until closed."""
    published = find_publication(settings, publication_id)
    with open_read_only(published.database) as connection:
        yield published, connection


def _ids(settings: Settings) -> list[str]:
    found = settings.published_dir.glob(f"*/{pointer.MANIFEST}")
    return [one.parent.name for one in found if not one.parent.is_symlink() and not one.parent.name.startswith(".")]


def _read(settings: Settings, publication_id: str, current: str | None) -> Published:
    manifest = pointer.read_manifest(settings.published_dir, publication_id)
    folder = settings.published_dir / publication_id
    return Published(publication_id, folder, manifest, publication_id == current)
