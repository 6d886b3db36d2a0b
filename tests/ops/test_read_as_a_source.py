"""The ledger reads the same as a source on both databases, whatever the size of a page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qtc_pipeline.settings import Settings
from qtc_pipeline.systems.ops.read import LedgerReader
from qtc_pipeline.systems.registry import system
from tests.ops.ledger import NOW, proposal
from tests.systems.ops.lives import write_ledger


@pytest.mark.parametrize("page_size", [1, 100])
def test_every_row_is_read_once_counted_fetched_and_found_by_its_stamp(settings: Settings, page_size: int) -> None:
    write_ledger(settings)
    reader = LedgerReader(settings.ops_url, page_size)
    for name, rows in (("correction", 6), ("attempt", 7)):
        entity = system("ops").entity(name)
        found = [one for page in reader.pages(entity, None) for one in page.ids]
        assert len(found) == len(set(found)) == rows == int(reader.count(entity)[0].value)
        assert sorted(one for page in reader.fetch(entity, found[:3]) for one in page.ids) == sorted(found[:3])
    changed = reader.pages(system("ops").entity("correction"), NOW + timedelta(hours=1))
    assert {one for page in changed for one in page.ids} == {
        proposal(one).correction_id for one in ("repaired", "found")
    }
