"""Every fault that can be injected, at every vendor: the reader gets everything all the same, or says what is wrong.

What the lake makes of it is tested with ingest; here it is one read by one connector.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.errors import ContractError, SystemReadError, TransientError
from qtc_pipeline.sandbox.servers.faults import FAULTS, Fault
from qtc_pipeline.sandbox.servers.serve import INSTANCES, Running, fill, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Reader
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.registry import system
from tests.sandbox.servers.fake_firm import FakeFirm, FakeRecord, edited

ENTITY = {"crm": "Opportunity", "psa": "time_entries", "erp": "transaction"}
PAGE_SIZE = {"crm": 200, "psa": 100, "erp": 25}
NAMES = tuple(ENTITY)
EQUAL = tuple(fault for fault in FAULTS if fault.ends == "equal")
REQUEST = tuple(fault for fault in FAULTS if fault.level == "request" and fault.count and fault.name != "slow")


def spoken(value: object) -> str:
    return value.name if isinstance(value, Fault) else str(value)


def at_vendors(faults: Iterable[Fault]) -> list[tuple[Fault, str]]:
    return [(fault, name) for fault in faults for name in NAMES if INSTANCES[name] in fault.vendors]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, FakeFirm()) as running:
        for instance in running.instances.values():
            instance.faults.set(page_cap=10)
        yield folder, running


@contextmanager
def reading(
    running: Running, name: str, pauses: list[float] | None = None, *, timeout: float = 20
) -> Iterator[tuple[Reader, Entity]]:
    values = running.describe()[name]
    module = import_module(f"qtc_pipeline.systems.{values['vendor']}.read")
    instance = Instance(name=name, page_size=PAGE_SIZE[name], **values)
    slept = [] if pauses is None else pauses
    reader: Reader = module.open_reader(instance, patience=Patience(sleep=slept.append, timeout=timeout))
    entity = system(instance.vendor).entity(ENTITY[name])
    try:
        reader.count(entity)
        yield reader, entity
    finally:
        reader.close()
        running.faults(name).injected = ()


def content(reader: Reader, entity: Entity) -> dict[str, dict[str, Any]]:
    return {
        one.record_id: {key: value for key, value in json.loads(one.payload).items() if key not in entity.volatile}
        for page in reader.pages(entity, None)
        for one in page.records()
        if not one.is_deleted
    }


@pytest.mark.parametrize(("fault", "name"), at_vendors(EQUAL), ids=spoken)
def test_a_fault_that_passes_costs_no_record(sandbox: tuple[Path, Running], name: str, fault: Fault) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        expected = content(reader, entity)
        injected = running.inject(name, fault.name, entity=entity.name)
        got = content(reader, entity)
        if fault.name == "field_added" and name == "psa":
            assert {one.pop("qtc_drift") for one in got.values()} == {"drift"}
        assert got == expected
        assert injected.struck >= 1
        if fault.count is not None:
            assert injected.struck == fault.count


@pytest.mark.parametrize(("fault", "name"), at_vendors(REQUEST), ids=spoken)
def test_a_fault_that_stays_ends_in_a_transient_error(sandbox: tuple[Path, Running], name: str, fault: Fault) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        running.inject(name, fault.name, entity=entity.name, count=None)
        with pytest.raises(TransientError) as caught:
            content(reader, entity)
        assert entity.name in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", ["field_removed", "hidden_fields"])
def test_a_field_that_is_gone_is_a_contract_error_that_names_it(
    sandbox: tuple[Path, Running], name: str, fault: str
) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        running.inject(name, fault, entity=entity.name)
        with pytest.raises(ContractError, match=r"Amount|rate_in_cents|foreigntotal"):
            content(reader, entity)


@pytest.mark.parametrize(("name", "field"), [("crm", "Amount"), ("psa", "rate_in_cents"), ("erp", "foreigntotal")])
def test_a_retyped_field_comes_as_the_vendor_now_writes_it(
    sandbox: tuple[Path, Running], name: str, field: str
) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        before = content(reader, entity)
        running.inject(name, "field_retyped", entity=entity.name)
        after = content(reader, entity)
        kinds = {type(one[field]) for one in before.values()} - {type(None)}
        assert kinds.isdisjoint({type(one[field]) for one in after.values()})
        assert {str(one[field]) for one in before.values()} == {str(one[field]) for one in after.values()}


@pytest.mark.parametrize("name", NAMES)
def test_an_identity_of_another_type_is_a_contract_error(sandbox: tuple[Path, Running], name: str) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        running.inject(name, "field_removed", entity=entity.name, field=entity.key[0])
        with pytest.raises(ContractError):
            content(reader, entity)


@pytest.mark.parametrize("name", NAMES)
def test_a_late_commit_is_neither_read_nor_counted_until_it_is_there(sandbox: tuple[Path, Running], name: str) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        everything, counted = content(reader, entity), counts(reader, entity)
        running.inject(name, "late_commits", entity=entity.name, number=4)
        early = content(reader, entity)
        assert counted - counts(reader, entity) == 4
        late = set(everything) - set(early)
        assert len(late) == 4
        stamp = str(entity.cursor)
        assert max(one[stamp] for one in early.values()) >= max(everything[one][stamp] for one in late)
        running.faults(name).injected = ()
        assert content(reader, entity) == everything


def counts(reader: Reader, entity: Entity) -> int:
    return sum(int(one.value) for one in reader.count(entity) if one.measure == "count")


@pytest.mark.parametrize("name", NAMES)
def test_a_role_that_does_not_see_all_records_gets_fewer_without_a_word(
    sandbox: tuple[Path, Running], name: str
) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        everything, counted = content(reader, entity), counts(reader, entity)
        running.inject(name, "hidden_records", entity=entity.name, share=0.2, seed=3)
        some = content(reader, entity)
        assert 0.5 < len(some) / len(everything) < 0.95
        assert counted - counts(reader, entity) == len(everything) - len(some)


@pytest.mark.parametrize("name", NAMES)
def test_a_stale_replica_answers_a_record_as_it_was(sandbox: tuple[Path, Running], name: str) -> None:
    folder, running = sandbox
    field = {"crm": "Name", "psa": "notes", "erp": "tranid"}[name]
    with reading(running, name) as (reader, entity):
        before = content(reader, entity)
        changed = sorted(before)[3]
        record = next(one for one in FakeFirm().records(INSTANCES[name], entity.name) if one.record_id == changed)
        assert isinstance(record, FakeRecord)
        fill(folder, FakeFirm(changed={(entity.name, changed): edited(record, **{field: "new"})}))
        try:
            assert content(reader, entity)[changed][field] == "new"
            running.inject(name, "stale_replica", entity=entity.name, count=None)
            assert content(reader, entity) == before
        finally:
            running.faults(name).injected = ()
            fill(folder, FakeFirm())


@pytest.mark.parametrize("name", NAMES)
def test_pages_in_another_order_are_the_same_records(sandbox: tuple[Path, Running], name: str) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        in_order = [one for page in reader.pages(entity, None) for one in page.ids]
        running.inject(name, "reordered_pages", entity=entity.name, seed=5)
        shuffled = [one for page in reader.pages(entity, None) for one in page.ids]
        assert shuffled != in_order
        assert sorted(shuffled) == sorted(in_order)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", ["throttled_told", "maintenance"])
def test_a_pause_the_vendor_asks_for_is_kept(sandbox: tuple[Path, Running], name: str, fault: str) -> None:
    _, running = sandbox
    pauses: list[float] = []
    with reading(running, name, pauses) as (reader, entity):
        injected = running.inject(name, fault, entity=entity.name, seconds=9)
        content(reader, entity)
    assert pauses == [9.0] * injected.struck


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fault", ["timeout_before", "timeout_after"])
def test_a_client_does_not_wait_longer_than_its_patience(sandbox: tuple[Path, Running], name: str, fault: str) -> None:
    _, running = sandbox
    pauses: list[float] = []
    with reading(running, name, pauses, timeout=1) as (reader, entity):
        expected = content(reader, entity)
        running.inject(name, fault, entity=entity.name, seconds=600)
        assert content(reader, entity) == expected
    assert pauses


@pytest.mark.parametrize("name", ["crm", "erp"])
@pytest.mark.parametrize("fault", ["server_error", "reset", "timeout_after", "throttled", "truncated_json"])
def test_a_fault_at_the_token_endpoint_costs_no_record(sandbox: tuple[Path, Running], name: str, fault: str) -> None:
    _, running = sandbox
    with reading(running, name) as (reader, entity):
        expected = content(reader, entity)
        running.tokens[name].revoke_all()
        injected = running.inject(name, fault, match="/token")
        assert content(reader, entity) == expected
        assert injected.struck


def test_an_injection_strikes_what_it_matches_and_no_other_request(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    with reading(running, "psa") as (reader, entity):
        other = system("kantata").entity("workspaces")
        injected = running.inject("psa", "server_error", entity="time_.*", match=r"page=2\b", skip=1, status=502)
        counts(reader, other)
        assert len(content(reader, other)) == 6
        assert injected.struck == 0
        content(reader, entity)
        assert injected.struck == 0
        content(reader, entity)
        assert injected.struck == 2
        assert running.faults("psa").injected == ()


def test_a_share_of_the_requests_is_the_same_for_the_same_seed(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox

    def struck(seed: int) -> list[int]:
        with reading(running, "erp") as (reader, entity):
            first = len(running.journal("erp").requests)
            running.inject("erp", "server_error", entity=entity.name, count=None, chance=0.3, seed=seed)
            content(reader, entity)
            return [one["status"] for one in list(running.journal("erp").requests)[first:]]

    assert struck(1) == struck(1)
    assert 500 in struck(1)
    assert struck(1) != struck(2)


@pytest.mark.parametrize("wanted", [{"name": "sunspots"}, {"name": "reset", "seconds": 3}])
def test_a_fault_or_option_nobody_knows_is_refused(sandbox: tuple[Path, Running], wanted: dict[str, Any]) -> None:
    _, running = sandbox
    with pytest.raises(KeyError):
        running.faults("crm").inject(**wanted)


def test_an_error_of_the_read_family_names_what_was_read(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    with reading(running, "crm") as (reader, entity):
        running.inject("crm", "field_removed", entity=entity.name)
        with pytest.raises(SystemReadError, match="instance crm, entity Opportunity"):
            content(reader, entity)
