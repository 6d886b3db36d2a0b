"""What request faults do: refusals, silence, resets, slowness and bodies that end early, as ASGI sees them.

Add here how a fault of level ``request`` is carried out; which there are is ``faults``, how a vendor words a refusal
stays in its application.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_plus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qtc_pipeline.sandbox.servers.faults import Injection

_MAINTENANCE = 503


class Wording(Protocol):
    """How a vendor words the answers that any request can get."""

    def throttled(self) -> Response:
        """Too many requests."""

    def unauthorized(self) -> Response:
        """The token is not, or no longer, good."""

    def failed(self, status: int) -> Response:
        """A failure of the vendor."""

    def locked(self) -> Response:
        """Somebody else is writing the record."""

    def not_found(self) -> Response:
        """No such path."""

    def asked_for(self, path: str, text: str) -> str:
        """The name of the object a request is about, empty where it is about none."""


class World(Protocol):
    """What a fault may touch besides the request it strikes."""

    def keep(self, call: Call, requests: int) -> None:
        """Let a request take effect once so many later ones have been answered."""

    def edited(self, table: str, key: str, members: Mapping[str, Any]) -> None:
        """Somebody else changes a record."""


async def read_ahead(scope: Scope, receive: Receive) -> tuple[str, bytes]:
    """A request as one line of text, and its body."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    query = unquote_plus(scope["query_string"].decode("latin-1"))
    return f"{scope['method']} {scope['path']}?{query} {body.decode('utf-8', 'replace')}", body


@dataclass
class Call:
    """One request on its way to an application, its body read already."""

    app: ASGIApp
    scope: Scope
    body: bytes
    receive: Receive
    send: Send

    async def run(self, send: Send) -> None:
        """Let the application do it, as often as this is called."""
        is_given = False

        async def again() -> Message:
            nonlocal is_given
            if is_given:
                return await self.receive()
            is_given = True
            return {"type": "http.request", "body": self.body, "more_body": False}

        await self.app(dict(self.scope), again, send)

    async def answered(self) -> None:
        """As a healthy vendor does it."""
        await self.run(self.send)

    async def refused(self, answer: Response) -> None:
        """With an answer that is there already."""
        await answer(self.scope, self.receive, self.send)

    async def taking_effect(self) -> None:
        """Done, and the answer thrown away."""

        async def nowhere(_message: Message) -> None:
            """No client gets it."""

        await self.run(nowhere)

    async def twice(self) -> None:
        """The answer of the first; the second one is nobody's."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.run(keep)
        await self.taking_effect()
        for message in messages:
            await self.send(message)

    async def unanswered(self, seconds: float) -> None:
        """Silence until the client gives up or the time is over; then the connection ends."""

        async def gone() -> None:
            while (await self.receive())["type"] != "http.disconnect":
                pass

        try:
            await asyncio.wait_for(gone(), seconds)
        except TimeoutError:
            await self.reset()

    async def reset(self) -> None:
        """End the connection the hard way: the client's system reports a reset."""
        connection = self.scope["connection"]
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.abort()
        while (await self.receive())["type"] != "http.disconnect":
            pass  # the server must know that the client is gone, or it would answer in our place

    async def truncated(self, *, announce: bool) -> None:
        """Send half of the body; below its announced length, or as if half were all."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.run(keep)
        start = messages[0]
        body = b"".join(message.get("body", b"") for message in messages[1:])
        half = body[: len(body) // 2]
        if not announce:
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            start["headers"] = [*kept, (b"content-length", str(len(half)).encode())]
        await self.send(start)
        await self.send({"type": "http.response.body", "body": half, "more_body": False})


async def carry_out(call: Call, struck: Sequence[Injection], wording: Wording, world: World) -> None:
    """Let a request go wrong; the first fault that decides its fate is the one it gets."""
    for one in struck:
        name, options = one.fault.name, one.options
        if name == "other_writer":
            world.edited(str(options["table"]), str(options["key"]), options["members"])
            continue
        if name in {"truncated", "truncated_json"}:
            await call.truncated(announce=name == "truncated")
        elif name in {"timeout_before", "timeout_after"}:
            if name == "timeout_after":
                await call.taking_effect()
            await call.unanswered(float(options["seconds"]))
        elif name in {"reset", "reset_after"}:
            if name == "reset_after":
                await call.taking_effect()
            await call.reset()
        elif name == "late_effect":
            world.keep(call, int(options["requests"]))
            await call.unanswered(float(options["seconds"]))
        elif name == "delivered_twice":
            await call.twice()
        else:
            await call.refused(_refusal(one, wording))
        return
    await call.answered()


def _refusal(one: Injection, wording: Wording) -> Response:
    answer = wording.failed(int(one.options.get("status", _MAINTENANCE)))
    if one.fault.name in {"throttled", "throttled_told"}:
        answer = wording.throttled()
    if one.fault.name == "row_lock":
        answer = wording.locked()
    if one.fault.name in {"throttled_told", "maintenance"}:
        answer.headers["Retry-After"] = f"{float(one.options['seconds']):g}"
    return answer
