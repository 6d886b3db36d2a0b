"""What can be made to go wrong on a simulated instance, and what it has been asked.

Add a switch here when a real vendor has a way to fail or to keep rows back that a connector must survive. How each
vendor words the failure stays in its application.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

_JOURNAL_LENGTH = 2000
_KEYS = re.compile(r"/[^/]*\d{3,}[^/]*")
"""Path segments that name one record or batch; counted together, or the counts would grow without end."""


@dataclass
class Faults:
    """Switches of one instance; settable in process and through the control endpoint.

    Attributes:
        company_filter: only records of these legal entities are shown, and counted, without a word; None = all.
        token_seconds: lifetime of tokens issued from now on; None = the vendor's own.
        token_requests: a token stops working after so many requests; None = never.
        unauthorized_next: so many next requests are refused as if the token had been revoked.
        throttle_next: so many next requests are answered 429 (Salesforce: its 403).
        throttle_every: every n-th request is throttled; 0 = none.
        retry_after: seconds named in a Retry-After header of throttled answers; None = no header.
        fail_next: so many next requests are answered ``fail_status``.
        fail_every: every n-th request fails; 0 = none.
        fail_status: 500, 502, 503 or 504.
        slow_seconds: every data request takes at least this long.
        truncate_next: so many next bodies are cut in the middle.
        truncate: ``connection`` cuts below the announced length, ``body`` sends half a JSON text as if it were whole.
        page_cap: most rows a Salesforce batch holds, below what was asked for; None = as asked.
        concurrency: NetSuite requests served at the same time; None = as configured.
    """

    company_filter: tuple[str, ...] | None = None
    token_seconds: float | None = None
    token_requests: int | None = None
    unauthorized_next: int = 0
    throttle_next: int = 0
    throttle_every: int = 0
    retry_after: float | None = None
    fail_next: int = 0
    fail_every: int = 0
    fail_status: int = 503
    slow_seconds: float = 0.0
    truncate_next: int = 0
    truncate: Literal["connection", "body"] = "connection"
    page_cap: int | None = None
    concurrency: int | None = None

    def set(self, **switches: Any) -> None:
        """Set switches by name.

        Raises:
            KeyError: no such switch.
        """
        known = {each.name for each in fields(self)}
        for name, value in switches.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, tuple(value) if name == "company_filter" and value is not None else value)

    def clear(self) -> None:
        """All switches back to a healthy vendor."""
        self.set(**asdict(Faults()))

    def as_json(self) -> dict[str, Any]:
        """Every switch by name."""
        return asdict(self)


@dataclass
class Journal:
    """What an instance has been asked since it started: totals and the last requests."""

    counts: Counter[str] = field(default_factory=Counter)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_JOURNAL_LENGTH))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, method: str, path: str, query: str, status: int) -> None:
        """Write down one answered request."""
        with self._lock:
            self.counts["requests"] += 1
            self.counts[f"status_{status}"] += 1
            self.counts[f"{method} {_KEYS.sub('/*', path)}"] += 1
            self.requests.append({"method": method, "path": path, "query": query, "status": status})

    def add(self, name: str, amount: int = 1) -> None:
        """Count something else, such as rows served or tokens issued."""
        with self._lock:
            self.counts[name] += amount
