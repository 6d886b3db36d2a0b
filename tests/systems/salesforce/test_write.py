"""Salesforce corrected: our own fields under a condition, and tasks known by the marker in their subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import (
    AmbiguousRecordError,
    AuthenticationError,
    NoEffectError,
    StaleRecordError,
    WriteRejectedError,
)
from qtc_pipeline.sandbox.servers.salesforce_login import ORGANIZATION
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.salesforce import SYSTEM
from qtc_pipeline.systems.salesforce.write import WRITING, open_writer
from qtc_pipeline.systems.writing import Action, Verb, Write
from tests.sandbox.servers.fake_firm import opportunity_id
from tests.systems.doubles import secret_file
from tests.systems.writing_suite import Books, Case, RefusalSuite, World, WritingSuite, opened

DEAL = opportunity_id(3)


def a_task(_world: World, number: int) -> Action:
    values = {
        "subject": f"Deal {number}: who pays?",
        "description": "It's 100% yours",
        "about_id": DEAL,
        "due_date": "2026-07-10",
        "priority": "High",
    }
    return Action(Verb.TASK, "contract", values, marker=f"{number:032x}")


CASES = (
    Case(
        Verb.LINK,
        "opportunity",
        lambda _w, n: Action(Verb.LINK, "opportunity", {"qtc_id": f"Q-{n}"}, source_id=DEAL),
    ),
    Case(Verb.TASK, "contract", a_task, is_repeatable=False),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Books()) as sandbox:
        yield sandbox


@pytest.fixture
def world(running: Running) -> Iterator[World]:
    with opened(running, "crm") as found:
        yield found


class TestEachCorrection(WritingSuite):
    @pytest.fixture(params=CASES, ids=[case.name for case in CASES])
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param


class TestRefusals(RefusalSuite):
    @pytest.fixture
    def write(self, world: World) -> Write:
        return CASES[0].write(world)


def test_only_own_fields_and_tasks_are_written() -> None:
    fields = {"value": "1", "name": "x", "payment_terms": "Net 30"}
    for name, value in fields.items():
        for entity in ("opportunity", "contract", "customer"):
            assert WRITING.compose(Action(Verb.SET, entity, {name: value}, source_id=DEAL)) is None
    assert {verb for verb, _ in WRITING.capabilities} == {Verb.SET, Verb.LINK, Verb.TASK}


def test_the_billing_status_goes_to_our_own_fields_under_the_condition(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []
    row = {"Id": DEAL, "SystemModstamp": "2026-06-30T23:00:01.000+0000", "Qtc_Billing_Status__c": None}
    row |= dict.fromkeys(SYSTEM.entity("Opportunity").fields) | row | {"Qtc_Billed_Amount__c": 10.50}

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t"})
        is_query = request.method == "GET"
        return httpx.Response(200, json={"records": [row]}) if is_query else httpx.Response(204)

    values = {"roles": ("crm",), "client_id": "app", "secret_file": secret_file(tmp_path)}
    org = Instance(name="crm", vendor="salesforce", base_url="https://acme.my.salesforce.com", **values)
    status = {"billing_status": "billed", "billed_amount": "99.90"}
    action = Action(Verb.SET, "opportunity", status, {"billing_status": None, "billed_amount": "10.5"}, source_id=DEAL)
    composed = WRITING.compose(action)
    assert composed is not None
    (write,) = composed
    writer = open_writer(org, transport=httpx.MockTransport(answer))
    found = writer.look(write)
    assert found is not None
    assert dict(found.values) == dict(write.old)
    writer.send(write, found, "key")
    writer.close()
    assert asked[-1].content == b'{"Qtc_Billing_Status__c":"billed","Qtc_Billed_Amount__c":99.9}'
    assert asked[-1].headers["If-Unmodified-Since"] == "Tue, 30 Jun 2026 23:00:01 GMT"


def test_the_org_says_who_it_is(world: World) -> None:
    assert world.writer.identity() == ORGANIZATION


def test_a_session_that_ended_is_opened_anew_and_the_write_done_once(world: World) -> None:
    write = CASES[0].write(world)
    before = world.looked(write)
    with world.effects() as effects:
        world.running.tokens["crm"].revoke_all()
        world.writer.send(write, before, "key")
    assert [one["effect"] for one in effects] == ["updated"]


def test_a_session_the_org_keeps_refusing_writes_nothing(world: World) -> None:
    write = CASES[0].write(world)
    before = world.looked(write)
    world.running.faults("crm").unauthorized_next = 5
    with world.effects() as effects, pytest.raises(AuthenticationError):
        world.writer.send(write, before, "key")
    assert effects == []


def test_a_record_that_moved_since_it_was_looked_at_is_stale(world: World) -> None:
    write = CASES[0].write(world)
    before = world.looked(write)
    world.inject("other_writer", match="^PATCH", table="Opportunity", key=DEAL, members={"Amount": 5})
    with world.effects() as effects, pytest.raises(StaleRecordError) as caught:
        world.writer.send(write, before, "key")
    assert caught.value.code == "PRECONDITION_FAILED"
    assert [one["who"] for one in effects] == ["somebody else"]


def test_two_tasks_of_one_marker_are_for_a_person(world: World) -> None:
    write = CASES[1].write(world)
    for _ in range(2):
        world.writer.send(write, None, "key")
    with pytest.raises(AmbiguousRecordError, match="several records"):
        world.writer.look(write)


def test_a_marker_with_wildcards_finds_its_own_task_only(world: World) -> None:
    write = CASES[1].write(world)
    like = replace(write, marker="a_b", new={**write.new, "Subject": "Other [aXb]"})
    world.writer.send(like, None, "key")
    assert world.writer.look(replace(write, marker="a_b")) is None


def test_a_long_subject_keeps_its_marker(world: World) -> None:
    action = CASES[1].action(world, 4711)
    long = replace(action, values={**action.values, "subject": "x" * 400})
    subject = str(world.composed(long).new["Subject"])
    assert len(subject) == 255
    assert subject.endswith(f"[{action.marker}]")


def test_a_locked_row_had_no_effect(world: World) -> None:
    write = CASES[0].write(world)
    world.inject("row_lock", match="^PATCH")
    with world.effects() as effects, pytest.raises(NoEffectError) as caught:
        world.writer.send(write, world.looked(write), "key")
    assert (caught.value.code, effects) == ("UNABLE_TO_LOCK_ROW", [])


def test_an_id_another_record_has_is_rejected_with_the_vendors_words(world: World) -> None:
    write = CASES[0].write(world)
    world.writer.send(write, None, "key")
    other = replace(write, key=opportunity_id(4))
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="duplicate value") as caught:
        world.writer.send(other, world.looked(other), "key")
    assert (caught.value.category, caught.value.code, effects) == ("business", "DUPLICATE_VALUE", [])
