"""Settings people answer for: nothing is planned under policies, tolerances or mappings one person changed alone.

What is in force when the store first sees it is taken as it is, on record; each change since then is proposed by one
person and approved by another. Corrections under way are not held up: they were planned under what was in force. Add
here: a part of the settings that decides what is corrected. Stays out: the rows (``ops.governed``), the values
(``settings``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import governed
from qtc_pipeline.ops.models_corrections import Governed
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings


def documents(settings: Settings) -> dict[str, dict[str, Any]]:
    """What people answer for, as it stands in qtc.toml, by kind."""
    return {
        "policies": settings.corrections.model_dump(mode="json"),
        "tolerances": {
            "tolerances": settings.tolerances.model_dump(mode="json"),
            "slas": settings.slas.model_dump(mode="json"),
        },
        "mappings": {entity.id: entity.model_dump(mode="json") for entity in settings.legal_entities},
        "targets": {
            one.name: {"writes": one.writes, "identity": one.identity, "environment": one.environment}
            for one in settings.instances
        },
    }


def changed(settings: Settings) -> list[str]:
    """Kinds whose settings are not the ones in force."""
    with open_store(settings) as session:
        return [
            what
            for what, document in documents(settings).items()
            if (row := governed.in_force(session, what)) is not None and row.digest != governed.digest_of(document)
        ]


def check(settings: Settings, *, actor: str, now: datetime) -> None:
    """Let a plan be made under settings that are in force; what was never seen before comes into force.

    Raises:
        CorrectionError: something was changed and nobody else has approved it.
    """
    with open_ledger(settings) as session:
        for what, document in documents(settings).items():
            if governed.in_force(session, what) is None:
                governed.adopt(session, what, document, actor=actor, now=now)
    unapproved = changed(settings)
    if unapproved:
        raise CorrectionError(
            f"settings: {', '.join(unapproved)}",
            f"changed in {settings.config_path.name} and approved by nobody, so nothing is planned under them",
            "Propose the change with `qtc changes propose`; another person approves it with `qtc changes approve`",
        )


def propose(settings: Settings, *, person: str, now: datetime) -> list[Governed]:
    """Propose every change of the settings for approval by another person; none where all are in force."""
    found = changed(settings)
    with open_ledger(settings) as session:
        return [
            governed.propose(session, what, document, person=person, now=now)
            for what, document in documents(settings).items()
            if what in found
        ]
