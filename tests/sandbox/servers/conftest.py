"""One running sandbox over the hand-written firm, and clients that know its secrets."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from tests.sandbox.servers.fake_firm import FakeFirm

VERSION = "v67.0"
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loopback speaks plain http: reading the machine's certificates for every client would only take time."""


@pytest.fixture(scope="session")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: Running) -> Iterator[Running]:
    """Healthy before and after each test."""
    yield shared_sandbox
    for instance in shared_sandbox.instances.values():
        instance.faults.clear()


def assertion(running: Running, **claims: Any) -> str:
    """What a NetSuite client signs; ES256, because the sandbox's key is on P-256."""
    credentials = running.credentials
    now = int(time.time())
    audience = f"{running.base_url('erp')}/services/rest/auth/oauth2/v1/token"
    head = {"typ": "JWT", "alg": "ES256", "kid": claims.pop("kid", credentials.erp_certificate_id)}
    body = {
        "iss": credentials.erp_client_id,
        "scope": ["rest_webservices"],
        "aud": audience,
        "iat": now,
        "exp": now + 600,
        **claims,
    }
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in (head, body))
    key = load_pem_private_key(credentials.erp_private_key_file.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    first, second = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encoded(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def erp_token(client: httpx.Client, signed: str) -> httpx.Response:
    return client.post(
        "/services/rest/auth/oauth2/v1/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": signed,
        },
    )


@pytest.fixture
def crm(sandbox: Running) -> Iterator[httpx.Client]:
    """A client with a session; paths start at the data API's version."""
    auth = (sandbox.credentials.crm_client_id, sandbox.credentials.crm_secret_file.read_text())
    base = sandbox.base_url("crm")
    with httpx.Client(trust_env=False, verify=NO_TLS) as client:
        answer = client.post(f"{base}/services/oauth2/token", data={"grant_type": "client_credentials"}, auth=auth)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        client.base_url = httpx.URL(f"{base}/services/data/{VERSION}/")
        yield client


@pytest.fixture
def psa(sandbox: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {sandbox.credentials.psa_secret_file.read_text()}"}
    with httpx.Client(
        base_url=f"{sandbox.base_url('psa')}/api/v1", headers=headers, trust_env=False, verify=NO_TLS
    ) as client:
        yield client


@pytest.fixture
def erp(sandbox: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url("erp"), trust_env=False, verify=NO_TLS) as client:
        token = erp_token(client, assertion(sandbox)).json()["access_token"]
        client.headers.update({"Authorization": f"Bearer {token}", "Prefer": "transient"})
        yield client


@pytest.fixture
def soql(crm: httpx.Client) -> Callable[..., Any]:
    def ask(query: str, path: str = "query", **headers: str) -> Any:
        return crm.get(path, params={"q": query}, headers=headers).json()

    return ask


@pytest.fixture
def suiteql(erp: httpx.Client) -> Callable[..., httpx.Response]:
    def ask(query: str, *params: Any, limit: int = 1000, offset: int = 0) -> httpx.Response:
        window = {"limit": limit, "offset": offset}
        return erp.post("/services/rest/query/v1/suiteql", params=window, json={"q": query, "params": list(params)})

    return ask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "sandbox"
