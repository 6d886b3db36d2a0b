"""The real firm behind the servers: same fields, same records, one day after another."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.firm import ENTITIES, Firm
from qtc_pipeline.sandbox.servers.catalogue import DELETED_RECORD, VENDORS, entities
from qtc_pipeline.sandbox.servers.days import advance, firm_of, open_firm
from qtc_pipeline.sandbox.servers.serve import INSTANCES, ServeConfig, running_servers, store_path
from qtc_pipeline.sandbox.servers.store import Store

SCALE = Decimal("0.02")


def test_the_catalogue_names_exactly_what_the_firm_writes() -> None:
    firm = Firm(1, SCALE)
    for vendor in VENDORS:
        served = entities(vendor)
        assert set(served) - {DELETED_RECORD} == set(ENTITIES[vendor])
        for name in ENTITIES[vendor]:
            for record in firm.records(vendor, name):
                assert set(record.payload) == set(served[name].fields), (vendor, name)
                assert record.record_id == ":".join(str(record.payload[field]) for field in served[name].key)


def live_keys(folder: Path) -> dict[tuple[str, str], set[str]]:
    found = {}
    for name, vendor in INSTANCES.items():
        store = Store(store_path(folder, name), vendor)
        for entity in ENTITIES[vendor]:
            rows = store.read(f"SELECT _key FROM {entities(vendor)[entity].table} WHERE _deleted_at IS NULL")
            found[vendor, entity] = {str(key) for (key,) in rows}
        store.close()
    return found


def keys_of(firm: Firm) -> dict[tuple[str, str], set[str]]:
    return {
        (vendor, entity): {record.record_id for record in firm.records(vendor, entity) if record.deleted_at is None}
        for vendor, names in ENTITIES.items()
        for entity in names
    }


def test_a_folder_shows_the_day_of_its_firm_and_advances_to_the_next(folder: Path) -> None:
    first = open_firm(folder, 1, SCALE)
    assert live_keys(folder) == keys_of(first)
    second = advance(folder)
    assert second.day == 1
    assert live_keys(folder) == keys_of(second) != keys_of(first)
    kept = open_firm(folder, 1, Decimal("0.020"))
    assert (kept.day, kept.as_of) == (1, second.as_of), "opened again it stays on its day"
    other = open_firm(folder, 2, SCALE, defects=False)
    assert live_keys(folder) == keys_of(other)


def test_another_firm_does_not_replace_one_that_is_being_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_firm(folder, 1, SCALE)
    with running_servers(ServeConfig(folder)):
        monkeypatch.setattr("qtc_pipeline.sandbox.servers.days.running_process", lambda _: object())
        with pytest.raises(SandboxError, match="another firm"):
            open_firm(folder, 2, SCALE)
    shown = firm_of(folder)
    assert shown is not None
    assert shown.seed == 1


def test_a_folder_without_a_firm_cannot_advance(folder: Path) -> None:
    with pytest.raises(SandboxError, match="shows no firm"):
        advance(folder)
