"""Corrections in NetSuite's words: customers, jobs, orders, time, charges, credit memos and invoices. Pure.

Add a correction here and to ``CAPABILITIES``. Stays out: what it takes to send one (``write``), how properties are
spelled (``properties``).

A time bill and a charge name the record of the PSA they bill by their external id; that id is their marker too. An
amended order gets a line of its own, known by its source id, because a line added twice is billed twice. A posted
invoice is credited whole, in an open period, by a credit memo that follows from it and so copies what its lines bill.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qtc_pipeline.systems.netsuite.properties import LINE, LINES, PROPERTIES, TABLES, column
from qtc_pipeline.systems.sending import plain
from qtc_pipeline.systems.writing import Action, Capability, Guard, Value, Values, Verb, Write

_MARKER, _COMPARE = Guard.MARKER, Guard.COMPARE
_APPROVED = "3"


def _made(needs: str) -> Capability:
    return Capability(_MARKER, frozenset(needs.split()))


CAPABILITIES = {
    (Verb.CREATE, "customer"): _made("name legal_entity currency crm_customer_id"),
    (Verb.SET, "customer"): Capability(_COMPARE),
    (Verb.LINK, "customer"): Capability(_COMPARE, frozenset({"crm_customer_id"})),
    (Verb.CREATE, "project"): _made("name customer_id legal_entity currency"),
    (Verb.SET, "project"): Capability(_COMPARE),
    (Verb.LINK, "project"): Capability(_COMPARE),
    (Verb.SET, "order"): Capability(_COMPARE),
    (Verb.CREATE, "order_line"): _made("order_id amount"),
    (Verb.CREATE, "time_entry"): _made("psa_time_entry_id project_id employee_id work_date minutes"),
    (Verb.CREATE, "expense"): _made("psa_expense_id project_id date amount currency charge_type"),
    (Verb.HOLD, "time_entry"): Capability(_COMPARE),
    (Verb.RELEASE, "time_entry"): Capability(_COMPARE),
    (Verb.HOLD, "expense"): Capability(_COMPARE),
    (Verb.RELEASE, "expense"): Capability(_COMPARE),
    (Verb.CREDIT, "invoice"): _made("date"),
    (Verb.REBILL, "invoice"): _made("customer_id project_id currency date"),
}
_RECORDS = {
    "customer": "customer",
    "project": "job",
    "order": "salesOrder",
    "time_entry": "timeBill",
    "expense": "charge",
}
# canonical field -> property
_NAMES: Mapping[str, Mapping[str, str]] = {
    "customer": {
        "name": "companyName",
        "legal_entity": "subsidiary",
        "currency": "currency",
        "payment_terms": "terms",
        "tax_number": "vatRegNumber",
        "tax_rate": "custentity_tax_rate",
        "crm_customer_id": "custentity_sf_account",
        "is_active": "isInactive",
    },
    "project": {
        "name": "companyName",
        "customer_id": "parent",
        "legal_entity": "subsidiary",
        "currency": "currency",
        "value": "jobPrice",
        "billing_type": "jobBillingType",
        "opportunity_id": "custentity_sf_opportunity",
        "psa_project_id": "custentity_psa_workspace",
    },
    "order": {"payment_terms": "terms", "purchase_order": "otherRefNum"},
    "time_entry": {
        "project_id": "customer",
        "employee_id": "employee",
        "role_code": "item",
        "work_date": "tranDate",
        "is_billable": "isBillable",
    },
    "expense": {
        "project_id": "job",
        "date": "chargeDate",
        "amount": "amount",
        "currency": "currency",
        "charge_type": "chargeType",
    },
    "invoice": {
        "customer_id": "entity",
        "project_id": "custbody_job",
        "currency": "currency",
        "exchange_rate": "exchangeRate",
        "date": "tranDate",
        "payment_terms": "terms",
        "purchase_order": "otherRefNum",
        "reason": "custbody_credit_reason",
    },
    "line": {
        "amount": "amount",
        "source_type": "custcol_source_type",
        "source_id": "custcol_source_id",
        "minutes": "custcol_minutes",
        "description": "description",
        "role_code": "item",
    },
}
# what is set on a record that is there; the rest would move it to another company, customer or deal
_CHANGED = {
    "customer": frozenset({"name", "currency", "payment_terms", "tax_number", "tax_rate", "is_active"}),
    "project": frozenset({"name", "currency", "value", "billing_type"}),
    "order": frozenset({"payment_terms", "purchase_order"}),
}
_LINKED = {"customer": frozenset({"crm_customer_id"}), "project": frozenset({"opportunity_id", "psa_project_id"})}
_COUNTERPART = {"time_entry": "psa_time_entry_id", "expense": "psa_expense_id"}
_HELD: Mapping[tuple[str, Verb], Values] = {
    ("time_entry", Verb.HOLD): {"custcol_billing_hold": True},
    ("time_entry", Verb.RELEASE): {"custcol_billing_hold": False},
    ("expense", Verb.HOLD): {"stage": "HOLD"},
    ("expense", Verb.RELEASE): {"stage": "READY"},
}


def compose(action: Action) -> tuple[Write, ...] | None:
    """The writes of an action; None where NetSuite cannot do it, or the action says too little."""
    known = CAPABILITIES.get((action.verb, action.entity))
    if known is None or not known.needs <= {name for name, value in action.values.items() if value is not None}:
        return None
    if action.verb is Verb.CREATE:
        return _order_line(action) if action.entity == "order_line" else _record(action)
    if action.verb in {Verb.SET, Verb.LINK}:
        return _change(action, (_CHANGED if action.verb is Verb.SET else _LINKED)[action.entity])
    if action.verb is Verb.CREDIT:
        return _document(action, "creditMemo", frozenset({"date", "reason"}))
    if action.verb is Verb.REBILL:
        return _document(action, "invoice", frozenset(_NAMES["invoice"]) - {"reason"})
    return _hold(action)


def held(write: Write, record: Mapping[str, Any]) -> dict[str, Value]:
    """What a record of the lake has of a write's fields; what stands there as another record's id is left out."""
    kinds = PROPERTIES[write.entity]
    names = {name: column(write.entity, name) for name in write.new if "." not in kinds[name]}
    found: dict[str, Value] = {}
    for name, one in names.items():
        if one in record:
            value = record[one]
            if kinds[name] == "bool":
                value = value == "T"
            elif kinds[name] == "money" and write.entity == LINE and value is not None:
                value = plain(-Decimal(str(value)))  # an order's lines stand in the ledger's sign
            found[name] = value
    return found


def _record(action: Action) -> tuple[Write, ...] | None:
    entity, names = _RECORDS[action.entity], _NAMES[action.entity]
    counterpart = _COUNTERPART.get(action.entity)
    marker = str(action.values[counterpart]) if counterpart else action.marker
    given = {name: value for name, value in action.values.items() if name not in {counterpart, "minutes"}}
    if not marker or not given.keys() <= names.keys():
        return None
    new = _named(entity, given, names)
    if action.entity == "time_entry":
        minutes = int(str(action.values["minutes"]))
        new |= {"hours": f"{minutes // 60}:{minutes % 60:02d}", "approvalStatus": _APPROVED}
    if action.entity == "expense":
        new["stage"] = "READY"
    return (Write("create", entity, TABLES[entity], None, new, marker=marker),)


def _order_line(action: Action) -> tuple[Write, ...] | None:
    if not action.marker or not action.values.keys() <= {"order_id", "amount", "description"}:
        return None
    new: dict[str, Value] = {
        "amount": plain(Decimal(str(action.values["amount"]))),
        "description": action.values.get("description"),
        "custcol_source_type": "amendment",
        "custcol_source_id": action.marker,
    }
    order = f"salesOrder/{action.values['order_id']}"
    return (Write("create", LINE, TABLES[LINE], None, new, marker=action.marker, source=order),)


def _change(action: Action, allowed: frozenset[str]) -> tuple[Write, ...] | None:
    if action.source_id is None or not action.values or not action.values.keys() <= allowed:
        return None
    entity, names = _RECORDS[action.entity], _NAMES[action.entity]
    old = {name: value for name, value in action.old.items() if name in action.values}
    new = _named(entity, action.values, names)
    return (Write("update", entity, TABLES[entity], action.source_id, new, _named(entity, old, names)),)


def _hold(action: Action) -> tuple[Write, ...] | None:
    if action.source_id is None or action.values:
        return None
    entity = _RECORDS[action.entity]
    new = _HELD[action.entity, action.verb]
    other = Verb.RELEASE if action.verb is Verb.HOLD else Verb.HOLD
    old = _HELD[action.entity, other]
    return (Write("update", entity, TABLES[entity], action.source_id, new, old),)


def _document(action: Action, entity: str, allowed: frozenset[str]) -> tuple[Write, ...] | None:
    if not action.marker or not action.values.keys() <= allowed:
        return None
    names, line_names = _NAMES["invoice"], _NAMES["line"]
    source = None
    if action.verb is Verb.CREDIT:
        if action.source_id is None or action.lines:
            return None
        source = f"invoice/{action.source_id}"
    elif not action.lines or not all(line.keys() <= line_names.keys() for line in action.lines):
        return None
    new = _named(entity, action.values, names)
    lines = tuple(_spelled({line_names[name]: one for name, one in line.items()}, LINES) for line in action.lines)
    return (Write("create", entity, TABLES[entity], None, new, marker=action.marker, source=source, lines=lines),)


def _named(entity: str, values: Values, names: Mapping[str, str]) -> dict[str, Value]:
    turned = {name: not value if name == "is_active" else value for name, value in values.items()}
    return _spelled({names[name]: value for name, value in turned.items()}, PROPERTIES[entity])


def _spelled(values: Values, kinds: Mapping[str, str]) -> dict[str, Value]:
    """Amounts in their one spelling; everything else as text, but for what is true or false."""
    spelled: dict[str, Value] = {}
    for name, value in values.items():
        if value is None or isinstance(value, bool):
            spelled[name] = value
        else:
            is_amount = kinds[name] == "money" and not str(value).startswith("@")
            spelled[name] = plain(Decimal(str(value))) if is_amount else str(value)
    return spelled
