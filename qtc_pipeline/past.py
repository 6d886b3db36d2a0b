"""The main job of a past moment: the publication that was made then, built again from what was known then.

A rebuild has a home of its own under ``<home>/past``: its own warehouse, store and publication, so that the present is
never touched; what lies there may be deleted at any time. It shares the lake (only loads of that moment count) and is
given what the moment had besides: its ``qtc.toml``, the publication before it, the verdicts of that one, the waivers in
force. Same code and inputs give equal tables, row for row; with other code the differences are the change of rules.
Add here: an input a build gains. Stays out: comparing figures (``publish.restated``), the rooms themselves.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.run import RunReport, build
from qtc_pipeline.settings import Past, Settings, load_settings
from qtc_pipeline.transform.project import project_digest

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from qtc_pipeline.publish.reader import Published
    from qtc_pipeline.run import Telling

_FOLDER = "past"
_STORED = "published."  # verdicts and exceptions have stamps of their own time


@dataclass(frozen=True)
class TableDifference:
    """A table that came out otherwise: rows only the publication has, rows only the rebuild has."""

    table: str
    rows_then: int
    rows_now: int
    only_then: int
    only_now: int


@dataclass(frozen=True)
class Rebuilt:
    """A past moment built again.

    Attributes:
        settings: of the rebuild's home.
        then: the publication of that moment; None where nothing had been published yet.
        now: what was published from the rebuild; None where every mart was held.
        is_same_code: whether package and dbt project are those of ``then``.
        equal: tables with the same sorted content.
        differences: the others; with the same code there are none, with other code they are its doing (rule change).
    """

    settings: Settings
    then: Published | None
    now: Published | None
    is_same_code: bool
    equal: tuple[str, ...]
    differences: tuple[TableDifference, ...]
    report: RunReport


def rebuild(
    settings: Settings, telling: Telling, *, publication_id: str | None = None, known_at: datetime | None = None
) -> Rebuilt:
    """Build a past moment again, in a home of its own.

    Args:
        settings: of the present.
        telling: told how it goes.
        publication_id: the publication to build again; by default the one that was current at ``known_at``, else the
            current one.
        known_at: what was known at this instant: loads completed later do not count.

    Raises:
        PublicationError: there is no such publication, nothing was known at that instant, or with the same code and
            inputs a table came out otherwise (then the lake or the engine has changed, and no number can be trusted).
    """
    then = _then(settings, publication_id, known_at)
    if then is None and known_at is not None:
        past = Past(lake_home=settings.home, known_at=known_at)
        own = settings.model_copy(update=_own(settings, f"known-{known_at:%Y%m%dT%H%M%S}", past))
    else:
        assert then is not None  # noqa: S101 - _then raises where neither is there
        own = _settings_of(settings, then)
        _hand_over(settings, own, then)
    report = RunReport()
    build(own, telling, report)
    return _compared(own, then, report)


def warehouse_of(settings: Settings, publication_id: str, telling: Telling) -> Settings:
    """Settings of a home whose warehouse holds the build of a publication: the present one, or a rebuild."""
    from qtc_pipeline.publish.reader import find_publication
    from qtc_pipeline.transform.context import build_in_warehouse

    wanted = find_publication(settings, publication_id)
    if build_in_warehouse(settings.warehouse_path) == wanted.manifest["build_id"]:
        return settings
    telling.stage(f"the warehouse holds another build: building {wanted.publication_id} again")
    return rebuild(settings, telling, publication_id=wanted.publication_id).settings


def forget(settings: Settings) -> None:
    """Remove every rebuild: their warehouses hold what was erased from the lake since."""
    folder = settings.home / _FOLDER
    if folder.is_dir():
        shutil.rmtree(folder)


def _then(settings: Settings, publication_id: str | None, known_at: datetime | None) -> Published | None:
    from qtc_pipeline.publish.reader import find_publication, published_at

    if publication_id is not None or known_at is None:
        return find_publication(settings, publication_id)
    try:
        return published_at(settings, known_at)
    except PublicationError:
        return None  # known, but nothing was reported of it


def _own(settings: Settings, name: str, past: Past) -> dict[str, Any]:
    return {"home": settings.home / _FOLDER / name, "past": past, "ops_database_url": None}


def _settings_of(settings: Settings, then: Published) -> Settings:
    numbers = then.manifest["inputs"].get("load_numbers")
    if numbers is None:
        raise PublicationError(
            f"publication {then.publication_id}", "does not say which loads it was made of", "Take a later one"
        )
    past = Past(lake_home=settings.home, load_numbers=numbers)
    changed = _own(settings, f"{then.publication_id}-{project_digest()[:8]}", past)
    written = load_settings(then.folder / settings.config_path.name, home=changed["home"])
    return written.model_copy(update={**changed, "as_of": datetime.fromisoformat(then.manifest["as_of"])})


def _hand_over(settings: Settings, own: Settings, then: Published) -> None:
    """Give the rebuild what the store and the publications held when the publication was made."""
    from qtc_pipeline.ops import pointer
    from qtc_pipeline.ops.models import Build, Verdict, Waiver
    from qtc_pipeline.ops.store import copy_rows, open_store

    own.published_dir.mkdir(parents=True, exist_ok=True)
    manifest = then.manifest
    earlier = manifest["previous_publication_id"]
    needed = {*manifest["previous_movement_sources"].values(), *([earlier] if earlier else [])}
    for one in needed:
        link = own.published_dir / one
        if not link.is_symlink():
            link.symlink_to((settings.published_dir / one).resolve())
    if earlier and pointer.current_id(own.published_dir) is None:
        (own.published_dir / pointer.POINTER).symlink_to(earlier)
    with open_store(settings) as source, open_store(own) as target:
        if manifest["previous_build_id"]:
            copy_rows(source, target, Build, Build.build_id == manifest["previous_build_id"])
            copy_rows(source, target, Verdict, Verdict.build_id == manifest["previous_build_id"])
        _copy_ended_lives(source, target, datetime.fromisoformat(manifest["as_of"]))
        in_force = [one[0] for one in manifest["inputs"]["waivers"]]
        copy_rows(source, target, Waiver, Waiver.waiver_id.in_(in_force))


def _copy_ended_lives(source: Session, target: Session, as_of: datetime) -> None:
    """Exceptions that had ended by then, as ended: the rebuild opens again what its own build finds."""
    from qtc_pipeline.ops import exceptions
    from qtc_pipeline.ops.models import ExceptionCase, ExceptionOccurrence
    from qtc_pipeline.ops.store import copy_rows

    if target.query(ExceptionOccurrence).first() is not None:
        return  # the rebuild has gone on from there already
    ended = ExceptionOccurrence.resolved_at <= as_of
    ids = {
        life.exception_id
        for life, _ in exceptions.ended_lives(source)
        if life.resolved_at and life.resolved_at <= as_of
    }
    copy_rows(source, target, ExceptionCase, ExceptionCase.exception_id.in_(ids))
    for case in target.query(ExceptionCase):
        case.state = exceptions.RESOLVED
    copy_rows(source, target, ExceptionOccurrence, ended)


def _compared(own: Settings, then: Published | None, report: RunReport) -> Rebuilt:
    from qtc_pipeline.publish.reader import current_publication
    from qtc_pipeline.publish.same import compare_tables

    now = current_publication(own)
    if now is not None and now.manifest["build_id"] != report.build_id:
        now = None  # the pointer still names the publication before
    if then is None or now is None:
        return Rebuilt(own, then, now, is_same_code=True, equal=(), differences=(), report=report)
    is_same_code = all(
        now.manifest["inputs"][part] == then.manifest["inputs"][part] for part in ("package_version", "dbt_project")
    )
    equal, differences = [], []
    for name, facts in then.manifest["tables"].items():
        if name.startswith(_STORED):
            continue
        if now.manifest["tables"].get(name, {}).get("content_hash") == facts["content_hash"]:
            equal.append(name)
        else:
            differences.append(TableDifference(name, *compare_tables(then, now, name)))
    differences = [one for one in differences if one.only_then or one.only_now]
    if is_same_code and differences:
        told = ", ".join(f"{one.table} ({one.only_then} rows gone, {one.only_now} new)" for one in differences)
        raise PublicationError(
            f"publication {then.publication_id}",
            f"built again from the same inputs by the same code, it is not the same: {told}",
            "Was the lake changed by hand, or a record erased? See `qtc lake erasures`",
        )
    return Rebuilt(own, then, now, is_same_code, tuple(equal), tuple(differences), report)
