"""What can be switched on to go wrong, at every vendor, in process and through the control endpoint."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from qtc_pipeline.sandbox.servers.faults import FAULTS, WRITE_FAULTS
from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.conftest import NO_TLS
from tests.sandbox.servers.fake_firm import AS_OF

PATHS = {
    "crm": ("GET", "/services/data/v67.0/query?q=SELECT+Id+FROM+Opportunity"),
    "psa": ("GET", "/api/v1/time_entries"),
    "erp": ("POST", "/services/rest/query/v1/suiteql"),
}
NAMES = tuple(PATHS)


@pytest.fixture
def clients(crm: httpx.Client, psa: httpx.Client, erp: httpx.Client) -> dict[str, httpx.Client]:
    return {"crm": crm, "psa": psa, "erp": erp}


def ask(sandbox: Running, clients: dict[str, httpx.Client], name: str) -> httpx.Response:
    method, path = PATHS[name]
    body = {"q": "SELECT id FROM transaction"} if name == "erp" else None
    return clients[name].request(method, sandbox.base_url(name) + path, json=body)


@pytest.mark.parametrize("name", NAMES)
def test_a_failure_happens_as_often_as_asked_and_then_no_more(
    sandbox: Running, clients: dict[str, httpx.Client], name: str
) -> None:
    sandbox.inject(name, "server_error", status=502)
    assert [ask(sandbox, clients, name).status_code for _ in range(3)] == [502, 502, 200]


@pytest.mark.parametrize(("name", "status"), [("crm", 403), ("psa", 429), ("erp", 429)])
def test_throttling_names_a_delay_only_when_told_to(
    sandbox: Running, clients: dict[str, httpx.Client], name: str, status: int
) -> None:
    sandbox.inject(name, "throttled", count=1)
    plain = ask(sandbox, clients, name)
    sandbox.inject(name, "throttled_told", count=1, seconds=2)
    told = ask(sandbox, clients, name)
    assert (plain.status_code, told.status_code) == (status, status)
    assert (plain.headers.get("retry-after"), told.headers.get("retry-after")) == (None, "2")


@pytest.mark.parametrize("name", NAMES)
def test_a_body_can_end_before_its_announced_length(
    sandbox: Running, clients: dict[str, httpx.Client], name: str
) -> None:
    sandbox.inject(name, "truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(sandbox, clients, name)
    assert ask(sandbox, clients, name).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_half_a_json_text_can_pass_as_a_whole_answer(
    sandbox: Running, clients: dict[str, httpx.Client], name: str
) -> None:
    sandbox.inject(name, "truncated_json")
    answer = ask(sandbox, clients, name)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        answer.json()


@pytest.mark.parametrize("name", NAMES)
def test_a_revoked_token_is_refused_once(sandbox: Running, clients: dict[str, httpx.Client], name: str) -> None:
    sandbox.faults(name).unauthorized_next = 1
    assert [ask(sandbox, clients, name).status_code for _ in range(2)] == [401, 200]


def test_pages_can_be_slow(sandbox: Running, clients: dict[str, httpx.Client]) -> None:
    sandbox.inject("psa", "slow", seconds=0.2)
    started = time.monotonic()
    assert ask(sandbox, clients, "psa").status_code == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("name", NAMES)
def test_the_vendors_clock_is_the_firms(sandbox: Running, clients: dict[str, httpx.Client], name: str) -> None:
    assert parsedate_to_datetime(ask(sandbox, clients, name).headers["date"]) == AS_OF


@pytest.mark.parametrize("name", NAMES)
def test_switches_and_journal_are_reached_through_the_control_endpoint(
    sandbox: Running, clients: dict[str, httpx.Client], name: str
) -> None:
    url = f"{sandbox.base_url(name)}/__control__"
    headers = {"X-Sandbox-Token": sandbox.credentials.control_token_file.read_text()}
    with httpx.Client(trust_env=False, verify=NO_TLS, headers=headers) as control:
        before = control.get(url).json()["counts"].get("requests", 0)
        told = control.post(url, json={"unauthorized_next": 1, "company_filter": ["US"]}).json()
        assert told["faults"]["unauthorized_next"] == 1
        assert ask(sandbox, clients, name).status_code == 401
        after = control.post(url, json={"clear": True}).json()
        assert after["faults"]["company_filter"] is None
        assert after["counts"]["requests"] == before + 1
        assert after["last_requests"][-1]["status"] == 401
        assert control.post(url, json={"explode": True}).status_code == 400
        assert control.post(url, content=b"[1]").status_code == 400


@pytest.mark.parametrize("token", ["", "wrong"])
def test_the_control_endpoint_takes_the_sandboxs_own_token_only(sandbox: Running, token: str) -> None:
    url = f"{sandbox.base_url('crm')}/__control__"
    assert httpx.get(url, headers={"X-Sandbox-Token": token}, trust_env=False, verify=NO_TLS).status_code == 403


@pytest.mark.parametrize(("name", "path"), [("crm", "/"), ("psa", "/api/v2/users"), ("erp", "/nowhere")])
def test_an_unknown_path_is_answered_in_the_vendors_words(sandbox: Running, name: str, path: str) -> None:
    answer = httpx.get(sandbox.base_url(name) + path, trust_env=False, verify=NO_TLS)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("name", NAMES)
def test_faults_are_injected_through_the_control_endpoint(
    sandbox: Running, clients: dict[str, httpx.Client], name: str
) -> None:
    url = f"{sandbox.base_url(name)}/__control__"
    headers = {"X-Sandbox-Token": sandbox.credentials.control_token_file.read_text()}
    with httpx.Client(trust_env=False, verify=NO_TLS, headers=headers) as control:
        wanted = {"name": "server_error", "status": 504, "count": 2, "match": "opportunity|time_entries|suiteql"}
        (waiting,) = control.post(url, json={"inject": [wanted]}).json()["faults"]["injected"]
        assert (waiting["fault"], waiting["remaining"], waiting["options"]) == ("server_error", 2, {"status": 504})
        assert [ask(sandbox, clients, name).status_code for _ in range(3)] == [504, 504, 200]
        assert control.get(url).json()["faults"]["injected"] == []
        control.post(url, json={"inject": [{"name": "reset", "count": None}]})
        assert control.post(url, json={"clear": True}).json()["faults"]["injected"] == []
        assert control.post(url, json={"inject": [{"name": "sunspots"}]}).status_code == 400


@pytest.mark.parametrize("name", NAMES)
def test_a_fault_can_end_by_itself_after_a_while(sandbox: Running, clients: dict[str, httpx.Client], name: str) -> None:
    sandbox.inject(name, "maintenance", count=None, lasts=0.2, seconds=5)
    refused = ask(sandbox, clients, name)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    time.sleep(0.3)
    assert ask(sandbox, clients, name).status_code == 200


def test_every_fault_says_what_it_does_and_how_it_ends() -> None:
    known = (*FAULTS, *WRITE_FAULTS)
    assert len({fault.name for fault in known}) == len(known)
    for fault in known:
        assert fault.does
        assert fault.vendors
