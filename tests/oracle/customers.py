"""Rule customer_master: every customer with an executed contract stands in the ERP once, with the same attributes.

Add here: an attribute that must agree. Stays out: terms agreed contract by contract (``terms``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from tests.oracle.findings import Finding, pending_reason
from tests.oracle.firm_view import View, at_midnight, month_of
from tests.oracle.records import Account, Contract
from tests.oracle.records_erp import Customer

LEG = "customer_master.erp"
SIDES = ("salesforce", "netsuite")
UNKNOWN = "unassigned"


def customer_master(view: View) -> Iterator[Finding]:
    """All rows of the rule, per customer and attribute."""
    twins: dict[str, list[Customer]] = defaultdict(list)
    for customer in view.books.customers.values():
        if customer.active and customer.account is not None:
            twins[customer.account].append(customer)
    contracts: dict[str, list[Contract]] = defaultdict(list)
    for contract in view.contracts.values():
        contracts[str(contract.customer)].append(contract)
    for key, signed in contracts.items():
        account = view.sales.accounts.get(key)
        if account is not None:
            yield from _customer(view, account, signed, twins.get(key, []))


def _customer(
    view: View, account: Account, contracts: Sequence[Contract], twins: Sequence[Customer]
) -> Iterator[Finding]:
    first = at_midnight(min(contract.signed for contract in contracts if contract.signed is not None))
    versions = [account.changed, *(twin.changed for twin in twins)]
    reason = pending_reason(view.context, first, "netsuite", SIDES, versions)
    kind = "break" if reason is None else "timing"

    def row(name: str, attribute: str, difference: int) -> Finding:
        period = month_of(view.context.today)
        grain = f"{account.id}:{attribute}"
        return Finding(LEG, "count", kind, name, grain, None, account.company, period, None, Decimal(difference))

    if not twins:
        yield row("customer_missing", "customer", 1)
    elif len(twins) > 1:
        yield row("duplicate_customer", "customer", 1 - len(twins))
    else:
        theirs = _attributes(twins[0])
        for attribute, ours in _attributes(account).items():
            if ours is not None and ours != theirs[attribute]:
                yield row("master_data_mismatch", attribute, 1)
                if theirs[attribute] is not None:
                    yield row("master_data_mismatch", attribute, -1)


def _attributes(record: Account | Customer) -> Mapping[str, str | None]:
    return {
        "name": None if record.name is None else "".join(record.name.split()).casefold(),
        "currency": record.currency,
        "payment_terms": record.terms,
        "tax_number": record.tax_number,
        "legal_entity": None if record.company == UNKNOWN else record.company,
    }
