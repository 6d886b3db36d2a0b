"""Single records and collections of an org: read, create, change, upsert by external id, delete, describe.

Everything works on one transaction that its caller opens, so a composite can hold several of these calls and take them
back. Add a resource under ``/sobjects`` or ``/composite/sobjects`` here; what a field accepts is ``salesforce_fields``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from qtc_pipeline.sandbox.servers.catalogue import Entity, entities, find_entity
from qtc_pipeline.sandbox.servers.salesforce_fields import check, described, members
from qtc_pipeline.sandbox.servers.salesforce_words import SESSION_USER, RefusedError, long_id
from qtc_pipeline.sandbox.servers.writing import Payload, Stored, Writer

_PREFIXES = {"Account": "001", "Opportunity": "006", "Contract": "800", "Task": "00T"}
_MOST_RECORDS = 200


@dataclass(frozen=True)
class Outcome:
    """A status, a body (None for an empty one) and headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One call on the objects: what a request, or a part of a composite, asks for."""

    method: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    version: str


def _entity(spelled: str) -> Entity:
    entity = find_entity("salesforce", spelled)
    if entity is None:
        raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
    return entity


def answer(writer: Writer, call: Call) -> Outcome:
    """What the org does with a call on ``/sobjects/...`` or ``/composite/sobjects/...``.

    Raises:
        RefusedError: it does nothing.
    """
    if call.path[0] == "composite":
        return _collection(writer, call)
    match call.path[1:]:
        case ():
            listed = [{"name": name, "queryable": True} for name in entities("salesforce")]
            return Outcome(200, {"encoding": "UTF-8", "maxBatchSize": _MOST_RECORDS, "sobjects": listed})
        case (name,) if call.method == "POST":
            return _created(writer, _entity(name), call)
        case (name,) | (name, "describe"):
            return Outcome(200, _description(_entity(name), whole=call.path[-1] == "describe"))
        case (name, key):
            return _row(writer, _entity(name), long_id(key), call)
        case (name, external, value):
            return _by_external_id(writer, _entity(name), external, value, call)
    raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")


def _description(entity: Entity, *, whole: bool) -> dict[str, Any]:
    about = {"name": entity.name, "label": entity.name, "keyPrefix": _PREFIXES.get(entity.name), "queryable": True}
    return {**about, "fields": described(entity)} if whole else {"objectDescribe": about, "recentItems": []}


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise RefusedError(400, "JSON_PARSER_ERROR", "Unexpected character, or the body is no JSON object")
    return body


def _created(writer: Writer, entity: Entity, call: Call) -> Outcome:
    key = insert(writer, entity, _object(call.body))
    return Outcome(201, {"id": key, "success": True, "errors": []})


def insert(writer: Writer, entity: Entity, body: Mapping[str, Any]) -> str:
    """Create a record; gives its id."""
    written = members(entity, body)
    prefix = _PREFIXES.get(entity.name, "a00")
    key = long_id(f"{prefix}{writer.new_number():012d}")
    record = {"IsDeleted": False, "OwnerId": SESSION_USER, **written, "Id": key}
    for name, kind in entity.fields.items():
        if kind == "bool":
            record.setdefault(name, False)
    check(writer, entity, record, written, None)
    external_id = record.pop(entity.external, None)
    owner = record.get("Legal_Entity__c")
    return writer.insert(entity, record, external_id=external_id, legal_entity=owner)


def update(writer: Writer, entity: Entity, found: Stored, body: Mapping[str, Any]) -> None:
    """Change a record."""
    written = members(entity, body)
    check(writer, entity, {**found.payload, **written}, written, found.key)
    writer.update(entity, found.key, written)


def _found(writer: Writer, entity: Entity, key: str) -> Stored:
    found = writer.get(entity, key)
    if found is None:
        if writer.is_deleted(entity, key):
            raise RefusedError(404, "ENTITY_IS_DELETED", "entity is deleted")
        raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
    return found


def _row(writer: Writer, entity: Entity, key: str, call: Call) -> Outcome:
    found = _found(writer, entity, key)
    if call.method == "GET":
        return _shown(entity, found, call)
    if call.method == "DELETE":
        writer.delete(entity, key)
        return Outcome(204)
    if call.method != "PATCH":
        raise RefusedError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{call.method}' not allowed. Allowed are GET,PATCH")
    _guard(entity, found, call)
    update(writer, entity, found, _object(call.body))
    return Outcome(204)


def _shown(entity: Entity, found: Stored, call: Call) -> Outcome:
    _guard(entity, found, call)
    since = _header_moment(call.headers, "if-modified-since")
    if since is not None and _modified(found) <= since:
        return Outcome(304)
    attributes = {
        "type": entity.name,
        "url": f"/services/data/v{call.version}/sobjects/{entity.name}/{found.key}",
    }
    wanted = [name.strip() for name in call.params.get("fields", "").split(",") if name.strip()]
    whole = {**found.payload, entity.external: found.external_id}
    for name in wanted:
        if entity.field(name) is None:
            raise RefusedError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {entity.name}")
    chosen = [str(entity.field(name)) for name in wanted] or list(whole)
    headers = {"ETag": _tag(found)} if entity.name == "Account" else {}
    return Outcome(200, {"attributes": attributes, **{name: whole[name] for name in chosen}}, headers)


def _modified(found: Stored) -> datetime:
    stamp = found.payload.get("SystemModstamp") or found.payload["CreatedDate"]
    return datetime.fromisoformat(str(stamp)).replace(microsecond=0)


def _tag(found: Stored) -> str:
    return f'"{hashlib.sha256(str(_modified(found)).encode()).hexdigest()[:16]}"'


def _header_moment(headers: Mapping[str, str], name: str) -> datetime | None:
    text = headers.get(name)
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        raise RefusedError(400, "INVALID_HEADER", f"Bad value for header {name}: {text}") from None


def _guard(entity: Entity, found: Stored, call: Call) -> None:
    """Conditions of a request; compared to the second, so two writes of one second pass each other unseen."""
    limit = _header_moment(call.headers, "if-unmodified-since")
    changed = limit is not None and _modified(found) > limit
    tag = call.headers.get("if-match")
    changed |= entity.name == "Account" and tag is not None and tag not in {"*", _tag(found)}
    if changed:
        raise RefusedError(412, "PRECONDITION_FAILED", "The entity has been modified since the given moment")


def _by_external_id(writer: Writer, entity: Entity, external: str, value: str, call: Call) -> Outcome:
    name = entity.field(external)
    if name not in {"Id", entity.external}:
        message = "Provided external ID field does not exist or is not accessible: " + external
        raise RefusedError(404, "NOT_FOUND", message)
    if name == "Id":
        return _row(writer, entity, long_id(value), call)
    matches = writer.by_external_id(entity, value)
    if len(matches) > 1:
        base = f"/services/data/v{call.version}/sobjects/{entity.name}"
        return Outcome(300, [f"{base}/{one.key}" for one in matches])
    if call.method != "PATCH":
        if not matches:
            raise RefusedError(404, "NOT_FOUND", "The requested resource does not exist")
        return _row(writer, entity, matches[0].key, call)
    body = dict(_object(call.body))
    if any(entity.field(spelled) == entity.external for spelled in body):
        message = f"The {entity.external} field should not be specified in the sobject data."
        raise RefusedError(400, "INVALID_FIELD", message)
    if matches:
        update(writer, entity, matches[0], body)
        told = {"id": matches[0].key, "success": True, "errors": [], "created": False}
        return Outcome(200, told) if float(call.version) >= 46 else Outcome(204)
    key = insert(writer, entity, {**body, entity.external: value})
    return Outcome(201, {"id": key, "success": True, "errors": [], "created": True})


def _collection(writer: Writer, call: Call) -> Outcome:
    if call.method == "DELETE":
        ids = [one for one in call.params.get("ids", "").split(",") if one]
        records: Sequence[Any] = [{"Id": one} for one in ids]
        is_whole = call.params.get("allOrNone", "false").lower() == "true"
    else:
        records = _object(call.body).get("records", [])
        is_whole = bool(call.body.get("allOrNone", False))
    if len(records) > _MOST_RECORDS:
        message = f"record limit reached. cannot submit more than {_MOST_RECORDS} records into this call"
        raise RefusedError(400, "EXCEEDED_ID_LIMIT", message)
    results: list[dict[str, Any]] = []
    refused = False
    with suppress(_TakenBackError), writer.part():
        for record in records:
            try:
                with writer.part():
                    results.append(_one(writer, call, _object(record)))
            except RefusedError as said:
                refused = True
                results.append({"success": False, "errors": [said.item()]})
        if refused and is_whole:
            raise _TakenBackError
    if refused and is_whole:
        message = "Record rolled back because not all records were valid and the request was using AllOrNone header"
        taken_back = RefusedError(400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", message).item()
        results = [one if not one["success"] else {"success": False, "errors": [taken_back]} for one in results]
    return Outcome(200, results)


class _TakenBackError(Exception):
    """One record was refused, so none is written."""


def _one(writer: Writer, call: Call, record: Mapping[str, Any]) -> dict[str, Any]:
    done = {"success": True, "errors": []}
    if call.method == "DELETE":
        entity = _of_id(str(record["Id"]))
        writer.delete(entity, _found(writer, entity, long_id(str(record["Id"]))).key)
        return {"id": long_id(str(record["Id"])), **done}
    entity = _entity(str(record.get("attributes", {}).get("type", "")))
    if call.method == "POST":
        return {"id": insert(writer, entity, record), **done}
    if len(call.path) == 4:
        return _upserted(writer, call, entity, record)
    spelled = next((name for name in record if name.lower() == "id"), None)
    if spelled is None:
        raise RefusedError(400, "MISSING_ARGUMENT", "Id not specified in an update call")
    found = _found(writer, entity, long_id(str(record[spelled])))
    update(writer, entity, found, {name: value for name, value in record.items() if name != spelled})
    return {"id": found.key, **done}


def _upserted(writer: Writer, call: Call, entity: Entity, record: Mapping[str, Any]) -> dict[str, Any]:
    if entity.name.lower() != call.path[2].lower():
        raise RefusedError(400, "INVALID_TYPE", "an upsert call takes records of one type")
    spelled = next((name for name in record if entity.field(name) == entity.field(call.path[3])), None)
    value = None if spelled is None else record[spelled]
    if spelled is None or value in {None, ""}:
        raise RefusedError(400, "MISSING_ARGUMENT", f"{call.path[3]} not specified")
    rest: Payload = {name: one for name, one in record.items() if name != spelled}
    matches = writer.by_external_id(entity, str(value))
    if len(matches) > 1:
        raise RefusedError(400, "DUPLICATE_EXTERNAL_ID", f"{call.path[3]}: more than one record found for {value}")
    if matches:
        update(writer, entity, matches[0], rest)
        return {"id": matches[0].key, "success": True, "errors": [], "created": False}
    key = insert(writer, entity, {**rest, entity.external: value})
    return {"id": key, "success": True, "errors": [], "created": True}


def _of_id(key: str) -> Entity:
    for name, prefix in _PREFIXES.items():
        if key.startswith(prefix) and name in entities("salesforce"):
            return entities("salesforce")[name]
    raise RefusedError(400, "MALFORMED_ID", f"malformed id {key}")
