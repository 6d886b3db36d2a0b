"""A writer that sends nothing: what a correction would do is looked at, and stays undone.

The default for every instance until its settings say ``writes = true``. Stays out: who decides it
(``corrections.writers``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from qtc_pipeline.systems.writing import Found, Sent, Value, Write, Writer

MADE = "dry-run"


@dataclass(slots=True)
class DryRunWriter:
    """Looks at an instance for real and never changes it; what it was to write, it shows as if it had."""

    writer: Writer
    writes_nothing: ClassVar[bool] = True
    _values: dict[tuple[str, str], dict[str, Value]] = field(default_factory=dict)
    _made: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def settle_seconds(self) -> float:
        """Nothing is sent, so nothing can arrive late."""
        return 0.0

    def identity(self) -> str:
        """As the system itself names the instance."""
        return self.writer.identity()

    def look(self, write: Write) -> Found | None:
        """The record as it is, with what this rehearsal would have written to it."""
        name = (write.entity, write.key or write.marker or "")
        values = self._values.get(name, {})
        if name in self._made:
            return Found(self._made[name], {one: values.get(one) for one in write.new})
        found = self.writer.look(write)
        if found is None:
            return None
        return replace(found, values={one: values.get(one, held) for one, held in found.values.items()})

    def send(self, write: Write, found: Found | None, key: str) -> Sent:  # noqa: ARG002  the protocol's shape
        """Nothing; the key of the record there is, or of none."""
        made = f"{MADE}:{write.marker}" if write.operation == "create" else str(write.key)
        shown = made if found is None else found.key
        for name in {(write.entity, shown), (write.entity, write.marker or shown)}:
            self._values.setdefault(name, {}).update(write.new)
            if found is None:
                self._made[name] = shown
        return Sent(shown, 0)

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:  # noqa: ARG002
        """Nothing was covered."""
        return None

    def close(self) -> None:
        """Release connections."""
        self.writer.close()
