"""Correct one Salesforce org: our own fields on its records, and tasks for its people.

Here: which corrections there are, how they are spelled, looked at and sent. Stays out: what answers mean
(``outcomes``). Standard fields feed other integrations, so none is written.

Facts this rests on: ``If-Unmodified-Since`` on a PATCH by id refuses a record that moved, to the second, so another
writer within that second passes unseen; a task has no unique key, so its marker stands in the subject and is searched
before; ten minutes is the longest a request may run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from qtc_pipeline.errors import AmbiguousRecordError, OutcomeUnknownError
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Answer, Http, Patience
from qtc_pipeline.systems.salesforce import SYSTEM
from qtc_pipeline.systems.salesforce.bulk import API
from qtc_pipeline.systems.salesforce.outcomes import OUTCOMES
from qtc_pipeline.systems.salesforce.session import code_and_message, open_http
from qtc_pipeline.systems.sending import Sender, encoded, plain
from qtc_pipeline.systems.writing import Action, Capability, Found, Guard, Sent, Value, Values, Verb, Write, Writing

SETTLE_SECONDS = 660.0
TASK = "Task"
_OBJECTS = {"opportunity": "Opportunity", "contract": "Contract", "customer": "Account"}
_OWN = {"qtc_id": "qtc_id__c", "billing_status": "Qtc_Billing_Status__c", "billed_amount": "Qtc_Billed_Amount__c"}
_AMOUNTS = frozenset({"Qtc_Billed_Amount__c"})
_TASK = {
    "subject": "Subject",
    "description": "Description",
    "owner_id": "OwnerId",
    "about_id": "WhatId",
    "due_date": "ActivityDate",
    "priority": "Priority",
}
_LONGEST_SUBJECT = 255
_MARKED_BY = "SystemModstamp"

CAPABILITIES = {
    **{(Verb.LINK, entity): Capability(Guard.CONDITION, frozenset({"qtc_id"})) for entity in _OBJECTS},
    **{(Verb.SET, entity): Capability(Guard.CONDITION) for entity in _OBJECTS},
    **{(Verb.TASK, about): Capability(Guard.COMPARE, frozenset({"subject"})) for about in (*_OBJECTS, "none")},
}


def compose(action: Action) -> tuple[Write, ...] | None:
    """The writes of an action; None where it would touch more than our own fields, or says too little."""
    if action.verb is Verb.TASK:
        return _task(action)
    known = CAPABILITIES.get((action.verb, action.entity))
    if known is None or action.source_id is None or not known.needs <= action.values.keys():
        return None
    allowed = {"qtc_id"} if action.verb is Verb.LINK else _OWN.keys() - {"qtc_id"}
    if not action.values or not action.values.keys() <= allowed:
        return None
    entity = _OBJECTS[action.entity]
    old = {name: value for name, value in action.old.items() if name in action.values}
    return (Write("update", entity, entity, action.source_id, _own(action.values), _own(old)),)


def _own(values: Values) -> dict[str, Value]:
    named = {_OWN[name]: value for name, value in values.items()}
    return {
        name: plain(Decimal(str(value))) if name in _AMOUNTS and value is not None else value
        for name, value in named.items()
    }


def _task(action: Action) -> tuple[Write, ...] | None:
    """A task of whatever record, known by the marker at the end of its subject."""
    if not action.marker or not action.values.get("subject") or not action.values.keys() <= _TASK.keys():
        return None
    new: dict[str, Value] = {_TASK[name]: value for name, value in action.values.items() if value is not None}
    ending = f" [{action.marker}]"
    new["Subject"] = f"{str(new['Subject'])[: _LONGEST_SUBJECT - len(ending)]}{ending}"
    return (Write("create", TASK, TASK, None, {"Status": "Not Started", **new}, marker=action.marker),)


@dataclass(slots=True)
class SalesforceWriter:
    """One org, open for corrections."""

    http: Http
    settle_seconds: float = SETTLE_SECONDS

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def identity(self) -> str:
        """The organisation's id."""

        def decode(answer: Answer) -> str:
            return str(json.loads(answer.text)["organization_id"])

        return self.http.request("GET", "/services/oauth2/userinfo", decode, what="identity")

    def look(self, write: Write) -> Found | None:
        """The record by id; a task by the marker in its subject."""
        declared = [] if write.table == TASK else SYSTEM.entity(write.table).fields
        columns = dict.fromkeys(("Id", _MARKED_BY, *declared, *write.new))
        if write.key is not None:
            where = f"Id = {_quoted(write.key)}"
        else:
            where = f"Subject LIKE {_quoted(f'%[{write.marker}]')}"
        rows = self._rows(f"SELECT {', '.join(columns)} FROM {write.table} WHERE {where}", write.table)
        if write.key is None:  # LIKE takes some letters of a marker for wildcards
            rows = [row for row in rows if str(row["Subject"]).endswith(f"[{write.marker}]")]
        if len(rows) > 1:
            keys = ", ".join(sorted(str(row["Id"]) for row in rows))
            what = f"{self.http.what}, {write.entity} {write.marker or write.key}"
            raise AmbiguousRecordError(what, f"several records stand for it: {keys}", "Keep one of them")
        return _found(write, rows[0]) if rows else None

    def _rows(self, soql: str, entity: str) -> list[dict[str, Any]]:
        def decode(answer: Answer) -> list[dict[str, Any]]:
            return list(json.loads(answer.text, parse_float=Decimal)["records"])

        url = f"{API}/query?{urlencode({'q': soql})}"
        return self.http.request("GET", url, decode, what=f"entity {entity}")

    def send(self, write: Write, found: Found | None, key: str) -> Sent:  # noqa: ARG002  no call takes a key
        """One PATCH under the condition that the record did not move, or one POST of a task."""
        what = f"{write.entity} {write.key or write.marker}"
        headers = {"Content-Type": "application/json"}
        if found is not None and found.version is not None and write.operation == "update":
            headers["If-Unmodified-Since"] = format_datetime(datetime.fromisoformat(found.version), usegmt=True)
        sent = {name: Decimal(str(one)) if name in _AMOUNTS and one else one for name, one in write.new.items()}
        path = f"{API}/sobjects/{write.entity}"
        method = "POST" if write.operation == "create" else "PATCH"
        if write.operation == "update":
            path = f"{path}/{quote(str(write.key), safe='')}"
        sender = Sender(self.http, OUTCOMES, code_and_message)
        response = sender.send(method, path, what=what, content=encoded(sent), headers=headers)
        if write.key is not None:
            return Sent(write.key, response.status_code)
        try:
            return Sent(str(json.loads(response.text)["id"]), response.status_code)
        except (ValueError, KeyError, TypeError):
            cause = "the answer is cut off or no JSON"
            raise OutcomeUnknownError(f"{self.http.what}, {what}", cause, code=str(response.status_code)) from None

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:
        """Another field that moved within the second the condition cannot see."""
        moved = [] if before is None else [name for name, one in before.others.items() if after.others.get(name) != one]
        if not moved or write.operation == "create":
            return None
        what = f"{write.entity} {after.key}"
        return f"{what}: {', '.join(moved)} changed while it was corrected; another's change may be covered"


def _found(write: Write, row: Mapping[str, Any]) -> Found:
    hidden = {"Id", _MARKED_BY, "attributes", *write.new}
    return Found(
        key=str(row["Id"]),
        values={name: _value(row[name]) for name in write.new},
        version=row[_MARKED_BY],
        others={name: _value(value) for name, value in sorted(row.items()) if name not in hidden},
    )


def _value(value: Any) -> Value:
    if isinstance(value, bool) or value is None:
        return value
    # a long text may come back with other line ends than it was sent with
    return plain(Decimal(value)) if isinstance(value, Decimal | int) else str(value).replace("\r\n", "\n")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def open_writer(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> SalesforceWriter:
    """Open an org for corrections."""
    return SalesforceWriter(open_http(instance, transport=transport, patience=patience or Patience(3, longest=5.0)))


WRITING = Writing(capabilities=CAPABILITIES, compose=compose, open=open_writer)
