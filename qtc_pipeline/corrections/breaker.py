"""When a target may be called: not in its maintenance windows, and not while its breaker is open.

Trouble of several corrections in a row opens it, refused credentials and a failing share at once; what waits keeps its
place and drains by exposure when a probe is answered. Add here: a reason not to call. Stays out: the transitions
(``ops.breakers``), what is trouble (``turn``).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from qtc_pipeline.ops import breakers
from qtc_pipeline.ops.breakers import Breaker
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import Instance, Settings

IN_A_ROW = 3
WAIT = timedelta(minutes=5)


class Fuse:
    """The breaker of one target, as one applier moves it."""

    def __init__(self, settings: Settings, instance: Instance, holder: str) -> None:
        self._settings = settings
        self._instance = instance
        self._holder = holder
        self._is_clean = False  # nothing failed since it was found or made so

    def why_not(self, now: datetime) -> str | None:
        """Why the target may not be called, a sentence; None where it may (once, where the breaker was open)."""
        for window in self._instance.maintenance:
            if window.covers(now):
                return f"instance {self._instance.name} is in maintenance until {window.end:%H:%M} UTC"
        with open_ledger(self._settings) as session:
            before = breakers.find(session, self._instance.name)
            may, after = breakers.asked(before, now, WAIT)
            if after != before:
                breakers.keep(session, self._instance.name, after, actor=self._holder, now=now)
        self._is_clean = after == Breaker()
        if may:
            return None
        until = f" until {after.probe_at:%Y-%m-%d %H:%M:%S} UTC" if after.probe_at is not None else ""
        return f"the breaker of {self._instance.name} is {after.state.replace('_', ' ')}{until}: {after.reason}"

    def trouble(self, now: datetime, told: str) -> bool:
        """A correction could not be made for the target's sake; whether it may still be called."""
        with open_ledger(self._settings) as session:
            before = breakers.find(session, self._instance.name)
            return self._keep(session, breakers.failed(before, now, WAIT, limit=IN_A_ROW, reason=told), now)

    def hold(self, now: datetime, told: str) -> None:
        """No call for a while, whatever went well before."""
        with open_ledger(self._settings) as session:
            before = breakers.find(session, self._instance.name)
            self._keep(session, breakers.held(before, now, now + WAIT, told), now)

    def fine(self, now: datetime) -> None:
        """A write was answered and seen."""
        if self._is_clean:
            return
        with open_ledger(self._settings) as session:
            if breakers.find(session, self._instance.name) != Breaker():
                self._keep(session, breakers.succeeded(), now)
        self._is_clean = True

    def _keep(self, session: Session, breaker: Breaker, now: datetime) -> bool:
        breakers.keep(session, self._instance.name, breaker, actor=self._holder, now=now)
        self._is_clean = False
        return breaker.state == breakers.CLOSED
