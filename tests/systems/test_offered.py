"""Connectors that ask for fields by name tell which others there are, and read those on request.

What a load makes of it is tested with ingest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Describing, Page
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.fake_firm import FakeFirm

OPPORTUNITY = system("salesforce").entity("Opportunity")
TRANSACTION = system("netsuite").entity("transaction")
NEW = replace(OPPORTUNITY, added=("Drift__c",))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


@contextmanager
def reading(running: Running, name: str, **settings: Any) -> Iterator[Any]:
    values = running.describe()[name]
    module = import_module(f"qtc_pipeline.systems.{values['vendor']}.read")
    reader = module.open_reader(Instance(name=name, **values, **settings), patience=Patience(sleep=lambda _: None))
    try:
        yield reader
    finally:
        reader.close()
        running.faults(name).injected = ()


def test_salesforce_names_every_field_and_which_are_plain_values(running: Running) -> None:
    with reading(running, "crm") as reader:
        assert isinstance(reader, Describing)
        offered = reader.offered(OPPORTUNITY)
        assert offered is not None
        assert set(OPPORTUNITY.fields) <= offered.keys()
        running.inject("crm", "field_added", field="Drift__c")
        assert reader.offered(OPPORTUNITY) == {**offered, "Drift__c": True}


def test_netsuite_names_what_the_catalogue_has_and_trusts_the_names_of_custom_fields(running: Running) -> None:
    with reading(running, "erp") as reader:
        assert isinstance(reader, Describing)
        offered = reader.offered(TRANSACTION)
        assert offered is not None
        assert (offered["custbody_qtc_id"], offered["trandate"], offered["currency"]) == (True, False, False)
        running.inject("erp", "field_added", field="custbody_Drift")
        assert reader.offered(TRANSACTION) == {**offered, "custbody_drift": True}
        (page, *_) = reader.pages(replace(TRANSACTION, added=("custbody_drift",)), None)
        assert {json.loads(text)["custbody_drift"] for text in page.payloads} == {"drift"}
        asked = running.journal("erp").counts["requests"]
        assert reader.offered(system("netsuite").entity("transactionline")) is None
        assert running.journal("erp").counts["requests"] == asked, "it has no record type to ask about"


@pytest.mark.parametrize(("name", "path"), [("crm", "/describe"), ("erp", "/metadata-catalog")])
@pytest.mark.parametrize("status", [403, 404])
def test_a_description_that_is_kept_from_the_role_is_none(running: Running, name: str, path: str, status: int) -> None:
    with reading(running, name) as reader:
        injected = running.inject(name, "server_error", match=path, status=status)
        assert reader.offered(OPPORTUNITY if name == "crm" else TRANSACTION) is None
        assert injected.struck == 1, "one request, and no second try"


@pytest.mark.parametrize("value", [None, "drift"])
def test_an_added_field_is_in_the_payload_and_in_the_hash_where_it_has_a_value(
    running: Running, value: str | None
) -> None:
    def read(entity: Any, **settings: Any) -> list[Page]:
        with reading(running, "crm", **settings) as reader:
            running.inject("crm", "field_added", field="Drift__c", value=value)
            reader.count(entity)
            return list(reader.pages(entity, None))

    def hashes(pages: list[Page]) -> dict[str, str]:
        return {key: text for page in pages for key, text in zip(page.ids, page.hash_texts or (), strict=True)}

    before, by_batches, by_job = read(OPPORTUNITY), read(NEW), read(NEW, bulk_above_rows=1)
    for pages in (by_batches, by_job):
        assert {json.loads(text)["Drift__c"] for page in pages for text in page.payloads} == {value}
    assert hashes(by_batches) == hashes(by_job)
    assert (hashes(by_batches) == hashes(before)) is (value is None)


def test_a_job_rests_on_the_description_the_load_has_seen(running: Running) -> None:
    with reading(running, "crm", bulk_above_rows=1) as reader:
        first = len(running.journal("crm").requests)
        reader.offered(OPPORTUNITY)
        reader.count(OPPORTUNITY)
        assert list(reader.pages(OPPORTUNITY, None))
        paths = [one["path"] for one in list(running.journal("crm").requests)[first:]]
        assert sum(path.endswith("/describe") for path in paths) == 1
        assert any("/jobs/query" in path for path in paths)
