"""Publishing a build: decide from its stored verdicts, write files, move the pointer; recovery and rollback.

The order makes it atomic: files and fsync, row *prepared*, one rename of the pointer and fsync of its folder, row
*published*. Killed anywhere, the pointer is the truth and :func:`recover` brings the rows and folders to it.
Add here: a step of that order. Stays out: what the files hold (``files``), judging (gates).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.errors import PublicationError, PublicationHeldError
from qtc_pipeline.gates.contract import BY_NAME, EXPECTED, MARTS, Decision, decide
from qtc_pipeline.lake.files import sync
from qtc_pipeline.ops import audit, builds, exceptions, pointer, publications, verdicts
from qtc_pipeline.ops.exceptions import SyncCounts
from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.ops.models import Build, Verdict
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.publish.exceptions import sync_exceptions
from qtc_pipeline.publish.files import DURATION, KPI, MOVEMENT, is_published, write_files, write_manifest
from qtc_pipeline.publish.manifest import describe, movements
from qtc_pipeline.publish.reader import Published, find_publication
from qtc_pipeline.publish.stored import exception_table, life_table, verdict_table
from qtc_pipeline.settings import Settings
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    import duckdb

_SHARED = (
    *(KPI, DURATION, MOVEMENT, "marts.fct_engagement_event", "marts.fct_correction", "marts.fct_sync_attempt"),
    *("seeds.kpi_dictionary", "seeds.rule_class"),
)
_NEW = ".new-"


@dataclass(frozen=True)
class Outcome:
    """What publishing did. ``is_new``: a publication was made; else ``note`` says why not."""

    build_id: str
    publication: Published | None
    decisions: dict[str, Decision]
    exceptions: SyncCounts | None
    is_new: bool
    note: str = ""


def publish(settings: Settings, build_id: str | None = None, say: Callable[[str], None] = lambda _: None) -> Outcome:
    """Publish the green and qualified marts of a build by its own stored verdicts, whoever asks.

    Args:
        settings: of the run.
        build_id: the build; by default the one the warehouse holds.
        say: told what happened, a sentence each.

    Raises:
        PublicationHeldError: an expected mart is held; what is green was published before this is raised.
        PublicationError: the warehouse does not hold that build, or a table must not be published.
    """
    with warehouse_lock(settings.warehouse_path, "publish", say=say):
        recover(settings, say)
        with open_read_only(settings.warehouse_path) as connection:
            build_id = _build_to_publish(connection, build_id)
            outcome, held = _publish(settings, connection, build_id, say)
    if held:
        raise PublicationHeldError(f"build {build_id[:12]}", held)
    return outcome


def _publish(
    settings: Settings, connection: duckdb.DuckDBPyConnection, build_id: str, say: Callable[[str], None]
) -> tuple[Outcome, dict[str, str]]:
    with open_store(settings) as session:
        build = builds.the_build(session, build_id)
        rows = verdicts.verdicts_of(session, build_id)
        spoiled = {name for one in builds.failures_of(session, build_id) for name in one.relations}
        earlier = publications.of_build(session, build_id)
        # one made before the gates spoke again (a failed dbt step was repeated) does not stand for this judgement
        is_of_it = earlier is not None and build.gates_2_at is not None and earlier.created_at >= build.gates_2_at
        earlier_id = earlier.publication_id if earlier is not None and is_of_it else None
        session.expunge_all()
    decisions = {name: decide(mart, [row for row in rows if row.mart == name]) for name, mart in BY_NAME.items()}
    shared = [name for name in _shared_relations(connection) if name not in spoiled]
    held = {name: decisions[name].reason or "" for name in EXPECTED if not is_published(decisions[name])}
    held |= {name: "its dbt model failed" for name in _shared_relations(connection) if name in spoiled}
    if earlier_id is not None:
        current = pointer.current_id(settings.published_dir)
        note = "is current already" if earlier_id == current else "was rolled back and stays so"
        say(f"publication {earlier_id} of this build {note}")
        found = find_publication(settings, earlier_id)
        if build.published_at is None:  # killed after the pointer had moved
            _mark_published(settings, build_id)
        return Outcome(build_id, found, decisions, None, is_new=False, note=note), held
    counts = None
    if build.gates_2_at is not None and "reconciliation.rec_break" not in spoiled:
        counts = sync_exceptions(settings, connection, build_id)
    relations = [
        relation
        for name in EXPECTED
        if is_published(decisions[name])
        for relation in _existing(connection, MARTS[name].relations)
    ]
    publication = None
    if relations:
        connection.close()  # the file is opened again, attached to the publication
        publication = _make(settings, build, decisions, rows, [*relations, *shared])
        say(f"published {publication.publication_id}: {', '.join(name for name in EXPECTED if name not in held)}")
    else:
        say("every mart is held: the publication stays as it was")
    if build.gates_2_at is not None:
        _mark_published(settings, build_id)
    return Outcome(build_id, publication, decisions, counts, is_new=publication is not None), held


def _mark_published(settings: Settings, build_id: str) -> None:
    with open_store(settings) as session:
        builds.mark(session, build_id, "published_at")


def _make(
    settings: Settings, build: Build, decisions: dict[str, Decision], rows: list[Verdict], relations: list[str]
) -> Published:
    now = datetime.now(UTC)
    publication_id = f"{now:%Y%m%dT%H%M%S%f}-{build.build_id[:8]}"
    fresh = settings.published_dir / f"{_NEW}{publication_id}"
    with open_store(settings) as session:
        stored = {
            "verdict": verdict_table(rows),
            "exception": exception_table(exceptions.list_exceptions(session)),
            "exception_life": life_table(exceptions.ended_lives(session)),
        }
        audited = audit.head(session)
    tables = write_files(
        fresh,
        settings.warehouse_path,
        build_id=build.build_id,
        decisions=list(decisions.values()),
        relations=relations,
        stored=stored,
    )
    manifest = describe(build, publication_id, decisions, created_at=now, verdicts=rows, tables=tables, audited=audited)
    if MOVEMENT in tables:
        with open_read_only(fresh / pointer.DATABASE) as written:
            manifest |= movements(build, publication_id, decisions, written)
    write_manifest(fresh, manifest, [settings.config_path])
    with open_store(settings) as session:
        publications.prepare(session, publication_id, build.build_id, build.as_of, manifest["marts"])
    fresh.rename(settings.published_dir / publication_id)
    sync(settings.published_dir)
    move_pointer(settings.published_dir, publication_id)
    with open_store(settings) as session:
        publications.set_state(session, publication_id, publications.PUBLISHED)
    return find_publication(settings, publication_id)


def move_pointer(published: Path, publication_id: str) -> None:
    """Name another publication as the current one: one rename, safe on disk when this returns."""
    fresh = published / f".{pointer.POINTER}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(publication_id)
    fresh.replace(published / pointer.POINTER)
    sync(published)


def rollback(settings: Settings, publication_id: str, say: Callable[[str], None] = lambda _: None) -> Published:
    """Make an earlier (or a withdrawn later) publication the current one.

    Raises:
        PublicationError: there is no such publication.
    """
    with warehouse_lock(settings.warehouse_path, "rollback", say=say):
        recover(settings, say)
        wanted = find_publication(settings, publication_id)
        move_pointer(settings.published_dir, wanted.publication_id)
        recover(settings, say)
        say(f"current is {wanted.publication_id}")
    return find_publication(settings, wanted.publication_id)


def recover(settings: Settings, say: Callable[[str], None] = lambda _: None) -> None:
    """Bring rows and folders to what the pointer says after a run that was killed anywhere inside."""
    published = settings.published_dir
    published.mkdir(parents=True, exist_ok=True)
    current = pointer.current_id(published)
    with open_store(settings) as session:
        for row in publications.all_publications(session):
            one = row.publication_id
            if one == current:
                if row.state != publications.PUBLISHED:
                    publications.set_state(session, one, publications.PUBLISHED)
                    builds.mark(session, row.build_id, "published_at")
                    say(f"publication {one} was current: completed its record")
            elif row.state == publications.PREPARED:
                publications.set_state(session, one, publications.ABANDONED)
                _remove(published / one)
                say(f"publication {one} was half done: removed")
            elif row.state == publications.PUBLISHED and (current is None or one > current):
                publications.set_state(session, one, publications.WITHDRAWN)
    for leftover in [*published.glob(f"{_NEW}*"), *published.glob(f".{pointer.POINTER}.*")]:
        _remove(leftover)


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def _build_to_publish(connection: duckdb.DuckDBPyConnection, build_id: str | None) -> str:
    in_warehouse = str(read_rows(connection, "select build_id from raw.qtc_build")[0]["build_id"])
    if build_id is not None and not in_warehouse.startswith(build_id):
        raise PublicationError(
            f"build {build_id}", f"the warehouse holds build {in_warehouse}", "Publish that one, or use `qtc run`"
        )
    return in_warehouse


def _existing(connection: duckdb.DuckDBPyConnection, names: tuple[str, ...]) -> list[str]:
    rows = read_rows(connection, "select table_schema || '.' || table_name as name from information_schema.tables")
    there = {row["name"] for row in rows}
    return [name for name in names if name in there]


def _shared_relations(connection: duckdb.DuckDBPyConnection) -> list[str]:
    dimensions = read_rows(
        connection,
        "select table_schema || '.' || table_name as name from information_schema.tables "
        "where table_schema = 'marts' and starts_with(table_name, 'dim_') order by 1",
    )
    return [*_existing(connection, _SHARED), *(row["name"] for row in dimensions)]
