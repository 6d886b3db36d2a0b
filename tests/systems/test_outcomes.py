"""What a vendor's answer means for a write: each vendor's table row by row, and what no table says."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

import httpx
import pytest

from qtc_pipeline.errors import (
    AuthenticationError,
    NoEffectError,
    OutcomeUnknownError,
    QtcError,
    StaleRecordError,
    WriteRejectedError,
)
from qtc_pipeline.systems.http import Http, Token
from qtc_pipeline.systems.registry import VENDORS
from qtc_pipeline.systems.registry import writing as writing_of
from qtc_pipeline.systems.sending import Meaning, Outcome, Sender, encoded, outcome_of

WRITTEN = tuple(vendor for vendor in VENDORS if writing_of(vendor) is not None)
MEANT: dict[Outcome, type[QtcError]] = {
    Outcome.NO_EFFECT: NoEffectError,
    Outcome.STALE: StaleRecordError,
    Outcome.AUTHENTICATION: AuthenticationError,
    Outcome.UNKNOWN: OutcomeUnknownError,
    Outcome.BUSINESS: WriteRejectedError,
    Outcome.PERMISSION: WriteRejectedError,
    Outcome.CONTRACT: WriteRejectedError,
}
SPOKEN: dict[str, Callable[[str, str], Any]] = {
    "salesforce": lambda code, text: [{"errorCode": code, "message": text}],
    "kantata": lambda code, text: {"errors": [{"type": code, "message": text}]},
    "netsuite": lambda code, text: {"o:errorDetails": [{"o:errorCode": code, "detail": text}]},
}


def table(vendor: str) -> tuple[Meaning, ...]:
    found: tuple[Meaning, ...] = import_module(f"qtc_pipeline.systems.{vendor}.outcomes").OUTCOMES
    return found


ROWS = [(vendor, row) for vendor in WRITTEN for row in table(vendor)]


def sender(vendor: str, answer: Callable[[httpx.Request], httpx.Response]) -> Sender:
    token = Token(lambda: ("t0ken-value", None), renewable=False)
    http = Http("instance x", "https://x.example", None, transport=httpx.MockTransport(answer), token=token)  # type: ignore[arg-type]
    module = import_module(f"qtc_pipeline.systems.{vendor}.outcomes")
    told = getattr(module, "told", None) or import_module(f"qtc_pipeline.systems.{vendor}.session").code_and_message
    return Sender(http, table(vendor), told)


@pytest.mark.parametrize(
    ("vendor", "row"), ROWS, ids=[f"{vendor}-{row.status or 'any'}-{row.code or 'any'}" for vendor, row in ROWS]
)
def test_each_row_of_a_table_is_what_a_writer_makes_of_the_answer(vendor: str, row: Meaning) -> None:
    status, code = row.status or 400, row.code or "SOME_OTHER_CODE"
    body = SPOKEN[vendor](code, "because of t0ken-value")
    with pytest.raises(MEANT[row.outcome], match="because of") as caught:
        sender(vendor, lambda _request: httpx.Response(status, json=body)).send("PATCH", "/x", what="thing 1")
    assert "t0ken-value" not in str(caught.value)
    if isinstance(caught.value, WriteRejectedError):
        assert caught.value.category == row.outcome.value


@pytest.mark.parametrize("vendor", WRITTEN)
def test_no_row_hides_behind_an_earlier_one(vendor: str) -> None:
    rows = table(vendor)
    for place, row in enumerate(rows):
        earlier = [one for one in rows[:place] if one.status in {None, row.status} and one.code in {None, row.code}]
        assert all(one.outcome is row.outcome for one in earlier), row


@pytest.mark.parametrize("vendor", WRITTEN)
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(418, Outcome.CONTRACT), (302, Outcome.CONTRACT), (408, Outcome.UNKNOWN), (599, Outcome.UNKNOWN)],
)
def test_what_no_table_says_is_unknown_only_where_the_server_failed(vendor: str, status: int, outcome: Outcome) -> None:
    assert outcome_of(table(vendor), status, "") is outcome


@pytest.mark.parametrize("vendor", WRITTEN)
def test_an_answer_that_is_no_json_means_what_its_status_says(vendor: str) -> None:
    with pytest.raises(OutcomeUnknownError, match="<html>"):
        sender(vendor, lambda _request: httpx.Response(502, text="<html>Bad Gateway")).send("POST", "/x", what="y")


@pytest.mark.parametrize("vendor", WRITTEN)
@pytest.mark.parametrize(
    ("error", "meant"),
    [
        (httpx.ConnectError("refused"), NoEffectError),
        (httpx.ConnectTimeout("late"), NoEffectError),
        (httpx.PoolTimeout("busy"), NoEffectError),
        (httpx.ReadTimeout("late"), OutcomeUnknownError),
        (httpx.WriteTimeout("late"), OutcomeUnknownError),
        (httpx.WriteError("gone"), OutcomeUnknownError),
        (httpx.ReadError("reset"), OutcomeUnknownError),
        (httpx.RemoteProtocolError("cut"), OutcomeUnknownError),
        (httpx.DecodingError("garbled"), OutcomeUnknownError),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else "",
)
def test_silence_is_without_effect_only_where_nothing_left(
    vendor: str, error: httpx.HTTPError, meant: type[QtcError]
) -> None:
    asked = 0

    def fail(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        raise error

    with pytest.raises(meant):
        sender(vendor, fail).send("POST", "/x", what="y")
    assert asked == 1, "a write is never repeated"


def test_numbers_travel_with_the_digits_they_have() -> None:
    body = {"a": Decimal("12345678901234567890.10"), "b": {"id": "5"}, "c": [True, None, "1.0"]}
    assert encoded(body) == b'{"a":12345678901234567890.10,"b":{"id":"5"},"c":[true,null,"1.0"]}'


def test_every_vendor_that_may_be_written_has_a_table() -> None:
    assert set(WRITTEN) == set(SPOKEN)
