"""The command line: complete help, documented exit codes, errors as sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qtc_pipeline.settings import EXAMPLE, child_environment

QTC = str(Path(sys.executable).with_name("qtc"))
COMMANDS = [
    *(["demo"], ["run"], ["ingest"], ["gates"], ["kpi"], ["trace"], ["doctor"], ["init"], ["dev"]),
    *(
        ["publish", "list"],
        ["publish", "show"],
        ["publish", "rollback"],
        ["publish", "rebuild"],
        ["publish", "diff"],
        ["explain"],
        ["exceptions", "list"],
        ["exceptions", "show"],
        ["waivers", "add"],
        ["waivers", "list"],
        ["waivers", "end"],
    ),
    *(
        ["systems", "check"],
        ["sandbox", "serve"],
        ["sandbox", "advance"],
        ["sandbox", "stop"],
        ["sandbox", "fault"],
        ["lake", "compact"],
        ["lake", "erase"],
    ),
]


def qtc(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = child_environment(QTC_HOME=str(home), COLUMNS="200", QTC_CONFIG="")
    del environment["QTC_CONFIG"]
    return subprocess.run([QTC, *arguments], env=environment, cwd=home, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_its_options(tmp_path: Path, command: list[str]) -> None:
    done = qtc(tmp_path, *command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert command[-1] in done.stdout


def test_the_exit_codes_stand_in_the_help(tmp_path: Path) -> None:
    assert "3 at least one mart was held" in " ".join(qtc(tmp_path, "--help").stdout.split())


def test_without_settings_a_run_says_how_to_get_them(tmp_path: Path) -> None:
    done = qtc(tmp_path, "run")
    assert done.returncode == 5
    assert "qtc demo" in done.stderr
    assert "Traceback" not in done.stderr


def test_init_writes_the_example_once(tmp_path: Path) -> None:
    assert qtc(tmp_path, "init").returncode == 0
    assert (tmp_path / "qtc.toml").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")
    assert qtc(tmp_path, "init").returncode == 5


def test_systems_without_secrets_are_named_with_the_variable_to_set(tmp_path: Path) -> None:
    qtc(tmp_path, "init")
    done = qtc(tmp_path, "systems", "check", "--json")
    assert done.returncode == 4
    assert "QTC_SECRET_CRM" in done.stdout


def test_a_forced_load_needs_a_person(tmp_path: Path) -> None:
    qtc(tmp_path, "init")
    done = qtc(tmp_path, "ingest", "--force-reason", "migration")
    assert done.returncode == 5
    assert "--person" in done.stderr


def test_asking_for_numbers_before_anything_is_published_says_so(tmp_path: Path) -> None:
    qtc(tmp_path, "init")
    done = qtc(tmp_path, "kpi")
    assert done.returncode == 1
    assert "qtc run" in done.stderr


def test_a_waiver_names_a_rule_a_person_a_reason_and_an_end(tmp_path: Path) -> None:
    assert qtc(tmp_path, "init").returncode == 0
    said = ["--mart", "margin", "--rule", "revenue.gl", "--person", "Ada", "--reason", "journal is corrected in July"]
    done = qtc(tmp_path, "waivers", "add", *said, "--expires", "2999-01-31", "--legal-entity", "DE")
    assert done.returncode == 0, done.stderr
    listed = json.loads(qtc(tmp_path, "waivers", "list", "--json").stdout)
    assert [(one["mart"], one["rule_id"], one["legal_entity_id"], one["person"]) for one in listed] == [
        ("margin", "revenue.gl", "DE", "Ada")
    ]
    assert qtc(tmp_path, "waivers", "end", str(listed[0]["waiver_id"])).returncode == 0
    assert json.loads(qtc(tmp_path, "waivers", "list", "--json").stdout) == []
    assert len(json.loads(qtc(tmp_path, "waivers", "list", "--all", "--json").stdout)) == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (["--rule", "activation.psa"], "has no exposure that gates"),
        (["--expires", "2001-01-01"], "is past already"),
        (["--legal-entity", "FR"], "Use one of: DE, UK, US"),
        (["--reason", " "], "must say something"),
        (["--expires", "soon"], "is not ISO 8601"),
    ],
    ids=lambda one: one[0] if isinstance(one, list) else None,
)
def test_a_waiver_that_waives_nothing_real_is_refused(tmp_path: Path, wrong: list[str], told: str) -> None:
    assert qtc(tmp_path, "init").returncode == 0
    right = {"--mart": "margin", "--rule": "revenue.gl", "--person": "Ada", "--reason": "x", "--expires": "2999-01-31"}
    said = {**right, wrong[0]: wrong[1]}
    done = qtc(tmp_path, "waivers", "add", *(word for pair in said.items() for word in pair))
    assert done.returncode == 1
    assert told in " ".join(done.stderr.split())
