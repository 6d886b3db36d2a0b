"""Kantata OX as a writer meets it: bodies in a singular name, external references, locks, and what is dropped silently.

Rests on the vendor notes of the project. Add here what may be written and what is refused; paths and envelopes are in
``kantata``.

Traps kept: there is no condition and no idempotency key; a field that is not writable (``is_invoiced``) is passed over
without a word; ``create_or_update`` of external references is the only upsert; a line item lock refuses edits up to its
day; prices are written in units and read in cents.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from qtc_pipeline.sandbox.servers.asgi import Instance, Refusal
from qtc_pipeline.sandbox.servers.catalogue import Entity, entities
from qtc_pipeline.sandbox.servers.kantata_filters import error
from qtc_pipeline.sandbox.servers.writing import Payload, Writer

SINGULAR = {
    "workspaces": "workspace",
    "time_entries": "time_entry",
    "expenses": "expense",
    "billing_milestones": "billing_milestone",
    "assignments": "assignment",
    "external_references": "external_reference",
}
_WRITABLE = {
    "workspaces": "title currency start_date due_date rate_card_id archived stage workspace_group_ids price_in_cents",
    "time_entries": "workspace_id user_id role_id date_performed time_in_minutes billable approved rate_in_cents notes",
    "expenses": "workspace_id user_id date amount_in_cents category billable approved",
    "billing_milestones": "workspace_id title amount_in_cents due_date status accepted_date",
    "assignments": "workspace_id user_id role_id estimated_minutes start_date end_date",
    "external_references": "service_name service_model service_model_ref subject_type subject_id status",
}
_REQUIRED = {
    "workspaces": ("title",),
    "time_entries": ("workspace_id", "date_performed", "time_in_minutes"),
    "expenses": ("workspace_id", "date", "amount_in_cents"),
    "billing_milestones": ("workspace_id", "title", "amount_in_cents"),
    "assignments": ("workspace_id",),
    "external_references": ("service_name", "service_model", "service_model_ref", "subject_type", "subject_id"),
}
_SUBJECTS = {
    "Workspace": "workspaces",
    "TimeEntry": "time_entries",
    "Expense": "expenses",
    "BillingMilestone": "billing_milestones",
    "User": "users",
}
_IDENTITY = ("service_name", "service_model", "service_model_ref", "subject_type")
_STATUSES = ("successful", "failed", "pending")
_MOST_ENTRIES = 100
_DAY_OF = {"time_entries": "date_performed", "expenses": "date"}


def invalid(message: str, of_field: str | None = None) -> Refusal:
    """A refusal for what a body says."""
    return Refusal(error(422, "validation", message, of_field))


def bodies(entity: Entity, text: bytes, *, several: bool) -> list[Mapping[str, Any]]:
    """The records a body wants to write.

    Raises:
        Refusal: 400, the body is none; 422, too many records.
    """
    name = SINGULAR.get(entity.name)
    if name is None:
        raise Refusal(error(403, "system", f"{entity.name} cannot be written"))
    try:
        body = json.loads(text, parse_float=Decimal)
    except ValueError:
        raise Refusal(error(400, "system", "The request body is not valid JSON.")) from None
    if isinstance(body, dict) and isinstance(body.get(name), dict):
        return [body[name]]
    listed = body.get(entity.name) if isinstance(body, dict) and several else None
    if entity.name != "time_entries" or not isinstance(listed, list):
        raise Refusal(error(400, "system", f"param is missing or the value is empty: {name}"))
    if len(listed) > _MOST_ENTRIES:
        raise invalid(f"at most {_MOST_ENTRIES} time entries can be created at once")
    return listed


class KantataWrites:
    """The changes of one request.

    Args:
        instance: for its switches.
        writer: the transaction.
    """

    def __init__(self, instance: Instance, writer: Writer) -> None:
        self._locked_until = instance.faults.locked_until
        self._writer = writer

    def create(self, entity: Entity, body: Mapping[str, Any]) -> str:
        """A new record; gives its id."""
        wanted = self._members(entity, body)
        missing = [name for name in _REQUIRED[entity.name] if wanted.get(name) is None]
        if missing:
            raise invalid(f"{missing[0]} can't be blank", missing[0])
        if entity.name == "workspaces" and body.get("creator_role") not in {"maven", "buyer"}:
            raise invalid("creator_role must be maven or buyer", "creator_role")
        project = self._related(entity, wanted)
        if entity.name == "external_references":
            self._check_reference(wanted, None)
        self._check_lock(entity, wanted)
        number = str(self._writer.new_number())
        new = {**self._defaults(entity, project[1] if project else None), **wanted, "id": number}
        self._writer.insert(entity, new, legal_entity=project[0] if project else None)
        self._embedded(entity, number, body)
        return number

    def update(self, entity: Entity, key: str, body: Mapping[str, Any]) -> None:
        """Change a record."""
        found = self._writer.get(entity, key)
        if found is None:
            raise Refusal(error(404, "system", "The requested resource was not found."))
        wanted = self._members(entity, body)
        self._related(entity, wanted)
        after = {**found.payload, **wanted}
        if entity.name == "external_references":
            self._check_reference(after, key)
        for record in (found.payload, after):
            self._check_lock(entity, record)
        self._writer.update(entity, key, wanted)
        self._embedded(entity, key, body)

    def delete(self, entity: Entity, key: str) -> None:
        """Take a record away for good."""
        found = self._writer.get(entity, key)
        if found is None:
            raise Refusal(error(404, "system", "The requested resource was not found."))
        self._check_lock(entity, found.payload)
        self._writer.delete(entity, key)

    def create_or_update(self, body: Mapping[str, Any]) -> tuple[str, bool]:
        """The reference of this identity, made or changed; gives its id and whether it is new."""
        entity = entities("kantata")["external_references"]
        wanted = self._members(entity, body)
        found = self._references({name: wanted.get(name) for name in _IDENTITY})
        if not found:
            return self.create(entity, body), True
        self.update(entity, found[0], body)
        return found[0], False

    def _members(self, entity: Entity, body: Mapping[str, Any]) -> Payload:
        """The writable members of a body; others are passed over without a word."""
        given = dict(body)
        if entity.name == "workspaces" and "price" in given:
            given["price_in_cents"] = _cents(given.pop("price"))
        writable = _WRITABLE[entity.name].split()
        return {name: _typed(entity, name, given[name]) for name in writable if name in given}

    def _defaults(self, entity: Entity, project: Payload | None) -> Payload:
        if entity.name == "workspaces":
            status = {"key": "not_started", "message": "Not Started"}
            return {
                "currency": "USD",
                "status": status,
                "archived": False,
                "stage": "planned",
                "workspace_group_ids": [],
            }
        if entity.name == "external_references":
            return {"status": "successful"}
        shared = {"currency": project["currency"]} if project else {}
        flags = {name: False for name, kind in entity.fields.items() if kind == "bool"}
        return {**flags, **shared, **({"currency_base_unit": 100} if "currency_base_unit" in entity.fields else {})}

    def _related(self, entity: Entity, wanted: Payload) -> tuple[str | None, Payload] | None:
        """Company and payload of the workspace a record belongs to."""
        key = wanted.get("workspace_id")
        if key is None or "workspace_id" not in entity.fields:
            return None
        found = self._writer.get(entities("kantata")["workspaces"], str(key))
        if found is None:
            raise invalid("workspace does not exist", "workspace_id")
        return found.legal_entity, found.payload

    def _check_lock(self, entity: Entity, record: Mapping[str, Any]) -> None:
        day = record.get(_DAY_OF.get(entity.name, ""))
        if self._locked_until is not None and day is not None and str(day) <= self._locked_until:
            raise invalid(f"is locked by a line item lock up to {self._locked_until}", _DAY_OF[entity.name])

    def _check_reference(self, wanted: Mapping[str, Any], key: str | None) -> None:
        target = _SUBJECTS.get(str(wanted.get("subject_type")))
        if target is None:
            raise invalid("subject_type is not supported", "subject_type")
        if self._writer.get(entities("kantata")[target], str(wanted["subject_id"])) is None:
            raise invalid("subject does not exist", "subject_id")
        if wanted.get("status", "successful") not in _STATUSES:
            raise invalid(f"status must be one of {', '.join(_STATUSES)}", "status")
        if [one for one in self._references({name: wanted.get(name) for name in _IDENTITY}) if one != key]:
            raise invalid("service_model_ref has already been taken", "service_model_ref")

    def _references(self, identity: Mapping[str, Any]) -> Sequence[str]:
        entity = entities("kantata")["external_references"]
        condition = " AND ".join(f'"{name}" = ?' for name in identity)
        return [one.key for one in self._writer.where(entity, condition, *identity.values())]

    def _embedded(self, entity: Entity, key: str, body: Mapping[str, Any]) -> None:
        """An external reference that comes with its record."""
        reference = body.get("external_reference")
        if not isinstance(reference, dict):
            return
        kind = next((kind for kind, name in _SUBJECTS.items() if name == entity.name), None)
        if kind is None:
            raise invalid("external_reference is not supported here", "external_reference")
        wanted = {**reference, "subject_type": kind, "subject_id": key}
        taken = self._references({name: wanted.get(name) for name in _IDENTITY})
        own = [one for one in taken if self._subject(one) == key]
        if own:
            self.update(entities("kantata")["external_references"], own[0], wanted)
        else:
            self.create(entities("kantata")["external_references"], wanted)

    def _subject(self, reference: str) -> str:
        found = self._writer.get(entities("kantata")["external_references"], reference)
        return str(found.payload["subject_id"]) if found else ""


def _cents(value: Any) -> int | None:
    if value is None:
        return None
    try:
        return int((Decimal(str(value)) * 100).to_integral_value())
    except InvalidOperation:
        raise invalid("price is not a number", "price") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != Decimal(str(value)):
        raise ValueError(value)
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    "id": str,
    "text": str,
    "bool": _flag,
    "number": _whole,
    "money": _whole,
    "date": lambda value: date.fromisoformat(value).isoformat(),
    "json": lambda value: value,
}


def _typed(entity: Entity, name: str, value: Any) -> Any:
    if value is None:
        return None
    try:
        return _READ[entity.kind(name)](value)
    except (ValueError, TypeError, InvalidOperation):
        raise invalid(f"{name} is invalid", name) from None
