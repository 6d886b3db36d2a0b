"""NetSuite's REST records beside its tables: which record is which table, how properties are spelled and typed.

Add a record type or property here. A property that is not here is dropped from what a client sends, or refused where
the client asks for validation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from qtc_pipeline.sandbox.servers.catalogue import Entity, entities
from qtc_pipeline.sandbox.servers.netsuite_words import CONTENT, RefusedError

_HOURS = re.compile(r"(\d+):([0-5]\d)")
_BODY = "tranId tranDate dueDate entity currency exchangeRate terms otherRefNum status postingPeriod"
_CUSTOM = (
    "custbody_job custbody_qtc_id custbody_credit_reason custbody_disputed custbody_dispute_opened"
    " custbody_dispute_closed custbody_dispute_reason"
)
_SPELLED = {
    "customer": (
        "companyName entityId subsidiary currency terms isInactive custentity_sf_account vatRegNumber"
        " custentity_tax_rate"
    ),
    "job": (
        "companyName entityId parent subsidiary currency jobPrice jobBillingType entityStatus isInactive"
        " custentity_sf_opportunity custentity_psa_workspace"
    ),
    "timeBill": (
        "employee customer item tranDate hours isBillable approvalStatus custcol_billing_hold custcol_written_off"
        " custcol_written_off_date"
    ),
    "charge": "job chargeDate amount currency chargeType stage custcol_written_off custcol_written_off_date",
    "salesOrder": f"{_BODY} {_CUSTOM}",
    "invoice": f"{_BODY} {_CUSTOM}",
    "creditMemo": f"{_BODY} {_CUSTOM}",
    "customerPayment": f"{_BODY} {_CUSTOM}",
    "journalEntry": f"{_BODY} {_CUSTOM}",
    "term": "name daysUntilNetDue",
    "subsidiary": "name currency country",
    "currency": "name symbol",
    "accountingPeriod": "periodName startDate endDate closed arLocked allLocked isYear isQuarter",
}
_TABLES = {"timeBill": "timebill", "accountingPeriod": "accountingperiod"}
_KINDS = {
    "salesOrder": "SalesOrd",
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "journalEntry": "Journal",
}
_STAMPS = {"lastModifiedDate": ("lastmodifieddate",), "createdDate": ("createddate", "datecreated")}
_READ_ONLY = frozenset({"term", "subsidiary", "currency", "accountingPeriod"})
_KNOWN_ELSEWHERE = frozenset(
    {"memo", "payment", "item", "links", "id", "externalId", "lastModifiedDate", "createdDate", "total"}
)
LINE_FIELDS = {
    "item": "item",
    "quantity": "quantity",
    "rate": "rate",
    "amount": "foreignamount",
    "description": "memo",
    "custcol_source_type": "custcol_source_type",
    "custcol_source_id": "custcol_source_id",
    "custcol_minutes": "custcol_minutes",
    "custcol_job": "custcol_job",
}


@dataclass(frozen=True)
class RecordType:
    """One record type: its table, the value of the table's ``type`` it stands for, and property -> column."""

    name: str
    entity: Entity
    kind: str | None
    properties: Mapping[str, str]
    is_writable: bool

    @property
    def condition(self) -> str:
        """SQL of its rows in the table."""
        return f"\"type\" = '{self.kind}'" if self.kind else "1"


@cache
def record_type(name: str) -> RecordType | None:
    """The record type of that name, None where there is none."""
    if name not in _SPELLED:
        return None
    kind = _KINDS.get(name)
    entity = entities("netsuite")["transaction" if kind else _TABLES.get(name, name)]
    columns = {spelled: spelled.lower() for spelled in _SPELLED[name].split() if spelled.lower() in entity.fields}
    return RecordType(name, entity, kind, columns, name not in _READ_ONLY)


def type_of(kind: str) -> RecordType | None:
    """The record type of a row's ``type``."""
    return next((record_type(name) for name, one in _KINDS.items() if one == kind), None)


def columns(kind: RecordType, body: Mapping[str, Any], *, is_strict: bool) -> dict[str, Any]:
    """What a body wants to write, by columns.

    Args:
        kind: of the record.
        body: as sent.
        is_strict: refuse properties that are not known, instead of dropping them.

    Raises:
        RefusedError: a property is not known, or a value has the wrong type.
    """
    found: dict[str, Any] = {}
    for name, value in body.items():
        column = kind.properties.get(name)
        if column is not None:
            found[column] = stored(kind.entity, column, value, name)
        elif is_strict and name not in _KNOWN_ELSEWHERE:
            detail = f"Error while accessing a resource. Unknown reference or property {name}."
            raise RefusedError(400, CONTENT, detail, name)
    return found


def stored(entity: Entity, column: str, value: Any, path: str) -> str | None:
    """A value as the tables keep it: text, whatever it was.

    Raises:
        RefusedError: the wrong type.
    """
    if value is None:
        return None
    try:
        return _stored(entity.kind(column), column, value)
    except (ValueError, TypeError, KeyError, InvalidOperation):
        raise RefusedError(400, CONTENT, f"Invalid value for the field {path}: {value}", path) from None


def _stored(kind: str, column: str, value: Any) -> str:
    if isinstance(value, dict):
        return str(value["id"])
    if kind == "bool":
        if not isinstance(value, bool):
            raise TypeError(value)
        return "T" if value else "F"
    if kind in {"money", "number"}:
        if isinstance(value, bool):
            raise TypeError(value)
        return plain(Decimal(str(value)))
    if kind == "date":
        return date.fromisoformat(str(value)).isoformat()
    if column == "hours" and not _HOURS.fullmatch(str(value)):
        raise ValueError(value)
    return str(value)


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros that say nothing."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(kind: RecordType, row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A record as the REST service shows it."""
    found: dict[str, Any] = {}
    for name, column in kind.properties.items():
        value = row.get(column)
        if value is not None:
            found[name] = _shown(kind.entity.kind(column), name, str(value), base)
    for name, columns_ in (
        ("lastModifiedDate", ("lastmodifieddate",)),
        ("createdDate", ("createddate", "datecreated")),
    ):
        stamp = next((row[one] for one in columns_ if row.get(one)), None)
        if stamp is not None:
            moment = datetime.strptime(str(stamp), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - UTC without a zone
            found[name] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if row.get("foreigntotal") is not None:
        found["total"] = Decimal(str(row["foreigntotal"]))
    return found


def _shown(kind: str, name: str, value: str, base: str) -> Any:
    if kind == "bool":
        return value == "T"
    if kind in {"money", "number"}:
        return Decimal(value)
    if kind == "id":
        return {"links": [{"rel": "self", "href": f"{base}/{name}/{value}"}], "id": value}
    return value
