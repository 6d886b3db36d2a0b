"""The firm's recorded work in Kantata OX's shape: time entries, expenses, time off.

Here: the large PSA entities, streamed from a pod's state, and what was hard-deleted.
Stays out: how it came about (`work.py`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import at, utc
from qtc_pipeline.sandbox.history import Entry
from qtc_pipeline.sandbox.model import SourceRecord
from qtc_pipeline.sandbox.payloads_kantata import ROLE_ID, internal_workspace_id, record, stamp, workspace_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from qtc_pipeline.sandbox.state import PodState


def time_entries(state: PodState) -> Iterator[SourceRecord]:
    """Yield the time entries that exist."""
    for entry in state.entries:
        if entry.deleted is None or entry.deleted > state.until:
            yield _time_entry(entry)


def _time_entry(entry: Entry) -> SourceRecord:
    deal, document = entry.engagement, entry.document
    modified = entry.created
    if entry.approved is not None:
        modified = max(modified, entry.approved)
    if document is not None and document.posted is not None:
        modified = max(modified, document.posted + timedelta(minutes=30))
    quirks = entry.quirks or {}
    touched = quirks.get("touched")
    if touched is not None:
        modified = max(modified, touched)
    entity = entry.resource.entity
    currency = deal.currency if deal else entity.currency
    key = str(entry.number)
    payload = {
        "id": key,
        "workspace_id": workspace_id(deal, 1 if entry.phase else 0) if deal else internal_workspace_id(entity.key),
        "user_id": str(entry.resource.number),
        "role_id": ROLE_ID[entry.role],
        "date_performed": entry.day.isoformat(),
        "time_in_minutes": entry.minutes,
        "billable": entry.billable,
        "approved": entry.approved is not None and not quirks.get("unapproved"),
        "rate_in_cents": quirks.get("psa_rate", entry.rate),
        "cost_rate_in_cents": entry.resource.cost_on(entry.day),
        "currency": currency,
        "currency_base_unit": 100,
        "is_invoiced": document is not None,
        "invoice_id": str(document.number) if document is not None else None,
        "notes": f"Work of {entry.day.isoformat()}",
        "utilization_credit": entry.credited,
        "created_at": stamp(entry.created),
        "updated_at": stamp(modified),
    }
    return SourceRecord(key, payload, utc(modified), None, currency, entity.key)


def deleted_time_entries(state: PodState) -> Iterator[SourceRecord]:
    """Yield the time entries that existed once and were deleted for good."""
    for entry in state.entries:
        if entry.deleted is not None and entry.deleted <= state.until:
            found = _time_entry(entry)
            yield SourceRecord(
                found.record_id, found.payload, found.version_at, utc(entry.deleted), found.currency, found.legal_entity
            )  # fmt: skip


def expenses(state: PodState) -> Iterator[SourceRecord]:
    """Yield the expenses."""
    for item in state.expenses:
        approved = item.approved <= state.until
        fields = {
            "workspace_id": workspace_id(item.engagement),
            "user_id": str(item.resource.number),
            "date": item.day.isoformat(),
            "amount_in_cents": item.amount,
            "currency": item.engagement.currency,
            "category": item.category,
            "billable": item.billable,
            "approved": approved and not item.quirks.get("unapproved"),
            "cost_center": item.quirks.get("cost_centre", item.cost_centre),
            "vendor_name": item.vendor,
        }
        modified = max(item.approved if approved else item.created, item.quirks.get("touched", item.created))
        yield record(str(item.number), item.created, modified, fields, item.engagement.entity.key)


def time_off(state: PodState) -> Iterator[SourceRecord]:
    """Yield the days off, entered three weeks ahead."""
    for item in state.pod.resources:
        for day in sorted(item.time_off):
            created: datetime = max(item.hired, at(day - timedelta(days=21), 8))
            if created <= state.until:
                fields = {"user_id": str(item.number), "date": day.isoformat(), "minutes": 480}
                key = f"{item.number}{day:%Y%m%d}"
                yield record(key, created, created, fields, item.entity.key)


POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "time_entries": time_entries,
    "expenses": expenses,
    "time_off_entries": time_off,
}
