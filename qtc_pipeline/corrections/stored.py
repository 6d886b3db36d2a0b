"""A proposal as the ledger keeps it, plain JSON, and back.

Add here: how a new part of a proposal is spelled. Stays out: what a proposal is (``contract``), the rows (``ops``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from qtc_pipeline.corrections.contract import Evidence, Kind, Proposal, Step
from qtc_pipeline.systems.writing import Write


def to_plan(proposal: Proposal) -> dict[str, Any]:
    """A proposal as plain JSON: amounts as plain digits."""
    plan = asdict(proposal)
    for step in plan["steps"]:
        step["write"]["lines"] = list(step["write"]["lines"])
    return {
        **plan,
        "kind": str(proposal.kind),
        "exposure": None if proposal.exposure is None else format(proposal.exposure, "f"),
        "reasons": list(proposal.reasons),
        "evidence": list(plan["evidence"]),
        "steps": [
            {**step, "write": {**step["write"], "lines": list(step["write"]["lines"])}} for step in plan["steps"]
        ],
    }


def from_plan(plan: Mapping[str, Any]) -> Proposal:
    """The proposal a plan was made from: the same digest."""
    return Proposal(
        **{
            **{name: value for name, value in plan.items() if name != "correction_id"},
            "kind": Kind(plan["kind"]),
            "exposure": None if plan["exposure"] is None else Decimal(plan["exposure"]),
            "reasons": tuple(plan["reasons"]),
            "evidence": tuple(Evidence(**one) for one in plan["evidence"]),
            "steps": tuple(_step(one) for one in plan["steps"]),
        }
    )


def _step(plan: Mapping[str, Any]) -> Step:
    write = plan["write"]
    return Step(**{**plan, "write": Write(**{**write, "lines": tuple(dict(line) for line in write["lines"])})})
