"""What the firm sells and delivers: customers, people, opportunities, sales, projects and their time.

Here: everything up to the last timesheet line. Stays out: the books under it (``books.py``), documents billed from it
(``billing.py``).

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

FIRST_WEEK = date(2026, 1, 5)
WEEKS = 24
_LINES_A_CALL = 150


@dataclass(frozen=True)
class Deal:
    """One opportunity and what became of it; ``kind``: time, fixed, progress, or the state it stopped at."""

    title: str
    entity: str
    customer: int
    kind: str
    amount: Decimal
    currency: str
    closed: date
    rate: Decimal = Decimal(0)


def _deal(index: int, entity: str, kind: str, amount: int, closed: date, rate: str = "0", currency: str = "") -> Deal:
    own = {"US": "USD", "DE": "EUR"}[entity]
    return Deal(f"Engagement {index:02d}", entity, index, kind, Decimal(amount), currency or own, closed, Decimal(rate))


DEALS: tuple[Deal, ...] = (
    _deal(0, "US", "time", 48000, date(2025, 12, 15), "150"),
    _deal(1, "US", "time", 36000, date(2025, 12, 18), "137.50"),
    _deal(2, "US", "time", 9000, date(2026, 1, 8), "185"),
    _deal(3, "US", "fixed", 24000, date(2026, 1, 20)),
    _deal(4, "US", "fixed", 15500, date(2026, 2, 10)),
    _deal(5, "US", "fixed", 18000, date(2026, 3, 3), currency="EUR"),
    _deal(6, "US", "lost", 7000, date(2026, 2, 28)),
    _deal(7, "US", "lead", 22000, date(2026, 9, 30)),
    _deal(8, "DE", "time", 40000, date(2025, 12, 11), "120"),
    _deal(9, "DE", "time", 16000, date(2026, 2, 2), "133.33"),
    _deal(10, "DE", "fixed", 12400, date(2026, 2, 23)),
    _deal(11, "DE", "progress", 20000, date(2026, 3, 12), "125"),
    _deal(12, "DE", "opportunity", 31000, date(2026, 8, 31)),
    _deal(13, "DE", "cancelled", 5000, date(2026, 4, 15)),
)
_STAFF: tuple[tuple[str, str, str], ...] = (
    ("Ada", "US", "62.50"),
    ("Ben", "US", "55.00"),
    ("Cleo", "US", "71.25"),
    ("Dario", "US", "48.40"),
    ("Eva", "DE", "52.00"),
    ("Finn", "DE", "46.75"),
    ("Greta", "DE", "58.30"),
)


@dataclass(frozen=True)
class Work:
    """Ids of what was sold and of the work below it; by index of the deal."""

    customers: tuple[int, ...]
    addresses: tuple[int, ...]
    products: Mapping[tuple[str, str], int]
    opportunities: Mapping[int, int]
    sales: Mapping[int, int]
    projects: Mapping[int, int]


def deliver(admin: Admin, books: Books) -> Work:
    """Create customers, people, deals, projects and timesheets."""
    products = _products(admin, books)
    customers, addresses = _customers(admin, books)
    employees = _employees(admin, books)
    opportunities = _opportunities(admin, books, customers, employees)
    sales = _sales(admin, books, customers, addresses, products, opportunities)
    projects = _projects(admin, books, customers, products, opportunities)
    _tasks_sold(admin, sales)
    _timesheets(admin, books, employees, projects)
    return Work(customers, addresses, products, opportunities, sales, projects)


def _products(admin: Admin, books: Books) -> dict[tuple[str, str], int]:
    hour = admin.one("product.uom", [["name", "=", "Hour"]])
    unit = admin.one("product.uom", [["name", "=", "Unit"]])
    products: dict[tuple[str, str], int] = {}
    for entity, company in books.companies.items():
        at = admin.at(company)  # prices and accounts of a category are kept per company
        category = at.create(
            "product.category",
            [
                {
                    "name": f"Services {entity}",
                    "accounting": True,
                    "account_revenue": books.accounts[entity]["revenue"],
                    "account_expense": books.accounts[entity]["expense"],
                    "customer_taxes": [["add", [books.taxes[entity]]]],
                }
            ],
        )[0]
        rows: list[dict[str, Any]] = []
        for kind, uom in (("hour", hour), ("package", unit), ("piece", unit)):
            row: dict[str, Any] = {
                "name": f"Consulting by {kind} {entity}",
                "type": "service",
                "default_uom": uom,
                "salable": True,
                "sale_uom": uom,
                "account_category": category,
                "list_price": Decimal(100),
                "cost_price_method": "fixed",
                "products": [["create", [{"suffix_code": f"{entity}-{kind}"}]]],
            }
            if kind == "package":
                tasks = [{"name": name, "timesheet_available": True} for name in ("Design", "Delivery")]
                row |= {"taskable": True, "tasks": [["create", tasks]]}
            rows.append(row)
        templates = at.create("product.template", rows)
        for kind, template in zip(("hour", "package", "piece"), templates, strict=True):
            products[entity, kind] = at.one("product.product", [["template", "=", template]])
    return products


def _customers(admin: Admin, books: Books) -> tuple[tuple[int, ...], tuple[int, ...]]:
    rows = [
        {
            "name": f"Customer {deal.customer:02d}",
            "addresses": [["create", [{"city": "Boston" if deal.entity == "US" else "Hamburg", "invoice": True}]]],
        }
        for deal in DEALS
    ]
    customers = admin.create("party.party", rows)
    for company in books.companies.values():
        admin.at(company).write("party.party", customers, {"customer_payment_term": books.payment_term})
    found = admin.find("party.address", [["party", "in", customers]], ["party"])
    by_party = {int(row["party"]): int(row["id"]) for row in found}
    return tuple(customers), tuple(by_party[customer] for customer in customers)


def _employees(admin: Admin, books: Books) -> dict[str, tuple[int, ...]]:
    parties = admin.create("party.party", [{"name": name} for name, _, _ in _STAFF])
    rows = [
        {
            "party": party,
            "company": books.companies[entity],
            "cost_prices": [
                [
                    "create",
                    [
                        {"date": date(2025, 1, 1), "cost_price": Decimal(cost)},
                        {"date": date(2026, 4, 1), "cost_price": Decimal(cost) + Decimal("3.15")},
                    ],
                ]
            ],
        }
        for party, (_, entity, cost) in zip(parties, _STAFF, strict=True)
    ]
    created = admin.create("company.employee", rows)
    return {
        entity: tuple(
            employee for employee, (_, home, _) in zip(created, _STAFF, strict=True) if home == entity
        )
        for entity in books.companies
    }


def _opportunities(
    admin: Admin, books: Books, customers: tuple[int, ...], employees: Mapping[str, tuple[int, ...]]
) -> dict[int, int]:
    opportunities: dict[int, int] = {}
    for entity, company in books.companies.items():
        at = admin.at(company)
        deals = [(index, deal) for index, deal in enumerate(DEALS) if deal.entity == entity]
        rows = [
            {
                "party": customers[deal.customer],
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
    customers: tuple[int, ...],
    addresses: tuple[int, ...],
    products: Mapping[tuple[str, str], int],
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
                "product": products[entity, "package" if deal.kind == "fixed" else "hour"],
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
                    "party": customers[deal.customer],
                    "invoice_address": addresses[deal.customer],
                    "shipment_address": addresses[deal.customer],
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
    customers: tuple[int, ...],
    products: Mapping[tuple[str, str], int],
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
                    "party": customers[deal.customer],
                    "project_invoice_method": "timesheet" if deal.kind == "time" else "progress",
                    "comment": f"opportunity={numbers[opportunities[index]]}",
                    "children": [["create", _children(deal, company, products)]],
                }
            )
        rows.append(
            {
                "name": f"Internal {entity}",
                "type": "project",
                "company": company,
                "project_invoice_method": "manual",
                "children": [["create", [{"name": "Training", "type": "task", "company": company,
                                          "timesheet_available": True}]]],
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


def _timesheets(
    admin: Admin, books: Books, employees: Mapping[str, tuple[int, ...]], projects: Mapping[int, int]
) -> None:
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
