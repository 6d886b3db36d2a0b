"""Read one Kantata OX account.

Here: paging, the envelope, control counts, what its errors mean. Stays out: which entities and fields are read
(the folder's ``__init__``).

Facts this rests on: time and projects that are archived stay hidden unless asked for; ``updated_after`` filters at the
resolution of a second; pages move when records change, so the order is by creation, which never changes; 429 comes
without a hint how long to wait; a page says which one it is, and a cache between us may give another.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import httpx

from qtc_pipeline.errors import ContractError, SystemReadError, TransientError
from qtc_pipeline.lake import SourceCount
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Entity, Page
from qtc_pipeline.systems.http import Answer, Http, Patience, Token, usual_error, vendor_clock
from qtc_pipeline.systems.paging import ahead, batches
from qtc_pipeline.systems.payload import split_answer

API = "/api/v1"
_PAGE_SIZE = 200
# the two spellings of the same wish; lists that know neither ignore it
_ARCHIVED_TOO = {"include_archived": "true", "from_archived_workspaces": "true"}


class KantataDialect:
    """What Kantata means by its statuses."""

    def explain(self, response: httpx.Response, what: str) -> SystemReadError:
        """The typed error of an answer that is not a success."""
        try:
            first = json.loads(response.text)["errors"][0]
            return usual_error(response, what, str(first.get("type", "")), str(first.get("message", "")))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            return usual_error(response, what, "", response.text)


@dataclass(slots=True)
class KantataReader:
    """One account, open for reading."""

    http: Http
    page_size: int = _PAGE_SIZE

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def clock(self) -> datetime:
        """The account's clock in its latest answer."""
        return self.http.clock or self.http.request(
            "GET", f"{API}/roles", lambda answer: vendor_clock(answer.headers), what="clock", params={"per_page": "1"}
        )

    def count(self, entity: Entity) -> tuple[SourceCount, ...]:
        """Live records, archived ones included, as ``meta.count`` of a list of one."""

        def decode(answer: Answer) -> Decimal:
            return Decimal(json.loads(answer.text)["meta"]["count"])

        params = {**_ARCHIVED_TOO, "per_page": "1"}
        number = self.http.request(
            "GET", f"{API}/{entity.name}", decode, what=f"control count of {entity.name}", params=params
        )
        return (SourceCount("", "count", number),)

    def scope(self, entity: Entity) -> tuple[tuple[str, str], ...]:
        """Legal entities, which are workspace groups here."""
        if entity.name != "workspace_groups":
            return ()

        def decode(answer: Answer) -> tuple[tuple[str, str], ...]:
            groups = json.loads(answer.text).get("workspace_groups", {})
            return tuple(sorted(("legal_entity", str(group["name"])) for group in groups.values()))

        params = {"per_page": str(_PAGE_SIZE)}
        return self.http.request("GET", f"{API}/workspace_groups", decode, what="scope", params=params)

    def pages(self, entity: Entity, since: datetime | None) -> Iterator[Page]:
        """Records in the order of their creation."""
        params = {**_ARCHIVED_TOO, "per_page": str(self.page_size), "order": "created_at:asc"}
        if since is not None:
            # the filter means "after": one second earlier makes it "at or after"
            params["updated_after"] = f"{since.astimezone(UTC) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"
        what = f"{self.http.what}, entity {entity.name}"
        return ahead("1", lambda number: self._page(entity, {**params, "page": number}), what)

    def fetch(self, entity: Entity, values: Sequence[str], field: str | None = None) -> Iterator[Page]:
        """Some records, archived ones too."""
        for some in batches(values, self.page_size):
            params = {**_ARCHIVED_TOO, "per_page": str(self.page_size), "order": "created_at:asc"}
            params[field or "only"] = ",".join(some)
            what = f"{self.http.what}, entity {entity.name}"
            yield from ahead("1", partial(self._numbered, entity, params), what)

    def _numbered(self, entity: Entity, params: dict[str, str], number: str) -> tuple[Page, str | None]:
        return self._page(entity, {**params, "page": number})

    def _page(self, entity: Entity, params: dict[str, str]) -> tuple[Page, str | None]:
        what = f"{self.http.what}, entity {entity.name}"

        def decode(answer: Answer) -> tuple[Page, str | None]:
            envelope, records = split_answer(answer.text, entity.name)
            if "results" not in envelope or "meta" not in envelope:
                raise ContractError(what, "the answer has no results or no meta")
            answered = int(envelope["meta"].get("page_number", params["page"]))
            if answered != int(params["page"]):
                raise TransientError(what, f"page {answered} came in the place of page {params['page']}")
            bodies = {record["id"]: (record, text) for record, text in records}
            page = Page(read_at=answer.read_at)
            for result in envelope["results"]:
                if result["key"] != entity.name:
                    continue
                if result["id"] not in bodies:
                    raise ContractError(what, f"result {result['id']} has no body in the answer")
                record, text = bodies[result["id"]]
                page.ids.append(record["id"])
                page.versions.append(record["updated_at"])
                page.payloads.append(text)
            _check_fields(entity, records[0][0] if records else None, what)
            number, last = int(params["page"]), int(envelope["meta"]["page_count"])
            return page, str(number + 1) if number < last else None

        return self.http.request("GET", f"{API}/{entity.name}", decode, what=f"entity {entity.name}", params=params)

    def deletions(self, entity: Entity, since: datetime) -> Iterator[Page]:  # noqa: ARG002  the contract's shape
        """Nothing: deletes are hard and not listed."""
        return iter(())


def _check_fields(entity: Entity, record: dict[str, object] | None, what: str) -> None:
    missing = [name for name in entity.fields if record is not None and name not in record]
    if missing:
        raise ContractError(what, f"fields {missing} are not in the answer", "Give the token's user access to them")


def open_reader(
    instance: Instance, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None
) -> KantataReader:
    """Open an account with its access token."""
    secret = instance.secret
    http = Http(
        what=f"instance {instance.name}",
        base_url=instance.base_url,
        dialect=KantataDialect(),
        max_concurrency=instance.max_concurrency,
        transport=transport,
        patience=patience or Patience(),
        token=Token(lambda: (secret.get_secret_value(), None), renewable=False),
    )
    return KantataReader(http, page_size=instance.page_size or _PAGE_SIZE)
