"""What Kantata OX does to a reader or writer, one trap a test.

==========================================================  ==========================================================
Trap                                                        Test
==========================================================  ==========================================================
side-loads of the same type share the map                   ``test_side_loads_of_the_same_type_are_no_rows``
archived projects and their time are hidden                 ``test_time_of_archived_projects_is_read_and_counted``
a page larger than 200 is silently 200                      ``test_a_page_size_the_vendor_cuts_costs_no_record``
pages move when records change                              ``test_the_order_of_a_kantata_list_does_not_move_…``
``updated_after`` is after, not at                          ``conformance`` (an increment includes its own stamp)
deletes leave nothing behind                                ``conformance`` (what an increment learns of deletions)
a 404 is no deletion                                        ``test_nothing_is_read_by_id``
429 names no delay                                          ``conformance`` (throttling without a hint)
a cache answers another page                                ``test_faults`` (duplicated page)
no condition, no key; silent drops; locks; the one upsert;  ``servers/test_kantata_writes``
  events in disorder, twice, for nine days, for money
==========================================================  ==========================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
)
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.kantata.read import KantataReader
from qtc_pipeline.systems.kantata.read import open_reader as open_kantata
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.fake_firm import FakeFirm
from tests.systems.doubles import kantata

TIME = system("kantata").entity("time_entries")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


@pytest.fixture
def psa(running: Running) -> Iterator[KantataReader]:
    reader = open_kantata(Instance(name="psa", **running.describe()["psa"]))
    yield reader
    reader.close()


def test_time_of_archived_projects_is_read_and_counted(psa: KantataReader) -> None:
    archived = [
        one
        for page in psa.pages(TIME, None)
        for one in page.records()
        if json.loads(one.payload)["workspace_id"] == "6"
    ]
    assert archived
    assert sum(one.value for one in psa.count(TIME)) == 450
    workspaces = system("kantata").entity("workspaces")
    assert sum(len(page) for page in psa.pages(workspaces, None)) == 6


def test_side_loads_of_the_same_type_are_no_rows(tmp_path: Path) -> None:
    body = {**dict.fromkeys(TIME.fields), "updated_at": "2026-01-01T00:00:00Z"}

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "count": 1,
                "meta": {"count": 1, "page_count": 1},
                "results": [{"key": "time_entries", "id": "2"}],
                "time_entries": {"1": {**body, "id": "1"}, "2": {**body, "id": "2"}},
            },
        )

    (page,) = kantata(tmp_path, answer).pages(TIME, None)
    assert page.ids == ["2"]


def test_a_result_without_body_is_an_error_and_not_a_shorter_list(tmp_path: Path) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "meta": {"count": 1, "page_count": 1},
                "results": [{"key": "time_entries", "id": "2"}],
                "time_entries": {},
            },
        )

    with pytest.raises(ContractError, match="result 2 has no body"):
        list(kantata(tmp_path, answer).pages(TIME, None))


def test_a_field_that_is_missing_from_the_answers_is_named(tmp_path: Path) -> None:
    body = {**dict.fromkeys(TIME.fields), "id": "2", "updated_at": "2026-01-01T00:00:00Z"}
    del body["rate_in_cents"]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "meta": {"count": 1, "page_count": 1},
                "results": [{"key": "time_entries", "id": "2"}],
                "time_entries": {"2": body},
            },
        )

    with pytest.raises(ContractError, match=r"entity time_entries: fields \['rate_in_cents'\]"):
        list(kantata(tmp_path, answer).pages(TIME, None))


def test_a_refused_static_token_is_an_authentication_error_and_not_tried_again(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(
            401, json={"errors": [{"type": "oauth", "message": "Invalid OAuth 2 Request s3cret-value"}]}
        )

    with pytest.raises(AuthenticationError) as caught:
        list(kantata(tmp_path, answer).pages(TIME, None))
    assert len(asked) == 1
    assert "s3cret-value" not in str(caught.value)
    assert "***" in str(caught.value)


def test_the_order_of_a_kantata_list_does_not_move_when_records_change(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"meta": {"count": 0, "page_count": 0}, "results": [], "time_entries": {}})

    list(kantata(tmp_path, answer).pages(TIME, None))
    assert asked[0]["order"] == "created_at:asc"
    assert asked[0]["from_archived_workspaces"] == "true"


def test_a_page_size_the_vendor_cuts_costs_no_record(running: Running) -> None:
    instance = Instance(name="psa", page_size=5000, **running.describe()["psa"])
    with closing(open_kantata(instance)) as reader:
        assert [len(page) for page in reader.pages(TIME, None)] == [200, 200, 50]


def test_nothing_is_read_by_id(running: Running, psa: KantataReader) -> None:
    """Default filters hide records by id too, so a 404 says nothing."""
    list(psa.pages(TIME, None))
    paths = {one["path"] for one in running.journal("psa").requests}
    assert not [path for path in paths if path.count("/") > 3]
