"""Salesforce as its clients find it: batches, aggregates, deletes, sessions, and the errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.conftest import NO_TLS
from tests.sandbox.servers.fake_firm import AS_OF, OPPORTUNITIES, opportunity_id

Ask = Callable[..., Any]
ALIVE = OPPORTUNITIES - 1


def test_a_query_gives_the_fields_asked_for_and_says_where_each_record_lives(soql: Ask) -> None:
    answer = soql("SELECT Name, Amount FROM Opportunity WHERE Id = '006000000000001AAA'")
    assert answer == {
        "totalSize": 1,
        "done": True,
        "records": [
            {
                "attributes": {
                    "type": "Opportunity",
                    "url": "/services/data/v67.0/sobjects/Opportunity/006000000000001AAA",
                },
                "Name": "Deal 1 O'Hara",
                "Amount": 1001.1,
            }
        ],
    }


def test_batches_are_followed_to_the_end_without_loss_or_repetition(
    sandbox: Running, crm: httpx.Client, soql: Ask
) -> None:
    sandbox.faults("crm").page_cap = 10
    answer = soql("SELECT Id FROM Opportunity ORDER BY SystemModstamp, Id")
    ids = [record["Id"] for record in answer["records"]]
    sizes = [len(answer["records"])]
    while not answer["done"]:
        answer = crm.get(f"{sandbox.base_url('crm')}{answer['nextRecordsUrl']}").json()
        assert answer["totalSize"] == ALIVE
        ids += [record["Id"] for record in answer["records"]]
        sizes.append(len(answer["records"]))
    assert sizes == [10, 10, 10, 10, 4]
    assert ids == sorted(set(ids))
    assert "nextRecordsUrl" not in answer


def test_the_batch_size_header_is_kept_within_its_limits(soql: Ask) -> None:
    asked = {"Sforce-Query-Options": "batchSize=5"}
    assert len(soql("SELECT Id FROM Opportunity", **asked)["records"]) == ALIVE, "200 is the least there is"


def test_a_forgotten_locator_is_an_error_and_not_an_empty_batch(crm: httpx.Client) -> None:
    answer = crm.get("query/01g0000-2000")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_query_hides_deleted_records_and_query_all_marks_them(soql: Ask) -> None:
    question = "SELECT Id, IsDeleted FROM Opportunity WHERE IsDeleted = true"
    assert soql(question)["totalSize"] == 0
    found = soql(question, "queryAll")["records"]
    assert [record["Id"] for record in found] == [opportunity_id(7)]
    assert soql("SELECT COUNT() FROM Opportunity")["totalSize"] == ALIVE
    assert soql("SELECT COUNT() FROM Opportunity", "queryAll")["totalSize"] == OPPORTUNITIES


def test_deleted_lists_ids_within_its_reach_and_refuses_to_look_further_back(crm: httpx.Client) -> None:
    def window(days: int) -> dict[str, str]:
        return {"start": (AS_OF - timedelta(days=days)).isoformat(), "end": AS_OF.isoformat()}

    answer = crm.get("sobjects/Opportunity/deleted/", params=window(10)).json()
    assert answer["deletedRecords"] == [{"id": opportunity_id(7), "deletedDate": "2026-06-27T23:00:00.000+0000"}]
    assert answer["latestDateCovered"] == "2026-06-30T23:00:00.000+0000"
    refused = crm.get("sobjects/Opportunity/deleted/", params=window(16))
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_REPLICATION_DATE")


def test_counts_by_group_carry_alias_or_number(soql: Ask) -> None:
    answer = soql(
        "SELECT CurrencyIsoCode, COUNT(Id) n, MIN(CloseDate) FROM Opportunity"
        " WHERE IsDeleted = false GROUP BY CurrencyIsoCode ORDER BY CurrencyIsoCode",
        "queryAll",
    )
    assert [(r["CurrencyIsoCode"], r["n"], r["expr1"]) for r in answer["records"]] == [
        ("EUR", 14, "2026-01-01"),
        ("GBP", 15, "2026-01-02"),
        ("USD", 15, "2026-01-01"),
    ]
    assert answer["records"][0]["attributes"] == {"type": "AggregateResult"}


def test_amounts_that_are_aggregated_come_back_in_the_orgs_currency(soql: Ask) -> None:
    """Why control totals must not use SUM here."""
    records = soql("SELECT CurrencyIsoCode, SUM(Amount) s FROM Opportunity GROUP BY CurrencyIsoCode")["records"]
    summed = {record["CurrencyIsoCode"]: record["s"] for record in records}
    in_pounds = sum(1000.10 + number for number in range(2, OPPORTUNITIES, 3) if number != 5)
    assert summed["GBP"] == pytest.approx(in_pounds / 0.79)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Amount = null", [5]),
        ("Amount > 1040", [40, 41, 42, 43, 44]),
        ("Name = 'deal 3 o\\'hara'", [3]),
        ("Name LIKE 'Deal 4%' AND IsWon = true", [41, 43]),
        ("CloseDate = 2026-01-03", [2, 30]),
        ("Id IN ('006000000000001AAA', '006000000000002AAA')", [1, 2]),
        ("(Legal_Entity__c = 'DE' AND Amount < 1006) OR Amount >= 1044", [1, 4, 44]),
        ("NOT (Amount < 1043) AND Amount != null", [43, 44]),
        ("SystemModstamp >= 2026-01-01T01:21:00+01:00", [42, 43, 44]),
        (
            (
                "(SystemModstamp = 2026-01-01T00:20:00Z AND Id > '006000000000040AAA')"
                " OR SystemModstamp > 2026-01-01T00:20:00.000Z"
            ),
            [41, 42, 43, 44],
        ),
    ],
)
def test_conditions_select_what_they_say(soql: Ask, where: str, expected: list[int]) -> None:
    records = soql(f"SELECT Id FROM Opportunity WHERE {where} ORDER BY Id")["records"]
    assert [record["Id"] for record in records] == [opportunity_id(number) for number in expected]


def test_order_limit_and_offset_shape_the_answer(soql: Ask) -> None:
    ask = "SELECT Id, Amount FROM Opportunity ORDER BY Amount DESC NULLS LAST, Id LIMIT 2 OFFSET 1"
    assert [record["Id"] for record in soql(ask)["records"]] == [opportunity_id(43), opportunity_id(42)]
    nulls_first = soql("SELECT Amount FROM Opportunity ORDER BY Amount LIMIT 1")
    assert nulls_first["records"][0]["Amount"] is None
    assert nulls_first["totalSize"] == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELEKT Id FROM Opportunity", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity WHERE IsWon = true AND IsClosed = true OR Amount > 1", "MALFORMED_QUERY"),
        ("SELECT Id FROM Opportunity LIMIT 5 nonsense", "MALFORMED_QUERY"),
        ("SELECT StageName, COUNT(Id) FROM Opportunity GROUP BY IsWon", "MALFORMED_QUERY"),
        ("SELECT Id, Color__c FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE SystemModstamp > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Opportunity WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT SUM(Name) FROM Opportunity", "INVALID_FIELD"),
        ("SELECT Id FROM Invoice__c", "INVALID_TYPE"),
    ],
)
def test_a_query_the_vendor_refuses_is_refused_with_its_code(crm: httpx.Client, query: str, code: str) -> None:
    answer = crm.get("query", params={"q": query})
    assert answer.status_code == 400
    assert [item["errorCode"] for item in answer.json()] == [code]


def test_a_wrong_secret_gets_no_token(sandbox: Running) -> None:
    url = f"{sandbox.base_url('crm')}/services/oauth2/token"
    form = {"grant_type": "client_credentials", "client_id": sandbox.credentials.crm_client_id, "client_secret": "x"}
    refused = httpx.post(url, data=form, trust_env=False, verify=NO_TLS)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client")
    form["client_secret"] = sandbox.credentials.crm_secret_file.read_text()
    granted = httpx.post(url, data=form, trust_env=False, verify=NO_TLS).json()
    assert granted["instance_url"] == sandbox.base_url("crm")
    assert "expires_in" not in granted, "the vendor does not say how long a session lasts"


def test_a_session_can_end_between_two_batches(sandbox: Running, crm: httpx.Client, soql: Ask) -> None:
    sandbox.faults("crm").page_cap = 10
    first = soql("SELECT Id FROM Opportunity")
    sandbox.tokens["crm"].revoke_all()
    answer = crm.get(f"{sandbox.base_url('crm')}{first['nextRecordsUrl']}")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_every_answer_tells_the_requests_used(crm: httpx.Client) -> None:
    used = [
        int(crm.get(path, params=params).headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")[0])
        for path, params in (("limits", {}), ("query", {"q": "SELECT COUNT() FROM Opportunity"}))
    ]
    assert used[1] == used[0] + 1


def test_a_restricted_role_shortens_rows_and_counts_without_a_word(sandbox: Running, soql: Ask) -> None:
    sandbox.faults("crm").set(company_filter=["US", "UK"])
    grouped = soql("SELECT Legal_Entity__c, COUNT(Id) FROM Opportunity GROUP BY Legal_Entity__c")
    assert [record["Legal_Entity__c"] for record in grouped["records"]] == ["UK", "US"]
    assert soql("SELECT COUNT() FROM Opportunity")["totalSize"] == 30
    assert soql("SELECT Id FROM Opportunity", "queryAll")["totalSize"] == 30
