from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from qtc_pipeline.lake import Erasure, Lake, Load, SourceCount, new_load_id, raw_schema
from qtc_pipeline.ops import builds, verdicts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Instance, OpeningBalance, Settings, Slas
from qtc_pipeline.transform import context
from qtc_pipeline.transform.context import build_in_warehouse, prepare
from qtc_pipeline.transform.inputs import build_instant, collect
from qtc_pipeline.warehouse import open_read_only, read_rows
from tests.gates.small import AS_OF, settings_in

READ_AT = AS_OF - timedelta(hours=1)
MANIFEST = {
    "sources": {
        name: {"schema": "raw", "name": name}
        for name in ("salesforce__account", "kantata__workspaces", "netsuite__transaction", "qtc_build")
    }
}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(context, "load_manifest", lambda _: MANIFEST)
    return settings_in(tmp_path / "var")


def append(settings: Settings, ids: Iterable[str], *, counted: int = 2, hours_later: float = 0) -> Load:
    """A load of accounts that brings a version of each id, at 22:00 plus some hours."""
    read_at = READ_AT + timedelta(hours=hours_later)
    load = Load(
        load_id=new_load_id(read_at),
        vendor="salesforce",
        entity="Account",
        instance="crm",
        mode="increment",
        cursor_in=None,
        cursor_out=None,
        read_started_at=read_at,
        read_through=read_at,
        counts_before=(SourceCount("USD", "count", Decimal(counted)),),
        counts_after=(SourceCount("USD", "count", Decimal(counted)),),
    )
    rows = [
        {
            "record_id": one,
            "version_at": datetime(2026, 6, 1, 12, tzinfo=UTC),
            "is_deleted": False,
            "is_inferred": False,
            "payload": f'{{"Id":"{one}"}}',
            "payload_hash": one,
            "read_at": read_at,
            "instance": "crm",
            "load_id": load.load_id,
            "ordinal": number,
        }
        for number, one in enumerate(ids)
    ]
    batches = [pa.RecordBatch.from_pylist(rows, schema=raw_schema())] if rows else []
    return Lake(settings.lake_dir).append(load, batches)


def raw(settings: Settings, sql: str) -> list[dict[str, Any]]:
    with open_read_only(settings.warehouse_path) as connection:
        return read_rows(connection, sql)


def finish(settings: Settings, build_id: str) -> None:
    with open_store(settings) as session:
        for mark in builds.MARKS:
            builds.mark(session, build_id, mark)


def build_of(settings: Settings) -> str:
    return collect(settings).build_id


def test_committed_records_are_visible_with_naive_utc_stamps_and_unread_entities_are_empty(settings: Settings) -> None:
    append(settings, ["a1", "a2"])
    prepare(settings)
    rows = raw(settings, "select record_id, version_at, read_at from raw.salesforce__account order by 1")
    assert [row["record_id"] for row in rows] == ["a1", "a2"]
    assert rows[0]["version_at"] == datetime(2026, 6, 1, 12, tzinfo=UTC).replace(tzinfo=None)
    assert raw(settings, "select * from raw.netsuite__transaction") == []
    kinds = raw(
        settings,
        "select table_name, string_agg(column_name || ' ' || data_type, ',' order by ordinal_position) as columns "
        "from information_schema.columns where table_schema = 'raw' and contains(table_name, '__') group by all",
    )
    assert len({row["columns"] for row in kinds}) == 1


def test_a_file_of_a_killed_write_is_not_read(settings: Settings) -> None:
    import pyarrow.parquet as pq

    append(settings, ["a1"])
    folder = Lake(settings.lake_dir).path("salesforce", "Account")
    committed = next(folder.glob("*.parquet"))
    pq.write_table(pq.read_table(committed), folder / "left-by-a-killed-load.parquet")
    prepare(settings)
    assert raw(settings, "select count(*) as n from raw.salesforce__account") == [{"n": 1}]


def test_the_context_tells_dbt_the_firm_the_loads_and_the_source_counts(tmp_path: Path, settings: Settings) -> None:
    balance = OpeningBalance(stock="ar", legal_entity="US", currency="USD", amount=Decimal("12.34"))
    settings = settings_in(tmp_path / "var", opening_balances=(balance,), slas=Slas(unbilled_days=45))
    load = append(settings, ["a1", "a2"], counted=7)
    built = prepare(settings)
    assert raw(settings, "select instance, role from raw.qtc_instance order by 1") == [
        {"instance": "crm", "role": "crm"},
        {"instance": "erp", "role": "erp"},
        {"instance": "psa", "role": "psa"},
    ]
    assert raw(settings, "select count_before, count_after from raw.qtc_source_count") == [
        {"count_before": Decimal("7.0000"), "count_after": Decimal("7.0000")}
    ]
    assert raw(settings, "select load_id, versions from raw.qtc_load") == [{"load_id": load.load_id, "versions": 2}]
    assert raw(settings, "select build_id, as_of_date::varchar as day from raw.qtc_build") == [
        {"build_id": built.build_id, "day": "2026-06-30"}
    ]
    assert raw(settings, "select days from raw.qtc_sla where sla_id = 'unbilled'") == [{"days": 45}]
    assert raw(settings, "select amount from raw.qtc_opening_balance") == [{"amount": Decimal("12.3400")}]
    assert raw(settings, "select distinct applicable from raw.qtc_leg") == [{"applicable": True}]


def test_a_leg_between_two_roles_of_one_instance_does_not_apply(tmp_path: Path, settings: Settings) -> None:
    one = Instance(name="all", vendor="tryton", roles=("crm", "psa", "erp"), base_url="http://all.invalid")
    settings = settings_in(tmp_path / "var", instances=(one,), legal_entities=settings.legal_entities[:0] or FIRM)
    prepare(settings)
    legs = {row["leg_id"]: row["applicable"] for row in raw(settings, "select leg_id, applicable from raw.qtc_leg")}
    assert not any(legs[leg] for leg in ("activation.psa", "contract_value.erp", "approved_time.erp"))
    assert legs["ar_to_gl"]
    assert legs["invoice_integrity.lines"]


FIRM = ({"id": "US", "name": "US Inc.", "currency": "USD", "keys": {"all": "1"}},)


def test_an_unchanged_build_that_was_published_is_not_done_again_and_says_so(settings: Settings) -> None:
    append(settings, ["a1"])
    first = prepare(settings)
    assert not first.is_done
    finish(settings, first.build_id)
    before = settings.warehouse_path.stat().st_mtime_ns
    told: list[str] = []
    again = prepare(settings, told.append)
    assert (again.build_id, again.is_done) == (first.build_id, True)
    assert told == [f"nothing changed since build {first.build_id[:12]}: nothing to do"]
    assert settings.warehouse_path.stat().st_mtime_ns == before


def test_a_load_that_brought_nothing_new_asks_for_no_build(settings: Settings) -> None:
    append(settings, ["a1"])
    before = build_of(settings)
    append(settings, [], hours_later=9)
    assert build_of(settings) == before


@pytest.mark.parametrize("change", ["versions", "source count", "read further", "as of", "sla", "waiver"])
def test_every_input_that_can_change_a_number_asks_for_a_build(settings: Settings, change: str) -> None:
    append(settings, ["a1"], hours_later=-90)
    before = build_of(settings)
    if change == "versions":
        append(settings, ["a2"])
    elif change == "source count":
        append(settings, [], counted=3, hours_later=-90)
    elif change == "read further":
        append(settings, [], hours_later=-50)
    elif change == "as of":
        settings = settings.model_copy(update={"as_of": AS_OF + timedelta(hours=1)})
    elif change == "sla":
        settings = settings.model_copy(update={"slas": Slas(unbilled_days=1)})
    else:
        with open_store(settings) as session:
            later = AS_OF + timedelta(days=1)
            verdicts.add_waiver(session, mart="ar", rule_id="ar_to_gl", person="Ada", reason="known", expires_at=later)
    assert build_of(settings) != before


def test_another_address_or_page_size_asks_for_no_build(settings: Settings) -> None:
    append(settings, ["a1"])
    moved = tuple(
        one.model_copy(update={"base_url": "http://elsewhere.invalid", "page_size": 7}) for one in settings.instances
    )
    assert build_of(settings.model_copy(update={"instances": moved})) == build_of(settings)


def test_without_a_configured_instant_a_build_speaks_of_the_last_full_hour(settings: Settings) -> None:
    instant = build_instant(settings.model_copy(update={"as_of": None}))
    assert (instant.minute, instant.second, instant.microsecond) == (0, 0, 0)
    assert instant <= datetime.now(UTC)


def test_inputs_that_come_back_after_others_were_built_start_over(settings: Settings) -> None:
    append(settings, ["a1"])
    first = prepare(settings).build_id
    finish(settings, first)
    later = settings.model_copy(update={"as_of": AS_OF + timedelta(days=1)})
    assert prepare(later).build_id != first
    back = prepare(settings)
    assert (back.build_id, back.is_done) == (first, False)
    with open_store(settings) as session:
        assert builds.the_build(session, first).step_1_at is None


def test_a_build_whose_dbt_step_failed_starts_over(settings: Settings) -> None:
    append(settings, ["a1"])
    first = prepare(settings).build_id
    finish(settings, first)
    failure = builds.Failure("model.qtc.core_contract", "step_1", "error", "disk full", ("canonical.core_contract",))
    with open_store(settings) as session:
        builds.replace_failures(session, first, "step_1", [failure])
    again = prepare(settings)
    assert (again.build_id, again.is_done) == (first, False)
    with open_store(settings) as session:
        assert builds.failures_of(session, first) == []
        assert builds.the_build(session, first).inputs["full_refresh"]


def test_rows_parsed_by_another_project_are_parsed_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    append(settings, ["a1"])

    def refreshes(build_id: str) -> bool:
        with open_store(settings) as session:
            found: bool = builds.the_build(session, build_id).inputs["full_refresh"]
            return found

    first = prepare(settings).build_id
    assert refreshes(first)
    finish(settings, first)
    append(settings, ["a2"], hours_later=1)
    second = prepare(settings).build_id
    assert not refreshes(second)
    finish(settings, second)
    monkeypatch.setattr("qtc_pipeline.transform.inputs.project_digest", lambda: "another")
    third = prepare(settings).build_id
    assert refreshes(third)
    append(settings, ["a3"], hours_later=2)
    assert refreshes(prepare(settings).build_id)  # the third never parsed anything


def test_an_erasure_asks_for_a_new_build_that_parses_everything_again(settings: Settings) -> None:
    append(settings, ["a1", "a2"])
    first = prepare(settings).build_id
    finish(settings, first)
    asked = Erasure("1", "salesforce", "Account", "crm", "a1", ("Name",), "Ada Lovelace", "Article 17", "2026-06-30")
    Lake(settings.lake_dir).erase(asked)
    second = prepare(settings).build_id
    assert second != first
    with open_store(settings) as session:
        assert builds.the_build(session, second).inputs["full_refresh"]
    assert [row["record_id"] for row in raw(settings, "select record_id from raw.salesforce__account order by 1")] == [
        *("a1", "a2")
    ]


def test_killed_before_the_context_is_written_the_next_run_prepares_the_build(settings: Settings) -> None:
    append(settings, ["a1"])
    first = prepare(settings).build_id
    finish(settings, first)
    append(settings, ["a2"], hours_later=1)
    code = f"""
import os, signal
from pathlib import Path
from qtc_pipeline.transform import context
from tests.gates.small import settings_in
context.load_manifest = lambda _: {MANIFEST!r}
context._write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
context.prepare(settings_in(Path({str(settings.home)!r})))
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ})
    assert killed.returncode == -signal.SIGKILL
    assert build_in_warehouse(settings.warehouse_path) == first
    after = prepare(settings)
    assert not after.is_done
    assert build_in_warehouse(settings.warehouse_path) == after.build_id
    assert raw(settings, "select count(*) as n from raw.salesforce__account") == [{"n": 2}]


def test_the_build_compares_with_the_movements_of_the_current_publication(settings: Settings) -> None:
    publication = settings.published_dir / "20260601T000000000000-aaaaaaaa"
    publication.mkdir(parents=True)
    with duckdb.connect(str(publication / "publication.duckdb")) as connection:
        connection.execute(
            "create schema marts; create table marts.fct_movement as select 'ar' as stock, 'm1' as movement_id, "
            "'invoice' as movement_type, 'c1' as contract_id, 'US' as legal_entity_id, 'USD' as currency, "
            "'2026-05' as period, date '2026-05-04' as event_date, 5.5::decimal(18,4) as amount, 'l1' as source_load_id"
        )
    manifest = {
        "build_id": "earlier",
        "inputs_digest": "other inputs",
        "inputs": {"package_version": "0", "dbt_project": "of another release"},
        "movement_sources": {"ar": publication.name},
        "movement_digests": {"ar": "d1"},
    }
    write_manifest(publication, manifest)
    (settings.published_dir / "current").symlink_to(publication.name)
    append(settings, ["a1"])
    before = prepare(settings).build_id
    assert raw(settings, "select is_code_changed from raw.qtc_build") == [{"is_code_changed": True}]
    assert raw(settings, "select stock, movement_id, amount from raw.qtc_published_movement") == [
        {"stock": "ar", "movement_id": "m1", "amount": Decimal("5.5000")}
    ]
    write_manifest(publication, {**manifest, "movement_digests": {"ar": "d2"}})
    assert build_of(settings) != before


def test_what_a_build_itself_published_is_no_new_input(settings: Settings) -> None:
    append(settings, ["a1"])
    inputs = collect(settings)
    publication = settings.published_dir / "20260701T000000000000-bbbbbbbb"
    publication.mkdir(parents=True)
    own = {
        "build_id": inputs.build_id,
        "inputs_digest": inputs.inputs_digest,
        "inputs": inputs.described,
        "previous_build_id": None,
        "previous_publication_id": None,
        "previous_movement_sources": {},
        "previous_movement_digests": {},
        "movement_sources": {"ar": publication.name},
        "movement_digests": {"ar": "own"},
    }
    write_manifest(publication, own)
    (settings.published_dir / "current").symlink_to(publication.name)
    assert collect(settings) == replace(inputs)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    import json

    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
