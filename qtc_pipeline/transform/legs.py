"""The legs of the reconciliation rules and the instances on their two sides.

Add here: a leg when a rule gains one. Stays out: what a leg compares (its ``rec_`` model) and which mart it gates
(``gates.contract``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qtc_pipeline.settings import Settings

Role = Literal["crm", "psa", "erp"]

# leg -> roles of its left and right side; equal roles: two record sets of one system, compared within it
LEGS: dict[str, tuple[Role, Role]] = {
    "activation.psa": ("crm", "psa"),
    "activation.erp": ("crm", "erp"),
    "contract_value.psa": ("crm", "psa"),
    "contract_value.erp": ("crm", "erp"),
    "approved_time.erp": ("psa", "erp"),
    "invoice_integrity.lines": ("erp", "erp"),
    "invoice_integrity.tax": ("erp", "erp"),
    "invoice_integrity.unique": ("erp", "erp"),
    "invoice_integrity.items": ("erp", "erp"),
    "customer_master.erp": ("crm", "erp"),
    "billing_terms.erp": ("crm", "erp"),
    "bill_rate.psa": ("crm", "psa"),
    "bill_rate.erp": ("crm", "erp"),
    "expense.erp": ("psa", "erp"),
    "expense.subcontractor": ("psa", "erp"),
    "milestone.erp": ("psa", "erp"),
    "staffing.psa": ("crm", "psa"),
    "lifecycle_order": ("crm", "erp"),
    "ar_to_gl": ("erp", "erp"),
    "cash.applied": ("erp", "erp"),
    "cash.gl": ("erp", "erp"),
    "revenue.subledger": ("crm", "erp"),
    "revenue.gl": ("erp", "erp"),
    "revenue.position": ("erp", "erp"),
    "rollforward.backlog": ("crm", "crm"),
    "rollforward.unbilled": ("psa", "psa"),
    "rollforward.ar": ("erp", "erp"),
    "rollforward.contract_position": ("erp", "erp"),
}


@dataclass(frozen=True)
class Leg:
    """One leg between two instances."""

    leg_id: str
    left_role: Role
    right_role: Role
    left_instance: str
    right_instance: str

    @property
    def is_applicable(self) -> bool:
        """False where two roles are played by one instance: a table compared with itself proves nothing."""
        return self.left_role == self.right_role or self.left_instance != self.right_instance


def legs_of(settings: Settings) -> Iterator[Leg]:
    """Every leg for every pair of instances it can join."""
    for leg_id, (left_role, right_role) in LEGS.items():
        for left in settings.with_role(left_role):
            for right in settings.with_role(right_role):
                if left_role != right_role or left is right:
                    yield Leg(leg_id, left_role, right_role, left.name, right.name)
