"""Read an instance: its entities in threads, within the limit its vendor sets.

Here: what is read together and how failures are told. Stays out: a single load (``load``), Dagster (``assets``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from qtc_pipeline.errors import IngestError, QtcError, SettingsError
from qtc_pipeline.ingest.load import Force, LoadResult, Progress, WantedMode, load_entity
from qtc_pipeline.ingest.records import load_records, with_what_belongs
from qtc_pipeline.lake import Lake
from qtc_pipeline.settings import Instance, Settings
from qtc_pipeline.systems.contract import Entity, System
from qtc_pipeline.systems.registry import system


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of each entity: a committed load, or the error that kept it out."""

    results: list[LoadResult] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)


def ingest_instance(
    settings: Settings,
    instance: str,
    mode: WantedMode,
    entities: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    force: Force | None = None,
) -> list[LoadResult]:
    """Load entities of one instance, all declared ones by default.

    Returns:
        One result per entity, in the order declared.

    Raises:
        IngestError: at least one entity failed, each named; the others are committed.
        SettingsError: unknown instance or entity, or a secret is missing.
    """
    outcome = read_instance(settings, instance, mode, entities, progress, force=force)
    if outcome.failures:
        raise IngestError(f"instance {instance}", outcome.failures)
    return outcome.results


def read_instance(
    settings: Settings,
    instance: str,
    mode: WantedMode,
    entities: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    force: Force | None = None,
) -> Outcome:
    """Load entities of one instance; a failing one does not keep out the others.

    Args:
        settings: where the lake is, how the instance is reached.
        instance: name in ``qtc.toml``.
        mode: ``increment`` or ``full``.
        entities: the vendor's names; all declared ones by default.
        progress: told (entity, records received so far); called from several threads.
        force: commit loads that would be refused.

    Raises:
        SettingsError: unknown instance or entity, or a secret is missing.
    """
    target = settings.instance(instance)
    declared = system(target.vendor)
    wanted = _wanted(declared, target, entities)
    lake = Lake(settings.lake_dir)
    reader = declared.open(target)
    try:
        with ThreadPoolExecutor(max_workers=target.max_concurrency, thread_name_prefix=f"ingest-{instance}") as pool:
            waiting = {
                entity.name: pool.submit(
                    partial(load_entity, limits=settings.anomalies, force=force, progress=progress),
                    *(lake, target, reader, entity, mode),
                )
                for entity in wanted
            }
            try:
                wait(waiting.values())
            except BaseException:
                # stopped by hand: what waits never starts, what runs ends at its next request; neither is committed
                pool.shutdown(wait=False, cancel_futures=True)
                reader.close()
                raise
    finally:
        reader.close()
    outcome = Outcome()
    for name, future in waiting.items():
        error = future.exception()
        if error is None:
            outcome.results.append(future.result())
        elif isinstance(error, Exception):
            outcome.failures[name] = error
        else:
            raise error
    return outcome


def read_records(
    settings: Settings, instance: str, asked: Mapping[str, Sequence[str]], progress: Progress | None = None
) -> Outcome:
    """Read just some records again, and what belongs to them; one load an entity, none of them a complete one.

    Args:
        settings: where the lake is, how the instance is reached.
        instance: name in ``qtc.toml``.
        asked: entity -> keys.
        progress: told (entity, records received) after each entity.

    Raises:
        SettingsError: unknown instance or entity, or a secret is missing.
        SystemReadError: what belongs to the records could not be asked for.
    """
    target = settings.instance(instance)
    declared = system(target.vendor)
    _wanted(declared, target, list(asked))
    lake, outcome = Lake(settings.lake_dir), Outcome()
    reader = declared.open(target)
    try:
        wanted: dict[str, dict[str | None, Sequence[str]]] = {}
        for (name, field_of), values in with_what_belongs(declared, reader, asked).items():
            wanted.setdefault(name, {})[field_of] = values
        for name, values_by_field in wanted.items():
            try:
                done = load_records(lake, target, reader, declared.entity(name), values_by_field)
            except QtcError as error:
                outcome.failures[name] = error
                continue
            outcome.results.append(done)
            if progress:
                progress(name, done.load.rows)
    finally:
        reader.close()
    return outcome


def check_instance(settings: Settings, instance: str) -> str:
    """Log in and count one entity; a sentence that says so.

    Raises:
        QtcError: what is wrong with the settings, the credentials or the system.
    """
    target = settings.instance(instance)
    declared = system(target.vendor)
    entity = declared.entities[0]
    reader = declared.open(target)
    try:
        number = sum(int(one.value) for one in reader.count(entity) if one.measure == "count")
        clock = reader.clock()
    finally:
        reader.close()
    return (
        f"{target.vendor} at {target.base_url}: logged in, {number} live {entity.name} records counted,"
        f" its clock says {clock:%Y-%m-%d %H:%M} UTC"
    )


def _wanted(declared: System, instance: Instance, names: Sequence[str] | None) -> list[Entity]:
    if names is None:
        return list(declared.entities)
    by_name = {entity.name: entity for entity in declared.entities}
    for name in names:
        if name not in by_name:
            raise SettingsError(
                f"entity '{name}'", f"{instance.vendor} has none of that name", f"Use one of: {', '.join(by_name)}"
            )
    return [by_name[name] for name in names]
