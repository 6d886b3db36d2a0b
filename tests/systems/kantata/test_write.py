"""Kantata corrected: projects, references and rates, each effect once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from qtc_pipeline.errors import AmbiguousRecordError, AuthenticationError, StaleRecordError, WriteRejectedError
from qtc_pipeline.sandbox.servers.kantata import ACCOUNT_ID
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.systems.kantata.write import WRITING
from qtc_pipeline.systems.writing import Action, Verb, Write
from tests.systems.writing_suite import Books, Case, RefusalSuite, World, WritingSuite, opened


def a_project(_world: World, number: int) -> Action:
    values = {
        "name": f"Rollout {number}",
        "currency": "EUR",
        "value": f"{1000 + number}.50",
        "start_date": "2026-07-01",
        "end_date": "2026-12-31",
        "legal_entity": "DE",
        "opportunity_id": f"006{number:012d}AAA",
    }
    return Action(Verb.CREATE, "project", values, marker=f"qtc-{number}-psa")


def a_price(world: World, number: int) -> Action:
    held = world.writer.look(Write("update", "workspaces", "workspaces", "6", {"price": None}))
    assert held is not None
    values = {"value": f"{2000 + number}"}
    return Action(Verb.SET, "project", values, {"value": held.values["price"]}, source_id="6")


def a_link(_world: World, number: int) -> Action:
    return Action(Verb.LINK, "project", {"opportunity_id": f"00L{number:012d}AAA"}, source_id="2")


def a_rate(_world: World, number: int) -> Action:
    return Action(Verb.SET, "time_entry", {"rate": f"{100 + number}.25"}, {"rate": "200"}, source_id="11")


CASES = (
    Case(Verb.CREATE, "project", a_project),
    Case(Verb.SET, "project", a_price),
    Case(Verb.LINK, "project", a_link),
    Case(Verb.SET, "time_entry", a_rate),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Books()) as sandbox:
        yield sandbox


@pytest.fixture
def world(running: Running) -> Iterator[World]:
    with opened(running, "psa") as found:
        yield found


class TestEachCorrection(WritingSuite):
    @pytest.fixture(params=CASES, ids=[case.name for case in CASES])
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param


class TestRefusals(RefusalSuite):
    @pytest.fixture
    def write(self, world: World) -> Write:
        return CASES[1].write(world)


def test_every_capability_has_a_case() -> None:
    assert {(case.verb, case.entity) for case in CASES} == set(WRITING.capabilities)


def test_the_account_says_who_it_is(world: World) -> None:
    assert world.writer.identity() == ACCOUNT_ID


def test_a_token_the_account_refuses_writes_nothing(world: World) -> None:
    write = CASES[0].write(world)
    world.running.faults("psa").unauthorized_next = 5
    with world.effects() as effects, pytest.raises(AuthenticationError):
        world.writer.send(write, None, "key")
    assert effects == []


def test_a_project_is_found_by_its_title_where_its_reference_is_gone(world: World) -> None:
    write = CASES[0].write(world)
    sent = world.writer.send(write, None, "key")
    store = world.running.instances["psa"].store
    with store.connection() as conn:
        conn.execute('DELETE FROM "e_external_references" WHERE "subject_id" = ?', (int(sent.key),))
        conn.commit()
    found = world.looked(write)
    assert found.key == sent.key
    assert found.values["external_reference"] is None


def test_another_integrations_project_of_the_deal_is_found_too(world: World) -> None:
    write = CASES[0].write(world)
    world.writer.send(replace(write, new={**write.new, "title": "Made by hand"}), None, "key")
    assert world.looked(write).values["title"] == "Made by hand"


def test_two_projects_of_one_marker_are_for_a_person(world: World) -> None:
    write = CASES[0].write(world)
    for ending in ("1", "2"):
        reference = f"{write.new['external_reference']}{ending}"
        world.writer.send(replace(write, new={**write.new, "external_reference": reference}), None, "key")
    with pytest.raises(AmbiguousRecordError, match="several records"):
        world.writer.look(write)


def test_a_reference_that_leads_elsewhere_is_not_bent(world: World) -> None:
    write = CASES[2].write(world)
    world.writer.send(write, None, "key")
    wanted = replace(write, new={**write.new, "subject_id": "3"})
    found = world.looked(wanted)
    with world.effects() as effects, pytest.raises(StaleRecordError, match="leads to workspace 2"):
        world.writer.send(wanted, found, "key")
    assert effects == []


def test_an_invoiced_entry_keeps_its_rate(world: World) -> None:
    write = replace(CASES[3].write(world), key="12")
    found = world.looked(write)
    invoiced = replace(found, others={**found.others, "is_invoiced": True})
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="invoiced"):
        world.writer.send(write, invoiced, "key")
    assert effects == []


def test_a_locked_entry_is_rejected_with_the_vendors_words(world: World) -> None:
    write = CASES[3].write(world)
    world.running.faults("psa").locked_until = "2026-06-30"
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="line item lock") as caught:
        world.writer.send(write, world.looked(write), "key")
    assert (caught.value.category, caught.value.code, effects) == ("business", "validation", [])


def test_what_somebody_else_changed_meanwhile_is_told(world: World) -> None:
    write = CASES[1].write(world)
    before = world.looked(write)
    world.inject("other_writer", match="^PUT", table="workspaces", key="6", members={"title": "Moved"})
    world.writer.send(write, before, "key")
    said = world.writer.lost_change(write, before, world.looked(write))
    assert said is not None
    assert "title" in said


def test_a_group_nobody_has_is_asked_wrongly(world: World) -> None:
    write = CASES[0].write(world)
    wrong = replace(write, new={**write.new, "workspace_group": "FR"})
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="groups are named 'FR'") as caught:
        world.writer.send(wrong, None, "key")
    assert (caught.value.category, effects) == ("contract", [])
