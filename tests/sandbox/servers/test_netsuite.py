"""NetSuite as its clients find it: a token for an assertion, SuiteQL windows and their limits, and the errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from qtc_pipeline.sandbox.servers.credentials import AssertionRefusedError, check_assertion
from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.conftest import NO_TLS, _encoded, assertion, erp_token
from tests.sandbox.servers.fake_firm import INVOICES

Ask = Callable[..., httpx.Response]
PATH = "/services/rest/query/v1/suiteql"


def error_code(answer: httpx.Response) -> str:
    return str(answer.json()["o:errorDetails"][0]["o:errorCode"])


def test_a_window_has_links_counts_and_items_with_lower_case_keys_and_strings(suiteql: Ask) -> None:
    body = suiteql("SELECT ID, TranID, CustBody_Job FROM Transaction ORDER BY id", limit=50, offset=50).json()
    assert body["items"][0] == {"links": [], "id": "51", "tranid": "INV-51", "custbody_job": None}
    assert (body["count"], body["offset"], body["totalResults"], body["hasMore"]) == (50, 50, INVOICES, True)
    assert {link["rel"] for link in body["links"]} == {"self", "first", "next", "prev", "last"}


def test_windows_cover_everything_once(suiteql: Ask) -> None:
    seen: list[str] = []
    for offset in (0, 50, 100):
        body = suiteql("SELECT id FROM transaction ORDER BY lastmodifieddate, id", limit=50, offset=offset).json()
        seen += [item["id"] for item in body["items"]]
    assert body["hasMore"] is False
    assert seen == [str(number) for number in range(1, INVOICES + 1)], "ids sort as numbers"


def test_an_offset_that_is_no_multiple_of_the_limit_is_refused(suiteql: Ask) -> None:
    answer = suiteql("SELECT id FROM transaction", limit=50, offset=75)
    assert (answer.status_code, error_code(answer)) == (400, "INVALID_PARAMETER")
    assert "divisible" in answer.text


def test_nothing_is_given_beyond_row_one_hundred_thousand(suiteql: Ask) -> None:
    assert suiteql("SELECT id FROM transaction", limit=1000, offset=99_000).status_code == 200
    answer = suiteql("SELECT id FROM transaction", limit=1000, offset=100_000)
    assert (answer.status_code, error_code(answer)) == (400, "INVALID_PARAMETER")
    assert suiteql("SELECT id FROM transaction", limit=1001).status_code == 400


def test_a_query_without_the_transient_preference_is_refused(erp: httpx.Client) -> None:
    answer = erp.post(PATH, json={"q": "SELECT id FROM transaction"}, headers={"Prefer": ""})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("where", "params", "expected"),
    [
        ("id > 118", [], 2),
        ("id IN (1, '2', 999)", [], 2),
        ("lastmodifieddate >= TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS')", ["2026-01-01 00:59:00"], 3),
        ("trandate = TO_DATE('2026-01-31', 'YYYY-MM-DD') AND currency = ?", ["2"], 40),
        ("trandate BETWEEN TO_DATE('01/01/2026', 'MM/DD/YYYY') AND TO_DATE('2026-01-30')", [], 0),
        ("lastmodifieddate < '12/31/2025'", [], 0),
        ("lastmodifieddate >= '01/01/2026'", [], 0),
        ("(currency = 1 OR currency = 2) AND NOT id > 60", [], 40),
        ("currency = 1 OR currency = 2 AND id > 9999", [], 40),
        ("custbody_job IS NULL AND tranid LIKE 'INV-12%'", [], 2),
        ("createdfrom IS NOT NULL", [], 0),
        ("posting = 'T' AND voided <> 'T'", [], 120),
    ],
)
def test_conditions_select_what_they_say(suiteql: Ask, where: str, params: list[Any], expected: int) -> None:
    """A bare date is the account's local day, eight hours behind: that is why 1 January finds nothing of that day."""
    body = suiteql(f"SELECT id FROM transaction WHERE {where} ORDER BY id", *params).json()
    assert body["totalResults"] == expected


def test_sums_are_exact_and_text(suiteql: Ask) -> None:
    body = suiteql(
        "SELECT currency, COUNT(*) AS n, SUM(foreigntotal) AS total FROM transaction"
        " GROUP BY currency ORDER BY currency"
    ).json()
    assert [{name: item[name] for name in ("currency", "n", "total")} for item in body["items"]] == [
        {"currency": str(number), "n": "40", "total": "4"} for number in (1, 2, 3)
    ], "forty times 0.1, which binary floats would miss"


def test_tables_join_and_columns_are_renamed(suiteql: Ask) -> None:
    body = suiteql(
        "SELECT t.currency AS money, SUM(l.foreignamount) total, MAX(TO_CHAR(l.linelastmodifieddate, 'YYYY-MM-DD')) day"
        " FROM transaction t INNER JOIN transactionline AS l ON l.transaction = t.id AND l.mainline = ?"
        " WHERE t.type = 'CustInvc' GROUP BY t.currency ORDER BY money DESC",
        "F",
    ).json()
    assert body["items"] == [
        {"links": [], "money": str(number), "total": "-4", "day": "2026-01-01"} for number in (3, 2, 1)
    ]


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("SELECT id FROM invoice", []),
        ("SELECT colour FROM transaction", []),
        ("SELECT id FROM transaction WHERE id = ?", []),
        ("SELECT id FROM transaction WHERE lastmodifieddate > '2026-01-01'", []),
        ("SELECT id, COUNT(*) FROM transaction", []),
        ("SELECT id FROM transaction; DROP TABLE meta", []),
        ("SELECT load_extension('x') FROM transaction", []),
        ("DELETE FROM transaction", []),
    ],
)
def test_a_query_the_vendor_refuses_is_refused(suiteql: Ask, query: str, params: list[Any]) -> None:
    answer = suiteql(query, *params)
    assert answer.status_code == 400
    assert error_code(answer) == "INVALID_PARAMETER"


def test_over_concurrency_is_a_429_titled_bad_request(sandbox: Running, erp: httpx.Client) -> None:
    sandbox.inject("erp", "throttled", count=1)
    answer = erp.post(PATH, json={"q": "SELECT id FROM transaction"})
    assert answer.status_code == 429
    assert answer.json()["title"] == "Bad Request"
    assert error_code(answer) == "CONCURRENCY_LIMIT_EXCEEDED"
    assert "retry-after" not in answer.headers


def test_requests_that_really_overlap_beyond_the_limit_are_blocked(sandbox: Running, erp: httpx.Client) -> None:
    sandbox.faults("erp").concurrency = 2
    sandbox.inject("erp", "slow", count=None, seconds=0.2)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(erp.post, PATH, json={"q": "SELECT id FROM transaction"}) for _ in range(6)]
        statuses = [one.result().status_code for one in asked]
    assert sorted(statuses) == [200, 200, 429, 429, 429, 429]


@pytest.mark.parametrize(
    "claims",
    [
        {"kid": "another-certificate"},
        {"iss": "someone"},
        {"aud": "http://elsewhere/token"},
        {"exp": int(time.time()) - 5},
        {"exp": int(time.time()) + 7200},
        {"scope": ["restlets"]},
    ],
)
def test_an_assertion_that_proves_nothing_gets_no_token(sandbox: Running, claims: dict[str, Any]) -> None:
    with httpx.Client(base_url=sandbox.base_url("erp"), trust_env=False, verify=NO_TLS) as client:
        answer = erp_token(client, assertion(sandbox, **claims))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_signature_of_another_key_gets_no_token(sandbox: Running) -> None:
    head, claims, _ = assertion(sandbox).split(".")
    forged = f"{head}.{claims}.{_encoded(bytes(64))}"
    with httpx.Client(base_url=sandbox.base_url("erp"), trust_env=False, verify=NO_TLS) as client:
        assert erp_token(client, forged).status_code == 401
        assert erp_token(client, "no token at all").status_code == 401


def test_an_rsa_certificate_is_checked_as_ps256() -> None:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    now = int(time.time())
    claims = {"iss": "me", "aud": "there", "iat": now, "exp": now + 60, "scope": "rest_webservices"}
    parts = ({"typ": "JWT", "alg": "PS256", "kid": "k"}, claims)
    signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
    digest = hashes.SHA256()
    signature = key.sign(signed.encode(), padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    good = f"{signed}.{_encoded(signature)}"
    check_assertion(good, public, client_id="me", certificate_id="k", audience="there")
    with pytest.raises(AssertionRefusedError, match="signature"):
        check_assertion(
            f"{signed}.{_encoded(bytes(256))}", public, client_id="me", certificate_id="k", audience="there"
        )


def test_a_token_that_ran_out_is_an_invalid_login(sandbox: Running) -> None:
    sandbox.faults("erp").token_requests = 1
    with httpx.Client(base_url=sandbox.base_url("erp"), trust_env=False, verify=NO_TLS) as client:
        token = erp_token(client, assertion(sandbox)).json()
        headers = {"Authorization": f"Bearer {token['access_token']}", "Prefer": "transient"}
        answers = [client.post(PATH, json={"q": "SELECT id FROM transaction"}, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    assert error_code(answers[1]) == "INVALID_LOGIN"


def test_a_restricted_role_shortens_rows_counts_and_joins_without_a_word(sandbox: Running, suiteql: Ask) -> None:
    sandbox.faults("erp").set(company_filter=["US"])
    assert suiteql("SELECT id FROM transaction").json()["totalResults"] == 40
    assert suiteql("SELECT COUNT(*) AS n FROM transaction").json()["items"][0]["n"] == "40"
    joined = "SELECT COUNT(*) AS n FROM transactionline l JOIN transaction t ON t.id = l.transaction"
    assert suiteql(joined).json()["items"][0]["n"] == "40"
