"""Read one NetSuite account.

Here: windows and pages of SuiteQL, deletions, control totals. Stays out: which tables and columns are read (the
folder's ``__init__``), which others there are (``catalogue``), the account's client and its errors (``session``).

Facts this rests on: a query gives at most 100 000 rows and pages of 1 000 whose offset is a multiple of the limit;
values are text and NULLs may be left out; date-only bounds mean the account's local day, so bounds are full UTC stamps.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import httpx

from qtc_pipeline.errors import ContractError, TransientError
from qtc_pipeline.lake import SourceCount
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page
from qtc_pipeline.systems.http import Answer, Http, Patience, vendor_clock
from qtc_pipeline.systems.netsuite.catalogue import catalogued
from qtc_pipeline.systems.netsuite.session import open_http
from qtc_pipeline.systems.paging import ahead, batches
from qtc_pipeline.systems.payload import hash_text, split_answer

SUITEQL = "/services/rest/query/v1/suiteql"
_PAGE_SIZE = 1000
_WINDOW = 100_000
_FETCHED = 100  # conditions of one query
_STAMP = "YYYY-MM-DD HH24:MI:SS"
# the names deletedrecord gives to the rows of a table, lower case without blanks
_DELETED_AS = {
    "transaction": frozenset(
        {"transaction", "invoice", "custinvc", "creditmemo", "custcred", "customerpayment", "custpymt", "payment"}
        | {"salesorder", "salesord", "journal", "journalentry"}
    ),
    "job": frozenset({"job", "project"}),
    "timebill": frozenset({"timebill", "timeentry", "time"}),
    "item": frozenset({"item", "serviceitem", "noninventoryitem"}),
}


@dataclass(slots=True)
class NetSuiteReader:
    """One account, open for reading. ``window``: rows one query may give, over all its pages."""

    http: Http
    page_size: int = _PAGE_SIZE
    window: int = _WINDOW

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def clock(self) -> datetime:
        """The account's clock in its latest answer."""

        def decode(answer: Answer) -> datetime:
            return vendor_clock(answer.headers)

        return self.http.clock or self.http.request(
            "POST",
            SUITEQL,
            decode,
            what="clock",
            json={"q": "SELECT id FROM subsidiary ORDER BY id"},
            params={"limit": "1", "offset": "0"},
            headers={"Prefer": "transient"},
        )

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Rows and sums per currency, by a grouped query."""
        columns = ["COUNT(*) AS n"]
        if entity.amount:
            columns.append(f"SUM({entity.amount}) AS total")
        grouped = ""
        if entity.currency:
            columns.insert(0, entity.currency)
            grouped = f" GROUP BY {entity.currency}"
        rows = self._rows(f"SELECT {', '.join(columns)} FROM {entity.name}{grouped}", f"control count of {entity.name}")
        counts = []
        for row in rows:
            currency = str(row.get(entity.currency) or "") if entity.currency else ""
            counts.append(SourceCount(currency, "count", Decimal(row["n"])))
            if entity.amount:
                counts.append(SourceCount(currency, "amount", Decimal(row.get("total") or 0)))
        return tuple(counts)

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """Subsidiaries the role sees."""
        if entity.name != "subsidiary":
            return ()
        rows = self._rows("SELECT id FROM subsidiary ORDER BY id", "scope")
        return tuple(("legal_entity", str(row["id"])) for row in rows)

    def offered(self, entity: Entity) -> Mapping[str, bool] | None:
        """The properties of the table's record type, spelled as SuiteQL does."""
        return catalogued(self.http, entity)

    def _rows(self, query: str, what: str) -> list[dict[str, Any]]:
        def decode(answer: Answer) -> list[dict[str, Any]]:
            body = json.loads(answer.text, parse_float=Decimal)
            if body["hasMore"]:
                # never silently: totals over part of the groups would look like a short load
                raise ContractError(f"{self.http.what}, {what}", "the answer has over one page")
            return list(body["items"])

        return self.http.request(
            "POST",
            SUITEQL,
            decode,
            what=what,
            json={"q": query},
            params={"limit": str(_PAGE_SIZE), "offset": "0"},
            headers={"Prefer": "transient"},
        )

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Rows in the order of their key, window by window."""
        what = f"{self.http.what}, entity {entity.name}"
        changed = f"{entity.cursor} >= {_timestamp(since)}" if since and entity.cursor else ""
        lead, *rest = entity.key
        sign = ">=" if rest else ">"  # a composite key may be cut inside a value of its first column
        first: str | None = None
        while True:
            bound = f"{lead} {sign} {_literal(first)}" if first is not None else ""
            where = " AND ".join(part for part in (changed, bound) if part)
            query = (
                f"SELECT {', '.join(entity.asked)} FROM {entity.name}"
                f"{' WHERE ' + where if where else ''} ORDER BY {', '.join(entity.key)}"
            )
            last: str | None = None
            more = False
            for page, has_more in ahead("0", partial(self._page, entity, query), what):
                more = has_more
                if page.ids:
                    # the greatest, not the last: pages may come in another order than asked for
                    leads = (one.partition(":")[0] for one in page.ids)
                    last = max(leads if last is None else (*leads, last), key=_rank)
                yield page
            if not more:
                return
            if last == first and rest:
                raise ContractError(
                    f"{self.http.what}, entity {entity.name}",
                    f"{lead} {last} alone has more rows than the {self.window} a query may give",
                    "These rows cannot be read by SuiteQL; archive the document or read it by another way",
                )
            first = last

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Some rows, by their key or another column."""
        columns = (field,) if field else entity.key
        for some in batches(values, _FETCHED):
            meant = [one.split(":") if len(columns) > 1 else [one] for one in some]
            rows = [" AND ".join(f"{c} = {_literal(v)}" for c, v in zip(columns, one, strict=True)) for one in meant]
            query = (
                f"SELECT {', '.join(entity.asked)} FROM {entity.name}"
                f" WHERE {' OR '.join(f'({row})' for row in rows)} ORDER BY {', '.join(entity.key)}"
            )
            what = f"{self.http.what}, entity {entity.name}"
            for page, _ in ahead("0", partial(self._page, entity, query), what):
                yield page

    def _page(self, entity: Entity, query: str, offset: str) -> tuple[tuple[Page, bool], str | None]:
        def decode(answer: Answer) -> tuple[tuple[Page, bool], str | None]:
            envelope, records = split_answer(answer.text, "items")
            if "hasMore" not in envelope:
                raise ContractError(f"{self.http.what}, entity {entity.name}", "the answer is no query result")
            answered = str(envelope.get("offset", offset))
            if answered != offset:
                cause = f"the rows from {answered} came in the place of those from {offset}"
                raise TransientError(f"{self.http.what}, entity {entity.name}", cause)
            page = Page(
                read_at=answer.read_at,
                ids=[":".join([record[name] for name in entity.key]) for record, _ in records],
                versions=[record.get(entity.cursor) if entity.cursor else None for record, _ in records],
                payloads=[text for _, text in records],
                hash_texts=[hash_text(record, text, entity.volatile, entity.added) for record, text in records],
            )
            has_more = bool(envelope["hasMore"])
            following = int(offset) + self.page_size
            return (page, has_more), str(following) if has_more and following < self.window else None

        return self.http.request(
            "POST",
            SUITEQL,
            decode,
            what=f"entity {entity.name}",
            json={"q": query},
            params={"limit": str(self.page_size), "offset": offset},
            headers={"Prefer": "transient"},
        )

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Tombstones from ``deletedrecord``; for lines, of the documents they belonged to."""
        owner = "transaction" if entity.parent else entity.name
        names = _DELETED_AS.get(owner, frozenset({owner}))
        log = Entity(
            name="deletedrecord",
            fields=("type", "recordid", "deleteddate"),
            key=("recordid", "type"),
            cursor="deleteddate",
        )
        for page in self.pages(log, since):
            tombstones = Page(read_at=page.read_at, deleted=[], parents=entity.parent is not None)
            for record_id, at, text in zip(page.ids, page.versions, page.payloads, strict=True):
                number, _, kind = record_id.partition(":")
                if kind.lower().replace(" ", "") in names and tombstones.deleted is not None:
                    tombstones.ids.append(number)
                    tombstones.versions.append(at)
                    tombstones.payloads.append(text)
                    tombstones.deleted.append(True)
            if tombstones.ids:
                yield tombstones


def _timestamp(at: datetime) -> str:
    return f"TO_TIMESTAMP('{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}', '{_STAMP}')"


def _rank(value: str) -> tuple[int, str]:
    return (int(value), "") if value.lstrip("-").isdigit() else (0, value)


def _literal(value: str | None) -> str:
    text = value or ""
    return text if text.lstrip("-").isdigit() else "'" + text.replace("'", "''") + "'"


def open_reader(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> NetSuiteReader:
    """Open an account for reading."""
    http = open_http(instance, transport=transport, patience=patience)
    return NetSuiteReader(http, page_size=instance.page_size or _PAGE_SIZE)
