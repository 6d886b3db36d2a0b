"""Correct one NetSuite account: look, write once, look again.

Here: how records are found, sent and shown in the words of a write. Stays out: which corrections there are
(``compose``), properties (``properties``), what answers mean (``outcomes``).

Facts this rests on: there is no condition, the last writer wins; a PUT on an external id overwrites what is there, so
it is sent only after a look that found nothing; a misspelled property is dropped with 204 unless validation is asked
for; the key for idempotency counts in asynchronous calls only; a PATCH that adds a line adds it again when repeated;
a request may run for fifteen minutes, so a lost one may still commit until then; system notes keep the old and the new
value of each changed field, and tell afterwards whose change was covered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from qtc_pipeline.errors import AmbiguousRecordError, ContractError, OutcomeUnknownError, WriteRejectedError
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Answer, Http, Patience
from qtc_pipeline.systems.netsuite import SYSTEM
from qtc_pipeline.systems.netsuite.compose import CAPABILITIES, compose, held
from qtc_pipeline.systems.netsuite.outcomes import OUTCOMES, told
from qtc_pipeline.systems.netsuite.properties import LINE, LINES, MARKER_COLUMN, PROPERTIES, TYPES, column
from qtc_pipeline.systems.netsuite.read import SUITEQL
from qtc_pipeline.systems.netsuite.session import open_http
from qtc_pipeline.systems.sending import Sender, encoded, plain
from qtc_pipeline.systems.writing import Found, Sent, Value, Write, Writing

RECORD = "/services/rest/record/v1"
SETTLE_SECONDS = 960.0
STRICT = {
    "X-NetSuite-PropertyNameValidation": "Error",
    "X-NetSuite-PropertyValueValidation": "Error",
    "Content-Type": "application/json",
}
_STAMPS = {"transactionline": "linelastmodifieddate"}
_STAMP = "lastmodifieddate"
Row = Mapping[str, Any]


@dataclass(slots=True)
class NetSuiteWriter:
    """One account, open for corrections."""

    http: Http
    settle_seconds: float = SETTLE_SECONDS
    _codes: dict[tuple[str, str, str], str | None] = field(default_factory=dict)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def identity(self) -> str:
        """The account's id."""
        return str(self._rows("SELECT accountid FROM companyinformation", (), "identity")[0]["accountid"])

    def look(self, write: Write) -> Found | None:
        """The record by key or by its marker."""
        table = write.table
        key = "uniquekey" if table == "transactionline" else "id"
        stamp = _STAMPS.get(table, _STAMP)
        columns = dict.fromkeys((key, *SYSTEM.entity(table).fields, *(column(write.entity, one) for one in write.new)))
        if write.key is not None:
            where, params = f"{key} = ?", [write.key]
        elif write.entity == LINE:
            where = "transaction = ? AND custcol_source_id = ?"
            params = [_source(write)[1], str(write.marker)]
        else:
            where, params = f"{MARKER_COLUMN} = ?", [str(write.marker)]
        if write.entity in TYPES:
            where, params = f"{where} AND type = ?", [*params, TYPES[write.entity]]
        rows = self._rows(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", params, f"entity {table}")
        if len(rows) > 1:
            keys = ", ".join(sorted(str(row[key]) for row in rows))
            what = f"{self.http.what}, {write.entity} {write.marker or write.key}"
            raise AmbiguousRecordError(what, f"several records stand for it: {keys}", "Keep one of them")
        return self._found(write, rows[0], key, stamp) if rows else None

    def _found(self, write: Write, row: Row, key: str, stamp: str) -> Found:
        spoken = {column(write.entity, name): name for name in write.new}
        hidden = {key, stamp, "links"}
        values = {name: self._shown(write.entity, name, row.get(one)) for one, name in spoken.items()}
        others = {name: value for name, value in row.items() if name not in spoken.keys() | hidden}
        return Found(str(row[key]), values, row.get(stamp), dict(sorted(others.items())))

    def _shown(self, entity: str, name: str, value: str | None) -> Value:
        kind = PROPERTIES[entity][name]
        if value is None:
            return False if kind == "bool" else None
        if kind == "bool":
            return value == "T"
        if kind == "money":
            amount = Decimal(value)
            return plain(-amount if entity == LINE else amount)  # an order's lines stand in the ledger's sign
        if "." in kind:
            table, code = kind.split(".")
            return self._code(table, "id", value, code) or value
        return value

    def _code(self, table: str, by: str, value: str, wanted: str) -> str | None:
        """One column of the record another column names, asked for once."""
        known = (table, by, value)
        if known not in self._codes:
            query = f"SELECT {wanted} FROM {table} WHERE {by} = ?"
            rows = self._rows(query, [value], f"entity {table}")
            self._codes[known] = str(rows[0][wanted]) if len(rows) == 1 else None
        return self._codes[known]

    def _rows(self, query: str, params: list[str] | tuple[str, ...], what: str, *, is_whole: bool = True) -> list[Row]:
        def decode(answer: Answer) -> list[Row]:
            body = json.loads(answer.text, parse_float=Decimal)
            if is_whole and body["hasMore"]:
                raise ContractError(f"{self.http.what}, {what}", "the answer has over one page")
            return list(body["items"])

        return self.http.request(
            "POST",
            SUITEQL,
            decode,
            what=what,
            json={"q": query, "params": list(params)},
            params={"limit": "1000", "offset": "0"},
            headers={"Prefer": "transient"},
        )

    def send(self, write: Write, found: Found | None, key: str) -> Sent:  # noqa: ARG002  synchronous calls take none
        """One PATCH, PUT on an unused external id, POST or transform."""
        what = f"{write.entity} {write.key or write.marker}"
        if write.operation == "create" and found is not None:
            cause = f"record {found.key} carries the marker already; writing again would overwrite it"
            raise WriteRejectedError(f"{self.http.what}, {what}", cause, code="exists", category="contract")
        if write.entity == "creditMemo":
            self._refuse_paid(write, what)
        method, path = _request(write)
        response = Sender(self.http, OUTCOMES, told).send(
            method, f"{RECORD}/{path}", what=what, content=encoded(self._body(write)), headers=STRICT
        )
        if write.entity == LINE:
            return Sent(self._line_key(write, what), response.status_code)
        made = response.headers.get("Location", "").rpartition("/")[2] or write.key
        if not made:
            raise OutcomeUnknownError(f"{self.http.what}, {what}", "the answer does not name the record")
        return Sent(made, response.status_code)

    def _refuse_paid(self, write: Write, what: str) -> None:
        """An invoice somebody paid, or credited, in part even, is not ours to credit."""
        query = "SELECT nextdoc FROM nexttransactionlinelink WHERE previousdoc = ? AND linktype = 'Payment'"
        applied = self._rows(query, [_source(write)[1]], "entity nexttransactionlinelink")
        if applied:
            cause = f"document {applied[0]['nextdoc']} is applied to the invoice already"
            raise WriteRejectedError(f"{self.http.what}, {what}", cause, "Credit it by hand", code="applied")

    def _line_key(self, write: Write, what: str) -> str:
        """An order's answer does not name its line."""
        found = self.look(write)
        if found is None:
            raise OutcomeUnknownError(f"{self.http.what}, {what}", "the order does not show the line")
        return found.key

    def _body(self, write: Write) -> dict[str, Any]:
        kinds = PROPERTIES[write.entity]
        body = {name: self._spelled(kinds[name], value) for name, value in write.new.items()}
        if write.entity == LINE:
            return {"item": {"items": [body]}}
        if write.operation == "create" and _request(write)[0] == "POST":
            body["externalId"] = write.marker
        if write.lines:
            items = [{name: self._spelled(LINES[name], one) for name, one in line.items()} for line in write.lines]
            body["item"] = {"items": items}
        return body

    def _spelled(self, kind: str, value: Value) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if kind == "money":
            return Decimal(str(value))
        if kind == "ref":
            return {"id": str(value)}
        if "." in kind:
            table, code = kind.split(".")
            found = self._code(table, code, str(value), "id")
            if found is None:
                cause = f"the account has no {table} (or several) whose {code} is '{value}'"
                raise WriteRejectedError(self.http.what, cause, f"Add it to the account's {table}", category="contract")
            return {"id": found}
        return str(value)

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:
        """What the system notes say: a field we changed from another value than the one we saw."""
        if write.operation == "create" or before is None:
            return None
        query = "SELECT id, field, oldvalue FROM systemnote WHERE recordid = ? AND recordtype = ? ORDER BY id DESC"
        notes = self._rows(query, [after.key, write.table], "entity systemnote", is_whole=False)
        latest = {str(note["field"]).lower(): note for note in reversed(notes)}
        for name in write.new:
            note = latest.get(column(write.entity, name))
            if note is None or before.values[name] == write.new[name]:
                continue
            was = self._shown(write.entity, name, note.get("oldvalue"))
            if was != before.values[name]:
                what = f"{write.entity} {after.key}"
                return f"{what}: {name} was {was} when it was corrected, not {before.values[name]} as looked at"
        return None


def _source(write: Write) -> tuple[str, str]:
    record, _, key = str(write.source).partition("/")
    return record, key


def _request(write: Write) -> tuple[str, str]:
    """Method and path of a write."""
    if write.entity == LINE:
        record, key = _source(write)
        return "PATCH", f"{record}/{quote(key, safe='')}"
    if write.operation == "update":
        return "PATCH", f"{write.entity}/{quote(str(write.key), safe='')}"
    if write.source is not None:
        record, key = _source(write)
        return "POST", f"{record}/{quote(key, safe='')}/!transform/{write.entity}"
    return "PUT", f"{write.entity}/eid:{quote(str(write.marker), safe='')}"


def open_writer(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> NetSuiteWriter:
    """Open an account, with the integration's own way in."""
    return NetSuiteWriter(open_http(instance, transport=transport, patience=patience or Patience(3, longest=5.0)))


WRITING = Writing(capabilities=CAPABILITIES, compose=compose, open=open_writer, held=held)
