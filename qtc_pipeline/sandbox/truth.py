"""What every build must find of the planted defects: class, leg, records, base, primary exposure.

Here: `truth_of(state)`: what the defects of a pod claim, and who carries a source item that several claim (the lowest
rank of the seed). Claims are computed from the firm's own plan and history (`truth_deals.py`, `truth_records.py`),
never from payloads, so they share nothing with the rules but the seed that names classes, ranks and bases.
Stays out: where defects are planted (`defects*.py`). The first of `records` is the grain, without instances.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.clock import money
from qtc_pipeline.sandbox.model import Truth
from qtc_pipeline.sandbox.outage import outage_claims
from qtc_pipeline.sandbox.truth_deals import deal_claims
from qtc_pipeline.sandbox.truth_records import record_claims

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtc_pipeline.sandbox.claims import Claim
    from qtc_pipeline.sandbox.state import PodState

_ROOT = Path(__file__).resolve().parents[2]
_SEEDS = (
    _ROOT / "dbt_project" / "seeds" / "rule_class.csv",
    _ROOT / "qtc_pipeline" / "_dbt_project" / "seeds" / "rule_class.csv",
)


@cache
def classes() -> dict[str, tuple[int, str]]:
    """Return rank and base of every class, from the seed all parts share.

    Raises:
        SandboxError: the seed is nowhere.
    """
    for path in _SEEDS:
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as handle:
                return {row["break_class"]: (int(row["rank"]), row["base"]) for row in csv.DictReader(handle)}
    raise SandboxError("seed rule_class.csv", f"not found at {_SEEDS[0]}", "run from a checkout or an installed wheel")


def truth_of(state: PodState) -> list[Truth]:
    """Return the planted defects of a pod as they stand at its instant, consequences included."""
    claims = [*deal_claims(state), *record_claims(state)] if state.plants else []
    if state.outage is not None:
        claims += outage_claims(state)
    carried: dict[int, int] = defaultdict(int)
    for place, amount in _primaries(claims):
        carried[place] += amount
    return [_truth(claim, carried[place]) for place, claim in enumerate(claims)]


def _primaries(claims: Sequence[Claim]) -> Iterable[tuple[int, int]]:
    """Yield (place of the claim that carries an item, its amount) for every item."""
    ranks = classes()
    rivals: dict[str, list[tuple[int, str, str, int, int]]] = defaultdict(list)
    for place, claim in enumerate(claims):
        for item in claim.items:
            rank = ranks[claim.break_class][0]
            rivals[item.key].append((rank, claim.leg, claim.break_class, place, item.amount))
    return [(found[3], found[4]) for found in map(min, rivals.values())]


def truth_json(truths: Iterable[Truth]) -> str:
    """Return the truth as the text of its file: one object per planted defect, amounts as text."""
    return json.dumps([asdict(item) for item in truths], default=str, indent=2) + "\n"


def _truth(claim: Claim, amount: int) -> Truth:
    base = classes()[claim.break_class][1]
    if claim.base is not None:
        base = claim.base
    return Truth(
        claim.break_class,
        claim.leg.split(".", maxsplit=1)[0],
        claim.leg,
        claim.records,
        base,
        money(amount),
        claim.currency,
        claim.occurrence,
    )
