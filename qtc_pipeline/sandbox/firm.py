"""The synthetic professional-services firm: `Firm(seed, scale, defects, day).records(vendor, entity)`.

Here: the one entry to the sandbox's data. The firm is cut into pods (see `plan.py`) which are generated on demand and
kept only while few, so any scale streams. A firm on day n is the firm on day n - 1 plus what happened since.
Stays out: the vendors' shapes (`payloads_*.py`), HTTP (`servers/`), the lake (`writer.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox import payloads_kantata as kantata
from qtc_pipeline.sandbox import payloads_kantata_work as kantata_work
from qtc_pipeline.sandbox import payloads_netsuite as netsuite
from qtc_pipeline.sandbox import payloads_netsuite_cash as netsuite_cash
from qtc_pipeline.sandbox import payloads_netsuite_documents as netsuite_documents
from qtc_pipeline.sandbox import payloads_netsuite_headers as netsuite_headers
from qtc_pipeline.sandbox import payloads_netsuite_lines as netsuite_lines
from qtc_pipeline.sandbox import payloads_netsuite_setup as netsuite_setup
from qtc_pipeline.sandbox import payloads_salesforce as salesforce
from qtc_pipeline.sandbox import payloads_salesforce_terms as salesforce_terms
from qtc_pipeline.sandbox.defects import groups, plants_of, wanted
from qtc_pipeline.sandbox.defects_days import on_day
from qtc_pipeline.sandbox.outage import outage_of
from qtc_pipeline.sandbox.plan import pod_specs
from qtc_pipeline.sandbox.state import PodState
from qtc_pipeline.sandbox.truth import truth_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.model import SourceRecord, Truth
    from qtc_pipeline.sandbox.plan import PodSpec

ENTITIES: dict[str, tuple[str, ...]] = {
    "salesforce": (
        "Account",
        "Opportunity",
        "Contract",
        "Contract_Amendment__c",
        "Contract_Rate__c",
        "Contract_Role_Demand__c",
        "ContractHistory",
    ),
    "kantata": (
        "workspaces",
        "workspace_groups",
        "external_references",
        "users",
        "roles",
        "cost_rates",
        "assignments",
        "time_entries",
        "expenses",
        "billing_milestones",
        "estimates",
        "time_off_entries",
        "holidays",
    ),
    "netsuite": (
        "subsidiary",
        "currency",
        "term",
        "accountingperiod",
        "consolidatedexchangerate",
        "account",
        "item",
        "department",
        "customer",
        "job",
        "transaction",
        "transactionline",
        "transactionaccountingline",
        "nexttransactionlinelink",
        "timebill",
        "charge",
        "billingscheduleline",
        "revenueelement",
        "plannedrevenue",
    ),
}
INSTANCE = {"salesforce": "crm", "kantata": "psa", "netsuite": "erp"}
KEPT_PODS = 40

_POD: dict[str, dict[str, Callable[[PodState], Iterator[SourceRecord]]]] = {
    "salesforce": {**salesforce.ENTITIES, **salesforce_terms.ENTITIES},
    "kantata": {**kantata.POD, **kantata_work.POD},
    "netsuite": {**netsuite.POD, **netsuite_documents.POD, **netsuite_cash.POD, **netsuite_lines.POD},
}
_GONE: dict[tuple[str, str], Callable[[PodState], Iterator[SourceRecord]]] = {
    ("kantata", "time_entries"): kantata_work.deleted_time_entries,
    ("netsuite", "transaction"): netsuite_documents.deleted_transactions,
    ("netsuite", "transactionline"): netsuite_lines.deleted_lines,
}


@dataclass(frozen=True, slots=True)
class Part:
    """A pod with its records in every entity, or (without a pod) what belongs to the firm as a whole."""

    now: datetime
    pod: PodState | None

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """Yield this part's records of an entity."""
        if self.pod is not None:
            per_pod = _POD[vendor].get(entity)
            if per_pod is not None:
                yield from per_pod(self.pod)
            return
        for source in kantata.FIRM.get(entity, ()) if vendor == "kantata" else ():
            yield from source()
        if vendor == "netsuite":
            for table in (netsuite_setup.FIRM, netsuite_headers.FIRM):
                if entity in table:
                    yield from table[entity](self.now)

    def deleted(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """Yield this part's records of an entity that are gone for good."""
        source = _GONE.get((vendor, entity))
        if source is not None and self.pod is not None:
            yield from source(self.pod)


class Firm:
    """A firm that exists by (seed, scale, defects, day) alone.

    Args:
        seed: another seed, another firm.
        scale: 1 is about 100 consultants over 18 months, 150 000 time entries; never under one in each company.
        defects: True plants every class, a sequence of class names only those, False none.
        day: how many days after the first as-of instant the firm is looked at.
        outage: first and last day on which the interface from PSA to ERP is dead.
    """

    def __init__(
        self,
        seed: int,
        scale: Decimal | float | str,
        defects: bool | Sequence[str] = True,  # noqa: FBT001, FBT002 - part of the sandbox's interface
        day: int = 0,
        outage: tuple[int, int] | None = None,
    ) -> None:
        if not 0 <= day <= clock.LAST_DAY:
            raise SandboxError(
                f"sandbox day {day}", f"the firm's calendar has days 0 to {clock.LAST_DAY}", "choose one of them"
            )
        self.seed = seed
        self.scale = Decimal(str(scale))
        self.defects = defects
        self.day = day
        self.outage = outage
        self._outage = outage_of(outage)
        self._now = clock.as_of(day)
        self._specs = pod_specs(self.scale)
        self._classes = wanted(defects)
        self._groups = groups(self._specs)
        self._plants: dict[int, tuple[Plant, ...]] = {}
        self._kept: dict[int, PodState] = {}

    @property
    def as_of(self) -> datetime:
        """Return the instant the firm is looked at (UTC)."""
        return clock.utc(self._now)

    @property
    def pod_count(self) -> int:
        """Return how many pods the firm is cut into."""
        return len(self._specs)

    def pods(self) -> Iterator[PodState]:
        """Yield the pods at the firm's instant, one at a time."""
        for spec in self._specs:
            yield self._pod(spec)

    def _pod(self, spec: PodSpec) -> PodState:
        state = self._kept.get(spec.index)
        if state is None:
            state = PodState(self.seed, spec, self._now, on_day(self._plants_of(spec), self.day), self._outage)
            if len(self._kept) < KEPT_PODS:  # never evicted: a pass over more pods than fit would evict them all
                self._kept[spec.index] = state
        return state

    def _plants_of(self, spec: PodSpec) -> tuple[Plant, ...]:
        if not self._classes:
            return ()
        if spec.index not in self._plants:
            for place, members in enumerate(self._groups):
                if spec in members:
                    self._plants.update(plants_of(self.seed, place, members, self._classes))
        return self._plants[spec.index]

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """Yield the records of an entity as they stand at the firm's instant, streaming."""
        if vendor not in ENTITIES or entity not in ENTITIES[vendor]:
            raise SandboxError(f"entity {vendor}/{entity}", "the sandbox has no such entity", "see firm.ENTITIES")
        for part in self.parts() if entity in _POD[vendor] else [Part(self._now, None)]:
            yield from part.records(vendor, entity)

    def deleted(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """Yield the records that existed once and are gone for good, with the moment they went (`deleted_at`).

        Salesforce keeps its deleted records: they are among `records`, marked.
        """
        if (vendor, entity) in _GONE:
            for part in self.parts():
                yield from part.deleted(vendor, entity)

    def parts(self) -> Iterator[Part]:
        """Yield the firm's own records and then each pod: one pass over all entities makes every pod once."""
        yield Part(self._now, None)
        for spec in self._specs:
            yield Part(self._now, self._pod(spec))

    def changes(self, day: int) -> Iterator[tuple[str, str, SourceRecord]]:
        """Yield (vendor, entity, record) of what is new, changed or gone since the end of an earlier day."""
        since = clock.utc(clock.as_of(day))
        for vendor, names in ENTITIES.items():
            for name in names:
                for record in self.records(vendor, name):
                    if record.version_at is not None and record.version_at > since:
                        yield vendor, name, record
                for record in self.deleted(vendor, name):
                    if record.deleted_at is not None and record.deleted_at > since:
                        yield vendor, name, record

    def truth(self) -> list[Truth]:
        """Return what is planted, with class, leg, records, base and primary exposure."""
        if not self._classes and self._outage is None:
            return []
        return [item for state in self.pods() for item in truth_of(state)]
