"""NetSuite corrected: customers, jobs, orders, time, charges and documents, each effect once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from qtc_pipeline.errors import AmbiguousRecordError, StaleRecordError, WriteRejectedError
from qtc_pipeline.sandbox.servers.serve import Running, running_sandbox
from qtc_pipeline.systems.dry_run import DryRunWriter
from qtc_pipeline.systems.netsuite import write as module
from qtc_pipeline.systems.netsuite.properties import PROPERTIES
from qtc_pipeline.systems.netsuite.write import WRITING
from qtc_pipeline.systems.writing import Action, Values, Verb, Write
from tests.systems.writing_suite import Books, Case, RefusalSuite, World, WritingSuite, opened


def a_customer(_world: World, number: int) -> Action:
    values = {
        "name": f"Globex {number}",
        "legal_entity": "2",
        "currency": "EUR",
        "payment_terms": "Net 30",
        "tax_number": f"DE{number}",
        "tax_rate": "0.19",
        "crm_customer_id": f"001{number:012d}AAA",
    }
    return Action(Verb.CREATE, "customer", values, marker=f"qtc-{number}-customer")


def a_job(_world: World, number: int) -> Action:
    values = {
        "name": f"Rollout {number}",
        "customer_id": "77",
        "legal_entity": "2",
        "currency": "USD",
        "value": f"{number}000.50",
        "billing_type": "fixed",
        "opportunity_id": f"006{number:012d}AAA",
        "psa_project_id": str(number),
    }
    return Action(Verb.CREATE, "project", values, marker=f"qtc-{number}-erp")


def a_line(_world: World, number: int) -> Action:
    values = {"order_id": "5000", "amount": f"{number}.25", "description": f"Amendment {number}"}
    return Action(Verb.CREATE, "order_line", values, marker=f"qtc-{number}-amendment")


def a_time_entry(_world: World, number: int) -> Action:
    values = {
        "psa_time_entry_id": f"77{number}",
        "project_id": "700",
        "employee_id": "50001",
        "role_code": "CONSULTANT",
        "work_date": "2026-06-10",
        "minutes": 95,
        "is_billable": True,
    }
    return Action(Verb.CREATE, "time_entry", values)


def an_expense(_world: World, number: int) -> Action:
    values = {
        "psa_expense_id": f"78{number}",
        "project_id": "700",
        "date": "2026-06-10",
        "amount": "12.30",
        "currency": "EUR",
        "charge_type": "expense",
    }
    return Action(Verb.CREATE, "expense", values)


def held(world: World, entity: str, key: str, verb: Verb) -> Action:
    """Of a record that is the other way round."""
    other = Verb.RELEASE if verb is Verb.HOLD else Verb.HOLD
    write = world.composed(Action(other, entity, {}, source_id=key))
    found = world.looked(write)
    if dict(found.values) != dict(write.new):
        world.writer.send(write, found, "key")
    return Action(verb, entity, {}, source_id=key)


def a_posted_invoice(world: World, number: int) -> str:
    lines: tuple[Values, ...] = ({"amount": f"{number + 10}.10", "source_type": "time", "source_id": f"T{number}"},)
    values = {"customer_id": "77", "project_id": "700", "currency": "EUR", "date": "2026-06-15"}
    write = world.composed(Action(Verb.REBILL, "invoice", values, marker=f"posted-{number}", lines=lines))
    return world.writer.send(write, None, "key").key


def a_credit(world: World, number: int) -> Action:
    values = {"date": "2026-06-20", "reason": "duplicate"}
    invoice = a_posted_invoice(world, number)
    return Action(Verb.CREDIT, "invoice", values, source_id=invoice, marker=f"qtc-{number}-credit")


def a_rebill(_world: World, number: int) -> Action:
    values = {
        "customer_id": "77",
        "project_id": "700",
        "currency": "EUR",
        "exchange_rate": "1.10",
        "date": "2026-06-20",
        "payment_terms": "Net 60",
        "purchase_order": f"PO-{number}",
    }
    lines: tuple[Values, ...] = (
        {"amount": "100.00", "source_type": "time", "source_id": "T9", "minutes": "60", "description": "Work"},
        {"amount": "10.50", "source_type": "expense", "source_id": "E9"},
    )
    return Action(Verb.REBILL, "invoice", values, marker=f"qtc-{number}-rebill", lines=lines)


def terms(number: int) -> str:
    return f"Net {(30, 60)[number % 2]}"


CASES = (
    Case(Verb.CREATE, "customer", a_customer),
    Case(Verb.SET, "customer", lambda _w, n: Action(Verb.SET, "customer", {"tax_number": f"X{n}"}, source_id="77")),
    Case(
        Verb.LINK,
        "customer",
        lambda _w, n: Action(Verb.LINK, "customer", {"crm_customer_id": f"001{n:012d}AAA"}, source_id="77"),
    ),
    Case(Verb.CREATE, "project", a_job),
    Case(Verb.SET, "project", lambda _w, n: Action(Verb.SET, "project", {"value": f"{n}.75"}, source_id="700")),
    Case(
        Verb.LINK, "project", lambda _w, n: Action(Verb.LINK, "project", {"psa_project_id": f"9{n}"}, source_id="700")
    ),
    Case(
        Verb.SET,
        "order",
        lambda _w, n: Action(
            Verb.SET, "order", {"payment_terms": terms(n), "purchase_order": f"PO-{n}"}, source_id="5000"
        ),
    ),
    Case(Verb.CREATE, "order_line", a_line, is_repeatable=False),
    Case(Verb.CREATE, "time_entry", a_time_entry),
    Case(Verb.CREATE, "expense", an_expense),
    *(
        Case(verb, entity, lambda w, _n, v=verb, e=entity, k=key: held(w, e, k, v))
        for verb in (Verb.HOLD, Verb.RELEASE)
        for entity, key in (("time_entry", "8000"), ("expense", "8100"))
    ),
    Case(Verb.CREDIT, "invoice", a_credit),
    Case(Verb.REBILL, "invoice", a_rebill),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), Books()) as sandbox:
        yield sandbox


@pytest.fixture
def world(running: Running) -> Iterator[World]:
    with opened(running, "erp") as found:
        yield found


class TestEachCorrection(WritingSuite):
    @pytest.fixture(params=CASES, ids=[case.name for case in CASES])
    def case(self, request: pytest.FixtureRequest) -> Case:
        return request.param


class TestRefusals(RefusalSuite):
    @pytest.fixture
    def write(self, world: World) -> Write:
        return CASES[4].write(world)


def test_every_capability_has_a_case() -> None:
    assert {(case.verb, case.entity) for case in CASES} == set(WRITING.capabilities)


def test_the_account_says_who_it_is(world: World) -> None:
    assert world.writer.identity() == world.instance.account


def test_a_token_that_ran_out_is_fetched_anew_and_the_write_done_once(world: World) -> None:
    write = CASES[4].write(world)
    before = world.looked(write)
    with world.effects() as effects:
        world.running.tokens["erp"].revoke_all()
        world.writer.send(write, before, "key")
    assert [one["effect"] for one in effects] == ["updated"]


def test_a_rehearsal_of_two_changes_of_one_record_shows_both(world: World) -> None:
    rehearsal = DryRunWriter(world.writer)
    value = CASES[4].write(world)
    billing = world.composed(Action(Verb.SET, "project", {"billing_type": "retainer"}, source_id="700"))
    for write in (value, billing):
        before = rehearsal.look(write)
        assert before is not None
        assert dict(before.values) != dict(write.new)
        rehearsal.send(write, before, "key")
    for write in (value, billing):
        after = rehearsal.look(write)
        assert after is not None
        assert dict(after.values) == dict(write.new)


def test_a_misspelled_property_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {**PROPERTIES["job"], "jobPrize": "money"}
    monkeypatch.setattr(module, "PROPERTIES", MappingProxyType({**PROPERTIES, "job": kinds}))
    write = Write("update", "job", "job", "700", {"jobPrize": "9"})
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="jobPrize") as caught:
        world.writer.send(write, None, "key")
    assert (caught.value.category, effects) == ("contract", [])


def test_a_record_that_carries_the_marker_is_never_overwritten(world: World) -> None:
    write = CASES[3].write(world)
    world.writer.send(write, None, "key")
    found = world.looked(write)
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="carries the marker already"):
        world.writer.send(write, found, "key")
    assert effects == []


def test_two_records_of_one_marker_are_for_a_person(world: World) -> None:
    write = CASES[3].write(world)
    sent = world.writer.send(write, None, "key")
    with world.running.instances["erp"].store.connection() as conn:
        conn.execute(
            'INSERT INTO "e_job" (_key, _payload, _external_id)'
            " SELECT '424243', json_set(_payload, '$.id', '424243'), _external_id FROM \"e_job\" WHERE _key = ?",
            (sent.key,),
        )
        conn.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
        conn.commit()
    with pytest.raises(AmbiguousRecordError, match="424243"):
        world.writer.look(write)


def test_a_change_between_look_and_write_is_told_by_the_system_notes(world: World) -> None:
    write = CASES[4].write(world)
    before = world.looked(write)
    world.inject("other_writer", match="^PATCH", table="job", key="700", members={"jobprice": "31337"})
    world.writer.send(write, before, "key")
    said = world.writer.lost_change(write, before, world.looked(write))
    assert said is not None
    assert "jobPrice was 31337" in said


def test_a_change_of_another_field_meanwhile_covers_nothing(world: World) -> None:
    write = CASES[4].write(world)
    before = world.looked(write)
    world.inject("other_writer", match="^PATCH", table="job", key="700", members={"companyname": "Renamed"})
    world.writer.send(write, before, "key")
    assert world.writer.lost_change(write, before, world.looked(write)) is None


def test_a_credit_in_a_closed_period_is_rejected_with_the_vendors_words(world: World) -> None:
    write = CASES[-2].write(world)
    closed = replace(write, new={**write.new, "tranDate": "2026-01-20"})
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="is closed") as caught:
        world.writer.send(closed, None, "key")
    assert (caught.value.category, caught.value.code, effects) == ("business", "TRAN_PERIOD_CLOSED", [])


def test_an_invoice_somebody_paid_is_not_credited(world: World) -> None:
    write = CASES[-2].write(world)
    world.writer.send(write, None, "key")
    other = replace(write, marker=f"{write.marker}-again")
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="applied to the invoice") as caught:
        world.writer.send(other, None, "key")
    assert (caught.value.category, effects) == ("business", [])


def test_a_credit_nets_what_the_invoice_billed_item_by_item(world: World) -> None:
    write = CASES[-2].write(world)
    credit = world.writer.send(write, None, "key").key
    invoice = str(write.source).partition("/")[2]
    store = world.running.instances["erp"].store
    sql = (
        'SELECT "custcol_source_type", "custcol_source_id", sum("foreignamount") FROM "e_transactionline"'
        ' WHERE "transaction" IN (?, ?) AND "mainline" = \'F\' GROUP BY 1, 2'
    )
    assert [total for *_item, total in store.read(sql, (int(invoice), int(credit)))] == [0]


def test_a_currency_nobody_has_is_asked_wrongly(world: World) -> None:
    write = CASES[3].write(world)
    wrong = replace(write, new={**write.new, "currency": "XYZ"})
    with world.effects() as effects, pytest.raises(WriteRejectedError, match="no currency") as caught:
        world.writer.send(wrong, None, "key")
    assert (caught.value.category, effects) == ("contract", [])


def test_a_record_somebody_else_just_saved_is_stale(world: World) -> None:
    write = CASES[4].write(world)
    world.inject("row_lock", match="^PATCH")
    with world.effects() as effects, pytest.raises(StaleRecordError):
        world.writer.send(write, world.looked(write), "key")
    assert effects == []


def test_a_time_bill_names_its_entry_and_its_job_as_the_canonical_model_reads_them(world: World) -> None:
    write = CASES[8].write(world)
    key = world.writer.send(write, None, "key").key
    found = world.looked(replace(write, key=key))
    assert found.others["externalid"] == write.marker
    assert (found.values["customer"], found.values["hours"]) == ("700", "1:35")
