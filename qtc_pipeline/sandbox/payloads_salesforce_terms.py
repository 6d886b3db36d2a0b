"""What hangs on the firm's contracts in Salesforce's shape: amendments, rates, sold minutes by role, field history.

Here: one generator per object, from a pod's state to `SourceRecord`s.
Stays out: the contracts themselves (`payloads_salesforce.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtc_pipeline.sandbox.clock import money, utc
from qtc_pipeline.sandbox.model import SourceRecord
from qtc_pipeline.sandbox.names import TERMS, sf_id
from qtc_pipeline.sandbox.payloads_salesforce import amendment_id, contract_id, record, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from qtc_pipeline.sandbox.state import PodState


def amendments(state: PodState) -> Iterator[SourceRecord]:
    """Yield amendments: submitted when created, then decided."""
    for deal in state.pod.engagements:
        for item in deal.amendments:
            if item.created > state.until:
                continue
            decided = item.decided <= state.until and item.outcome != "Submitted"
            approved = decided and item.outcome == "Approved"
            fields = {
                "Contract__c": contract_id(deal.number),
                "Name": f"{deal.name} amendment {item.number}",
                "Amount__c": money(item.amount),
                "CurrencyIsoCode": deal.currency,
                "Status__c": item.outcome if decided else "Submitted",
                "Effective_Date__c": item.effective.isoformat(),
                "Approved_Date__c": item.decided.date().isoformat() if approved else None,
                "Modification__c": "catch_up",
            }
            modified = item.decided if decided else item.created
            yield record(amendment_id(deal, item), item.created, modified, fields, deal.entity.key)


def rates(state: PodState) -> Iterator[SourceRecord]:
    """Yield the contracts' rates by role."""
    for deal in state.pod.engagements:
        if deal.drafted > state.until:
            continue
        for row in deal.rates:
            fields = {
                "Contract__c": contract_id(deal.number),
                "Role__c": row.role,
                "Rate__c": money(row.amount),
                "CurrencyIsoCode": deal.currency,
                "Effective_From__c": row.start.isoformat(),
                "Effective_To__c": row.end.isoformat() if row.end else None,
                "Country__c": row.country,
            }
            key = sf_id("a0B", deal.number * 100 + row.number)
            yield record(key, deal.drafted, deal.drafted, fields, deal.entity.key)


def demands(state: PodState) -> Iterator[SourceRecord]:
    """Yield what is sold by role: the minutes the plan is staffed for."""
    for deal in state.pod.engagements:
        if deal.drafted > state.until:
            continue
        minutes: dict[str, int] = {}
        for item in deal.team:
            minutes[item.role] = minutes.get(item.role, 0) + deal.planned_minutes.get(item.number, 0)
        for place, (role, sold) in enumerate(minutes.items(), 1):
            fields = {
                "Contract__c": contract_id(deal.number),
                "Role__c": role,
                "Sold_Minutes__c": sold + (deal.quirks.get("oversold", 0) if place == 1 else 0),
                "Start_Date__c": deal.start.isoformat(),
                "End_Date__c": deal.end.isoformat(),
            }
            key = sf_id("a0C", deal.number * 100 + place)
            yield record(key, deal.drafted, deal.quirks.get("oversold_at", deal.drafted), fields, deal.entity.key)


def history(state: PodState) -> Iterator[SourceRecord]:
    """Yield the changes of tracked fields; a row is written once and has no other stamp."""
    for deal in state.pod.engagements:
        changed = deal.terms_changed
        if changed is None or deal.former_terms is None or changed > state.until:
            continue
        key = sf_id("017", deal.number * 100 + 1)
        payload = {
            "Id": key,
            "IsDeleted": False,
            "CreatedDate": stamp(changed),
            "ContractId": contract_id(deal.number),
            "Field": "Payment_Terms__c",
            "OldValue": TERMS[deal.former_terms][1],
            "NewValue": TERMS[deal.terms][1],
        }
        yield SourceRecord(key, payload, utc(changed), None, None, deal.entity.key)


ENTITIES: dict[str, Callable[[PodState], Iterator[SourceRecord]]] = {
    "Contract_Amendment__c": amendments,
    "Contract_Rate__c": rates,
    "Contract_Role_Demand__c": demands,
    "ContractHistory": history,
}
