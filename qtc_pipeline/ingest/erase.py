"""Erase what a record says about a person, on request: the members its vendor's folder declares personal.

Here: what is erased, and that nobody builds from the files meanwhile. Stays out: rewriting them (``lake.erasure``).

Erase at the source first: a version read later brings whatever the source still holds, while a record read again
unchanged adds nothing, because the erased version keeps its payload's hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from qtc_pipeline.errors import ErasureError, SettingsError
from qtc_pipeline.lake import Erasure, Lake
from qtc_pipeline.ops.lock import warehouse_lock
from qtc_pipeline.settings import Settings
from qtc_pipeline.systems.registry import system


def erase_record(
    settings: Settings,
    *,
    instance: str,
    entity: str,
    record_id: str,
    person: str,
    reason: str,
    members: Sequence[str] = (),
    say: Callable[[str], None] = lambda _: None,
) -> Erasure:
    """Redact every version of a record and remove every file that held it.

    Args:
        settings: where the lake is.
        instance: whose record.
        entity: the vendor's name of the object.
        record_id: the vendor's id of the record.
        person: who answers for it.
        reason: why.
        members: payload members beside those declared personal.
        say: told when waiting for a build that reads the lake now.

    Raises:
        SettingsError: unknown instance or entity.
        ErasureError: nothing personal is declared or named, the record is unknown, or it is being loaded now.
    """
    vendor = settings.instance(instance).vendor
    declared = {one.name: one for one in system(vendor).entities}
    if entity not in declared:
        raise SettingsError(
            f"entity '{entity}'", f"{vendor} has none of that name", f"Use one of: {', '.join(declared)}"
        )
    chosen = tuple(sorted({*declared[entity].personal, *members}))
    if not chosen:
        raise ErasureError(
            f"instance {instance}, entity {entity}", "no field of it is declared personal", "Name the fields to erase"
        )
    wrong = sorted({*chosen} & {*declared[entity].key, declared[entity].cursor, declared[entity].amount})
    if wrong:
        raise ErasureError(
            f"instance {instance}, entity {entity}",
            f"{', '.join(wrong)} names, orders or sums the record",
            "Ids, stamps and amounts stay",
        )
    now = datetime.now(UTC)
    request = Erasure(
        *(f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}", vendor, entity, instance, record_id, chosen),
        *(person, reason, now.isoformat()),
    )
    # a build reads these files by name
    with warehouse_lock(settings.warehouse_path, f"erase {request.what}", say=say):
        return Lake(settings.lake_dir).erase(request)
