"""What the headers of the firm's transactions share in NetSuite's shape, and the journals with their ids.

Here: the fields every header has, ids of journals, the recognition journals.
Stays out: documents and orders (`payloads_netsuite_documents.py`), payments (`payloads_netsuite_cash.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.clock import CURRENCY_ID, period_end, rate_text
from qtc_pipeline.sandbox.history import Payment
from qtc_pipeline.sandbox.model import Engagement, LegalEntity, SourceRecord
from qtc_pipeline.sandbox.names import ACCOUNTANT, LEGAL_ENTITIES
from qtc_pipeline.sandbox.payloads_netsuite import customer_id, job_id, period_id, record, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JOURNAL_BASE = 9_000_000_000
MANUAL_BASE = 9_500_000_000
REVERSAL_BASE = 9_700_000_000
_UNDISPUTED = {
    "custbody_credit_reason": None,
    "custbody_disputed": "F",
    "custbody_dispute_opened": None,
    "custbody_dispute_closed": None,
    "custbody_dispute_reason": None,
    "reversal": None,
}


def journal_id(entity: LegalEntity, period: str) -> str:
    """Return the id of the recognition journal of a legal entity and period."""
    return str(JOURNAL_BASE + entity.number * 1000 + clock.month_index(period))


def manual_journal_id(number: int) -> str:
    """Return the id of a journal posted by hand."""
    return str(MANUAL_BASE + number)


def journals(until: datetime) -> Iterator[tuple[LegalEntity, str, datetime]]:
    """Yield the recognition journals posted up to the instant."""
    for period in clock.all_periods():
        posted = clock.recognised_at(period)
        if posted > until:
            return
        for entity in LEGAL_ENTITIES:
            yield entity, period, posted


def journal_fields(entity: LegalEntity, number: str, tranid: str, period: str, posted: datetime) -> dict[str, Any]:
    """Return the header of a journal."""
    return {
        "id": number,
        "tranid": tranid,
        "type": "Journal",
        "status": "Approved for Posting",
        "trandate": period_end(period).isoformat(),
        "duedate": None,
        "postingperiod": period_id(period),
        "entity": None,
        "custbody_job": None,
        "currency": CURRENCY_ID[entity.currency],
        "exchangerate": "1.000000",
        "foreigntotal": "0",
        "foreigntaxtotal": "0",
        "posting": "T",
        "voided": "F",
        "terms": None,
        "otherrefnum": None,
        "custbody_qtc_id": None,
        "createdfrom": None,
        "createddate": stamp(posted),
        "createdby": ACCOUNTANT,
        **_UNDISPUTED,
    }


def journal_headers(until: datetime) -> Iterator[SourceRecord]:
    """Yield the recognition journals: one per legal entity and period."""
    for entity, period, posted in journals(until):
        number = journal_id(entity, period)
        fields = journal_fields(entity, number, f"REV-{entity.key}-{period}", period, posted)
        yield record(number, fields, posted, entity.key)


def reversal_id(payment: Payment) -> str:
    """Return the id of the journal that reverses a payment."""
    return str(REVERSAL_BASE + payment.number)


def header(deal: Engagement, number: str, tranid: str, kind: str, rate: int) -> dict[str, Any]:
    """Return what the headers of a deal's transactions share."""
    return {
        "id": number,
        "tranid": tranid,
        "type": kind,
        "entity": customer_id(deal.account),
        "custbody_job": job_id(deal),
        "currency": CURRENCY_ID[deal.currency],
        "exchangerate": rate_text(rate),
        "voided": "F",
        "otherrefnum": deal.po,
        "custbody_qtc_id": None,
        "createdby": None,
        **_UNDISPUTED,
    }


FIRM: dict[str, Callable[[datetime], Iterator[SourceRecord]]] = {"transaction": journal_headers}
