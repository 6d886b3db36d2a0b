"""What a run of the applier did, as plain data.

Add here: something a reader of a run wants counted. Stays out: printing it (``cli``), doing it (``apply``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one correction, or of one of its steps (``number``), and why."""

    correction_id: str
    kind: str
    number: int | None
    instance: str | None
    outcome: str
    told: str
    is_rehearsed: bool


@dataclass(slots=True)
class Report:
    """A run.

    Args:
        events: what became of what was touched, in order.
        left: correction -> why it waits.
        stopped: target -> why it was not written, or not to the end.
        alerts: sentences somebody must read: another's change was covered, a read-back differs.
        writes: writes sent, by target; rehearsed ones not among them.
        written: instance -> entity of the lake -> records now in effect, to be read again.
    """

    events: list[Event] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    writes: dict[str, int] = field(default_factory=dict)
    written: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def in_effect(self, instance: str, entity: str, key: str) -> None:
        """Remember a record whose new values stand."""
        records = self.written.setdefault(instance, {}).setdefault(entity, [])
        if key not in records:
            records.append(key)

    def count(self, outcome: str) -> int:
        """How many events had an outcome."""
        return sum(event.outcome == outcome for event in self.events)

    def to_plain(self) -> dict[str, Any]:
        """This report as JSON."""
        return asdict(self)
