"""Our own writes are told from another's when they come back: by record and values of a confirmed step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qtc_pipeline.corrections.contract import Proposal
from qtc_pipeline.corrections.own import OwnWrites, own_records
from qtc_pipeline.ops import attempts
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import Settings
from qtc_pipeline.systems.kantata.compose import held as held_by_kantata
from qtc_pipeline.systems.writing import Write
from tests.gates.small import settings_in
from tests.ops.ledger import NOW, leased, proposal, saved, write

PRICED = Write("update", "job", "job", "701", {"jobPrice": "100", "currency": "EUR"}, {"jobPrice": "90"})
MEMO = Write(
    "create",
    "creditMemo",
    "transaction",
    None,
    {"tranDate": "2026-07-01", "terms": "Net 30"},
    marker="m",
    source="invoice/i1",
)


def _done(settings: Settings, planned: Proposal, made_key: str, after: dict[str, Any] | None) -> str:
    with open_ledger(settings) as session:
        saved(session, planned)
        attempt = attempts.intent(session, planned.correction_id, 1, leased(session), "digest", NOW)
        attempts.sent(session, attempt, NOW)
        attempts.ended(session, attempt, "confirmed", now=NOW, made_key=made_key, after=after)
    return planned.correction_id


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "var")


def test_a_version_with_the_values_read_back_is_ours_and_what_others_change_later_is_theirs(settings: Settings) -> None:
    ours = _done(settings, proposal("priced", PRICED), "701", {"jobPrice": "100", "currency": "EUR"})
    own = OwnWrites(settings)
    before, written, renamed, lowered = (
        json.dumps({"id": "701", "jobprice": price, "currency": "2", "companyname": name})
        for price, name in (("90.00", "Acme"), ("100.00", "Acme"), ("100.00", "Acme Ltd"), ("80.00", "Acme"))
    )
    assert own.correction_of("erp", "job", "701", written, before) == ours
    assert own.correction_of("erp", "JOB", "701", written) == ours
    assert own.correction_of("erp", "job", "701", renamed, written) is None
    assert own.correction_of("erp", "job", "701", lowered, written) is None
    assert own.correction_of("erp", "job", "702", written, before) is None
    assert own.correction_of("psa", "job", "701", written, before) is None
    assert own.correction_of("erp", "job", "701", "not JSON", before) is None


def test_a_record_we_made_is_ours_as_first_read_and_a_planned_write_is_nobodys(settings: Settings) -> None:
    ours = _done(settings, proposal("made", write(create=True)), "900", None)
    with open_ledger(settings) as session:
        saved(session, proposal("planned", PRICED))
    own = OwnWrites(settings)
    first, later = '{"id": "900", "companyname": "Acme, really"}', '{"id": "900", "companyname": "Other"}'
    assert own.correction_of("erp", "job", "900", first) == ours
    assert own.correction_of("erp", "job", "900", later, first) is None
    assert own.correction_of("erp", "job", "701", '{"id": "701", "jobprice": "100"}', '{"jobprice": "90"}') is None


def test_cents_are_compared_as_the_amount_that_was_written() -> None:
    priced = Write("update", "workspaces", "workspaces", "1", {"price": "1000.5", "workspace_group": "US"})
    assert held_by_kantata(priced, {"price_in_cents": 100050, "workspace_group_ids": ["7"]}) == {"price": "1000.5"}
    rated = replace(priced, new={"rate": "120", "billable": True})
    assert held_by_kantata(rated, {"rate_in_cents": None, "billable": True}) == {"rate": None, "billable": True}


def test_records_of_which_loads_brought_nothing_but_our_writes_are_found_with_lines_of_what_we_made(
    settings: Settings,
) -> None:
    _done(settings, proposal("priced", PRICED), "701", {"jobPrice": "100"})
    _done(settings, proposal("again", replace(PRICED, key="702")), "702", {"jobPrice": "100"})
    _done(settings, proposal("memo", MEMO), "m1", {"tranDate": "2026-07-01"})
    other = replace(MEMO, marker="n", source="invoice/i2")
    _done(settings, proposal("other", other), "m3", {"tranDate": "2026-07-01"})
    _done(settings, proposal("task", replace(MEMO, entity="Task", table="Task")), "t1", {"Subject": "never read"})
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        for entity, rows in {
            "job": [
                ("701", "l1", '{"jobprice": "90"}', 1),
                ("701", "l2", '{"jobprice": "100"}', 2),
                ("702", "l1", '{"jobprice": "90"}', 1),
                ("702", "l2", '{"jobprice": "100"}', 2),
                ("702", "l2", '{"jobprice": "120"}', 3),
                ("703", "l2", '{"jobprice": "100"}', 2),
            ],
            "transaction": [
                ("m1", "l2", '{"trandate": "2026-07-01"}', 2),
                ("i1", "l1", '{"status": "Open"}', 1),
                ("i1", "l2", '{"status": "Paid In Full"}', 2),
                ("i2", "l2", '{"status": "Paid In Full"}', 4),
            ],
            "transactionline": [
                ("m1:1", "l2", '{"transaction": "m1", "memo": "a"}', 2),
                ("m1:2", "l2", '{"transaction": "m1", "memo": "a"}', 2),
                ("m1:2", "l3", '{"transaction": "m1", "memo": "b"}', 3),
                ("m2:1", "l2", '{"transaction": "m2", "memo": "a"}', 2),
            ],
            "transactionaccountingline": [("m1:1", "l2", '{"transaction": "m1"}', 2)],
            "nexttransactionlinelink": [("i1:m1", "l2", '{"previousdoc": "i1", "nextdoc": "m1"}', 2)],
        }.items():
            connection.execute(
                f"create table raw.\"netsuite__{entity}\" as select *, timestamp '2026-07-01' + to_days(ordinal) as "
                "version_at, version_at as read_at from (select unnest(?) as record_id, unnest(?) as load_id, "
                "unnest(?) as payload, unnest(?) as ordinal, 'erp' as instance, false as is_deleted)",
                [list(one) for one in zip(*rows, strict=True)],
            )
        found = own_records(settings)(connection, {"l2", "l3"})
    assert found == {("netsuite", "erp", record) for record in ("701", "m1", "m1:1", "i1", "i1:m1")}
