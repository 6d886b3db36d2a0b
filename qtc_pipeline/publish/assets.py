"""Dagster's face of room 4: one step, one asset per published mart.

Publish asks the stored verdicts of the build itself, so it holds what is red also in a run that judged nothing. Held
marts are not materialized, and the step fails after the others are.
Here: what the graph shows. Stays out: publishing itself.
"""

# no postponed annotations: Dagster reads the types of a step's parameters when it is defined
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg

from qtc_pipeline import keys
from qtc_pipeline.gates.contract import EXPECTED, MARTS, Status
from qtc_pipeline.publish.reader import Published
from qtc_pipeline.settings import Settings

OWNER = "team:finance-control"
EXECUTIVE = "kpi_executive"
_MAX_AGE = timedelta(hours=26)


def build_publish_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The publishing step."""
    names = (*EXPECTED, EXECUTIVE)
    verdicts = dg.AssetKey(keys.relation_asset_key("gates", keys.DBT_STEPS[1]))

    @dg.multi_asset(name="publish", specs=[_spec(name, verdicts) for name in names], can_subset=False)
    def publish_marts(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        from qtc_pipeline.errors import PublicationHeldError
        from qtc_pipeline.ops.runs import is_superseded
        from qtc_pipeline.publish.publish import publish
        from qtc_pipeline.publish.reader import current_publication

        if is_superseded(context, settings):
            return
        held: dict[str, str] = {}
        try:
            publish(settings, None, context.log.info)
        except PublicationHeldError as error:
            held = error.held
        current = current_publication(settings)
        published: list[str] = []
        if current is not None:
            published = [name for name in names if _is_in(current, name)]
            for name in published:
                key = dg.AssetKey(keys.publication_asset_key(name))
                metadata = _metadata(current, name)
                if not _is_known(context.instance, key, metadata):
                    yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        lost = {name: "neither published nor held" for name in EXPECTED if name not in {*published, *held}}
        if held or lost:
            raise dg.Failure(
                str(PublicationHeldError("publication", {**held, **lost})),
                metadata={**held, **lost},
                allow_retries=False,
            )

    return [publish_marts]


def _spec(name: str, verdicts: dg.AssetKey) -> dg.AssetSpec:
    relations = MARTS[name].relations if name in MARTS else (f"kpis.{EXECUTIVE}",)
    return dg.AssetSpec(
        dg.AssetKey(keys.publication_asset_key(name)),
        deps=[verdicts, *(dg.AssetKey(keys.relation_asset_key(*relation.split("."))) for relation in relations)],
        group_name="publication",
        kinds={"duckdb", "parquet"},
        owners=[OWNER],
        skippable=True,
        description=f"`{name}` as of the current publication: immutable, with the verdicts that let it out.",
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=_MAX_AGE),
    )


def _is_in(current: Published, name: str) -> bool:
    """Whether the current publication holds the mart's numbers."""
    return current.marts[name]["status"] != Status.HELD if name in current.marts else True


def _is_known(instance: dg.DagsterInstance, key: dg.AssetKey, metadata: dict[str, Any]) -> bool:
    """Whether Dagster has noted this very publication as the asset's latest."""
    latest = instance.get_latest_materialization_event(key)
    noted = latest.asset_materialization if latest is not None else None
    return noted is not None and noted.metadata.get("publication_id") == dg.TextMetadataValue(
        metadata["publication_id"]
    )


def _metadata(current: Published, name: str) -> dict[str, Any]:
    relations = MARTS[name].relations if name in MARTS else (f"kpis.{EXECUTIVE}",)
    tables = current.manifest["tables"]
    return {
        "publication_id": current.publication_id,
        "build_id": current.manifest["build_id"],
        "as_of": current.manifest["as_of"],
        "folder": dg.MetadataValue.path(str(current.folder)),
        **({"status": current.marts[name]["status"] or ""} if name in current.marts else {}),
        **({"reason": current.marts[name]["reason"]} if current.marts.get(name, {}).get("reason") else {}),
        "dagster/row_count": sum(tables[relation]["rows"] for relation in relations[:1] if relation in tables),
    }
