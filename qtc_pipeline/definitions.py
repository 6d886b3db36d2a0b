"""The assembly: the rooms in flow order, the jobs over them, when they run, who watches. Nothing else.

Loading reads ``qtc.toml`` (the shipped example where there is none) and the prepared dbt manifest; no secret, no
network, no judge of the gates. Add here: a room's assets, a job. Stays out: everything a room does.

Runs execute in one process: every step of the multiprocess executor loads this module anew (5 to 6 seconds of CPU
before any work), and the steps that take long read in threads or are a dbt process of their own. A firm whose systems
should be read at the same time passes ``dg.multiprocess_executor.configured({"max_concurrent": 3})``; the warehouse
stays safe, because its one writer holds a file lock, in whatever process or run it is.
"""

from __future__ import annotations

import gc
import warnings
from collections.abc import Sequence
from typing import Any

import dagster as dg

from qtc_pipeline import keys
from qtc_pipeline.corrections.jobs import build_jobs
from qtc_pipeline.corrections.sensors import build_sensors as build_correction_sensors
from qtc_pipeline.gates.checks import build_gate_assets
from qtc_pipeline.ingest.assets import build_ingest_assets
from qtc_pipeline.ingest.schedules import hourly_increment, month_end, nightly_full
from qtc_pipeline.observe.sensors import build_sensors
from qtc_pipeline.publish.assets import build_publish_assets
from qtc_pipeline.settings import Settings, load_settings
from qtc_pipeline.transform.assets import build_transform_assets

REFRESH = "refresh"


def build_defs(settings: Settings, executor: dg.ExecutorDefinition = dg.in_process_executor) -> dg.Definitions:
    """The whole graph of a firm.

    Args:
        settings: which systems there are, where what runs make lies.
        executor: of every run; see above.
    """
    rooms = [
        *_with_code(build_ingest_assets(settings)),
        *build_transform_assets(settings),  # each model has its own file as code reference
        *_with_code(build_gate_assets(settings)),
        *_with_code(build_publish_assets(settings)),
    ]
    raw = dg.AssetSelection.groups(keys.RAW)
    refresh = dg.define_asset_job(
        REFRESH, dg.AssetSelection.all(), description="Everything: read, build, judge, publish what is proven."
    )
    ingest_only = dg.define_asset_job("ingest_only", raw, description="Read the systems into the raw lake.")
    publish_only = dg.define_asset_job(
        "publish_only",
        dg.AssetSelection.groups("publication"),
        description="Publish the build in the warehouse by the verdicts stored for it, whatever run they are from.",
    )
    corrections = build_jobs(settings, _read_back)
    by_name = {job.name: job for job in corrections}
    return dg.Definitions(
        assets=rooms,
        jobs=[refresh, ingest_only, publish_only, *corrections],
        schedules=[make(settings, refresh) for make in (hourly_increment, nightly_full, month_end)],
        sensors=[*build_sensors(settings), *build_correction_sensors(settings, by_name, refresh)],
        executor=executor,
    )


def _read_back(settings: Settings, report: Any) -> None:
    from qtc_pipeline.repair import read_back  # a run needs it, showing the graph does not

    read_back(settings, report)


def _with_code(assets: list[dg.AssetsDefinition]) -> Sequence[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # code references are beta
        return dg.with_source_code_references(assets)


@dg.definitions
def defs() -> dg.Definitions:
    """What ``workspace.yaml`` names; computed when Dagster asks for it, not at import."""
    gc.freeze()  # the imported modules live on anyway: searching them for garbage was a third of the time to load
    return build_defs(load_settings(fall_back_to_example=True))
