"""Where publications lie and which one is current: the folder's layout and its pointer.

Here: reading the pointer and a manifest, shared by the room that publishes and by the next build, which compares with
what was published. Stays out: making a publication and moving the pointer (the publish room).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qtc_pipeline.errors import PublicationError

POINTER = "current"
MANIFEST = "manifest.json"
DATABASE = "publication.duckdb"


def current_id(published: Path) -> str | None:
    """Id of the current publication, None before the first. One atomic read of the pointer."""
    pointer = published / POINTER
    return pointer.readlink().name if pointer.is_symlink() else None


def read_manifest(published: Path, publication_id: str) -> dict[str, Any]:
    """Manifest of a publication.

    Raises:
        PublicationError: there is no such publication, or its manifest is damaged.
    """
    path = published / publication_id / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PublicationError(
            f"publication {publication_id}", f"{path} is not there", "See `qtc publish list`"
        ) from None
    except json.JSONDecodeError as error:
        raise PublicationError(
            f"publication {publication_id}", f"{path} is damaged: {error}", "Roll back to another one"
        ) from None
    return manifest
