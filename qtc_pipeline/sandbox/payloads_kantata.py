"""The firm's PSA records in Kantata OX's shape: set-up, workspaces and what belongs to them.

Here: one generator per entity except the recorded work (`payloads_kantata_work.py`), from a pod's state to
`SourceRecord`s, and the entities that exist once for the firm. Money is integer cents, ids are text.
Stays out: paging, side-loads and HTTP (`servers/`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox.clock import at, calendar_days, utc
from qtc_pipeline.sandbox.ledger import estimates as estimate_versions
from qtc_pipeline.sandbox.model import Engagement, SourceRecord
from qtc_pipeline.sandbox.names import ALL_ROLES, INTERNAL_GROUP, LEGAL_ENTITIES, UNPRICED_ROLE
from qtc_pipeline.sandbox.payloads_salesforce import opportunity_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState

SET_UP = at(datetime(2024, 11, 1).date(), 8)  # noqa: DTZ001 - UTC without a zone
ROLE_ID = {role: str(201 + place) for place, role in enumerate((*ALL_ROLES, UNPRICED_ROLE))}
GROUP_ID = {entity.key: str(entity.number) for entity in LEGAL_ENTITIES}
KICK_OFF_DAYS = 4  # a workspace becomes active this long after it was made
_TITLE = ("", " phase 2", " (copy)")
_LABEL = {"active": "Active", "completed": "Completed", "cancelled": "Cancelled", "not_started": "Not Started"}


def stamp(instant: datetime) -> str:
    """Return Kantata's form of an instant."""
    return instant.isoformat() + "Z"


def record(
    key: str, created: datetime, modified: datetime, fields: dict[str, Any], entity: str | None
) -> SourceRecord:  # fmt: skip
    """Wrap a payload."""
    payload = {"id": key, **fields, "created_at": stamp(created), "updated_at": stamp(modified)}
    return SourceRecord(key, payload, utc(modified), None, fields.get("currency"), entity)


def workspace_id(deal: Engagement, place: int = 0) -> str:
    """Return the id of a deal's root workspace (0), its additional phase (1) or a surplus one (2)."""
    return str(30_000_000 + deal.number * 10 + place)


def internal_workspace_id(entity: str) -> str:
    """Return the id of a legal entity's internal project."""
    return str(9_000_000 + int(GROUP_ID[entity]))


def groups() -> Iterator[SourceRecord]:
    """Yield the workspace groups: a legal entity each, and the internal one."""
    for key, number in (*GROUP_ID.items(), ("Internal", INTERNAL_GROUP)):
        yield record(number, SET_UP, SET_UP, {"name": key}, key if key in GROUP_ID else None)


def roles() -> Iterator[SourceRecord]:
    """Yield the roles."""
    for role, number in ROLE_ID.items():
        yield record(number, SET_UP, SET_UP, {"name": role}, None)


def holidays() -> Iterator[SourceRecord]:
    """Yield the public holidays of every legal entity's calendar."""
    for entity in LEGAL_ENTITIES:
        for day, title in calendar_days():
            fields = {"title": title, "date": day.isoformat(), "workspace_group_id": GROUP_ID[entity.key]}
            yield record(f"{entity.number}{day:%Y%m%d}", SET_UP, SET_UP, fields, entity.key)


def internal_workspaces() -> Iterator[SourceRecord]:
    """Yield the internal project of every legal entity."""
    for entity in LEGAL_ENTITIES:
        fields = {
            "title": f"Internal {entity.key}",
            "currency": entity.currency,
            "price_in_cents": None,
            "start_date": "2025-01-01",
            "due_date": None,
            "status": {"key": "active", "message": "Active"},
            "rate_card_id": None,
            "archived": False,
            "stage": "internal",
            "workspace_group_ids": [GROUP_ID[entity.key], INTERNAL_GROUP],
        }
        yield record(internal_workspace_id(entity.key), SET_UP, SET_UP, fields, entity.key)


def has_workspace(deal: Engagement, until: datetime) -> bool:
    """Return whether the PSA knows the deal."""
    return deal.psa_created is not None and deal.psa_created <= until


def workspaces(state: PodState) -> Iterator[SourceRecord]:
    """Yield the deals' workspaces, archived ones included."""
    for deal in state.pod.engagements:
        if not has_workspace(deal, state.until):
            continue
        price, changed = psa_price(deal, state.until)
        phase = deal.phase_price or 0
        yield _workspace(deal, 0, price - phase, changed, state.until)
        if deal.phase_price is not None:
            yield _workspace(deal, 1, phase, None, state.until)
        if deal.quirks.get("second_workspace"):
            yield _workspace(deal, 2, 0, None, state.until)


def psa_price(deal: Engagement, until: datetime) -> tuple[int, datetime | None]:
    """Return the price the PSA carries for a deal, and when an amendment last changed it."""
    price, changed = deal.value + int(deal.quirks.get("psa_price", 0)), None
    for item in deal.amendments:
        arrival = at(item.effective, 3)
        if item.in_psa and arrival <= until:
            price, changed = price + item.amount, arrival
    return price, changed


def _workspace(
    deal: Engagement, place: int, price: int, changed: datetime | None, until: datetime
) -> SourceRecord:  # fmt: skip
    created = deal.psa_created or deal.signed
    if place == 2:
        created += timedelta(days=1)
    status, stage, archived = "not_started", "planned", False
    modified = max(created, changed or created)
    steps = [
        (created + timedelta(days=KICK_OFF_DAYS), "active", "delivery"),
        (at(deal.end + timedelta(days=5), 12), "completed", "closed"),
    ]
    if deal.quirks.get("not_started"):
        steps = []
    if deal.cancelled:
        steps = [(deal.cancelled, "cancelled", "cancelled")]
    for moment, key, name in steps:
        if moment <= until:
            status, stage, modified = key, name, max(modified, moment)
    archiving = at(deal.end + timedelta(days=100), 12)
    if archiving <= until and not deal.cancelled:
        archived, modified = True, max(modified, archiving)
    if place == 0:
        modified = max(modified, deal.quirks.get("psa_touched", modified))
    fields = {
        "title": deal.name + _TITLE[place],
        "currency": deal.quirks.get("psa_currency", deal.currency),
        "price_in_cents": price,
        "start_date": deal.start.isoformat(),
        "due_date": deal.end.isoformat(),
        "status": {"key": status, "message": _LABEL[status]},
        "rate_card_id": str(deal.number),
        "archived": archived,
        "stage": stage,
        "workspace_group_ids": [GROUP_ID[deal.entity.key]],
    }
    return record(workspace_id(deal, place), created, modified, fields, deal.entity.key)


def references(state: PodState) -> Iterator[SourceRecord]:
    """Yield the links from workspaces to opportunities."""
    for deal in state.pod.engagements:
        if not has_workspace(deal, state.until):
            continue
        places = [0]
        if deal.phase_price is not None:
            places.append(1)
        if deal.quirks.get("second_workspace"):
            places.append(2)
        for place in places:
            created = (deal.psa_created or deal.signed) + timedelta(minutes=5, days=1 if place == 2 else 0)
            fields = {
                "service_name": "salesforce",
                "service_model": "OpportunityPhase" if place == 1 else "Opportunity",
                "service_model_ref": opportunity_id(deal.number),
                "subject_type": "Workspace",
                "subject_id": workspace_id(deal, place),
                "status": "linked",
            }
            yield record(workspace_id(deal, place) + "1", created, created, fields, deal.entity.key)


def users(state: PodState) -> Iterator[SourceRecord]:
    """Yield the consultants."""
    for item in state.pod.resources:
        fields = {
            "full_name": item.name,
            "email_address": item.email,
            "role_id": ROLE_ID[item.role],
            "workspace_group_id": GROUP_ID[item.entity.key],
            "weekly_minutes": 2400,
            "country": item.entity.country,
        }
        yield record(str(item.number), item.hired, item.hired, fields, item.entity.key)


def cost_rates(state: PodState) -> Iterator[SourceRecord]:
    """Yield the consultants' cost rates over time; a rate is entered two weeks before it takes effect."""
    for item in state.pod.resources:
        for place, (day, amount) in enumerate(item.cost):
            created = at(day - timedelta(days=14), 9)
            if created <= state.until:
                fields = {
                    "user_id": str(item.number),
                    "amount_in_subunits": amount,
                    "currency": item.entity.currency,
                    "effective_date": day.isoformat(),
                }
                yield record(str(item.number * 10 + place), created, created, fields, item.entity.key)


def assignments(state: PodState) -> Iterator[SourceRecord]:
    """Yield who is staffed on what."""
    for deal in state.pod.engagements:
        if not has_workspace(deal, state.until) or deal.outcome == "cancelled":
            continue
        created = (deal.psa_created or deal.signed) + timedelta(minutes=30)
        if created > state.until:
            continue
        for item in deal.team:
            fields = {
                "workspace_id": workspace_id(deal),
                "user_id": str(item.number),
                "role_id": ROLE_ID[item.role],
                "estimated_minutes": deal.planned_minutes.get(item.number, 0),
                "start_date": deal.start.isoformat(),
                "end_date": deal.end.isoformat(),
            }
            key = str(deal.number * 10_000 + item.number)
            yield record(key, created, created, fields, deal.entity.key)


def milestones(state: PodState) -> Iterator[SourceRecord]:
    """Yield billing milestones: planned, rejected, accepted."""
    for deal in state.pod.engagements:
        for item in deal.milestones:
            if item.created > state.until or not has_workspace(deal, state.until):
                continue
            status, modified = "planned", item.created
            if item.rejected and item.rejected <= state.until:
                status, modified = "rejected", item.rejected
            accepted = item.accepted is not None and item.accepted <= state.until
            if accepted and item.accepted:
                status, modified = "accepted", item.accepted
            fields = {
                "workspace_id": workspace_id(deal),
                "title": item.title,
                "amount_in_cents": item.amount,
                "currency": deal.currency,
                "due_date": item.due.isoformat(),
                "status": status,
                "accepted_date": modified.date().isoformat() if accepted else None,
            }
            yield record(str(deal.number * 100 + item.number), item.created, modified, fields, deal.entity.key)


def estimates(state: PodState) -> Iterator[SourceRecord]:
    """Yield the versions of plan cost and estimate to complete."""
    for deal in state.pod.engagements:
        if not has_workspace(deal, state.until) or deal.outcome != "signed":
            continue
        for item in estimate_versions(state.seed, deal, state.until):
            fields = {
                "workspace_id": workspace_id(deal),
                "version": item.version,
                "as_of_date": item.day.isoformat(),
                "planned_cost_in_cents": item.planned,
                "etc_cost_in_cents": item.to_complete,
                "currency": deal.entity.currency,
            }
            key = str(deal.number * 100 + item.version)
            yield record(key, item.published, item.published, fields, deal.entity.key)


FIRM: dict[str, tuple[Callable[[], Iterator[SourceRecord]], ...]] = {
    "workspaces": (internal_workspaces,),
    "workspace_groups": (groups,),
    "roles": (roles,),
    "holidays": (holidays,),
}
POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "workspaces": workspaces,
    "external_references": references,
    "users": users,
    "cost_rates": cost_rates,
    "assignments": assignments,
    "billing_milestones": milestones,
    "estimates": estimates,
}
