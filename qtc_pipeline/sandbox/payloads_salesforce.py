"""The firm's CRM records in Salesforce's shape (multi-currency org).

Here: one generator per object, from a pod's state to `SourceRecord`s: Account, Opportunity, Contract. What
hangs on a contract is in `payloads_salesforce_terms.py`. Deleted opportunities stay, with IsDeleted true (recycle bin).
Stays out: SOQL and HTTP (`servers/`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from qtc_pipeline.sandbox.clock import at, money, monthly, text, utc
from qtc_pipeline.sandbox.model import Account, Amendment, Engagement, SourceRecord
from qtc_pipeline.sandbox.names import TERMS, sf_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from decimal import Decimal

    from qtc_pipeline.sandbox.state import PodState

NEGOTIATION_DAYS = 14


def stamp(instant: datetime) -> str:
    """Return Salesforce's form of an instant."""
    return instant.isoformat() + ".000+0000"


def opportunity_id(number: int, change: int = 0) -> str:
    """Return the id of a deal's opportunity, or of the change order of an amendment."""
    return sf_id("006", number * 100 + change)


def contract_id(number: int) -> str:
    """Return the id of a deal's contract."""
    return sf_id("800", number * 100)


def amendment_id(deal: Engagement, amendment: Amendment) -> str:
    """Return the id of an amendment."""
    return sf_id("a0A", deal.number * 100 + amendment.number)


def record(
    key: str, created: datetime, modified: datetime, fields: dict[str, Any], entity: str, *, deleted: bool = False
) -> SourceRecord:  # fmt: skip
    """Wrap a payload."""
    payload = {
        "Id": key,
        "IsDeleted": deleted,
        "CreatedDate": stamp(created),
        "SystemModstamp": stamp(modified),
        **fields,
    }
    return SourceRecord(
        key, payload, utc(modified), utc(modified) if deleted else None, fields.get("CurrencyIsoCode"), entity
    )  # fmt: skip


def accounts(state: PodState) -> Iterator[SourceRecord]:
    """Yield the customers."""
    for item in state.pod.accounts:
        fields = {
            "Name": item.name,
            "BillingCountry": item.country,
            "Region__c": item.region,
            "Legal_Entity__c": item.entity.key,
            "CurrencyIsoCode": item.currency,
            "Payment_Terms__c": TERMS[item.terms][1],
            "Tax_Number__c": item.tax_number,
        }
        yield record(item.sf_id, item.created, item.created, fields, item.entity.key)


def opportunities(state: PodState) -> Iterator[SourceRecord]:
    """Yield won, open and lost deals, and the change orders of amendments."""
    for deal in state.pod.engagements:
        if deal.opened <= state.until:
            yield _opportunity(deal, state.until)
        for item in deal.amendments:
            if item.change_order and item.created <= state.until:
                yield _change_order(deal, item, state.until)
    for number, account, day, amount in state.pod.lost:
        yield from _lost(number, account, (amount, at(day, 10)), state.until)
    for place, (opened, binned) in enumerate(monthly(state.spec.index % 30 + 1, state.until)):
        yield from _entered_twice(state, place, opened, binned)


def _fields(
    account: Account, name: str, stage: str, worth: tuple[int, datetime], practice: str = "Data"
) -> dict[str, Any]:
    amount, close = worth
    return {
        "AccountId": account.sf_id,
        "Name": name,
        "StageName": stage,
        "Amount": money(amount),
        "CurrencyIsoCode": account.currency,
        "CloseDate": close.date().isoformat(),
        "IsWon": stage == "Closed Won",
        "IsClosed": stage.startswith("Closed"),
        "Region__c": account.region,
        "Practice__c": practice,
        "Legal_Entity__c": account.entity.key,
        "Parent_Opportunity__c": None,
        "OwnerId": sf_id("005", account.number % 7 + 1),
    }


def _opportunity(deal: Engagement, until: datetime) -> SourceRecord:
    moved = max(deal.opened, deal.signed - timedelta(days=NEGOTIATION_DAYS))
    stage, modified = "Prospecting", deal.opened
    if moved <= until:
        stage, modified = "Negotiation", moved
    if deal.signed <= until and deal.outcome != "unsigned":
        stage, modified = "Closed Won", deal.signed
    if deal.cancelled and deal.cancelled <= until:
        stage, modified = "Closed Lost", deal.cancelled
    fields = _fields(deal.account, deal.name, stage, (deal.value, deal.signed), deal.practice)
    return record(opportunity_id(deal.number), deal.opened, modified, fields, deal.entity.key)


def _change_order(deal: Engagement, item: Amendment, until: datetime) -> SourceRecord:
    stage, modified = "Negotiation", item.created
    if item.decided <= until and item.outcome != "Submitted":
        stage, modified = ("Closed Won" if item.outcome == "Approved" else "Closed Lost"), item.decided
    fields = _fields(
        deal.account, f"{deal.name} change {item.number}", stage, (item.amount, item.decided), deal.practice
    )  # fmt: skip
    fields["Parent_Opportunity__c"] = opportunity_id(deal.number)
    return record(opportunity_id(deal.number, 50 + item.number), item.created, modified, fields, deal.entity.key)


def _lost(number: int, account: Account, worth: tuple[int, datetime], until: datetime) -> Iterator[SourceRecord]:
    amount, opened = worth
    if opened > until:
        return
    stage, modified, deleted = "Prospecting", opened, False
    closed = opened + timedelta(days=40)
    if closed <= until:
        stage, modified = "Closed Lost", closed
    binned = closed + timedelta(days=12)
    if number % 4 == 0 and binned <= until:
        modified, deleted = binned, True
    fields = _fields(account, f"{account.name} lead {number}", stage, (amount, closed))
    yield record(opportunity_id(number), opened, modified, fields, account.entity.key, deleted=deleted)


def _entered_twice(state: PodState, place: int, opened: datetime, binned: datetime) -> Iterator[SourceRecord]:
    """Yield a lead somebody entered twice and threw into the recycle bin the next morning."""
    account = state.pod.accounts[place % len(state.pod.accounts)]
    if opened < account.created or opened > state.until:
        return
    number = state.spec.index * 1000 + 900 + place
    deleted = binned <= state.until
    fields = _fields(account, f"{account.name} lead {number}", "Prospecting", (5_000_000, opened))
    modified = binned if deleted else opened
    yield record(opportunity_id(number), opened, modified, fields, account.entity.key, deleted=deleted)


def contracts(state: PodState) -> Iterator[SourceRecord]:
    """Yield contracts from their draft on."""
    for deal in state.pod.engagements:
        if deal.drafted <= state.until:
            yield _contract(deal, state)


def _contract(deal: Engagement, state: PodState) -> SourceRecord:
    until = state.until
    status, modified = "Draft", deal.drafted
    renegotiated = deal.terms_changed
    signed = deal.signed <= until and deal.outcome != "unsigned"
    if signed:
        status, modified = "Activated", deal.signed
    if deal.cancelled and deal.cancelled <= until:
        status, modified = "Cancelled", deal.cancelled
    hold = at(deal.hold_from, 17) if deal.hold_from else None
    if signed and hold and hold <= until:
        status, modified = "On Hold", hold
    closed = at(deal.closed, 4) if deal.closed and deal.outcome == "signed" else None
    debooked = None
    if signed and closed and closed <= until:
        status, modified = "Expired", closed
        debooked = state.remaining(deal)
    if renegotiated and renegotiated <= until:
        modified = max(modified, renegotiated)
    judged = state.judged_at(deal) if deal.judgement else None
    if judged:
        modified = max(modified, judged)
    fields = {
        "AccountId": deal.account.sf_id,
        "Opportunity__c": opportunity_id(deal.number),
        "ContractNumber": f"C-{deal.number:07d}",
        "Status": status,
        "CustomerSignedDate": deal.signed.date().isoformat() if signed else None,
        "StartDate": deal.start.isoformat(),
        "EndDate": deal.end.isoformat(),
        "Contract_Value__c": money(deal.value),
        "CurrencyIsoCode": deal.currency,
        "Billing_Type__c": deal.billing_type,
        "Recognition_Rule__c": deal.rule,
        "Payment_Terms__c": TERMS[deal.terms_on(until.date())][1],
        "PO_Required__c": deal.po is not None,
        "PO_Number__c": deal.po,
        "Cap_Amount__c": money(deal.value) if deal.capped else None,
        "Closed_Date__c": deal.closed.isoformat() if debooked and deal.closed else None,
        "Debooked_Amount__c": money(debooked) if debooked else None,
        "Planned_Cost__c": money(deal.planned_cost),
        "Legal_Entity__c": deal.entity.key,
        "Tax_Code__c": f"{deal.account.country}-{text(deal.account.tax)}",
        "PO_Amount__c": _optional(deal.po_limit),
        "Discount_Percent__c": _optional(deal.discount or None),
        "Expense_Markup_Percent__c": _optional(deal.markup or None),
        "Hold_From__c": deal.hold_from.isoformat() if deal.hold_from and status == "On Hold" else None,
        "Revenue_Judgement__c": _optional(deal.judgement if judged else None),
    }
    return record(contract_id(deal.number), deal.drafted, modified, fields, deal.entity.key)


def _optional(amount: int | None) -> Decimal | None:
    return None if amount is None else money(amount)


ENTITIES: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "Account": accounts,
    "Opportunity": opportunities,
    "Contract": contracts,
}
