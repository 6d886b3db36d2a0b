"""A writer that sends nothing: what a correction would do is looked at, and stays undone.

The default for every instance until its settings say ``writes = true``. Stays out: who decides it
(``corrections.writers``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qtc_pipeline.systems.writing import Found, Sent, Write, Writer

MADE = "dry-run"


@dataclass(slots=True)
class DryRunWriter:
    """Looks at an instance for real and never changes it; what it was to write, it shows as if it had."""

    writer: Writer
    writes_nothing: ClassVar[bool] = True
    _rehearsed: dict[tuple[str, str], Found] = field(default_factory=dict)

    @property
    def settle_seconds(self) -> float:
        """Nothing is sent, so nothing can arrive late."""
        return 0.0

    def identity(self) -> str:
        """As the system itself names the instance."""
        return self.writer.identity()

    def look(self, write: Write) -> Found | None:
        """The record as it is, or as a write of this rehearsal would have left it."""
        return self._rehearsed.get((write.entity, write.key or write.marker or "")) or self.writer.look(write)

    def send(self, write: Write, found: Found | None, key: str) -> Sent:  # noqa: ARG002  the protocol's shape
        """Nothing; the key of the record there is, or of none."""
        made = f"{MADE}:{write.marker}" if found is None and write.key is None else None
        shown = Found(
            key=made or (found.key if found is not None else str(write.key)),
            values=dict(write.new),
            version=found.version if found is not None else None,
            others=found.others if found is not None else {},
        )
        for name in {shown.key, write.marker or shown.key}:
            self._rehearsed[write.entity, name] = shown
        return Sent(shown.key, 0)

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:  # noqa: ARG002
        """Nothing was covered."""
        return None

    def close(self) -> None:
        """Release connections."""
        self.writer.close()
