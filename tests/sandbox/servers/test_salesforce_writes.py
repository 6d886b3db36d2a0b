"""Salesforce as a writer finds it: records, conditions, external ids, refusals, effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from tests.sandbox.servers.conftest import NO_TLS, VERSION
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, opportunity_id
from tests.sandbox.servers.salesforce_words import DEAL, HTTP_DATE, NEW, deal, effects, said


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as running:
        yield running


def test_a_record_is_shown_whole_or_in_the_fields_asked_for(crm: httpx.Client) -> None:
    whole = deal(crm)
    assert whole["attributes"] == {
        "type": "Opportunity",
        "url": f"/services/data/{VERSION}/sobjects/Opportunity/{DEAL}",
    }
    assert whole["Amount"] == 1001.1
    some = crm.get(f"sobjects/Opportunity/{DEAL[:15]}", params={"fields": "Name,amount"}).json()
    assert set(some) == {"attributes", "Name", "Amount"}
    assert said(crm.get(f"sobjects/Opportunity/{DEAL}", params={"fields": "Nope"})) == (400, "INVALID_FIELD")
    assert said(crm.get("sobjects/Opportunity/006000000000999AAA")) == (404, "NOT_FOUND")
    assert said(crm.get(f"sobjects/Opportunity/{opportunity_id(7)}")) == (404, "ENTITY_IS_DELETED")


def test_a_change_moves_the_stamp_and_later_reads_see_it(
    sandbox: Running, crm: httpx.Client, soql: Callable[..., Any]
) -> None:
    before = deal(crm)
    with effects(sandbox) as written:
        assert crm.patch(f"sobjects/Opportunity/{DEAL}", json={"amount": 77.35}).status_code == 204
    query = f"SELECT Id, Amount, SystemModstamp FROM Opportunity WHERE SystemModstamp > {before['SystemModstamp']}"
    changed = {one["Id"]: one for one in soql(query.replace("+0000", "Z"))["records"]}
    assert changed[DEAL]["Amount"] == 77.35
    (effect,) = written
    assert (effect["method"], effect["entity"], effect["key"], effect["effect"]) == (
        "PATCH",
        "Opportunity",
        DEAL,
        "updated",
    )
    assert effect["who"] == sandbox.credentials.crm_client_id
    assert effect["members"] == {"Amount": 77.35}


def test_the_same_values_again_have_no_effect(sandbox: Running, crm: httpx.Client) -> None:
    crm.patch(f"sobjects/Opportunity/{DEAL}", json={"Practice__c": "Cloud"})
    stamp = deal(crm)["SystemModstamp"]
    with effects(sandbox) as written:
        assert crm.patch(f"sobjects/Opportunity/{DEAL}", json={"Practice__c": "Cloud"}).status_code == 204
    assert written == []
    assert deal(crm)["SystemModstamp"] == stamp


def test_a_condition_compares_to_the_second_and_a_later_change_is_a_conflict(
    sandbox: Running, crm: httpx.Client
) -> None:
    from datetime import datetime

    path = f"sobjects/Opportunity/{opportunity_id(3)}"
    stamp = datetime.fromisoformat(deal(crm, opportunity_id(3))["SystemModstamp"])
    seen = {"If-Unmodified-Since": stamp.strftime(HTTP_DATE)}
    assert crm.get(path, headers=seen).status_code == 200
    assert crm.patch(path, json={"Region__c": "APAC"}, headers=seen).status_code == 204
    with effects(sandbox) as written:
        assert said(crm.patch(path, json={"Region__c": "AMER"}, headers=seen)) == (412, "PRECONDITION_FAILED")
    assert written == []
    assert crm.get(path, headers=seen).status_code == 412
    assert (
        crm.get(path, headers={"If-Modified-Since": (AS_OF + timedelta(days=9)).strftime(HTTP_DATE)}).status_code == 304
    )
    assert crm.patch(path, json={"Region__c": "AMER"}, headers={"If-Unmodified-Since": "soon"}).status_code == 400


def test_an_etag_guards_accounts_and_nothing_else(crm: httpx.Client) -> None:
    key = crm.post("sobjects/Account", json={"Name": "Tagged"}).json()["id"]
    tag = crm.get(f"sobjects/Account/{key}").headers["ETag"]
    assert crm.patch(f"sobjects/Account/{key}", json={"Name": "Two"}, headers={"If-Match": tag}).status_code == 204
    assert crm.patch(f"sobjects/Account/{key}", json={"Name": "Three"}, headers={"If-Match": tag}).status_code == 412
    assert "ETag" not in crm.get(f"sobjects/Opportunity/{DEAL}").headers
    answer = crm.patch(f"sobjects/Opportunity/{DEAL}", json={"Name": "Any"}, headers={"If-Match": tag})
    assert answer.status_code == 204, "the header is passed over where it is not known"


def test_a_delete_is_marked_and_listed_and_its_condition_is_passed_over(
    crm: httpx.Client, soql: Callable[..., Any]
) -> None:
    key = crm.post("sobjects/Opportunity", json=NEW).json()["id"]
    old = {"If-Unmodified-Since": (AS_OF - timedelta(days=900)).strftime(HTTP_DATE)}
    assert crm.delete(f"sobjects/Opportunity/{key}", headers=old).status_code == 204
    assert soql(f"SELECT Id, IsDeleted FROM Opportunity WHERE Id = '{key}'", "queryAll")["records"][0]["IsDeleted"]
    window = {"start": (AS_OF - timedelta(days=1)).isoformat(), "end": (AS_OF + timedelta(hours=1)).isoformat()}
    assert key in [one["id"] for one in crm.get("sobjects/Opportunity/deleted", params=window).json()["deletedRecords"]]
    assert said(crm.patch(f"sobjects/Opportunity/{key}", json={"Name": "x"})) == (404, "ENTITY_IS_DELETED")


def test_changes_of_a_span_are_listed_by_id(crm: httpx.Client) -> None:
    crm.patch(f"sobjects/Opportunity/{opportunity_id(9)}", json={"Name": "Renamed"})
    window = {"start": AS_OF.isoformat(), "end": (AS_OF + timedelta(hours=1)).isoformat()}
    answer = crm.get("sobjects/Opportunity/updated/", params=window).json()
    assert opportunity_id(9) in answer["ids"]
    assert opportunity_id(10) not in answer["ids"]
    assert answer["latestDateCovered"].endswith("+0000")


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("Opportunity", {**NEW, "Amont": 1}, "INVALID_FIELD"),
        ("Opportunity", {**NEW, "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Opportunity", {**NEW, "IsWon": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Opportunity", {"Name": "Half"}, "REQUIRED_FIELD_MISSING"),
        ("Opportunity", {**NEW, "Amount": "a lot"}, "JSON_PARSER_ERROR"),
        ("Opportunity", {**NEW, "CloseDate": "01.08.2026"}, "JSON_PARSER_ERROR"),
        ("Opportunity", {**NEW, "AccountId": "acme"}, "MALFORMED_ID"),
        ("Opportunity", {**NEW, "AccountId": "001000000000999AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ("Opportunity", {**NEW, "Amount": -1}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ("Opportunity", {**NEW, "StageName": "Closed Won"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ("Nothing__c", {"Name": "x"}, "NOT_FOUND"),
    ],
)
def test_what_the_org_does_not_take_has_no_effect(
    sandbox: Running, crm: httpx.Client, name: str, body: dict[str, Any], code: str
) -> None:
    with effects(sandbox) as written:
        answer = crm.post(f"sobjects/{name}", json=body)
    assert answer.json()[0]["errorCode"] == code
    assert 400 <= answer.status_code < 500
    assert written == []


def test_a_body_that_is_no_json_is_refused(crm: httpx.Client) -> None:
    assert said(crm.post("sobjects/Opportunity", content=b"{")) == (400, "JSON_PARSER_ERROR")
    assert said(crm.post("sobjects/Opportunity", content=b"[]")) == (400, "JSON_PARSER_ERROR")


def test_an_upsert_creates_once_and_then_changes_the_same_record(sandbox: Running, crm: httpx.Client) -> None:
    path = "sobjects/Opportunity/qtc_id__c/QTC-1"
    assert said(crm.get(path)) == (404, "NOT_FOUND")
    with effects(sandbox) as written:
        first = crm.patch(path, json=NEW)
        again = crm.patch(path, json=NEW)
        changed = crm.patch(path, json={"Amount": 5})
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (again.status_code, again.json()) == (200, {**first.json(), "created": False})
    assert changed.json()["id"] == first.json()["id"]
    assert [(one["effect"], one["key"]) for one in written] == [
        ("created", first.json()["id"]),
        ("updated", first.json()["id"]),
    ]
    assert crm.get(path).json()["Amount"] == 5
    old = str(crm.base_url).replace("v67.0", "v45.0")
    assert crm.patch(f"{old}{path}", json={"Amount": 6}).status_code == 204, "older versions answer without a body"
    assert said(crm.patch(path, json={"qtc_id__c": "QTC-2"})) == (400, "INVALID_FIELD")
    assert said(crm.patch("sobjects/Opportunity/Name/x", json=NEW)) == (404, "NOT_FOUND")


def test_an_id_that_is_taken_is_refused_and_one_of_many_is_300(
    sandbox: Running, crm: httpx.Client, soql: Callable[..., Any]
) -> None:
    crm.patch("sobjects/Opportunity/qtc_id__c/SHARED", json=NEW)
    assert said(crm.post("sobjects/Opportunity", json={**NEW, "qtc_id__c": "SHARED"})) == (400, "DUPLICATE_VALUE")
    sandbox.faults("crm").shared_ids = True
    twin = crm.post("sobjects/Opportunity", json={**NEW, "qtc_id__c": "SHARED"}).json()["id"]
    with effects(sandbox) as written:
        answer = crm.patch("sobjects/Opportunity/qtc_id__c/SHARED", json={"Amount": 1})
    assert answer.status_code == 300
    assert f"/services/data/{VERSION}/sobjects/Opportunity/{twin}" in answer.json()
    assert len(answer.json()) == 2
    assert written == []
    found = soql("SELECT Id, qtc_id__c FROM Opportunity WHERE qtc_id__c = 'SHARED'")["records"]
    assert {one["qtc_id__c"] for one in found} == {"SHARED"}


def test_describe_tells_types_and_which_field_is_an_external_id(sandbox: Running, crm: httpx.Client) -> None:
    def fields() -> dict[str, Any]:
        listed = crm.get("sobjects/Contract/describe").json()["fields"]
        return {one["name"]: one for one in listed}

    assert fields()["Contract_Value__c"]["type"] == "currency"
    assert fields()["AccountId"]["referenceTo"] == ["Account"]
    assert fields()["qtc_id__c"]["externalId"]
    assert not fields()["SystemModstamp"]["updateable"]
    sandbox.inject("crm", "field_added", field="Surprise__c")
    sandbox.inject("crm", "field_removed", field="PO_Number__c")
    assert "Surprise__c" in fields()
    assert "PO_Number__c" not in fields()
    assert "Opportunity" in [one["name"] for one in crm.get("sobjects").json()["sobjects"]]


def test_a_write_whose_answer_is_lost_took_effect_once(sandbox: Running, crm: httpx.Client) -> None:
    with effects(sandbox) as written:
        sandbox.inject("crm", "timeout_after", entity="Opportunity")
        with pytest.raises(httpx.TransportError):
            crm.patch("sobjects/Opportunity/qtc_id__c/ONCE", json=NEW)
        sandbox.inject("crm", "timeout_before", entity="Opportunity")
        with pytest.raises(httpx.TransportError):
            crm.patch("sobjects/Opportunity/qtc_id__c/NEVER", json=NEW)
        assert crm.patch("sobjects/Opportunity/qtc_id__c/ONCE", json=NEW).status_code == 200
    assert [one["effect"] for one in written] == ["created"]
    assert crm.get("sobjects/Opportunity/qtc_id__c/NEVER").status_code == 404


def test_a_row_somebody_else_writes_is_locked(sandbox: Running, crm: httpx.Client) -> None:
    sandbox.inject("crm", "row_lock", match="PATCH")
    assert said(crm.patch(f"sobjects/Opportunity/{DEAL}", json={"Name": "x"})) == (400, "UNABLE_TO_LOCK_ROW")
    assert crm.patch(f"sobjects/Opportunity/{DEAL}", json={"Name": "x"}).status_code == 204


def test_what_was_written_outlives_the_firms_next_day(sandbox: Running, crm: httpx.Client) -> None:
    created = crm.post("sobjects/Opportunity", json={**NEW, "qtc_id__c": "KEPT"}).json()["id"]
    gone = opportunity_id(20)
    crm.patch(f"sobjects/Opportunity/{opportunity_id(21)}", json={"Amount": 4321.01})
    crm.delete(f"sobjects/Opportunity/{gone}")
    fill(sandbox.instances["crm"].store.path.parents[1], FakeFirm(as_of=AS_OF + timedelta(days=1)))
    assert crm.get("sobjects/Opportunity/qtc_id__c/KEPT").json()["Id"] == created
    assert deal(crm, opportunity_id(21))["Amount"] == 4321.01
    assert said(crm.get(f"sobjects/Opportunity/{gone}")) == (404, "ENTITY_IS_DELETED")


def test_the_journal_of_effects_is_asked_for_at_the_control_endpoint(sandbox: Running, crm: httpx.Client) -> None:
    crm.post("sobjects/Opportunity", json=NEW)
    url = f"{sandbox.base_url('crm')}/__control__/journal"
    token = {"X-Sandbox-Token": sandbox.credentials.control_token_file.read_text()}
    told = httpx.get(url, headers=token, trust_env=False, verify=NO_TLS).json()["effects"]
    assert told == sandbox.effects("crm")
    rest = httpx.get(url, params={"after": told[-2]["seq"]}, headers=token, trust_env=False, verify=NO_TLS).json()
    assert rest["effects"] == told[-1:]
    assert httpx.get(url, trust_env=False, verify=NO_TLS).status_code == 403


def test_writers_at_the_same_time_make_one_record(sandbox: Running, crm: httpx.Client) -> None:
    with effects(sandbox) as written, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: crm.patch("sobjects/Opportunity/qtc_id__c/RACE", json=NEW), range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert len({one.json()["id"] for one in answers}) == 1
    assert [one["effect"] for one in written] == ["created"]
