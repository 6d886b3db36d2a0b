"""Read one Salesforce org.

Here: paging, deletes, control counts. Stays out: which objects and fields are read (the folder's ``__init__``), the
org's client and its errors (``session``), jobs for many rows (``bulk``).

Facts this rests on: SystemModstamp is not unique, so an increment asks for ``>=`` and the lake drops what it has; a
query locator lives only a while, so a lost one restarts the query at the last stamp seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx

from qtc_pipeline.errors import ContractError, PermanentError, TransientError
from qtc_pipeline.lake import SourceCount
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page
from qtc_pipeline.systems.http import Answer, Http, Patience, vendor_clock
from qtc_pipeline.systems.paging import ahead, batches
from qtc_pipeline.systems.payload import hash_text, split_answer
from qtc_pipeline.systems.salesforce.bulk import API, bulk_pages, field_types
from qtc_pipeline.systems.salesforce.session import BulkRefusedError, LostLocatorError, open_http

_FETCHED = 200  # an address ends at 16 KB
_DELETED_WINDOW = timedelta(days=15)
_COMPOUND = frozenset({"address", "location", "base64", "anyType", "complexvalue"})  # no one plain value


@dataclass(slots=True)
class SalesforceReader:
    """One org, open for reading.

    ``bulk_above``: a read of more rows takes the Bulk API (None: never), once :meth:`count` has shown that the object
    is so large.
    """

    http: Http
    page_size: int = 2000
    bulk_above: int | None = None
    _rows: dict[str, int] = field(default_factory=dict)
    _without_bulk: set[str] = field(default_factory=set)
    _types: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def clock(self) -> datetime:
        """The org's clock in its latest answer."""
        return self.http.clock or self.http.request(
            "GET", f"{API}/limits", lambda answer: vendor_clock(answer.headers), what="clock"
        )

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Live records, per currency where the object has one, by an aggregate query."""
        group = entity.currency
        columns, by = (f"{group}, ", f" GROUP BY {group}") if group else ("", "")
        soql = f"SELECT {columns}COUNT(Id) n FROM {entity.name} WHERE IsDeleted = false{by}"
        counts = tuple(
            SourceCount(str(row.get(group) or "") if group else "", "count", Decimal(row["n"]))
            for row in self._aggregate(soql, entity)
        )
        self._rows[entity.name] = sum(int(one.value) for one in counts)
        return counts

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """Legal entities that occur, by an aggregate query."""
        if "Legal_Entity__c" not in entity.fields:
            return ()
        soql = (
            f"SELECT Legal_Entity__c, COUNT(Id) n FROM {entity.name} WHERE IsDeleted = false GROUP BY Legal_Entity__c"
        )
        rows = self._aggregate(soql, entity)
        return tuple(
            sorted(("legal_entity", str(row["Legal_Entity__c"])) for row in rows if row.get("Legal_Entity__c"))
        )

    def offered(self, entity: Entity) -> Mapping[str, bool] | None:
        """The fields ``describe`` lists for this user."""
        try:
            types = field_types(self.http, entity)
        except PermanentError:  # what else is wrong with this org, the read itself will say
            return None
        self._types[entity.name] = types
        return {name: kind not in _COMPOUND for name, kind in types.items()}

    def _aggregate(self, soql: str, entity: Entity) -> list[dict[str, Any]]:
        def decode(answer: Answer) -> list[dict[str, Any]]:
            body = json.loads(answer.text, parse_float=Decimal)
            if not body["done"]:
                # never silently: a count over part of the groups would look like a short load
                raise ContractError(f"{self.http.what}, entity {entity.name}", "the control count has over one page")
            return list(body["records"])

        url = f"{API}/queryAll?{urlencode({'q': soql})}"
        return self.http.request("GET", url, decode, what=f"control count of {entity.name}")

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Records by stamp, or as a job gives them where they are many; deleted ones included."""
        if self._are_many(entity, since):
            try:
                types = self._types.get(entity.name) or field_types(self.http, entity)
                yield from bulk_pages(self.http, entity, self._soql(entity, since), types)
            except BulkRefusedError:
                self._without_bulk.add(entity.name)
            else:
                return
        yield from self._by_stamp(entity, since)

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Some records, by id or another field; deleted ones included, marked."""
        what = f"{self.http.what}, entity {entity.name}"
        for some in batches(values, _FETCHED):
            listed = ", ".join("'" + one.replace("\\", "\\\\").replace("'", "\\'") + "'" for one in some)
            soql = f"{self._soql(entity, None)} WHERE {field or 'Id'} IN ({listed}) ORDER BY {entity.cursor}, Id"
            first = f"{API}/queryAll?{urlencode({'q': soql})}"
            yield from ahead(first, lambda url: self._page(entity, url), what)

    def _are_many(self, entity: Entity, since: datetime | None) -> bool:
        if self.bulk_above is None or entity.name in self._without_bulk:
            return False
        if self._rows.get(entity.name, 0) <= self.bulk_above:
            return False
        soql = f"SELECT COUNT() FROM {entity.name}{_where(entity, since)}"
        url = f"{API}/queryAll?{urlencode({'q': soql})}"
        total = self.http.request(
            "GET", url, lambda answer: int(json.loads(answer.text)["totalSize"]), what=f"size of {entity.name}"
        )
        return total > self.bulk_above

    def _by_stamp(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        start, what = since, f"{self.http.what}, entity {entity.name}"
        while True:
            is_ordered = True
            try:
                for page in ahead(self._query(entity, start), lambda url: self._page(entity, url), what):
                    if page.ids:
                        first, last = _stamp(page.versions[0]), _stamp(page.versions[-1])
                        is_ordered &= start is None or first is None or first >= start
                        start = last or start
                    yield page
            except LostLocatorError as lost:
                if not is_ordered:
                    # the stamp seen last says nothing of what is still to come
                    raise TransientError(what, "the query was lost, and its pages came in no order") from lost
                if start == since:
                    raise
                since = start
            else:
                return

    def _query(self, entity: Entity, since: datetime | None) -> str:
        soql = f"{self._soql(entity, since)} ORDER BY {entity.cursor}, Id"
        return f"{API}/queryAll?{urlencode({'q': soql})}"

    def _soql(self, entity: Entity, since: datetime | None) -> str:
        return f"SELECT {', '.join(entity.asked)} FROM {entity.name}{_where(entity, since)}"

    def _page(self, entity: Entity, url: str) -> tuple[Page, str | None]:
        stamp = entity.cursor or "SystemModstamp"

        def decode(answer: Answer) -> tuple[Page, str | None]:
            envelope, records = split_answer(answer.text, "records")
            if "done" not in envelope:
                raise ContractError(f"{self.http.what}, entity {entity.name}", "the answer is no query result")
            page = Page(
                read_at=answer.read_at,
                ids=[record["Id"] for record, _ in records],
                versions=[record[stamp] for record, _ in records],
                payloads=[text for _, text in records],
                hash_texts=[hash_text(record, text, entity.volatile, entity.added) for record, text in records],
                deleted=[record["IsDeleted"] for record, _ in records],
            )
            return page, None if envelope["done"] else str(envelope["nextRecordsUrl"])

        headers = {"Sforce-Query-Options": f"batchSize={self.page_size}"}
        return self.http.request("GET", url, decode, what=f"entity {entity.name}", headers=headers)

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Ids the org lists as deleted: what ``queryAll`` no longer shows once the recycle bin is emptied."""
        until = self.clock()
        # the start must be after what the org still lists and at least a minute before the end
        start = min(max(since, until - _DELETED_WINDOW + timedelta(minutes=1)), until - timedelta(minutes=1))
        query = urlencode({"start": _soql_time(start), "end": _soql_time(until)})

        def decode(answer: Answer) -> Page:
            listed = json.loads(answer.text)["deletedRecords"]
            return Page(
                read_at=answer.read_at,
                ids=[one["id"] for one in listed],
                versions=[one["deletedDate"] for one in listed],
                payloads=[json.dumps({"Id": one["id"], "deletedDate": one["deletedDate"]}) for one in listed],
                deleted=[True] * len(listed),
            )

        url = f"{API}/sobjects/{entity.name}/deleted/?{query}"
        page = self.http.request("GET", url, decode, what=f"deletions of {entity.name}")
        if page.ids:
            yield page


def _where(entity: Entity, since: datetime | None) -> str:
    return f" WHERE {entity.cursor} >= {_soql_time(since)}" if since else ""


def _soql_time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _stamp(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def open_reader(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> SalesforceReader:
    """Open an org for reading."""
    http = open_http(instance, transport=transport, patience=patience)
    return SalesforceReader(http, page_size=instance.page_size or 2000, bulk_above=instance.bulk_above_rows)
