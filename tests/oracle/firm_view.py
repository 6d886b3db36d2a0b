"""The three systems joined by their own keys: what is linked to a contract, what is billed, what is recognized.

Add here: a look-up several rules need. Stays out: a verdict on anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property

from tests.oracle.context import Context, cents
from tests.oracle.parse import Payloads, Sales, read_sales
from tests.oracle.parse_delivery import Delivery, read_delivery
from tests.oracle.parse_erp import Books, read_books
from tests.oracle.records import Amendment, Contract, Entry, Project
from tests.oracle.records_erp import Document, Line, Payment, Recognition, Transfer

ZERO = Decimal(0)
NO_FEE = {"expense", "write_off"}
UNTYPED = "none"


def at_midnight(day: date) -> datetime:
    """The first instant of a day, UTC."""
    return datetime.combine(day, time(), UTC)


@dataclass(frozen=True)
class View:
    """All records and the joins between them."""

    context: Context
    sales: Sales
    delivery: Delivery
    books: Books

    @cached_property
    def contracts(self) -> Mapping[str, Contract]:
        """Executed contracts signed up to today, by id."""
        today = self.context.today
        known = self.sales.contracts.values()
        return {c.id: c for c in known if c.executed and c.signed is not None and c.signed <= today}

    @cached_property
    def deals(self) -> Mapping[str, Contract]:
        """The same and those signed after today: nothing is owed on them yet, but they say whose a record is."""
        return {contract.id: contract for contract in self.sales.contracts.values() if contract.executed}

    @cached_property
    def amendments(self) -> Mapping[str, Sequence[Amendment]]:
        """Amendments per contract, oldest first."""
        found: dict[str, list[Amendment]] = defaultdict(list)
        for amendment in sorted(self.sales.amendments, key=lambda entry: (entry.effective or date.max, entry.id)):
            found[amendment.contract].append(amendment)
        return found

    def in_force(self, contract: str) -> list[Amendment]:
        """Approved amendments in the contract's currency effective up to today, oldest first."""
        today, currency = self.context.today, self.contracts[contract].currency
        approved = [
            entry for entry in self.amendments.get(contract, ()) if entry.approved and entry.currency == currency
        ]
        return [entry for entry in approved if entry.effective is not None and entry.effective <= today]

    def agreed_value(self, contract: Contract) -> Decimal:
        """Signed value plus approved amendments in force."""
        return contract.signed_value + sum((entry.amount for entry in self.in_force(contract.id)), ZERO)

    def debooked(self, contract: Contract) -> Decimal:
        """Remaining value given up when the contract was closed."""
        return contract.debooked if contract.closed is not None and contract.closed <= self.context.today else ZERO

    def contract_value(self, contract: Contract) -> Decimal:
        """Agreed value less what was de-booked."""
        return self.agreed_value(contract) - self.debooked(contract)

    @cached_property
    def projects_by_contract(self) -> Mapping[tuple[str, str], Sequence[Project]]:
        """(side, contract) -> its projects, cancelled ones included."""
        found: dict[tuple[str, str], list[Project]] = defaultdict(list)
        for project in [*self.delivery.projects.values(), *self.books.jobs.values()]:
            if project.contract is not None:
                found[project.side, project.contract].append(project)
        return found

    def contract_of_workspace(self, project: str) -> Contract | None:
        """Executed contract a PSA project delivers."""
        workspace = self.delivery.projects.get(project)
        return self.contracts.get(workspace.contract) if workspace is not None and workspace.contract else None

    def contract_of_job(self, job: str | None) -> Contract | None:
        """Executed contract an ERP job bills."""
        found = self.books.jobs.get(job) if job is not None else None
        return self.contracts.get(found.contract) if found is not None and found.contract else None

    def deal_of_workspace(self, project: str) -> Contract | None:
        """The contract a PSA project belongs to, signed by today or later."""
        workspace = self.delivery.projects.get(project)
        return self.deals.get(str(workspace.contract)) if workspace is not None else None

    def deal_of_job(self, job: str | None) -> Contract | None:
        """The contract an ERP job belongs to, signed by today or later."""
        found = self.books.jobs.get(job) if job is not None else None
        return self.deals.get(str(found.contract)) if found is not None else None

    def contract_rate(self, contract: str, role: str | None, day: date, country: str | None = None) -> Decimal | None:
        """Contract rate of a role on a day, None where no line covers it; a line for the very country goes first."""
        if role is None:
            return None
        lines = self.sales.rates.get((contract, role), ())
        valid = [line for line in lines if line.start <= day and (line.end is None or day <= line.end)]
        valid = [line for line in valid if line.country is None or line.country == country]
        return max(valid, key=lambda line: (line.country is not None, line.start)).rate if valid else None

    def entry_rate(self, contract: str, entry: Entry) -> Decimal | None:
        """Contract rate of a time entry: its role on its day in the country of who worked."""
        person = self.delivery.people.get(entry.person)
        return self.contract_rate(contract, entry.role, entry.day, person.country if person is not None else None)

    @cached_property
    def entries_by_contract(self) -> Mapping[str, Sequence[Entry]]:
        """Contract -> every time entry up to today on its PSA projects, approved or not, billable or not."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.delivery.entries.values():
            contract = self.contract_of_workspace(entry.project)
            if contract is not None and entry.day <= self.context.today:
                found[contract.id].append(entry)
        return found

    def cost_rate(self, entry: Entry) -> Decimal | None:
        """Cost per hour of who worked, on the day of the work."""
        known = [rate for start, rate, _ in self.delivery.cost_rates.get(entry.person, ()) if start <= entry.day]
        return known[-1] if known else None

    @cached_property
    def lines_by_source(self) -> Mapping[tuple[str, str], Sequence[tuple[Document, Line]]]:
        """(source type, source id) -> lines of invoices and credit memos that are not void, drafts included."""
        found: dict[tuple[str, str], list[tuple[Document, Line]]] = defaultdict(list)
        for document in self.books.documents.values():
            for line in document.lines:
                if document.bills and not document.void and line.source is not None:
                    found[line.source_type or UNTYPED, line.source].append((document, line))
        return found

    @cached_property
    def document_of_line(self) -> Mapping[str, Document]:
        """Line -> its document."""
        return {line.id: document for document in self.books.documents.values() for line in document.lines}

    def is_billed(self, document: Document) -> bool:
        """Posted into a period up to today's; what is posted ahead is not billed yet."""
        return document.posted and document.month <= month_of(self.context.today)

    def billed_minutes(self, entry: str, *, posted: bool = True) -> int:
        """Minutes of a time entry on posted (or on draft) documents, net of credits."""
        found = self.lines_by_source.get(("time", entry), ())
        return sum(line.minutes for document, line in found if self.is_billed(document) == posted)

    def billed_amount(self, kind: str, source: str, *, posted: bool = True) -> Decimal:
        """Net amount of a source item on posted (or on draft) documents, net of credits."""
        found = self.lines_by_source.get((kind, source), ())
        return sum((line.amount for document, line in found if self.is_billed(document) == posted), ZERO)

    @cached_property
    def money(self) -> Mapping[str, Payment]:
        """Posted payments and what takes them back: of a void both documents count, net zero."""
        return {key: payment for key, payment in self.books.payments.items() if payment.posted}

    @cached_property
    def credits_by_invoice(self) -> Mapping[str, Sequence[Document]]:
        """Invoice -> the credit memos made from it."""
        found: dict[str, list[Document]] = defaultdict(list)
        for document in self.books.documents.values():
            if document.credits is not None and document.bills:
                found[document.credits].append(document)
        return found

    @cached_property
    def transfers_by_entry(self) -> Mapping[str, Sequence[Transfer]]:
        """PSA id -> the ERP time bills that carry it."""
        found: dict[str, list[Transfer]] = defaultdict(list)
        for transfer in self.books.transfers:
            if transfer.entry is not None:
                found[transfer.entry].append(transfer)
        return found

    @cached_property
    def documents_by_contract(self) -> Mapping[str, Sequence[Document]]:
        """Contract -> invoices and credit memos posted up to today's period that are not void."""
        found: dict[str, list[Document]] = defaultdict(list)
        today = month_of(self.context.today)
        for document in self.books.documents.values():
            contract = self.contract_of_job(document.project)
            if (
                document.bills
                and contract is not None
                and document.counts
                and (document.period or month_of(document.day)) <= today
            ):
                found[contract.id].append(document)
        return found

    def billed_against_value(self, contract: str, period: str = "9999-12") -> Decimal:
        """Net fees on documents in the contract's currency posted up to a period; expenses are apart."""
        currency = self.contracts[contract].currency
        return sum(
            (
                fees(document)
                for document in self.documents_by_contract.get(contract, ())
                if document.currency == currency and document.month <= period
            ),
            ZERO,
        )

    @cached_property
    def recognized_by_contract(self) -> Mapping[str, Sequence[Recognition]]:
        """Contract -> booked recognition entries."""
        found: dict[str, list[Recognition]] = defaultdict(list)
        for recognition in self.books.recognitions:
            contract = self.contract_of_job(recognition.project)
            if recognition.booked and contract is not None and recognition.period <= month_of(self.context.today):
                found[contract.id].append(recognition)
        return found

    def recognized(self, contract: str) -> Decimal:
        """Revenue booked for a contract in its currency."""
        currency = self.contracts[contract].currency
        booked = self.recognized_by_contract.get(contract, ())
        return sum((entry.amount for entry in booked if entry.currency == currency), ZERO)

    def entries_of(self, projects: Iterable[str]) -> list[Entry]:
        """Time entries of PSA projects."""
        wanted = set(projects)
        return [entry for entry in self.delivery.entries.values() if entry.project in wanted]


def fee_lines(document: Document) -> list[Line]:
    """A document's lines without re-billed expenses."""
    return [line for line in document.lines if line.source_type not in NO_FEE]


def fees(document: Document) -> Decimal:
    """Net amount of a document's fees."""
    return sum((line.amount for line in fee_lines(document)), ZERO)


def functional_fees(document: Document) -> Decimal:
    """The same in functional currency, each line rounded at the document's rate."""
    return sum((cents(line.amount * document.rate) for line in fee_lines(document)), ZERO)


def month_of(day: date) -> str:
    """``YYYY-MM`` of a day."""
    return f"{day:%Y-%m}"


def look(payloads: Payloads, context: Context) -> View:
    """Read the payloads and join them."""
    sales = read_sales(payloads, context)
    return View(context, sales, read_delivery(payloads, context, sales), read_books(payloads, context, sales))
