"""The walls between the rooms: who may import whom, who may read the environment, how large a module gets."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "qtc_pipeline"
SHARED = {"errors", "keys", "settings", "lake", "warehouse", "ops", "__init__"}
STAGES = {"ingest", "transform", "gates", "publish", "corrections", "sandbox", "observe"}
# a stage -> what else it may import than the shared modules, and why
ALLOWED = {
    "ingest": {"systems"},
    "transform": set[str](),
    "gates": set[str](),
    # both read verdicts in the words of the gates
    "publish": {"gates.contract", "gates.legs"},
    "corrections": {"gates.contract", "gates.legs", "systems"},
    "sandbox": {"systems.contract", "systems.tryton.rpc"},  # the real server is filled through the API it is read by
    "observe": set[str](),
    "systems": set[str](),
    "ops": set[str](),
    "lake": set[str](),
    "warehouse": set[str](),
    "errors": set[str](),
    "keys": set[str](),
    "settings": set[str](),
}
_EVIL = {"eval", "exec"}
_UNSAFE = {"pickle", "marshal", "shelve"}
HEAVY = {"dagster", "dagster_dbt", "great_expectations", "pandas", "duckdb", "deltalake", "pyarrow", "sqlalchemy"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        yield name.removesuffix(".__init__"), ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def test_rooms_import_only_what_lies_before_them_in_the_flow() -> None:
    wrong = []
    for module, tree in modules():
        room = room_of(module)
        if room not in ALLOWED:
            continue
        for name in imported(tree):
            if not name.startswith("qtc_pipeline."):
                continue
            target = name.removeprefix("qtc_pipeline.")
            other = target.split(".")[0]
            if other in {room, "__version__"} or other in SHARED:
                continue
            if not any(target == allowed or target.startswith(f"{allowed}.") for allowed in ALLOWED[room]):
                wrong.append(f"{module} imports {name}")
    assert not wrong


def test_systems_know_nothing_of_each_other() -> None:
    shared = {"contract", "dry_run", "http", "paging", "payload", "registry", "sending", "writing"}
    wrong = []
    for module, tree in modules():
        parts = module.split(".")
        if len(parts) < 3 or parts[1] != "systems" or parts[2] in shared:
            continue
        for name in imported(tree):
            target = name.split(".")
            if target[:2] == ["qtc_pipeline", "systems"] and target[2] not in shared | {parts[2]}:
                wrong.append(f"{module} imports {name}")
    assert not wrong


@pytest.mark.parametrize("library", ["dagster", "dagster_dbt", "dbt", "great_expectations"])
def test_systems_know_nothing_of_orchestration(library: str) -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules()
        if room_of(module) == "systems"
        for name in imported(tree)
        if name.split(".")[0] == library
    ]
    assert not wrong


def test_only_the_expectations_module_imports_great_expectations() -> None:
    users = {
        module
        for module, tree in modules()
        if any(name.split(".")[0] == "great_expectations" for name in imported(tree))
    }
    assert users == {"qtc_pipeline.gates.expectations"}


def test_only_settings_reads_the_environment() -> None:
    readers = set()
    for module, tree in modules():
        for node in ast.walk(tree):
            is_environ = isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
            if is_environ and isinstance(node.value, ast.Name) and node.value.id == "os":
                readers.add(module)
    assert {room_of(reader) for reader in readers} == {"settings"}


def test_every_module_opens_with_its_room_sign() -> None:
    assert [module for module, tree in modules() if not ast.get_docstring(tree)] == []


def test_modules_stay_readable_in_one_sitting() -> None:
    large = {
        str(path.relative_to(ROOT)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert large == {}


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; import qtc_pipeline.cli; print(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())


def test_no_module_evaluates_or_unpickles_data() -> None:
    wrong = []
    for module, tree in modules():
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        wrong += [f"{module} calls {call.id}" for call in calls if isinstance(call, ast.Name) and call.id in _EVIL]
        wrong += [f"{module} imports {name}" for name in imported(tree) if name.split(".")[0] in _UNSAFE]
    assert not wrong
