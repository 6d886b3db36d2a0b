"""One pod as it stands at an instant: its plan, time, documents and revenue, computed when first asked for.

Here: `PodState`. Stays out: how each part is made (`plan.py`, `work.py`, `billing.py`, `ledger.py`), and the planters.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox import (
    billing,
    collecting,
    defects_cash,
    defects_contracts,
    defects_costs,
    defects_days,
    defects_documents,
    defects_time,
    ledger,
    work,
)
from qtc_pipeline.sandbox.outage import Outage, hold_back
from qtc_pipeline.sandbox.plan import Pod, PodSpec, build_pod

if TYPE_CHECKING:
    from datetime import datetime

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.defects_documents import ManualJournal
    from qtc_pipeline.sandbox.history import Entry, Expense, Recognition
    from qtc_pipeline.sandbox.model import Engagement


class PodState:
    """A pod at an instant, with its planted defects."""

    def __init__(
        self,
        seed: int,
        spec: PodSpec,
        until: datetime,
        plants: tuple[Plant, ...] = (),
        outage: Outage | None = None,
    ) -> None:
        self.seed = seed
        self.spec = spec
        self.until = until
        self.plants = plants
        self.outage = outage

    @cached_property
    def pod(self) -> Pod:
        """Return the plan."""
        pod = build_pod(self.seed, self.spec)
        if self.plants:
            defects_contracts.apply(self.seed, pod, self.plants)
            defects_days.apply_plan(pod, self.plants)
        return pod

    @cached_property
    def _billed(self) -> tuple[list[Entry], collecting.Books]:
        found = work.entries(self.seed, self.pod, self.until)
        hold_back(self.outage, found, self.until)
        if self.plants:
            found = defects_time.apply(self.pod, found, self.plants)
            defects_days.apply_work(self.pod, found, self.plants)
        books = billing.books(
            billing.Recorded(
                self.seed,
                self.spec.index,
                self.until,
                self.pod.engagements,
                found,
                self.expenses,
                defects_documents.numbering(self.plants),
            )
        )
        if self.plants:
            defects_documents.apply_books(books, self.plants)
            defects_cash.apply(books, self.plants)
        return found, books

    @property
    def entries(self) -> list[Entry]:
        """Return the time entries, deleted ones included, billed ones marked with their document."""
        return self._billed[0]

    @property
    def books(self) -> collecting.Books:
        """Return documents and payments."""
        return self._billed[1]

    @cached_property
    def expenses(self) -> list[Expense]:
        """Return the expenses."""
        found = work.expenses(self.seed, self.pod, self.until)
        hold_back(self.outage, found, self.until)
        if self.plants:
            found = defects_costs.apply(self.pod, found, self.plants)
            defects_days.apply_costs(found, self.plants)
        return found

    @cached_property
    def recognitions(self) -> list[Recognition]:
        """Return the revenue rows."""
        rows = list(ledger.recognitions(self.seed, self.pod.engagements, self.entries, self.until))
        if self.plants:
            deals = {deal.number: deal for deal in self.pod.engagements}
            defects_documents.apply_recognitions(rows, deals, self.plants)
        return rows

    def judged_at(self, deal: Engagement) -> datetime | None:
        """Return when the documented judgement on a deal's revenue was first posted."""
        return min(
            (row.modified for row in self.recognitions if row.engagement is deal and row.recognised), default=None
        )

    @property
    def manual_journals(self) -> list[ManualJournal]:
        """Return the journals posted by hand."""
        return defects_documents.manual_journals(self.plants)

    def remaining(self, deal: Engagement) -> int:
        """Return what of a closed deal's value was never billed, counted on its closing day."""
        if deal.closed is None:
            return 0
        return max(0, deal.value_on(deal.closed) - self._fees_until_closing.get(deal.number, 0))

    @cached_property
    def _fees_until_closing(self) -> dict[int, int]:
        return collecting.fees_until_closing(self.books.documents)
