"""Planning from the store and the warehouse, and writing the plan down.

``plan`` reads the last build's verdicts, the open exceptions and what the warehouse knows of them, and asks nothing of
any system; ``save`` keeps what it came to in the ledger. Add here what planning has to read. Stays out: what is
proposed (``planning``, ``rules``), who must agree (``policy``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.corrections import approve
from qtc_pipeline.corrections.case import Case
from qtc_pipeline.corrections.claims import Claim, claims_of
from qtc_pipeline.corrections.contract import LIVE, Kind, State, canonical, idempotency_key
from qtc_pipeline.corrections.facts import read
from qtc_pipeline.corrections.outcome import Inputs, Plan, Standing
from qtc_pipeline.corrections.planning import draw
from qtc_pipeline.corrections.stored import from_plan, to_plan
from qtc_pipeline.gates.contract import QUEUE
from qtc_pipeline.gates.legs import green_legs
from qtc_pipeline.ops import builds, class_stops, corrections, exceptions, plans, verdicts
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.systems.registry import writing
from qtc_pipeline.systems.writing import Verb
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from qtc_pipeline.ops.models import ExceptionCase
    from qtc_pipeline.ops.models_corrections import Correction
    from qtc_pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of writing a plan down: corrections planned anew, kept, and those that gave way."""

    batch_id: str
    planned: tuple[str, ...]
    kept: tuple[str, ...]
    superseded: tuple[str, ...]


def plan(
    settings: Settings, *, now: datetime, only: Collection[str] | None = None, replaces: Collection[str] = ()
) -> Plan:
    """What is proposed for the open exceptions of the build in the warehouse; changes nothing, calls nobody.

    Args:
        settings: policies, limits, instances.
        now: for what counts as recent.
        only: of these exceptions; None: of all.
        replaces: corrections that wait for a person and are planned again by that person's decision.
    """
    with open_read_only(settings.warehouse_path) as connection:
        build_id = read_rows(connection, "select build_id from raw.qtc_build")[0]["build_id"]
        legs = {
            row["leg_id"]: {row["left_instance"], row["right_instance"]}
            for row in read_rows(connection, "select leg_id, left_instance, right_instance from raw.qtc_leg")
        }
        with open_store(settings) as session:
            build = builds.the_build(session, build_id)
            judged = build.gates_2_at is not None
            green = green_legs(verdicts.verdicts_of(session, build_id, QUEUE.name), legs) if judged else set()
            found = [_case(one) for one in exceptions.list_exceptions(session)]
            base = Inputs(build_id, frozenset(green), replaces=frozenset(replaces))
            inputs = _inputs(settings, session, base, [one.exception_id for one in found], now)
        drawn = draw(found, read(connection, settings, found), inputs, settings.corrections)
    return drawn if only is None else _restricted(drawn, only)


def _case(row: ExceptionCase) -> Case:
    return Case(
        exception_id=row.exception_id,
        occurrence=row.occurrence,
        break_class=row.break_class,
        kind=row.kind,
        leg=row.leg,
        grain_key=row.grain_key,
        failure_reason=row.failure_reason,
        rank=row.rank,
        owner_role=row.owner_role,
        exposure=row.exposure_reporting,
        difference=row.difference,
        currency=row.currency,
        contract_id=row.contract_id,
        customer_id=row.customer_id,
        left_ref=row.left_ref,
        right_ref=row.right_ref,
        legal_entity_id=row.legal_entity_id,
        qtc_id=row.qtc_id,
        sla_due=row.sla_due,
        last_build_id=row.last_build_id,
    )


def _inputs(settings: Settings, session: Session, base: Inputs, exception_ids: Sequence[str], now: datetime) -> Inputs:
    standing: dict[str, list[Standing]] = {}
    for row in corrections.of_exceptions(session, exception_ids):
        standing.setdefault(row.exception_id, []).append(_standing(row))
    claimed: dict[Claim, str] = {}
    for row in corrections.list_corrections(session, state=LIVE):
        claimed.update(dict.fromkeys(claims_of(from_plan(row.plan).steps), row.exception_id))
    ways = {instance.name: writing(instance.vendor) for instance in settings.instances}
    takers = [
        instance
        for instance in settings.instances
        if (way := ways[instance.name]) is not None and any(verb is Verb.TASK for verb, _entity in way.capabilities)
    ]
    since = now - timedelta(days=settings.corrections.ping_pong_days)
    return replace(
        base,
        standing={name: tuple(rows) for name, rows in standing.items()},
        claimed=claimed,
        corrected=corrections.recently_corrected(session, since),
        stopped=tuple(one.break_class for one in class_stops.stopped(session)),
        released=class_stops.released_for(session, base.build_id),
        composers={name: None if way is None else way.compose for name, way in ways.items()},
        task_instances=tuple(one.name for one in sorted(takers, key=lambda one: "crm" not in one.roles)),
    )


def _standing(row: Correction) -> Standing:
    return Standing(
        row.correction_id,
        row.exception_id,
        row.occurrence,
        row.generation,
        Kind(row.kind),
        State(row.state),
        row.plan_hash,
        row.reason,
    )


def _restricted(drawn: Plan, only: Collection[str]) -> Plan:
    """The part of a plan about some exceptions."""
    proposals = tuple(one for one in drawn.proposals if one.exception_id in only)
    ids = {one.correction_id for one in proposals}
    return Plan(
        drawn.build_id,
        proposals,
        {name: one for name, one in drawn.kept.items() if name in only},
        tuple(one for one in drawn.skipped if one.exception_id in only),
        {name: one for name, one in drawn.judgements.items() if name in ids},
        {name: one for name, one in drawn.replaces.items() if name in ids},
        drawn.stopped,
        drawn.floods,
    )


def save(settings: Settings, drawn: Plan, *, actor: str, now: datetime) -> Saved:
    """Write a plan down and send each correction where its policy says; the same plan again changes nothing.

    Args:
        settings: who proposes, limits.
        drawn: the plan.
        actor: person or process that planned.
        now: when.

    Raises:
        CorrectionError: the ledger moved since the plan was drawn: draw it again.
    """
    told = [drawn.build_id, sorted((one.correction_id, one.plan_hash) for one in drawn.proposals)]
    batch_id = hashlib.sha256(canonical(told).encode()).hexdigest()[:32]
    with open_ledger(settings) as session:
        for name, count in drawn.floods.items():
            limit = settings.corrections.max_new_of(name)
            class_stops.stop(session, name, build_id=drawn.build_id, found=count, limit=limit, actor=actor, now=now)
        before = {row.correction_id for row in corrections.list_corrections(session, state="superseded")}
        for one in drawn.proposals:
            earlier = drawn.replaces.get(one.correction_id)
            if earlier is not None and earlier.state is State.VERIFYING:
                why = "what only a person could decide is decided"
                corrections.move(session, earlier.correction_id, State.REOPENED, actor=actor, reason=why, now=now)
            judged = drawn.judgements[one.correction_id]
            row = plans.save_plan(
                session,
                to_plan(one),
                correction_id=one.correction_id,
                plan_hash=one.plan_hash,
                keys={step.number: idempotency_key(one.correction_id, step) for step in one.steps},
                policy=judged.decision,
                policy_reason=judged.reason,
                proposer=settings.corrections.proposer,
                batch_id=batch_id,
                now=now,
                replaces=() if earlier is None else (earlier.correction_id,),
            )
            approve.submit(session, row, actor=actor, now=now)
        after = {row.correction_id for row in corrections.list_corrections(session, state="superseded")}
    planned = tuple(one.correction_id for one in drawn.proposals)
    return Saved(batch_id, planned, tuple(sorted(drawn.kept.values())), tuple(sorted(after - before)))
