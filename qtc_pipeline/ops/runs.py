"""Which build a Dagster run works for, kept as a tag of the run.

Two runs may be under way. Each step holds the warehouse alone, but between two steps of one run the other may have
prepared a newer build; the older run then has nothing left to do: the newer one finishes it. Add here: what a run must
remember from step to step. Stays out: the lock itself (``lock``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    import dagster as dg

    from qtc_pipeline.settings import Settings

BUILD_TAG = "qtc/build"


def remember(context: dg.AssetExecutionContext, build_id: str) -> None:
    """Note the build this run has prepared."""
    context.instance.add_run_tags(context.run.run_id, {BUILD_TAG: build_id})


def is_superseded(context: dg.AssetExecutionContext, settings: Settings) -> bool:
    """Whether the warehouse holds another build than this run has prepared; a run that prepared none takes any."""
    run = context.instance.get_run_by_id(context.run.run_id)
    own = run.tags.get(BUILD_TAG) if run is not None else None
    if own is None:
        return False
    with (
        warehouse_lock(settings.warehouse_path, "ask which build it holds", say=context.log.info),
        open_read_only(settings.warehouse_path) as connection,
    ):
        there = str(read_rows(connection, "select build_id from raw.qtc_build")[0]["build_id"])
    if own != there:
        context.log.warning(
            "build %s of this run was superseded by %s, which another run prepared and finishes", own[:12], there[:12]
        )
    return bool(own != there)
