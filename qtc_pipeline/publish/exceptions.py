"""The exception queue over builds: what a build's breaks open, keep, reopen and resolve.

An exception is a grain of a leg that breaks, whatever the class of the break: a class change is not a new exception.
Only legs whose systems are complete and whose equation holds speak: a short load looks like a thousand missing records.
Add here: what an exception carries. Stays out: what is a break (reconciliation models), storing (``ops.exceptions``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.gates.contract import QUEUE
from qtc_pipeline.gates.legs import green_legs
from qtc_pipeline.ops import builds, exceptions, verdicts
from qtc_pipeline.ops.exceptions import SyncCounts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import read_rows

if TYPE_CHECKING:
    import duckdb

_FOUND = """
select
    exception_id, rule_id, leg, kind, break_class, grain_key, base, rank, owner_role, sla_days, exposure_amount,
    exposure_reporting, blocked_amount, difference, exposure_currency as currency, qtc_id, customer_id, contract_id,
    legal_entity_id, region, workflow_stage, period, failure_reason, left_ref, right_ref
from reconciliation.rec_break
order by exception_id
"""
_ON_THEIR_WAY = "select distinct leg, grain_key from reconciliation.rec_row where kind = 'timing'"


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
        waiting = {(row["leg"], row["grain_key"]) for row in read_rows(connection, _ON_THEIR_WAY)} if green else set()
        return exceptions.sync(
            session, build_id=build_id, as_of=as_of, found=found, green_legs=green, on_their_way=waiting
        )


def _described(row: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    days = row.pop("sla_days")
    return {**row, "sla_due": None if days is None else as_of + timedelta(days=int(days))}
