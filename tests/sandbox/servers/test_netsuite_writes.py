"""NetSuite as a writer finds it: external ids, dropped properties, lists and filters, async jobs, HAVING and CASE."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from tests.sandbox.servers.netsuite_account import RECORD, Account, Ask, effects, get, said, where


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Account()) as running:
        yield running


def test_an_external_id_makes_a_record_once_and_then_overwrites_it(sandbox: Running, erp: httpx.Client) -> None:
    path = f"{RECORD}/customer/eid:CRM-1"
    body = {"companyName": "Globex", "subsidiary": {"id": "3"}}
    assert said(erp.get(path)) == (404, "NONEXISTENT_ID", None)
    with effects(sandbox) as written:
        first, again = erp.put(path, json=body), erp.put(path, json=body)
        erp.patch(f"{RECORD}{where(first)}", json={"companyName": "Globex Ltd"})
        erp.put(path, json=body)
    assert where(first) == where(again)
    assert [one["effect"] for one in written] == ["created", "updated", "updated"]
    customer = get(erp, "/customer/eid:CRM-1")
    assert customer["companyName"] == "Globex", "a repeated PUT undoes what others wrote since"
    assert customer["externalId"] == "CRM-1"
    assert customer["subsidiary"]["id"] == "3"
    assert said(erp.post(f"{RECORD}/customer", json={**body, "externalId": "CRM-1"})) == (
        400,
        "INVALID_CONTENT",
        "externalId",
    )


def test_a_misspelled_property_is_dropped_unless_validation_is_asked_for(sandbox: Running, erp: httpx.Client) -> None:
    with effects(sandbox) as written:
        assert erp.patch(f"{RECORD}/job/700", json={"jobPrize": 9}).status_code == 204
    assert written == []
    strict = {"X-NetSuite-PropertyNameValidation": "Error"}
    assert said(erp.patch(f"{RECORD}/job/700", json={"jobPrize": 9}, headers=strict)) == (
        400,
        "INVALID_CONTENT",
        "jobPrize",
    )
    assert erp.patch(f"{RECORD}/job/700", json={"jobPrice": 1234.56}, headers=strict).status_code == 204
    assert get(erp, "/job/700")["jobPrice"] == Decimal("1234.56")


def test_a_change_moves_the_stamp_and_a_query_sees_it(erp: httpx.Client, suiteql: Ask) -> None:
    before = get(erp, "/job/700")["lastModifiedDate"]
    erp.patch(f"{RECORD}/job/700", json={"jobPrice": 777})
    assert get(erp, "/job/700")["lastModifiedDate"] > before
    stamp = before.replace("T", " ").removesuffix("Z")
    query = "SELECT id, jobprice FROM job WHERE lastmodifieddate > TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')"
    assert suiteql(query, stamp).json()["items"] == [{"links": [], "id": "700", "jobprice": "777"}]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("/customer", {"companyName": "No company"}, (400, "INVALID_CONTENT", "subsidiary")),
        ("/job/700", {"jobPrice": "dear"}, (400, "INVALID_CONTENT", "jobPrice")),
        ("/job/700", {"isInactive": "yes"}, (400, "INVALID_CONTENT", "isInactive")),
        ("/job/701", {"jobPrice": 1}, (404, "NONEXISTENT_ID", None)),
        ("/sunspot", {}, (404, "NONEXISTENT_ID", None)),
        ("/accountingPeriod/13", {"closed": False}, (403, "INSUFFICIENT_PERMISSION", None)),
    ],
)
def test_what_the_account_does_not_take_has_no_effect(
    sandbox: Running, erp: httpx.Client, path: str, body: Any, expected: tuple[int, str, str | None]
) -> None:
    with effects(sandbox) as written:
        answer = erp.request("POST" if path.count("/") == 1 else "PATCH", f"{RECORD}{path}", json=body)
    assert said(answer) == expected
    assert written == []


def test_a_list_gives_ids_only_in_windows(erp: httpx.Client) -> None:
    page = erp.get(f"{RECORD}/invoice", params={"limit": 50, "offset": 50}).json()
    assert (page["count"], page["hasMore"]) == (50, True)
    assert set(page["items"][0]) == {"links", "id"}
    assert said(erp.get(f"{RECORD}/invoice", params={"limit": 50, "offset": 60}))[:2] == (400, "INVALID_PARAMETER")


def test_a_filter_reads_a_bare_date_as_the_accounts_own_day(erp: httpx.Client) -> None:
    def found(query: str) -> int:
        return int(erp.get(f"{RECORD}/customer", params={"q": query}).json()["totalResults"])

    stamp = get(erp, "/customer/77")["lastModifiedDate"]
    assert stamp == "2026-01-01T00:00:00Z"
    assert found('id IS "77" AND lastModifiedDate ON "12/31/2025"') == 1, "midnight in UTC is the day before there"
    assert found('id IS "77" AND lastModifiedDate ON_OR_AFTER "2026-01-01T00:00:00Z"') == 1
    assert found('id IS "77" AND lastModifiedDate AFTER "1/1/2026"') == 0
    assert found('companyName START_WITH "Ac" OR companyName IS "Nobody"') == 1
    assert found("externalId EMPTY_NOT") >= 0
    answer = erp.get(f"{RECORD}/customer", params={"q": 'lastModifiedDate AFTER "soon"'})
    assert said(answer)[:2] == (400, "INVALID_PARAMETER")
    assert "Unparseable date" in answer.text


def test_time_is_written_as_a_duration_and_by_its_external_id(erp: httpx.Client, suiteql: Ask) -> None:
    body = {
        "employee": {"id": "17"},
        "customer": {"id": "700"},
        "item": {"id": "5"},
        "tranDate": "2026-06-02",
        "hours": "7:30",
        "isBillable": True,
        "approvalStatus": {"id": "3"},
    }
    where(erp.put(f"{RECORD}/timeBill/eid:T-55", json=body))
    items = suiteql("SELECT hours, isbillable, externalid FROM timebill WHERE externalid = 'T-55'").json()["items"]
    assert items == [{"links": [], "hours": "7:30", "isbillable": "T", "externalid": "T-55"}]
    assert said(erp.put(f"{RECORD}/timeBill/eid:T-55", json={"hours": 7.5})) == (400, "INVALID_CONTENT", "hours")


ASYNC = {"Prefer": "respond-async"}


def finished(erp: httpx.Client, accepted: httpx.Response) -> list[httpx.Response]:
    assert accepted.status_code == 202
    job = accepted.headers["location"]
    assert erp.get(job).json()["completed"] is False
    assert said(erp.get(f"{job}/task/1/result"))[0] == 404
    assert erp.get(job).json()["progress"] == "succeeded"
    return [erp.get(f"{job}/task/{one['id']}/result") for one in erp.get(f"{job}/task").json()["items"]]


def test_an_asynchronous_request_is_done_once_for_its_key(sandbox: Running, erp: httpx.Client) -> None:
    headers = {**ASYNC, "X-NetSuite-idempotency-key": "8b0f"}
    body = {"companyName": "Once", "subsidiary": {"id": "2"}}
    with effects(sandbox) as written:
        first = erp.post(f"{RECORD}/customer", json=body, headers=headers)
        again = erp.post(f"{RECORD}/customer", json=body, headers=headers)
    (result,) = finished(erp, first)
    assert where(result).startswith("/customer/9")
    assert said(again)[:2] == (400, "IDEMPOTENCY_ERROR")
    assert again.json()["title"] == "Conflict"
    assert again.headers["location"] == first.headers["location"]
    assert len(written) == 1


def test_the_key_does_nothing_on_a_synchronous_request(sandbox: Running, erp: httpx.Client) -> None:
    headers = {"X-NetSuite-idempotency-key": "77aa", "Prefer": ""}
    body = {"companyName": "Twice", "subsidiary": {"id": "2"}}
    with effects(sandbox) as written:
        locations = {where(erp.post(f"{RECORD}/customer", json=body, headers=headers)) for _ in range(2)}
    assert len(locations) == len(written) == 2


def test_a_collection_has_an_outcome_for_each_record(erp: httpx.Client) -> None:
    kind = {"Content-Type": "application/vnd.oracle.resource+json; type=collection"}
    items = [{"companyName": "A", "subsidiary": {"id": "2"}}, {"companyName": "B"}]
    results = finished(erp, erp.post(f"{RECORD}/customer", json={"items": items}, headers={**ASYNC, **kind}))
    assert [one.status_code for one in results] == [204, 400]
    many = erp.post(f"{RECORD}/customer", json={"items": items[:1] * 101}, headers={**ASYNC, **kind})
    assert said(many)[:2] == (400, "INVALID_REQUEST")
    at_once = erp.post(f"{RECORD}/customer", json={"items": items}, headers={"Prefer": "", **kind})
    assert said(at_once)[:2] == (400, "INVALID_REQUEST")


def test_the_catalogue_tells_the_properties_of_a_record(sandbox: Running, erp: httpx.Client) -> None:
    sandbox.inject("erp", "field_added", field="custbodySurprise")
    properties = get(erp, "/metadata-catalog/invoice")["properties"]
    assert properties["exchangeRate"] == {"type": "number"}
    assert "custbodySurprise" in properties


def test_fields_can_be_chosen(erp: httpx.Client) -> None:
    assert set(get(erp, "/job/700", fields="jobPrice")) == {"links", "id", "jobPrice"}
    assert said(erp.get(f"{RECORD}/job/700", params={"fields": "jobPrize"}))[:2] == (400, "INVALID_PARAMETER")


def test_groups_are_filtered_by_having_and_values_chosen_by_case(suiteql: Ask) -> None:
    query = (
        "SELECT currency, COUNT(*) AS n, SUM(foreigntotal) AS total FROM transaction WHERE type = 'CustInvc'"
        " AND id <= 9 GROUP BY currency HAVING SUM(foreigntotal) > 0.25 AND COUNT(*) >= ? ORDER BY currency"
    )
    assert [one["total"] for one in suiteql(query, 3).json()["items"]] == ["0.3", "0.3", "0.3"]
    assert suiteql(query, 4).json()["items"] == []
    chosen = (
        "SELECT CASE WHEN id <= 3 THEN 'early' WHEN id <= 5 THEN 'later' ELSE tranid END AS age,"
        " CASE currency WHEN 1 THEN 'one' ELSE 'other' END AS kind FROM transaction WHERE id IN (3, 4, 6) ORDER BY id"
    )
    items = suiteql(chosen).json()["items"]
    assert [(one["age"], one["kind"]) for one in items] == [("early", "one"), ("later", "other"), ("INV-6", "one")]
    grouped = "SELECT CASE WHEN id <= 3 THEN 'a' ELSE 'b' END AS age, COUNT(*) AS n FROM transaction WHERE id <= 9"
    counted = suiteql(f"{grouped} GROUP BY CASE WHEN id <= 3 THEN 'a' ELSE 'b' END ORDER BY n").json()["items"]
    assert [(one["age"], one["n"]) for one in counted] == [("a", "3"), ("b", "6")]
    assert suiteql("SELECT CASE END FROM transaction").status_code == 400
    assert suiteql("SELECT id FROM transaction HAVING COUNT(*) > 1").status_code == 400


def test_a_put_without_an_answer_is_looked_up_and_not_repeated(sandbox: Running, erp: httpx.Client) -> None:
    body = {"companyName": "Lost", "subsidiary": {"id": "2"}}
    with effects(sandbox) as written:
        sandbox.inject("erp", "timeout_after", entity="customer")
        with pytest.raises(httpx.TransportError):
            erp.put(f"{RECORD}/customer/eid:LOST", json=body)
        assert get(erp, "/customer/eid:LOST")["companyName"] == "Lost"
    assert len(written) == 1
