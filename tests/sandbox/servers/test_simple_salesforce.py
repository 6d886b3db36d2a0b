"""An independent client works against the simulator: simple-salesforce reads, writes, and runs bulk jobs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from tests.sandbox.servers.fake_firm import AS_OF, OPPORTUNITIES, FakeFirm, opportunity_id

ALIVE = OPPORTUNITIES - 1
NEW = {"Name": "New deal", "StageName": "Proposal", "CloseDate": "2026-08-01"}


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as running:
        yield running


class _Loopback(HTTPAdapter):
    """simple-salesforce always speaks https; the simulators do not."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = str(request.url).replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def client(sandbox: Running, crm: httpx.Client) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Loopback())
        yield Salesforce(
            instance_url=sandbox.base_url("crm"),
            session_id=crm.headers["Authorization"].removeprefix("Bearer "),
            version="67.0",
            session=session,
        )


def test_it_reads_every_record_deleted_ones_on_request(sandbox: Running, client: Any) -> None:
    sandbox.faults("crm").page_cap = 7
    query = "SELECT Id, SystemModstamp FROM Opportunity ORDER BY SystemModstamp, Id"
    living = [record["Id"] for record in client.query_all_iter(query)]
    everything = [record["Id"] for record in client.query_all_iter(query, include_deleted=True)]
    assert client.query("SELECT COUNT() FROM Opportunity")["totalSize"] == ALIVE
    assert client.api_usage["api-usage"].total == 100_000
    assert everything == [opportunity_id(number) for number in range(OPPORTUNITIES)]
    assert living == [one for one in everything if one != opportunity_id(7)]


def test_it_is_told_of_deletions_and_changes(client: Any) -> None:
    window = (AS_OF - timedelta(days=10), AS_OF)
    assert [one["id"] for one in client.Opportunity.deleted(*window)["deletedRecords"]] == [opportunity_id(7)]
    assert client.Opportunity.updated(*window)["ids"] == []


def test_it_runs_a_bulk_query_to_its_last_page(sandbox: Running, client: Any) -> None:
    sandbox.faults("crm").page_cap = 20
    query = "SELECT Id, Name, Amount FROM Opportunity ORDER BY Id"
    pages = [list(csv.DictReader(io.StringIO(text))) for text in client.bulk2.Opportunity.query(query, wait=0.01)]
    assert [len(page) for page in pages] == [20, 20, 4]
    first = pages[0][0]
    assert first == {"Id": opportunity_id(0), "Name": "Deal 0 O'Hara", "Amount": "1000.1"}
    everything = list(client.bulk2.Opportunity.query_all(query, wait=0.01))
    assert sum(text.count("\n") - 1 for text in everything) == OPPORTUNITIES


def test_it_creates_reads_changes_and_deletes_a_record(client: Any) -> None:
    created = client.Opportunity.create({**NEW, "Amount": 10.5})
    assert created["success"]
    assert client.Opportunity.get(created["id"])["Amount"] == 10.5
    assert client.Opportunity.update(created["id"], {"Amount": 11}) == 204
    assert client.Opportunity.delete(created["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Opportunity.get(created["id"])
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        client.Opportunity.create({"Name": "Half"})


def test_it_upserts_by_external_id_and_learns_of_several_matches(sandbox: Running, client: Any) -> None:
    assert client.Opportunity.upsert("qtc_id__c/SS-1", NEW) == 201
    assert client.Opportunity.upsert("qtc_id__c/SS-1", NEW) == 200
    assert client.Opportunity.get_by_custom_id("qtc_id__c", "SS-1")["Name"] == "New deal"
    sandbox.faults("crm").shared_ids = True
    client.Opportunity.create({**NEW, "qtc_id__c": "SS-1"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Opportunity.upsert("qtc_id__c/SS-1", NEW)


def test_it_describes_an_object(client: Any) -> None:
    names = {one["name"] for one in client.Contract.describe()["fields"]}
    assert {"Id", "Contract_Value__c", "qtc_id__c"} <= names
    assert "Opportunity" in [one["name"] for one in client.describe()["sobjects"]]
