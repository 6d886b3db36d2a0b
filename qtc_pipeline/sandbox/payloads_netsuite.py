"""The firm's ERP master records in NetSuite's shape (SuiteQL: lower-case keys, every value text or null).

Here: how a row is wrapped and named, and per pod the customers, jobs, time bills, billing schedules, revenue elements.
Set-up is in `payloads_netsuite_setup.py`, transactions in `payloads_netsuite_documents.py`.
Stays out: SuiteQL and HTTP (`servers/`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.clock import CURRENCY_ID, at, text, utc
from qtc_pipeline.sandbox.history import Entry
from qtc_pipeline.sandbox.model import Account, Engagement, LegalEntity, SourceRecord
from qtc_pipeline.sandbox.names import ITEM_ID, SUBCONTRACTOR, TERMS
from qtc_pipeline.sandbox.payloads_kantata import workspace_id
from qtc_pipeline.sandbox.payloads_salesforce import opportunity_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState


PARTNER_PLACE = 2
SECOND_CUSTOMER = 500_000  # a surplus customer's id lies so far behind the first one's
STAMP = "lastmodifieddate"


def stamp(instant: datetime) -> str:
    """Return the form in which SuiteQL is asked to give instants."""
    return instant.isoformat(" ")


def flag(value: object) -> str:
    """Return NetSuite's boolean."""
    return "T" if value else "F"


def record(
    key: str, fields: dict[str, Any], modified: datetime | None, entity: str | None, *, stamped: str = STAMP
) -> SourceRecord:  # fmt: skip
    """Wrap a payload, with its stamp where the table has one."""
    if modified is None:
        return SourceRecord(key, fields, None, None, fields.get("currency"), entity)
    return SourceRecord(
        key, {**fields, stamped: stamp(modified)}, utc(modified), None, fields.get("currency"), entity
    )  # fmt: skip


def customer_id(account: Account) -> str:
    """Return the id of a customer."""
    return str(1_000_000 + account.number)


def job_id(deal: Engagement, place: int = 0) -> str:
    """Return the id of a deal's job (a surplus one has place 1, that of another legal entity 2)."""
    return str(2_000_000 + deal.number * 10 + place)


def period_id(period: str) -> str:
    """Return the id of a posting period."""
    return str(101 + clock.month_index(period))


def customers(state: PodState) -> Iterator[SourceRecord]:
    """Yield the customers."""
    for item in state.pod.accounts:
        yield _customer(item, customer_id(item), f"CUST{item.number:06d}", item.created)
        if "second" in item.quirks:
            number = str(int(customer_id(item)) + SECOND_CUSTOMER)
            yield _customer(item, number, f"CUST{item.number:06d}-2", item.quirks["second"])


def _customer(item: Account, number: str, name: str, created: datetime) -> SourceRecord:
    fields = {
        "id": number,
        "entityid": name,
        "companyname": item.name,
        "subsidiary": str(item.entity.number),
        "currency": CURRENCY_ID[item.currency],
        "terms": TERMS[item.terms][0],
        "custentity_sf_account": item.sf_id,
        "isinactive": "F",
        "datecreated": stamp(created),
        "vatregnumber": item.tax_number,
        "country": item.country,
        "custentity_tax_rate": text(item.tax),
        **item.quirks.get("erp", {}),  # planted: attributes that differ from the CRM's
    }
    return record(number, fields, item.quirks.get("touched", created), item.entity.key)


def erp_value(deal: Engagement, until: datetime) -> tuple[int, datetime | None]:
    """Return the order value the ERP carries for a deal, and when an amendment last changed it."""
    value, changed = deal.value + int(deal.quirks.get("erp_value", 0)), None
    for item in deal.amendments:
        arrival = at(item.effective, 3)
        if item.in_erp and arrival <= until:
            value, changed = value + item.amount, arrival
    return value, changed


def jobs(state: PodState) -> Iterator[SourceRecord]:
    """Yield the jobs."""
    for deal in state.pod.engagements:
        if deal.erp_created is None or deal.erp_created > state.until:
            continue
        yield _job(deal, 0, state.until)
        if deal.partner is not None:
            yield _partner_job(deal, deal.partner, state.until)
        if deal.quirks.get("second_job"):
            yield _job(deal, 1, state.until)


def _job(deal: Engagement, place: int, until: datetime) -> SourceRecord:
    created = (deal.erp_created or deal.signed) + timedelta(days=place)
    price, changed = erp_value(deal, until)
    status, modified = "active", max(created, changed or created)
    ended = deal.cancelled or (at(deal.closed, 5) if deal.closed else None)
    if ended and ended <= until:
        status, modified = ("cancelled" if deal.cancelled else "closed"), max(modified, ended)
    fields = {
        "id": job_id(deal, place),
        "entityid": f"JOB{deal.number:06d}" + "-2" * place,
        "companyname": deal.name,
        "parent": customer_id(deal.account),
        "subsidiary": str(deal.entity.number),
        "currency": CURRENCY_ID[deal.currency],
        "jobprice": text(price) if place == 0 else "0.00",
        "jobbillingtype": deal.quirks.get("job_billing_type", deal.billing_type),
        "custentity_sf_opportunity": opportunity_id(deal.number),
        "custentity_psa_workspace": workspace_id(deal) if deal.psa_created else None,
        "entitystatus": status,
        "isinactive": "F",
        "datecreated": stamp(created),
    }
    return record(job_id(deal, place), fields, modified, deal.entity.key)


def _partner_job(deal: Engagement, partner: LegalEntity, until: datetime) -> SourceRecord:
    """Return the job on which another legal entity delivers a part of the work."""
    found = _job(deal, PARTNER_PLACE, until)
    fields = {
        **found.payload,
        "entityid": f"JOB{deal.number:06d}-{partner.key}",
        "companyname": f"{deal.name} for {deal.entity.key}",
        "subsidiary": str(partner.number),
    }
    return replace(found, payload=fields, legal_entity=partner.key)


def time_bills(state: PodState) -> Iterator[SourceRecord]:
    """Yield the time handed over to the ERP."""
    for entry in state.entries:
        if entry.transferred is not None and entry.engagement is not None:
            yield _time_bill(entry, entry.engagement, state.until)


def _time_bill(entry: Entry, deal: Engagement, until: datetime) -> SourceRecord:
    created = entry.transferred or entry.created
    quirks = entry.quirks or {}
    minutes = quirks.get("erp_minutes", entry.minutes)
    held = entry.held_until is not None and entry.held_until > until
    partner = deal.partner if entry.number % 3 == 0 and "erp_deal" not in quirks else None
    modified = created
    if entry.held_until is not None and not held:
        modified = entry.held_until
    if entry.written_off is not None:
        modified = max(modified, entry.written_off)
    number = str(entry.number + 5_000_000_000)
    fields = {
        "id": number,
        "employee": str(50_000 + entry.resource.number),
        "customer": job_id(quirks.get("erp_deal", deal), PARTNER_PLACE if partner else 0),
        "item": ITEM_ID[entry.role],
        "trandate": quirks.get("erp_day", entry.day).isoformat(),
        "hours": f"{minutes // 60}:{minutes % 60:02d}",
        "isbillable": "T",
        "approvalstatus": "3",
        "externalid": str(entry.number),
        "custcol_billing_hold": flag(held),
        "custcol_written_off": flag(entry.written_off),
        "custcol_written_off_date": entry.written_off.date().isoformat() if entry.written_off else None,
        "datecreated": stamp(created),
    }
    return record(number, fields, modified, (partner or deal.entity).key)


def charges(state: PodState) -> Iterator[SourceRecord]:
    """Yield the billable expenses and subcontractor cost handed over to the ERP."""
    for item in state.expenses:
        if item.transferred is None or item.transferred > state.until:
            continue
        deal, number = item.engagement, str(item.number + 6_000_000_000)
        off = item.written_off if item.written_off and item.written_off <= state.until else None
        fields = {
            "id": number,
            "job": job_id(deal),
            "chargedate": item.day.isoformat(),
            "amount": text(item.quirks.get("charged", item.charged)),
            "currency": CURRENCY_ID[deal.currency],
            "chargetype": "subcontractor" if item.category == SUBCONTRACTOR else "expense",
            "externalid": str(item.number),
            "stage": "HOLD" if item.held_until and item.held_until > state.until else "READY",
            "custcol_written_off": flag(off),
            "custcol_written_off_date": off.date().isoformat() if off else None,
            "datecreated": stamp(item.transferred),
        }
        released = item.held_until if item.held_until and item.held_until <= state.until else None
        yield record(number, fields, off or released or item.transferred, deal.entity.key)


def schedule_lines(state: PodState) -> Iterator[SourceRecord]:
    """Yield the billing schedules of fixed-fee, retainer and subscription contracts."""
    billed = {
        line.source_id: document.posted
        for document in state.books.documents
        if document.kind == "CustInvc" and document.posted is not None
        for line in document.lines
        if line.source_type in {"fixed_fee", "retainer", "subscription"}
    }
    for deal in state.pod.engagements:
        for item in deal.schedule:
            if deal.outcome != "signed" or item.created > state.until or deal.erp_created is None:
                continue
            number = str(deal.number * 100 + item.number)
            posted = billed.get(number)
            fields = {
                "id": number,
                "job": job_id(deal),
                "scheduleddate": item.day.isoformat(),
                "amount": text(item.amount),
                "currency": CURRENCY_ID[deal.currency],
                "billed": flag(posted),
            }
            yield record(number, fields, posted or item.created, deal.entity.key)


def revenue_elements(state: PodState) -> Iterator[SourceRecord]:
    """Yield one revenue element per contract."""
    for deal in state.pod.engagements:
        if deal.outcome != "signed" or deal.erp_created is None or deal.erp_created > state.until:
            continue
        value, changed = erp_value(deal, state.until)
        number = str(deal.number)
        fields = {
            "id": number,
            "job": job_id(deal),
            "currency": CURRENCY_ID[deal.currency],
            "amount": text(value),
            "recognitionrule": deal.rule,
        }
        yield record(number, fields, changed or deal.erp_created, deal.entity.key)


POD: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "customer": customers,
    "job": jobs,
    "timebill": time_bills,
    "charge": charges,
    "billingscheduleline": schedule_lines,
    "revenueelement": revenue_elements,
}
