"""Bearer tokens of a simulated instance: issued, used up, expired, revoked.

Add here what concerns the life of a token. Who may have one is decided by each vendor's token endpoint.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass

from qtc_pipeline.sandbox.servers.faults import Faults


@dataclass
class _Token:
    expires_at: float
    requests_left: int | None
    holder: str


class Tokens:
    """The tokens one instance has given out; a restart forgets them, as an identity provider's would not."""

    def __init__(self, faults: Faults, lifetime_seconds: float) -> None:
        self._faults = faults
        self._lifetime = lifetime_seconds
        self._given: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def issue(self, prefix: str = "", holder: str = "") -> tuple[str, float]:
        """A new token and its lifetime in seconds; ``holder`` is who acts with it."""
        seconds = self._lifetime if self._faults.token_seconds is None else self._faults.token_seconds
        token = prefix + secrets.token_urlsafe(32)
        with self._lock:
            self._given[token] = _Token(time.monotonic() + seconds, self._faults.token_requests, holder)
        return token, seconds

    def use(self, token: str) -> bool:
        """Whether the token is good for one more request; a used-up or expired one is forgotten."""
        with self._lock:
            known = self._given.get(token)
            if known is None:
                return False
            if known.expires_at <= time.monotonic() or known.requests_left == 0:
                del self._given[token]
                return False
            if known.requests_left is not None:
                known.requests_left -= 1
            return True

    def holder(self, token: str) -> str:
        """Who acts with a token; empty where it is not known."""
        with self._lock:
            return self._given[token].holder if token in self._given else ""

    def revoke_all(self) -> None:
        """Make every token given so far worthless."""
        with self._lock:
            self._given.clear()
