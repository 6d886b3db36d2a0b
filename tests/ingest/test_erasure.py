"""Erasure of personal data: every version, every file, no other record; killed at any instant it can be completed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.errors import ErasureError, LoadRefusedError, SettingsError
from qtc_pipeline.ingest.erase import erase_record
from qtc_pipeline.lake import Erasure, Lake
from qtc_pipeline.lake.locks import loading, rewriting
from qtc_pipeline.lake.redact import redacted
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.writer import write_lake
from qtc_pipeline.settings import EXAMPLE, load_settings
from tests.ingest.sources import INSTANCE, Source, load, rows

SECRET = "Grace Hopper said so"
PLACES = [
    *("before the commit", "after the commit"),
    *(
        pytest.param(where, marks=pytest.mark.long)
        for where in ("before anything", "inside a file", "between two removals", "before it is told")
    ),
]


def request(**changed: Any) -> Erasure:
    values = {
        "erasure_id": f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-test",
        "vendor": "salesforce",
        "entity": "Thing",
        "instance": "crm",
        "record_id": "r001",
        "members": ("value",),
        "person": "Ada Lovelace",
        "reason": "Article 17",
        "requested_at": "2026-06-30T23:00:00+00:00",
    }
    return Erasure(**{**values, **changed})


def some(secret: str = SECRET) -> Source:
    source = Source()
    source.put(0, **{f"r{number:03d}": "a" for number in range(6)})
    source.put(0, r001=secret)
    return source


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three versions of the record in two files, a compacted and an orphaned one, and a namesake elsewhere."""
    root = tmp_path / "lake"
    source = some()
    load(root, source)
    source.put(3, r001=f"{SECRET} again", r002="b")
    load(root, source)
    Lake(root).compact()
    source.put(5, r001=f"{SECRET} thrice")
    load(root, source)
    other = INSTANCE.model_copy(update={"name": "crm2"})
    load(root, some("a namesake"), instance=other)
    folder = Lake(root).path("salesforce", "Thing")
    (folder / "half.parquet").write_bytes(b"PAR1" + SECRET.encode())
    return Lake(root)


def texts(root: Path) -> str:
    """Everything that can be read from any file under the lake, Parquet decoded."""
    import pyarrow.parquet as pq

    found = []
    for path in root.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            found.append(raw.decode(errors="replace"))
            if path.suffix == ".parquet" and raw[:4] == raw[-4:] == b"PAR1":
                found.append(json.dumps(pq.read_table(path).to_pylist(), default=str))
    return "\n".join(found)


def others(lake: Lake) -> list[dict[str, Any]]:
    return [row for row in rows(lake.root) if (row["record_id"], row["instance"]) != ("r001", "crm")]


def test_no_file_holds_the_text_and_everything_else_is_as_it_was(lake: Lake) -> None:
    before, loads, kept = rows(lake.root), lake.loads("salesforce", "Thing"), others(lake)
    assert SECRET in texts(lake.root)
    done = lake.erase(request())
    assert SECRET not in texts(lake.root)
    assert done.versions == 3
    assert others(lake) == kept
    assert lake.loads("salesforce", "Thing") == loads
    after = rows(lake.root)
    assert [{**row, "payload": ""} for row in after] == [{**row, "payload": ""} for row in before]
    erased = [json.loads(row["payload"]) for row in after if (row["record_id"], row["instance"]) == ("r001", "crm")]
    assert {one["value"] for one in erased} == {"[erased]"}
    assert {one["id"] for one in erased} == {"r001"}
    assert sum("a namesake" in row["payload"] for row in after) == 1


def test_the_log_says_who_why_when_and_what(lake: Lake) -> None:
    done = lake.erase(request())
    (entry,) = lake.erasures()
    assert entry == done
    assert (entry.person, entry.reason, entry.record_id, entry.versions) == ("Ada Lovelace", "Article 17", "r001", 3)
    assert entry.completed_at is not None


@pytest.mark.parametrize("where", PLACES)
def test_killed_at_any_instant_readers_see_all_or_nothing_and_the_next_one_completes(lake: Lake, where: str) -> None:
    before, kept = len(rows(lake.root)), others(lake)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, str(Path(__file__).with_name("erased.py")), str(lake.root), where]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(rows(lake.root)) == before
    assert others(lake) == kept
    seen = sum(SECRET in row["payload"] for row in rows(lake.root))
    assert seen in {0, 3}
    assert lake.erasures()[0].completed_at is None
    assert load(lake.root, some_later()).load.mode == "increment", "loads go on meanwhile"
    again = lake.erase(request())
    assert SECRET not in texts(lake.root)
    assert [one.completed_at is not None for one in lake.erasures()] == [True]
    assert again.versions == 3
    assert others(lake) == kept


def some_later() -> Source:
    source = some()
    source.put(5, r001=f"{SECRET} thrice")
    source.put(3, r002="b")
    return source


def test_a_record_read_again_unchanged_does_not_bring_the_text_back(lake: Lake) -> None:
    lake.erase(request())
    assert load(lake.root, some_later(), "full").load.versions == 0
    assert SECRET not in texts(lake.root)
    lake.compact()
    assert SECRET not in texts(lake.root)


def test_a_record_nobody_holds_is_an_error_and_leaves_no_entry(lake: Lake) -> None:
    for wrong in ({"record_id": "r999"}, {"instance": "psa"}, {"entity": "Nothing"}):
        with pytest.raises(ErasureError, match="holds no such record"):
            lake.erase(request(**wrong))
    assert lake.erasures() == []


def test_no_load_of_the_table_runs_beside_an_erasure(lake: Lake) -> None:
    with loading(lake.root, "salesforce", "Thing", "crm2"), pytest.raises(ErasureError, match="being loaded now"):
        lake.erase(request())
    with rewriting(lake.root, "salesforce", "Thing"):
        with pytest.raises(LoadRefusedError, match="being erased"):
            load(lake.root, some())
        assert lake.compact()["salesforce", "Thing"][0] > 0


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ('{"id":1, "notes" : "x \\" }, \\u00e9", "amount":1.10}', '{"id":1, "notes" : "[erased]", "amount":1.10}'),
        ('{"notes":null,"more":{"notes":"kept"}}', '{"notes":null,"more":{"notes":"kept"}}'),
        ('{ "a":[1,{"b":2}], "notes":["x"],"z":1e400 }', '{ "a":[1,{"b":2}], "notes":null,"z":1e400 }'),
        ("{}", "{}"),
        ('{"n\\u006ftes":"x"}', '{"n\\u006ftes":"[erased]"}'),
    ],
)
def test_only_the_named_members_of_a_payload_change(payload: str, wanted: str) -> None:
    assert redacted(payload, ("notes",)) == wanted
    assert redacted(wanted, ("notes",)) == wanted


def test_what_is_personal_is_declared_by_the_vendor_and_ids_stamps_and_amounts_stay(tmp_path: Path) -> None:
    settings = load_settings(EXAMPLE, home=tmp_path)
    write_lake(Firm(7, 0.02), Lake(settings.lake_dir))
    user = next(row for row in rows(settings.lake_dir, "users", "kantata"))
    asked = {"instance": "psa", "entity": "users", "record_id": user["record_id"], "person": "Ada", "reason": "why"}
    name = json.loads(user["payload"])["full_name"]
    assert name in texts(settings.lake_dir / "raw" / "kantata")
    done = erase_record(settings, **asked)
    assert done.members == ("email_address", "full_name")
    assert name not in texts(settings.lake_dir / "raw" / "kantata")
    with pytest.raises(ErasureError, match="no field of it is declared personal"):
        erase_record(settings, **{**asked, "entity": "workspaces"})
    with pytest.raises(ErasureError, match="updated_at names, orders or sums the record"):
        erase_record(settings, **asked, members=["updated_at"])
    with pytest.raises(SettingsError, match="Use one of: workspaces"):
        erase_record(settings, **{**asked, "entity": "people"})
