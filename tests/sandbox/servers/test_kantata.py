"""Kantata OX as its clients find it: envelope, side-loads, pages, filters, what is hidden, and the errors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.conftest import NO_TLS
from tests.sandbox.servers.fake_firm import TIME_ENTRIES

ARCHIVED_ENTRIES = TIME_ENTRIES // 6
"""Workspace 6 is archived and has every sixth entry."""


def get(psa: httpx.Client, path: str, **params: Any) -> Any:
    return psa.get(path, params=params).json()


def test_results_give_order_and_the_keyed_map_the_bodies(psa: httpx.Client) -> None:
    body = get(psa, "time_entries", order="updated_at:desc", per_page=3, from_archived_workspaces="true")
    ids = [result["id"] for result in body["results"]]
    assert ids == ["450", "448", "449"], "newest first; equal stamps by id"
    assert {result["key"] for result in body["results"]} == {"time_entries"}
    assert body["time_entries"]["448"]["time_in_minutes"] == 60
    assert body["meta"] == {"count": 450, "page_count": 150, "page_number": 1, "page_size": 3}
    assert body["count"] == 450


def test_a_side_load_of_the_same_type_is_in_the_map_but_not_in_the_results(psa: httpx.Client) -> None:
    body = get(psa, "time_entries", per_page=2, include="workspace_time_entries,workspace,user")
    assert len(body["results"]) == 2
    assert len(body["time_entries"]) > 2
    assert set(body["workspaces"]) == {entry["workspace_id"] for entry in list(body["time_entries"].values())[:2]}
    assert list(body["users"]) == ["9"]


def test_pages_cover_everything_once_whatever_size_is_asked(psa: httpx.Client) -> None:
    seen: list[str] = []
    number, pages = 1, 1
    while number <= pages:
        body = get(psa, "time_entries", per_page=5000, page=number, order="created_at:asc")
        seen += [result["id"] for result in body["results"]]
        pages = body["meta"]["page_count"]
        number += 1
        assert body["meta"]["page_size"] == 200, "a larger page than 200 is silently 200"
    assert len(seen) == len(set(seen)) == TIME_ENTRIES - ARCHIVED_ENTRIES
    assert get(psa, "time_entries")["meta"]["page_size"] == 20
    assert get(psa, "time_entries", page=99)["results"] == []
    assert len(get(psa, "time_entries", offset=370, limit=10)["results"]) == 5


def test_time_of_archived_workspaces_is_missing_unless_asked_for(psa: httpx.Client) -> None:
    assert get(psa, "time_entries", per_page=1)["count"] == TIME_ENTRIES - ARCHIVED_ENTRIES
    assert get(psa, "time_entries", per_page=1, from_archived_workspaces="true")["count"] == TIME_ENTRIES


def test_archived_workspaces_are_hidden_from_lists_and_by_id(psa: httpx.Client) -> None:
    assert get(psa, "workspaces")["count"] == 5
    assert get(psa, "workspaces", include_archived="true")["count"] == 6
    assert psa.get("workspaces/6").status_code == 404, "a 404 does not mean deleted"
    assert get(psa, "workspaces/6", include_archived="true")["workspaces"]["6"]["archived"] is True


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"updated_after": "2026-01-01T03:44:00Z"}, 1),
        ({"updated_after": "2026-01-01T04:44:00+01:00"}, 1),
        ({"updated_after": "2026-01-01T03:43:59Z"}, 3),
        ({"updated_before": "2026-01-01T00:01:00Z"}, 1),
        ({"billable": "true"}, 225),
        ({"billable": "true", "approved": "true"}, 75),
        ({"invoiced": "true"}, 0),
        ({"uninvoiced": "true"}, 450),
        ({"workspace_id": "2,3"}, 150),
        ({"only": "1,5,6,9999"}, 3),
        ({"date_performed_between": "2026-01-05:2026-01-05"}, 450),
        ({"date_performed_between": "2026-01-06:2026-01-07"}, 0),
        ({"no_such_filter": "1"}, 450),
    ],
)
def test_filters_narrow_rows_and_counts_alike(psa: httpx.Client, params: dict[str, str], expected: int) -> None:
    body = get(psa, "time_entries", from_archived_workspaces="true", per_page=200, **params)
    assert body["count"] == expected
    assert len(body["results"]) == min(expected, 200)


@pytest.mark.parametrize(
    ("path", "params", "status", "field"),
    [
        ("time_entries", {"updated_after": "yesterday"}, 422, "updated_after"),
        ("time_entries", {"page": "0"}, 422, "page"),
        ("time_entries", {"order": "colour:asc"}, 422, "order"),
        ("nothing", {}, 404, None),
        ("workspaces/999", {}, 404, None),
    ],
)
def test_a_refused_request_says_type_and_field(
    psa: httpx.Client, path: str, params: dict[str, str], status: int, field: str | None
) -> None:
    answer = psa.get(path, params=params)
    assert answer.status_code == status
    [error] = answer.json()["errors"]
    assert error["type"] == ("validation" if status == 422 else "system")
    assert error.get("field") == field
    assert answer.headers["x-request-id"]


def test_a_wrong_token_is_refused_as_oauth_error(sandbox: Running) -> None:
    url = f"{sandbox.base_url('psa')}/api/v1/users"
    answer = httpx.get(url, headers={"Authorization": "Bearer no"}, trust_env=False, verify=NO_TLS)
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["type"] == "oauth"


def test_the_token_endpoint_gives_a_token_that_works(sandbox: Running) -> None:
    base, credentials = sandbox.base_url("psa"), sandbox.credentials
    form = {"client_id": credentials.psa_client_id, "client_secret": credentials.psa_secret_file.read_text()}
    with httpx.Client(trust_env=False, verify=NO_TLS) as client:
        answer = client.post(f"{base}/oauth/token", data={"grant_type": "client_credentials", **form})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert client.get(f"{base}/api/v1/users", headers=headers).status_code == 200


def test_a_throttled_request_names_no_delay(sandbox: Running, psa: httpx.Client) -> None:
    sandbox.inject("psa", "throttled", count=1)
    answer = psa.get("users")
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert psa.get("users").status_code == 200


def test_a_restricted_seat_shortens_rows_and_counts_without_a_word(sandbox: Running, psa: httpx.Client) -> None:
    sandbox.faults("psa").set(company_filter=["DE"])
    assert get(psa, "workspaces", include_archived="true")["count"] == 2
    body = get(psa, "time_entries", from_archived_workspaces="true", per_page=200)
    assert body["count"] == 150
    assert {entry["currency"] for entry in body["time_entries"].values()} == {"EUR"}
    assert get(psa, "users")["count"] == 1, "what belongs to no company stays visible"


def test_text_beyond_ascii_arrives_as_written(psa: httpx.Client) -> None:
    assert get(psa, "time_entries/1")["time_entries"]["1"]["notes"] == "Grüße, 日本"
