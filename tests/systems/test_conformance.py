"""The conformance suite on the simulators of Salesforce, Kantata and NetSuite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import pytest

from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Reader
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, FakeRecord, edited
from tests.systems.conformance import Conformance

ENTITY = {"salesforce": "Opportunity", "kantata": "time_entries", "netsuite": "transaction"}
PAGE_SIZE = {"salesforce": 200, "kantata": 100, "netsuite": 25}
STAMP = {
    "salesforce": ("SystemModstamp", "%Y-%m-%dT%H:%M:%S.000+0000"),
    "kantata": ("updated_at", "%Y-%m-%dT%H:%M:%SZ"),
    "netsuite": ("lastmodifieddate", "%Y-%m-%d %H:%M:%S"),
}


class SimulatedSource:
    """A simulator over the hand-written firm."""

    def __init__(self, folder: Path, running: Running, name: str) -> None:
        self.folder, self.running, self.name = folder, running, name
        values = {**running.describe()[name], "max_concurrency": 2}
        self.instance = Instance(name=name, page_size=PAGE_SIZE[values["vendor"]], **values)
        self.system = system(self.instance.vendor)
        self.entity = self.system.entity(ENTITY[self.instance.vendor])
        self.pauses: list[float] = []
        self.faults(page_cap=20)
        secret = self.instance.private_key if name == "erp" else self.instance.secret
        self.secret = secret.get_secret_value()
        self._is_changed = False
        self._under_way = self._most = 0
        self._store = running.instances[name].store
        self._select = self._store.select
        self._watch()

    def reader(self) -> Reader:
        module = import_module(f"qtc_pipeline.systems.{self.instance.vendor}.read")
        patience = Patience(base=0.5, sleep=self.pauses.append)
        opened: Reader = module.open_reader(self.instance, patience=patience)
        return opened

    def live(self) -> dict[str, str]:
        table = f'"e_{self.entity.name}"'
        rows = self.running.instances[self.name].store.read(
            f"SELECT _key, _payload FROM {table} WHERE _deleted_at IS NULL"
        )
        return {str(key): str(text) for key, text in rows}

    def _record(self, record_id: str) -> FakeRecord:
        records = FakeFirm().records(self.instance.vendor, self.entity.name)
        return next(one for one in records if one.record_id == record_id)

    def change(self, record_id: str) -> datetime:
        field, form = STAMP[self.instance.vendor]
        at = AS_OF - timedelta(minutes=5)
        record = edited(replace(self._record(record_id), version_at=at), **{field: at.strftime(form)})
        self._show(FakeFirm(changed={(self.entity.name, record_id): record}))
        return at

    def delete(self, record_id: str) -> datetime:
        self._show(FakeFirm(gone=frozenset({(self.entity.name, record_id)})))
        return AS_OF

    def _show(self, firm: FakeFirm) -> None:
        self._is_changed = True
        fill(self.folder, firm)

    def restore(self) -> None:
        """The next test finds a healthy vendor and the firm as it was written."""
        self.running.faults(self.name).clear()
        self._store.select = self._select  # type: ignore[method-assign]
        if self._is_changed:
            fill(self.folder, FakeFirm())

    def faults(self, **switches: Any) -> None:
        """The suite's own words for what goes wrong, as the simulators say it."""
        faults = self.running.faults(self.name)
        status = {"status": switches.pop("fail_status", 503)}
        pause = switches.pop("retry_after", None)
        throttled = ("throttled", {}) if pause is None else ("throttled_told", {"seconds": pause})
        cut = "truncated_json" if switches.pop("truncate", "connection") == "body" else "truncated"
        meant = {
            "fail_next": ("server_error", status),
            "fail_every": ("server_error", status),
            "throttle_next": throttled,
            "throttle_every": throttled,
            "truncate_next": (cut, {}),
        }
        for switch, (fault, options) in meant.items():
            number = switches.pop(switch, 0)
            if number:
                faults.inject(fault, count=None if switch.endswith("every") else number, **options)
        if "slow_seconds" in switches:
            faults.inject("slow", count=None, seconds=switches.pop("slow_seconds"))
        faults.set(**switches)

    def revoke_tokens(self) -> None:
        self.running.tokens[self.name].revoke_all()

    def most_at_once(self) -> int:
        return self._most

    def _watch(self) -> None:
        """Count requests inside the server: between the first line of a request and its last."""

        @contextmanager
        def counted() -> Iterator[None]:
            self._under_way += 1
            self._most = max(self._most, self._under_way)
            try:
                yield
            finally:
                self._under_way -= 1

        def select(*args: Any) -> Any:
            with counted():
                return self._select(*args)

        self._store.select = select  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, FakeFirm()) as running:
        yield folder, running


S = TypeVar("S", bound=SimulatedSource)


@contextmanager
def simulated(sandbox: tuple[Path, Running], name: str, kind: type[S]) -> Iterator[S]:
    source = kind(*sandbox, name)
    yield source
    source.restore()


class TestSalesforce(Conformance):
    @pytest.fixture
    def subject(self, sandbox: tuple[Path, Running]) -> Iterator[SimulatedSource]:
        with simulated(sandbox, "crm", SimulatedSource) as source:
            yield source


class TestKantata(Conformance):
    @pytest.fixture
    def subject(self, sandbox: tuple[Path, Running]) -> Iterator[SimulatedSource]:
        with simulated(sandbox, "psa", SimulatedSource) as source:
            yield source


class TestNetSuite(Conformance):
    @pytest.fixture
    def subject(self, sandbox: tuple[Path, Running]) -> Iterator[SimulatedSource]:
        with simulated(sandbox, "erp", SimulatedSource) as source:
            yield source
