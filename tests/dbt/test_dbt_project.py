"""The dbt project as a whole, read from its manifest: walls between rooms, documentation, contracts, control totals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

Node = dict[str, Any]


pytestmark = pytest.mark.xdist_group("dbt")


@pytest.fixture(scope="module")
def manifest(warehouse: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((warehouse.parent / "target" / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> dict[str, Node]:
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}


def _controls(models: dict[str, Node]) -> dict[str, Node]:
    return {name: node for name, node in models.items() if name.startswith("rec_control_")}


def test_control_totals_are_taken_from_sources_only(models: dict[str, Node]) -> None:
    controls = _controls(models)
    assert controls
    for name, node in controls.items():
        assert {key.split(".")[0] for key in node["depends_on"]["nodes"]} == {"source"}, name


def test_every_raw_relation_has_a_base_a_staging_and_a_control_model(
    models: dict[str, Node], manifest: dict[str, Any]
) -> None:
    raw = [source["name"] for source in manifest["sources"].values() if "__" in source["name"]]
    for name in raw:
        entity = name.removesuffix("__c")
        for kind in ("base", "stg", "rec_control"):
            assert f"{kind}_{entity}" in models, f"{name} has no {kind} model"


def test_every_control_is_compared(models: dict[str, Node]) -> None:
    compared = {key.split(".")[-1] for key in models["rec_control"]["depends_on"]["nodes"]}
    assert compared == set(_controls(models))


def test_every_canonical_entity_is_conserved(models: dict[str, Node]) -> None:
    # one row per thing already counted elsewhere: derived from configuration, links, lookups with one row per meaning
    derived = {"core_legal_entity", "core_currency", "core_accounting_period", "core_exchange_rate"}
    derived |= {"core_customer_link", "core_project_link", "core_dispute", "core_write_off"}
    canonical = {name for name in models if name.startswith("core_")}
    compared = {key.split(".")[-1] for key in models["rec_conservation"]["depends_on"]["nodes"]}
    assert canonical - derived == {name for name in compared if name.startswith("core_")}


def test_every_model_is_documented_with_its_grain(models: dict[str, Node]) -> None:
    missing = [name for name, node in models.items() if "Grain: " not in node["description"]]
    assert missing == []


def test_canonical_models_enforce_a_contract_that_begins_alike(models: dict[str, Node]) -> None:
    common = ["source_vendor", "source_instance", "source_entity", "source_id"]
    for name, node in models.items():
        if name.startswith("core_"):
            columns = list(node["columns"])
            assert node["config"]["contract"]["enforced"], name
            if name not in ("core_quarantine", "core_folded"):
                assert columns[0] == f"{name.removeprefix('core_')}_id"
                assert columns[1:9] == [*common, "qtc_id", "version_at", "loaded_at", "source_load_id"], name


def test_every_model_runs_in_exactly_one_step(models: dict[str, Node]) -> None:
    for name, node in models.items():
        assert len({"step_1", "step_2"} & set(node["tags"])) == 1, name


def test_the_first_step_needs_nothing_of_the_second(models: dict[str, Node]) -> None:
    for name, node in models.items():
        if "step_1" in node["tags"]:
            used = {key.split(".")[-1] for key in node["depends_on"]["nodes"] if key.startswith("model.")}
            late = [other for other in used if "step_2" in models[other]["tags"]]
            assert late == [], name


def test_canonical_models_do_not_read_raw_records(models: dict[str, Node]) -> None:
    for name, node in models.items():
        if name.startswith("core_"):
            read = [Path(key).suffix for key in node["depends_on"]["nodes"] if key.startswith("source.")]
            assert all(relation.startswith(".qtc_") for relation in read), name
