"""The firm's books: two companies in two currencies, accounts, fiscal years, taxes, terms, payment methods.

Here: what must exist before anything is sold. Stays out: customers and work (``work.py``), documents (``billing.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from qtc_pipeline.sandbox.tryton.admin import Admin

YEARS = (2025, 2026)
_FIRST_RATE = date(2024, 12, 1)
_MONTHS = 20
_EUR_PER_USD = Decimal("0.9200")
_GBP_PER_USD = Decimal("0.7900")
# codes of Tryton's universal chart of accounts
_ACCOUNTS = {
    "receivable": "1.2.1",
    "payable": "2.1.1",
    "revenue": "4.2.2",
    "expense": "5.1.3",
    "cash": "1.1.1",
    "tax": "6.3.4",
    "exchange": "6.2.1",
}
_VAT = {"US": Decimal("0.0000"), "DE": Decimal("0.1900")}


@dataclass(frozen=True)
class Books:
    """Ids the rest of the seed refers to; by legal entity where a dict."""

    companies: Mapping[str, int]
    currencies: Mapping[str, int]
    accounts: Mapping[str, Mapping[str, int]]
    taxes: Mapping[str, int]
    payment_methods: Mapping[str, int]
    payment_term: int
    journal: int


def open_books(admin: Admin) -> Books:
    """Create the companies and everything their bookkeeping needs; gives the ids."""
    currencies = _currencies(admin)
    companies = _companies(admin, currencies)
    # rows of the second company stay invisible, even to the administrator, before this
    user = {"companies": [["add", list(companies.values())]], "company": companies["US"], "company_filter": "all"}
    admin.write("res.user", [admin.one("res.user", [["login", "=", "admin"]])], user)
    term = admin.create(
        "account.invoice.payment_term",
        [
            {
                "name": "30 days",
                "lines": [["create", [{"type": "remainder", "relativedeltas": [["create", [{"days": 30}]]]}]]],
            }
        ],
    )[0]
    accounts, taxes, methods = {}, {}, {}
    for key, company in companies.items():
        at = admin.at(company)
        accounts[key] = _chart(at, company)
        _fiscal_years(at, company)
        taxes[key] = _tax(at, company, key, accounts[key])
        methods[key] = _payment_method(at, company, accounts[key])
    journal = admin.one("account.journal", [["code", "=", "REV"]])
    return Books(companies, currencies, accounts, taxes, methods, term, journal)


def _currencies(admin: Admin) -> dict[str, int]:
    months = [_month(_FIRST_RATE, index) for index in range(_MONTHS)]
    rows = []
    for code, name, number, base in (
        ("USD", "US Dollar", "840", Decimal(1)),
        ("EUR", "Euro", "978", _EUR_PER_USD),
        ("GBP", "Pound Sterling", "826", _GBP_PER_USD),
    ):
        drift = Decimal("0.0015") if code != "USD" else Decimal(0)
        rates = [{"date": day, "rate": base + drift * (index % 7)} for index, day in enumerate(months)]
        rows.append(
            {
                "name": name,
                "code": code,
                "numeric_code": number,
                "symbol": code,
                "digits": 2,
                "rounding": Decimal("0.01"),
                "rates": [["create", rates[:1] if code == "USD" else rates]],
            }
        )
    return dict(zip(("USD", "EUR", "GBP"), admin.create("currency.currency", rows), strict=True))


def _month(first: date, offset: int) -> date:
    index = first.year * 12 + first.month - 1 + offset
    return date(index // 12, index % 12 + 1, 1)


def _companies(admin: Admin, currencies: Mapping[str, int]) -> dict[str, int]:
    parties = admin.create(
        "party.party",
        [
            {"name": name, "addresses": [["create", [{"city": city}]]]}
            for name, city in (("Aldergrove Consulting Inc.", "Boston"), ("Aldergrove Consulting GmbH", "Hamburg"))
        ],
    )
    created = admin.create(
        "company.company",
        [
            {"party": parties[0], "currency": currencies["USD"], "timezone": "UTC"},
            {"party": parties[1], "currency": currencies["EUR"], "timezone": "UTC"},
        ],
    )
    return dict(zip(("US", "DE"), created, strict=True))


def _chart(admin: Admin, company: int) -> dict[str, int]:
    template = admin.one("account.account.template", [["parent", "=", None]])
    account = {"company": company, "account_template": template}
    admin.wizard("account.create_chart", [("account", {}), ("create_account", {"account": account})])
    found = admin.find("account.account", [["company", "=", company], ["type", "!=", None]], ["code"])
    by_code = {row["code"]: int(row["id"]) for row in found}
    ids = {role: by_code[code] for role, code in _ACCOUNTS.items()}
    defaults = {
        "default_account_receivable": ids["receivable"],
        "default_account_payable": ids["payable"],
        "default_category_account_revenue": ids["revenue"],
        "default_category_account_expense": ids["expense"],
        "currency_exchange_journal": admin.one("account.journal", [["code", "=", "EXC"]]),
        "currency_exchange_debit_account": ids["exchange"],
        "currency_exchange_credit_account": ids["exchange"],
    }
    admin.write("account.configuration", [1], defaults)
    return ids


def _fiscal_years(admin: Admin, company: int) -> None:
    kinds = admin.find("ir.sequence.type", [["name", "in", ["Account Move", "Invoice"]]], ["name"])
    types = {row["name"]: int(row["id"]) for row in kinds}
    rows = []
    for year in YEARS:
        move, invoice = admin.create(
            "ir.sequence.strict",
            [
                {"name": f"Moves {year}", "sequence_type": types["Account Move"], "company": company},
                {
                    "name": f"Invoices {year}",
                    "sequence_type": types["Invoice"],
                    "company": company,
                    "prefix": f"{year}-",
                    "padding": 4,
                },
            ],
        )
        sequences = dict.fromkeys(
            (f"{way}_{kind}_sequence" for way in ("in", "out") for kind in ("invoice", "credit_note")), invoice
        )
        rows.append(
            {
                "name": str(year),
                "company": company,
                "start_date": date(year, 1, 1),
                "end_date": date(year, 12, 31),
                "move_sequence": move,
                "invoice_sequences": [["create", [{"company": company, **sequences}]]],
            }
        )
    admin.press("account.fiscalyear", "create_period", admin.create("account.fiscalyear", rows))


def _tax(admin: Admin, company: int, key: str, accounts: Mapping[str, int]) -> int:
    row = {
        "name": f"Sales tax {key}",
        "description": f"Sales tax {key}",
        "type": "percentage",
        "rate": _VAT[key],
        "company": company,
        "invoice_account": accounts["tax"],
        "credit_note_account": accounts["tax"],
    }
    return admin.create("account.tax", [row])[0]


def _payment_method(admin: Admin, company: int, accounts: Mapping[str, int]) -> int:
    row = {
        "name": "Bank transfer",
        "company": company,
        "journal": admin.one("account.journal", [["code", "=", "CASH"]]),
        "credit_account": accounts["cash"],
        "debit_account": accounts["cash"],
    }
    return admin.create("account.invoice.payment.method", [row])[0]
