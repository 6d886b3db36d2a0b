"""The protocol: errors that come under HTTP 200, logins that must not be repeated, values that must not change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from qtc_pipeline.errors import (
    AuthenticationError,
    ContractError,
    PermanentError,
    PermissionRefusedError,
    RateLimitedError,
    SettingsError,
    TransientError,
)
from qtc_pipeline.sandbox.tryton.server import TrytonServer
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.tryton import SYSTEM
from qtc_pipeline.systems.tryton.read import TrytonReader
from qtc_pipeline.systems.tryton.rpc import ONCE, TrytonRpc, application_error, stamp, tag, untag
from tests.systems.tryton.servers import instance_of

pytestmark = pytest.mark.xdist_group("tryton")


@pytest.fixture
def rpc(tryton_server: TrytonServer) -> Iterator[TrytonRpc]:
    with tryton_server.connect() as opened:
        yield opened


def test_errors_under_http_200_are_told_apart_and_short(rpc: TrytonRpc, tryton_server: TrytonServer) -> None:
    with pytest.raises(ContractError, match="modules"):
        rpc.call("model.party.party.search_read", [], 0, 1, None, ["no_such_field"], {})
    with pytest.raises(PermissionRefusedError, match="not allowed"):
        rpc.call("model.currency.currency.write", [1], {"name": "Dollar"}, {})
    with tryton_server.connect_admin() as admin, pytest.raises(PermanentError) as refused:
        # a domain violation carries the definitions of all fields of the model
        admin.call("model.party.party.create", [{"name": "Twice", "code": "3"}], {})
    assert len(str(refused.value)) < 600
    with pytest.raises(PermissionRefusedError, match="403"):
        rpc.call("model.party.party.no_such_method", {})


def test_a_refused_login_is_sent_once_however_often_it_is_asked_for(tryton_server: TrytonServer) -> None:
    with TrytonRpc(tryton_server.base_url, "qtc", "qtc", SecretStr("wrong")) as rpc:
        for _ in range(5):
            with pytest.raises(AuthenticationError, match="not tried again"):
                rpc.call("model.party.party.search_count", [], 0, None, {})
        assert rpc.requests == 1
    with tryton_server.connect() as right:
        assert right.call("model.party.party.search_count", [], 0, None, {}) > 0


def test_a_session_the_server_forgot_is_renewed_once(rpc: TrytonRpc) -> None:
    rpc.login()
    rpc._session = "bm9ib2R5OjE6Zm9yZ290dGVu"
    assert rpc.call("model.party.party.search_count", [], 0, None, {}) > 0
    assert rpc.requests == 4  # login, refused call, login, call


def test_a_locked_account_is_not_asked_again_before_its_window_has_passed() -> None:
    asked: list[httpx.Request] = []

    def locked(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(429)

    rpc = TrytonRpc("http://erp", "qtc", "qtc", SecretStr("x"), transport=httpx.MockTransport(locked))
    with rpc, pytest.raises(RateLimitedError, match="even the right password") as refused:
        rpc.login()
    assert refused.value.retry_after == 300
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationError), (403, PermissionRefusedError), (404, PermanentError), (413, PermanentError)],
)
def test_status_codes_that_stay_are_not_repeated(status: int, error: type[Exception]) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status)

    rpc = TrytonRpc("http://erp", "qtc", "qtc", SecretStr("x"), transport=httpx.MockTransport(answer))
    with rpc, pytest.raises(error):
        rpc.version()
    assert len(asked) == 1


def test_a_timeout_of_the_server_and_a_cut_answer_are_transient() -> None:
    answers = iter([httpx.Response(504), httpx.Response(200, text='{"id":1,"result":"8.')])

    def answer(_: httpx.Request) -> httpx.Response:
        return next(answers)

    transport = httpx.MockTransport(answer)
    with TrytonRpc("http://erp", "qtc", "qtc", SecretStr("x"), patience=ONCE, transport=transport) as rpc:
        for _ in range(2):
            with pytest.raises(TransientError):
                rpc.version()


def test_a_stale_write_elsewhere_is_transient_and_an_unknown_error_names_its_kind() -> None:
    assert isinstance(application_error(["ConcurrencyException", "Records were modified"], "x"), TransientError)
    unknown = application_error(["'nope'", ""], "instance tryton, model.nope.search")
    assert isinstance(unknown, ContractError)
    assert "'nope'" in str(unknown)


def test_the_server_tells_its_version_and_its_clock(rpc: TrytonRpc) -> None:
    assert rpc.version() == "8.2"
    assert abs(rpc.clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_payloads_are_what_the_server_sent_to_the_last_digit(tryton_server: TrytonServer, tmp_path: Path) -> None:
    reader = TrytonReader(instance_of(tryton_server, tmp_path))
    (page,) = reader.pages(SYSTEM.entity("currency_currency_rate"), None)
    reader.close()
    rates = {json.loads(text)["rate"]["decimal"] for text in page.payloads}
    assert "0.92" in rates or "0.9200" in rates
    for text, hashed in zip(page.payloads, page.hash_texts or (), strict=True):
        assert '"__class__":"Decimal"' in text
        # members come in another order from each server process: the hash does not see it
        members = json.loads(hashed)
        assert list(members) == sorted(members)
        received = json.loads(text, parse_float=str)
        assert members == {name: value for name, value in received.items() if name != "last_modified_at"}


@pytest.mark.parametrize(
    "value",
    [Decimal("1.5000"), date(2026, 3, 1), datetime(2026, 3, 1, 4, 5, 6, 789), timedelta(minutes=90)],  # noqa: DTZ001
)
def test_values_survive_the_way_out_and_back(value: object) -> None:
    assert untag(json.loads(json.dumps(tag(value)))) == value


def test_stamps_are_utc() -> None:
    assert stamp(tag(datetime(2026, 3, 1, 4, 5, 6, 789))) == datetime(2026, 3, 1, 4, 5, 6, 789, UTC)  # noqa: DTZ001


def test_an_instance_without_database_is_a_settings_error() -> None:
    instance = Instance(name="tryton", vendor="tryton", roles=("erp",), base_url="http://erp", username="qtc")
    with pytest.raises(SettingsError, match=r"instances\.tryton\.database"):
        TrytonReader(instance)
