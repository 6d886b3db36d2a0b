"""Fill an empty Tryton with a small firm, through its own API.

The order is the firm's life: books, work, billing; last, the user the connector logs in as. Everything is fixed (names,
dates, amounts, ids); only Tryton's modification stamps, and the end date it gives a won opportunity, are those of the
day the template was made.

Known traps of Tryton this seed leaves behind on purpose, so that the connector meets them: rows of two companies behind
one ``company_filter``, archived parties and people with documents, a EUR invoice in the USD company, time and materials
without a link to their deal, an invoice line for many timesheet lines, a refunded invoice, drafts, closed periods.
"""

from __future__ import annotations

from pydantic import SecretStr

from qtc_pipeline.sandbox.tryton.admin import Admin
from qtc_pipeline.sandbox.tryton.billing import bill
from qtc_pipeline.sandbox.tryton.books import Books, open_books
from qtc_pipeline.sandbox.tryton.work import deliver
from qtc_pipeline.systems.tryton.rpc import TrytonRpc

MODULES = (
    "account",
    "account_invoice",
    "account_product",
    "company",
    "currency",
    "party",
    "product",
    "project",
    "project_invoice",
    "project_revenue",
    "sale",
    "sale_opportunity",
    "sale_project_task",
    "timesheet",
    "timesheet_cost",
)
INTEGRATION_USER = "qtc"
# what reading needs: documents, projects, cost prices
_GROUPS = (
    "Accounting",
    "Sales",
    "Sale Opportunity",
    "Project Invoice",
    "Employee Administration",
    "Timesheet Administration",
    "Party Administration",  # the cost price of a timesheet line is shown to this group only
)


def seed(rpc: TrytonRpc, password: SecretStr) -> None:
    """Create the firm.

    Args:
        rpc: session of the administrator of an empty database with ``MODULES`` activated.
        password: password of the integration user.
    """
    admin = Admin(rpc)
    books = open_books(admin)
    bill(admin, books, deliver(admin, books))
    _integration_user(admin, books, password)


def _integration_user(admin: Admin, books: Books, password: SecretStr) -> None:
    groups = [int(row["id"]) for row in admin.find("res.group", [["name", "in", list(_GROUPS)]], ["name"])]
    companies = list(books.companies.values())
    row = {
        "name": "Integration",
        "login": INTEGRATION_USER,
        "password": password.get_secret_value(),
        "groups": [["add", groups]],
        "companies": [["add", companies]],
        "company": companies[0],
        # 'one' is Tryton's default: the user would see a single company and no error
        "company_filter": "all",
    }
    admin.create("res.user", [row])
