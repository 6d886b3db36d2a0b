"""Dagster's face of room 2: two dbt steps, one asset per model and seed, the context tables as what they rest on.

Here: what a step does in a run and how it ends. Stays out: how a model looks in the graph (``translator``), what dbt is
told (``context``) and what a failure spoils (``dbt``).

A step is assembled from the translator's specs and not by ``@dbt_assets``, which selects nodes through dbt's own graph
library: its import alone costs a quarter of what loading dagster and dagster-dbt costs.
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
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
from qtc_pipeline.transform.translator import Translator

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
        for name in _parents_first(context):
            if name not in yielded:
                yield dg.Output(None, output_name=name, metadata=UNCHANGED)

    return transform


def _parents_first(context: dg.AssetExecutionContext) -> list[str]:
    """Outputs of the chosen assets, in the only order Dagster takes them."""
    names = {key: name for name, key in context.assets_def.keys_by_output_name.items()}
    specs = context.assets_def.specs_by_key
    edges = {key: {dep.asset_key for dep in specs[key].deps if dep.asset_key in names} for key in names}
    return [names[key] for key in TopologicalSorter(edges).static_order()]


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
    from qtc_pipeline.ops.runs import is_superseded, remember
    from qtc_pipeline.transform import dbt
    from qtc_pipeline.transform.context import prepare

    if step == keys.DBT_STEPS[0]:
        remember(context, prepare(settings, context.log.info).build_id)
    elif is_superseded(context, settings):
        return
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
