"""What the firm sells and delivers: customers, people, opportunities, sales, projects and their time.

Here: opportunities, sales, projects and time. Stays out: master data (``catalogue.py``), the books under it
(``books.py``), documents billed from it (``billing.py``).

Tryton knows two ways from a deal to its work. A fixed price sells a *taskable* product: processing the sale creates the
tasks, whose ``origin`` is the sale line. Time and materials has no such link: the project is created by hand and names
its deal in the comment (``opportunity=<number>``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.tryton.admin import Admin
from qtc_pipeline.sandbox.tryton.books import Books
from qtc_pipeline.sandbox.tryton.catalogue import DEALS, Deal, Market, employees_of, market_of

FIRST_WEEK = date(2026, 1, 5)
WEEKS = 24
_LINES_A_CALL = 150


@dataclass(frozen=True)
class Work:
    """Ids of what was sold and of the work below it; by index of the deal."""

    market: Market
    opportunities: Mapping[int, int]
    sales: Mapping[int, int]
    projects: Mapping[int, int]


def deliver(admin: Admin, books: Books) -> Work:
    """Create customers, people, deals, projects and timesheets."""
    market = market_of(admin, books)
    employees = employees_of(admin, books)
    opportunities = _opportunities(admin, books, market, employees)
    sales = _sales(admin, books, market, opportunities)
    projects = _projects(admin, books, market, opportunities)
    _tasks_sold(admin, sales)
    _timesheets(admin, books, employees)
    return Work(market, opportunities, sales, projects)


def _opportunities(
    admin: Admin, books: Books, market: Market, employees: Mapping[str, tuple[int, ...]]
) -> dict[int, int]:
    opportunities: dict[int, int] = {}
    for entity, company in books.companies.items():
        at = admin.at(company)
        deals = [(index, deal) for index, deal in enumerate(DEALS) if deal.entity == entity]
        rows = [
            {
                "party": market.customers[deal.customer],
                "company": company,
                "currency": books.currencies[deal.currency],
                "amount": deal.amount,
                "employee": employees[entity][0],
                "start_date": deal.closed - timedelta(days=45),
                "end_date": deal.closed,
                "description": deal.title,
                "reference": f"DEAL-{index:02d}",
                "conversion_probability": 0.5,
            }
            for index, deal in deals
        ]
        created = at.create("sale.opportunity", rows)
        opportunities |= {index: identifier for (index, _), identifier in zip(deals, created, strict=True)}
        beyond = [opportunities[index] for index, deal in deals if deal.kind not in ("lead", "cancelled")]
        at.press("sale.opportunity", "opportunity", beyond)
        for kind, button in (("lost", "lost"), ("cancelled", "cancel")):
            stopped = [opportunities[index] for index, deal in deals if deal.kind == kind]
            if stopped:
                at.press("sale.opportunity", button, stopped)
    return opportunities


def _sales(
    admin: Admin,
    books: Books,
    market: Market,
    opportunities: Mapping[int, int],
) -> dict[int, int]:
    hour = admin.one("product.uom", [["name", "=", "Hour"]])
    unit = admin.one("product.uom", [["name", "=", "Unit"]])
    sales: dict[int, int] = {}
    for entity, company in books.companies.items():
        at = admin.at(company)
        deals = [(i, d) for i, d in enumerate(DEALS) if d.entity == entity and d.kind in ("time", "fixed", "progress")]
        rows = []
        for index, deal in deals:
            line: dict[str, Any] = {
                "product": market.products[entity, "package" if deal.kind == "fixed" else "hour"],
                "quantity": 1,
                "unit": unit,
                "unit_price": deal.amount,
                "taxes": [["add", [books.taxes[entity]]]],
            }
            if deal.rate:
                hours = round(deal.amount / deal.rate, 2)
                line |= {"quantity": float(hours), "unit": hour, "unit_price": deal.rate}
            rows.append(
                {
                    "company": company,
                    "party": market.customers[deal.customer],
                    "invoice_address": market.addresses[deal.customer],
                    "shipment_address": market.addresses[deal.customer],
                    "currency": books.currencies[deal.currency],
                    "payment_term": books.payment_term,
                    "sale_date": deal.closed,
                    "origin": f"sale.opportunity,{opportunities[index]}",
                    "invoice_method": "order" if deal.kind == "fixed" else "manual",
                    "shipment_method": "manual",
                    "reference": f"DEAL-{index:02d}",
                    "lines": [["create", [line]]],
                }
            )
        created = at.create("sale.sale", rows)
        sales |= {index: identifier for (index, _), identifier in zip(deals, created, strict=True)}
        at.press("sale.opportunity", "convert", [opportunities[index] for index, _ in deals])
        for button in ("quote", "confirm", "process"):
            at.press("sale.sale", button, created)
    return sales


def _projects(
    admin: Admin,
    books: Books,
    market: Market,
    opportunities: Mapping[int, int],
) -> dict[int, int]:
    projects: dict[int, int] = {}
    numbers = {
        int(row["id"]): row["number"]
        for row in admin.find("sale.opportunity", [["id", "in", list(opportunities.values())]], ["number"])
    }
    for entity, company in books.companies.items():
        at = admin.at(company)
        deals = [(i, d) for i, d in enumerate(DEALS) if d.entity == entity and d.kind in ("time", "progress")]
        rows: list[dict[str, Any]] = []
        for index, deal in deals:
            rows.append(
                {
                    "name": deal.title,
                    "type": "project",
                    "company": company,
                    "party": market.customers[deal.customer],
                    "project_invoice_method": "timesheet" if deal.kind == "time" else "progress",
                    "comment": f"opportunity={numbers[opportunities[index]]}",
                    "children": [["create", _children(deal, company, market.products)]],
                }
            )
        rows.append(
            {
                "name": f"Internal {entity}",
                "type": "project",
                "company": company,
                "project_invoice_method": "manual",
                "children": [
                    ["create", [{"name": "Training", "type": "task", "company": company, "timesheet_available": True}]]
                ],
            }
        )
        created = at.create("project.work", rows)
        projects |= {index: identifier for (index, _), identifier in zip(deals, created[:-1], strict=True)}
    return projects


def _children(deal: Deal, company: int, products: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    if deal.kind == "progress":
        return [
            {
                "name": "Roll-out",
                "type": "task",
                "company": company,
                "product": products[deal.entity, "hour"],
                "list_price": deal.rate,
                "progress": 0.4,
                "effort_duration": timedelta(hours=float(deal.amount / deal.rate)),
                "timesheet_available": True,
            }
        ]
    return [
        {
            "name": name,
            "type": "task",
            "company": company,
            "product": products[deal.entity, "hour"],
            "list_price": price,
            "effort_duration": timedelta(hours=120),
            "timesheet_available": True,
        }
        for name, price in (("Analysis", deal.rate), ("Build", deal.rate), ("Travel", Decimal(0)))
    ]


def _tasks_sold(admin: Admin, sales: Mapping[int, int]) -> None:
    """Give the tasks that processing the fixed price sales created their effort and, to one, its completion."""
    tasks = admin.find("project.work", [["origin.sale", "in", list(sales.values()), "sale.line"]], ["name"])
    admin.write("project.work", [int(row["id"]) for row in tasks], {"effort_duration": timedelta(hours=60)})


def _timesheets(admin: Admin, books: Books, employees: Mapping[str, tuple[int, ...]]) -> None:
    for entity, company in books.companies.items():
        at = admin.at(company)
        works = at.find("timesheet.work", [["company", "=", company]], ["origin"])
        tasks = [int(row["id"]) for row in works]
        rows: list[dict[str, Any]] = []
        for week in range(WEEKS):
            for person, employee in enumerate(employees[entity]):
                for part in range(3):
                    step = week * 7 + person * 5 + part * 3
                    rows.append(
                        {
                            "company": company,
                            "employee": employee,
                            "date": FIRST_WEEK + timedelta(days=week * 7 + (person + part * 2) % 5),
                            "work": tasks[step % len(tasks)],
                            "duration": timedelta(minutes=60 + 25 * (step % 13)),
                            "description": f"Week {week + 1}",
                        }
                    )
        for start in range(0, len(rows), _LINES_A_CALL):
            at.create("timesheet.line", rows[start : start + _LINES_A_CALL])
