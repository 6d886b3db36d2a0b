"""What records of an entity looked like, and what was out of the ordinary about a load: both stand in its commit.

Here: the two shapes. Stays out: taking a profile (``ingest.shape``), deciding what is out of the ordinary
(``ingest.findings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal[
    "volume", "missing_field", "retyped_field", "new_field", "stale_source", "unusual_total", "imprecise_number"
]
Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something out of the ordinary about a load.

    Attributes:
        kind: what sort of thing.
        severity: ``error`` keeps the load out of the lake unless a person forces it; the others are told.
        instance: of the load.
        entity: of the load.
        field: the payload field it is about, "" where it is about the load.
        expected: what earlier loads or the connector's declaration let expect.
        seen: what came instead.
        cause: what that means.
        fix: what a person can do.
    """

    kind: Kind
    severity: Severity
    instance: str
    entity: str
    field: str
    expected: str
    seen: str
    cause: str
    fix: str

    @property
    def what(self) -> str:
        """The object it is about, as its owner would name it."""
        named = f", field {self.field}" if self.field else ""
        return f"instance {self.instance}, entity {self.entity}{named}"

    @property
    def detail(self) -> str:
        """What happened, with what was expected and what was seen."""
        return f"{self.cause} ({self.kind}): expected {self.expected}, seen {self.seen}"

    @property
    def sentence(self) -> str:
        """Object, cause and fix."""
        return f"{self.what}: {self.detail}. {self.fix}."


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One payload field over many records.

    Attributes:
        present: records that had it, be it as null.
        filled: records in which it was not null.
        kinds: JSON types of its values, null left out, sorted.
    """

    present: int = 0
    filled: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: FieldShape) -> FieldShape:
        """Both together."""
        names = sorted({*self.kinds, *other.kinds})
        kinds = {name: self.kinds.get(name, 0) + other.kinds.get(name, 0) for name in names}
        return FieldShape(self.present + other.present, self.filled + other.filled, kinds)

    def scaled(self, rows: int, to: int) -> FieldShape:
        """The same shares, of another number of records."""
        kinds = {kind: count * to // rows for kind, count in self.kinds.items()}
        return FieldShape(self.present * to // rows, self.filled * to // rows, kinds)


@dataclass(frozen=True, slots=True)
class Profile:
    """Payload fields of many records.

    Attributes:
        rows: records looked at; of a large load a sample.
        fields: name -> its shape; a field nobody declared has its presence only.
        gaps: days from one day that brought a change to the next such day, oldest first, the last few.
        offered: fields nobody declared that the source described so far, None where it never described any.
        added: those of them that came after its first description and can be read; asked for ever since.
    """

    rows: int = 0
    fields: Mapping[str, FieldShape] = field(default_factory=dict)
    gaps: tuple[int, ...] = ()
    offered: tuple[str, ...] | None = None
    added: tuple[str, ...] = ()

    def plus(self, other: Profile) -> Profile:
        """The records of both together."""
        names = sorted({*self.fields, *other.fields})
        none = FieldShape()
        return replace(
            self,
            rows=self.rows + other.rows,
            fields={name: self.fields.get(name, none).plus(other.fields.get(name, none)) for name in names},
            gaps=(*self.gaps, *other.gaps),
        )

    def to_plain(self) -> dict[str, Any]:
        """Short JSON values."""
        return {
            "rows": self.rows,
            "fields": {name: [one.present, one.filled, dict(one.kinds)] for name, one in self.fields.items()},
            "gaps": self.gaps,
            **({} if self.offered is None else {"offered": self.offered, "added": self.added}),
        }

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Profile:
        """What :meth:`to_plain` gave."""
        fields = {name: FieldShape(*one) for name, one in values["fields"].items()}
        offered = tuple(values["offered"]) if "offered" in values else None
        return cls(values["rows"], fields, tuple(values["gaps"]), offered, tuple(values.get("added", ())))
