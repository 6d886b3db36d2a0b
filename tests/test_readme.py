"""The README tells the truth: its commands, targets, files, tables and permissions exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from qtc_pipeline.gates.contract import MARTS
from qtc_pipeline.systems.registry import system

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
QTC = str(Path(sys.executable).with_name("qtc"))


def commands() -> list[str]:
    quoted = re.findall(r"`(qtc [a-z][^`]*)`", README)
    typed = re.findall(r"^(qtc [^#\n]*)", README, flags=re.MULTILINE)
    words = [[word for word in one.split()[1:] if re.fullmatch(r"[a-z]+", word)] for one in (*quoted, *typed)]
    return sorted({" ".join(one[:2]) for one in words})


@pytest.mark.parametrize("command", commands())
def test_every_command_it_names_exists(command: str) -> None:
    done = subprocess.run([QTC, *command.split(), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_make_target_it_names_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z][a-z-]+)\b", README))
    there = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, flags=re.MULTILINE))
    assert {"demo", "test", "dev", "lint", "bench", "demo-tryton"} <= named <= there


def test_every_picture_it_shows_is_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).stat().st_size > 10_000


def test_every_table_it_promises_is_a_model() -> None:
    named = set(re.findall(r"\b((?:kpi|fct)_[a-z_]+)\b", README))
    project = ROOT / "dbt_project"
    models = {
        path.stem
        for folder, kind in (("models", "sql"), ("seeds", "csv"))
        for path in (project / folder).rglob(f"*.{kind}")
    }
    published = {relation.split(".")[1] for mart in MARTS.values() for relation in mart.relations}
    assert published <= named <= models


@pytest.mark.parametrize("vendor", ["salesforce", "kantata", "netsuite", "tryton"])
def test_every_vendor_it_can_read_has_its_permissions_listed(vendor: str) -> None:
    assert system(vendor).entities
    assert re.search(rf"^\| {vendor}[^|]*\|", README, flags=re.MULTILINE | re.IGNORECASE)
