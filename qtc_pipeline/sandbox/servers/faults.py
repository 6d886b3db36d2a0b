"""What can be made to go wrong on a simulated instance.

Two kinds: *switches* say what the instance is like (a role's company filter, the life of its tokens, what is unique);
an *injected fault* strikes the requests it matches, so often and no more. ``FAULTS`` lists what can be injected.

Add a fault to ``FAULTS`` when a real vendor has a way to fail that a connector must survive; ``mishaps`` does what
happens to the request, ``distort`` what happens to the data. How a vendor words a failure stays in its application.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

from qtc_pipeline.sandbox.servers.catalogue import VENDORS, Vendor

Ends = Literal["equal", "later", "error"]
Level = Literal["request", "data"]


@dataclass(frozen=True)
class Fault:
    """One way to go wrong.

    Attributes:
        does: what a client sees.
        level: ``request`` faults happen to the request as a whole, ``data`` faults to what its answer says.
        ends: what a reader can make of it: ``equal`` it gets everything all the same; ``later`` what was kept back is
            learnt once the fault is over; ``error`` the read must end in a typed error.
        count: requests it strikes unless told otherwise; None until it is cleared.
        options: what an injection may set, and its values unless told otherwise.
        vendors: who fails like this.
    """

    name: str
    does: str
    level: Level = "request"
    ends: Ends = "equal"
    count: int | None = 1
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    vendors: tuple[Vendor, ...] = VENDORS


FAULTS: tuple[Fault, ...] = (
    Fault("throttled", "too many requests, without a hint how long to wait (Salesforce: its 403)", count=2),
    Fault("throttled_told", "too many requests, with Retry-After", count=2, options={"seconds": 1}),
    Fault("server_error", "a failure of the vendor: 500, 502, 503 or 504", count=2, options={"status": 500}),
    Fault("timeout_before", "no answer, and nothing was done", options={"seconds": 0.1}),
    Fault("timeout_after", "the request takes effect and gets no answer", options={"seconds": 0.1}),
    Fault("reset", "the connection is reset instead of an answer, and nothing was done"),
    Fault("slow", "the answer takes its time", count=3, options={"seconds": 0.1}),
    Fault("truncated", "the body ends below its announced length"),
    Fault("truncated_json", "half of the JSON text passes as a whole answer"),
    Fault("maintenance", "503 with Retry-After for a span of requests", count=3, options={"seconds": 1}),
    Fault("row_lock", "somebody else is writing the record", vendors=("salesforce",)),
    Fault("clock_skew", "the vendor's clock is off by so many seconds", count=None, options={"seconds": 3600}),
    Fault("duplicated_page", "a page comes once more in the place of the one asked for", "data"),
    Fault("reordered_pages", "pages come in another order than the query's", "data", count=None),
    Fault(
        "late_commits",
        "records of the newest stamps but one are not there yet; cleared, they appear with their older stamps",
        "data",
        "later",
        None,
        {"number": 3},
    ),
    Fault("stale_replica", "records are answered as they were before their last change", "data", "later"),
    Fault(
        "field_added",
        "a field nobody knows, with one value in every record; only Kantata answers it unasked",
        "data",
        "equal",
        None,
        {"field": "qtc_drift", "value": "drift"},
    ),
    Fault(
        "field_removed",
        "a field is gone: neither queried nor answered any more",
        "data",
        "error",
        None,
        {"field": ""},
    ),
    Fault("field_retyped", "numbers of a field come as text, texts as numbers", "data", "error", None, {"field": ""}),
    Fault("hidden_fields", "the role may not see a field", "data", "error", None, {"field": ""}),
    Fault("hidden_records", "the role does not see this share of the records", "data", "later", None, {"share": 0.1}),
)
"""``field`` empty is the first amount of an entity, or its last field where it has none."""

WRITE_FAULTS: tuple[Fault, ...] = (
    Fault("reset_after", "the request takes effect and the connection is reset instead of an answer"),
    Fault(
        "late_effect",
        "no answer; the request takes effect when so many later requests have been answered",
        options={"seconds": 0.1, "requests": 1},
    ),
    Fault("delivered_twice", "the request takes effect twice and is answered once"),
    Fault(
        "other_writer",
        "somebody else changes a record right before",
        options={"table": "", "key": "", "members": {}},
    ),
)
"""What else goes wrong when something is written."""

_BY_NAME = {fault.name: fault for fault in (*FAULTS, *WRITE_FAULTS)}


@dataclass
class Injection:
    """A fault waiting for its requests.

    Attributes:
        match: pattern searched in ``METHOD path?query body`` (decoded); empty matches every request.
        entity: pattern of the whole name of the object asked for; empty matches any request, also one for a token.
        remaining: requests it will still strike; None without end.
        skip: matching requests it lets through first.
        lasts: seconds after its first strike in which it stops by itself.
        chance: share of the matching requests it strikes, by ``seed``.
    """

    fault: Fault
    match: str = ""
    entity: str = ""
    remaining: int | None = 1
    skip: int = 0
    seed: int = 0
    lasts: float | None = None
    chance: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)
    struck: int = 0
    _since: float | None = None
    _met: int = 0

    def meets(self, text: str, entity: str) -> bool:
        """Whether it strikes this request; counts what it lets through."""
        if self.is_over or not re.search(self.match, text, re.IGNORECASE):
            return False
        if self.entity and not re.fullmatch(self.entity, entity, re.IGNORECASE):
            return False
        self._met += 1
        return self._met > self.skip and self._draw() < self.chance

    def _draw(self) -> float:
        import random

        return random.Random(f"{self.seed}:{self._met}").random()

    @property
    def is_over(self) -> bool:
        """Whether it will strike no more."""
        is_late = self.lasts is not None and self._since is not None and time.monotonic() > self._since + self.lasts
        return is_late or self.remaining == 0

    def strike(self) -> None:
        """It struck a request."""
        self._since = self._since or time.monotonic()
        self.struck += 1
        if self.remaining is not None:
            self.remaining -= 1

    def as_json(self) -> dict[str, Any]:
        """What it is and what it has done."""
        shown = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        return {**shown, "fault": self.fault.name}


@dataclass
class Faults:
    """Switches and injected faults of one instance; set in process and through the control endpoint.

    Attributes:
        company_filter: only records of these legal entities are shown, and counted, without a word; None = all.
        token_seconds: lifetime of tokens issued from now on; None = the vendor's own.
        token_requests: a token stops working after so many requests; None = never.
        unauthorized_next: so many next requests are refused as if the token had been revoked.
        page_cap: most rows a Salesforce batch holds, below what was asked for; None = as asked.
        concurrency: NetSuite requests served at the same time; None = as configured.
        shared_ids: external ids of Salesforce need not be unique, as in an org that left the tick out.
        bulk: whether the org's objects are served by the Bulk API.
        locked_until: Kantata's line item lock: time and expenses up to this day cannot be edited; None = no lock.
        writes_left: so many writes Kantata takes before it asks to slow down; None = without end.
        subscribed_events: whether the Kantata account has the paid add-on.
    """

    company_filter: tuple[str, ...] | None = None
    token_seconds: float | None = None
    token_requests: int | None = None
    unauthorized_next: int = 0
    page_cap: int | None = None
    concurrency: int | None = None
    shared_ids: bool = False
    bulk: bool = True
    locked_until: str | None = None
    writes_left: int | None = None
    subscribed_events: bool = True

    def __post_init__(self) -> None:
        self.injected: tuple[Injection, ...] = ()
        self._lock = threading.Lock()

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

    def inject(self, name: str, **wanted: Any) -> Injection:
        """Wait for matching requests with a fault.

        Args:
            name: of a fault in ``FAULTS``.
            wanted: ``match``, ``entity``, ``count``, ``skip``, ``seed``, ``lasts``, ``chance`` (see
                :class:`Injection`) and the fault's own options.

        Raises:
            KeyError: no such fault or option.
        """
        fault = _BY_NAME[name]
        own = {option: wanted.pop(option, value) for option, value in fault.options.items()}
        count = wanted.pop("count", fault.count)
        for option in wanted:
            if option not in {"match", "entity", "skip", "seed", "lasts", "chance"}:
                raise KeyError(option)
        injection = Injection(fault, remaining=count, options=own, **wanted)
        with self._lock:
            self.injected = (*self.injected, injection)
        return injection

    def struck(self, text: str, entity: str) -> tuple[Injection, ...]:
        """The injected faults that strike a request. A duplicated page counts when there was a page to repeat."""
        with self._lock:
            met = tuple(one for one in self.injected if one.meets(text, entity))
            for one in met:
                if one.fault.name != "duplicated_page":
                    one.strike()
            if met:
                self.injected = tuple(one for one in self.injected if not one.is_over)
        return met

    def clear(self) -> None:
        """Back to a healthy vendor."""
        self.set(**asdict(Faults()))
        self.injected = ()

    def as_json(self) -> dict[str, Any]:
        """Every switch by name, and the faults still waiting."""
        return {**asdict(self), "injected": [one.as_json() for one in self.injected]}
