"""One load: what it stores, where it starts, what refuses it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from qtc_pipeline.errors import LoadRefusedError, TransientError
from qtc_pipeline.ingest import known
from qtc_pipeline.ingest.load import Force, load_entity
from qtc_pipeline.lake import Lake
from tests.ingest.sources import ENTITY, INSTANCE, START, Source, alive, load, rows


def some(count: int, minute: int = 0) -> Source:
    source = Source()
    source.put(minute, **{f"r{number:03d}": "a" for number in range(count)})
    return source


def values(root: Path) -> Mapping[str, str]:
    return {key: json.loads(text)["value"] for key, text in alive(root).items()}


def test_the_first_load_reads_everything_and_says_so(tmp_path: Path) -> None:
    done = load(tmp_path, some(10)).load
    assert (done.mode, done.rows, done.versions, done.deletes) == ("full", 10, 10, 0)
    assert done.cursor_out == START.isoformat()
    assert done.read_through == Source().now - timedelta(seconds=600)
    assert done.counts_before == done.counts_after
    assert done.scope == (("legal_entity", "US"),)


def test_an_increment_starts_at_the_last_cursor_less_the_look_back(tmp_path: Path) -> None:
    source = some(4, minute=60)
    load(tmp_path, source)
    load(tmp_path, source)
    assert source.asked == [None, START + timedelta(minutes=50)]


def test_a_record_read_again_unchanged_adds_no_version(tmp_path: Path) -> None:
    source = some(7)
    load(tmp_path, source)
    for mode in ("increment", "full"):
        done = load(tmp_path, source, mode).load  # type: ignore[arg-type]
        assert (done.rows, done.versions) == (7, 0)
    assert len(rows(tmp_path)) == 7


def test_a_changed_record_adds_one_version(tmp_path: Path) -> None:
    source = some(7)
    load(tmp_path, source)
    source.put(5, r003="b")
    assert load(tmp_path, source).load.versions == 1
    assert values(tmp_path)["r003"] == "b"


def test_a_record_that_changes_without_a_new_stamp_is_found_by_a_full_read(tmp_path: Path) -> None:
    source = some(7, minute=0)
    load(tmp_path, source)
    for value in ("b", "a", "b"):
        source.put(0, r003=value)
        load(tmp_path, source, "full")
        assert values(tmp_path)["r003"] == value
    assert len(rows(tmp_path)) == 10


def test_a_record_without_stamp_that_changes_back_is_a_new_version(tmp_path: Path) -> None:
    entity = replace(ENTITY, cursor=None)
    source = Source()
    for value in ("a", "b", "a"):
        source.records["x"] = (None, value)
        load(tmp_path, source, entity=entity)
    assert [json.loads(row["payload"])["value"] for row in rows(tmp_path)] == ["a", "b", "a"]
    assert values(tmp_path) == {"x": "a"}


def test_an_old_version_delivered_late_is_stored_once_and_changes_nothing(tmp_path: Path) -> None:
    source = some(3)
    source.put(9, r001="new")
    load(tmp_path, source)
    for _ in range(3):
        source.put(4, r001="old")
        load(tmp_path, source)
        assert values(tmp_path)["r001"] == "new"
    assert len(rows(tmp_path)) == 4
    source.put(9, r001="new")
    assert load(tmp_path, source).load.versions == 0


def test_a_record_that_comes_twice_in_one_read_is_stored_once(tmp_path: Path) -> None:
    source = some(8)
    pages = source.pages
    source.pages = lambda entity, since: (page for _ in range(2) for page in pages(entity, since))  # type: ignore[method-assign]
    assert load(tmp_path, source).load.versions == 8
    assert load(tmp_path, source, "full").load.versions == 0


def test_a_listed_deletion_is_a_tombstone_once(tmp_path: Path) -> None:
    source = some(5)
    load(tmp_path, source)
    del source.records["r002"]
    source.gone["r002"] = START + timedelta(minutes=3)
    source.gone["never seen"] = START + timedelta(minutes=3)
    first, second = load(tmp_path, source).load, load(tmp_path, source).load
    assert (first.deletes, second.deletes) == (1, 0)
    assert "r002" not in values(tmp_path)
    assert [row["is_inferred"] for row in rows(tmp_path) if row["is_deleted"]] == [False]


def test_records_go_with_their_deleted_parent(tmp_path: Path) -> None:
    source = some(6)
    source.parent_of = {"r001": "doc 1", "r004": "doc 1", "r005": "doc 2"}
    load(tmp_path, source)
    for key in ("r001", "r004"):
        del source.records[key]
    source.parents_gone["doc 1"] = START + timedelta(minutes=3)
    assert load(tmp_path, source).load.deletes == 2
    assert list(values(tmp_path)) == ["r000", "r002", "r003", "r005"]
    assert load(tmp_path, source).load.deletes == 0


def test_a_full_read_finds_hard_deletes_as_missing_ids(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    del source.records["r007"], source.records["r011"]
    done = load(tmp_path, source, "full").load
    assert (done.rows, done.versions, done.deletes) == (38, 2, 2)
    assert len(values(tmp_path)) == 38
    assert {row["is_inferred"] for row in rows(tmp_path) if row["is_deleted"]} == {True}
    assert load(tmp_path, source, "full").load.versions == 0


def test_a_record_read_alive_after_an_inferred_tombstone_is_alive(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    kept = source.records.pop("r007")
    load(tmp_path, source, "full")
    source.records["r007"] = kept  # its stamp is older than the tombstone
    assert load(tmp_path, source, "full").load.versions == 1
    assert len(values(tmp_path)) == 40
    assert load(tmp_path, source, "full").load.versions == 0


def test_an_increment_that_ends_off_the_source_count_reads_everything_at_once(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    del source.records["r007"]  # a hard delete: no increment shows it
    source.put(5, r041="new")
    done = load(tmp_path, source)
    assert done.load.mode == "full"
    assert (done.load.versions, done.load.deletes, done.load.live) == (2, 1, 40)
    assert "source counts 40 records and the lake held 41" in done.note
    assert "r007" not in values(tmp_path)
    again = load(tmp_path, source)
    assert (again.load.mode, again.load.versions, again.note) == ("increment", 0, "")


def test_a_source_whose_count_never_fits_is_not_read_in_full_each_time(tmp_path: Path) -> None:
    source = some(40)
    source.hidden = {"r007"}  # counted, never shown
    load(tmp_path, source)
    for _ in range(2):
        assert load(tmp_path, source).load.mode == "increment"


def test_the_number_of_live_records_is_followed_through_every_kind_of_load(tmp_path: Path) -> None:
    source = some(40)
    assert load(tmp_path, source).load.live == 40
    source.put(5, r041="new", r001="changed")
    assert load(tmp_path, source).load.live == 41
    source.gone["r001"] = START + timedelta(minutes=3)
    kept = source.records.pop("r001")
    assert load(tmp_path, source).load.live == 40
    source.gone.clear()
    source.records["r001"] = kept
    assert load(tmp_path, source, "full").load.live == 41
    assert len(values(tmp_path)) == 41


def test_a_large_state_is_gathered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = some(40)
    load(tmp_path, source)
    source.put(3, r003="b")
    load(tmp_path, source)
    monkeypatch.setattr(known, "_VERSIONS_AT_ONCE", 5)
    assert load(tmp_path, source, "full").load.versions == 0
    del source.records["r007"]
    source.put(4, r009="c")
    assert load(tmp_path, source, "full").load.versions == 2
    assert len(values(tmp_path)) == 39


def test_an_incomplete_id_set_makes_no_tombstones(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    source.hidden = {"r007"}  # not shown, but still counted
    with pytest.raises(LoadRefusedError, match="not complete: 39 live records read, the source counts 40"):
        load(tmp_path, source, "full")
    assert len(values(tmp_path)) == 40


def test_more_vanished_records_than_allowed_are_refused(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    for number in range(3):
        del source.records[f"r{number:03d}"]
    with pytest.raises(LoadRefusedError, match=r"3 of 40 known records are gone, at most 2 may be .*0\.05"):
        load(tmp_path, source, "full")
    generous = INSTANCE.model_copy(update={"max_delete_share": Decimal("0.075")})
    assert load(tmp_path, source, "full", instance=generous).load.deletes == 3


def test_a_full_read_under_eighty_percent_of_the_last_is_refused_unless_forced(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    for number in range(9):
        del source.records[f"r{number:03d}"]
    lenient = INSTANCE.model_copy(update={"max_delete_share": Decimal(1)})
    with pytest.raises(
        LoadRefusedError, match=r"31 records, the last one 40 \(volume\): expected at least 80% of the last, seen 78%"
    ):
        load(tmp_path, source, "full", instance=lenient)
    assert len(values(tmp_path)) == 40
    forced = load(tmp_path, source, "full", force=Force("Ada Lovelace", "the branch was sold")).load
    assert (forced.forced_by, forced.forced_reason, forced.deletes) == ("Ada Lovelace", "the branch was sold", 9)
    assert [(one.kind, one.severity) for one in forced.findings] == [("volume", "error")]
    assert len(values(tmp_path)) == 31


def test_a_refused_load_can_be_followed_by_a_good_one(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    source.hidden = set(source.records) - {"r000"}
    with pytest.raises(LoadRefusedError):
        load(tmp_path, source, "full")
    source.hidden = set()
    assert load(tmp_path, source, "full").load.versions == 0


def test_a_read_that_breaks_off_leaves_cursor_and_rows_as_they_were(tmp_path: Path) -> None:
    source = some(4)
    before = load(tmp_path, source).load
    source.put(30, **{f"s{number}": "b" for number in range(20)})

    def hang_up(number: int) -> None:
        if number == 2:
            raise TransientError("crm", "hung up")

    source.hook = hang_up
    with pytest.raises(TransientError):
        load(tmp_path, source)
    assert Lake(tmp_path).last_load("salesforce", "Thing", "crm") == before
    source.hook = id
    assert load(tmp_path, source).load.versions == 20


def test_a_record_that_changes_during_the_read_is_read_again_next_time(tmp_path: Path) -> None:
    source = some(4)
    source.now = START + timedelta(minutes=30)
    source.put(45, r002="changed while we read")  # later than the clock at the start of the read
    done = load(tmp_path, source).load
    assert done.cursor_out == source.now.isoformat()


def test_a_quiet_source_moves_read_through_and_not_the_cursor(tmp_path: Path) -> None:
    source = some(4)
    first = load(tmp_path, source).load
    source.now += timedelta(hours=1)
    second = load(tmp_path, source).load
    assert second.cursor_out == first.cursor_out
    assert second.read_through - first.read_through == timedelta(hours=1)


def test_an_entity_with_its_own_look_back_keeps_it(tmp_path: Path) -> None:
    source = some(4, minute=60)
    entity = replace(ENTITY, look_back=timedelta(minutes=1))
    load(tmp_path, source, entity=entity)
    load(tmp_path, source, entity=entity)
    assert source.asked[-1] == START + timedelta(minutes=59)


def test_two_instances_in_one_table_do_not_see_each_other(tmp_path: Path) -> None:
    other = INSTANCE.model_copy(update={"name": "crm2"})
    load(tmp_path, some(40))
    assert load(tmp_path, some(40), instance=other).load.versions == 40
    assert load(tmp_path, some(39), "full", instance=other).load.deletes == 1
    assert load(tmp_path, some(40), "full").load.versions == 0


def test_a_second_load_of_the_same_entity_at_the_same_time_is_refused(tmp_path: Path) -> None:
    source = some(4)

    def again(number: int) -> None:
        if number == 1:
            load_entity(Lake(tmp_path), INSTANCE, some(4), ENTITY, "full")

    source.hook = again
    with pytest.raises(LoadRefusedError, match="another process is loading it"):
        load(tmp_path, source)


def test_compaction_between_loads_changes_nothing(tmp_path: Path) -> None:
    source = some(40)
    load(tmp_path, source)
    for minute in range(5, 10):
        source.put(minute, r003=f"v{minute}")
        load(tmp_path, source)
    Lake(tmp_path).compact()
    assert load(tmp_path, source, "full").load.versions == 0
    source.put(11, r003="last")
    assert load(tmp_path, source).load.versions == 1
    assert len(rows(tmp_path)) == 46
