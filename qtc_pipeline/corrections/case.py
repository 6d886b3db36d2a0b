"""What a rule is asked and what it may answer.

Here: an open exception as the plan sees it, an action for one instance, the answers of a rule. Add here a word every
rule needs. Stays out: facts (``facts``), rules (``rules``), what becomes of an answer (``plan``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from qtc_pipeline.corrections.contract import Evidence, Kind
from qtc_pipeline.settings.corrections import Decision
from qtc_pipeline.systems.writing import Action


@dataclass(frozen=True, slots=True)
class Case:
    """An open exception.

    Args:
        exception_id: of the exception.
        occurrence: which life of it.
        break_class: of the exception.
        kind: ``break`` or ``condition``; nothing is planned from anything else.
        leg: rule leg that found it.
        grain_key: what it is about.
        failure_reason: the rule's sentence.
        rank: of the class; the lowest goes first.
        owner_role: whose work it is.
        exposure: reporting currency, None where unknown.
        difference: left minus right, in ``currency``.
        currency: of the difference.
        contract_id: canonical id, as are ``customer_id``, ``left_ref`` and ``right_ref``.
        legal_entity_id: of the exception.
        qtc_id: of the engagement.
        sla_due: when its owner should be done.
        last_build_id: the last build that found it.
    """

    exception_id: str
    occurrence: int
    break_class: str
    kind: str
    leg: str
    grain_key: str
    failure_reason: str | None = None
    rank: int | None = None
    owner_role: str | None = None
    exposure: Decimal | None = None
    difference: Decimal | None = None
    currency: str | None = None
    contract_id: str | None = None
    customer_id: str | None = None
    left_ref: str | None = None
    right_ref: str | None = None
    legal_entity_id: str | None = None
    qtc_id: str | None = None
    sla_due: datetime | None = None
    last_build_id: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """An action for one instance. ``@{n}`` in a value or ``source_id`` is the record that the n-th ask made."""

    instance: str
    action: Action
    title: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A repair: what is asked of which system, on which evidence, and what the rule is to say afterwards."""

    kind: Kind
    asks: tuple[Ask, ...]
    evidence: tuple[Evidence, ...]
    expects: str
    field_class: str
    reasons: tuple[str, ...] = ()
    least: Decision = "automatic"


@dataclass(frozen=True, slots=True)
class Person:
    """Only a person can decide: why, in a sentence."""

    why: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Covered:
    """Another exception's correction repairs this one too: why, in a sentence."""

    why: str


Answer = Draft | Person | Covered
