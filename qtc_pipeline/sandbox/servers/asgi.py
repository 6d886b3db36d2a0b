"""What the three applications share: a route table behind the switches, the journal and the control endpoint.

Add here what any HTTP vendor does to a client. Words and shapes of answers belong to the vendor's application, which
hands in how it says *throttled* and *failed*.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qtc_pipeline.sandbox.servers import distort, mishaps
from qtc_pipeline.sandbox.servers.catalogue import entities
from qtc_pipeline.sandbox.servers.faults import Faults
from qtc_pipeline.sandbox.servers.journal import Journal
from qtc_pipeline.sandbox.servers.mishaps import Wording
from qtc_pipeline.sandbox.servers.store import Store
from qtc_pipeline.sandbox.servers.writing import effects, writing

CONTROL_PATH = "/__control__"
CONTROL_HEADER = "x-sandbox-token"
_LOOPBACK = {"127.0.0.1", "::1"}
_FORBIDDEN, _NOT_FOUND, _BAD_REQUEST = 403, 404, 400

Answer = Response
Handler = Callable[[Request], Awaitable[Response]]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a failure of the simulator
    """A finished error answer, raised from wherever the request turned out wrong."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


@dataclass
class Instance:
    """One running simulator: its state, switches and journal."""

    name: str
    store: Store
    faults: Faults
    journal: Journal
    control_token: str


def json_answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A small JSON answer; pages of rows are put together from stored text instead."""
    return text_answer(json.dumps(body, separators=(",", ":"), ensure_ascii=False), status, headers)


def text_answer(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose JSON text is there already."""
    return Response(body.encode(), status, dict(headers or {}), "application/json;charset=UTF-8")


async def form(request: Request) -> dict[str, str]:
    """A form-encoded body."""
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


def bearer(request: Request) -> str:
    """The bearer token of a request, empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() in {"bearer", "oauth"} else ""


async def off_loop(work: Callable[[], Response]) -> Response:
    """Run work beside the event loop, so that requests really overlap; slowly where a fault says so."""
    delay = distort.delay()
    if delay:
        await asyncio.sleep(delay)
    try:
        return await run_in_threadpool(work)
    except Refusal as refusal:
        return refusal.answer


class Application:
    """A vendor's routes behind the switches. An ASGI application."""

    def __init__(self, instance: Instance, wording: Wording, routes: Sequence[BaseRoute]) -> None:
        self.instance = instance
        self._wording = wording
        self._late: list[tuple[int, mishaps.Call]] = []
        control = [
            Route(CONTROL_PATH, self._control, methods=["GET", "POST"]),
            Route(f"{CONTROL_PATH}/journal", self._effects),
        ]

        async def missing(_request: Request, _error: Exception) -> Response:
            return wording.not_found()

        async def refused(_request: Request, error: Exception) -> Response:
            if isinstance(error, Refusal):
                return error.answer
            raise error

        handlers: dict[Any, Any] = {HTTPException: missing, Refusal: refused}
        self._inner: ASGIApp = Starlette(routes=[*control, *routes], exception_handlers=handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or go wrong as switched on."""
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PATH):
            await self._inner(scope, receive, send)
            return
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"date", self._firm_clock())]
            await send(message)

        scope["connection"] = getattr(getattr(send, "__self__", None), "transport", None)  # for faults that reset it
        await self._catch_up()
        try:
            await self._answer(scope, receive, noted)
        finally:
            query = scope["query_string"].decode("latin-1")
            self.instance.journal.note(scope["method"], scope["path"], query, status)

    def _firm_clock(self) -> bytes:
        """The vendor's clock shows the firm's time: stamps and ``Date`` agree, as they do at a real vendor."""
        now = self.instance.store.now()
        moment = datetime.fromisoformat(now) if now else datetime.now(UTC)
        return format_datetime(moment + timedelta(seconds=distort.skew()), usegmt=True).encode()

    def keep(self, call: mishaps.Call, requests: int) -> None:
        """Let a request take effect once so many later ones have been answered."""
        self._late.append((requests, call))

    def edited(self, table: str, key: str, members: Mapping[str, Any]) -> None:
        """Somebody else changes a record."""
        store = self.instance.store
        with writing(store, who="somebody else", method="PATCH", path="/elsewhere") as writer:
            writer.update(entities(store.vendor)[table], key, members)

    async def _catch_up(self) -> None:
        """What was kept long enough takes effect before the next request is looked at."""
        due = [call for left, call in self._late if left == 0]
        self._late = [(left - 1, call) for left, call in self._late if left > 0]
        for call in due:
            await call.taking_effect()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        faults = self.instance.faults
        if faults.unauthorized_next > 0:
            faults.unauthorized_next -= 1
            await self._wording.unauthorized()(scope, receive, send)
        elif faults.injected:
            text, body = await mishaps.read_ahead(scope, receive)
            struck = faults.struck(text, self._wording.asked_for(scope["path"], text))
            with distort.striking(struck):
                call = mishaps.Call(self._inner, scope, body, receive, send)
                await mishaps.carry_out(call, distort.of_request(struck), self._wording, self)
        else:
            await self._inner(scope, receive, send)

    def _admit_control(self, request: Request) -> None:
        """From this machine and with the sandbox's own token only."""
        host = request.client.host if request.client else ""
        token = request.headers.get(CONTROL_HEADER, "")
        if host not in _LOOPBACK or not hmac.compare_digest(token.encode(), self.instance.control_token.encode()):
            answer = json_answer({"error": "the control endpoint takes the sandbox's own token only"}, _FORBIDDEN)
            raise Refusal(answer)

    async def _effects(self, request: Request) -> Response:
        """What clients changed, oldest first; ``?after=`` a place in that journal."""
        self._admit_control(request)
        after = request.query_params.get("after", "0")
        return json_answer({"effects": effects(self.instance.store, int(after) if after.isdigit() else 0)})

    async def _control(self, request: Request) -> Response:
        """Read or set the switches."""
        self._admit_control(request)
        faults = self.instance.faults
        if request.method == "POST":
            try:
                wanted = dict(json.loads(await request.body() or b"{}"))
                if wanted.pop("clear", False):
                    faults.clear()
                injections = wanted.pop("inject", [])
                faults.set(**wanted)
                for injection in injections:
                    faults.inject(**injection)
            except (ValueError, TypeError) as error:
                return json_answer(
                    {"error": f"a JSON object of switches and injections is needed: {error}"}, _BAD_REQUEST
                )
            except KeyError as error:
                return json_answer({"error": f"no such switch, fault or option: {error.args[0]}"}, _BAD_REQUEST)
        journal = self.instance.journal
        return json_answer(
            {
                "instance": self.instance.name,
                "generation": self.instance.store.generation(),
                "as_of": self.instance.store.meta("as_of"),
                "faults": faults.as_json(),
                "counts": dict(journal.counts),
                "last_requests": list(journal.requests)[-50:],
            }
        )
