"""A firm of two fake systems, `psa` and `erp`, and the ledger over them: plan, approve, apply, in no time at all."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from qtc_pipeline.corrections.apply import apply
from qtc_pipeline.corrections.approve import submit
from qtc_pipeline.corrections.contract import Evidence, Kind, Proposal, State, Step, idempotency_key
from qtc_pipeline.corrections.report import Report
from qtc_pipeline.corrections.stored import to_plan
from qtc_pipeline.ops import audit, corrections, people
from qtc_pipeline.ops.models_corrections import Attempt, Correction, CorrectionStep
from qtc_pipeline.ops.plans import save_plan
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Corrections, Instance, LegalEntity, Settings
from qtc_pipeline.systems.writing import Write
from tests.corrections.fake_system import START, FakeSystem, FakeWriter

INSTANCES = ("psa", "erp")


def settings_in(home: Path, *, writes: Sequence[str] = INSTANCES, **limits: Any) -> Settings:
    """Both instances written, unless told otherwise."""
    home.mkdir(parents=True, exist_ok=True)
    return Settings(
        home=home,
        config_path=home / "qtc.toml",
        reporting_currency="USD",
        instances=tuple(
            Instance(
                name=name,
                vendor="kantata" if name == "psa" else "netsuite",
                roles=(name,),
                base_url="http://127.0.0.1:1",
                identity=f"fake-{name}",
                environment="sandbox",
                writes=name in writes,
            )
            for name in INSTANCES
        ),
        legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={"erp": "1"}),),
        corrections=Corrections(**limits),
    )


def update(key: str, old: Mapping[str, Any], new: Mapping[str, Any], *, instance: str = "erp") -> tuple[str, Write]:
    """A write that changes fields."""
    return instance, Write("update", "project", "project", key, new=dict(new), old=dict(old))


def create(marker: str, new: Mapping[str, Any], *, instance: str = "erp") -> tuple[str, Write]:
    """A write that makes a record."""
    return instance, Write("create", "project", "project", None, new=dict(new), marker=marker)


@cache
def _empty_store() -> bytes:
    """A store with its tables and no row, made once: migrating takes longer than most tests here."""
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder))
        with open_store(settings):
            pass
        with sqlite3.connect(Path(folder) / "ops.db") as database:
            content = database.serialize()
        database.close()
        return content


def make_store(settings: Settings) -> None:
    """An empty store where the settings look for theirs."""
    path = settings.home / "ops.db"
    if not path.exists():
        path.write_bytes(_empty_store())


class Stage:
    """Settings, two systems, their writers, and a clock all of them share."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = settings_in(home, **settings)
        make_store(self.settings)
        self.systems = {name: FakeSystem() for name in INSTANCES}
        self.writers = {name: FakeWriter(self.systems[name], identity=f"fake-{name}") for name in INSTANCES}
        self.slept: list[float] = []

    @property
    def erp(self) -> FakeSystem:
        return self.systems["erp"]

    def now(self) -> datetime:
        return self.erp.at

    def wait(self, seconds: float) -> None:
        """Time passes everywhere."""
        for system in self.systems.values():
            system.advance(seconds)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wait(seconds)

    def plan(
        self,
        *writes: tuple[str, Write],
        exception: str = "e1",
        generation: int = 1,
        occurrence: int = 1,
        exposure: int | None = 100,
        kind: Kind = Kind.PROPAGATE_AMENDMENT,
        policy: str = "automatic",
    ) -> str:
        """Plan a correction and send it where its policy says; its id."""
        proposal = proposed(
            *writes, exception=exception, generation=generation, occurrence=occurrence, exposure=exposure, kind=kind
        )
        keep(self.settings, proposal, policy=policy, now=self.now())
        return proposal.correction_id

    def apply(self, **options: Any) -> Report:
        """Run the applier once."""
        return apply(
            self.settings,
            now=self.now,
            sleep=self.sleep,
            chance=lambda: 0.5,
            opener=lambda instance: self.writers[instance.name],
            **options,
        )

    def row(self, correction_id: str) -> Correction:
        with open_store(self.settings) as session:
            row = corrections.get(session, correction_id)
            session.expunge_all()
            return row

    def state(self, correction_id: str) -> State:
        return State(self.row(correction_id).state)

    def steps(self, correction_id: str) -> list[CorrectionStep]:
        with open_store(self.settings) as session:
            rows = corrections.steps_of(session, correction_id)
            session.expunge_all()
            return rows

    def attempts(self, correction_id: str) -> list[Attempt]:
        with open_store(self.settings) as session:
            rows = corrections.attempts_of(session, correction_id)
            session.expunge_all()
            return rows

    def outcomes(self, correction_id: str) -> list[str | None]:
        return [one.outcome for one in self.attempts(correction_id)]

    def audit(self, action: str) -> list[str]:
        """Details of the audit rows of an action."""
        with open_store(self.settings) as session:
            return [row.detail for row in audit.rows_of(session) if row.action == action]

    def person(self, name: str, role: str = "approver", limit: int | None = None) -> str:
        with open_ledger(self.settings) as session:
            amount = None if limit is None else Decimal(limit)
            people.add(session, name, role, actor="test", now=self.now(), approval_limit=amount)
        return name


def proposed(
    *writes: tuple[str, Write],
    exception: str = "e1",
    generation: int = 1,
    occurrence: int = 1,
    exposure: int | None = 100,
    kind: Kind = Kind.PROPAGATE_AMENDMENT,
) -> Proposal:
    """A proposal of some writes."""
    return Proposal(
        kind=kind,
        exception_id=exception,
        occurrence=occurrence,
        generation=generation,
        break_class="amendment_not_propagated",
        leg="contract_value.erp",
        grain_key=exception,
        steps=tuple(
            Step(number, instance, write, f"{write.operation} {write.key or write.marker}")
            for number, (instance, write) in enumerate(writes, start=1)
        ),
        evidence=(Evidence("erp", "project", exception, START.isoformat(), "l1"),),
        expects="the values agree",
        owner_role="delivery",
        exposure=None if exposure is None else Decimal(exposure),
        legal_entity_id="US",
        qtc_id=None,
        build_id="b1",
        field_class="price",
    )


def keep(settings: Settings, proposal: Proposal, *, policy: str = "automatic", now: datetime = START) -> None:
    """Save a proposal as planned and send it where its policy says."""
    with open_ledger(settings) as session:
        row = save_plan(
            session,
            to_plan(proposal),
            correction_id=proposal.correction_id,
            plan_hash=proposal.plan_hash,
            keys={step.number: idempotency_key(proposal.correction_id, step) for step in proposal.steps},
            policy=policy,
            policy_reason="as the test says",
            proposer="qtc",
            batch_id="batch-1",
            now=now,
        )
        submit(session, row, actor="qtc", now=now)


def after(seconds: float) -> datetime:
    """An instant that long after the start."""
    return START + timedelta(seconds=seconds)
