"""Reading a Tryton: pages by (last_modified_at, id), counts on another path, the company filter checked first.

Here: what a reader must do so that nothing is lost silently. Stays out: the protocol (``rpc.py``), the models
(``entities.py``).

- ``write_date`` is NULL until a record's first update, so the cursor is ``last_modified_at`` (8.x: the later of create
  and write). Hundreds of rows share a stamp: pages continue after (stamp, id), never after a stamp alone.
- Stamps are those of a transaction's start: the look-back before the cursor covers what commits late.
- Archived parties, employees and taxes are hidden unless ``active_test`` is false in the context.
- What a user sees follows his ``company_filter``, not the context, without an error; reading is refused while it says
  ``one`` and there are several companies.
- Members of a record come in another order from each server process: hashes are taken of the members sorted.
- Deletes are physical and leave nothing to list; a full read shows them as missing ids.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from qtc_pipeline.errors import ContractError, PermissionRefusedError, SettingsError
from qtc_pipeline.lake import SourceCount
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.paging import batches
from qtc_pipeline.systems.payload import Record
from qtc_pipeline.systems.tryton.entities import CURSOR, model_of
from qtc_pipeline.systems.tryton.rpc import SERIES, TrytonRpc, stamp

PAGE_SIZE = 1000
_CONTEXT: Mapping[str, Any] = {"active_test": False}
_ORDER = [[CURSOR, "ASC"], ["id", "ASC"]]


class TrytonReader:
    """One database of a Tryton server, open for reading; see ``contract.Reader``.

    Args:
        instance: its settings; ``database``, ``username`` and a secret are needed.
        patience: how often and how long a request is repeated.
        transport: replaces the network in tests.
    """

    def __init__(
        self, instance: Instance, *, patience: Patience | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._what = f"instance {instance.name}"
        self._rpc = TrytonRpc(
            instance.base_url,
            _needed(instance, "database", instance.database),
            _needed(instance, "username", instance.username),
            instance.secret,
            what=self._what,
            max_concurrency=instance.max_concurrency,
            patience=patience,
            transport=transport,
        )
        self._page_size = instance.page_size or PAGE_SIZE
        self._lock = threading.Lock()
        self._companies: tuple[int, ...] | None = None

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._rpc.requests

    def clock(self) -> datetime:
        """The server's clock (UTC)."""
        return self._rpc.clock()

    def close(self) -> None:
        """Release connections."""
        self._rpc.close()

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Records of a model by ``search_count``, per currency where the model has one; archived ones included."""
        self._check_companies()
        if entity.currency is None:
            return (SourceCount("", "count", self._count(entity, [])),)
        codes = self._rpc.call(
            "model.currency.currency.search_read", [], 0, None, [["code", "ASC"]], ["code"], _CONTEXT
        )
        counted = [(str(row["code"]), self._count(entity, [[entity.currency, "=", row["code"]]])) for row in codes]
        return tuple(SourceCount(code, "count", value) for code, value in counted if value)

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """Companies this model has records of, by id."""
        if "company" not in entity.fields:
            return ()
        companies = self._check_companies()
        return tuple(
            ("legal_entity", str(company)) for company in companies if self._count(entity, [["company", "=", company]])
        )

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Records stamped at or after ``since``, in the order of (stamp, id)."""
        self._check_companies()
        method = f"model.{model_of(entity)}.search_read"
        domain: list[Any] = [] if since is None else [[CURSOR, ">=", _naive(since)]]
        while True:
            read_at, records = self._rpc.records(
                method, domain, 0, self._page_size, _ORDER, list(entity.fields), _CONTEXT, about=f"entity {entity.name}"
            )
            if records:
                yield self._page(entity, read_at, records)
            if len(records) < self._page_size:
                return
            last, _ = records[-1]
            at = _naive(self._stamp(entity, last))
            domain = ["OR", [[CURSOR, ">", at]], [[CURSOR, "=", at], ["id", ">", last["id"]]]]

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Some records, by id or another field."""
        self._check_companies()
        method = f"model.{model_of(entity)}.search_read"
        for some in batches(values, self._page_size):
            domain = [[field or "id", "in", [int(one) for one in some]]]
            read_at, records = self._rpc.records(
                method, domain, 0, None, _ORDER, list(entity.fields), _CONTEXT, about=f"entity {entity.name}"
            )
            if records:
                yield self._page(entity, read_at, records)

    def _page(self, entity: Entity, read_at: datetime, records: Sequence[Record]) -> Page:
        hashed: list[str] = []
        page = Page(read_at, hash_texts=hashed)
        for record, text in records:
            page.ids.append(str(record["id"]))
            page.versions.append(self._stamp(entity, record).isoformat())
            page.payloads.append(text)
            hashed.append(_hash_text(entity, record))
        return page

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:
        """Nothing: Tryton keeps no list of deletions that its API shows."""
        del entity, since
        return iter(())

    def _count(self, entity: Entity, domain: list[Any]) -> Decimal:
        method = f"model.{model_of(entity)}.search_count"
        return Decimal(int(self._rpc.call(method, domain, 0, None, _CONTEXT, about=f"entity {entity.name}")))

    def _stamp(self, entity: Entity, record: Mapping[str, Any]) -> datetime:
        value = record.get(CURSOR)
        if not isinstance(value, dict):
            raise ContractError(
                f"{self._what}, entity {entity.name}",
                f"record {record.get('id')} has no {CURSOR}",
                f"Tryton {SERIES} or later is needed",
            )
        return stamp(value)

    def _check_companies(self) -> tuple[int, ...]:
        """Ids of all companies; refuses a user who sees only one of several without being told so."""
        with self._lock:
            if self._companies is None:
                companies = self._rpc.call("model.company.company.search", [], 0, None, [["id", "ASC"]], _CONTEXT)
                preferences = self._rpc.call("model.res.user.get_preferences", False, {})
                if preferences.get("company_filter") != "all" and len(companies) > 1:
                    raise PermissionRefusedError(
                        self._what,
                        f"the user's company filter is '{preferences.get('company_filter')}': Tryton would leave out "
                        f"rows of {len(companies) - 1} of {len(companies)} companies without an error",
                        "Set company_filter to 'all' in the preferences of the integration user",
                    )
                self._companies = tuple(int(company) for company in companies)
            return self._companies


def _hash_text(entity: Entity, record: Mapping[str, Any]) -> str:
    """Members in one order, without the stamp: a write that changes nothing moves it and is no new version."""
    kept = {name: value for name, value in record.items() if name not in entity.volatile}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _needed(instance: Instance, key: str, value: str | None) -> str:
    if not value:
        raise SettingsError(f"instances.{instance.name}.{key}", "is missing", "Tryton needs it; add it to qtc.toml")
    return value
