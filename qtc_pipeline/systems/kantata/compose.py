"""Corrections in Kantata's words: workspaces, external references, time entries. Pure.

Add a correction here and to ``CAPABILITIES``. Stays out: what it takes to send one (``write``).

A workspace names its opportunity by an external reference of the service ``salesforce``, made in the same call, and
carries its marker at the end of the title, by which it is found where the reference came to be written apart. A card's
rate would change every project on the card, so only the rate of an entry can be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qtc_pipeline.systems.sending import plain
from qtc_pipeline.systems.writing import Action, Capability, Guard, Value, Values, Verb, Write

SERVICE = "salesforce"
MODEL = "Opportunity"
REFERENCE = "external_reference"
_MARKER, _COMPARE = Guard.MARKER, Guard.COMPARE

CAPABILITIES = {
    (Verb.CREATE, "project"): Capability(_MARKER, frozenset({"name", "currency", "legal_entity", "opportunity_id"})),
    (Verb.SET, "project"): Capability(_COMPARE),
    (Verb.LINK, "project"): Capability(_MARKER, frozenset({"opportunity_id"})),
    (Verb.SET, "time_entry"): Capability(_COMPARE),
}
_PROJECT = {
    "name": "title",
    "value": "price",
    "currency": "currency",
    "start_date": "start_date",
    "end_date": "due_date",
    "legal_entity": "workspace_group",
    "opportunity_id": REFERENCE,
}
_CHANGED_PROJECT = frozenset({"name", "value", "currency", "start_date", "end_date"})
_TIME_ENTRY = {"rate": "rate", "is_billable": "billable"}
_AMOUNTS = frozenset({"value", "rate"})
CENTS = {"price": "price_in_cents", "rate": "rate_in_cents"}
BASE = 100  # minor units of a currency, where a record does not tell


def compose(action: Action) -> tuple[Write, ...] | None:
    """The writes of an action; None where Kantata cannot do it, or the action says too little."""
    known = CAPABILITIES.get((action.verb, action.entity))
    if known is None or not known.needs <= {name for name, value in action.values.items() if value is not None}:
        return None
    match action.verb, action.entity:
        case Verb.CREATE, "project":
            return _workspace(action)
        case Verb.LINK, "project":
            return _reference(action)
        case Verb.SET, "project":
            return _change(action, "workspaces", {name: _PROJECT[name] for name in _CHANGED_PROJECT})
        case _:
            return _change(action, "time_entries", _TIME_ENTRY)


def held(write: Write, record: Mapping[str, Any]) -> dict[str, Value]:
    """What a record of the lake has of a write's fields: amounts from cents; groups and references stand elsewhere."""
    names = {name: CENTS.get(name, name) for name in write.new}
    found: dict[str, Value] = {name: record[one] for name, one in names.items() if one in record}
    for name in found.keys() & CENTS.keys():
        if found[name] is not None:
            found[name] = plain(Decimal(str(found[name])) / Decimal(str(record.get("currency_base_unit") or BASE)))
    return found


def _workspace(action: Action) -> tuple[Write, ...] | None:
    if not action.marker or not action.values.keys() <= _PROJECT.keys():
        return None
    new = _named(action.values, _PROJECT)
    new["title"] = f"{new['title']} [{action.marker}]"
    return (Write("create", "workspaces", "workspaces", None, new, marker=action.marker),)


def _reference(action: Action) -> tuple[Write, ...] | None:
    if action.source_id is None or action.values.keys() != {"opportunity_id"}:
        return None
    opportunity = str(action.values["opportunity_id"])
    new: dict[str, Value] = {
        "service_name": SERVICE,
        "service_model": MODEL,
        "service_model_ref": opportunity,
        "subject_type": "Workspace",
        "subject_id": action.source_id,
    }
    marker = f"{SERVICE}/{MODEL}/{opportunity}/Workspace"
    return (Write("create", "external_references", "external_references", None, new, marker=marker),)


def _change(action: Action, entity: str, names: dict[str, str]) -> tuple[Write, ...] | None:
    if action.source_id is None or not action.values or not action.values.keys() <= names.keys():
        return None
    old = {name: value for name, value in action.old.items() if name in action.values}
    return (Write("update", entity, entity, action.source_id, _named(action.values, names), _named(old, names)),)


def _named(values: Values, names: dict[str, str]) -> dict[str, Value]:
    return {
        names[name]: plain(Decimal(str(value))) if name in _AMOUNTS and value is not None else value
        for name, value in values.items()
    }
