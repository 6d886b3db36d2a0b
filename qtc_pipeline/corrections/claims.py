"""What a correction writes, so that two of them never write the same at once.

Add here another way in which two corrections may meet. Stays out: what is done about it (``planning``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qtc_pipeline.corrections.contract import Step
from qtc_pipeline.systems.writing import Write


@dataclass(frozen=True, slots=True)
class Claim:
    """A record that is made, a document that is transformed, or a field that is set."""

    instance: str
    entity: str
    what: str

    @property
    def said(self) -> str:
        """The claim in words."""
        return f"{self.entity} {self.what} in {self.instance}"


def fields_of(write: Write) -> frozenset[str]:
    """The fields a write sets."""
    return frozenset(write.new)


def claims_of(steps: Iterable[Step]) -> tuple[Claim, ...]:
    """What the steps of a correction claim."""
    found: dict[Claim, None] = {}
    for step in steps:
        write = step.write
        if write.operation == "create":
            found[Claim(step.instance, write.entity, str(write.marker))] = None
            if write.source is not None:
                kind, _, key = write.source.partition("/")
                found[Claim(step.instance, kind, f"{key}, of which {write.entity} is made")] = None
        else:
            for name in sorted(fields_of(write)):
                found[Claim(step.instance, write.entity, f"{write.key}, {name}")] = None
    return tuple(found)
