"""A correction under way, as an applier reads it from the ledger.

Add here: something an applier must know of a correction. Stays out: changing it (``ledger``), its words (``contract``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import Proposal, State, Step
from qtc_pipeline.corrections.stored import from_plan
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.corrections import DONE_STEP
from qtc_pipeline.ops.models_corrections import Correction, CorrectionStep


@dataclass(frozen=True, slots=True)
class Job:
    """A correction as it stands, with its steps' states and the keys they made."""

    correction_id: str
    state: State
    proposal: Proposal
    plan_hash: str
    not_before: datetime | None
    states: Mapping[int, str]
    made: Mapping[int, str]

    @property
    def next_step(self) -> Step | None:
        """The first step that is not done."""
        return next((step for step in self.proposal.steps if self.states[step.number] not in DONE_STEP), None)

    @property
    def has_effect(self) -> bool:
        """Whether one of its writes took effect."""
        return "confirmed" in self.states.values()

    def told(self) -> str:
        """Every step and where it stands."""
        return "; ".join(
            f"{step.number} {step.instance}: {step.title}: {self.states[step.number].replace('_', ' ')}"
            + (f" ({self.made[step.number]})" if step.number in self.made else "")
            for step in self.proposal.steps
        )


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """A try whose outcome is not known; ``was_answered``: the vendor confirmed it and it was not seen yet."""

    attempt_id: int
    job: Job
    step: Step
    sent_at: datetime | None
    was_answered: bool


@dataclass(frozen=True, slots=True)
class Begun:
    """A correction after the question whether it may begin, the state it moved to (None: it waits), and why."""

    job: Job
    to: State | None
    told: str


def job_of(row: Correction, steps: list[CorrectionStep]) -> Job:
    """A correction read from its rows."""
    return Job(
        row.correction_id,
        State(row.state),
        from_plan(row.plan),
        row.plan_hash,
        row.not_before,
        {step.number: step.state for step in steps},
        {step.number: step.made_key for step in steps if step.made_key is not None},
    )


def as_it_stands(session: Session, correction_id: str) -> Job:
    """A correction as it stands in a session."""
    return job_of(corrections.get(session, correction_id, whole=True), corrections.steps_of(session, correction_id))
