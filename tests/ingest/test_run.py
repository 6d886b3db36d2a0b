"""An instance: its entities together, failures told by name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from qtc_pipeline.errors import IngestError, PermanentError, SettingsError, TransientError
from qtc_pipeline.ingest import run
from qtc_pipeline.ingest.run import check_instance, ingest_instance, read_instance
from qtc_pipeline.lake import Lake
from qtc_pipeline.settings import LegalEntity, Settings
from qtc_pipeline.systems.contract import Capabilities, Entity, Page, System
from tests.ingest.sources import ENTITY, INSTANCE, Source

NAMES = ("One", "Two", "Three", "Four", "Five")


class Failing(Source):
    failures: dict[str, Exception]
    threads: set[str]

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        self.threads.add(threading.current_thread().name)
        if entity.name in self.failures:
            raise self.failures[entity.name]
        return super().pages(entity, since)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Failing:
    made = Failing()
    made.failures, made.threads = {}, set()
    made.put(0, a="1", b="2")
    entities = tuple(Entity(name=name, fields=ENTITY.fields, cursor="at") for name in NAMES)
    capabilities = Capabilities(source_sums=False, delete_log=False, time_approval=False, server_order=True)
    declared = System("salesforce", entities, capabilities, lambda _: made)
    monkeypatch.setattr(run, "system", lambda _: declared)
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    entity = LegalEntity(id="US", name="US", currency="USD", keys={})
    instance = INSTANCE.model_copy(update={"max_concurrency": 2})
    return Settings(
        home=tmp_path,
        config_path=tmp_path / "qtc.toml",
        reporting_currency="USD",
        instances=(instance,),
        legal_entities=(entity,),
    )


def test_results_come_in_the_order_declared(source: Failing, settings: Settings) -> None:
    results = ingest_instance(settings, "crm", "increment")
    assert [one.load.entity for one in results] == list(NAMES)
    assert len(source.threads) <= 2


def test_one_failing_entity_does_not_lose_the_others(source: Failing, settings: Settings) -> None:
    source.failures = {"Two": PermanentError("instance crm, entity Two", "no permission", "Give it")}
    with pytest.raises(IngestError, match=r"instance crm, entity Two: no permission\. Give it") as caught:
        ingest_instance(settings, "crm", "increment")
    assert list(caught.value.failures) == ["Two"]
    assert not caught.value.is_transient
    lake = Lake(settings.lake_dir)
    loaded = {name for name in NAMES if lake.last_load("salesforce", name, "crm")}
    assert loaded == set(NAMES) - {"Two"}


def test_failures_that_may_pass_are_told_apart(source: Failing, settings: Settings) -> None:
    source.failures = {name: TransientError(name, "503") for name in ("One", "Five")}
    with pytest.raises(IngestError) as caught:
        ingest_instance(settings, "crm", "increment")
    assert caught.value.is_transient
    outcome = read_instance(settings, "crm", "increment")
    assert [one.load.entity for one in outcome.results] == ["Two", "Three", "Four"]


def test_a_run_stopped_by_hand_starts_no_further_entity(
    source: Failing, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, closed = threading.Event(), threading.Event()

    def hold(number: int) -> None:
        del number
        running.set()
        assert closed.wait(10)
        raise PermanentError("crm", "the client is closed")

    def stop(waiting: object) -> None:
        del waiting
        assert running.wait(10)
        raise KeyboardInterrupt

    source.hook = hold
    monkeypatch.setattr(source, "close", closed.set)
    monkeypatch.setattr(run, "wait", stop)
    with pytest.raises(KeyboardInterrupt):
        ingest_instance(settings, "crm", "full")
    assert len(source.asked) <= 2
    lake = Lake(settings.lake_dir)
    assert not any(lake.last_load("salesforce", name, "crm") for name in NAMES)


def test_chosen_entities_only(source: Failing, settings: Settings) -> None:
    del source
    assert [one.load.entity for one in ingest_instance(settings, "crm", "full", ["Three"])] == ["Three"]


def test_an_unknown_entity_or_instance_is_named_with_the_known_ones(source: Failing, settings: Settings) -> None:
    del source
    with pytest.raises(SettingsError, match=r"entity 'Six'.*Use one of: One, Two, Three"):
        ingest_instance(settings, "crm", "full", ["Six"])
    with pytest.raises(SettingsError, match="instance 'hr'"):
        ingest_instance(settings, "hr", "full")


def test_progress_is_told_by_entity(source: Failing, settings: Settings) -> None:
    del source
    told: list[tuple[str, int]] = []
    ingest_instance(settings, "crm", "full", ["One", "Two"], lambda entity, rows: told.append((entity, rows)))
    assert sorted(told) == [("One", 2), ("Two", 2)]


def test_checking_an_instance_logs_in_and_counts(source: Failing, settings: Settings) -> None:
    del source
    assert check_instance(settings, "crm").startswith("salesforce at http://127.0.0.1:9: logged in, 2 live One records")
