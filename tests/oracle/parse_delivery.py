"""The PSA's payloads to records: projects and what they link to, people, time, costs, milestones, plans, calendars.

Add here: a field of a Kantata payload. Stays out: every rule; the CRM (``parse``) and the ERP (``parse_erp``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context
from tests.oracle.parse import Payloads, Sales, contract_behind, rows
from tests.oracle.records import (
    Assignment,
    Entry,
    Estimate,
    Expense,
    Holiday,
    Milestone,
    Person,
    Project,
    TimeOff,
)
from tests.oracle.scalars import day_of, decimal_of, instant_of, text_of


@dataclass(frozen=True)
class Delivery:
    """What the PSA knows; ids are the PSA's own."""

    projects: Mapping[str, Project]
    entries: Mapping[str, Entry]
    expenses: Mapping[str, Expense]
    milestones: Mapping[str, Milestone]
    estimates: Sequence[Estimate]
    cost_rates: Mapping[str, Sequence[tuple[Any, Decimal, str]]]
    people: Mapping[str, Person]
    assignments: Sequence[Assignment]
    holidays: Sequence[Holiday]
    times_off: Sequence[TimeOff]


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
            created=instant_of(row["created_at"]),
            credited=bool(row.get("utilization_credit")),
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
            category=str(row["category"]),
            cost_centre=text_of(row.get("cost_center")),
            changed=instant_of(row["updated_at"]),
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
            changed=instant_of(row["updated_at"]),
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
    return Delivery(
        projects,
        entries,
        expenses,
        milestones,
        estimates,
        cost,
        _people(payloads, context, roles),
        _assignments(payloads, roles),
        _holidays(payloads, context),
        _times_off(payloads),
    )


def _workspaces(payloads: Payloads, context: Context, sales: Sales) -> dict[str, Project]:
    groups = _groups(payloads)
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
            billing_type=None,
        )
    return projects


def _groups(payloads: Payloads) -> dict[str, str]:
    return {str(row["id"]): str(row["name"]) for row in rows(payloads, "kantata", "workspace_groups")}


def _people(payloads: Payloads, context: Context, roles: Mapping[str, str]) -> dict[str, Person]:
    groups = _groups(payloads)
    return {
        str(row["id"]): Person(
            id=str(row["id"]),
            role=roles.get(str(row["role_id"])),
            company=context.company_of("kantata", groups.get(str(row["workspace_group_id"]))),
            country=text_of(row.get("country")),
            weekly_minutes=int(row["weekly_minutes"] or 0),
            created=instant_of(row["created_at"]),
        )
        for row in rows(payloads, "kantata", "users")
    }


def _assignments(payloads: Payloads, roles: Mapping[str, str]) -> list[Assignment]:
    return [
        Assignment(
            project=str(row["workspace_id"]),
            person=str(row["user_id"]),
            role=roles.get(str(row["role_id"])),
            minutes=int(row["estimated_minutes"] or 0),
            start=day_of(row["start_date"]),
            end=day_of(row["end_date"]),
            changed=instant_of(row["updated_at"]),
        )
        for row in rows(payloads, "kantata", "assignments")
    ]


def _holidays(payloads: Payloads, context: Context) -> list[Holiday]:
    groups = _groups(payloads)
    return [
        Holiday(context.company_of("kantata", groups.get(str(row["workspace_group_id"]))), _day(row["date"]))
        for row in rows(payloads, "kantata", "holidays")
    ]


def _times_off(payloads: Payloads) -> list[TimeOff]:
    return [
        TimeOff(str(row["user_id"]), _day(row["date"]), int(row["minutes"]))
        for row in rows(payloads, "kantata", "time_off_entries")
    ]


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
