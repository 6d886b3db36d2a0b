"""Some records read again: what a correction wrote is in the lake, and completeness is judged as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.ingest.run import ingest_instance, read_records
from qtc_pipeline.lake import Lake, Load, SourceCount
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance, LegalEntity, Settings
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.writing import Action, Verb
from tests.ingest.sources import alive
from tests.systems.writing_suite import Books, opened

DOCUMENTS = ("transaction", "transactionline", "transactionaccountingline", "nexttransactionlinelink")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Books()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(tmp_path: Path, running: Running) -> Settings:
    instances = tuple(Instance(name=name, **values) for name, values in running.describe().items())
    return Settings(
        home=tmp_path,
        config_path=tmp_path / "qtc.toml",
        reporting_currency="USD",
        instances=instances,
        legal_entities=(LegalEntity(id="US", name="US", currency="USD", keys={}),),
    )


def last(settings: Settings, instance: str, entity: str) -> Load:
    found = Lake(settings.lake_dir).last_load(settings.instance(instance).vendor, entity, instance)
    assert found is not None
    return found


def counted(settings: Settings, instance: str, entity: str) -> dict[tuple[str, str], object]:
    declared = system(settings.instance(instance).vendor)
    with closing(declared.open(settings.instance(instance))) as reader:
        return totals(reader.count(declared.entity(entity)))


def totals(counts: tuple[SourceCount, ...]) -> dict[tuple[str, str], object]:
    return {(one.currency, one.measure): one.value for one in counts}


def held(settings: Settings, instance: str, entity: str) -> dict[str, dict[str, object]]:
    found = alive(settings.lake_dir, entity, settings.instance(instance).vendor)
    return {key: json.loads(text) for key, text in found.items()}


def test_a_project_made_by_us_comes_with_its_reference_and_leaves_completeness_as_it_was(
    settings: Settings, running: Running
) -> None:
    names = ("workspaces", "external_references")
    ingest_instance(settings, "psa", "full", names)
    before = {name: last(settings, "psa", name) for name in names}
    values = {
        "name": "Made",
        "currency": "EUR",
        "value": "10",
        "legal_entity": "DE",
        "opportunity_id": "006000000000777AAA",
    }
    with opened(running, "psa") as world:
        write = world.composed(Action(Verb.CREATE, "project", values, marker="qtc-777"))
        key = world.writer.send(write, None, "key").key
    outcome = read_records(settings, "psa", {"workspaces": [key]})
    assert outcome.failures == {}
    assert held(settings, "psa", "workspaces")[key]["title"] == "Made [qtc-777]"
    assert [one["subject_id"] for one in held(settings, "psa", "external_references").values()] == [key]
    for name in names:
        load = last(settings, "psa", name)
        assert (load.mode, load.versions) == ("records", 1)
        assert (load.cursor_out, load.read_through) == (before[name].cursor_out, before[name].read_through)
        assert totals(load.counts_after) == counted(settings, "psa", name)
        assert load.live == len(held(settings, "psa", name))
    for result in ingest_instance(settings, "psa", "increment", names):
        assert result.load.versions == 0


def test_a_document_is_read_with_its_lines_and_its_sums_are_carried_forward(
    settings: Settings, running: Running
) -> None:
    ingest_instance(settings, "erp", "full", DOCUMENTS)
    with opened(running, "erp") as world:
        values = {"order_id": "5000", "amount": "40.25", "description": "Amendment"}
        line = world.composed(Action(Verb.CREATE, "order_line", values, marker="qtc-1-amendment"))
        key = world.writer.send(line, None, "key").key
        lines = ({"amount": "5.10", "source_type": "time", "source_id": "T1"},)
        head = {"customer_id": "77", "project_id": "700", "currency": "EUR", "date": "2026-06-15"}
        bill = world.composed(Action(Verb.REBILL, "invoice", head, marker="qtc-1-rebill", lines=lines))
        invoice = world.writer.send(bill, None, "key").key
    outcome = read_records(settings, "erp", {"transactionline": [key], "transaction": [invoice]})
    assert outcome.failures == {}
    assert held(settings, "erp", "transaction")["5000"]["foreigntotal"] == "190.75"
    of_invoice = [one for one in held(settings, "erp", "transactionline").values() if one["transaction"] == invoice]
    assert len(of_invoice) == 2
    for name in DOCUMENTS:
        carried = totals(last(settings, "erp", name).counts_after)
        assert {key: value for key, value in carried.items() if value} == {
            key: value for key, value in counted(settings, "erp", name).items() if value
        }, name


def test_a_record_that_is_not_there_leaves_the_lake_as_it_was(settings: Settings) -> None:
    ingest_instance(settings, "crm", "full", ("Opportunity",))
    before = held(settings, "crm", "Opportunity")
    outcome = read_records(settings, "crm", {"Opportunity": ["006000000424242AAA"]})
    assert [one.load.rows for one in outcome.results] == [0]
    assert held(settings, "crm", "Opportunity") == before


def test_nothing_is_read_alone_before_everything_was_read(settings: Settings) -> None:
    outcome = read_records(settings, "crm", {"Opportunity": ["006000000000001AAA"]})
    assert isinstance(outcome.failures["Opportunity"], LoadRefusedError)
    assert last_or_none(settings) is None


def last_or_none(settings: Settings) -> Load | None:
    return Lake(settings.lake_dir).last_load("salesforce", "Opportunity", "crm")
