"""What any vendor does to a reader, and what every declaration must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import (
    SettingsError,
    TransientError,
)
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.kantata.read import open_reader as open_kantata
from qtc_pipeline.systems.netsuite.read import open_reader as open_netsuite
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.salesforce.read import open_reader as open_salesforce
from tests.sandbox.servers.fake_firm import FakeFirm
from tests.systems.doubles import OPPORTUNITY, error, query_result, salesforce


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as sandbox:
        yield sandbox


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


def test_every_declared_entity_has_its_key_and_cursor_among_its_fields() -> None:
    for vendor in ("salesforce", "kantata", "netsuite"):
        for entity in system(vendor).entities:
            named = {*entity.key, *filter(None, (entity.cursor, entity.currency, entity.amount, entity.parent))}
            assert named <= set(entity.fields), f"{vendor} {entity.name}"
            assert replace(entity).name
