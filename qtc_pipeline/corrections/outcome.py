"""What planning rests on and what it comes to.

Add here a word of either. Stays out: planning itself (``planning``), reading and storing (``plan``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qtc_pipeline.corrections.claims import Claim
from qtc_pipeline.corrections.contract import Kind, Proposal, State
from qtc_pipeline.corrections.policy import Judgement
from qtc_pipeline.systems.writing import Composer


class Corrected(Protocol):
    """Fields of a record that a correction changed lately (``ops.corrections.recently_corrected``)."""

    @property
    def instance(self) -> str:
        """The system."""

    @property
    def entity(self) -> str:
        """Record type as the vendor names it."""

    @property
    def record_key(self) -> str:
        """The vendor's id of it."""

    @property
    def fields(self) -> frozenset[str]:
        """What was set."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A correction there is already of an exception."""

    correction_id: str
    exception_id: str
    occurrence: int
    generation: int
    kind: Kind
    state: State
    plan_hash: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What planning rests on besides exceptions and facts.

    Args:
        build_id: the build planned from.
        green: legs whose systems are complete and conserved and whose differences are explained.
        standing: exception -> its corrections so far, first to last.
        claimed: what live corrections write, claim -> exception.
        corrected: what was corrected within ``ping_pong_days``.
        stopped: classes a flood stopped and nobody released.
        released: classes a person let through in this build.
        composers: instance -> how an action is spelled there; None where nobody may write.
        task_instances: where tasks for people are put, the first that can.
        replaces: corrections that wait for a person and are planned again by that person's decision.
    """

    build_id: str
    green: frozenset[str]
    standing: Mapping[str, tuple[Standing, ...]] = field(default_factory=dict)
    claimed: Mapping[Claim, str] = field(default_factory=dict)
    corrected: Sequence[Corrected] = ()
    stopped: Collection[str] = ()
    released: Collection[str] = ()
    composers: Mapping[str, Composer | None] = field(default_factory=dict)
    task_instances: tuple[str, ...] = ()
    replaces: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """An exception nothing is proposed for, and why."""

    exception_id: str
    break_class: str
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What planning came to; every open exception is in exactly one of the first three.

    Args:
        build_id: the build planned from.
        proposals: corrections and tasks to be written down, the lowest rank and largest exposure first.
        kept: exception -> its correction, unchanged and on its way.
        skipped: what nothing is proposed for.
        judgements: correction -> who must agree, and why.
        replaces: correction -> the earlier one that gives way to it although it waits for a person, or is a task.
        stopped: class -> the sentence about its flood.
        floods: class -> how many were new.
    """

    build_id: str
    proposals: tuple[Proposal, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    replaces: Mapping[str, Standing] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    floods: Mapping[str, int] = field(default_factory=dict)

    @property
    def owner_tasks(self) -> tuple[Proposal, ...]:
        """The proposals that are work for a person."""
        return tuple(one for one in self.proposals if one.kind is Kind.OWNER_TASK)
