"""What single vendors do to a reader, one trap a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
    PermanentError,
    PermissionRefusedError,
    RateLimitedError,
    SettingsError,
    TransientError,
)
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.kantata.read import KantataReader
from qtc_pipeline.systems.kantata.read import open_reader as open_kantata
from qtc_pipeline.systems.netsuite.read import NetSuiteReader
from qtc_pipeline.systems.netsuite.read import open_reader as open_netsuite
from qtc_pipeline.systems.netsuite.token import assertion
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.salesforce.read import SalesforceReader
from qtc_pipeline.systems.salesforce.read import open_reader as open_salesforce
from tests.sandbox.servers.fake_firm import FakeFirm

TRANSACTION = system("netsuite").entity("transaction")
TIME = system("kantata").entity("time_entries")
OPPORTUNITY = system("salesforce").entity("Opportunity")
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


@pytest.fixture
def erp(running: Running) -> Iterator[NetSuiteReader]:
    reader = open_netsuite(Instance(name="erp", page_size=10, **running.describe()["erp"]))
    yield reader
    reader.close()


@pytest.fixture
def psa(running: Running) -> Iterator[KantataReader]:
    reader = open_kantata(Instance(name="psa", **running.describe()["psa"]))
    yield reader
    reader.close()


def _secret(folder: Path) -> Path:
    path = folder / "secret"
    path.write_text("s3cret-value")
    return path


def salesforce(folder: Path, handler: Handler, pauses: list[float] | None = None) -> SalesforceReader:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t0ken-value"})
        return handler(request)

    instance = Instance(
        name="crm",
        vendor="salesforce",
        roles=("crm",),
        base_url="https://acme.my.salesforce.com",
        client_id="app",
        secret_file=_secret(folder),
    )
    slept = pauses if pauses is not None else []
    return open_salesforce(
        instance, transport=httpx.MockTransport(answer), patience=Patience(sleep=slept.append, attempts=3)
    )


def an_opportunity(number: int, second: int) -> dict[str, Any]:
    stamp = f"2026-01-01T00:00:{second:02d}.000+0000"
    return {**dict.fromkeys(OPPORTUNITY.fields), "Id": f"{number:018d}", "SystemModstamp": stamp, "IsDeleted": False}


def query_result(rows: list[dict[str, Any]], following: str | None = None) -> httpx.Response:
    more = {"nextRecordsUrl": following} if following else {}
    return httpx.Response(200, json={"totalSize": 9, "done": following is None, **more, "records": rows})


def error(status: int, code: str, message: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json=[{"message": message, "errorCode": code}], headers=headers)


def test_netsuite_windows_are_moved_on_before_an_answer_ends_at_its_cap(erp: NetSuiteReader, running: Running) -> None:
    erp.window = 50
    asked = len(running.journal("erp").requests)
    ids = [one for page in erp.pages(TRANSACTION, None) for one in page.ids]
    assert sorted(ids, key=int) == [str(number) for number in range(1, 121)]
    assert ids == sorted(ids, key=int)
    offsets = [one["query"] for one in list(running.journal("erp").requests)[asked:] if "offset" in one["query"]]
    assert offsets.count("limit=10&offset=0") == 3
    assert "limit=10&offset=50" not in offsets


def test_a_netsuite_window_that_cannot_be_split_fails_loudly(erp: NetSuiteReader) -> None:
    erp.window = 10
    dense = Entity(name="transaction", fields=("entity", "id"), key=("entity", "id"))  # all of one customer
    with pytest.raises(ContractError, match="entity 77 alone has more rows than the 10"):
        list(erp.pages(dense, None))


def test_a_netsuite_window_with_a_composite_key_is_split_between_values(erp: NetSuiteReader) -> None:
    erp.window = 50
    by_currency = Entity(name="transaction", fields=("currency", "id"), key=("currency", "id"))
    ids = {one for page in erp.pages(by_currency, None) for one in page.ids}
    assert len(ids) == 120


def test_netsuite_refuses_offsets_that_are_no_multiple_of_the_limit_and_we_never_ask(
    erp: NetSuiteReader, running: Running
) -> None:
    list(erp.pages(TRANSACTION, None))
    for one in running.journal("erp").requests:
        assert one["status"] == 200


def test_a_false_invalid_login_under_load_is_waited_out(running: Running) -> None:
    pauses: list[float] = []
    instance = Instance(name="erp", **running.describe()["erp"])
    with closing(open_netsuite(instance, patience=Patience(sleep=pauses.append))) as reader:
        reader.count(TRANSACTION)
        running.faults("erp").set(unauthorized_next=3)
        assert sum(len(page) for page in reader.pages(TRANSACTION, None)) == 120
    assert pauses


def test_a_netsuite_429_is_known_by_its_code_and_not_by_its_title(running: Running) -> None:
    pauses: list[float] = []
    instance = Instance(name="erp", **running.describe()["erp"])
    with closing(open_netsuite(instance, patience=Patience(sleep=pauses.append, attempts=2))) as reader:
        reader.count(TRANSACTION)
        running.faults("erp").set(throttle_next=2)
        with pytest.raises(RateLimitedError, match="CONCURRENCY_LIMIT_EXCEEDED"):
            list(reader.pages(TRANSACTION, None))


@pytest.mark.parametrize(("kind", "algorithm"), [("ec", "ES256"), ("rsa", "PS256")])
def test_the_assertion_is_signed_with_the_algorithm_of_the_key(tmp_path: Path, kind: str, algorithm: str) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from joserfc import jwt
    from joserfc.jwk import ECKey, RSAKey

    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    path = tmp_path / "key.pem"
    path.write_text(pem)
    instance = Instance(
        name="erp",
        vendor="netsuite",
        roles=("erp",),
        base_url="https://1.suitetalk.api.netsuite.com/",
        client_id="app",
        certificate_id="cert-1",
        private_key_file=path,
    )
    text = assertion(instance, instance.private_key, 1_000_000)
    public = (ECKey if kind == "ec" else RSAKey).import_key(pem)
    token = jwt.decode(text, public, algorithms=[algorithm])
    assert token.header == {"typ": "JWT", "alg": algorithm, "kid": "cert-1"}
    assert token.claims["aud"] == "https://1.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"
    assert 0 < token.claims["exp"] - token.claims["iat"] < 3600
    path.write_text("no key")
    with pytest.raises(SettingsError, match="QTC_PRIVATE_KEY_ERP"):
        assertion(instance, instance.private_key, 1_000_000)


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


def kantata(folder: Path, handler: Handler) -> KantataReader:
    instance = Instance(
        name="psa",
        vendor="kantata",
        roles=("psa",),
        base_url="https://api.mavenlink.com",
        secret_file=_secret(folder),
    )
    return open_kantata(instance, transport=httpx.MockTransport(handler), patience=Patience(sleep=id, attempts=2))


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


def test_a_retry_after_in_the_form_of_a_date_is_understood(tmp_path: Path) -> None:
    pauses: list[float] = []
    answers = iter([error(503, "", **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), query_result([])])
    salesforce(tmp_path, lambda _: next(answers), pauses).count(OPPORTUNITY)
    assert pauses == [0.0]


@pytest.mark.parametrize("fault", [httpx.ReadTimeout("slow"), httpx.ConnectError("refused"), httpx.ReadError("reset")])
def test_a_broken_connection_is_transient(tmp_path: Path, fault: Exception) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise fault

    with pytest.raises(TransientError):
        salesforce(tmp_path, answer).count(OPPORTUNITY)


def test_a_missing_client_id_names_the_key(running: Running) -> None:
    for name, opened in (("crm", open_salesforce), ("erp", open_netsuite)):
        values = {**running.describe()[name], "client_id": None}
        with pytest.raises(SettingsError, match=rf"instances\.{name}\.client_id"):
            opened(Instance(name=name, **values))


def test_a_missing_secret_names_variable_and_key() -> None:
    instance = Instance(name="psa", vendor="kantata", roles=("psa",), base_url="http://127.0.0.1:9")
    with pytest.raises(SettingsError, match="QTC_SECRET_PSA"):
        open_kantata(instance)


def test_the_order_of_a_kantata_list_does_not_move_when_records_change(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        return httpx.Response(200, json={"meta": {"count": 0, "page_count": 0}, "results": [], "time_entries": {}})

    list(kantata(tmp_path, answer).pages(TIME, None))
    assert asked[0]["order"] == "created_at:asc"
    assert asked[0]["from_archived_workspaces"] == "true"


def test_every_declared_entity_has_its_key_and_cursor_among_its_fields() -> None:
    for vendor in ("salesforce", "kantata", "netsuite"):
        for entity in system(vendor).entities:
            named = {*entity.key, *filter(None, (entity.cursor, entity.currency, entity.amount, entity.parent))}
            assert named <= set(entity.fields), f"{vendor} {entity.name}"
            assert replace(entity).name
