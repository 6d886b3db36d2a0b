"""Dagster's face of room 1: one step per instance, one asset per (vendor, entity, instance).

Here: what the graph shows of raw records and how a step ends. Stays out: reading itself (``run``, ``load``).

One step per instance and not one per entity, because every step of a multiprocess run loads the whole code location
(5 to 6 seconds of CPU) before any work.
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from enum import Enum
from typing import Any

import dagster as dg

from qtc_pipeline.errors import IngestError, LoadRefusedError
from qtc_pipeline.ingest.load import Force, LoadResult
from qtc_pipeline.ingest.run import Outcome, read_instance
from qtc_pipeline.keys import RAW, RAW_CHECK, raw_asset_key
from qtc_pipeline.lake import RAW_COLUMNS, Finding
from qtc_pipeline.settings import Instance, Settings
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.registry import system

OWNER = "team:data-platform"
_RETRIES = 2
_SECONDS_BETWEEN = 60


class ReadMode(Enum):
    """``increment``: what changed since the last load; ``full``: everything, deletions found as missing ids."""

    increment = "increment"
    full = "full"


class IngestConfig(dg.Config):
    """How a step reads. ``forced_by`` and ``forced_reason`` (both or none) commit loads that would be refused."""

    mode: ReadMode = ReadMode.increment
    forced_by: str | None = None
    forced_reason: str | None = None


def step_name(instance: str) -> str:
    """Name of the step that reads an instance."""
    return f"ingest_{instance}"


def ingest_run_config(settings: Settings, mode: ReadMode, instances: Collection[str] | None = None) -> dict[str, Any]:
    """Run configuration that makes ingest steps read in one mode.

    Args:
        settings: which instances there are.
        mode: of every step.
        instances: those whose assets the run selects, all by default; Dagster refuses configuration of other steps.
    """
    names = [one.name for one in settings.sources if instances is None or one.name in instances]
    return {"ops": {step_name(name): {"config": {"mode": mode.value}} for name in names}}


def build_ingest_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The raw assets of every instance and of the operational store. Reads declarations only: no secret, no network."""
    return [_assets_of(settings, instance) for instance in settings.sources]


def _assets_of(settings: Settings, instance: Instance) -> dg.AssetsDefinition:
    declared = system(instance.vendor)
    keys = {
        entity.name: dg.AssetKey(raw_asset_key(instance.vendor, entity.name, instance.name))
        for entity in declared.entities
    }

    @dg.multi_asset(
        name=step_name(instance.name),
        specs=[_spec(instance, entity, keys[entity.name]) for entity in declared.entities],
        check_specs=[_check_spec(key) for key in keys.values()],
        can_subset=True,
        op_tags={"qtc/instance": instance.name},
    )
    def read(
        context: dg.AssetExecutionContext, config: IngestConfig
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        wanted = [name for name, key in keys.items() if key in context.selected_asset_keys]
        outcome = read_instance(
            settings, instance.name, config.mode.value, wanted, _log_progress(context), force=_force(config)
        )
        for result in outcome.results:
            key = keys[result.load.entity]
            yield dg.MaterializeResult(asset_key=key, metadata=_metadata(result))
            if dg.AssetCheckKey(key, RAW_CHECK) in context.selected_asset_check_keys:
                yield _check(key, result.load.findings)
        for name, failure in outcome.failures.items():
            refused = failure.findings if isinstance(failure, LoadRefusedError) else ()
            if refused and dg.AssetCheckKey(keys[name], RAW_CHECK) in context.selected_asset_check_keys:
                yield _check(keys[name], refused)
        _end(instance, outcome)

    return read


def _spec(instance: Instance, entity: Entity, key: dg.AssetKey) -> dg.AssetSpec:
    columns = [dg.TableColumn(name, kind) for name, kind in RAW_COLUMNS.items()]
    stamp = entity.cursor or "no modification stamp: read in full each time"
    return dg.AssetSpec(
        key,
        group_name=RAW,
        kinds={instance.vendor, "deltalake"},
        owners=[OWNER],
        description=(
            f"Every version of {instance.vendor} `{entity.name}` ever read from instance `{instance.name}`, as the"
            f" vendor's own JSON. Key: {', '.join(entity.key)}. Increment by: {stamp}."
        ),
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns), "fields": ", ".join(entity.fields)},
        tags={"qtc/vendor": instance.vendor, "qtc/instance": instance.name},
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=instance.max_age_hours)),
    )


def _check_spec(key: dg.AssetKey) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        RAW_CHECK,
        asset=key,
        description=(
            "Volume, fields gone, retyped or new, a stale source, unusual totals. What is an error kept the load out of"
            " the lake; what is a warning came with it."
        ),
    )


def _check(key: dg.AssetKey, found: Sequence[Finding]) -> dg.AssetCheckResult:
    severities = {one.severity for one in found}
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=RAW_CHECK,
        passed=severities <= {"info"},
        severity=dg.AssetCheckSeverity.ERROR if "error" in severities else dg.AssetCheckSeverity.WARN,
        description="; ".join(one.sentence for one in found) or "nothing out of the ordinary",
        metadata={"findings": dg.MetadataValue.json([asdict(one) for one in found])},
    )


def _metadata(result: LoadResult) -> Mapping[str, Any]:
    load = result.load
    return {
        "rows": load.rows,
        "versions": load.versions,
        "deletes": load.deletes,
        "read_through": dg.MetadataValue.timestamp(load.read_through),
        "seconds": round(result.seconds, 3),
        "mode": load.mode,
        "load_id": load.load_id,
        "cursor": load.cursor_out or "none",
        "source_counts": dg.MetadataValue.json(
            {f"{one.measure} {one.currency}".strip(): str(one.value) for one in load.counts_after}
        ),
        **({"note": result.note} if result.note else {}),
        **({"findings": "; ".join(one.sentence for one in load.findings)} if load.findings else {}),
        **({"forced": f"{load.forced_by}: {load.forced_reason}"} if load.forced_by else {}),
    }


def _log_progress(context: dg.AssetExecutionContext) -> Any:
    def told(entity: str, records: int) -> None:
        context.log.debug("%s: %d records received", entity, records)

    return told


def _force(config: IngestConfig) -> Force | None:
    if config.forced_by and config.forced_reason:
        return Force(config.forced_by, config.forced_reason)
    if config.forced_by or config.forced_reason:
        raise dg.Failure("a forced load needs both forced_by and forced_reason", allow_retries=False)
    return None


def _end(instance: Instance, outcome: Outcome) -> None:
    """Fail the step if an entity failed; ask for another try only where every failure may pass by itself."""
    if not outcome.failures:
        return
    error = IngestError(f"instance {instance.name}", outcome.failures)
    if error.is_transient:
        raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_SECONDS_BETWEEN) from error
    raise dg.Failure(
        str(error),
        metadata={name: str(failure) for name, failure in outcome.failures.items()},
        allow_retries=False,
    ) from error
