"""Which defects a firm carries and where: chosen once, at the first as-of instant, on the clean firm's records.

Here: `Plant` (one defect at one record), the groups of pods that carry a full set of classes, `plants_of(...)`.
How a class is planted lies beside its kind of record: `defects_contracts.py` and `_deals.py` (deals of their own),
`_work.py`, `_time.py`, `_costs.py`, `_documents.py`, `_cash.py`, `_days.py` (those that come and go).
Add a class there and to `KINDS`. Stays out: what every build must find of it (`truth.py`).

Every group of three pods carries each class once per leg, so the number of defects grows with the firm. A choice looks
only at the clean firm on day 0, so a later day carries the same defects, and those that come and go
(`defects_days.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.clock import rng

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

    from qtc_pipeline.sandbox.history import Entry
    from qtc_pipeline.sandbox.plan import PodSpec
    from qtc_pipeline.sandbox.state import PodState

GROUP_SIZE = 3
KINDS: tuple[tuple[str, str], ...] = (
    ("won_without_project", "activation.psa"),
    ("won_without_project", "activation.erp"),
    ("project_without_contract", "activation.psa"),
    ("project_without_contract", "activation.erp"),
    ("activation_past_sla", "activation.psa"),
    ("amendment_not_propagated", "contract_value.psa"),
    ("amendment_not_propagated", "contract_value.erp"),
    ("unapproved_amendment_propagated", "contract_value.psa"),
    ("unapproved_amendment_propagated", "contract_value.erp"),
    ("value_mismatch", "contract_value.psa"),
    ("value_mismatch", "contract_value.erp"),
    ("currency_mismatch", "contract_value.psa"),
    ("duplicate_project", "activation.psa"),
    ("duplicate_project", "activation.erp"),
    ("time_not_transferred", "approved_time.erp"),
    ("unknown_code", "approved_time.erp"),
    ("quantity_mismatch", "approved_time.erp"),
    ("billed_unapproved_time", "approved_time.erp"),
    ("removed_after_transfer", "approved_time.erp"),
    ("moved_after_transfer", "approved_time.erp"),
    ("late_time", "approved_time.erp"),
    ("unbilled_past_sla", "approved_time.erp"),
    ("item_billed_twice", "invoice_integrity.items"),
    ("header_line_mismatch", "invoice_integrity.lines"),
    ("tax_mismatch", "invoice_integrity.tax"),
    ("duplicate_invoice", "invoice_integrity.unique"),
    ("subledger_mismatch", "ar_to_gl"),
    ("journal_on_control_account", "ar_to_gl"),
    ("subledger_mismatch", "revenue.gl"),
    ("currency_mismatch", "contract_value.erp"),
    ("customer_missing", "customer_master.erp"),
    ("duplicate_customer", "customer_master.erp"),
    ("master_data_mismatch", "customer_master.erp"),
    ("billing_terms_mismatch", "billing_terms.erp"),
    ("missing_purchase_order", "billing_terms.erp"),
    ("purchase_order_overrun", "billing_terms.erp"),
    ("rate_missing", "bill_rate.psa"),
    ("milestone_unbilled", "milestone.erp"),
    ("milestone_billed_twice", "milestone.erp"),
    ("rejected_milestone_billed", "milestone.erp"),
    ("milestone_amount_mismatch", "milestone.erp"),
    ("billed_before_signature", "lifecycle_order"),
    ("time_before_activation", "lifecycle_order"),
    ("revenue_before_delivery", "lifecycle_order"),
    ("unstaffed_demand", "staffing.psa"),
    ("rate_mismatch", "bill_rate.psa"),
    ("rate_mismatch", "bill_rate.erp"),
    ("expense_not_transferred", "expense.erp"),
    ("unknown_code", "expense.erp"),
    ("amount_mismatch", "expense.erp"),
    ("invalid_cost_centre", "expense.erp"),
    ("expense_not_transferred", "expense.subcontractor"),
    ("amount_mismatch", "expense.subcontractor"),
    ("unapproved_subcontractor_cost", "expense.subcontractor"),
    ("invalid_cost_centre", "expense.subcontractor"),
    ("tax_rate_unexpected", "invoice_integrity.tax"),
    ("invoice_number_gap", "invoice_integrity.unique"),
    ("stale_terms_invoiced", "billing_terms.erp"),
    ("unapplied_payment", "cash.applied"),
    ("over_applied", "cash.applied"),
    ("subledger_mismatch", "cash.gl"),
    ("paid_before_invoice", "lifecycle_order"),
    ("revenue_misaligned", "revenue.subledger"),
    ("revenue_misaligned", "revenue.position"),
)
CLASSES = tuple(dict.fromkeys(name for name, _ in KINDS))
LEDGER_GROUPS = 12  # a recognition journal carries at most one mismatch: one group per month of the past year


@dataclass(frozen=True, slots=True)
class Plant:
    """One defect: class and leg, pod and number of the record it sits on, and what the planter needs to know."""

    break_class: str
    leg: str
    pod: int
    number: int
    facts: dict[str, Any] = field(default_factory=dict)
    is_open: bool = True  # False: repaired, or not there yet
    occurrence: int = 1
    switched: datetime | None = None  # when it last appeared or was repaired, where it comes and goes


@dataclass(slots=True)
class Choice:
    """What a chooser may look at: the clean pods of a group on day 0, and what is taken already."""

    seed: int
    group: int
    pods: list[PodState]
    taken: set[int] = field(default_factory=set)
    deals: set[int] = field(default_factory=set)
    billed_twice: set[int] = field(default_factory=set)  # deals on whose invoices an item comes twice
    documents: set[int] = field(default_factory=set)
    pools: dict[int, list[Entry]] = field(default_factory=dict)  # ordinary entries by pod
    recognised: set[int] = field(default_factory=set)  # deals whose revenue carries a defect
    found: dict[tuple[str, str], list[Plant]] = field(default_factory=dict)  # what is chosen so far

    def draw(self, name: str, leg: str) -> Random:
        """Return the generator of one class and leg."""
        return rng(self.seed, "defect", self.group, name, leg)


Chooser = "Callable[[Choice, str, str, int], list[Plant]]"


def groups(specs: Sequence[PodSpec]) -> list[list[PodSpec]]:
    """Cut the pods into groups of three; what is left joins the last group."""
    count = max(1, len(specs) // GROUP_SIZE)
    return [
        list(specs[place * GROUP_SIZE : (place + 1) * GROUP_SIZE if place < count - 1 else len(specs)])
        for place in range(count)
    ]


def wanted(defects: bool | Sequence[str]) -> frozenset[str]:  # noqa: FBT001 - the firm's own argument
    """Return the classes to plant.

    Raises:
        SandboxError: a name is no class of the planters.
    """
    if isinstance(defects, bool):
        return frozenset(CLASSES) if defects else frozenset()
    unknown = sorted(set(defects) - set(CLASSES))
    if unknown:
        raise SandboxError(f"defects {unknown}", "the sandbox has no planter for them", f"known are {sorted(CLASSES)}")
    return frozenset(defects)


def plants_of(seed: int, group: int, specs: list[PodSpec], classes: frozenset[str]) -> dict[int, tuple[Plant, ...]]:
    """Choose the defects of a group, by pod index; a class's place does not depend on which others are wanted."""
    from qtc_pipeline.sandbox import (
        defects_cash,
        defects_contracts,
        defects_costs,
        defects_days,
        defects_documents,
        defects_time,
    )
    from qtc_pipeline.sandbox.state import PodState

    choice = Choice(seed, group, [PodState(seed, spec, clock.FIRST_AS_OF) for spec in specs])
    rooms = (defects_contracts, defects_time, defects_costs, defects_documents, defects_cash)
    choosers = {key: chooser for room in rooms for key, chooser in room.CHOOSERS.items()}
    found: dict[int, list[Plant]] = {spec.index: [] for spec in specs}
    for place, (name, leg) in enumerate(KINDS):
        chosen = choice.found[name, leg] = choosers[name, leg](choice, name, leg, place)
        if name in classes:
            for plant in chosen:
                found[plant.pod].append(plant)
    for place, key in enumerate(defects_days.LIVES):
        chosen = defects_days.choose(choice, key, place)
        if key[0] in classes:
            for plant in chosen:
                found[plant.pod].append(plant)
    return {index: tuple(plants) for index, plants in found.items()}
