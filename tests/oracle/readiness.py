"""The queue of won deals nobody set up: what is missing before a project may be made, and whose work that is.

Add here: something a new project needs. Stays out: that a contract has no project (``engagement``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.firm_view import View
from tests.oracle.records import Account, Contract

ZERO = Decimal(0)
OF_FINANCE = {"tax attributes", "recognition rule"}


@dataclass(frozen=True)
class Readiness:
    """A contract without project or job, and what it lacks, in order."""

    contract: Contract
    has_project: bool
    has_job: bool
    missing: tuple[str, ...]
    open_value: Decimal

    @property
    def owner(self) -> str:
        """Delivery sets up what is complete; finance and sales supply what is not."""
        if not self.missing:
            return "delivery_operations"
        return "finance_controller" if OF_FINANCE & set(self.missing) else "sales_operations"


def readiness(view: View) -> Iterator[Readiness]:
    """Every executed contract that one side or both do not know."""
    for contract in view.contracts.values():
        sides = {
            side
            for side in ("psa", "erp")
            if any(not one.cancelled for one in view.projects_by_contract.get((side, contract.id), ()))
        }
        if len(sides) == len(("psa", "erp")):
            continue
        account = view.sales.accounts.get(str(contract.customer))
        rest = view.contract_value(contract) - view.billed_against_value(contract.id)
        lacking = (*_of_contract(contract, account), *_of_customer(view, account))
        yield Readiness(contract, "psa" in sides, "erp" in sides, lacking, max(rest, ZERO))


def _of_contract(contract: Contract, account: Account | None) -> Iterator[str]:
    if contract.company == "unassigned":
        yield "legal entity"
    if contract.currency is None:
        yield "currency"
    if contract.tax_code is None or account is None or account.tax_number is None:
        yield "tax attributes"
    if contract.terms is None:
        yield "payment terms"
    if contract.billing_type is None:
        yield "billing type"
    if contract.recognition_rule is None:
        yield "recognition rule"
    if contract.po_required and contract.po_number is None:
        yield "purchase order"


def _of_customer(view: View, account: Account | None) -> Iterator[str]:
    if account is None:
        return
    records = view.books.customers.values()
    known = [one for one in records if one.account == account.id]
    if known and not any(one.active for one in known):
        yield "inactive customer in the ERP"
    strangers = [one for one in records if one.account is None or one.account not in view.sales.accounts]
    if not known and any(
        (one.tax_number is not None and one.tax_number == account.tax_number)
        or (one.name is not None and account.name is not None and _plain(one.name) == _plain(account.name))
        for one in strangers
    ):
        yield "candidate customer in the ERP"


def _plain(name: str) -> str:
    return name.lower().replace(" ", "")
