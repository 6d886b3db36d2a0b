"""The server the sandbox starts: installed apart, seeded once, stopped when done."""

from __future__ import annotations

import ast
import os
import shutil
import stat
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.tryton.install import LOCK, environment, run
from qtc_pipeline.sandbox.tryton.server import TrytonServer, make_template, running, tryton_toml
from qtc_pipeline.settings import load_settings
from tests.systems.tryton.servers import HOME, ROOT

pytestmark = pytest.mark.xdist_group("tryton")


def test_nothing_of_tryton_is_imported() -> None:
    for path in [*(ROOT / "qtc_pipeline").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & {"trytond", "proteus"}, path


def test_every_line_of_the_lock_is_pinned_and_hashed() -> None:
    text = LOCK.read_text(encoding="utf-8")
    requirements = [line for line in text.splitlines() if line and line[0].isalpha()]
    assert all("==" in line for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements) > 30


def test_the_template_is_made_once(tryton_server: TrytonServer) -> None:
    said: list[str] = []
    template = make_template(HOME, said.append)
    assert said == ["Tryton: environment"]
    assert template.is_file()
    assert environment(HOME) == environment(HOME)
    assert tryton_server.folder.parent == template.parent


def test_passwords_are_for_their_owner_only(tryton_server: TrytonServer) -> None:
    for path in (tryton_server.secret_file, tryton_server.admin_secret_file):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text(encoding="utf-8")) >= 32


def test_a_copy_is_kept_between_starts_and_the_server_is_gone_in_between() -> None:
    make_template(HOME)
    name = f"test-{os.getpid()}-kept"
    kept = ("model.party.party.search_count", [["name", "=", "Kept"]], 0, None, {})
    with running(HOME, name=name, fresh=True) as server, server.connect_admin() as rpc:
        rpc.call("model.party.party.write", [5], {"name": "Kept"}, {})
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.base_url)
    with running(HOME, name=name) as again, again.connect() as rpc:
        assert rpc.call(*kept) == 1
    with running(HOME, name=name, fresh=True) as fresh, fresh.connect() as rpc:
        assert rpc.call(*kept) == 0
    shutil.rmtree(server.folder)


def test_the_settings_file_describes_one_system_in_three_roles(
    tryton_server: TrytonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QTC_HOME", str(tmp_path))
    path = tmp_path / "qtc.toml"
    path.write_text(tryton_toml(HOME, tryton_server.port), encoding="utf-8")
    settings = load_settings(path)
    assert {one.name for role in ("crm", "psa", "erp") for one in settings.with_role(role)} == {"tryton"}  # type: ignore[arg-type]
    assert {entity.id: entity.keys["tryton"] for entity in settings.legal_entities} == {"US": "1", "DE": "2"}
    assert settings.instance("tryton").secret.get_secret_value() not in path.read_text(encoding="utf-8")


def test_a_program_that_fails_is_told_with_the_end_of_its_output(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"exit 3: .*no such module"):
        run(["/bin/sh", "-c", "echo no such module >&2; exit 3"], tmp_path, {})
