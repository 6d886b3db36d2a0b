"""Appliers as processes that end or stop where they are told. A parent process forks one for each order on its input.

Order (a JSON line): settings, offset of the clock in seconds, ``die_at`` or ``stop_at`` the n-th point, ``times`` to
apply. A point lies before and after every call of the ledger and of a writer. Answer: how it ended, and at which point.
The parent imports everything once, so that a process costs a fork. Run by tests, not by pytest.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from qtc_pipeline.corrections.apply import apply
from qtc_pipeline.corrections.ledger import Ledger
from qtc_pipeline.corrections.writers import open_writer
from qtc_pipeline.settings import Instance, Settings
from qtc_pipeline.systems.registry import VENDORS, writing

LEDGER_CALLS = ("take", "begin", "move", "intent", "sent", "conclude", "in_effect")
WRITER_CALLS = ("look", "send")


class Points:
    """Counts the points an applier passes and acts at one of them."""

    def __init__(self, act_at: int | None, act: Callable[[], None]) -> None:
        self.passed: list[str] = []
        self.act_at = act_at
        self.act = act

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.act_at:
            self.act()

    def around(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            self.reach(f"before {name}")
            answer = call(*args, **named)
            self.reach(f"after {name}")
            return answer

        return called


class Watched:
    """A writer whose calls are points."""

    def __init__(self, writer: Any, points: Points) -> None:
        self._writer = writer
        for name in WRITER_CALLS:
            setattr(self, name, points.around(name, getattr(writer, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)


def run(order: dict[str, Any], tell: Callable[[list[str]], Any]) -> None:
    """Apply as ordered, in this process."""

    def act() -> None:
        tell(points.passed)
        os.kill(os.getpid(), signal.SIGSTOP if "stop_at" in order else signal.SIGKILL)

    points = Points(order.get("die_at") or order.get("stop_at"), act)
    for name in LEDGER_CALLS:
        setattr(Ledger, name, points.around(name, getattr(Ledger, name)))

    def opener(instance: Instance) -> Any:
        return Watched(open_writer(instance), points)

    settings = Settings.model_validate_json(order["settings"])
    offset = timedelta(seconds=order.get("offset", 0))
    for _ in range(order.get("times", 1)):
        apply(settings, now=lambda: datetime.now(UTC) + offset, opener=opener, sleep=lambda _: time.sleep(0.01))
    tell(points.passed)


def begin(order: dict[str, Any]) -> tuple[int, int]:
    """Fork an applier; its process and where it tells which points it passed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        run(order, lambda passed: [os.write(writer, f"{json.dumps(passed)}\n".encode())])
        os._exit(0)
    os.close(writer)
    return pid, reader


def ended(pid: int, reader: int) -> dict[str, Any]:
    """How a process ended, or that it stopped."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"pid": pid, "is_stopped": True}
    with os.fdopen(reader) as told:
        lines = told.readlines()
    code = os.waitstatus_to_exitcode(status)
    return {"pid": pid, "is_stopped": False, "code": code, "passed": json.loads(lines[-1]) if lines else []}


def main() -> None:
    for vendor in VENDORS:
        writing(vendor)  # imported once, not by each child
    readers: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        pid = order.get("wait_for")
        if pid is None:
            pid, reader = begin(order)
            readers[pid] = reader
        else:
            os.kill(pid, signal.SIGCONT)
        said = {"pid": pid} if order.get("is_left") else ended(pid, readers[pid])
        sys.stdout.write(f"{json.dumps(said)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
