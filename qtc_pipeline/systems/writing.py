"""What every system offers to be corrected: writes as data, and a writer that looks, sends and looks again.

Here: the vocabulary between the corrections room and a vendor's folder. Add here what every vendor's writer needs.
Stays out: which correction is made when (``corrections``) and how a vendor spells it (``systems/<vendor>/write.py``).

A correction is asked for as an :class:`Action` in canonical words. A vendor's :class:`Composer` turns it, without any
call, into :class:`Write` objects in the vendor's own words, or says that its API cannot do it safely. A :class:`Writer`
then does one write at a time: ``look`` before, ``send`` with the strongest guard the vendor has, ``look`` after. Values
are absolute, never increments; amounts are plain decimal text. A value ``@{2}`` is the key of the record that step 2
made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from qtc_pipeline.settings import Instance

Value = str | int | bool | None
Values = Mapping[str, Value]
Operation = Literal["create", "update"]
_STEP = re.compile(r"^@\{(\d+)\}$")


class Verb(StrEnum):
    """What can be asked of a system."""

    CREATE = "create"  # a record that is missing
    SET = "set"  # fields of a record that is there
    LINK = "link"  # the id another system gave a record
    HOLD = "hold"  # keep a draft from going out
    RELEASE = "release"  # let it go
    CREDIT = "credit"  # a credit memo over a posted invoice, in an open period
    REBILL = "rebill"  # an invoice in place of a credited one
    TASK = "task"  # work for a person, in the system where that person works


class Guard(StrEnum):
    """What keeps a write from covering another's change."""

    CONDITION = "condition"  # the vendor refuses when the record moved
    MARKER = "marker"  # the vendor refuses a second record with the marker
    COMPARE = "compare"  # none: compared before, and again afterwards to tell that a change was lost


@dataclass(frozen=True, slots=True)
class Action:
    """A correction in canonical words.

    Args:
        verb: what is to happen.
        entity: canonical entity (``project``, ``customer``, ``time_entry``, ``invoice``, …).
        values: canonical field -> value wanted.
        old: canonical field -> value the plan was made on, for every field of ``values`` that has one.
        source_id: the vendor's own id of the record; None where it is made.
        marker: business marker of a record that is made, stable over plans.
        lines: of a document that is made.
    """

    verb: Verb
    entity: str
    values: Values
    old: Values = field(default_factory=dict)
    source_id: str | None = None
    marker: str | None = None
    lines: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one record, in the vendor's words; plain data, kept in the ledger as JSON.

    Args:
        operation: of the record.
        entity: record type as the vendor's write API names it.
        table: the entity of ``System.entities`` in which the record is read again.
        key: of the record; None where it is made.
        marker: by which a record that is made is found again; None for updates.
        old: field -> planned old value.
        new: field -> absolute value.
        source: document a made one is transformed from, ``invoice/123``.
        lines: of a document that is made.
    """

    operation: Operation
    entity: str
    table: str
    key: str | None
    new: Values
    old: Values = field(default_factory=dict)
    marker: str | None = None
    source: str | None = None
    lines: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A record as a writer sees it.

    Args:
        key: of the record.
        values: the fields the write speaks of, in the form of ``Write.new``.
        version: the vendor's modification stamp, None where it keeps none.
        others: fields the write does not speak of, for telling afterwards that another's change was lost.
    """

    key: str
    values: Values
    version: str | None = None
    others: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """A write the vendor confirmed: key of the record, status of the answer."""

    key: str
    status: int


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing a vendor's API can do safely; what is not declared becomes a task for a person."""

    guard: Guard
    needs: frozenset[str] = frozenset()  # canonical fields without which it cannot be asked


class Writer(Protocol):
    """One running instance, open for corrections. Used by one thread.

    Raises: the write errors of :mod:`qtc_pipeline.errors`; ``look`` and ``identity`` the read errors too.
    """

    @property
    def settle_seconds(self) -> float:
        """After a lost answer the server may still commit for this long."""

    def identity(self) -> str:
        """How the system itself names this instance (organisation or account id): one request."""

    def look(self, write: Write) -> Found | None:
        """The record a write is about, by key or by marker; None where there is none.

        Raises:
            AmbiguousRecordError: several records carry the marker.
        """

    def send(self, write: Write, found: Found | None, key: str) -> Sent:
        """Do the write, once.

        Args:
            write: as planned, references to other steps replaced.
            found: what :meth:`look` gave right before.
            key: idempotency key, for vendors and calls that take one.

        Raises:
            StaleRecordError: the vendor's guard says the record moved.
            NoEffectError: refused or unreachable before it could have an effect; may be sent again.
            OutcomeUnknownError: the answer was lost: only looking tells.
            WriteRejectedError: the vendor's rules forbid it; sending again gives the same answer.
            AuthenticationError: credentials refused; nothing was written.
        """

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:
        """A sentence where our write covered another's change between look and send; None where there is no sign."""

    def close(self) -> None:
        """Release connections."""


Composer = Callable[[Action], tuple[Write, ...] | None]
"""An action in the vendor's words, several writes where it takes several calls; None where it cannot be done."""


Holding = Callable[[Write, Mapping[str, Any]], Values]
"""The fields a write speaks of as a record of the lake holds them, in the form of ``Write.new``; what the lake spells
by another record's key, or does not have, is left out."""


def as_named(write: Write, record: Mapping[str, Any]) -> dict[str, Value]:
    """Holding where the lake has the very fields that are written."""
    return {name: record[name] for name in write.new if name in record}


@dataclass(frozen=True, slots=True)
class Writing:
    """How a vendor is written: ``WRITING`` of ``qtc_pipeline.systems.<vendor>.write``.

    Args:
        capabilities: (verb, canonical entity) -> what the vendor's API can do safely.
        compose: an action in the vendor's words.
        open: a writer for one instance.
        held: what a record of the lake has of a write's fields.
        beside: entity of the lake whose records come with one that is made -> its field with that one's key.
    """

    capabilities: Mapping[tuple[Verb, str], Capability]
    compose: Composer
    open: Callable[[Instance], Writer]
    held: Holding = as_named
    beside: Mapping[str, str] = field(default_factory=dict)


def resolved(write: Write, keys: Mapping[int, str]) -> Write:
    """A write with references ``@{n}`` to earlier steps replaced by the keys they made.

    Raises:
        KeyError: it speaks of a step that made nothing yet.
    """

    def value(one: Value) -> Value:
        found = _STEP.match(one) if isinstance(one, str) else None
        return keys[int(found[1])] if found else one

    def all_of(values: Values) -> dict[str, Value]:
        return {name: value(one) for name, one in values.items()}

    key = value(write.key)
    source = write.source
    if source is not None:
        kind, _, of = source.partition("/")
        source = f"{kind}/{value(of)}"
    return Write(
        write.operation,
        write.entity,
        write.table,
        key if isinstance(key, str) else None,
        all_of(write.new),
        all_of(write.old),
        write.marker,
        source,
        tuple(all_of(line) for line in write.lines),
    )
