"""Which legs a build's verdicts let speak: only from them exceptions are opened, resolved, planned from and verified.

A short load looks like a thousand missing records and like a thousand repaired ones. Add here: what silences a leg.
Stays out: judging (``evaluate``), what an exception is (``publish.exceptions``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from qtc_pipeline.gates.contract import EQUATIONS, Gate, Outcome, StoredVerdict


def green_legs(rows: Iterable[StoredVerdict], instances_of: Mapping[str, AbstractSet[str]]) -> set[str]:
    """Legs whose two systems are complete and conserved and whose differences are all explained.

    Args:
        rows: verdicts of the build on the exception queue.
        instances_of: leg -> the instances on its two sides.
    """
    mine = list(rows)
    if not {row.gate for row in mine} >= {Gate.COMPLETE, Gate.CONSERVED, Gate.EXPLAINED}:
        return set()
    bad = [row for row in mine if row.verdict in {Outcome.FAIL, Outcome.NOT_EVALUATED}]
    if any(row.gate not in EQUATIONS for row in bad):  # a dbt failure the gates themselves rest on
        return set()
    broken_systems = {row.rule_id.split(".")[1] for row in bad if row.gate in {Gate.COMPLETE, Gate.CONSERVED}}
    broken_legs = {row.rule_id for row in bad if row.gate == Gate.EXPLAINED}
    return {
        leg
        for leg, instances in instances_of.items()
        # a roll-forward rests on every system, whatever its two sides are
        if leg not in broken_legs
        and not (broken_systems if leg.startswith("rollforward") else broken_systems & instances)
    }
