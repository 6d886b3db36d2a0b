"""What NetSuite does to a reader or writer, one trap a test (numbers: traps of the vendor notes on ERP systems).

==========================================================  ==========================================================
Trap                                                        Test
==========================================================  ==========================================================
1 offset that is no multiple of the limit; 100,000 rows;   ``test_netsuite_windows_…``, ``test_a_netsuite_w…``,
  a window that is denser than that                         ``test_netsuite_refuses_offsets_…``
2 a bare date means the account's own day                   ``test_bounds_are_…``, ``servers/test_netsuite_writes``
3 the idempotency key is for asynchronous requests          ``servers/test_netsuite_writes``
4 a misspelled property is dropped                          ``servers/test_netsuite_writes``
5 a 429 titled "Bad Request"; a false INVALID_LOGIN         ``test_a_netsuite_429_…``, ``test_a_false_…``
12 a void is a status and a second document                 ``servers/test_netsuite_documents``
lines of a deleted document leave no trace                  ``conformance``, ``servers/test_netsuite``
a restricted role shortens every answer                     ``test_a_restricted_role_…``
keys of certificates are of two kinds                       ``test_the_assertion_is_signed_with_…``
signed requests: realm, query, body, SHA-1, used nonces     ``test_netsuite_tba``
a PUT by external id overwrites; merged sublists; closed    ``servers/test_netsuite_writes``,
  periods                                                   ``servers/test_netsuite_documents``
==========================================================  ==========================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from qtc_pipeline.errors import (
    ContractError,
    RateLimitedError,
    SettingsError,
)
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.netsuite.read import NetSuiteReader
from qtc_pipeline.systems.netsuite.read import open_reader as open_netsuite
from qtc_pipeline.systems.netsuite.token import assertion
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.fake_firm import FakeFirm

TRANSACTION = system("netsuite").entity("transaction")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


@pytest.fixture
def erp(running: Running) -> Iterator[NetSuiteReader]:
    reader = open_netsuite(Instance(name="erp", page_size=10, **running.describe()["erp"]))
    yield reader
    reader.close()


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
        running.inject("erp", "throttled")
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


def test_bounds_are_moments_with_a_format_and_never_bare_dates(tmp_path: Path) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t0ken", "expires_in": 3600})
        asked.append(json.loads(request.content)["q"])
        return httpx.Response(200, json={"items": [], "hasMore": False, "offset": 0})

    key = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "key.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    values = {"base_url": "https://1.suitetalk.api.netsuite.com", "client_id": "app", "certificate_id": "c-1"}
    instance = Instance(name="erp", vendor="netsuite", roles=("erp",), private_key_file=path, **values)
    with closing(open_netsuite(instance, transport=httpx.MockTransport(answer))) as reader:
        local = datetime(2026, 1, 1, 3, 30, tzinfo=timezone(timedelta(hours=5)))
        assert sum(len(page) for page in reader.pages(TRANSACTION, local)) == 0
    assert "lastmodifieddate >= TO_TIMESTAMP('2025-12-31 22:30:00', 'YYYY-MM-DD HH24:MI:SS')" in asked[0]


def test_a_restricted_role_gets_and_counts_fewer_rows_without_a_word(erp: NetSuiteReader, running: Running) -> None:
    running.faults("erp").company_filter = ("US",)
    try:
        rows = sum(len(page) for page in erp.pages(TRANSACTION, None))
        counted = sum(int(one.value) for one in erp.count(TRANSACTION) if one.measure == "count")
    finally:
        running.faults("erp").clear()
    assert rows == counted == 40
