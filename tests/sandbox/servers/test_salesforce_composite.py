"""Salesforce as a writer of many finds it: collections, composites, references, and what is taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from tests.sandbox.servers.conftest import VERSION
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, opportunity_id
from tests.sandbox.servers.salesforce_words import HTTP_DATE, NEW, deal, effects, said


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as running:
        yield running


def a_deal(**members: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Opportunity"}, **NEW, **members}


def test_a_collection_answers_for_each_record_or_takes_all_back(sandbox: Running, crm: httpx.Client) -> None:
    records = [a_deal(Name="One"), a_deal(Amount=-1), a_deal(Name="Three")]
    with effects(sandbox) as written:
        some = crm.post("composite/sobjects", json={"allOrNone": False, "records": records})
    assert some.status_code == 200
    assert [one["success"] for one in some.json()] == [True, False, True]
    assert some.json()[1]["errors"][0]["statusCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert len(written) == 2
    with effects(sandbox) as none_written:
        none = crm.post("composite/sobjects", json={"allOrNone": True, "records": records}).json()
    assert [one["success"] for one in none] == [False, False, False]
    assert none[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert none_written == []
    too_many = crm.post("composite/sobjects", json={"records": [a_deal()] * 201})
    assert said(too_many) == (400, "EXCEEDED_ID_LIMIT")


def test_a_collection_upserts_changes_and_deletes(crm: httpx.Client) -> None:
    records = [a_deal(qtc_id__c="C-1"), a_deal(qtc_id__c="C-2"), a_deal()]
    first = crm.patch("composite/sobjects/Opportunity/qtc_id__c", json={"records": records}).json()
    assert [one.get("created") for one in first] == [True, True, None]
    again = crm.patch("composite/sobjects/Opportunity/qtc_id__c", json={"records": records[:2]}).json()
    assert [one["created"] for one in again] == [False, False]
    ids = [one["id"] for one in again]
    changes = [{"attributes": {"type": "Opportunity"}, "id": one, "Amount": 9} for one in [*ids, "006000000000999AAA"]]
    assert [one["success"] for one in crm.patch("composite/sobjects", json={"records": changes}).json()] == [
        True,
        True,
        False,
    ]
    gone = crm.delete("composite/sobjects", params={"ids": ",".join(ids), "allOrNone": "true"}).json()
    assert [one["success"] for one in gone] == [True, True]


def chain(crm: httpx.Client, *, is_whole: bool, **second: Any) -> httpx.Response:
    base = f"/services/data/{VERSION}"
    return crm.post(
        "composite",
        json={
            "allOrNone": is_whole,
            "compositeRequest": [
                {
                    "method": "POST",
                    "url": f"{base}/sobjects/Account",
                    "referenceId": "customer",
                    "body": {"Name": "Acme"},
                },
                {
                    "method": "POST",
                    "url": f"{base}/sobjects/Opportunity",
                    "referenceId": "deal",
                    "body": {**NEW, "AccountId": "@{customer.id}", **second},
                },
                {"method": "GET", "url": f"{base}/sobjects/Account/@{{customer.id}}", "referenceId": "back"},
            ],
        },
    )


def test_a_composite_hands_results_on(crm: httpx.Client) -> None:
    answer = chain(crm, is_whole=True)
    parts = answer.json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in parts] == [201, 201, 200]
    assert deal(crm, parts[1]["body"]["id"])["AccountId"] == parts[0]["body"]["id"]
    assert parts[2]["body"]["Name"] == "Acme"


def test_a_composite_is_200_whatever_its_parts_do(sandbox: Running, crm: httpx.Client) -> None:
    with effects(sandbox) as written:
        answer = chain(crm, is_whole=True, Amount=-1)
    assert answer.status_code == 200
    parts = answer.json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in parts] == [400, 400, 400]
    assert parts[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert parts[1]["body"][0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert written == []
    with effects(sandbox) as partly:
        parts = chain(crm, is_whole=False, Amount=-1).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in parts] == [201, 400, 200]
    assert len(partly) == 1


def test_a_part_of_a_composite_can_carry_a_condition_and_a_reference_must_lead_somewhere(crm: httpx.Client) -> None:
    url = f"/services/data/{VERSION}/sobjects/Opportunity/{opportunity_id(11)}"
    old = {"If-Unmodified-Since": (AS_OF - timedelta(days=900)).strftime(HTTP_DATE)}
    query = f"/services/data/{VERSION}/query?q=SELECT+Id+FROM+Opportunity+LIMIT+1"
    calls = [
        {"method": "PATCH", "url": url, "referenceId": "one", "body": {"Name": "x"}, "httpHeaders": old},
        {"method": "GET", "url": f"{url}?fields=@{{nobody.id}}", "referenceId": "two"},
        {"method": "GET", "url": query, "referenceId": "three"},
        {"method": "GET", "url": "/elsewhere", "referenceId": "four"},
    ]
    parts = crm.post("composite", json={"compositeRequest": calls}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in parts] == [412, 400, 200, 404]
    assert parts[2]["body"]["totalSize"] == 1
    assert said(crm.post("composite", json={"compositeRequest": calls[:1] * 26})) == (400, "LIMIT_EXCEEDED")
    assert said(crm.post("composite", json={"compositeRequest": [calls[2]] * 6})) == (400, "LIMIT_EXCEEDED")
    assert said(crm.post("composite", json={})) == (400, "JSON_PARSER_ERROR")
