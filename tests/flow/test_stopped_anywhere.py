"""Reads, builds, judgements and publications in any order, stopped anywhere, with a source that hides and changes:
what is published is always one moment of the source in full, and the next undisturbed run says what the source says.

The rooms are the real ones; only dbt's part is a few statements, so that hundreds of steps are affordable.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import deltalake
import duckdb
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from qtc_pipeline.errors import LoadRefusedError, PublicationHeldError
from qtc_pipeline.ingest.load import load_entity
from qtc_pipeline.lake import Lake
from qtc_pipeline.ops import builds
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish import publish as publishing
from qtc_pipeline.publish.reader import current_publication, list_publications, open_publication
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.transform import context
from qtc_pipeline.transform.context import Prepared, prepare
from tests.gates import small
from tests.ingest.sources import START, Source

ENTITY = Entity(name="Contract", fields=("id", "at", "value"), cursor="at", deletes="log")
MANIFEST = {"sources": {"one": {"schema": "raw", "name": "salesforce__contract"}}}
KEYS = st.sampled_from([f"{entity}{number}" for entity in ("us", "de") for number in range(6)])
STOPS = ("before the commit", "after the load", "prepared", "judged once", "files", "pointer", None)
LIVE = """
create schema if not exists small;
create or replace view small.contract as
select
    record_id, case when starts_with(record_id, 'us') then 'US' else 'DE' end as legal_entity_id,
    case when starts_with(record_id, 'us') then 'USD' else 'EUR' end as currency,
    cast(json_extract_string(payload, '$.value') as decimal(18,4)) as amount
from (
    select *, row_number() over (
        partition by record_id order by is_deleted, version_at desc nulls last, load_id desc, ordinal desc
    ) as content_rank, first_value(is_deleted) over (
        partition by record_id order by read_at desc, load_id desc, ordinal desc
    ) as is_dead from raw.salesforce__contract
)
where content_rank = 1 and not is_dead;
insert into raw.qtc_load by name select * from (values
    ('l2', 'workspaces', 'psa', timestamp '2026-06-30 22:00:00', timestamp '2026-06-30 22:01:00'),
    ('l3', 'transaction', 'erp', timestamp '2026-06-30 22:00:00', timestamp '2026-06-30 22:01:00')
) as t(load_id, entity, instance, read_through, completed_at);
"""


class Stopped(BaseException):
    """The process ended here."""


def transform(home: Any, build_id: str) -> None:
    """What dbt would do, on the contracts the lake holds: the small warehouse's views over them."""
    body = small.SQL.split("-- E0: the source's own counts")[1]
    body = body.replace("raw.salesforce__contract", "small.contract").replace("('crm', 'Contract', 'USD', 2), ", "")
    body = body.replace("('crm', 'Contract', 'EUR', 2), ", "")
    with duckdb.connect(str(home.warehouse_path)) as connection:
        for schema in ("canonical", "reconciliation", "marts", "kpis", "seeds", "small"):
            connection.execute(f"drop schema if exists {schema} cascade")
        for name in ("kantata__workspaces", "netsuite__transaction"):
            connection.execute(f"create or replace view raw.{name} as select 1 as record_id")
        for name in ("canonical", "reconciliation", "marts", "kpis", "seeds"):
            connection.execute(f"create schema {name}")
        connection.execute(LIVE + "-- E0" + body)
        connection.execute(
            "insert into small.source_count select instance, entity, currency, count_after "
            "from raw.qtc_source_count where measure = 'count'"
        )
        connection.execute(
            "create or replace view reconciliation.rec_completeness as select s.*, 'count' as measure, "
            "counted as source_before, counted as source_after, coalesce(r.total, c.total, 0) as raw_total, "
            "0::decimal(38,4) as changed_during_read, counted - coalesce(r.total, c.total, 0) as difference, "
            "counted = coalesce(r.total, c.total, 0) as is_explained from small.source_count as s "
            "left join small.raw_count as r using (instance, entity, currency) left join "
            "(select 'crm' as instance, 'Contract' as entity, count(*) as total from small.contract) as c "
            "using (instance, entity)"
        )
    with open_store(home) as session:
        builds.mark(session, build_id, "step_1_at")


@contextmanager
def stopped_at(place: str | None) -> Iterator[None]:
    """End the process at a place, once it is reached."""

    def die(*_: Any, **__: Any) -> None:
        raise Stopped

    targets: dict[str, tuple[Any, str]] = {
        "before the commit": (deltalake.DeltaTable, "create_write_transaction"),
        "files": (publishing, "write_manifest"),
        "pointer": (publishing, "move_pointer"),
    }
    if place not in targets:
        yield
        return
    with mock.patch.object(*targets[place], die):
        yield


class Pipeline(RuleBasedStateMachine):
    """The source as it is, the pipeline as it stands, and what may be published."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="stopped")
        self.settings = small.settings_in(Path(self.folder.name) / "var")
        self.source = Source(now=small.AS_OF - timedelta(minutes=30))
        self.minute = 0
        self.moments: set[Decimal] = set()  # totals the source had when it was read in full
        self.patch = mock.patch.object(context, "load_manifest", return_value=MANIFEST)
        self.patch.start()

    def teardown(self) -> None:
        self.source.hidden.clear()
        self._job(None)
        published = current_publication(self.settings)
        assert published is not None
        assert self._published() == self._total()
        self.patch.stop()
        self.folder.cleanup()

    @initialize()
    def a_first_contract_in_each_company(self) -> None:
        self._change(lambda: self.source.put(self.minute, us0="100", de0="70"))

    @rule(key=KEYS, value=st.integers(1, 900))
    def a_contract_is_signed_or_changed(self, key: str, value: int) -> None:
        self._change(lambda: self.source.put(self.minute, **{key: str(value)}))

    @rule(key=KEYS)
    def a_contract_is_deleted(self, key: str) -> None:
        if key in self.source.records and not key.endswith("0"):
            self._change(lambda: self._delete(key))

    @rule(key=KEYS)
    def the_source_hides_a_record(self, key: str) -> None:
        self.source.hidden.add(key)

    @rule()
    def the_source_shows_everything_again(self) -> None:
        self.source.hidden.clear()

    @rule(stop=st.sampled_from(STOPS))
    def the_job_runs(self, stop: str | None) -> None:
        self._job(stop)

    @rule(back=st.integers(0, 3))
    def somebody_rolls_back(self, back: int) -> None:
        publishing.recover(self.settings)  # what was half done when the process ended is no publication
        made = list_publications(self.settings)
        if made:
            publishing.rollback(self.settings, made[min(back, len(made) - 1)].publication_id)

    @invariant()
    def what_is_published_is_one_moment_of_the_source_in_full(self) -> None:
        if current_publication(self.settings) is not None:
            assert self._published() in self.moments

    def _change(self, change: Callable[[], None]) -> None:
        self.minute += 20  # past the look-back: an increment must find it by its stamp
        change()

    def _delete(self, key: str) -> None:
        del self.source.records[key]
        self.source.gone[key] = START + timedelta(minutes=self.minute)

    def _total(self) -> Decimal:
        return sum((Decimal(value) for _, value in self.source.records.values()), Decimal(0))

    def _published(self) -> Decimal | None:
        with open_publication(self.settings) as (published, connection):
            assert {"marts.fct_backlog", "kpis.kpi_executive"} <= published.manifest["tables"].keys()
            rows = connection.execute("select sum(backlog) from marts.fct_backlog").fetchone()
        assert rows is not None
        return Decimal(rows[0])

    def _job(self, stop: str | None) -> None:
        """The main job once, as a process that may end anywhere."""
        try:
            with stopped_at(stop):
                self._run(stop)
        except (Stopped, PublicationHeldError, LoadRefusedError):
            return

    def _run(self, stop: str | None) -> None:
        # any number of deletions is allowed: that records are hidden must be found out by counts
        instance = self.settings.instance("crm").model_copy(update={"max_delete_share": Decimal(1)})
        self.moments.add(self._total())
        load_entity(Lake(self.settings.lake_dir), instance, self.source, ENTITY, "full")
        if stop == "after the load":
            raise Stopped
        prepared: Prepared = prepare(self.settings)
        if stop == "prepared":
            raise Stopped
        if not prepared.is_done:
            with open_store(self.settings) as session:
                was_made = builds.the_build(session, prepared.build_id).step_1_at is not None
            if not was_made:
                transform(self.settings, prepared.build_id)
            small.evaluate(self.settings, 1)
            if stop == "judged once":
                raise Stopped
            with open_store(self.settings) as session:
                builds.mark(session, prepared.build_id, "step_2_at")
            small.evaluate(self.settings, 2)
        publishing.publish(self.settings, prepared.build_id)


def _machine(examples: int, steps: int) -> Any:
    case = Pipeline.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # a step costs half a second: shrinking would take an hour
        suppress_health_check=list(HealthCheck),
    )
    return case


class TestStoppedAnywhere(_machine(2, 5)):  # type: ignore[misc]
    """A few histories."""


@pytest.mark.long
class TestStoppedAnywhereForLong(_machine(40, 25)):  # type: ignore[misc]
    """Many histories."""
