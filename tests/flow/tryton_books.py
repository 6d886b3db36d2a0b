"""The four marts of the Tryton firm, computed from its own records in plain Python.

Reads over RPC with nothing of the connector but the session, and shares no rule with the SQL: what is billed is found
by walking from each invoice line to what it bills, cost is what Tryton itself stored on each timesheet line.
"""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from qtc_pipeline.systems.tryton.rpc import TrytonRpc

Row = dict[str, Any]
AS_OF = date(2026, 6, 30)
REPORTING = "USD"
ENTITIES = {1: "US", 2: "DE"}
ZERO = Decimal(0)
_WON = ("confirmed", "processing", "done")


def cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def six(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def month(day: date) -> str:
    return day.strftime("%Y-%m")


@dataclass(frozen=True)
class Billed:
    """One invoice line as far as it counts: what it bills and for how much."""

    invoice: int
    sale: int | None
    amount: Decimal
    functional: Decimal
    items: tuple[str, ...]


class Books:
    """The firm's records and what follows from them."""

    def __init__(self, rpc: TrytonRpc) -> None:
        def everything(model: str, *fields: str) -> dict[int, Row]:
            rows = rpc.call(
                f"model.{model}.search_read", [], 0, None, [["id", "ASC"]], list(fields), {"active_test": False}
            )
            return {row["id"]: row for row in rows}

        self.currencies = {row["id"]: row["code"] for row in everything("currency.currency", "code").values()}
        self.companies = everything("company.company", "currency")
        self.rates = everything("currency.currency.rate", "currency", "date", "rate")
        self.opportunities = everything("sale.opportunity", "number")
        self.sales = everything(
            "sale.sale", "origin", "state", "sale_date", "currency", "company", "untaxed_amount", "invoice_method"
        )
        self.sale_lines = everything("sale.line", "sale", "amount", "type")
        self.works = everything(
            "project.work", "parent", "origin", "comment", "list_price", "project_invoice_method", "party"
        )
        self.timesheet_works = everything("timesheet.work", "origin")
        self.time = everything(
            "timesheet.line", "work", "date", "duration", "cost_price", "invoice_line", "company", "employee"
        )
        self.progress = everything("project.work.invoiced_progress", "work", "invoice_line")
        self.invoices = everything(
            "account.invoice",
            *("type", "state", "move", "cancel_move", "company", "party", "currency", "number", "invoice_date"),
            *("untaxed_amount", "tax_amount", "total_amount"),
        )
        self.invoice_lines = everything("account.invoice.line", "invoice", "origin", "amount", "quantity", "type")
        self.taxes = everything("account.invoice.tax", "invoice", "amount")
        self.moves = everything("account.move", "state", "date", "period")
        self.periods = everything("account.period", "start_date")
        self.move_lines = everything("account.move.line", "move", "account", "debit", "credit", "origin")
        self.accounts = everything("account.account", "type.revenue")

    def currency_of(self, row: Row) -> str:
        return str(self.currencies[row["currency"]])

    def home_currency(self, company: int) -> str:
        return str(self.currencies[self.companies[company]["currency"]])

    @cached_property
    def contracts(self) -> dict[int, Row]:
        return {key: row for key, row in self.sales.items() if row["state"] in _WON and row["sale_date"] <= AS_OF}

    def rate(self, currency: str, period: str) -> Decimal:
        """Average rate of a month to the reporting currency."""

        def dated(code: str) -> Decimal:
            own = [row for row in self.rates.values() if self.currency_of(row) == code]
            of_month = [row["rate"] for row in own if month(row["date"]) == period]
            if of_month:
                return six(sum(of_month, ZERO) / len(of_month))
            year, number = map(int, period.split("-"))
            last_day = date(year, number, calendar.monthrange(year, number)[1])
            return Decimal(max((row for row in own if row["date"] <= last_day), key=lambda row: row["date"])["rate"])

        return six(dated(REPORTING) / dated(currency))

    def reporting(self, amount: Decimal, currency: str, period: str = month(AS_OF)) -> Decimal:
        return cents(amount * self.rate(currency, period))

    # what delivers what

    def root(self, work: int) -> int:
        parent = self.works[work]["parent"]
        return work if parent is None else self.root(parent)

    @cached_property
    def sale_of_root(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for key, row in self.works.items():
            match (row["origin"] or "").split(","):
                case ["sale.line", line]:
                    found[self.root(key)] = self.sale_lines[int(line)]["sale"]
        numbers = {row["number"]: key for key, row in self.opportunities.items()}
        for key, row in self.works.items():
            named = re.search(r"opportunity=(\w+)", row["comment"] or "")
            if named is None or self.root(key) in found:
                continue
            origin = f"sale.opportunity,{numbers[named[1]]}"
            sales = [sale for sale, record in self.contracts.items() if record["origin"] == origin]
            found[self.root(key)] = min(sales, key=lambda sale: (self.sales[sale]["sale_date"], sale))
        return found

    def work_of(self, entry: Row) -> int:
        return int(self.timesheet_works[entry["work"]]["origin"].split(",")[1])

    def sale_of_entry(self, entry: Row) -> int | None:
        return self.sale_of_root.get(self.root(self.work_of(entry)))

    def is_by_time(self, sale: int) -> bool:
        return any(
            self.works[root]["project_invoice_method"] == "timesheet"
            for root, sold in self.sale_of_root.items()
            if sold == sale
        )

    # what is billed

    def is_posted(self, invoice: Row) -> bool:
        """Posted and not void: a refunded invoice is 'cancelled', but it and its credit note both count."""
        if invoice["type"] != "out" or invoice["move"] is None:
            return False
        refund = {row["move"] for row in self.invoices.values() if row["move"] is not None}
        is_void = invoice["state"] == "cancelled" and invoice["cancel_move"] not in refund
        return not is_void and self.moves[invoice["move"]]["state"] == "posted"

    def entries_of_line(self, line: int) -> list[int]:
        return [key for key, row in self.time.items() if row["invoice_line"] == line]

    def billed_by(self, line: int) -> tuple[int | None, tuple[str, ...]]:
        """The sale a line bills and its source items."""
        row = self.invoice_lines[line]
        match (row["origin"] or "").split(","):
            case ["account.invoice.line", original]:
                return self.billed_by(int(original))
            case ["sale.line", sold]:
                return self.sale_lines[int(sold)]["sale"], (f"sale.line,{sold}",)
        entries = self.entries_of_line(line)
        if entries:
            sales = {self.sale_of_entry(self.time[entry]) for entry in entries}
            return (sales.pop() if len(sales) == 1 else None), tuple(f"timesheet.line,{one}" for one in entries)
        for step in self.progress.values():
            if step["invoice_line"] == line:
                return self.sale_of_root.get(self.root(step["work"])), ()
        return None, ()

    @cached_property
    def billed(self) -> tuple[Billed, ...]:
        functional = defaultdict(Decimal)
        for row in self.move_lines.values():
            match (row["origin"] or "").split(","):
                case ["account.invoice.line", line]:
                    functional[int(line)] += row["credit"] - row["debit"]
        return tuple(
            Billed(row["invoice"], sale, row["amount"], functional[key], items)
            for key, row in self.invoice_lines.items()
            if row["type"] == "line" and self.is_posted(self.invoices[row["invoice"]])
            for sale, items in [self.billed_by(key)]
        )

    def sale_of_invoice(self, invoice: int) -> int | None:
        sales = {one.sale for one in self.billed if one.invoice == invoice and one.sale is not None}
        return sales.pop() if len(sales) == 1 else None

    def period_of_invoice(self, invoice: int) -> str:
        move = self.moves[self.invoices[invoice]["move"]]
        return month(self.periods[move["period"]]["start_date"])

    def posted_minutes(self, entry: int) -> int:
        """Minutes billed of an entry, less those credited again."""
        minutes = 0
        for key, row in self.invoice_lines.items():
            if not self.is_posted(self.invoices[row["invoice"]]):
                continue
            if f"timesheet.line,{entry}" in self.billed_by(key)[1]:
                minutes += self.minutes(self.time[entry]) * (1 if row["quantity"] > 0 else -1)
        return minutes

    def is_on_draft(self, entry: int) -> bool:
        line = self.time[entry]["invoice_line"]
        return line is not None and self.invoices[self.invoice_lines[line]["invoice"]]["state"] == "draft"

    @staticmethod
    def minutes(entry: Row) -> int:
        return int(entry["duration"].total_seconds() / 60)

    # the marts

    def unbilled(self) -> Iterator[tuple[int, int, str, int, Decimal]]:
        """(entry, sale, state, open minutes, open value) of time that is billable and not on a posted invoice."""
        for key, entry in self.time.items():
            sale, work = self.sale_of_entry(entry), self.works[self.work_of(entry)]
            if sale not in self.contracts or not self.is_by_time(sale) or entry["date"] > AS_OF:
                continue
            if not work["list_price"]:
                continue
            minutes = self.minutes(entry)
            value = cents(minutes * work["list_price"] / 60)
            if self.posted_minutes(key) >= minutes:
                continue
            yield key, sale, "on_draft" if self.is_on_draft(key) else "ready", minutes - self.posted_minutes(key), value

    def backlog(self) -> dict[int, dict[str, Decimal]]:
        open_time = defaultdict(Decimal)
        for _, sale, _, _, value in self.unbilled():
            open_time[sale] += value
        marts = {}
        for sale, row in self.contracts.items():
            value = row["untaxed_amount"]
            billed = sum((one.amount for one in self.billed if self.sale_of_invoice(one.invoice) == sale), ZERO)
            backlog = value - min(billed, value)
            delivered = min(open_time[sale] + self.due(sale), backlog)
            marts[sale] = {
                "contract_value": value,
                "billed_amount": billed,
                "recognized_amount": billed,  # revenue is recognized where it is billed
                "backlog_billing": backlog,
                "backlog_revenue": backlog,
                "overrun_billed": billed - min(billed, value),
                "delivered_unbilled": delivered,
                "scheduled": ZERO,
                "inactive": ZERO,
                "unscheduled": backlog - delivered,
                "contract_value_reporting": self.reporting(value, self.currency_of(row)),
                "backlog_billing_reporting": self.reporting(backlog, self.currency_of(row)),
            }
        return marts

    def due(self, sale: int) -> Decimal:
        """Lines of a sale that is invoiced when processed and that no posted invoice bills, credits taken off."""
        if self.sales[sale]["invoice_method"] != "order":
            return ZERO
        total = ZERO
        for key, line in self.sale_lines.items():
            if line["sale"] == sale and line["type"] == "line":
                billed = sum((one.amount for one in self.billed if f"sale.line,{key}" in one.items), ZERO)
                total += line["amount"] if billed == 0 else ZERO
        return total

    def margin(self) -> dict[tuple[int, str], dict[str, Decimal]]:
        cells: dict[tuple[int, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for one in self.billed:
            sale = self.sale_of_invoice(one.invoice)
            if sale in self.contracts:
                cells[sale, self.period_of_invoice(one.invoice)]["billed_amount"] += one.functional
        for row in self.move_lines.values():
            move = self.moves[row["move"]]
            invoice = next((key for key, one in self.invoices.items() if one["move"] == row["move"]), None)
            if not self.accounts[row["account"]]["type."]["revenue"] or move["state"] != "posted" or invoice is None:
                continue
            sale = self.sale_of_invoice(invoice)
            if sale in self.contracts:
                period = month(self.periods[move["period"]]["start_date"])
                cells[sale, period]["recognized_amount"] += row["credit"] - row["debit"]
        for entry in self.time.values():
            sale = self.sale_of_entry(entry)
            if sale in self.contracts and entry["date"] <= AS_OF:
                cell = cells[sale, month(entry["date"])]
                cell["approved_minutes"] += self.minutes(entry)
                cell["labour_cost"] += cents(self.minutes(entry) * entry["cost_price"] / 60)
        return {key: dict(cell) for key, cell in cells.items()}

    def contract_value_functional(self, sale: int) -> Decimal:
        row = self.contracts[sale]
        own, home = self.currency_of(row), self.home_currency(row["company"])
        if own == home:
            return Decimal(row["untaxed_amount"])
        signed = month(row["sale_date"])
        return cents(row["untaxed_amount"] * self.rate(own, signed) / self.rate(home, signed))

    def invoice_exceptions(self) -> set[tuple[int, str]]:
        """(invoice, class) of every posted invoice something is wrong with."""
        found: set[tuple[int, str]] = set()
        originals: dict[tuple[Any, ...], int] = {}
        numbers: dict[tuple[Any, ...], int] = {}
        for key, row in sorted(self.invoices.items()):
            if not self.is_posted(row):
                continue
            lines = [line for line in self.billed if line.invoice == key]
            if sum((line.amount for line in lines), ZERO) != row["total_amount"] - row["tax_amount"]:
                found.add((key, "header_line_mismatch"))
            if sum((tax["amount"] for tax in self.taxes.values() if tax["invoice"] == key), ZERO) != row["tax_amount"]:
                found.add((key, "tax_mismatch"))
            if row["total_amount"] < 0 or self.is_credited_in_full(key):
                continue
            items = tuple(sorted(item for line in lines for item in line.items))
            owner = (row["company"], row["party"])
            content = (*owner, row["invoice_date"], row["untaxed_amount"], items)
            if items and originals.setdefault(content, key) != key:
                found.add((key, "duplicate_invoice"))
            if numbers.setdefault((*owner, row["number"]), key) != key:
                found.add((key, "duplicate_invoice"))
        return found

    def is_credited_in_full(self, invoice: int) -> bool:
        credit_notes = {
            self.invoice_lines[key]["invoice"]
            for key, row in self.invoice_lines.items()
            if (row["origin"] or "").startswith("account.invoice.line,")
            and self.invoice_lines[int(row["origin"].split(",")[1])]["invoice"] == invoice
        }
        total = sum(
            (self.invoices[key]["total_amount"] for key in credit_notes if self.is_posted(self.invoices[key])), ZERO
        )
        return bool(self.invoices[invoice]["total_amount"] + total == 0)

    def items_billed_twice(self) -> Mapping[str, Decimal]:
        """Sale lines billed beyond their amount, with the excess."""
        return {
            f"sale.line,{key}": excess
            for key, line in self.sale_lines.items()
            if (
                excess := sum((one.amount for one in self.billed if f"sale.line,{key}" in one.items), ZERO)
                - line["amount"]
            )
            > 0
        }
