"""Dagster's face of room 2: two dbt steps, one asset per model and seed, the context tables as what they rest on.

Here: how a model looks in the graph (key, group, kinds, owner, code reference, edges to the raw assets of every
configured instance) and how a step ends. Stays out: what dbt is told (``context``) and what a failure spoils (``dbt``).
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from qtc_pipeline import keys
from qtc_pipeline.errors import TransformError
from qtc_pipeline.settings import Settings
from qtc_pipeline.transform.project import dbt_executable, manifest_path, prepare_profile, project_dir, target_dir

OWNER = "team:analytics-engineering"
_CONTEXT = "qtc_"


def build_transform_assets(settings: Settings) -> list[Any]:
    """The dbt assets of both steps and the context tables; reads the prepared manifest and nothing else.

    Raises:
        TransformError: no manifest was prepared.
    """
    path = manifest_path(settings)
    if not path.is_file():
        raise TransformError("dbt manifest", {str(path): "is not there"}, "Run `qtc dev`, which prepares it")
    manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    translator = Translator(settings)
    context_tables = [
        _context_spec(source) for source in manifest["sources"].values() if source["name"].startswith(_CONTEXT)
    ]
    return [*(_step(settings, manifest, translator, step) for step in keys.DBT_STEPS), *context_tables]


class Translator(DagsterDbtTranslator):
    """How a node of the manifest looks in the graph."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._firm = settings

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """``schema/name`` for models, seeds and context tables."""
        return dg.AssetKey(keys.relation_asset_key(dbt_resource_props["schema"], dbt_resource_props["name"]))

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any = None) -> dg.AssetSpec:
        """The spec dagster-dbt makes, with our key, room, owner, code reference and edges."""
        node = manifest["nodes"].get(unique_id) or manifest["sources"][unique_id]
        spec = super().get_asset_spec(manifest, unique_id, project)
        if node["resource_type"] == "source":
            return spec.replace_attributes(key=self.get_asset_key(node))
        code = dg.LocalFileCodeReference(file_path=str(project_dir() / node["original_file_path"]), line_number=1)
        return spec.replace_attributes(
            key=self.get_asset_key(node),
            deps=sorted(set(self._upstream(manifest, node)), key=str),
            group_name=node["schema"],
            kinds={"dbt", "duckdb", str(node["config"].get("materialized") or node["resource_type"])},
            owners=[str((node.get("meta") or {}).get("owner") or OWNER)],
            metadata={
                **spec.metadata,
                "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[code]),
                "dagster/relation_identifier": f"{node['schema']}.{node['name']}",
            },
        )

    def _upstream(self, manifest: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[dg.AssetKey]:
        first, second = keys.DBT_STEPS
        for parent_id in node.get("depends_on", {}).get("nodes", []):
            parent = manifest["nodes"].get(parent_id) or manifest["sources"].get(parent_id)
            if parent is None:
                continue
            if parent["resource_type"] == "source" and not parent["name"].startswith(_CONTEXT):
                yield from self._raw_assets(parent)
                continue
            yield self.get_asset_key(parent)
            if second in node["tags"] and first in parent.get("tags", ()):
                # the rest is spent only on what E0 and E1 let pass
                yield dg.AssetKey(keys.relation_asset_key("gates", first))

    def _raw_assets(self, source: Mapping[str, Any]) -> Iterator[dg.AssetKey]:
        """One asset per configured instance of the vendor: two steps cannot make one asset."""
        vendor, entity = keys.parse_raw_relation(source["name"])
        entity = str((source.get("meta") or {}).get("entity") or entity)
        for instance in self._firm.instances:
            if instance.vendor == vendor:
                yield dg.AssetKey(keys.raw_asset_key(vendor, entity, instance.name))


def _context_spec(source: Mapping[str, Any]) -> dg.AssetSpec:
    return dg.AssetSpec(
        dg.AssetKey(keys.relation_asset_key(source["schema"], source["name"])),
        group_name="context",
        kinds={"duckdb", "table"},
        owners=[OWNER],
        description=source["description"],
    )


def _step(settings: Settings, manifest: Mapping[str, Any], translator: Translator, step: str) -> dg.AssetsDefinition:
    @dbt_assets(
        manifest=manifest,
        select=f"tag:{step}",
        name=f"transform_{step}",
        dagster_dbt_translator=translator,
        op_tags={"qtc/step": step},
    )
    def transform(context: dg.AssetExecutionContext) -> Iterator[Any]:
        yield from _run(context, settings, manifest, translator, step)

    return transform


def _run(
    context: dg.AssetExecutionContext,
    settings: Settings,
    manifest: Mapping[str, Any],
    translator: Translator,
    step: str,
) -> Iterator[Any]:
    from qtc_pipeline.ops.lock import warehouse_lock
    from qtc_pipeline.transform import dbt
    from qtc_pipeline.transform.context import prepare

    if step == keys.DBT_STEPS[0] and prepare(settings, context.log.info).is_done:
        return  # nothing is yielded, so everything downstream is skipped
    with warehouse_lock(settings.warehouse_path, f"dbt {step}", say=context.log.info) as lock:
        build_id = dbt.current_build(settings)
        earlier = dbt.finished(settings, build_id, step)
        if earlier is not None and not context.is_subset:
            context.log.info("%s of build %s was finished by an earlier run", step, build_id)
            for name in sorted(context.op_execution_context.selected_output_names):
                yield dg.Output(None, output_name=name, metadata={"build_id": build_id, "reused": True})
            return
        dbt.begin(settings, build_id, step)
        started = time.time()
        extra = dbt.selection(settings, build_id, step)[2:]  # the selection itself comes from the assets
        invocation = _resource(settings).cli(
            ["build", *extra, "--log-level-file", "none"],
            context=context,
            manifest=manifest,
            dagster_dbt_translator=translator,
            raise_on_error=False,
            target_path=target_dir(settings),
        )
        lock.name_child(invocation.process.pid)
        yield from invocation.stream().fetch_column_metadata()
        if context.is_subset:
            context.log.info("only a part of the step was asked for: the build stays unfinished")
            return
        result = dbt.conclude(
            settings, build_id, step, return_code=invocation.process.returncode, errors=[], started=started
        )
    failed = {one.node_id: one.message for one in result.failures if one.status != "skipped"}
    if failed:
        raise dg.Failure(str(TransformError(f"dbt {step} of build {build_id[:12]}", failed)), allow_retries=False)


def _resource(settings: Settings) -> DbtCliResource:
    return DbtCliResource(
        project_dir=str(project_dir()),
        profiles_dir=str(prepare_profile(settings)),
        dbt_executable=str(dbt_executable()),
        global_config_flags=["--no-version-check"],
    )
