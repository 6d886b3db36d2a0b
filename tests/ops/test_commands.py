"""``qtc users`` and ``qtc audit`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner, Result

from qtc_pipeline.cli import app
from qtc_pipeline.corrections.governance import check
from qtc_pipeline.errors import AuditError, CorrectionError, QtcError
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import EXAMPLE, load_settings
from tests.ops.ledger import NOW, unguard


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "qtc.toml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("QTC_HOME", str(tmp_path))
    monkeypatch.setenv("QTC_CONFIG", str(tmp_path / "qtc.toml"))
    return tmp_path


def qtc(*arguments: str, token: str = "") -> Result:
    result = CliRunner(env={"QTC_TOKEN": token or None}).invoke(app, list(arguments))
    if isinstance(result.exception, QtcError):
        raise result.exception
    return result


def test_every_command_of_the_closed_loop_explains_itself_and_its_options() -> None:
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    for group in ("corrections", "dlq", "changes", "users", "audit"):
        inside = root.commands[group]
        assert isinstance(inside, TyperGroup)
        for name, command in inside.commands.items():
            shown = qtc(group, name, "--help")
            assert (shown.exit_code, name in shown.stdout) == (0, True), (group, name)
            assert command.help, (group, name)
            assert [one.name for one in command.params if not getattr(one, "help", None)] == [], (group, name)


@pytest.mark.usefixtures("home")
def test_settings_one_person_changed_alone_are_not_planned_under(home: Path) -> None:
    token = {"ada": qtc("users", "add", "ada", "--role", "admin").stdout.strip()}
    token["bob"] = qtc("users", "add", "bob", "--role", "approver", token=token["ada"]).stdout.strip()
    token["eve"] = qtc("users", "add", "eve", "--role", "operator", token=token["ada"]).stdout.strip()
    check(load_settings(), actor="qtc", now=NOW)
    assert "Everything in qtc.toml is in force" in qtc("changes", "propose", token=token["ada"]).stdout
    config = home / "qtc.toml"
    text = config.read_text(encoding="utf-8").replace("max_writes_per_day = 1000", "max_writes_per_day = 7")
    config.write_text(text, encoding="utf-8")
    with pytest.raises(CorrectionError, match=r"settings: policies: changed in qtc\.toml and approved by nobody"):
        check(load_settings(), actor="qtc", now=NOW)
    assert "policies waits for another person" in qtc("changes", "propose", token=token["ada"]).stdout
    (waits,) = [one for one in json.loads(qtc("changes", "list", "--json").stdout) if one["state"] == "waiting"]
    for name, told in (("ada", "'ada' proposed it"), ("eve", "is no approver")):
        with pytest.raises(CorrectionError, match=told):
            qtc("changes", "approve", str(waits["governed_id"]), token=token[name])
    assert qtc("changes", "approve", str(waits["governed_id"]), token=token["bob"]).exit_code == 0
    check(load_settings(), actor="qtc", now=NOW)
    assert {one["state"] for one in json.loads(qtc("changes", "list", "--json").stdout)} == {"in force"}


@pytest.mark.usefixtures("home")
def test_the_first_admin_is_added_from_the_command_line_and_then_adds_the_others() -> None:
    token = qtc("users", "add", "ada", "--role", "admin").stdout.strip()
    assert token.startswith("ada.")
    with pytest.raises(CorrectionError, match="only an admin"):
        qtc("users", "add", "bob", "--role", "approver")
    bob = qtc("users", "add", "bob", "--role", "approver", "--limit", "25000.50", token=token).stdout.strip()
    again = qtc("users", "token", "bob", token=token).stdout.strip()
    assert again.startswith("bob.")
    assert again != bob
    assert qtc("users", "disable", "bob", token=token).exit_code == 0
    listed = json.loads(qtc("users", "list", "--json").stdout)
    assert [(one["name"], one["approval_limit"], one["disabled_at"] is None) for one in listed] == [
        ("ada", None, True),
        ("bob", "25000.50", False),
    ]
    assert "token" not in str(listed)
    with pytest.raises(QtcError, match="is no amount"):
        qtc("users", "add", "eve", "--role", "viewer", "--limit", "much", token=token)


def test_a_missing_last_row_is_named_by_the_publication_that_saw_it(home: Path) -> None:
    qtc("users", "add", "ada", "--role", "admin")
    rows = json.loads(qtc("audit", "verify", "--json").stdout)
    assert (rows["rows"], rows["publications"]) == (1, 0)
    assert json.loads(qtc("audit", "list", "--subject", "ada", "--json").stdout)[0]["action"] == "user.added"
    publication = home / "published" / "20260701"
    publication.mkdir(parents=True)
    seen = {"audit": {"count": rows["rows"], "hash": rows["head"]}}
    (publication / "manifest.json").write_text(json.dumps(seen), encoding="utf-8")
    assert "1 rows hold, as far as 1 publications" in qtc("audit", "verify").stdout
    with open_store(load_settings()) as session:
        unguard(session)
        session.connection().exec_driver_sql("delete from audit")
    with pytest.raises(AuditError, match="audit row 1: missing at the end: publication 20260701 saw 1 rows"):
        qtc("audit", "verify")


def test_the_key_is_made_once_outside_the_store_and_readable_by_its_owner_only(home: Path) -> None:
    qtc("users", "add", "ada", "--role", "admin")
    key = home / "audit.key"
    assert oct(key.stat().st_mode & 0o777) == "0o600"
    assert key.read_bytes().strip() not in (home / "ops.db").read_bytes()
