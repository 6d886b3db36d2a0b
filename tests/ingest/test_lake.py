"""The raw lake: a load is one commit, readers see commits only, descriptions outlive compaction."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.lake import RAW_COLUMNS, Lake, Load, SourceCount, new_load_id, raw_schema

NOW = datetime(2026, 6, 30, 23, tzinfo=UTC)


def a_load(entity: str = "Account", instance: str = "crm", minute: int = 0, **values: object) -> Load:
    at = NOW + timedelta(minutes=minute)
    base = Load(
        load_id=new_load_id(at),
        vendor="salesforce",
        entity=entity,
        instance=instance,
        mode="full",
        cursor_in=None,
        cursor_out=f"c{minute}",
        read_started_at=at,
        read_through=at - timedelta(minutes=10),
        counts_before=(SourceCount("EUR", "count", Decimal(3)), SourceCount("EUR", "amount", Decimal("12.340"))),
        scope=(("legal_entity", "DE"),),
    )
    return replace(base, **values)  # type: ignore[arg-type]


def rows(load: Load, *ids: str, deleted: bool = False) -> pa.RecordBatch:
    count = len(ids)
    return pa.RecordBatch.from_pydict(
        {
            "record_id": list(ids),
            "version_at": [NOW] * count,
            "is_deleted": [deleted] * count,
            "is_inferred": [False] * count,
            "payload": [f'{{"Id":"{one}","Amount":1.10}}' for one in ids],
            "payload_hash": [f"h-{one}" for one in ids],
            "read_at": [NOW] * count,
            "instance": [load.instance] * count,
            "load_id": [load.load_id] * count,
            "ordinal": list(range(count)),
        },
        schema=raw_schema(),
    )


def stored(lake: Lake, entity: str = "Account") -> list[str]:
    return sorted(
        value for file in lake.files("salesforce", entity) for value in pq.read_table(file)["record_id"].to_pylist()
    )


def test_a_load_comes_back_as_it_was_written(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    load = a_load()
    done = lake.append(load, [rows(load, "a", "b"), rows(load, "c", deleted=True)])
    assert (done.rows, done.versions, done.deletes) == (3, 3, 1)
    assert lake.last_load("salesforce", "Account", "crm") == done
    assert done.counts_before[1].value.as_tuple() == Decimal("12.340").as_tuple()
    assert stored(lake) == ["a", "b", "c"]
    assert lake.tables() == [("salesforce", "Account")]


def test_a_lake_may_lie_in_a_folder_of_any_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "Zahlen & Größen (50 %)")
    load = a_load()
    lake.append(load, [rows(load, "a")])
    assert stored(lake) == ["a"]


def test_the_raw_columns_and_the_arrow_schema_are_the_same() -> None:
    assert list(RAW_COLUMNS) == raw_schema().names


def test_a_table_nobody_loaded_is_empty_and_not_an_error(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    assert lake.files("salesforce", "Account") == []
    assert lake.loads("salesforce", "Account") == []
    assert lake.last_load("salesforce", "Account", "crm") is None


def test_a_load_without_rows_still_moves_cursor_and_read_through(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first, second = a_load(minute=0), a_load(minute=1)
    lake.append(first, [rows(first, "a")])
    lake.append(second, [])
    last = lake.last_load("salesforce", "Account", "crm")
    assert last is not None
    assert last.cursor_out == "c1"
    assert len(lake.files("salesforce", "Account")) == 1


def test_loads_of_two_instances_share_a_table_and_keep_their_own_cursor(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for minute in range(20):
        load = a_load(instance="crm2", minute=minute)
        lake.append(load, [rows(load, f"x{minute}")])
        if minute == 0:
            other = a_load(instance="crm", minute=0)
            lake.append(other, [rows(other, "a")])
    last = lake.last_load("salesforce", "Account", "crm")
    assert last is not None
    assert last.cursor_out == "c0"
    assert [one.instance for one in lake.loads("salesforce", "Account", "crm")] == ["crm"]
    assert len(lake.loads("salesforce", "Account")) == 21


def test_a_load_that_fails_half_way_leaves_the_lake_as_it_was(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first, second = a_load(), a_load(minute=1)
    lake.append(first, [rows(first, "a")])

    def broken() -> Iterator[pa.RecordBatch]:
        yield rows(second, *(f"r{number}" for number in range(70_000)))
        message = "the vendor hung up"
        raise ConnectionError(message)

    with pytest.raises(ConnectionError):
        lake.append(second, broken())
    assert stored(lake) == ["a"]
    assert [path.name for path in lake.path("salesforce", "Account").glob("*.parquet")] == [
        Path(file).name for file in lake.files("salesforce", "Account")
    ]


def test_the_last_word_before_the_commit_may_refuse_the_load(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    load = a_load()

    def refuse(done: Load) -> Load:
        raise LoadRefusedError(done.entity, "shrunk")

    with pytest.raises(LoadRefusedError, match="Account: shrunk"):
        lake.append(load, [rows(load, "a")], refuse)
    assert lake.last_load("salesforce", "Account", "crm") is None


def test_rows_of_another_shape_are_refused(tmp_path: Path) -> None:
    load = a_load()
    with pytest.raises(LoadRefusedError, match="raw_schema"):
        Lake(tmp_path).append(load, [pa.RecordBatch.from_pydict({"record_id": ["a"]})])


def test_compaction_keeps_every_row_and_every_load_and_sweeps_only_old_orphans(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for minute in range(5):
        load = a_load(minute=minute)
        lake.append(load, [rows(load, f"r{minute}")])
    folder = lake.path("salesforce", "Account")
    old, young = folder / "old.parquet", folder / "young.parquet"
    for path in (old, young):
        path.write_bytes(b"half a file")
    long_ago = time.time() - 90_000
    os.utime(old, (long_ago, long_ago))
    before = lake.files("salesforce", "Account")
    assert lake.compact() == {("salesforce", "Account"): (5, 1)}
    assert stored(lake) == [f"r{minute}" for minute in range(5)]
    assert [one.cursor_out for one in lake.loads("salesforce", "Account")] == [f"c{minute}" for minute in range(5)]
    assert not old.exists()
    assert young.exists()
    assert all(Path(file).exists() for file in before), "a reader that has the old list of files can still read them"


def test_descriptions_of_loads_outlive_checkpoints_and_are_kept_aside(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    done = [lake.append(a_load(minute=minute), []) for minute in range(120)]
    aside = list((lake.path("salesforce", "Account") / "_loads").iterdir())
    assert len(aside) == 1
    assert lake.loads("salesforce", "Account") == done
    lake.compact()
    assert lake.loads("salesforce", "Account") == done
    aside[0].unlink()  # what is kept aside is never the truth
    assert lake.loads("salesforce", "Account") == done
    assert list((lake.path("salesforce", "Account") / "_delta_log").glob("*.checkpoint.parquet"))


def test_load_ids_sort_by_time() -> None:
    ids = [new_load_id(NOW + timedelta(microseconds=step)) for step in range(50)]
    assert ids == sorted(ids)
    assert ids[0].startswith("20260630T230000000000-")
