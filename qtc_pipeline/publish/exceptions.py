"""The exception queue over builds: what a build's breaks open, keep, reopen and resolve.

An exception is a grain of a leg that breaks, whatever the class of the break: a class change is not a new exception.
Only legs whose systems are complete and whose equation holds speak: a short load looks like a thousand missing records.
Add here: what an exception carries. Stays out: what is a break (reconciliation models), storing (``ops.exceptions``).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.gates.contract import EQUATIONS, QUEUE, Gate, Outcome, StoredVerdict
from qtc_pipeline.ops import builds, exceptions, verdicts
from qtc_pipeline.ops.exceptions import SyncCounts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb

_FOUND = """
with ranked as (
    select
        md5(concat_ws('|', rule_id, leg, grain_key, kind)) as exception_id,
        *,
        row_number() over (
            partition by rule_id, leg, grain_key, kind order by rank, break_class, period, left_ref, right_ref
        ) as position
    from reconciliation.rec_break
),

summed as (
    select
        exception_id,
        case when count(exposure_amount) = count(*) then sum(exposure_amount) end as exposure_amount,
        case when count(exposure_reporting) = count(*) then sum(exposure_reporting) end as exposure_reporting,
        sum(blocked_amount) as blocked_amount,
        sum(difference) as difference
    from ranked
    group by exception_id
)

select
    ranked.exception_id, ranked.rule_id, ranked.leg, ranked.kind, ranked.break_class, ranked.grain_key, ranked.base,
    ranked.rank, rule_class.owner_role, rule_class.sla_days, summed.exposure_amount, summed.exposure_reporting,
    summed.blocked_amount, summed.difference, ranked.currency, ranked.qtc_id, ranked.customer_id, ranked.contract_id,
    ranked.legal_entity_id, ranked.region, ranked.workflow_stage, ranked.period, ranked.failure_reason, ranked.left_ref,
    ranked.right_ref
from ranked
inner join summed using (exception_id)
left join seeds.rule_class as rule_class on ranked.break_class = rule_class.break_class
where ranked.position = 1
order by ranked.exception_id
"""


def sync_exceptions(settings: Settings, connection: duckdb.DuckDBPyConnection, build_id: str) -> SyncCounts:
    """Bring the stored exceptions to what the build in the warehouse found; doing it twice changes nothing."""
    legs = {
        row["leg_id"]: {row["left_instance"], row["right_instance"]}
        for row in read_rows(connection, "select leg_id, left_instance, right_instance from raw.qtc_leg")
    }
    with open_store(settings) as session:
        as_of = builds.the_build(session, build_id).as_of
        green = green_legs(verdicts.verdicts_of(session, build_id, QUEUE.name), legs)
        found = [_described(row, as_of) for row in read_rows(connection, _FOUND)] if green else []
        return exceptions.sync(session, build_id=build_id, as_of=as_of, found=found, green_legs=green)


def green_legs(rows: Iterable[StoredVerdict], instances_of: dict[str, set[str]]) -> set[str]:
    """Legs whose two systems are complete and conserved and whose differences are all explained."""
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


def _described(row: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    days = row.pop("sla_days")
    return {**row, "sla_due": None if days is None else as_of + timedelta(days=int(days))}
