"""The operational store as a system: what was planned and written comes back through the same door as all records.

Data flow: the ledger's tables, in pages by key, a record of JSON each; increments by the stamp of the last change; rows
are never deleted. Control counts by an aggregate of the tables, which no page uses. A correction carries the instants
of its states (from the audit trail) and what the firm's clock said when it was planned and when its repair was seen. A
try that found its step in effect wrote nothing and is a record too (``attempt_no`` 0).
No names of people, no messages of vendors and no values of fields leave the store: only what happened to which record.
Permissions: those of the store itself. Alone: ``qtc ingest ops``.
"""

from __future__ import annotations

from qtc_pipeline.keys import OPS
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Capabilities, Entity, Reader, System

ENTITIES = (
    Entity(
        name="correction",
        fields=(
            *("id", "kind", "state", "exception_id", "occurrence", "generation", "break_class", "leg", "policy"),
            *("exposure", "owner_role", "legal_entity_id", "region", "qtc_id", "build_id", "superseded_by"),
            *("instances", "steps", "steps_done", "created_at", "updated_at", "approved_at", "applied_at"),
            *("confirmed_at", "resolved_at", "defect_seen_at", "planned_as_of", "repaired_as_of"),
        ),
        cursor="updated_at",
        steady=False,  # a ledger may be quiet for a month and full in an hour
    ),
    Entity(
        name="attempt",
        fields=(
            *("id", "correction_id", "step", "attempt_no", "target", "target_entity", "record_key", "outcome", "code"),
            *("error_class", "intent_at", "sent_at", "ended_at", "updated_at"),
        ),
        cursor="updated_at",
        steady=False,
    ),
)


def _open(instance: Instance) -> Reader:
    # the declarations above are read whenever the graph is loaded; the database only when something is read
    from qtc_pipeline.systems.ops.read import LedgerReader

    return LedgerReader(instance.base_url, instance.page_size or 1000)


SYSTEM = System(
    vendor=OPS,
    entities=ENTITIES,
    capabilities=Capabilities(source_sums=False, delete_log=False, time_approval=False, server_order=True),
    open=_open,
)
