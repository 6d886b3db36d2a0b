"""Asynchronous requests: accepted at once, answered when asked for, and repeated safely by an idempotency key.

Traps kept: the key is honoured here only, a synchronous request with one is done each time it comes; a repeated key is
a 400 titled "Conflict" that names the earlier job; the outcome of a task is an answer of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import json_answer
from qtc_pipeline.sandbox.servers.netsuite_words import error, problem

PATH = "/services/rest/async/v1/job"
_MOST_RECORDS = 100


@dataclass
class _Job:
    name: str
    answers: list[Response]
    polls: int = 0

    @property
    def is_done(self) -> bool:
        return self.polls > 1


class AsyncJobs:
    """The jobs of one account; a restart forgets them."""

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._keys: dict[str, str] = {}

    def accept(self, base: str, key: str | None, tasks: Sequence[Callable[[], Response]]) -> Response:
        """Take tasks over; they take effect, and a client learns of it later."""
        if len(tasks) > _MOST_RECORDS:
            return error(400, "INVALID_REQUEST", f"A collection holds at most {_MOST_RECORDS} records.")
        if key is not None and key in self._keys:
            detail = "The idempotency key was used by an earlier request."
            body = problem(400, "IDEMPOTENCY_ERROR", detail, title="Conflict")
            return json_answer(body, 400, {"Location": f"{base}{PATH}/{self._keys[key]}"})
        name = str(len(self._jobs) + 1)
        self._jobs[name] = _Job(name, [])
        if key is not None:
            self._keys[key] = name
        self._jobs[name].answers = [task() for task in tasks]
        return Response(
            status_code=202, headers={"Location": f"{base}{PATH}/{name}", "Preference-Applied": "respond-async"}
        )

    def answer(self, base: str, path: Sequence[str]) -> Response:
        """How far a job is, its tasks, or the outcome of one."""
        job = self._jobs.get(path[0]) if path else None
        if job is None:
            return error(404, "NONEXISTENT_ID", "The requested resource does not exist.")
        where = f"{base}{PATH}/{job.name}"
        match tuple(path[1:]):
            case ():
                job.polls += 1
                progress = "succeeded" if job.is_done else "processing"
                links = {"links": [{"rel": "self", "href": f"{where}/task"}]}
                return json_answer({"id": job.name, "completed": job.is_done, "progress": progress, "task": links})
            case ("task",):
                items = [self._task(where, number) for number in range(1, len(job.answers) + 1)]
                return json_answer({"items": items, "count": len(items), "hasMore": False})
            case ("task", number, "result") if number.isdigit() and 1 <= int(number) <= len(job.answers):
                if not job.is_done:
                    return error(404, "NONEXISTENT_ID", "The task is not finished.")
                return job.answers[int(number) - 1]
        return error(404, "NONEXISTENT_ID", "The requested resource does not exist.")

    def _task(self, where: str, number: int) -> Mapping[str, Any]:
        return {"id": str(number), "completed": True, "links": [{"rel": "self", "href": f"{where}/task/{number}"}]}


def collected(body: bytes, content_type: str) -> list[Any]:
    """The records of a body: one, or those of a collection."""
    wanted = json.loads(body or b"null", parse_float=Decimal)
    if "type=collection" in content_type and isinstance(wanted, dict):
        return list(wanted.get("items", []))
    return [wanted]
