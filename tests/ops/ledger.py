"""A correction small enough to read, for tests of the ledger: one exception, steps that set one field each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from qtc_pipeline.corrections.contract import Kind, Proposal, Step, idempotency_key
from qtc_pipeline.corrections.stored import to_plan
from qtc_pipeline.ops import corrections, leases, plans
from qtc_pipeline.ops.models_corrections import Correction
from qtc_pipeline.systems.writing import Write

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
LONG = timedelta(hours=1)
ACTOR = "test"


def write(number: int = 1, *, create: bool = False) -> Write:
    if create:
        return Write("create", "job", "job", None, {"companyName": "Acme"}, marker="q-1:project")
    return Write("update", "job", "job", f"70{number}", {"jobPrice": "100"}, {"jobPrice": "90"})


def proposal(
    exception: str = "e1",
    *writes: Write,
    occurrence: int = 1,
    generation: int = 1,
    exposure: Decimal | None = Decimal("10.50"),
    instance: str = "erp",
) -> Proposal:
    steps = [Step(number, instance, one, "set the price") for number, one in enumerate(writes or (write(),), 1)]
    return Proposal(
        kind=Kind.PROPAGATE_AMENDMENT,
        exception_id=exception,
        occurrence=occurrence,
        generation=generation,
        break_class="value_differs",
        leg="value.erp",
        grain_key="p1",
        steps=tuple(steps),
        evidence=(),
        expects="the value in the ERP is 100",
        owner_role="delivery",
        exposure=exposure,
        legal_entity_id="US",
        qtc_id="q-1",
        build_id="b1",
        field_class="price",
    )


def saved(
    session: Session,
    planned: Proposal,
    *,
    state: str = "applying",
    policy: str = "automatic",
    now: datetime = NOW,
    replaces: Collection[str] = (),
) -> Correction:
    """A plan written down and moved on as far as *applying*; one that was there already stays where it is."""
    known = session.get(Correction, planned.correction_id)
    row = plans.save_plan(
        session,
        to_plan(planned),
        correction_id=planned.correction_id,
        plan_hash=planned.plan_hash,
        keys={step.number: idempotency_key(planned.correction_id, step) for step in planned.steps},
        policy=policy,
        policy_reason="a test",
        proposer="qtc",
        batch_id="batch",
        now=now,
        replaces=replaces,
    )
    if known is not None:
        return row
    for to in ("approved", "applying")[: ("planned", "approved", "applying").index(state)]:
        corrections.move(session, planned.correction_id, to, actor=ACTOR, now=now)
    return row


def unguard(session: Session) -> None:
    """What someone who edits the trail does first: take away what makes the database refuse it."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text("drop trigger audit_only_grows on audit"))
    else:
        for what in ("update", "delete"):
            session.execute(text(f"drop trigger audit_refuses_{what}"))


def leased(session: Session, holder: str = "h1", *, target: str = "erp", now: datetime = NOW) -> leases.Lease:
    lease = leases.take(session, target, holder, LONG, now)
    assert lease is not None
    return lease
