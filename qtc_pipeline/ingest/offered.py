"""What a source offers beside what is declared, and what became of it. Pure, but for the question to the source.

A connector that names the fields it asks for would never see one that is added, so the source's own description is
looked at once a load. What it offers at an entity's first load is its usual shape: only declared fields of it are read.
A field that comes later is told, and read from that load on; a record has it in raw from its next version, or from the
next full read where it has a value.

Add here: another thing a source says of its fields. Stays out: how a vendor describes them (``systems``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtc_pipeline.ingest.shape import declared
from qtc_pipeline.lake import Finding, Profile
from qtc_pipeline.systems.contract import Describing, Entity, Reader

if TYPE_CHECKING:
    from qtc_pipeline.ingest.findings import Observed


@dataclass(frozen=True, slots=True)
class Offer:
    """Fields nobody declared, by the source's own description.

    Attributes:
        names: all offered so far, None where the source never described any.
        added: of them, those that came after the first description and can be read.
        new: first offered now.
        read: of the added, those this load asks for.
    """

    names: tuple[str, ...] | None = None
    added: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    def noted(self, profile: Profile) -> Profile:
        """A profile from which the next load will know it."""
        return replace(profile, offered=self.names, added=self.added)


def offer_of(reader: Reader, entity: Entity, earlier: Profile | None) -> Offer:
    """Ask the source, where it can be asked.

    Args:
        reader: of the source.
        entity: what is loaded.
        earlier: the profile of the load before.

    Raises:
        SystemReadError: the source did not answer; a description it keeps from this role is none.
    """
    known = earlier or Profile()
    told = reader.offered(entity) if isinstance(reader, Describing) else None
    added = sorted(set(known.added) - set(entity.fields))
    if told is None:
        return Offer(known.offered, tuple(added), read=tuple(added))
    undeclared = told.keys() - set(entity.fields)
    new = undeclared - set(undeclared if known.offered is None else known.offered)
    added = sorted({*added, *(name for name in new if told[name])})
    names = tuple(sorted({*undeclared, *(known.offered or ())}))
    return Offer(names, tuple(added), tuple(sorted(new)), tuple(name for name in added if told.get(name)))


def new_fields(observed: Observed) -> Iterator[Finding]:
    """Fields first sent, or first offered, by this load."""
    known, came, offer = observed.known, observed.profile, observed.offer
    expected = {*declared(observed.entity), *known.fields, *(known.offered or ())}
    # on the first load the vendor's other fields are no news
    sent = came.fields.keys() - expected if known.rows else set()
    for name in sorted({*sent, *offer.new} - known.fields.keys()):
        vendor = observed.load.vendor
        cause, fix = "it is not read", f"Declare it in qtc_pipeline/systems/{vendor}/ as a query names it, to keep it"
        if name in came.fields or name in offer.read:
            cause, fix = "it is kept in raw from this load on", "Declare it where a model needs it"
        is_sent = name in came.fields
        yield observed.finding(
            "new_field",
            "info",
            name,
            expected="no such field",
            seen=f"in {came.fields[name].present} of {came.rows} records" if is_sent else "in the source's description",
            cause=f"the source {'sends' if is_sent else 'offers'} a field nobody declared; {cause}",
            fix=fix,
        )
