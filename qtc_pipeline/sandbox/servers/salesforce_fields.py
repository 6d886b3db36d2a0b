"""What an org accepts in a record: names, types, what is read-only, required or refused by a validation rule.

Add a rule of the org here. What happens with a record that is accepted is in ``salesforce_objects``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from qtc_pipeline.sandbox.servers.catalogue import Entity, entities
from qtc_pipeline.sandbox.servers.distort import added, lost
from qtc_pipeline.sandbox.servers.salesforce_words import RefusedError, instant, long_id
from qtc_pipeline.sandbox.servers.writing import Payload, Writer

_SYSTEM = frozenset({"Id", "IsDeleted", "CreatedDate", "SystemModstamp"})
_DERIVED = {"Opportunity": frozenset({"IsWon", "IsClosed"})}
_REQUIRED = {
    "Account": ("Name",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
    "Contract": ("AccountId",),
    "Contract_Amendment__c": ("Contract__c",),
    "Contract_Rate__c": ("Contract__c", "Role__c"),
}
_REFERENCES = {
    "AccountId": "Account",
    "Opportunity__c": "Opportunity",
    "Parent_Opportunity__c": "Opportunity",
    "Contract__c": "Contract",
    "ContractId": "Contract",
}
_TYPES = {"id": "reference", "text": "string", "bool": "boolean", "number": "double", "money": "currency"}
_SPOKEN = {"money": "double", "number": "double", "bool": "boolean", "date": "date", "datetime": "dateTime"}


def _positive(*fields: str) -> Callable[[Payload], str]:
    def rule(record: Payload) -> str:
        negative = [name for name in fields if record.get(name) is not None and Decimal(str(record[name])) < 0]
        return f"{negative[0]} must not be negative." if negative else ""

    return rule


def _won_has_amount(record: Payload) -> str:
    return "A won opportunity needs an amount." if record.get("IsWon") and record.get("Amount") is None else ""


def _ends_after_start(record: Payload) -> str:
    start, end = record.get("StartDate"), record.get("EndDate")
    return "A contract cannot end before it starts." if start and end and end < start else ""


_RULES: Mapping[str, tuple[Callable[[Payload], str], ...]] = {
    "Opportunity": (_positive("Amount"), _won_has_amount),
    "Contract": (_positive("Contract_Value__c", "Cap_Amount__c"), _ends_after_start),
    "Contract_Rate__c": (_positive("Rate__c"),),
}


def members(entity: Entity, body: Mapping[str, Any]) -> Payload:
    """What a body wants to write, by declared names; ``attributes`` is left out.

    Raises:
        RefusedError: an unknown or read-only field, or a value of the wrong type.
    """
    found: Payload = {}
    read_only = []
    for spelled, value in body.items():
        if spelled == "attributes":
            continue
        name = entity.field(spelled)
        if name is None or name in lost(entity):
            message = f"No such column '{spelled}' on sobject of type {entity.name}"
            raise RefusedError(400, "INVALID_FIELD", message)
        if name in _SYSTEM | _DERIVED.get(entity.name, frozenset()):
            read_only.append(name)
            continue
        found[name] = _typed(entity, name, value)
    if read_only:
        listed = ", ".join(read_only)
        message = (
            f"Unable to create/update fields: {listed}. Please check the security settings of this field and verify"
            " that it is read/write for your profile or permission set."
        )
        raise RefusedError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, tuple(read_only))
    if entity.name == "Opportunity" and "StageName" in found:
        stage = str(found["StageName"])
        found |= {"IsWon": stage == "Closed Won", "IsClosed": stage.startswith("Closed")}
    return found


def _typed(entity: Entity, name: str, value: Any) -> Any:
    kind = entity.kind(name)
    if value is None or value == "":
        return None  # the org keeps no empty text
    try:
        return _READ[kind](value)
    except (ValueError, TypeError, InvalidOperation):
        spoken = _SPOKEN.get(kind, "string")
        message = f"Cannot deserialize instance of {spoken} from {_token(value)} value {value}"
        raise RefusedError(400, "JSON_PARSER_ERROR", f"{message} or request may be missing a required field") from None


def _token(value: Any) -> str:
    if isinstance(value, bool):
        return f"VALUE_{str(value).upper()}"
    return "VALUE_STRING" if isinstance(value, str) else "VALUE_NUMBER_FLOAT"


def _number(value: Any) -> Decimal | int:
    if isinstance(value, bool):
        raise TypeError(value)
    number = Decimal(str(value))
    return int(value) if isinstance(value, int) else number


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _words(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


_READ: Mapping[str, Callable[[Any], Any]] = {
    "id": lambda value: long_id(_words(value)),
    "text": _words,
    "json": _words,
    "bool": _truth,
    "number": _number,
    "money": _number,
    "date": lambda value: date.fromisoformat(_words(value)).isoformat(),
    "datetime": lambda value: instant(_words(value)).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
}


def check(writer: Writer, entity: Entity, record: Payload, written: Payload, key: str | None) -> None:
    """Whether the org takes a record as it would be after a write.

    Raises:
        RefusedError: a required field is missing, a reference leads nowhere, an id is taken, a rule says no.
    """
    missing = tuple(name for name in _REQUIRED.get(entity.name, ()) if record.get(name) is None)
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise RefusedError(400, "REQUIRED_FIELD_MISSING", message, missing)
    for name in written:
        target = _REFERENCES.get(name)
        if target is None or written[name] is None:
            continue
        if len(written[name]) != 18:
            message = f"{name}: id value of incorrect type: {written[name]}"
            raise RefusedError(400, "MALFORMED_ID", message, (name,))
        if writer.get(entities("salesforce")[target], written[name]) is None:
            raise RefusedError(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    taken = written.get(entity.external)
    others = [] if taken is None else [one for one in writer.by_external_id(entity, taken) if one.key != key]
    if others and not writer.allows_shared_ids:
        message = f"duplicate value found: {entity.external} duplicates value on record with id: {others[0].key}"
        raise RefusedError(400, "DUPLICATE_VALUE", message)
    for rule in _RULES.get(entity.name, ()):
        said = rule(record)
        if said:
            raise RefusedError(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", said)


def described(entity: Entity) -> list[dict[str, Any]]:
    """The fields of an object as ``describe`` lists them."""
    read_only = _SYSTEM | _DERIVED.get(entity.name, frozenset())
    listed = []
    for name in (*entity.fields, entity.external, *added()):
        if name in lost(entity):
            continue
        kind = "id" if name == "Id" else _TYPES.get(entity.kind(name), entity.kind(name))
        listed.append(
            {
                "name": name,
                "label": name.removesuffix("__c").replace("_", " "),
                "type": kind,
                "nillable": name not in _SYSTEM and name not in _REQUIRED.get(entity.name, ()),
                "createable": name not in read_only,
                "updateable": name not in read_only,
                "custom": name.endswith("__c"),
                "externalId": name == entity.external,
                "idLookup": name in {"Id", entity.external},
                "calculated": False,
                "referenceTo": [_REFERENCES[name]] if name in _REFERENCES else [],
            }
        )
    return listed
