"""Dagster's face of room 2: two dbt steps, one asset per model and seed, the context tables as what they rest on.

Here: how a model looks in the graph (key, group, kinds, owner, code reference, edges to the raw assets of every
configured instance) and how a step ends. Stays out: what dbt is told (``context``) and what a failure spoils (``dbt``).

A step is assembled from the translator's specs and not by ``@dbt_assets``, which selects nodes through dbt's own graph
library: its import alone costs a quarter of what loading dagster and dagster-dbt costs.
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource
from dagster_dbt.dbt_manifest import validate_manifest

from qtc_pipeline import keys
from qtc_pipeline.errors import QtcError
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.project import (
    dbt_executable,
    manifest_path,
    prepare_manifest,
    prepare_profile,
    project_dir,
    target_dir,
)

OWNER = "team:analytics-engineering"
CONTEXT = "context"
_CONTEXT_PREFIX = "qtc_"
_ASSETS = {"model", "seed", "snapshot"}
# an output with this metadata lets what rests on it run, and Dagster notes no materialization
# (dagster._core.definitions.source_asset; a test of upstream facts holds it)
UNCHANGED = {"__source_asset_observation__": True}


def build_transform_assets(settings: Settings) -> list[Any]:
    """The dbt assets of both steps and the context tables.

    Reads the prepared manifest and nothing else; where none was prepared (``make dev`` and every run do), prepares it.

    Raises:
        TransformError: the manifest is missing and the project does not parse.
    """
    path = manifest_path(settings)
    if not path.is_file():
        prepare_manifest(settings)
    manifest: Mapping[str, Any] = validate_manifest(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # code references are beta
        translator = Translator(settings, manifest)
        steps = [_step(settings, translator, step) for step in keys.DBT_STEPS]
    return [*steps, *translator.context_tables()]


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
        for instance in self._firm.instances:
            found.setdefault(instance.vendor, []).append(instance.name)
        return found


def _step(settings: Settings, translator: Translator, step: str) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"transform_{step}",
        specs=translator.specs_of(step),
        check_specs=translator.check_specs_of(step),
        can_subset=True,
        op_tags={"dagster_dbt/select": f"tag:{step}", "qtc/step": step},
    )
    def transform(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yielded: set[str] = set()
        for event in _run(context, settings, translator, step):
            yielded |= _names(context, event)
            yield event
        assets = context.assets_def.keys_by_output_name
        for name in sorted(context.op_execution_context.selected_output_names & assets.keys() - yielded):
            yield dg.Output(None, output_name=name, metadata=UNCHANGED)

    return transform


def _names(context: dg.AssetExecutionContext, event: Any) -> set[str]:
    """Outputs an event of dagster-dbt is for."""
    if isinstance(event, dg.Output):
        return {event.output_name}
    if isinstance(event, dg.MaterializeResult) and event.asset_key is not None:
        return {name for name, key in context.assets_def.keys_by_output_name.items() if key == event.asset_key}
    return set()


def _described(
    context: dg.AssetExecutionContext, settings: Settings, translator: Translator, events: Iterable[Any]
) -> Iterator[Any]:
    """The events of dbt, each materialization with the columns of its relation and where they come from."""
    from qtc_pipeline.transform.lineage import columns_of, read_types

    collected = list(events)  # until dbt ends nobody else can read the warehouse
    types = read_types(settings)
    keys_by_output = context.assets_def.keys_by_output_name
    for event in collected:
        if not isinstance(event, dg.Output) or event.output_name not in keys_by_output:
            yield event
            continue
        unique_id = translator.unique_id_of(keys_by_output[event.output_name])
        try:
            columns = columns_of(settings, translator.manifest, unique_id, types)
        except QtcError as error:
            context.log.warning("%s", error)
            yield event
            continue
        schema = dg.TableSchema([dg.TableColumn(name, kind.lower()) for name, kind in columns.types.items()])
        origins = dg.TableColumnLineage(
            {
                name: [
                    dg.TableColumnDep(key, column)
                    for relation_schema, relation, column in found
                    for key in translator.keys_of_relation(relation_schema, relation)
                ]
                for name, found in columns.origins.items()
            }
        )
        traced = {"dagster/column_lineage": origins} if columns.origins else {}
        yield event.with_metadata({**event.metadata, "dagster/column_schema": schema, **traced})


def _run(context: dg.AssetExecutionContext, settings: Settings, translator: Translator, step: str) -> Iterator[Any]:
    """Run dbt and yield what it made; what failed, and what an earlier run had made, is not yielded."""
    from qtc_pipeline.ops.lock import warehouse_lock
    from qtc_pipeline.transform import dbt
    from qtc_pipeline.transform.context import prepare

    if step == keys.DBT_STEPS[0]:
        prepare(settings, context.log.info)
    with warehouse_lock(settings.warehouse_path, f"dbt {step}", say=context.log.info) as lock:
        build_id = dbt.current_build(settings)
        if dbt.finished(settings, build_id, step) is not None and not context.is_subset:
            context.log.info("%s of build %s was finished by an earlier run: nothing to do", step, build_id[:12])
            return
        dbt.begin(settings, build_id, step)
        started = time.time()
        extra = dbt.selection(settings, build_id, step)[2:]  # the selection itself comes from the assets
        invocation = _resource(settings).cli(
            ["build", *extra, "--log-level-file", "none"],
            context=context.op_execution_context,  # dagster-dbt asks the asset's for what is deprecated on it
            raise_on_error=False,
            target_path=Path(target_dir(settings)),
        )
        lock.name_child(invocation.process.pid)
        yield from _described(context, settings, translator, invocation.stream())
        if context.is_subset:
            context.log.info("only a part of the step was asked for: the build stays unfinished")
            return
        result = dbt.conclude(
            settings, build_id, step, return_code=invocation.process.returncode, errors=[], started=started
        )
    for failure in result.failures:  # not the end of the run: what does not rest on it is still built and published
        context.log.error("dbt %s %s: %s", failure.node_id, failure.status, failure.message)


def _resource(settings: Settings) -> DbtCliResource:
    return DbtCliResource(
        project_dir=str(project_dir()),
        profiles_dir=str(prepare_profile(settings)),
        dbt_executable=str(dbt_executable()),
        global_config_flags=["--no-version-check"],
    )
