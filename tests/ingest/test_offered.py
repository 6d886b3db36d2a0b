"""A field a source comes to offer is told once and read from then on, although the connector asks by name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from qtc_pipeline.errors import ContractError
from qtc_pipeline.lake import Lake, Load
from qtc_pipeline.systems.contract import Entity, Page
from tests.ingest.sources import ENTITY, INSTANCE, Source, rows
from tests.ingest.sources import load as load_from

USUAL = {"id": True, "at": True, "value": True, "of": True, "shape": False}
load = partial(load_from, instance=INSTANCE.model_copy(update={"look_back_seconds": 0}))


class Offering(Source):
    """A source that describes its fields and answers those asked for."""

    fields: Mapping[str, bool] | None = USUAL
    refused: frozenset[str] = frozenset()
    described = 0

    def offered(self, entity: Entity) -> Mapping[str, bool] | None:
        del entity
        self.described += 1
        return self.fields

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        if self.refused & set(entity.asked):
            raise ContractError("entity Thing", "no such column")
        for page in super().pages(entity, since):
            new = dict.fromkeys(entity.added, "new")
            yield replace(page, payloads=[json.dumps({**json.loads(text), **new}) for text in page.payloads])


@pytest.fixture
def source() -> Offering:
    offering = Offering()
    offering.put(0, a="1", b="1")
    return offering


def told(done: Load) -> list[tuple[str, str]]:
    return [(one.field, one.seen) for one in done.findings if one.kind == "new_field"]


def last(root: Path) -> Mapping[str, str]:
    found: Mapping[str, str] = json.loads(rows(root)[-1]["payload"])
    return found


def test_what_is_offered_at_the_first_load_is_the_usual_shape_and_only_declared_fields_are_read(
    tmp_path: Path, source: Offering
) -> None:
    source.fields = {**USUAL, "region": True}
    first = load(tmp_path, source).load
    assert told(first) == []
    assert first.profile is not None
    assert (first.profile.offered, first.profile.added) == (("of", "region", "shape"), ())
    source.put(1, c="1")
    assert told(load(tmp_path, source).load) == []
    assert "region" not in last(tmp_path)


def test_a_field_offered_later_is_told_once_and_read_from_then_on(tmp_path: Path, source: Offering) -> None:
    load(tmp_path, source)
    source.fields = {**USUAL, "region": True, "place": False}
    source.put(1, c="1")
    done = load(tmp_path, source).load
    assert told(done) == [("place", "in the source's description"), ("region", "in 3 of 3 records")]
    assert "it is not read" in done.findings[0].cause
    assert "Declare it in qtc_pipeline/systems/salesforce/" in done.findings[0].fix
    assert last(tmp_path)["region"] == "new"
    assert source.described == 2, "one question a load"
    source.put(2, d="1")
    assert told(load(tmp_path, source).load) == []
    assert last(tmp_path)["region"] == "new"
    assert "place" not in last(tmp_path)


def test_a_field_offered_while_nothing_changed_is_told_and_read_when_something_does(
    tmp_path: Path, source: Offering
) -> None:
    source.records = {}
    load(tmp_path, source)
    source.fields = {**USUAL, "region": True}
    done = load(tmp_path, source).load
    assert told(done) == [("region", "in the source's description")]
    assert "kept in raw from this load on" in done.findings[0].sentence
    source.put(1, c="1")
    assert told(load(tmp_path, source).load) == []
    assert last(tmp_path)["region"] == "new"


def test_a_field_no_longer_offered_is_no_longer_asked_for(tmp_path: Path, source: Offering) -> None:
    load(tmp_path, source)
    source.fields = {**USUAL, "region": True}
    load(tmp_path, source)
    source.fields, source.refused = USUAL, frozenset({"region"})
    source.put(2, c="1")
    done = load(tmp_path, source)
    assert (done.note, "region" in last(tmp_path)) == ("", False)
    source.fields, source.refused = {**USUAL, "region": True}, frozenset()
    source.put(3, d="1")
    assert told(load(tmp_path, source).load) == []
    assert last(tmp_path)["region"] == "new", "it came back"


def test_a_role_that_may_not_read_the_description_loads_without_it(tmp_path: Path, source: Offering) -> None:
    source.fields = None
    first = load(tmp_path, source).load
    assert first.profile is not None
    assert (first.profile.offered, first.findings) == (None, ())
    source.fields = {**USUAL, "region": True}
    assert told(load(tmp_path, source).load) == [], "its first description is the usual shape"
    source.fields = {**source.fields, "colour": True}
    load(tmp_path, source)
    source.fields = None
    source.put(1, c="1")
    load(tmp_path, source)
    assert last(tmp_path)["colour"] == "new", "what was read before still is"


def test_a_field_the_source_describes_and_does_not_give_costs_no_load(tmp_path: Path, source: Offering) -> None:
    load(tmp_path, source)
    source.fields, source.refused = {**USUAL, "region": True}, frozenset({"region"})
    source.put(1, c="1")
    done = load(tmp_path, source)
    assert done.note == "read without region, which the source offers and does not give"
    assert [(one.field, one.cause) for one in done.load.findings] == [
        ("region", "the source offers a field nobody declared; it is not read")
    ]
    assert last(tmp_path)["id"] == "c"
    source.refused = frozenset({"value"})
    with pytest.raises(ContractError):
        load(tmp_path, source)


def test_a_field_that_gets_declared_is_no_addition_any_more(tmp_path: Path, source: Offering) -> None:
    load(tmp_path, source)
    source.fields = {**USUAL, "region": True}
    load(tmp_path, source)
    done = load(tmp_path, source, entity=replace(ENTITY, fields=(*ENTITY.fields, "region"))).load
    assert done.profile is not None
    assert done.profile.added == ()
    (kept,) = (one.profile for one in Lake(tmp_path).loads("salesforce", "Thing") if one.load_id == done.load_id)
    assert kept == done.profile
