"""Each fault at each vendor in each mode: the lake ends as if nothing had been, or the load fails with a typed error
and the next one completes; nothing partial is ever visible.

Every fault of ``FAULTS`` joins by itself. A source in state A was loaded in peace; in state B records are changed, new
and deleted, and the load of B meets the fault. ``make test`` strikes each first page; the rest is marked long.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.errors import LoadRefusedError, SystemReadError
from qtc_pipeline.ingest.load import LoadResult, WantedMode, load_entity
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.servers.faults import FAULTS, Fault
from qtc_pipeline.sandbox.servers.serve import INSTANCES, Running, fill, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.registry import system
from tests.ingest.sources import alive, rows
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm, FakeRecord, edited

LATER = AS_OF + timedelta(hours=1)
MODES: tuple[WantedMode, ...] = ("full", "increment")


@dataclass(frozen=True)
class Place:
    """Where a vendor is struck, and how its records change.

    Attributes:
        entity: what is loaded.
        before_pages: requests of a load before its first page.
        page_size: small, so that there are many pages.
        text: a field a person edits.
        stamp: the modification stamp and how it is written.
    """

    entity: str
    before_pages: int
    page_size: int
    text: str
    stamp: tuple[str, str]


PLACES = {
    "crm": Place("Opportunity", 3, 200, "Name", ("SystemModstamp", "%Y-%m-%dT%H:%M:%S.000+0000")),
    "psa": Place("time_entries", 1, 100, "notes", ("updated_at", "%Y-%m-%dT%H:%M:%SZ")),
    "erp": Place("transaction", 1, 25, "tranid", ("lastmodifieddate", "%Y-%m-%d %H:%M:%S")),
}


@dataclass(frozen=True)
class Case:
    """A cell of the matrix."""

    fault: Fault
    name: str
    mode: WantedMode

    def __str__(self) -> str:
        return f"{self.fault.name}-{self.name}-{self.mode}"

    @property
    def is_in_sample(self) -> bool:
        """Of each fault one vendor and one mode, in turn."""
        number = FAULTS.index(self.fault)
        own = [name for name in PLACES if INSTANCES[name] in self.fault.vendors]
        return self.name == own[number % len(own)] and self.mode == MODES[number // len(PLACES) % len(MODES)]


CASES = [
    Case(fault, name, mode) for fault in FAULTS for name in PLACES for mode in MODES if INSTANCES[name] in fault.vendors
]


def state_b() -> FakeFirm:
    """Five records of each entity are changed, three are new, two are gone; two seconds lie between changes."""
    changed: dict[tuple[str, str], FakeRecord] = {}
    gone: set[tuple[str, str]] = set()
    for name, place in PLACES.items():
        records = [one for one in FakeFirm().records(INSTANCES[name], place.entity) if one.deleted_at is None]
        field, form = place.stamp
        for number, record in enumerate(records[10:20]):
            at = AS_OF + timedelta(minutes=30, seconds=2 * number)
            touched = edited(replace(record, version_at=at), **{place.text: f"B {number}", field: at.strftime(form)})
            key = (place.entity, record.record_id)
            if number >= 8 and name == "crm":
                changed[key] = edited(replace(touched, deleted_at=at), IsDeleted=True)
            elif number >= 8:
                gone.add(key)
            elif number >= 5:
                new = f"{record.record_id[:-6]}9{record.record_id[-5:]}" if name == "crm" else f"9{record.record_id}"
                identity = "Id" if name == "crm" else "id"
                changed[place.entity, new] = edited(replace(touched, record_id=new), **{identity: new})
            else:
                changed[key] = touched
    return FakeFirm(changed=changed, gone=frozenset(gone), as_of=LATER)


@dataclass
class Field:
    """The sandbox in state B, and what was loaded of state A."""

    running: Running
    before: Path

    def instance(self, name: str) -> Instance:
        return Instance(name=name, page_size=PLACES[name].page_size, **self.running.describe()[name])

    def entity(self, name: str) -> Entity:
        return system(INSTANCES[name]).entity(PLACES[name].entity)

    def load(self, lake: Path, name: str, mode: WantedMode) -> LoadResult:
        instance = self.instance(name)
        module = import_module(f"qtc_pipeline.systems.{instance.vendor}.read")
        reader = module.open_reader(instance, patience=Patience(attempts=4, sleep=lambda _: None, timeout=20))
        try:
            return load_entity(Lake(lake), instance, reader, self.entity(name), mode)
        finally:
            reader.close()

    def content(self, lake: Path, name: str) -> dict[str, dict[str, Any]]:
        volatile = self.entity(name).volatile
        found = alive(lake, PLACES[name].entity, INSTANCES[name])
        return {
            key: {field: value for field, value in json.loads(text).items() if field not in volatile}
            for key, text in found.items()
        }

    def versions(self, lake: Path, name: str) -> list[str]:
        found = rows(lake, PLACES[name].entity, INSTANCES[name])
        return sorted(f"{one['record_id']} {one['version_at']} {one['is_deleted']} {one['payload']}" for one in found)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    folder, before = tmp_path_factory.mktemp("sandbox"), tmp_path_factory.mktemp("lake") / "a"
    with running_sandbox(folder, FakeFirm()) as running:
        running.faults("crm").set(page_cap=10)
        found = Field(running, before)
        for name in PLACES:
            found.load(before, name, "full")
        fill(folder, state_b())
        yield found


@pytest.fixture(scope="module")
def undisturbed(field: Field, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """(instance, mode) -> the lake after a load of state B that met no fault."""
    made: dict[tuple[str, str], Path] = {}
    for name in PLACES:
        for mode in MODES:
            lake = tmp_path_factory.mktemp("quiet") / "lake"
            shutil.copytree(field.before, lake)
            field.load(lake, name, mode)
            made[name, mode] = lake
    return made


def survives(field: Field, lake: Path, quiet: Path, case: Case) -> Exception | None:
    """Load with the fault waiting, then in peace; what both left is compared. Gives the error there was."""
    fault, name, mode = case.fault, case.name, case.mode
    before, wanted = field.versions(lake, name), field.content(quiet, name)
    failed: Exception | None = None
    try:
        done = field.load(lake, name, mode).load
    except (SystemReadError, LoadRefusedError) as error:
        failed = error
    if failed is not None:
        assert field.versions(lake, name) == before, "a load that failed is not there at all"
        assert PLACES[name].entity in str(failed)
    elif fault.name == "field_added":
        assert {one.kind for one in done.findings} <= {"new_field"}
    elif fault.ends == "equal":
        assert field.content(lake, name) == wanted
        assert len(field.versions(lake, name)) == len(field.versions(quiet, name))
    field.running.faults(name).injected = ()
    field.load(lake, name, mode)
    if fault.name != "field_added":
        assert field.content(lake, name) == wanted
    again = field.load(lake, name, "full").load
    assert again.live == sum(one.value for one in again.counts_after if one.measure == "count")
    assert field.content(lake, name) == wanted
    return failed


@pytest.mark.parametrize(
    "case", [pytest.param(one, marks=() if one.is_in_sample else pytest.mark.long) for one in CASES], ids=str
)
def test_the_lake_ends_as_if_nothing_had_been(
    field: Field, undisturbed: dict[tuple[str, str], Path], tmp_path: Path, case: Case
) -> None:
    place, lake = PLACES[case.name], tmp_path / "lake"
    shutil.copytree(field.before, lake)
    injected = field.running.inject(case.name, case.fault.name, entity=place.entity, skip=place.before_pages)
    try:
        failed = survives(field, lake, undisturbed[case.name, case.mode], case)
    finally:
        field.running.faults(case.name).injected = ()
    assert injected.struck >= 1 or case.fault.name == "duplicated_page"
    assert (failed is not None) == (case.fault.ends == "error") or case.fault.ends == "later"


ADDED = {"crm": "Drift__c", "psa": "qtc_drift", "erp": "custbody_drift"}
WITH_DESCRIPTION = {"crm": "Opportunity", "psa": "time_entries", "erp": "transaction|invoice"}


@pytest.mark.parametrize("name", PLACES)
def test_a_field_that_is_added_is_kept_in_raw_and_reported(
    field: Field, undisturbed: dict[tuple[str, str], Path], tmp_path: Path, name: str
) -> None:
    lake, added = tmp_path / "lake", ADDED[name]
    shutil.copytree(field.before, lake)
    field.running.inject(name, "field_added", entity=WITH_DESCRIPTION[name], field=added)
    try:
        done = field.load(lake, name, "full").load
        assert [(one.kind, one.severity, one.field) for one in done.findings] == [("new_field", "info", added)]
        assert {one[added] for one in field.content(lake, name).values()} == {"drift"}
        assert field.load(lake, name, "increment").load.findings == ()
        versions = field.versions(lake, name)
        assert field.load(lake, name, "full").load.findings == ()
        assert field.versions(lake, name) == versions
    finally:
        field.running.faults(name).injected = ()
    field.load(lake, name, "full")
    assert field.content(lake, name) == field.content(undisturbed[name, "full"], name)


@pytest.mark.parametrize("name", ["crm", "erp"])
def test_a_field_that_is_added_and_empty_is_reported_and_makes_no_new_version(
    field: Field, undisturbed: dict[tuple[str, str], Path], tmp_path: Path, name: str
) -> None:
    lake = tmp_path / "lake"
    shutil.copytree(undisturbed[name, "full"], lake)
    before = field.versions(lake, name)
    field.running.inject(name, "field_added", entity=WITH_DESCRIPTION[name], field=ADDED[name], value=None)
    try:
        done = field.load(lake, name, "full").load
    finally:
        field.running.faults(name).injected = ()
    assert [(one.kind, one.field) for one in done.findings] == [("new_field", ADDED[name])]
    assert (done.versions, field.versions(lake, name)) == (0, before)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
def test_wherever_and_however_long_it_strikes(
    field: Field, undisturbed: dict[tuple[str, str], Path], tmp_path: Path, case: Case
) -> None:
    for skip, count in ((0, 1), (3, 1), (1, None)):
        lake = tmp_path / f"{skip} {count}"
        shutil.copytree(field.before, lake)
        entity = PLACES[case.name].entity
        field.running.inject(case.name, case.fault.name, entity=entity, skip=skip, count=count)
        try:
            survives(field, lake, undisturbed[case.name, case.mode], case)
        finally:
            field.running.faults(case.name).injected = ()
