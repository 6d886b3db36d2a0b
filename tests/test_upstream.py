"""Facts of our dependencies that the design rests on: an upgrade that changes one says so here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from toposort import CircularDependencyError


@pytest.fixture
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def _one(engine: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = engine.execute(sql).fetchone()
    assert row is not None
    return row[0]


def test_dbt_core_stays_below_the_release_whose_parser_downloads_a_binary() -> None:
    major, minor, *_ = version("dbt-core").split(".")
    assert (int(major), int(minor)) == (1, 11)


def test_dividing_a_decimal_by_an_integer_leaves_exact_arithmetic(engine: duckdb.DuckDBPyConnection) -> None:
    assert _one(engine, "select typeof(10.00::decimal(18,4) / 3)") == "DOUBLE"


def test_an_average_of_decimals_is_a_double(engine: duckdb.DuckDBPyConnection) -> None:
    assert _one(engine, "select typeof(avg(x)) from (values (1.00::decimal(18,4))) t(x)") == "DOUBLE"


@pytest.mark.parametrize(("amount", "rounded"), [("0.125", "0.13"), ("-0.125", "-0.13"), ("2.675", "2.68")])
def test_decimals_round_half_away_from_zero(engine: duckdb.DuckDBPyConnection, amount: str, rounded: str) -> None:
    assert _one(engine, f"select round({amount}::decimal(18,4), 2)") == Decimal(rounded)


def test_a_number_in_json_comes_out_as_the_digits_that_were_sent(engine: duckdb.DuckDBPyConnection) -> None:
    payload = json.dumps({"a": 0.1}).replace("0.1", "123456789012.3456")
    sql = f"""select cast(from_json('{payload}', '{{"a":"VARCHAR"}}').a as decimal(18,4))"""
    assert _one(engine, sql) == Decimal("123456789012.3456")


def test_malformed_json_raises_unless_it_is_guarded(engine: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        _one(engine, """select from_json('{"a":', '{"a":"VARCHAR"}')""")
    assert _one(engine, """select json_valid('{"a":')""") is False


def test_division_by_zero_is_no_error(engine: duckdb.DuckDBPyConnection) -> None:
    assert _one(engine, "select isinf(1.0::double / 0)")


def test_the_commit_of_a_delta_table_carries_our_metadata_and_lists_its_files(tmp_path: Path) -> None:
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable, write_deltalake

    table = str(tmp_path / "table")
    rows = pa.table({"id": ["a", "b"]})
    write_deltalake(table, rows, mode="append", commit_properties=CommitProperties(custom_metadata={"cursor": "7"}))
    opened = DeltaTable(table)
    assert opened.history(1)[0]["cursor"] == "7"
    assert len(opened.file_uris()) == 1


def test_a_file_no_commit_names_is_seen_by_no_reader_of_the_log(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake import DeltaTable, write_deltalake

    table = tmp_path / "table"
    rows = pa.table({"id": ["a"]})
    write_deltalake(str(table), rows, mode="append")
    pq.write_table(rows, table / "part-of-a-killed-write.parquet")
    assert len(DeltaTable(str(table)).file_uris()) == 1


def test_a_red_blocking_check_stops_nothing_in_a_later_run() -> None:
    @dg.asset
    def source() -> None: ...

    @dg.asset(deps=[source])
    def publication() -> None: ...

    @dg.asset_check(asset=source, blocking=True)
    def gate() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False)

    with dg.DagsterInstance.ephemeral() as instance:
        both = dg.materialize([source, publication, gate], instance=instance, raise_on_error=False)
        assert not both.success
        alone = dg.materialize([publication, source.to_source_asset()], instance=instance)
        assert alone.success


def test_a_cycle_of_assets_is_refused() -> None:
    @dg.asset(deps=["gate"])
    def ledger() -> None: ...

    @dg.asset(deps=["ledger"])
    def gate() -> None: ...

    with pytest.raises(CircularDependencyError):
        dg.Definitions.validate_loadable(dg.Definitions(assets=[ledger, gate]))


def test_an_output_can_let_what_rests_on_it_run_without_noting_a_materialization() -> None:
    first, second, rest = (dg.AssetKey(name) for name in ("first", "second", "rest"))

    @dg.multi_asset(specs=[dg.AssetSpec(first, skippable=True), dg.AssetSpec(second, skippable=True)])
    def step() -> Iterator[dg.Output[None]]:
        yield dg.Output(None, output_name="first")
        yield dg.Output(None, output_name="second", metadata={"__source_asset_observation__": True})

    @dg.asset(key=rest, deps=[first, second])
    def resting() -> None:
        return

    result = dg.materialize([step, resting])
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {first, rest}
