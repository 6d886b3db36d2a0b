"""What the firm bills and collects: invoices from time, sales and progress, credit notes, payments, closed periods.

Here: documents, at most twenty of them posted (posting is the slow part of a Tryton). Stays out: the work behind them
(``work.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.tryton.admin import Admin
from qtc_pipeline.sandbox.tryton.books import Books
from qtc_pipeline.sandbox.tryton.catalogue import DEALS
from qtc_pipeline.sandbox.tryton.work import Work

# index of the deal, time invoiced up to, invoice date (None: stays a draft)
_FROM_TIME: tuple[tuple[int, date, date | None], ...] = (
    (0, date(2026, 2, 28), date(2026, 3, 4)),
    (8, date(2026, 3, 15), date(2026, 3, 31)),
    (1, date(2026, 3, 31), date(2026, 4, 3)),
    (0, date(2026, 4, 30), date(2026, 5, 6)),
    (2, date(2026, 4, 30), date(2026, 5, 6)),
    (8, date(2026, 5, 31), date(2026, 6, 2)),
    (9, date(2026, 5, 31), None),
)
_FROM_SALES: Mapping[int, date] = {
    3: date(2026, 1, 31),
    4: date(2026, 2, 27),
    5: date(2026, 3, 17),
    10: date(2026, 3, 31),
}
_FROM_PROGRESS = (11, date(2026, 4, 30))
_BILLED_TWICE = 3
_CREDITED = (4, date(2026, 6, 9))
_REFUNDED = (1, date(2026, 6, 15))


@dataclass(frozen=True)
class _Payment:
    deal: int
    share: Decimal
    day: date


_PAYMENTS: tuple[_Payment, ...] = (
    _Payment(3, Decimal(1), date(2026, 3, 2)),
    _Payment(0, Decimal("0.5"), date(2026, 4, 8)),
    _Payment(5, Decimal("0.25"), date(2026, 4, 20)),
    _Payment(8, Decimal(1), date(2026, 5, 4)),
    _Payment(10, Decimal("0.4"), date(2026, 5, 15)),
)


@dataclass(frozen=True)
class _Line:
    currency: str
    quantity: int
    price: Decimal
    text: str
    origin: str | None = None


@dataclass(frozen=True)
class _Draft:
    """An invoice to post; ``deal`` is None for one without a deal, ``day`` None for one that stays a draft."""

    deal: int | None
    entity: str
    invoice: int
    day: date | None


def bill(admin: Admin, books: Books, work: Work) -> None:
    """Create, post, credit and pay the firm's invoices, then close its oldest periods and archive what is over."""
    drafts = [
        *_drafts_of_sales(admin, work),
        *_drafts_of_projects(admin, books, work),
        *_plain_drafts(admin, books, work),
        _billed_again(admin, books, work),
    ]
    # numbers are drawn from strict sequences: a company's invoices are posted in the order of their dates
    dated = [(draft.day, draft.entity, draft.invoice) for draft in drafts if draft.day is not None]
    for day, entity, invoice in sorted(dated):
        _date_and_post(admin.at(books.companies[entity]), [invoice], day)
    invoices: dict[int, int] = {}
    for draft in drafts:
        if draft.deal is not None:
            invoices.setdefault(draft.deal, draft.invoice)
    _credit_notes(admin, books, invoices)
    for payment in _PAYMENTS:
        _pay(admin, books, invoices[payment.deal], payment)
    _settle_by_hand(admin, books, invoices[5], date(2026, 6, 8))
    _leave_traps(admin, books, work)


def _at(admin: Admin, books: Books, deal: int) -> Admin:
    return admin.at(books.companies[DEALS[deal].entity])


def _date_and_post(admin: Admin, invoices: list[int], day: date) -> None:
    admin.write("account.invoice", invoices, {"invoice_date": day, "accounting_date": day})
    admin.press("account.invoice", "post", invoices)


def _drafts_of_sales(admin: Admin, work: Work) -> list[_Draft]:
    lines = admin.find("sale.line", [["sale", "in", [work.sales[deal] for deal in _FROM_SALES]]], ["sale"])
    origins = [f"sale.line,{row['id']}" for row in lines]
    billed = admin.find("account.invoice.line", [["origin", "in", origins]], ["origin", "invoice"])
    sale_of = {f"sale.line,{row['id']}": int(row["sale"]) for row in lines}
    invoice_of = {sale_of[row["origin"]]: int(row["invoice"]) for row in billed}
    return [_Draft(deal, DEALS[deal].entity, invoice_of[work.sales[deal]], day) for deal, day in _FROM_SALES.items()]


def _drafts_of_projects(admin: Admin, books: Books, work: Work) -> list[_Draft]:
    drafts = []
    for deal, up_to, day in _FROM_TIME:
        at = _at(admin, books, deal)
        at.write("project.work", [work.projects[deal]], {"project_invoice_timesheet_up_to": up_to})
        drafts.append(_Draft(deal, DEALS[deal].entity, _invoice_project(at, work.projects[deal]), day))
    deal, day = _FROM_PROGRESS
    invoice = _invoice_project(_at(admin, books, deal), work.projects[deal])
    return [*drafts, _Draft(deal, DEALS[deal].entity, invoice, day)]


def _invoice_project(admin: Admin, project: int) -> int:
    """Press *invoice* on a project and give the draft it made."""
    newest: tuple[Any, ...] = ("model.account.invoice.search", [], 0, 1, [["id", "DESC"]])
    before = admin.call(*newest)
    admin.press("project.work", "invoice", [project])
    after = admin.call(*newest)
    if before == after:
        raise SandboxError(f"Tryton, project.work {project}", "pressing invoice made none")
    return int(after[0])


def _plain_drafts(admin: Admin, books: Books, work: Work) -> list[_Draft]:
    """Invoices without any deal: a EUR one in the USD company, one left as draft, one cancelled."""
    foreign, draft, cancelled = admin.at(books.companies["US"]).create(
        "account.invoice",
        [
            _by_hand(admin, books, work, 0, _Line("EUR", 3, Decimal("410.37"), "Workshop")),
            _by_hand(admin, books, work, 1, _Line("USD", 3, Decimal("99.99"), "Handbook")),
            _by_hand(admin, books, work, 2, _Line("USD", 3, Decimal("50.00"), "Mistake")),
        ],
    )
    admin.at(books.companies["US"]).press("account.invoice", "cancel", [cancelled])
    return [_Draft(None, "US", foreign, date(2026, 4, 16)), _Draft(None, "US", draft, None)]


def _billed_again(admin: Admin, books: Books, work: Work) -> _Draft:
    """A sale's line billed a second time by hand, on the date of the first invoice: what Tryton does not prevent."""
    line = admin.one("sale.line", [["sale", "=", work.sales[_BILLED_TWICE]]])
    row = _by_hand(
        admin,
        books,
        work,
        _BILLED_TWICE,
        _Line("USD", 1, DEALS[_BILLED_TWICE].amount, "Copy", origin=f"sale.line,{line}"),
    )
    (invoice,) = admin.at(books.companies["US"]).create("account.invoice", [row])
    return _Draft(None, "US", invoice, _FROM_SALES[_BILLED_TWICE])


def _by_hand(admin: Admin, books: Books, work: Work, deal: int, line: _Line) -> dict[str, Any]:
    """An invoice of the USD company typed in by hand: one line, tax at zero."""
    own = {"company": books.companies["US"], "currency": books.currencies[line.currency]}
    return {
        **own,
        "type": "out",
        "party": work.market.customers[deal],
        "invoice_address": work.market.addresses[deal],
        "journal": books.journal,
        "account": books.accounts["US"]["receivable"],
        "payment_term": books.payment_term,
        "description": line.text,
        "lines": [
            [
                "create",
                [
                    {
                        **own,
                        "type": "line",
                        "product": work.market.products["US", "piece"],
                        "description": line.text,
                        "quantity": line.quantity,
                        "unit": admin.one("product.uom", [["name", "=", "Unit"]]),
                        "unit_price": line.price,
                        "account": books.accounts["US"]["revenue"],
                        "taxes": [["add", [books.taxes["US"]]]],
                        "origin": line.origin,
                    }
                ],
            ]
        ],
    }


def _credit_notes(admin: Admin, books: Books, invoices: Mapping[int, int]) -> None:
    for (deal, day), refund in ((_CREDITED, False), (_REFUNDED, True)):
        at = _at(admin, books, deal)
        start = {"invoice_date": day, "with_refund": refund, "with_refund_allowed": True}
        at.wizard("account.invoice.credit", [("credit", {"start": start})], ("account.invoice", invoices[deal]))
        if not refund:
            newest = at.call("model.account.invoice.search", [], 0, 1, [["id", "DESC"]])
            _date_and_post(at, newest, day)


def _pay(admin: Admin, books: Books, invoice: int, payment: _Payment) -> None:
    entity = DEALS[payment.deal].entity
    at = _at(admin, books, payment.deal)
    fields = ["total_amount", "currency", "party", "account", "currency.digits"]
    (row,) = at.find("account.invoice", [["id", "=", invoice]], fields)
    start = {
        "amount": round(row["total_amount"] * payment.share, 2),
        "currency": row["currency"],
        "payee": row["party"],
        "payees": [row["party"]],
        "company": books.companies[entity],
        "invoice_account": row["account"],
        "payment_method": books.payment_methods[entity],
        "date": payment.day,
    }
    ask = {"type": "partial"}  # asked only where the amount does not settle the invoice
    steps = [("choice", {"start": start}), ("pay", {"start": start, "ask": ask})]
    at.wizard("account.invoice.pay", steps, ("account.invoice", invoice))


def _settle_by_hand(admin: Admin, books: Books, invoice: int, day: date) -> None:
    """Pay what is open of a EUR invoice of the USD company as a bookkeeper does: a move, its link, a reconciliation.

    The pay wizard would do, but books the exchange difference today; here it carries the day of the payment.
    """
    at = admin.at(books.companies["US"])
    (row,) = at.find("account.invoice", [["id", "=", invoice]], ["amount_to_pay", "party", "move", "currency"])
    at.context["date"] = day  # the rate of that day
    usd = at.call("model.currency.currency.compute", row["currency"], row["amount_to_pay"], books.currencies["USD"])
    move = at.create(
        "account.move",
        [
            {
                "journal": at.one("account.journal", [["code", "=", "CASH"]]),
                "period": at.one(
                    "account.period",
                    [["fiscalyear.company", "=", at.company], ["start_date", "<=", day], ["end_date", ">=", day]],
                ),
                "company": at.company,
                "date": day,
                "description": "Bank statement",
                "lines": [["create", _foreign_lines(books, row, usd)]],
            }
        ],
    )
    at.press("account.move", "post", move)
    receivable = [["account", "=", books.accounts["US"]["receivable"]]]
    paid = at.one("account.move.line", [["move", "=", move[0]], *receivable])
    at.write("account.invoice", [invoice], {"payment_lines": [["add", [paid]]]})
    moves = [
        ["OR", ["move", "=", row["move"]], ["move", "=", move[0]], ["move.origin", "=", f"account.invoice,{invoice}"]]
    ]
    lines = [int(line["id"]) for line in at.find("account.move.line", [*receivable, *moves], ["move"])]
    forms = {"writeoff": {"date": day}}
    at.wizard("account.move.reconcile_lines", [("reconcile", forms)], ("account.move.line", lines[0]), lines)


def _foreign_lines(books: Books, invoice: Mapping[str, Any], usd: Decimal) -> list[dict[str, Any]]:
    foreign = {"second_currency": invoice["currency"]}
    return [
        {
            "account": books.accounts["US"]["cash"],
            "debit": usd,
            "credit": Decimal(0),
            "amount_second_currency": invoice["amount_to_pay"],
            **foreign,
        },
        {
            "account": books.accounts["US"]["receivable"],
            "party": invoice["party"],
            "debit": Decimal(0),
            "credit": usd,
            "amount_second_currency": -invoice["amount_to_pay"],
            **foreign,
        },
    ]


def _leave_traps(admin: Admin, books: Books, work: Work) -> None:
    """What a careless reader would miss: archived customers and people who still have documents and time."""
    admin.write("party.party", [work.market.customers[4]], {"active": False})
    leaver = admin.find("company.employee", [["party.name", "=", "Dario"]], ["party"])
    admin.write("company.employee", [int(row["id"]) for row in leaver], {"end_date": date(2026, 6, 30)})
    for company in books.companies.values():
        old = [["fiscalyear.company", "=", company], ["end_date", "<=", date(2026, 2, 28)]]
        at = admin.at(company)
        at.press("account.period", "close", [int(row["id"]) for row in at.find("account.period", old, ["name"])])
