"""Kantata OX: projects, people, time, expenses, milestones, estimates.

Data flow: one list endpoint per entity, ``results`` in the order given (the keyed maps hold side-loads too), pages by
``meta.page_count``, increments by ``updated_after``, archived projects included. Deletes are hard and leave no trace in
an increment: the nightly full read finds them as missing ids. Control counts by ``meta.count`` of a filtered list; the
API has no sums.
Secrets: an access token (it does not expire) in ``QTC_SECRET_<INSTANCE>``. Permissions: a token of an administrator,
because other seats see their own projects only.
Alone: ``qtc ingest psa --entity workspaces``.
"""

from __future__ import annotations

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Capabilities, Entity, Reader, System

_COMMON = ("id", "created_at", "updated_at")


def _entity(name: str, fields: str, *, personal: tuple[str, ...] = ()) -> Entity:
    return Entity(name=name, fields=(*_COMMON, *fields.split()), cursor="updated_at", personal=personal)


ENTITIES = (
    _entity(
        "workspaces",
        "title currency price_in_cents start_date due_date status rate_card_id archived stage workspace_group_ids",
    ),
    _entity("workspace_groups", "name"),
    _entity("external_references", "service_name service_model service_model_ref subject_type subject_id status"),
    _entity(
        "users",
        "full_name email_address role_id workspace_group_id weekly_minutes country",
        personal=("full_name", "email_address"),
    ),
    _entity("roles", "name"),
    _entity("cost_rates", "user_id amount_in_subunits currency effective_date"),
    _entity("assignments", "workspace_id user_id role_id estimated_minutes start_date end_date"),
    _entity(
        "time_entries",
        "workspace_id user_id role_id date_performed time_in_minutes billable approved rate_in_cents "
        "cost_rate_in_cents currency currency_base_unit is_invoiced invoice_id notes utilization_credit",
        personal=("notes",),
    ),
    _entity(
        "expenses",
        "workspace_id user_id date amount_in_cents currency category billable approved cost_center vendor_name",
    ),
    _entity("billing_milestones", "workspace_id title amount_in_cents currency due_date status accepted_date"),
    _entity("estimates", "workspace_id version as_of_date planned_cost_in_cents etc_cost_in_cents currency"),
    _entity("time_off_entries", "user_id date minutes"),
    _entity("holidays", "title date workspace_group_id"),
)


def _open(instance: Instance) -> Reader:
    # the declarations above are read whenever the graph is loaded; the HTTP client only when something is read
    from qtc_pipeline.systems.kantata.read import open_reader

    return open_reader(instance)


SYSTEM = System(
    vendor="kantata",
    entities=ENTITIES,
    capabilities=Capabilities(source_sums=False, delete_log=False, time_approval=True, server_order=True),
    open=_open,
    together={"workspaces": {"external_references": "subject_id"}},
)
