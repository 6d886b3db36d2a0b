"""Correct one Kantata account: look, write once, look again.

Here: how records are found, sent and shown in the words of a write. Stays out: which corrections there are
(``compose``), what answers mean (``outcomes``).

Facts this rests on: there is no condition and no idempotency key; the only upsert is that of external references; a
field that is not writable is passed over without a word, so only reading back tells; lists hide archived workspaces
and their time unless asked for; a workspace and its embedded reference are written in one transaction; a request may
run for three minutes, so a lost one may still commit until then; prices are written in units and read in cents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from qtc_pipeline.errors import AmbiguousRecordError, OutcomeUnknownError, StaleRecordError, WriteRejectedError
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Answer, Http, Patience, Token
from qtc_pipeline.systems.kantata.compose import BASE, CAPABILITIES, CENTS, MODEL, REFERENCE, SERVICE, compose, held
from qtc_pipeline.systems.kantata.outcomes import OUTCOMES, told
from qtc_pipeline.systems.kantata.read import API, KantataDialect
from qtc_pipeline.systems.sending import Sender, encoded, plain
from qtc_pipeline.systems.writing import Found, Sent, Value, Write, Writing

SETTLE_SECONDS = 200.0
_EVERYTHING = {"include_archived": "true", "from_archived_workspaces": "true", "per_page": "200"}
_SINGULAR = {
    "workspaces": "workspace",
    "time_entries": "time_entry",
    "external_references": "external_reference",
}
_STAMPS = frozenset({"id", "created_at", "updated_at"})

Record = Mapping[str, Any]


@dataclass(slots=True)
class KantataWriter:
    """One account, open for corrections."""

    http: Http
    settle_seconds: float = SETTLE_SECONDS

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def identity(self) -> str:
        """The account's id, from the user the token belongs to."""

        def decode(answer: Answer) -> str:
            body = json.loads(answer.text)
            return str(body["users"][body["results"][0]["id"]]["account_id"])

        return self.http.request("GET", f"{API}/users/me", decode, what="identity")

    def look(self, write: Write) -> Found | None:
        """The record by key, by its reference, or by the marker in its title."""
        if write.key is not None:
            records = self._listed(write.table, {"only": write.key})
        elif write.entity == "external_references":
            records = self._references(str(write.new["service_model_ref"]))
        else:
            records = self._made_workspaces(write)
        if len({one["id"] for one in records}) > 1:
            keys = ", ".join(sorted(str(one["id"]) for one in records))
            what = f"{self.http.what}, {write.entity} {write.marker or write.key}"
            raise AmbiguousRecordError(what, f"several records stand for it: {keys}", "Keep one of them")
        return self._found(write, records[0]) if records else None

    def _made_workspaces(self, write: Write) -> list[Record]:
        reference = str(write.new.get(REFERENCE) or "")
        subjects = [str(one["subject_id"]) for one in self._references(reference)] if reference else []
        if subjects:
            return self._listed("workspaces", {"only": ",".join(subjects)})
        ending = f"[{write.marker}]"
        found = self._listed("workspaces", {"search": ending})
        return [one for one in found if str(one["title"]).endswith(ending)]

    def _references(self, opportunity: str) -> list[Record]:
        """References of an opportunity; of its workspaces, because a list of references has no such filter."""
        by = {"external_reference_service_name": SERVICE, "external_reference_service_model_ref": opportunity}
        workspaces = [str(one["id"]) for one in self._listed("workspaces", by)]
        if not workspaces:
            return []
        identity = {"service_name": SERVICE, "service_model": MODEL, "subject_type": "Workspace"}
        listed = self._listed("external_references", {**identity, "subject_id": ",".join(workspaces)})
        return [one for one in listed if one["service_model_ref"] == opportunity]

    def _listed(self, entity: str, params: Mapping[str, str]) -> list[Record]:
        def decode(answer: Answer) -> list[Record]:
            body = json.loads(answer.text, parse_float=Decimal)
            return [body[entity][one["id"]] for one in body["results"] if one["key"] == entity]

        return self.http.request(
            "GET", f"{API}/{entity}", decode, what=f"entity {entity}", params={**_EVERYTHING, **params}
        )

    def _found(self, write: Write, record: Record) -> Found:
        names = {CENTS.get(name, name) for name in write.new} | _STAMPS
        others = {name: value for name, value in record.items() if name not in names}
        return Found(
            key=str(record["id"]),
            values={name: self._shown(name, write.new[name], record) for name in write.new},
            version=record["updated_at"],
            others={name: _flat(value) for name, value in sorted(others.items())},
        )

    def _shown(self, name: str, wanted: Value, record: Record) -> Value:
        if name in CENTS:
            cents = record[CENTS[name]]
            return None if cents is None else plain(Decimal(cents) / _base(record))
        if name == REFERENCE:
            own = [one for one in self._references(str(wanted)) if str(one["subject_id"]) == str(record["id"])]
            return wanted if own else None
        if name == "workspace_group":
            groups = self._listed("workspace_groups", {})
            held = {str(one["name"]) for one in groups if str(one["id"]) in map(str, record["workspace_group_ids"])}
            return wanted if wanted in held else ", ".join(sorted(held)) or None
        value = record[name]
        return value if value is None or isinstance(value, bool) else str(value)

    def send(self, write: Write, found: Found | None, key: str) -> Sent:  # noqa: ARG002  no call takes a key
        """One POST or PUT; never for what is billed, nor a reference that leads elsewhere."""
        what = f"{write.entity} {write.key or write.marker}"
        path = f"{API}/{write.entity}"
        method = "POST"
        if write.entity == "external_references":
            if found is not None and found.values["subject_id"] != write.new["subject_id"]:
                cause = f"the reference leads to workspace {found.values['subject_id']} by now"
                raise StaleRecordError(f"{self.http.what}, {what}", cause, code="reference_taken")
            path = f"{path}/create_or_update"
        elif write.operation == "update":
            if found is not None and found.others.get("is_invoiced") is True:
                raise WriteRejectedError(f"{self.http.what}, {what}", "the entry is invoiced", code="is_invoiced")
            method, path = "PUT", f"{path}/{quote(str(write.key), safe='')}"
        body = {_SINGULAR[write.entity]: self._body(write, found)}
        content = {"content": encoded(body), "headers": {"Content-Type": "application/json"}}
        response = Sender(self.http, OUTCOMES, told).send(method, path, what=what, params=_shown_too(write), **content)
        try:
            return Sent(str(json.loads(response.text)["results"][0]["id"]), response.status_code)
        except (ValueError, KeyError, IndexError, TypeError):
            cause = "the answer is cut off or no JSON"
            raise OutcomeUnknownError(f"{self.http.what}, {what}", cause, code=str(response.status_code)) from None

    def _body(self, write: Write, found: Found | None) -> dict[str, Any]:
        is_made = (write.operation, write.entity) == ("create", "workspaces")
        body: dict[str, Any] = {"creator_role": "maven"} if is_made else {}
        for name, value in write.new.items():
            if name == "price":
                body[name] = None if value is None else Decimal(str(value))
            elif name == "rate":
                base = Decimal(str((found.others if found else {}).get("currency_base_unit") or BASE))
                body["rate_in_cents"] = None if value is None else int(Decimal(str(value)) * base)
            elif name == REFERENCE:
                identity = {"service_name": SERVICE, "service_model": MODEL, "service_model_ref": value}
                body[REFERENCE] = {**identity, "status": "successful"}
            elif name == "workspace_group":
                body["workspace_group_ids"] = self._groups(str(value))
            else:
                body[name] = value
        return body

    def _groups(self, name: str) -> Sequence[str]:
        found = [str(one["id"]) for one in self._listed("workspace_groups", {}) if one["name"] == name]
        if len(found) != 1:
            cause = f"{len(found)} workspace groups are named '{name}'"
            raise WriteRejectedError(self.http.what, cause, "Name one group like the legal entity", category="contract")
        return found

    def lost_change(self, write: Write, before: Found | None, after: Found) -> str | None:
        """Kantata keeps no notes: another field that moved meanwhile says that somebody else was there."""
        moved = [] if before is None else sorted(_moved(before, after))
        if not moved:
            return None
        what = f"{write.entity} {after.key}"
        return f"{what}: {', '.join(moved)} changed while it was corrected; another's change may be covered"


def _moved(before: Found, after: Found) -> list[str]:
    return [name for name, value in before.others.items() if after.others.get(name) != value]


def _shown_too(write: Write) -> dict[str, str]:
    """An archived record can be changed only by who asks for archived ones."""
    if write.operation == "create":
        return {}
    return {name: value for name, value in _EVERYTHING.items() if name != "per_page"}


def _base(record: Record) -> Decimal:
    return Decimal(str(record.get("currency_base_unit") or BASE))


def _flat(value: Any) -> Value:
    return value if value is None or isinstance(value, str | int | bool) else json.dumps(value, default=str)


def open_writer(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> KantataWriter:
    """Open an account with its access token."""
    secret = instance.secret
    http = Http(
        what=f"instance {instance.name}",
        base_url=instance.base_url,
        dialect=KantataDialect(),
        max_concurrency=instance.max_concurrency,
        transport=transport,
        patience=patience or Patience(attempts=3, longest=5.0),
        token=Token(lambda: (secret.get_secret_value(), None), renewable=False),
    )
    return KantataWriter(http)


WRITING = Writing(
    capabilities=CAPABILITIES,
    compose=compose,
    open=open_writer,
    held=held,
    beside={"external_references": "subject_id"},
)
