"""The conformance suite on a real Tryton server, with a bad network between it and the reader."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.tryton.server import TrytonServer, make_template
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.tryton import SYSTEM
from qtc_pipeline.systems.tryton.read import TrytonReader
from tests.systems.conformance import Conformance
from tests.systems.tryton.servers import HOME, fresh_copy, instance_of

pytestmark = pytest.mark.xdist_group("tryton")


class BadNetwork(httpx.BaseTransport):
    """Passes requests on to the server, or does to them what the switches say."""

    def __init__(self) -> None:
        self.switches: dict[str, Any] = {}
        self.most = 0
        self._under_way = 0
        self._lock = threading.Lock()
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        try:
            time.sleep(self.switches.get("slow_seconds", 0))
            return self._answer(request)
        finally:
            with self._lock:
                self._under_way -= 1

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self._due("fail"):
            return httpx.Response(self.switches.get("fail_status", 503))
        if self._due("throttle"):
            after = self.switches.get("retry_after")
            return httpx.Response(429, headers={} if after is None else {"Retry-After": str(after)})
        if self._due("unauthorized"):
            return httpx.Response(401)
        response = self._network.handle_request(request)
        if not self._due("truncate"):
            return response
        if self.switches["truncate"] == "connection":
            response.close()
            raise httpx.RemoteProtocolError("the peer closed the connection")
        response.read()
        return httpx.Response(200, text=response.text[: len(response.text) // 2])

    def _due(self, kind: str) -> bool:
        if self.switches.get(f"{kind}_every"):
            return True
        left = self.switches.get(f"{kind}_next", 0)
        self.switches[f"{kind}_next"] = max(0, left - 1)
        return bool(left)

    def close(self) -> None:
        self._network.close()


class RealSource:
    """The firm's timesheet on its own server; changed and deleted in the database, as others would."""

    def __init__(self, server: TrytonServer, instance: Instance) -> None:
        self.system = SYSTEM
        self.entity = SYSTEM.entity("timesheet_line")
        self.instance = instance
        self.secret = instance.secret.get_secret_value()
        self.pauses: list[float] = []
        self._server = server
        self._network = BadNetwork()

    def reader(self) -> TrytonReader:
        patience = Patience(sleep=self.pauses.append)
        opened = TrytonReader(self.instance, patience=patience, transport=self._network)
        opened.count(self.entity)
        return opened

    def live(self) -> dict[str, str]:
        names = [name for name in self.entity.fields if name != "last_modified_at"]
        with self._server.connect() as rpc:
            _, records = rpc.records("model.timesheet.line.search_read", [], 0, None, None, names, {})
        return {str(record["id"]): text for record, text in records}

    def change(self, record_id: str) -> datetime:
        with self._server.connect_admin() as rpc:
            rpc.call("model.timesheet.line.write", [int(record_id)], {"description": "Changed"}, {})
            (row,) = rpc.call("model.timesheet.line.read", [int(record_id)], ["last_modified_at"], {})
        at: datetime = row["last_modified_at"]
        return at.replace(tzinfo=UTC)

    def delete(self, record_id: str) -> datetime:
        self._execute("DELETE FROM timesheet_line WHERE id = ?", int(record_id))
        return datetime.now(UTC)

    def faults(self, **switches: Any) -> None:
        self._network.switches = switches

    def revoke_tokens(self) -> None:
        self._execute("DELETE FROM ir_session")

    def most_at_once(self) -> int:
        return self._network.most

    def _execute(self, statement: str, *values: object) -> None:
        database = sqlite3.connect(self._server.folder / "qtc.sqlite", timeout=10)
        with database:
            database.execute(statement, values)
        database.close()


@pytest.fixture(scope="module")
def conforming_server() -> Iterator[TrytonServer]:
    make_template(HOME)
    with fresh_copy("conformance") as server:
        yield server


class TestTryton(Conformance):
    @pytest.fixture
    def subject(self, conforming_server: TrytonServer, tmp_path: Path) -> RealSource:
        return RealSource(conforming_server, instance_of(conforming_server, tmp_path, page_size=150, max_concurrency=2))


def test_the_subject_deletes_as_the_database_does(conforming_server: TrytonServer, tmp_path: Path) -> None:
    source = RealSource(conforming_server, instance_of(conforming_server, tmp_path))
    before = source.live()
    gone = max(before, key=int)
    source.delete(gone)
    assert json.loads(before[gone])["id"] not in {json.loads(text)["id"] for text in source.live().values()}
