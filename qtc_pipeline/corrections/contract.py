"""The words of a correction: what is proposed, on which evidence, and the states it may pass through.

Here: dataclasses, the table of states, keys. Pure: no store, no network, no clock. Add a state or a word here. Stays
out: who moves a correction from state to state (``approve``, ``apply``, ``settle``, ``verify``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from qtc_pipeline.settings.corrections import Decision
from qtc_pipeline.systems.writing import Write


class Kind(StrEnum):
    """Corrections, as the policy names them."""

    LINK_RECORDS = "link_records"
    CREATE_PROJECT = "create_project"
    PROPAGATE_AMENDMENT = "propagate_amendment"
    TRANSFER_TIME = "transfer_time"
    TRANSFER_EXPENSE = "transfer_expense"
    ALIGN_RATE = "align_rate"
    HOLD_INVOICE = "hold_invoice"
    RELEASE_INVOICE = "release_invoice"
    CREDIT_AND_REBILL = "credit_and_rebill"
    PUSH_INVOICE_STATUS = "push_invoice_status"
    OWNER_TASK = "owner_task"


class State(StrEnum):
    """Where a correction stands (``TRANSITIONS``)."""

    PLANNED = "planned"
    WAITING_APPROVAL = "waiting_approval"
    APPROVED = "approved"
    APPLYING = "applying"
    IN_DOUBT = "in_doubt"
    VERIFYING = "verifying"
    RESOLVED = "resolved"
    STALE = "stale"
    REOPENED = "reopened"
    SUPERSEDED = "superseded"
    DECLINED = "declined"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    PARTLY_APPLIED = "partly_applied"
    NEEDS_PERSON = "needs_person"
    DEAD_LETTER = "dead_letter"
    DISCARDED = "discarded"


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.PLANNED: frozenset(
        {State.WAITING_APPROVAL, State.APPROVED, State.REFUSED, State.SUPERSEDED, State.CANCELLED}
    ),
    State.WAITING_APPROVAL: frozenset(
        {State.APPROVED, State.DECLINED, State.REFUSED, State.SUPERSEDED, State.CANCELLED}
    ),
    State.APPROVED: frozenset(
        {State.APPLYING, State.WAITING_APPROVAL, State.REFUSED, State.SUPERSEDED, State.CANCELLED}
    ),
    State.APPLYING: frozenset(
        {
            State.VERIFYING,
            State.IN_DOUBT,
            State.STALE,
            State.REJECTED,
            State.PARTLY_APPLIED,
            State.DEAD_LETTER,
            State.NEEDS_PERSON,
        }
    ),
    State.IN_DOUBT: frozenset({State.APPLYING, State.VERIFYING, State.NEEDS_PERSON}),
    State.VERIFYING: frozenset({State.RESOLVED, State.REOPENED}),
    State.DEAD_LETTER: frozenset({State.SUPERSEDED, State.DISCARDED}),  # a replay re-plans: the new one supersedes it
    State.NEEDS_PERSON: frozenset({State.SUPERSEDED, State.CANCELLED, State.VERIFYING}),
    State.PARTLY_APPLIED: frozenset({State.SUPERSEDED, State.CANCELLED}),
    State.REJECTED: frozenset({State.SUPERSEDED, State.CANCELLED}),
    State.STALE: frozenset({State.SUPERSEDED}),
    State.REOPENED: frozenset({State.SUPERSEDED}),
}
"""State -> states that may follow; a state that is missing is an end."""

LIVE = frozenset(
    {State.PLANNED, State.WAITING_APPROVAL, State.APPROVED, State.APPLYING, State.IN_DOUBT, State.VERIFYING}
)
"""An exception has at most one correction in one of these."""
BEFORE_APPLYING = frozenset({State.PLANNED, State.WAITING_APPROVAL, State.APPROVED})
FOR_A_PERSON = frozenset({State.REJECTED, State.PARTLY_APPLIED, State.NEEDS_PERSON, State.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record version a plan rests on; times as ISO 8601 text in UTC."""

    instance: str
    entity: str
    record_id: str
    version_at: str | None
    load_id: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One write of a correction, numbered from 1; steps go forward only."""

    number: int
    instance: str
    write: Write
    title: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """A correction as planned.

    Args:
        kind: of the correction.
        exception_id: the exception it repairs.
        occurrence: which life of the exception.
        generation: 1 for its first plan; one more for every plan after a stale, reopened or replayed one.
        break_class: of the exception.
        leg: rule leg of the exception.
        grain_key: of the exception.
        steps: in order.
        evidence: record versions it rests on.
        expects: what the rule is to say afterwards, a sentence.
        owner_role: whose work it is where a person must do it.
        exposure: reporting currency; None where unknown.
        legal_entity_id: of the exception.
        qtc_id: of the engagement.
        build_id: the build it was planned from.
        reasons: why a person should look (scored match, something billed already, …); empty for none.
        field_class: what kind of field it touches: ``reference``, ``price``, ``terms``, ``quantity``, ``document``,
            ``status``, ``task``.
        least: the least that safety asks for, whatever the policy says: a scored match wants a person, a change of what
            is billed already wants two.
    """

    kind: Kind
    exception_id: str
    occurrence: int
    generation: int
    break_class: str
    leg: str
    grain_key: str
    steps: tuple[Step, ...]
    evidence: tuple[Evidence, ...]
    expects: str
    owner_role: str | None
    exposure: Decimal | None
    legal_entity_id: str | None
    qtc_id: str | None
    build_id: str
    field_class: str
    reasons: tuple[str, ...] = ()
    least: Decision = "automatic"
    correction_id: str = field(init=False)

    def __post_init__(self) -> None:
        name = f"{self.exception_id}:{self.occurrence}:{self.generation}"
        object.__setattr__(self, "correction_id", hashlib.sha256(name.encode()).hexdigest()[:32])

    @property
    def plan_hash(self) -> str:
        """Digest of what would be done and why: an approval binds to it."""
        said = {
            "kind": self.kind,
            "exception": [self.exception_id, self.occurrence],
            "steps": [asdict(step) for step in self.steps],
            "evidence": [asdict(one) for one in self.evidence],
            "exposure": None if self.exposure is None else format(self.exposure, "f"),
        }
        return hashlib.sha256(canonical(said).encode()).hexdigest()

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances it writes to, in order, each once."""
        return tuple(dict.fromkeys(step.instance for step in self.steps))


def canonical(said: Any) -> str:
    """JSON with one spelling, for digests."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def idempotency_key(correction_id: str, step: Step) -> str:
    """The key a step is written under.

    A create is known by its business marker, which stays when it is planned again, so it cannot happen twice. An update
    holds the correction's id: without it a second, legitimate correction A -> B, after someone went back to A, would be
    taken for done.
    """
    write = step.write
    if write.operation == "create":
        said: list[Any] = [step.instance, write.entity, write.marker]
    else:
        said = [step.instance, write.entity, write.key, dict(write.new), correction_id]
    return hashlib.sha256(canonical(said).encode()).hexdigest()
