"""KPIs of invoices: how many go wrong, are issued without a hand on them, or are disputed.

Add here: a KPI whose parts are invoices issued in a month. Stays out: what is open of them (``receivables``).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import ZERO, Part, Place, place_of, reported
from tests.oracle.records_erp import Document
from tests.oracle.solution import Answer


def invoices(answer: Answer) -> Iterator[Part]:
    """Rates over the invoices issued in a month: exceptions, reissues, touchless, disputes."""
    view = answer.view
    excepted = {row.document.id for row in answer.invoice_exceptions}
    for document in view.books.documents.values():
        if document.counts and document.kind == "invoice":
            place = _place(view, document)
            disputed = Decimal(document.dispute_opened is not None or document.disputed)
            gross = reported(view, document.gross, document.currency, place[0])
            counts = (
                ("invoice_exception_rate", "issued", Decimal(document.id in excepted)),
                ("invoice_exception_rate", "reissued", Decimal(_reissued(view, document))),
                ("touchless_invoice_rate", "integration", _touchless(view, document, document.id in excepted)),
                ("dispute_rate", "count", disputed),
            )
            for kpi, variant, counted in counts:
                yield Part(place, kpi, variant, "ratio", counted, Decimal(1))
            yield Part(place, "dispute_rate", "amount", "ratio", gross if disputed else ZERO, gross)


def _place(view: View, document: Document) -> Place:
    job = view.books.jobs.get(str(document.project))
    contract = view.sales.contracts.get(str(job.contract)) if job is not None else None
    return place_of(month_of(document.day), contract, document.company)


def _reissued(view: View, document: Document) -> bool:
    return any(memo.counts and memo.reason == "rebill" for memo in view.credits_by_invoice.get(document.id, ()))


def _touchless(view: View, document: Document, excepted: bool) -> Decimal | None:  # noqa: FBT001 - a fact, not a switch
    if document.created_by is None:
        return None
    credited = any(memo.counts for memo in view.credits_by_invoice.get(document.id, ()))
    by_integration = document.created_by == view.context.integration_user
    return Decimal(by_integration and not credited and not excepted)
