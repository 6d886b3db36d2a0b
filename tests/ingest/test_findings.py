"""What is out of the ordinary about a load is named, with severity, before anything downstream changes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.ingest.findings import Observed, find, profile_after
from qtc_pipeline.ingest.known import Known
from qtc_pipeline.ingest.load import Force
from qtc_pipeline.ingest.shape import Shape
from qtc_pipeline.lake import Finding, Lake, Load, Profile, SourceCount, raw_schema
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import Anomalies
from qtc_pipeline.systems.registry import system
from tests.ingest.sources import ENTITY, INSTANCE, START, Source, rows
from tests.ingest.sources import load as load_from
from tests.ingest.test_lake import a_load

Change = Callable[[dict[str, Any]], dict[str, Any]]
FORCE = Force("Ada Lovelace", "the field was dropped on purpose")
PROMPT = INSTANCE.model_copy(update={"look_back_seconds": 0})
LATEST = "z"
# "of" is always there and null, so this vendor is known to send its nulls
SENDS_NULLS = replace(ENTITY, fields=("id", "at", "value", "of"))
load = partial(load_from, instance=PROMPT, entity=SENDS_NULLS)
SOMETIMES = replace(ENTITY, fields=("id", "at", "value", "memo"))


class Shaped(Source):
    """A source whose payloads a test can change."""

    change: Change = staticmethod(lambda payload: payload)

    def _payload(self, key: str, at: datetime | None, value: str) -> str:
        payload = json.loads(super()._payload(key, at, value))
        return json.dumps(payload if key == LATEST else self.change(payload))


def some(count: int = 39) -> Shaped:
    """So many records and one later one, which is all an increment asks for again."""
    source = Shaped()
    source.put(0, **{f"r{number:03d}": "a" for number in range(count)})
    source.put(1, **{LATEST: "a"})
    return source


def without(*names: str) -> Change:
    return lambda payload: {name: value for name, value in payload.items() if name not in names}


def of(found: tuple[Finding, ...]) -> list[tuple[str, str, str]]:
    return [(one.kind, one.severity, one.field) for one in found]


def touch(source: Source, count: int, minute: int = 5) -> None:
    source.put(minute, **{f"r{number:03d}": "b" for number in range(count)})


@pytest.mark.parametrize("mode", ["full", "increment"])
def test_a_field_gone_from_the_records_refuses_the_load_by_name(tmp_path: Path, mode: Any) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 10)
    source.change = without("value")
    with pytest.raises(
        LoadRefusedError, match=r"entity Thing: field value: .*gone.*in every record, seen not in"
    ) as no:
        load(tmp_path, source, mode)
    assert of(no.value.findings)[0] == ("missing_field", "error", "value")
    assert "force the load with person and reason" in str(no.value)
    assert len(rows(tmp_path)) == 40, "nothing became visible"
    source.change = without()
    assert load(tmp_path, source, mode).load.findings == ()


def test_a_field_gone_from_a_few_records_is_told_and_committed(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 10)
    source.change = lambda payload: without(*(["value"] if payload["id"] == "r003" else []))(payload)
    assert of(load(tmp_path, source).load.findings) == [("missing_field", "warning", "value")]
    assert len(rows(tmp_path)) == 50


def test_a_forced_load_makes_the_new_shape_the_usual_one(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 10)
    source.change = without("value")
    forced = load(tmp_path, source, force=FORCE).load
    assert (forced.forced_by, of(forced.findings)) == (FORCE.by, [("missing_field", "error", "value")])
    touch(source, 10, minute=9)
    assert load(tmp_path, source).load.findings == ()


def test_where_a_vendor_leaves_nulls_out_only_a_field_missed_by_many_is_gone(tmp_path: Path) -> None:
    source = some()
    source.change = lambda payload: {**payload, **({"memo": "m"} if payload["id"] < "r030" else {})}
    load(tmp_path, source, entity=SOMETIMES)
    source.change = without()
    touch(source, 10)
    assert load(tmp_path, source, entity=SOMETIMES).load.findings == (), "ten records without a memo are no news"
    source.put(9, **{f"r{number:03d}": "c" for number in range(39)})
    with pytest.raises(LoadRefusedError, match=r"field memo: .*filled in 60% of 50 records, seen filled in none of 39"):
        load(tmp_path, source, entity=SOMETIMES)


def test_a_field_always_filled_that_comes_empty_refuses_the_load_where_it_is_no_single_case(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 3)
    source.change = lambda payload: {**payload, "value": None}
    root = shutil.copytree(tmp_path, tmp_path.with_name("few"))
    assert of(load(root, source).load.findings) == [("missing_field", "warning", "value")]
    touch(source, 3, minute=7)
    assert load(root, source).load.findings == (), "told once"
    touch(source, 25)
    with pytest.raises(
        LoadRefusedError, match=r"field value: .*filled in 100% of 40 records, seen filled in none of 25"
    ):
        load(tmp_path, source)


def test_a_first_null_of_a_vendor_that_leaves_nulls_out_refuses_nothing(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source, entity=ENTITY)
    touch(source, 1)
    source.change = without("value")
    assert of(load(tmp_path, source, entity=ENTITY).load.findings) == [("missing_field", "warning", "value")]


def test_a_field_of_another_type_refuses_the_load_or_is_told_where_it_is_rare(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 10)
    source.change = lambda payload: {**payload, "value": 7} if payload["id"] == "r003" else payload
    assert of(load(tmp_path, source).load.findings) == [("retyped_field", "warning", "value")]
    touch(source, 39, minute=9)
    source.change = lambda payload: {**payload, "value": {"text": payload["value"]}}
    with pytest.raises(LoadRefusedError, match=r"field value: .*expected number or string, seen object"):
        load(tmp_path, source, "full")


def test_a_new_field_is_kept_in_raw_and_told_once(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    touch(source, 10)
    source.change = lambda payload: {**payload, "colour": "red"}
    done = load(tmp_path, source).load
    assert of(done.findings) == [("new_field", "info", "colour")]
    assert "in 10 of 10 records" in done.findings[0].sentence
    assert sum('"colour": "red"' in row["payload"] for row in rows(tmp_path)) == 10
    touch(source, 20, minute=9)
    assert load(tmp_path, source).load.findings == ()


def test_a_number_the_engine_cannot_hold_is_told(tmp_path: Path) -> None:
    source = some(3)
    text = source._payload
    source._payload = lambda key, at, value: text(key, at, value).replace(  # type: ignore[method-assign]
        '"a"', '1234567890123456.789, "ref": "at: 123456789012345678901"' if key == "r001" else "0.5"
    )
    assert of(load(tmp_path, source).load.findings) == [("imprecise_number", "warning", "value")]


def test_a_first_read_shorter_than_the_sources_count_is_refused(tmp_path: Path) -> None:
    source = some()
    source.hidden = {f"r{number:03d}" for number in range(20)}
    with pytest.raises(LoadRefusedError, match=r"\(volume\): expected 40 to 40 records, seen 20"):
        load(tmp_path, source)
    source.hidden = {"r001"}
    assert of(load(tmp_path, source).load.findings) == [("volume", "warning", "")]


def test_a_source_that_shows_and_counts_half_its_records_is_refused_in_any_mode(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    source.records = dict(sorted(source.records.items())[:20])
    for mode in ("increment", "full"):
        with pytest.raises(LoadRefusedError, match="20 records, the last one 40"):
            load(tmp_path, source, mode)


def test_a_clock_behind_the_last_load_is_a_stale_source(tmp_path: Path) -> None:
    source = some()
    load(tmp_path, source)
    source.now -= timedelta(hours=2)
    assert of(load(tmp_path, source).load.findings) == [("stale_source", "warning", "")]


def test_what_did_not_change_is_not_looked_at_and_a_load_costs_no_second_profile(tmp_path: Path) -> None:
    source = some()
    first = load(tmp_path, source).load
    second = load(tmp_path, source, "full").load
    assert first.profile is not None
    assert second.profile == first.profile
    assert first.profile.rows == 40
    assert len(first.to_json()) < 1500


def history(totals: list[str], *, hours: int = 24, measure: str = "amount") -> list[Load]:
    loads: list[Load] = []
    for number, total in enumerate(totals):
        at = START + timedelta(hours=hours * number)
        counts = (SourceCount("EUR", measure, Decimal(total)),)  # type: ignore[arg-type]
        one = replace(
            a_load(), read_started_at=at, counts_before=counts, counts_after=counts, cursor_out=at.isoformat()
        )
        loads.append(replace(one, profile=profile_after(Observed(one, ENTITY, Profile(), earlier=loads), ())))
    return loads


def judged(loads: list[Load], limits: Anomalies | None = None) -> list[tuple[str, str, str]]:
    return of(find(Observed(loads[-1], ENTITY, Profile(), earlier=loads[:-1]), limits or Anomalies()))


USUAL = ["1000", "1010", "1022", "1031", "1043", "1050", "1061"]


def test_a_total_is_unusual_against_its_own_history_only() -> None:
    assert judged(history([*USUAL, "1100"])) == []
    assert judged(history([*USUAL, "1900"])) == [("unusual_total", "warning", "")]
    assert judged(history([*USUAL, "300"])) == [("unusual_total", "warning", "")]
    assert judged(history(["1000", "1600", "1100", "1900", "1000", "1700", "1200", "1900"])) == [], "it always swings"


def test_a_total_is_not_judged_by_few_loads_and_the_limits_are_settings() -> None:
    assert judged(history(["1000", "1010", "9000"])) == []
    assert judged(history(["1000", "1010", "1020", "1030", "9000"]), Anomalies(min_loads=3)) != []
    assert judged(history([*USUAL, "1900"]), Anomalies(min_change=Decimal(1))) == []


def test_a_change_over_many_unread_days_is_taken_per_day() -> None:
    loads = history([*USUAL, "1900"])
    late = replace(loads[-1], read_started_at=loads[-1].read_started_at + timedelta(days=60))
    assert judged([*loads[:-1], late]) == []


def test_a_feed_that_always_moved_and_stopped_is_stale_and_a_quiet_one_is_not() -> None:
    loads = history(["1000"] * 40)

    def after(days: int, watched: list[Load]) -> list[tuple[str, str, str]]:
        quiet = replace(watched[-1], read_started_at=watched[-1].read_started_at + timedelta(days=days))
        return judged([*watched, quiet])

    assert after(7, loads) == []
    assert after(8, loads) == [("stale_source", "warning", "")]
    assert after(8, loads[:10]) == [], "not watched for long enough to know"
    assert after(300, loads[:1]) == [], "a table nobody changes"


def test_days_of_the_sandbox_alarm_nobody(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for day in (0, 1, 2, 3, 4, 7, 12):
        write_lake(Firm(7, 0.02, day=day), lake)
    for vendor, entity in lake.tables():
        declared, earlier = system(vendor).entity(entity), list[Load]()
        stored = pa.Table.from_pylist(rows(tmp_path, entity, vendor), schema=raw_schema())
        for one in lake.loads(vendor, entity):
            shape = Shape(declared)
            with Known((), one.instance, whole=False) as known:
                shape.add(stored.filter(pc.equal(stored["load_id"], one.load_id)), known)
            observed = Observed(one, declared, shape.profile, shape.imprecise, earlier)
            found = find(observed, Anomalies())
            assert found == (), [each.sentence for each in found]
            earlier.append(replace(one, profile=profile_after(observed, found)))
