"""What an instance has been asked since it started.

Add a count here when a test or a measurement needs one. What writing requests did to the records is kept in the
store, because it outlives the process.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

_JOURNAL_LENGTH = 2000
_KEYS = re.compile(r"/[^/]*\d{3,}[^/]*")
"""Path segments that name one record or batch; counted together, or the counts would grow without end."""


@dataclass
class Journal:
    """Totals and the last requests of one instance."""

    counts: Counter[str] = field(default_factory=Counter)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_JOURNAL_LENGTH))
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, method: str, path: str, query: str, status: int) -> None:
        """Write down one answered request; status 0 is a request that got no answer."""
        with self._lock:
            self.counts["requests"] += 1
            self.counts[f"status_{status}"] += 1
            self.counts[f"{method} {_KEYS.sub('/*', path)}"] += 1
            self.requests.append({"method": method, "path": path, "query": query, "status": status})

    def add(self, name: str, amount: int = 1) -> None:
        """Count something else, such as rows served or tokens issued."""
        with self._lock:
            self.counts[name] += amount
