"""Kantata OX as its clients meet it: bearer token, ``results`` with keyed maps, side-loads, pages, filters.

Rests on the vendor notes of the project. Add paths, filters and traps of this vendor here; what its objects are is in
``catalogue``, what can be written in ``kantata_writes``.

Traps kept: side-loads of the same type share the map with the rows asked for; ``per_page`` above 200 is silently 200;
time of archived workspaces, and archived workspaces themselves, are missing unless asked for, also by id; deletes
leave nothing behind; ``updated_after`` is after, not at; 429 names no delay.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qtc_pipeline.sandbox.servers import distort
from qtc_pipeline.sandbox.servers.asgi import (
    Application,
    Instance,
    Refusal,
    bearer,
    form,
    json_answer,
    off_loop,
    text_answer,
)
from qtc_pipeline.sandbox.servers.catalogue import Entity, entities
from qtc_pipeline.sandbox.servers.kantata_events import events
from qtc_pipeline.sandbox.servers.kantata_filters import Filter, error, flag, order_by, own_filters, request_id, window
from qtc_pipeline.sandbox.servers.kantata_writes import KantataWrites, bodies
from qtc_pipeline.sandbox.servers.store import visible
from qtc_pipeline.sandbox.servers.tokens import Tokens
from qtc_pipeline.sandbox.servers.writing import writing

Written: TypeAlias = tuple[Entity, list[str], int]
_TOKEN_SECONDS = 10 * 365 * 86400.0
ACCOUNT_ID = "7000001"
_INTEGRATION = "7000009"
_RELATED_ROWS = 20
_SINGULAR = {
    "workspace": ("workspaces", "workspace_id"),
    "user": ("users", "user_id"),
    "role": ("roles", "role_id"),
    "workspace_group": ("workspace_groups", "workspace_group_id"),
}
_SAME_TYPE = {
    "time_entries": ("workspace_time_entries", "workspace_id"),
    "expenses": ("workspace_expenses", "workspace_id"),
    "assignments": ("workspace_assignments", "workspace_id"),
    "workspaces": ("related_workspaces", "currency"),
}
"""Side-loads that bring more rows of the type asked for: include name and the field they share."""


class _Wording:
    def throttled(self) -> Response:
        return error(429, "system", "Too many requests. Please retry after a small delay.")

    def unauthorized(self) -> Response:
        return error(401, "oauth", "Invalid OAuth 2 Request")

    def failed(self, status: int) -> Response:
        return error(status, "system", "The service is temporarily unavailable.")

    def locked(self) -> Response:
        return error(422, "validation", "This record is locked by a line item lock.", "date_performed")

    def not_found(self) -> Response:
        return error(404, "system", "The requested resource was not found.")

    def asked_for(self, path: str, _text: str) -> str:
        return path.removeprefix("/api/v1/").partition("/")[0].removesuffix(".json") if "/api/v1/" in path else ""


class Kantata:
    """The application of one account.

    Args:
        instance: state, switches, journal.
        client_id: of the registered application, for its token endpoint.
        access_token: the bearer token that never expires; also the application's client secret.
    """

    def __init__(self, instance: Instance, client_id: str, access_token: str) -> None:
        self._instance = instance
        self._client_id = client_id
        self._access_token = access_token
        self._wording = _Wording()
        self.tokens = Tokens(instance.faults, _TOKEN_SECONDS)
        self.app = Application(
            instance,
            self._wording,
            [
                Route("/oauth/token", self._token, methods=["POST"]),
                Route("/api/v1/subscribed_events", self._events),
                Route("/api/v1/users/me", self._me),
                Route("/api/v1/external_references/create_or_update", self._upsert, methods=["POST"]),
                Route("/api/v1/{name}", self._list),
                Route("/api/v1/{name}", self._create, methods=["POST"]),
                Route("/api/v1/{name}/{record_id}", self._show),
                Route("/api/v1/{name}/{record_id}", self._change, methods=["PUT", "DELETE"]),
            ],
        )

    async def _token(self, request: Request) -> Response:
        fields = await form(request)
        if fields.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        is_known = hmac.compare_digest(fields.get("client_secret", "").encode(), self._access_token.encode())
        if fields.get("client_id") != self._client_id or not is_known:
            return json_answer({"error": "invalid_client"}, 401)
        token, _ = self.tokens.issue()
        self._instance.journal.add("tokens")
        return json_answer({"access_token": token, "token_type": "bearer"})

    def _admit(self, request: Request) -> None:
        token = bearer(request)
        if not hmac.compare_digest(token.encode(), self._access_token.encode()) and not self.tokens.use(token):
            raise Refusal(self._wording.unauthorized())

    def _entity(self, request: Request) -> Entity:
        entity = entities("kantata").get(request.path_params["name"].removesuffix(".json"))
        if entity is None:
            raise Refusal(self._wording.not_found())
        return entity

    async def _events(self, request: Request) -> Response:
        def run() -> Response:
            self._admit(request)
            return events(self._instance, request.query_params)

        return await off_loop(run)

    async def _me(self, request: Request) -> Response:
        """The user a token belongs to."""
        self._admit(request)
        user = {"id": _INTEGRATION, "full_name": "Integration", "account_id": ACCOUNT_ID}
        results = [{"key": "users", "id": _INTEGRATION}]
        return json_answer({"count": 1, "results": results, "users": {_INTEGRATION: user}}, headers=request_id())

    async def _create(self, request: Request) -> Response:
        self._admit(request)
        entity, body = self._entity(request), await request.body()
        wanted = bodies(entity, body, several=True)
        return await self._written(
            request, lambda writes: (entity, [writes.create(entity, one) for one in wanted], 201)
        )

    async def _upsert(self, request: Request) -> Response:
        self._admit(request)
        entity = entities("kantata")["external_references"]
        (wanted,) = bodies(entity, await request.body(), several=False)

        def work(writes: KantataWrites) -> Written:
            key, is_new = writes.create_or_update(wanted)
            return entity, [key], 201 if is_new else 200

        return await self._written(request, work)

    async def _change(self, request: Request) -> Response:
        self._admit(request)
        entity, body, key = self._entity(request), await request.body(), request.path_params["record_id"]

        def work(writes: KantataWrites) -> Written:
            self._found(entity, request.query_params, key)
            if request.method == "DELETE":
                writes.delete(entity, key)
                return entity, [], 204
            writes.update(entity, key, bodies(entity, body, several=False)[0])
            return entity, [key], 200

        return await self._written(request, work)

    async def _written(self, request: Request, work: Callable[[KantataWrites], Written]) -> Response:
        """Do the writing of a request in one transaction and show what was written."""

        def run() -> Response:
            faults, store = self._instance.faults, self._instance.store
            if faults.writes_left is not None:
                if faults.writes_left == 0:
                    return self._wording.throttled()
                faults.writes_left -= 1
            with writing(store, who=self._client_id, method=request.method, path=request.url.path) as writer:
                entity, keys, status = work(KantataWrites(self._instance, writer))
            if not keys:
                return Response(status_code=status)
            rows = [store.select_rows(entity, "_key = ?", (key,))[0] for key in keys]
            meta = f'"count":{len(rows)},"page_count":1,"page_number":1,"page_size":20'
            answer = self._envelope(entity, request.query_params, rows, f'"count":{len(rows)},"meta":{{{meta}}}')
            answer.status_code = status
            return answer

        return await off_loop(run)

    async def _list(self, request: Request) -> Response:
        return await off_loop(lambda: self._answer_list(request))

    def _answer_list(self, request: Request) -> Response:
        self._admit(request)
        entity, params = self._entity(request), request.query_params
        wanted = self._base_filter(entity, params)
        own_filters(entity, params, wanted)
        rows = self._instance.store.select_rows(entity, wanted.text, wanted.values, order_by(entity, params))
        start, size = window(params)
        shown, start = distort.turn(start, size, len(rows))
        page = rows[shown : shown + size]
        pages = -(-len(rows) // size)
        meta = f'"count":{len(rows)},"page_count":{pages},"page_number":{start // size + 1},"page_size":{size}'
        return self._envelope(entity, params, page, f'"count":{len(rows)},"meta":{{{meta}}}')

    async def _show(self, request: Request) -> Response:
        return await off_loop(lambda: self._answer_show(request))

    def _answer_show(self, request: Request) -> Response:
        self._admit(request)
        entity, params = self._entity(request), request.query_params
        rows = self._found(entity, params, request.path_params["record_id"])
        return self._envelope(
            entity, params, rows, '"count":1,"meta":{"count":1,"page_count":1,"page_number":1,"page_size":20}'
        )

    def _found(self, entity: Entity, params: QueryParams, key: str) -> Sequence[int]:
        """The row of a record, unless the filters in force hide it; no sign that it was deleted."""
        wanted = self._base_filter(entity, params)
        wanted.add("_key = ?", key)
        rows = self._instance.store.select_rows(entity, wanted.text, wanted.values)
        if not rows:
            raise Refusal(self._wording.not_found())
        return rows

    def _base_filter(self, entity: Entity, params: QueryParams) -> Filter:
        """What is hidden whatever is asked: deleted and foreign rows, and archived ones by default."""
        wanted = Filter()
        wanted.add("_deleted_at IS NULL")
        seen = visible(entity, self._instance.faults.company_filter)
        if seen:
            wanted.add(seen)
        if entity.name == "workspaces" and not flag(params, "include_archived"):
            wanted.add('"archived" = 0')
        if entity.name == "time_entries" and not flag(params, "from_archived_workspaces"):
            wanted.add('"workspace_id" NOT IN (SELECT "id" FROM "e_workspaces" WHERE "archived" = 1)')
        return wanted

    def _envelope(self, entity: Entity, params: QueryParams, rows: Sequence[int], head: str) -> Response:
        """Rows and side-loads; the bodies are the stored texts."""
        store = self._instance.store
        found = store.texts(entity, rows, "_key || ',' || _payload")
        split = [text.partition(",") for text in found]
        results = ",".join(f'{{"key":"{entity.name}","id":"{key}"}}' for key, _, _ in split)
        maps: dict[str, dict[str, str]] = {entity.name: {key: body for key, _, body in split}}
        for name in filter(None, params.get("include", "").split(",")):
            other, side = self._side_load(entity, name.strip(), rows)
            maps.setdefault(other, {}).update(side)
        self._instance.journal.add("rows", len(rows))
        bodies = "".join(f',"{name}":{_map(body)}' for name, body in maps.items())
        return text_answer(f'{{{head},"results":[{results}]{bodies}}}', headers=request_id())

    def _side_load(self, entity: Entity, name: str, rows: Sequence[int]) -> tuple[str, dict[str, str]]:
        """Rows a page refers to; an include the vendor does not know is left out without a word."""
        store, allowed = self._instance.store, self._instance.faults.company_filter
        chosen = f"SELECT value FROM json_each('[{','.join(map(str, rows))}]')"
        same_type = _SAME_TYPE.get(entity.name, ("", ""))
        if name == same_type[0]:
            shared = same_type[1]
            sql = (
                f"SELECT _key, _payload FROM {entity.table} WHERE _deleted_at IS NULL AND _seq NOT IN ({chosen})"
                f' AND "{shared}" IN (SELECT "{shared}" FROM {entity.table} WHERE _seq IN ({chosen}))'
                f" AND {visible(entity, allowed) or '1'} LIMIT {_RELATED_ROWS}"
            )
            return entity.name, {str(key): str(body) for key, body in store.read(sql)}
        other, reference = _SINGULAR.get(name, ("", ""))
        if reference not in entity.fields:
            return entity.name, {}
        wanted = entities("kantata")[other]
        sql = (
            f"SELECT _key, _payload FROM {wanted.table} WHERE _deleted_at IS NULL AND {visible(wanted, allowed) or '1'}"
            f" AND _key IN (SELECT json_extract(_payload, '$.{reference}') FROM {entity.table}"
            f"  WHERE _seq IN ({chosen}))"
        )
        return other, {str(key): str(body) for key, body in store.read(sql)}


def _map(bodies: Mapping[str, str]) -> str:
    return "{" + ",".join(f'"{key}":{body}' for key, body in bodies.items()) + "}"
