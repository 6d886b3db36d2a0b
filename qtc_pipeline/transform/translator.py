"""How a node of the dbt manifest looks in the graph: key, room, kinds, owner, code reference, edges, checks.

Add here: what every model should show. Stays out: running a step (``assets``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from qtc_pipeline import keys
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.project import project_dir

OWNER = "team:analytics-engineering"
CONTEXT = "context"
_CONTEXT_PREFIX = "qtc_"
_ASSETS = {"model", "seed", "snapshot"}


class Translator(DagsterDbtTranslator):
    """How a node of the manifest looks in the graph."""

    def __init__(self, settings: Settings, manifest: Mapping[str, Any]) -> None:
        super().__init__()
        self.manifest = manifest
        self._firm = settings
        self._project = project_dir()
        self._specs: dict[str, dg.AssetSpec] = {}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``schema/name`` for models, seeds and context tables."""
        return dg.AssetKey(keys.relation_asset_key(dbt_resource_props["schema"], dbt_resource_props["name"]))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any = None) -> dg.AssetSpec:
        """The spec dagster-dbt makes, with our room, owner, code reference and edges."""
        if unique_id not in self._specs:
            spec = super().get_asset_spec(manifest, unique_id, project)
            self._specs[unique_id] = spec if unique_id in manifest["sources"] else self._ours(spec, unique_id)
        return self._specs[unique_id]

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any = None
    ) -> dg.AssetCheckSpec | None:
        """A dbt test as a check that does not block: a blocking one would stop the marts that do not rest on it."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return None if spec is None else spec._replace(blocking=False)

    def specs_of(self, step: str) -> list[dg.AssetSpec]:
        """Specs of the models and seeds of a step."""
        return [
            self.get_asset_spec(self.manifest, unique_id)
            for unique_id, node in self.manifest["nodes"].items()
            if node["resource_type"] in _ASSETS and step in node["tags"]
        ]

    def check_specs_of(self, step: str) -> list[dg.AssetCheckSpec]:
        """Specs of the dbt tests of a step."""
        found: dict[Any, dg.AssetCheckSpec] = {}
        for unique_id, node in self.manifest["nodes"].items():
            if node["resource_type"] != "test":
                continue
            for parent_id in self.manifest["parent_map"].get(unique_id, []):
                if step in self.manifest["nodes"].get(parent_id, {}).get("tags", ()):
                    parent = self.get_asset_spec(self.manifest, parent_id)
                    spec = self.get_asset_check_spec(parent, self.manifest, unique_id)
                    if spec is not None:
                        found[spec.key] = spec
        return list(found.values())

    def unique_id_of(self, key: dg.AssetKey) -> str:
        """Node an asset is made by."""
        return self._unique_ids[tuple(key.path)]

    def keys_of_relation(self, schema: str, name: str) -> Iterable[dg.AssetKey]:
        """Assets a relation of the warehouse is; of a raw view one per instance, none for what is not in the graph."""
        source = self._sources.get((schema, name))
        if source is not None and not name.startswith(_CONTEXT_PREFIX):
            return self._raw_assets(source)
        is_known = source is not None or (schema, name) in self._unique_ids
        return [dg.AssetKey(keys.relation_asset_key(schema, name))] if is_known else []

    @cached_property
    def _unique_ids(self) -> dict[tuple[str, ...], str]:
        nodes = self.manifest["nodes"].items()
        return {
            keys.relation_asset_key(node["schema"], node["name"]): unique_id
            for unique_id, node in nodes
            if node["resource_type"] in _ASSETS
        }

    @cached_property
    def _sources(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(source["schema"], source["name"]): source for source in self.manifest["sources"].values()}

    def context_tables(self) -> Iterator[dg.AssetSpec]:
        """The tables a build is told about, which no system holds."""
        for source in self.manifest["sources"].values():
            if source["name"].startswith(_CONTEXT_PREFIX):
                yield dg.AssetSpec(
                    self.get_asset_key(source),
                    group_name=CONTEXT,
                    kinds={"duckdb", "table"},
                    owners=[OWNER],
                    description=source["description"],
                )

    def _ours(self, spec: dg.AssetSpec, unique_id: str) -> dg.AssetSpec:
        node = self.manifest["nodes"][unique_id]
        code = dg.LocalFileCodeReference(file_path=str(self._project / node["original_file_path"]), line_number=1)
        return spec.replace_attributes(
            deps=sorted(set(self._upstream(node)), key=str),
            group_name=node["schema"],
            kinds={"dbt", "duckdb", str(node["config"].get("materialized") or node["resource_type"])},
            owners=[str((node.get("meta") or {}).get("owner") or OWNER)],
            metadata={
                **spec.metadata,
                "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[code]),
                "dagster/relation_identifier": f"{node['schema']}.{node['name']}",
            },
        )

    def _upstream(self, node: Mapping[str, Any]) -> Iterator[dg.AssetKey]:
        first, second = keys.DBT_STEPS
        for parent_id in node.get("depends_on", {}).get("nodes", []):
            parent = self.manifest["nodes"].get(parent_id) or self.manifest["sources"].get(parent_id)
            if parent is None:
                continue
            if parent["resource_type"] == "source" and not parent["name"].startswith(_CONTEXT_PREFIX):
                yield from self._raw_assets(parent)
                continue
            yield self.get_asset_key(parent)
            if second in node["tags"] and first in parent.get("tags", ()):
                # the rest is spent only on what E0 and E1 let pass
                yield dg.AssetKey(keys.relation_asset_key("gates", first))

    def _raw_assets(self, source: Mapping[str, Any]) -> Iterable[dg.AssetKey]:
        """One asset per configured instance of the vendor: two steps cannot make one asset."""
        vendor, entity = keys.parse_raw_relation(source["name"])
        entity = str((source.get("meta") or {}).get("entity") or entity)
        return [
            dg.AssetKey(keys.raw_asset_key(vendor, entity, instance)) for instance in self._instances.get(vendor, ())
        ]

    @cached_property
    def _instances(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for instance in self._firm.sources:
            found.setdefault(instance.vendor, []).append(instance.name)
        return found
