"""NetSuite's REST record service: read, create, change, upsert by external id, transform, void, delete.

Traps kept: a list gives ids only; a misspelled property is dropped with 204 unless the client asks for
``X-NetSuite-PropertyNameValidation: Error``; sublists are merged unless ``replace`` names them; there is no condition,
so the last writer wins; a PUT on an external id overwrites what is there; a closed period refuses what touches the
ledger.

Add a resource here; properties are ``netsuite_types``, what a document does when saved is ``netsuite_documents``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qtc_pipeline.sandbox.servers.distort import added, lost
from qtc_pipeline.sandbox.servers.netsuite_documents import Documents
from qtc_pipeline.sandbox.servers.netsuite_types import LINE_FIELDS, RecordType, columns, record_type, shown
from qtc_pipeline.sandbox.servers.netsuite_words import CONTENT, INVALID, RefusedError
from qtc_pipeline.sandbox.servers.writing import Stored, Writer

_REQUIRED = {
    "customer": ("companyname", "subsidiary"),
    "job": ("companyname", "parent"),
    "timebill": ("employee", "customer", "trandate", "hours"),
    "charge": ("job", "amount"),
    "transaction": ("entity",),
}
_TABLE_DEFAULTS = {"timebill": {"isbillable": "T"}}


@dataclass(frozen=True)
class Call:
    """One call on a record, as a request or a task of an asynchronous job makes it."""

    method: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    base: str

    @property
    def is_strict(self) -> bool:
        """Whether unknown properties are refused."""
        return self.headers.get("x-netsuite-propertynamevalidation", "").lower() == "error"


@dataclass(frozen=True)
class Outcome:
    """A status, a body (None for an empty one) and headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Records:
    """The records of one account, inside one transaction."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._documents = Documents(writer)

    def answer(self, call: Call) -> Outcome:
        """What the account does with a call.

        Raises:
            RefusedError: it does nothing.
        """
        if call.path[0] == "metadata-catalog":
            return _catalogue(call)
        kind = record_type(call.path[0])
        if kind is None:
            raise RefusedError(404, "NONEXISTENT_ID", f"Record type '{call.path[0]}' does not exist.")
        if call.method != "GET" and not kind.is_writable:
            raise RefusedError(403, "INSUFFICIENT_PERMISSION", f"{kind.name} cannot be written by this role.")
        match call.path[1:]:
            case () if call.method == "POST":
                return self._created(kind, call, None)
            case (key,):
                return self._one(kind, key, call)
            case (key, "!transform", target) if call.method == "POST":
                return self._transformed(kind, key, target, call)
            case (key, "@void") if call.method == "POST" and kind.kind:
                journal = self._documents.void(self._found(kind, key))
                where = {} if journal is None else {"Location": f"{call.base}/journalEntry/{journal}"}
                return Outcome(204, None, where)
        raise RefusedError(404, "NONEXISTENT_ID", "The requested resource does not exist.")

    def _one(self, kind: RecordType, key: str, call: Call) -> Outcome:
        if call.method == "PUT":
            return self._upserted(kind, key, call)
        found = self._found(kind, key)
        if call.method == "GET":
            return Outcome(200, self._shown(kind, found, call))
        if call.method == "DELETE":
            if kind.kind:
                self._documents.delete(found)
            else:
                self._writer.delete(kind.entity, found.key)
            return Outcome(204)
        self._changed(kind, found, call)
        return Outcome(204, None, {"Location": f"{call.base}/{kind.name}/{found.key}"})

    def _matches(self, kind: RecordType, key: str) -> list[Stored]:
        if key.startswith("eid:"):
            found = self._writer.by_external_id(kind.entity, key[4:])
            return [one for one in found if kind.kind is None or one.payload["type"] == kind.kind]
        return self._writer.where(kind.entity, f"_key = ? AND {kind.condition}", key)

    def _found(self, kind: RecordType, key: str) -> Stored:
        matches = self._matches(kind, key)
        if not matches:
            detail = f"The record instance does not exist. Provide a valid record instance ID: {key}"
            raise RefusedError(404, "NONEXISTENT_ID", detail)
        return matches[0]

    def _body(self, call: Call) -> Mapping[str, Any]:
        if not isinstance(call.body, dict):
            raise RefusedError(400, CONTENT, "Invalid content in the request body. An object is needed.")
        return call.body

    def _upserted(self, kind: RecordType, key: str, call: Call) -> Outcome:
        if not key.startswith("eid:"):
            raise RefusedError(400, "INVALID_REQUEST", "PUT takes an external id (eid:...).")
        matches = self._matches(kind, key)
        if not matches:
            return self._created(kind, call, key[4:])
        self._changed(kind, matches[0], call)
        return Outcome(204, None, {"Location": f"{call.base}/{kind.name}/{matches[0].key}"})

    def _created(self, kind: RecordType, call: Call, external_id: str | None) -> Outcome:
        body = self._body(call)
        values = columns(kind, body, is_strict=call.is_strict)
        missing = [name for name in _REQUIRED.get(kind.entity.name, ()) if values.get(name) is None]
        if missing and kind.kind != "Journal":
            names = {column: name for name, column in kind.properties.items()}
            detail = f"Please enter value(s) for: {', '.join(names[one] for one in missing)}"
            raise RefusedError(400, CONTENT, detail, names[missing[0]])
        external_id = external_id or body.get("externalId")
        self._check_external_id(kind, external_id, None)
        row = self._saved(kind, self._new(kind, values), body, external_id, replace=True)
        return Outcome(204, None, {"Location": f"{call.base}/{kind.name}/{row['id']}"})

    def _new(self, kind: RecordType, values: Mapping[str, Any]) -> dict[str, Any]:
        if kind.kind:
            return self._documents.new(kind, values)
        number = str(self._writer.new_number())
        unticked = {name: "F" for name, of in kind.entity.fields.items() if of == "bool"}
        named = {"entityid": f"{kind.name.upper()}-{number}"} if "entityid" in kind.entity.fields else {}
        return {**unticked, **_TABLE_DEFAULTS.get(kind.entity.name, {}), **named, **values, "id": number}

    def _saved(
        self, kind: RecordType, row: dict[str, Any], body: Mapping[str, Any], external_id: str | None, *, replace: bool
    ) -> dict[str, Any]:
        """Insert a new record with its lines."""
        company = self._company(row)
        if not kind.kind:
            if kind.entity.external in kind.entity.fields and external_id is not None:
                row[kind.entity.external] = external_id
            self._writer.insert(kind.entity, row, external_id=external_id, legal_entity=company)
            return row
        self._documents.ledger.check_open(row, None)
        items = self._documents.wanted_lines(row, body, replace=replace) or []
        self._writer.insert(kind.entity, row, external_id=external_id, legal_entity=company)
        self._documents.save_lines(row, items, company)
        totals = {name: row[name] for name in ("foreigntotal", "foreigntaxtotal")}
        self._writer.update(kind.entity, str(row["id"]), totals)
        return row

    def _company(self, row: Mapping[str, Any]) -> str | None:
        """The company filter of the customer or project a record belongs to."""
        tables = {"entity": "customer", "custbody_job": "job", "customer": "job", "job": "job", "parent": "customer"}
        for column, table in tables.items():
            kind = record_type(table)
            if kind is not None and row.get(column) is not None:
                found = self._writer.get(kind.entity, str(row[column]))
                if found is not None:
                    return found.legal_entity
        return None

    def _check_external_id(self, kind: RecordType, wanted: str | None, key: str | None) -> None:
        taken = [] if wanted is None else self._matches(kind, f"eid:{wanted}")
        if [one for one in taken if one.key != key]:
            detail = "This entity already exists."
            raise RefusedError(400, CONTENT, detail, "externalId")

    def _changed(self, kind: RecordType, found: Stored, call: Call) -> None:
        body = self._body(call)
        values = columns(kind, body, is_strict=call.is_strict)
        if "externalId" in body:
            self._check_external_id(kind, body["externalId"], found.key)
            values[kind.entity.external] = body["externalId"]
        if not kind.kind:
            self._writer.update(kind.entity, found.key, values)
            return
        if found.payload["voided"] == "T":
            raise RefusedError(400, "INVALID_REQUEST", "The transaction is voided and cannot be changed.")
        is_replaced = "item" in call.params.get("replace", "").split(",")
        row = {**found.payload, **values}
        items = self._documents.wanted_lines(row, body, replace=is_replaced)
        changed = {name for name, value in values.items() if found.payload.get(name) != value}
        touched = [*changed, *([] if items is None else ["item"])]
        self._documents.ledger.check_open(found.payload, touched)
        if "trandate" in changed:
            row["postingperiod"] = self._documents.ledger.period_of(row["trandate"])
            self._documents.ledger.check_open(row, touched)
        if items is None and "exchangerate" in changed:
            items = self._documents.wanted_lines(row, {"item": {"items": []}}, replace=False)
        if items is not None:
            self._documents.save_lines(row, items, found.legal_entity)
        names = (*values, "foreigntotal", "foreigntaxtotal", "postingperiod")
        written = {name: row[name] if name in row else values[name] for name in names}
        self._writer.update(kind.entity, found.key, written)

    def _transformed(self, kind: RecordType, key: str, target: str, call: Call) -> Outcome:
        after = record_type(target)
        if after is None:
            raise RefusedError(404, "NONEXISTENT_ID", f"Record type '{target}' does not exist.")
        source = self._found(kind, key)
        body = call.body if isinstance(call.body, dict) else {}
        values = columns(after, body, is_strict=call.is_strict)
        row = self._documents.transform(source, (kind, after), values)
        self._documents.ledger.check_open(row, None)
        self._check_external_id(after, body.get("externalId"), None)
        items = self._documents.wanted_lines(row, body, replace=True)
        if items is None:
            items = self._documents.copied_lines(source, (kind, after), body)
        self._writer.insert(after.entity, row, external_id=body.get("externalId"), legal_entity=source.legal_entity)
        self._documents.save_lines(row, items, source.legal_entity)
        totals = {name: row[name] for name in ("foreigntotal", "foreigntaxtotal")}
        self._writer.update(after.entity, str(row["id"]), totals)
        self._documents.link(source.key, row, source.legal_entity)
        return Outcome(204, None, {"Location": f"{call.base}/{after.name}/{row['id']}"})

    def _shown(self, kind: RecordType, found: Stored, call: Call) -> dict[str, Any]:
        record: dict[str, Any] = {
            "links": [{"rel": "self", "href": f"{call.base}/{kind.name}/{found.key}"}],
            "id": found.key,
        }
        external = found.payload.get("externalid") or found.external_id
        record |= {"externalId": external} if external else {}
        record |= shown(kind, found.payload, call.base)
        if kind.kind and call.params.get("expandSubResources", "false") == "true":
            record["item"] = {"items": self._items(found, call)}
        wanted = [name for name in call.params.get("fields", "").split(",") if name]
        unknown = [name for name in wanted if name not in record and name not in kind.properties]
        if unknown:
            raise RefusedError(400, INVALID, f"Field '{unknown[0]}' for record '{kind.name}' was not found.")
        return {name: value for name, value in record.items() if not wanted or name in {*wanted, "id", "links"}}

    def _items(self, found: Stored, call: Call) -> list[dict[str, Any]]:
        line_type = RecordType("item", self._documents.line_table, None, LINE_FIELDS, is_writable=False)
        items = []
        for one in self._documents.lines(found.key):
            if one.payload["mainline"] == "F":
                item = shown(line_type, one.payload, call.base)
                item["amount"] = abs(item["amount"]) if item.get("amount") is not None else None
                items.append({"line": int(one.payload["linesequencenumber"]), **item})
        return items


def _catalogue(call: Call) -> Outcome:
    """The properties of a record type."""
    kind = record_type(call.path[1]) if len(call.path) > 1 else None
    if kind is None:
        raise RefusedError(404, "NONEXISTENT_ID", "The requested resource does not exist.")
    types = {"money": "number", "number": "number", "bool": "boolean", "id": "object"}
    properties = {
        name: {"type": types.get(kind.entity.kind(column), "string")}
        for name, column in kind.properties.items()
        if column not in lost(kind.entity)
    }
    properties |= {name: {"type": "string"} for name in ("id", "externalId", "lastModifiedDate", *added())}
    return Outcome(200, {"type": "object", "properties": properties})
