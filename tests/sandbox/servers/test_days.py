"""The real firm behind the servers: same fields, same records, one day after another."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from qtc_pipeline.sandbox.firm import ENTITIES, Firm
from qtc_pipeline.sandbox.servers.catalogue import NOT_THE_FIRMS, VENDORS, entities
from qtc_pipeline.sandbox.servers.serve import INSTANCES, fill, store_path
from qtc_pipeline.sandbox.servers.store import Store

SCALE = Decimal("0.02")


def test_the_catalogue_names_exactly_what_the_firm_writes() -> None:
    firm = Firm(1, SCALE)
    for vendor in VENDORS:
        served = entities(vendor)
        assert set(served) - NOT_THE_FIRMS == set(ENTITIES[vendor])
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


def test_a_folder_shows_the_day_of_its_firm_and_then_the_next(folder: Path) -> None:
    first, second = Firm(1, SCALE), Firm(1, SCALE, day=1)
    fill(folder, first)
    assert live_keys(folder) == keys_of(first)
    changed = sum(filled.changed for filled in fill(folder, second))
    assert live_keys(folder) == keys_of(second) != keys_of(first)
    assert 0 < changed < sum(len(keys) for keys in keys_of(second).values()) / 10
