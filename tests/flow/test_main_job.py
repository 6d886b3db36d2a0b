"""The main job as a stranger runs it: the demo, a second one, a day later, killed at every stage, read meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.publish.reader import current_publication, open_publication
from qtc_pipeline.settings import Settings, child_environment
from tests.flow.jobs import QTC, qtc, settings_of

pytestmark = pytest.mark.xdist_group("main_job")
# what tells one run from another: where rows came from and when they were read, not what they say
RUN_COLUMNS = {"build_id", "source_load_id", "loaded_at", "last_build_id", "checked_at", "watermarks"}


def content_of(home: Path) -> dict[str, list[Any]]:
    """Every published table as sorted rows, without the columns that name a run."""
    with open_publication(settings_of(home)) as (published, connection):
        found = {}
        for name in published.manifest["tables"]:
            described = connection.execute(f"select column_name from (describe {name})").fetchall()
            columns = ", ".join(column for (column,) in described if column not in RUN_COLUMNS)
            found[name] = sorted(connection.execute(f"select {columns} from {name}").fetchall(), key=str)
    return found


def test_the_demo_shows_systems_exceptions_verdicts_numbers_and_where_to_go(demo: tuple[Path, str]) -> None:
    _, shown = demo
    for expected in ("crm", "psa", "erp", "won_without_project", "time_not_transferred", "final", "backlog", "qtc dev"):
        assert expected in shown


def test_a_second_run_reads_and_says_that_there_is_nothing_to_do(demo: tuple[Path, str]) -> None:
    home, _ = demo
    before = current_publication(settings_of(home))
    done = qtc(home, "run", "--json")
    assert json.loads(done.stdout)["unchanged"] is True
    after = current_publication(settings_of(home))
    assert before is not None
    assert after is not None
    assert after.publication_id == before.publication_id
    assert "nothing was built" in qtc(home, "demo", "--scale", "0.02").stdout


def test_another_firm_in_the_same_home_is_refused_with_a_way_out(demo: tuple[Path, str]) -> None:
    home, _ = demo
    assert "another QTC_HOME" in qtc(home, "demo", "--scale", "0.03", expect=1).stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["kpi"],
        ["kpi", "backlog", "--by", "legal_entity"],
        ["gates"],
        ["exceptions", "list", "--state", "all"],
        ["publish", "list"],
        ["publish", "show"],
        ["doctor"],
        ["lake", "compact"],
    ],
    ids=" ".join,
)
def test_whatever_is_listed_is_listed_as_json_too(demo: tuple[Path, str], arguments: list[str]) -> None:
    home, _ = demo
    assert json.loads(qtc(home, *arguments, "--json").stdout)


def test_an_exception_is_shown_by_the_beginning_of_its_id_and_its_story_told(demo: tuple[Path, str]) -> None:
    home, _ = demo
    listed = json.loads(qtc(home, "exceptions", "list", "--class", "quantity_mismatch", "--json").stdout)
    shown = json.loads(qtc(home, "exceptions", "show", listed[0]["exception_id"][:12], "--json").stdout)
    assert shown["class"] == "quantity_mismatch"
    assert shown["occurrences"][0]["occurrence"] == 1
    story = json.loads(qtc(home, "trace", shown["qtc_id"], "--json").stdout)
    assert {"opportunity won", "contract signed", "time recorded"} <= {event["event"] for event in story}
    assert [event["at"] for event in story] == sorted(event["at"] for event in story)


@dataclass
class Readers:
    """What eight readers that never stop have seen."""

    reads: int = 0
    seen: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


@contextmanager
def eight_readers(settings: Settings) -> Iterator[Readers]:
    found = Readers()
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            try:
                with open_publication(settings) as (published, connection):
                    builds = connection.execute("select distinct build_id from kpis.kpi_executive").fetchall()
                    rows = connection.execute("select count(*) from kpis.kpi_executive").fetchone()
                assert builds == [(published.manifest["build_id"],)]
                assert rows == (published.manifest["tables"]["kpis.kpi_executive"]["rows"],)
                found.seen.add(published.publication_id)
                found.reads += 1
            except Exception as error:  # noqa: BLE001 - any error at all is what this test looks for
                found.errors.append(repr(error))
            time.sleep(0.05)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def kill_when_it_says(home: Path, marker: str, seconds_later: float) -> None:
    """Run the job and kill it (not the children it started) so many seconds after it announced a stage."""
    process = subprocess.Popen(
        [QTC, "run"], env=child_environment(QTC_HOME=str(home)), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if marker in line:
                time.sleep(seconds_later)
                os.kill(process.pid, signal.SIGKILL)
                break
        else:
            pytest.fail(f"the run never said '{marker}'")
    assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param((("transform 1", 4.0), ("transform 2", 4.0)), id="transforms"),
        # the gates' own tests kill them everywhere on a small firm
        pytest.param((("gates 1", 0.5), ("gates 2", 0.5)), id="gates", marks=pytest.mark.long),
    ],
)
def test_a_run_killed_at_every_stage_ends_as_the_undisturbed_one_and_readers_never_notice(
    demo: tuple[Path, str], day_later: Path, tmp_path: Path, moments: tuple[tuple[str, float], ...]
) -> None:
    home, _ = demo
    killed = tmp_path / "killed"
    shutil.copytree(home, killed, symlinks=True)
    qtc(killed, "sandbox", "advance")
    before = current_publication(settings_of(killed))
    assert before is not None
    with eight_readers(settings_of(killed)) as readers:
        for marker, seconds in moments:
            kill_when_it_says(killed, marker, seconds)
            assert current_publication(settings_of(killed)) == before
        kill_when_it_says(killed, "publish", 0.2)
        qtc(killed, "run")
    after = current_publication(settings_of(killed))
    assert after is not None
    assert readers.errors == []
    assert readers.reads > 100
    assert readers.seen >= {before.publication_id, after.publication_id}
    assert content_of(killed) == content_of(day_later)
    qtc(killed, "publish", "rollback", before.publication_id)
    assert current_publication(settings_of(killed)).publication_id == before.publication_id  # type: ignore[union-attr]
