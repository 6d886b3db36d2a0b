"""What Salesforce does to a reader or writer, one trap a test.

==========================================================  ==========================================================
Trap                                                        Test
==========================================================  ==========================================================
a batch is smaller than asked                               ``conformance`` (page_cap), ``servers/test_salesforce``
a query locator is lost                                     ``test_a_lost_query_locator_…``
stamps are shared by records                                ``conformance`` (an increment includes its own stamp)
rows committed late carry an earlier stamp                  ``test_faults`` (late commit), ``tests/ingest``
formula fields change without a stamp                       ``test_no_declared_field_is_a_formula``
aggregated amounts are in the org's currency                ``test_amounts_are_counted_and_never_summed_…``
a token says nothing of its lifetime                        ``conformance`` (a token that ends in the middle)
host and audience of an assertion differ by org             ``test_an_assertion_names_the_my_domain_address_…``
errors are arrays; one code, two meanings of the limit      ``test_what_a_salesforce_error_…``, ``test_the_end_of_…``
deletions are listed for fifteen days                       ``test_deletions_are_asked_for_as_far_back_as_…``
bulk: locator ``null``, 409, unsupported, CSV, null or empty  ``test_salesforce_bulk``
ids of 15 and 18 letters; conditions to the second; 300;    ``servers/test_salesforce_writes``
  collections and composites are 200 whatever happens
==========================================================  ==========================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
    PermanentError,
    PermissionRefusedError,
    SettingsError,
    TransientError,
)
from qtc_pipeline.sandbox.servers.credentials import make_crm_key
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.salesforce.read import open_reader as open_salesforce
from qtc_pipeline.systems.salesforce.token import assertion as jwt_assertion
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, opportunity_id
from tests.systems.doubles import OPPORTUNITY, an_opportunity, error, query_result, salesforce


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


def test_a_lost_query_locator_restarts_the_query_where_it_stood(tmp_path: Path) -> None:
    queries = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/queryAll"):
            queries.append(request.url.params["q"])
            rows = [an_opportunity(number, number) for number in range(len(queries) * 2 - 2, 4)]
            return query_result(rows[:2], None if len(queries) > 1 else "/services/data/v67.0/query/gone-2")
        return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")

    ids = [one for page in salesforce(tmp_path, answer).pages(OPPORTUNITY, None) for one in page.ids]
    assert [int(one) for one in ids] == [0, 1, 2, 3]
    assert "WHERE SystemModstamp >= 2026-01-01T00:00:01Z ORDER BY SystemModstamp, Id" in queries[1]


def test_a_lost_query_whose_pages_came_in_disorder_is_read_anew_from_its_start(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        step = request.url.path.rpartition("-")[2]
        if request.url.path.endswith("/queryAll"):
            return query_result([an_opportunity(9, 9)], "/services/data/v67.0/query/one-1")
        if step == "1":
            return query_result([an_opportunity(1, 1)], "/services/data/v67.0/query/one-2")
        return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")

    with pytest.raises(TransientError, match="in no order"):
        list(salesforce(tmp_path, answer).pages(OPPORTUNITY, None))


def test_a_query_locator_that_is_lost_at_once_ends(tmp_path: Path) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")

    with pytest.raises(PermanentError):
        list(salesforce(tmp_path, answer).pages(OPPORTUNITY, None))


def test_the_end_of_the_daily_requests_stops_the_run_and_a_concurrency_limit_waits(tmp_path: Path) -> None:
    pauses: list[float] = []
    texts = iter(["ConcurrentRequests (Concurrent API Requests) Limit exceeded.", "TotalRequests Limit exceeded."])

    def answer(_: httpx.Request) -> httpx.Response:
        return error(403, "REQUEST_LIMIT_EXCEEDED", next(texts))

    with pytest.raises(PermanentError, match="24 hours"):
        salesforce(tmp_path, answer, pauses).count(OPPORTUNITY)
    assert len(pauses) == 1


def test_money_of_salesforce_is_the_text_it_sent(tmp_path: Path) -> None:
    row = json.dumps(an_opportunity(1, 1)).replace('"Amount": null', '"Amount": 12345678901234567.10')

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=f'{{"totalSize":1,"done":true,"records":[{row}]}}')

    (page,) = salesforce(tmp_path, answer).pages(OPPORTUNITY, None)
    assert '"Amount": 12345678901234567.10' in page.payloads[0]


def test_attributes_do_not_make_a_new_version(tmp_path: Path) -> None:
    def hashed(version: str) -> str:
        row = {"attributes": {"type": "Opportunity", "url": f"/services/data/{version}/x"}, **an_opportunity(1, 1)}
        (page,) = salesforce(tmp_path, lambda _: query_result([row])).pages(OPPORTUNITY, None)
        assert page.hash_texts is not None
        assert "attributes" in page.payloads[0]
        return page.hash_texts[0]

    assert hashed("v67.0") == hashed("v68.0")


def test_a_count_over_more_than_one_page_is_refused(tmp_path: Path) -> None:
    reader = salesforce(tmp_path, lambda _: query_result([], "/next"))
    with pytest.raises(ContractError, match="over one page"):
        reader.count(OPPORTUNITY)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "INVALID_FIELD", ContractError),
        (403, "INSUFFICIENT_ACCESS", PermissionRefusedError),
        (404, "NOT_FOUND", ContractError),
        (401, "INVALID_SESSION_ID", AuthenticationError),
        (409, "UNABLE_TO_LOCK_ROW", TransientError),
        (503, "SERVER_UNAVAILABLE", TransientError),
        (418, "", PermanentError),
    ],
)
def test_what_a_salesforce_error_means_is_decided_in_one_place(
    tmp_path: Path, status: int, code: str, kind: type[Exception]
) -> None:
    reader = salesforce(tmp_path, lambda _: error(status, code, "why " * 500))
    with pytest.raises(kind) as caught:
        reader.count(OPPORTUNITY)
    assert type(caught.value) is kind
    assert "instance crm, control count of Opportunity" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_no_declared_field_is_a_formula(running: Running) -> None:
    """Formulas change without moving the stamp an increment goes by."""
    with closing(open_salesforce(Instance(name="crm", **running.describe()["crm"]))) as reader:
        for entity in system("salesforce").entities:
            url = f"/services/data/v67.0/sobjects/{entity.name}/describe"
            fields = reader.http.request("GET", url, lambda answer: json.loads(answer.text)["fields"])
            calculated = {one["name"]: one["calculated"] for one in fields}
            assert not any(calculated[name] for name in entity.fields)


def test_amounts_are_counted_and_never_summed_across_currencies(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["q"])
        return query_result([{"CurrencyIsoCode": "EUR", "n": 3}])

    (one,) = salesforce(tmp_path, answer).count(OPPORTUNITY)
    assert (one.currency, one.measure, one.value) == ("EUR", "count", 3)
    assert "SUM" not in asked[0]
    assert not system("salesforce").capabilities.source_sums


def test_deletions_are_asked_for_as_far_back_as_the_org_lists_them(running: Running) -> None:
    with closing(open_salesforce(Instance(name="crm", **running.describe()["crm"]))) as reader:
        long_ago = AS_OF - timedelta(days=400)
        (page,) = reader.deletions(OPPORTUNITY, long_ago)
        assert page.ids == [opportunity_id(7)]
        assert list(reader.deletions(OPPORTUNITY, AS_OF + timedelta(days=1))) == []


@pytest.mark.parametrize("audience", [None, "https://login.salesforce.com"])
def test_an_assertion_names_the_my_domain_address_unless_told_otherwise(running: Running, audience: str | None) -> None:
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    path = make_crm_key(running.credentials)
    values = {**running.describe()["crm"], "auth": "jwt_bearer", "username": "integration@acme.example"}
    instance = Instance(name="crm", audience=audience, private_key_file=path, **values)
    text = jwt_assertion(instance, instance.private_key, 1_000_000)
    token = jwt.decode(text, RSAKey.import_key(path.read_text()), algorithms=["RS256"])
    assert token.claims == {
        "iss": running.credentials.crm_client_id,
        "sub": "integration@acme.example",
        "aud": audience or running.base_url("crm"),
        "exp": 1_000_180,
    }


def test_a_user_that_did_not_approve_the_app_and_a_key_that_is_none_are_named(running: Running, tmp_path: Path) -> None:
    values = {**running.describe()["crm"], "auth": "jwt_bearer", "username": "someone@else.example"}
    instance = Instance(name="crm", private_key_file=make_crm_key(running.credentials), **values)
    with closing(open_salesforce(instance)) as reader, pytest.raises(AuthenticationError, match="hasn't approved"):
        reader.count(OPPORTUNITY)
    bad = tmp_path / "key.pem"
    bad.write_text("no key")
    unusable = Instance(name="crm", private_key_file=bad, **values)
    with closing(open_salesforce(unusable)) as reader, pytest.raises(SettingsError, match="QTC_PRIVATE_KEY_CRM"):
        reader.count(OPPORTUNITY)


def test_a_way_in_that_lacks_a_key_or_is_no_way_is_a_settings_error(running: Running) -> None:
    values = running.describe()["crm"]
    with pytest.raises(SettingsError, match=r"instances\.crm\.username"):
        open_salesforce(Instance(name="crm", auth="jwt_bearer", **values))
    with pytest.raises(SettingsError, match="'tba' is no way into salesforce"):
        open_salesforce(Instance(name="crm", auth="tba", **values))
