"""Vendor payloads to records: the oracle's own reading of Salesforce, Kantata and NetSuite JSON.

Add here: a field of a payload. Stays out: every rule. Sales records and delivery records are read here, the ERP's
documents and ledger in ``parse_erp``; ``scalars`` are shared by both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context
from tests.oracle.records import Amendment, Contract, Entry, Estimate, Expense, Milestone, Project, Rate
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


@dataclass(frozen=True)
class Delivery:
    """What the PSA knows; ids are the PSA's own."""

    projects: Mapping[str, Project]
    entries: Mapping[str, Entry]
    expenses: Mapping[str, Expense]
    milestones: Mapping[str, Milestone]
    estimates: Sequence[Estimate]
    cost_rates: Mapping[str, Sequence[tuple[Any, Decimal, str]]]


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
        )
        for row in rows(payloads, "salesforce", "Contract_Amendment__c")
    ]
    rates: dict[tuple[str, str], list[Rate]] = defaultdict(list)
    for row in rows(payloads, "salesforce", "Contract_Rate__c"):
        start, rate = day_of(row["Effective_From__c"]), decimal_of(row["Rate__c"])
        if start is not None and rate is not None:
            key = (str(row["Contract__c"]), str(row["Role__c"]))
            rates[key].append(Rate(*key, rate, start, day_of(row["Effective_To__c"])))
    root = {key: text_of(row["Parent_Opportunity__c"]) or key for key, row in opportunities.items()}
    return Sales(contracts, amendments, rates, _contract_of(contracts), root)


def _contract_of(contracts: Mapping[str, Contract]) -> dict[str, str]:
    found: dict[str, str] = {}
    for contract in sorted(contracts.values(), key=lambda entry: entry.id, reverse=True):
        if contract.executed and contract.opportunity is not None:
            found[contract.opportunity] = contract.id
    return found


def read_delivery(payloads: Payloads, context: Context, sales: Sales) -> Delivery:
    """Workspaces with the contract they deliver, time, expenses, milestones, plans and cost rates."""
    projects = _workspaces(payloads, context, sales)
    roles = {str(row["id"]): str(row["name"]) for row in rows(payloads, "kantata", "roles")}
    entries = {
        str(row["id"]): Entry(
            id=str(row["id"]),
            project=str(row["workspace_id"]),
            person=str(row["user_id"]),
            role=roles.get(str(row["role_id"])),
            day=_day(row["date_performed"]),
            minutes=int(row["time_in_minutes"]),
            billable=bool(row["billable"]),
            approved=bool(row["approved"]),
            rate=_cents(row["rate_in_cents"]),
            currency=str(row["currency"]),
            changed=instant_of(row["updated_at"]),
        )
        for row in rows(payloads, "kantata", "time_entries")
    }
    expenses = {
        str(row["id"]): Expense(
            id=str(row["id"]),
            project=str(row["workspace_id"]),
            day=_day(row["date"]),
            amount=_cents(row["amount_in_cents"]) or Decimal(0),
            currency=str(row["currency"]),
            billable=bool(row["billable"]),
            approved=bool(row["approved"]),
        )
        for row in rows(payloads, "kantata", "expenses")
    }
    milestones = {
        str(row["id"]): Milestone(
            id=str(row["id"]),
            project=str(row["workspace_id"]),
            amount=_cents(row["amount_in_cents"]) or Decimal(0),
            currency=str(row["currency"]),
            status=str(row["status"]),
            accepted_on=day_of(row["accepted_date"]),
            due=day_of(row["due_date"]),
        )
        for row in rows(payloads, "kantata", "billing_milestones")
    }
    estimates = [
        Estimate(
            project=str(row["workspace_id"]),
            version=int(row["version"]),
            day=_day(row["as_of_date"]),
            planned_cost=_cents(row["planned_cost_in_cents"]) or Decimal(0),
            to_complete=_cents(row["etc_cost_in_cents"]) or Decimal(0),
            currency=str(row["currency"]),
        )
        for row in rows(payloads, "kantata", "estimates")
    ]
    cost: dict[str, list[tuple[Any, Decimal, str]]] = defaultdict(list)
    for row in rows(payloads, "kantata", "cost_rates"):
        amount = _cents(row["amount_in_subunits"]) or Decimal(0)
        cost[str(row["user_id"])].append((_day(row["effective_date"]), amount, str(row["currency"])))
    for versions in cost.values():
        versions.sort(key=lambda version: version[0])
    return Delivery(projects, entries, expenses, milestones, estimates, cost)


def _workspaces(payloads: Payloads, context: Context, sales: Sales) -> dict[str, Project]:
    groups = {str(row["id"]): str(row["name"]) for row in rows(payloads, "kantata", "workspace_groups")}
    links: dict[str, tuple[str | None, str | None]] = {}
    no_link: tuple[str | None, str | None] = (None, None)
    for row in rows(payloads, "kantata", "external_references"):
        if row["service_name"] == "salesforce" and row["subject_type"] == "Workspace":
            kind = "root" if row["service_model"] == "Opportunity" else "additional_phase"
            links[str(row["subject_id"])] = (kind, str(row["service_model_ref"]))
    projects: dict[str, Project] = {}
    for row in rows(payloads, "kantata", "workspaces"):
        key = str(row["id"])
        names = [groups.get(str(group), "") for group in row["workspace_group_ids"]]
        link, opportunity = links.get(key, no_link)
        company = next((found for name in names if (found := context.company_of("kantata", name)) != "unassigned"), "")
        projects[key] = Project(
            id=key,
            side="psa",
            contract=contract_behind(sales, opportunity),
            link=link,
            cancelled=row["status"]["key"] == "cancelled",
            internal="Internal" in names,
            price=_cents(row["price_in_cents"]),
            currency=str(row["currency"]),
            company=company or _company_behind(sales, opportunity),
            twin=None,
            changed=instant_of(row["updated_at"]),
            status=str(row["status"]["key"]),
            start=day_of(row["start_date"]),
            created=instant_of(row["created_at"]),
        )
    return projects


def contract_behind(sales: Sales, opportunity: str | None) -> str | None:
    """Executed contract of an opportunity, else of the opportunity it changes."""
    if opportunity is None:
        return None
    root = sales.root_of_opportunity.get(opportunity, opportunity)
    return sales.contract_of_opportunity.get(opportunity) or sales.contract_of_opportunity.get(root)


def _company_behind(sales: Sales, opportunity: str | None) -> str:
    contract = contract_behind(sales, opportunity)
    return sales.contracts[contract].company if contract is not None else "unassigned"


def _cents(value: object) -> Decimal | None:
    subunits = decimal_of(value)
    return None if subunits is None else subunits / 100


def _day(value: object) -> Any:
    found = day_of(value)
    if found is None:
        message = f"a date is needed, the record holds {value!r}"
        raise ValueError(message)
    return found
