"""Whom and what the firm deals with: its deals, products, customers and people.

Here: master data and the list of deals everything else follows from. Stays out: what becomes of a deal (``work.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.tryton.admin import Admin
from qtc_pipeline.sandbox.tryton.books import Books


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


def _deal(  # noqa: PLR0917  a row of the table below
    index: int, entity: str, kind: str, amount: int, closed: date, rate: str = "0", currency: str = ""
) -> Deal:
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
class Market:
    """Ids of customers and their addresses by index of the deal, of products by company and kind."""

    customers: tuple[int, ...]
    addresses: tuple[int, ...]
    products: Mapping[tuple[str, str], int]


def market_of(admin: Admin, books: Books) -> Market:
    """Create products and customers."""
    products = _products(admin, books)
    customers, addresses = _customers(admin, books)
    return Market(customers, addresses, products)


def _products(admin: Admin, books: Books) -> dict[tuple[str, str], int]:
    """One product by the hour, one package that makes tasks when sold and one by the piece, for each company."""
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
    """A customer for each deal, and the address of each."""
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


def employees_of(admin: Admin, books: Books) -> dict[str, tuple[int, ...]]:
    """Employees by company, each with a cost price that rises once."""
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
        entity: tuple(employee for employee, (_, home, _) in zip(created, _STAFF, strict=True) if home == entity)
        for entity in books.companies
    }
