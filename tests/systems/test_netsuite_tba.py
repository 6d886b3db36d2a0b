"""NetSuite's signed requests: what is signed, what the account refuses, and a reader that uses them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from qtc_pipeline.errors import SettingsError, TransientError
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.netsuite.read import open_reader
from qtc_pipeline.systems.netsuite.tba import base_string
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.conftest import NO_TLS
from tests.sandbox.servers.fake_firm import INVOICES, FakeFirm

TRANSACTION = system("netsuite").entity("transaction")
PATH = "/services/rest/query/v1/suiteql"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


def instance(running: Running, **values: Any) -> Instance:
    keys = running.credentials
    wanted = {
        **running.describe()["erp"],
        "auth": "tba",
        "access_id": keys.erp_token_id,
        "secret_file": keys.erp_secret_file,
        "token_secret_file": keys.erp_token_secret_file,
        **values,
    }
    return Instance(name="erp", page_size=50, **wanted)


def test_a_reader_that_signs_its_requests_reads_everything(running: Running) -> None:
    with closing(open_reader(instance(running))) as reader:
        assert sum(len(page) for page in reader.pages(TRANSACTION, None)) == INVOICES
        assert sum(int(one.value) for one in reader.count(TRANSACTION) if one.measure == "count") == INVOICES
    assert "tokens" not in running.journal("erp").counts


def test_a_repeated_request_is_signed_anew(running: Running) -> None:
    with closing(open_reader(instance(running), patience=Patience(sleep=lambda _: None))) as reader:
        running.inject("erp", "timeout_after", entity="transaction")
        assert sum(len(page) for page in reader.pages(TRANSACTION, None)) == INVOICES


@pytest.mark.parametrize("wrong", [{"access_id": "other"}, {"account": "other"}, {"client_id": "other"}])
def test_a_signer_the_account_does_not_know_is_an_invalid_login(running: Running, wrong: dict[str, str]) -> None:
    patience = Patience(attempts=2, sleep=lambda _: None)
    with (
        closing(open_reader(instance(running, **wrong), patience=patience)) as reader,
        pytest.raises(TransientError, match="INVALID_LOGIN"),
    ):
        reader.count(TRANSACTION)


@pytest.mark.parametrize("key", ["access_id", "account"])
def test_a_key_that_is_missing_is_named(running: Running, key: str) -> None:
    with pytest.raises(SettingsError, match=rf"instances\.erp\.{key}"):
        open_reader(instance(running, **{key: None}))


def test_a_token_secret_that_is_missing_is_named(running: Running) -> None:
    with pytest.raises(SettingsError, match="QTC_TOKEN_SECRET_ERP"):
        open_reader(instance(running, token_secret_file=None))


def test_the_base_string_is_that_of_the_standard() -> None:
    """The example of RFC 5849, 3.4.1.1."""
    members = [
        ("b5", "=%3D"),
        ("a3", "a"),
        ("c@", ""),
        ("a2", "r b"),
        ("c2", ""),
        ("a3", "2 q"),
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
    ]
    assert base_string("post", "http://example.com/request", members) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26"
        "c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26"
        "oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def signed(running: Running, **changed: str) -> dict[str, str]:
    """A header made by hand for one query of ten rows; ``changed`` members are signed as they are."""
    keys = running.credentials
    members = {
        "oauth_consumer_key": keys.erp_client_id,
        "oauth_token": keys.erp_token_id,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
        "oauth_nonce": changed.pop("nonce", "n-1"),
        "oauth_version": "1.0",
    }
    realm = changed.pop("realm", "SANDBOX_1")
    members |= changed
    query = [("limit", "10"), ("offset", "0")]
    base = base_string("POST", running.base_url("erp") + PATH, [*members.items(), *query])
    key = f"{keys.erp_secret_file.read_text()}&{keys.erp_token_secret_file.read_text()}"
    digest = "sha1" if members["oauth_signature_method"] == "HMAC-SHA1" else hashlib.sha256
    signature = base64.b64encode(hmac.new(key.encode(), base.encode(), digest).digest()).decode()
    listed = ", ".join(f'{name}="{value}"' for name, value in members.items())
    signature = signature.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return {"Authorization": f'OAuth realm="{realm}", {listed}, oauth_signature="{signature}"', "Prefer": "transient"}


def ask(running: Running, headers: dict[str, str], *, limit: int = 10) -> int:
    url = f"{running.base_url('erp')}{PATH}?limit={limit}&offset=0"
    body = {"q": "SELECT id FROM transaction"}
    return httpx.post(url, json=body, headers=headers, trust_env=False, verify=NO_TLS).status_code


def test_a_used_nonce_is_refused_and_the_body_is_not_signed(running: Running) -> None:
    headers = signed(running, nonce="once")
    assert ask(running, headers) == 200
    assert ask(running, headers) == 401


def test_the_query_is_signed(running: Running) -> None:
    assert ask(running, signed(running, nonce="q-1"), limit=20) == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"oauth_signature_method": "HMAC-SHA1"},
        {"realm": "sandbox-1"},
        {"oauth_timestamp": "1000000000"},
        {"oauth_version": "2.0"},
    ],
)
def test_what_the_account_does_not_take_is_an_invalid_login(running: Running, changed: dict[str, str]) -> None:
    assert ask(running, signed(running, nonce=str(changed), **changed)) == 401
