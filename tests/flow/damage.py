"""A firm whose records were changed at random: messier than any planted defect, and nobody knows what is wrong with it.

Each record is left alone or changed in one way, decided by the seed and the record's id alone: every reader sees the
same damage. Add here: another way in which a record may be wrong. Stays out: what must be found (the oracle says).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.firm import Firm, Part
from qtc_pipeline.sandbox.model import SourceRecord

Payload = dict[str, Any]
Change = Callable[[Payload, random.Random, "Damaged"], None]
POOLS = (
    ("salesforce", "Opportunity"),
    ("kantata", "workspaces"),
    ("kantata", "roles"),
    ("kantata", "workspace_groups"),
    ("kantata", "time_entries"),
    ("netsuite", "job"),
    ("netsuite", "item"),
    ("netsuite", "accountingperiod"),
    ("netsuite", "account"),
)
SHARE = {"time_entries": 0.02, "timebill": 0.02, "transactionline": 0.02, "transactionaccountingline": 0.004}
USUAL_SHARE = 0.06


class Damaged(Firm):
    """The same interface as a clean firm, other records.

    Args:
        seed: of the firm.
        scale: of the firm.
        damage: another number, other damage.
    """

    def __init__(self, seed: int, scale: Decimal, damage: int) -> None:
        super().__init__(seed, scale, defects=False)
        self.damage = damage
        clean = Firm(seed, scale, defects=False)
        self.pool = {
            name: [record.record_id for record in clean.records(vendor, name) if not _is_long_period(record.payload)]
            for vendor, name in POOLS
        }

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """The firm's records, some changed, some gone."""
        for part in self.parts():
            yield from part.records(vendor, entity)

    def parts(self) -> Iterator[Part]:
        """The firm's parts, damaged."""
        for part in super().parts():
            yield _DamagedPart(part.now, part.pod, self)


@dataclass(frozen=True, slots=True)
class _DamagedPart(Part):
    firm: Damaged

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        ways = DAMAGE.get((vendor, entity), ())
        for record in Part(self.now, self.pod).records(vendor, entity):
            draw = random.Random(f"{self.firm.damage}|{vendor}|{entity}|{record.record_id}")  # noqa: S311 - reproducible
            if not ways or draw.random() >= SHARE.get(entity, USUAL_SHARE):
                yield record
                continue
            way = draw.choice(ways)
            if way is not None:
                payload = dict(record.payload)
                way(payload, draw, self.firm)
                yield replace(record, payload=payload, version_at=_version(record, payload))


def _is_long_period(payload: Payload) -> bool:
    return "T" in {payload.get("isyear"), payload.get("isquarter")}


def _version(record: SourceRecord, payload: Payload) -> datetime | None:
    touched = payload.get("updated_at")
    return record.version_at if touched is None else datetime.fromisoformat(str(touched))


def _set(field: str, *values: Any) -> Change:
    def change(payload: Payload, draw: random.Random, _: Damaged) -> None:
        payload[field] = draw.choice(values)

    return change


def _flip(field: str) -> Change:
    def change(payload: Payload, _: random.Random, __: Damaged) -> None:
        payload[field] = {"T": "F", "F": "T"}[payload[field]] if isinstance(payload[field], str) else not payload[field]

    return change


def _add(field: str, *amounts: int) -> Change:
    """Add to a number, in the type the vendor gives it."""

    def change(payload: Payload, draw: random.Random, _: Damaged) -> None:
        if payload[field] is not None:
            kind = type(payload[field])
            payload[field] = kind(Decimal(str(payload[field])) + draw.choice(amounts))

    return change


def _other(field: str, pool: str) -> Change:
    def change(payload: Payload, draw: random.Random, firm: Damaged) -> None:
        payload[field] = draw.choice(firm.pool[pool])

    return change


def _shift(field: str, *days: int) -> Change:
    def change(payload: Payload, draw: random.Random, _: Damaged) -> None:
        if payload[field] is not None:
            payload[field] = (date.fromisoformat(payload[field]) + timedelta(days=draw.choice(days))).isoformat()

    return change


def _group(payload: Payload, draw: random.Random, firm: Damaged) -> None:
    payload["workspace_group_ids"] = draw.choice(([], [draw.choice(firm.pool["workspace_groups"])]))


def _status(payload: Payload, draw: random.Random, _: Damaged) -> None:
    payload["status"] = {**payload["status"], "key": draw.choice(("cancelled", "not_started", "completed"))}


def _draft(payload: Payload, _: random.Random, __: Damaged) -> None:
    if payload["type"] in {"CustInvc", "CustCred"}:
        payload["posting"] = {"T": "F", "F": "T"}[payload["posting"]]


def _void(payload: Payload, _: random.Random, __: Damaged) -> None:
    if payload["type"] in {"CustInvc", "CustCred"}:
        payload["voided"] = "T"


def _book(payload: Payload, _: random.Random, __: Damaged) -> None:
    """Five more on a ledger line, in all its columns."""
    column, sign = ("debit", 1) if payload["debit"] is not None else ("credit", -1)
    payload[column] = str(Decimal(payload[column] or 0) + 5)
    payload["amount"] = str(Decimal(payload["amount"]) + 5 * sign)


DAMAGE: dict[tuple[str, str], tuple[Change | None, ...]] = {
    ("salesforce", "Contract"): (
        _set("Status", "Draft", "On Hold", "Cancelled", "Expired"),
        _set("CustomerSignedDate", None, "2026-06-30", "2026-07-15", "2026-06-01"),
        _add("Contract_Value__c", -5000, 700),
        _set("CurrencyIsoCode", "USD", "EUR"),
        _set("Cap_Amount__c", 0, 5000, 20000),
        _set("Billing_Type__c", "time_and_materials", "fixed_fee"),
        _set("Legal_Entity__c", "US", "DE", None),
        _other("Opportunity__c", "Opportunity"),
        _set("Closed_Date__c", "2026-05-31"),
        _set("Planned_Cost__c", None, 1),
    ),
    ("salesforce", "Contract_Amendment__c"): (
        None,
        _set("Status__c", "Approved", "Submitted"),
        _add("Amount__c", 100, -2000),
        _set("Effective_Date__c", "2026-09-01", "2026-06-30", "2025-01-01"),
    ),
    ("salesforce", "Contract_Rate__c"): (None, _add("Rate__c", 5), _set("Effective_To__c", "2025-10-31")),
    ("salesforce", "Opportunity"): (_set("Region__c", None, "Elsewhere"),),
    ("kantata", "workspaces"): (
        _set("price_in_cents", None, 12_345),
        _add("price_in_cents", 100_000, -70_000),
        _set("currency", "USD", "EUR"),
        _status,
        _group,
    ),
    ("kantata", "external_references"): (
        None,
        _set("service_model", "OpportunityPhase", "Opportunity"),
        _other("service_model_ref", "Opportunity"),
    ),
    ("kantata", "time_entries"): (
        None,
        _add("time_in_minutes", 15, -30, 60),
        _flip("approved"),
        _flip("billable"),
        _other("role_id", "roles"),
        _other("workspace_id", "workspaces"),
        _shift("date_performed", -31, 31, 90),
        _set("updated_at", "2026-06-30T20:00:00Z"),
        _set("rate_in_cents", None, 0),
    ),
    ("kantata", "expenses"): (None, _flip("approved"), _set("currency", "USD", "EUR"), _add("amount_in_cents", 100)),
    ("kantata", "billing_milestones"): (
        None,
        _add("amount_in_cents", 5_000, -5_000),
        _set("status", "planned", "rejected"),
    ),
    ("kantata", "estimates"): (None, _add("etc_cost_in_cents", 10_000)),
    ("kantata", "cost_rates"): (None,),
    ("netsuite", "job"): (
        _set("entitystatus", "cancelled", "closed"),
        _set("custentity_sf_opportunity", None),
        _other("custentity_sf_opportunity", "Opportunity"),
        _set("subsidiary", "1", "2"),
    ),
    ("netsuite", "transaction"): (
        _draft,
        _void,
        _add("foreigntotal", 1, -20),
        _add("foreigntaxtotal", 1, -2),
        _set("exchangerate", "1.250000"),
        _other("postingperiod", "accountingperiod"),
        _set("tranid", "INV-SAME"),
        _other("custbody_job", "job"),
    ),
    ("netsuite", "transactionline"): (
        None,
        _add("foreignamount", 3, -3),
        _add("custcol_minutes", 30, -15),
        _other("custcol_source_id", "time_entries"),
        _set("custcol_source_type", None, "expense", "time", "milestone"),
    ),
    ("netsuite", "transactionaccountingline"): (None, _book, _other("account", "account")),
    ("netsuite", "nexttransactionlinelink"): (None, _add("foreignamount", 10)),
    ("netsuite", "timebill"): (
        None,
        _set("hours", "2:30", "0:15"),
        _set("externalid", None, "999"),
        _other("externalid", "time_entries"),
        _other("customer", "job"),
        _shift("trandate", 31, 62),
        _flip("custcol_billing_hold"),
        _flip("custcol_written_off"),
        _other("item", "item"),
        _flip("isbillable"),
    ),
    ("netsuite", "billingscheduleline"): (None, _flip("billed"), _shift("scheduleddate", 90, -90)),
    ("netsuite", "item"): (_set("isinactive", "T"),),
    ("netsuite", "plannedrevenue"): (
        None,
        _flip("isrecognized"),
        _add("functionalamount", 5),
        _set("journal", None),
        _other("postingperiod", "accountingperiod"),
    ),
}
