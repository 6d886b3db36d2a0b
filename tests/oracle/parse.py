"""The CRM's payloads to records: customers, contracts with their history, amendments, contract rates, demand.

Add here: a field of a Salesforce payload. Stays out: every rule; the PSA (``parse_delivery``), the ERP (``parse_erp``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context
from tests.oracle.records import Account, Amendment, Contract, Demand, Rate, TermChange
from tests.oracle.scalars import day_of, decimal_of, instant_of, text_of

Payloads = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]


def rows(payloads: Payloads, vendor: str, entity: str) -> Sequence[Mapping[str, Any]]:
    """Live payloads of an entity; none where it was never read."""
    return payloads.get(vendor, {}).get(entity, ())


@dataclass(frozen=True)
class Sales:
    """What the CRM knows."""

    contracts: Mapping[str, Contract]
    amendments: Sequence[Amendment]
    rates: Mapping[tuple[str, str], Sequence[Rate]]
    contract_of_opportunity: Mapping[str, str]
    root_of_opportunity: Mapping[str, str]
    accounts: Mapping[str, Account]
    history: Mapping[str, Sequence[TermChange]]
    demands: Sequence[Demand]


def read_sales(payloads: Payloads, context: Context) -> Sales:
    """Contracts, amendments, contract rates and which contract an opportunity leads to."""
    opportunities = {str(row["Id"]): row for row in rows(payloads, "salesforce", "Opportunity")}
    contracts: dict[str, Contract] = {}
    for row in rows(payloads, "salesforce", "Contract"):
        opportunity = opportunities.get(str(row["Opportunity__c"]), {})
        contracts[str(row["Id"])] = Contract(
            id=str(row["Id"]),
            opportunity=text_of(row["Opportunity__c"]),
            customer=text_of(row["AccountId"]),
            status=str(row["Status"]),
            signed=day_of(row["CustomerSignedDate"]),
            start=day_of(row["StartDate"]),
            end=day_of(row["EndDate"]),
            signed_value=decimal_of(row["Contract_Value__c"]) or Decimal(0),
            currency=str(row["CurrencyIsoCode"]),
            billing_type=str(row["Billing_Type__c"]),
            cap=decimal_of(row["Cap_Amount__c"]),
            closed=day_of(row["Closed_Date__c"]),
            debooked=decimal_of(row["Debooked_Amount__c"]) or Decimal(0),
            planned_cost=decimal_of(row["Planned_Cost__c"]),
            company=context.company_of("salesforce", text_of(row["Legal_Entity__c"])),
            region=text_of(opportunity.get("Region__c")) or "unassigned",
            practice=text_of(opportunity.get("Practice__c")) or "unassigned",
            changed=instant_of(row["SystemModstamp"]),
            recognition_rule=text_of(row.get("Recognition_Rule__c")),
            terms=text_of(row.get("Payment_Terms__c")),
            po_required=bool(row.get("PO_Required__c")),
            po_number=text_of(row.get("PO_Number__c")),
            po_amount=decimal_of(row.get("PO_Amount__c")),
            discount_percent=decimal_of(row.get("Discount_Percent__c")),
            markup_percent=decimal_of(row.get("Expense_Markup_Percent__c")),
            hold_from=day_of(row.get("Hold_From__c")),
            judgement=decimal_of(row.get("Revenue_Judgement__c")),
            tax_code=text_of(row.get("Tax_Code__c")),
        )
    amendments = [
        Amendment(
            id=str(row["Id"]),
            contract=str(row["Contract__c"]),
            amount=decimal_of(row["Amount__c"]) or Decimal(0),
            currency=str(row["CurrencyIsoCode"]),
            approved=row["Status__c"] == "Approved",
            effective=day_of(row["Effective_Date__c"]),
            approved_on=day_of(row["Approved_Date__c"]),
            changed=instant_of(row["SystemModstamp"]),
            modification=text_of(row.get("Modification__c")),
        )
        for row in rows(payloads, "salesforce", "Contract_Amendment__c")
    ]
    rates: dict[tuple[str, str], list[Rate]] = defaultdict(list)
    for row in rows(payloads, "salesforce", "Contract_Rate__c"):
        start, rate = day_of(row["Effective_From__c"]), decimal_of(row["Rate__c"])
        if start is not None and rate is not None:
            key = (str(row["Contract__c"]), str(row["Role__c"]))
            end, country = day_of(row["Effective_To__c"]), text_of(row.get("Country__c"))
            rates[key].append(Rate(*key, rate, start, end, country))
    root = {key: text_of(row["Parent_Opportunity__c"]) or key for key, row in opportunities.items()}
    return Sales(
        contracts,
        amendments,
        rates,
        _contract_of(contracts),
        root,
        {str(row["Id"]): _account(row, context) for row in rows(payloads, "salesforce", "Account")},
        _history(payloads),
        [_demand(row) for row in rows(payloads, "salesforce", "Contract_Role_Demand__c")],
    )


def _account(row: Mapping[str, Any], context: Context) -> Account:
    return Account(
        id=str(row["Id"]),
        name=text_of(row["Name"]),
        currency=text_of(row["CurrencyIsoCode"]),
        terms=text_of(row.get("Payment_Terms__c")),
        tax_number=text_of(row.get("Tax_Number__c")),
        company=context.company_of("salesforce", text_of(row["Legal_Entity__c"])),
        changed=instant_of(row["SystemModstamp"]),
    )


def _history(payloads: Payloads) -> dict[str, list[TermChange]]:
    """Changes per contract, oldest first."""
    found: dict[str, list[TermChange]] = defaultdict(list)
    for row in sorted(rows(payloads, "salesforce", "ContractHistory"), key=lambda row: str(row["Id"])):
        key = str(row["ContractId"])
        old, new = text_of(row["OldValue"]), text_of(row["NewValue"])
        found[key].append(TermChange(key, str(row["Field"]), old, new, instant_of(row["CreatedDate"])))
    for changes in found.values():
        changes.sort(key=lambda change: change.at)
    return found


def _demand(row: Mapping[str, Any]) -> Demand:
    return Demand(
        id=str(row["Id"]),
        contract=str(row["Contract__c"]),
        role=str(row["Role__c"]),
        minutes=int(row["Sold_Minutes__c"]),
        start=day_of(row["Start_Date__c"]),
        end=day_of(row["End_Date__c"]),
        changed=instant_of(row["SystemModstamp"]),
    )


def _contract_of(contracts: Mapping[str, Contract]) -> dict[str, str]:
    found: dict[str, str] = {}
    for contract in sorted(contracts.values(), key=lambda entry: entry.id, reverse=True):
        if contract.executed and contract.opportunity is not None:
            found[contract.opportunity] = contract.id
    return found


def contract_behind(sales: Sales, opportunity: str | None) -> str | None:
    """Executed contract of an opportunity, else of the opportunity it changes."""
    if opportunity is None:
        return None
    root = sales.root_of_opportunity.get(opportunity, opportunity)
    return sales.contract_of_opportunity.get(opportunity) or sales.contract_of_opportunity.get(root)
