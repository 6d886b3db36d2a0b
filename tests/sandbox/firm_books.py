"""The firm's payloads joined in plain Python, for the identities a clean firm keeps.

Add here: a sum or a join the tests of the firm share. Stays out: the rules of the product (`tests/oracle` has its own).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from qtc_pipeline.sandbox.firm import ENTITIES, Firm
from qtc_pipeline.sandbox.model import SourceRecord

Payload = Mapping[str, Any]
SMALL = Decimal("0.02")
CENT = Decimal("0.01")


def snapshot(firm: Firm) -> dict[tuple[str, str], dict[str, SourceRecord]]:
    """Every record of the firm by (vendor, entity) and id."""
    return {
        (vendor, entity): {record.record_id: record for record in firm.records(vendor, entity)}
        for vendor, names in ENTITIES.items()
        for entity in names
    }


def rows(firm: Firm, vendor: str, entity: str) -> list[Payload]:
    """Payloads of the live records."""
    return [record.payload for record in firm.records(vendor, entity) if record.deleted_at is None]


def by_id(firm: Firm, vendor: str, entity: str) -> dict[str, Payload]:
    """Payloads of the live records by id."""
    return {record.record_id: record.payload for record in firm.records(vendor, entity) if record.deleted_at is None}


def cents(amount: Decimal) -> Decimal:
    """Round half away from zero."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def executed(firm: Firm) -> dict[str, Payload]:
    """Executed contracts by opportunity."""
    return {
        contract["Opportunity__c"]: contract
        for contract in rows(firm, "salesforce", "Contract")
        if contract["CustomerSignedDate"] and contract["Status"] in {"Activated", "On Hold", "Expired"}
    }


def agreed(firm: Firm) -> dict[str, Decimal]:
    """Signed value plus approved amendments in force, by contract."""
    today = firm.as_of.date().isoformat()
    total = {contract["Id"]: Decimal(contract["Contract_Value__c"]) for contract in executed(firm).values()}
    for row in rows(firm, "salesforce", "Contract_Amendment__c"):
        if row["Status__c"] == "Approved" and row["Effective_Date__c"] <= today and row["Contract__c"] in total:
            total[row["Contract__c"]] += Decimal(row["Amount__c"])
    return total


def lines_of(firm: Firm) -> dict[str, list[Payload]]:
    """Transaction lines by transaction."""
    found: dict[str, list[Payload]] = defaultdict(list)
    for row in rows(firm, "netsuite", "transactionline"):
        found[row["transaction"]].append(row)
    return found


def billed_minutes(firm: Firm) -> dict[str, int]:
    """Minutes on posted documents net of credits, by PSA time entry."""
    posted = {row["id"] for row in rows(firm, "netsuite", "transaction") if row["posting"] == "T"}
    found: dict[str, int] = defaultdict(int)
    for row in rows(firm, "netsuite", "transactionline"):
        if row["custcol_source_type"] == "time" and row["transaction"] in posted:
            found[row["custcol_source_id"]] += int(row["custcol_minutes"])
    return found


def account_types(firm: Firm) -> dict[str, str]:
    """Type of each account."""
    return {row["id"]: row["accttype"] for row in rows(firm, "netsuite", "account")}


def ledger(firm: Firm, kind: str) -> dict[str, Decimal]:
    """Balance of the accounts of a type, by transaction."""
    types = account_types(firm)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows(firm, "netsuite", "transactionaccountingline"):
        if types[row["account"]] == kind:
            found[row["transaction"]] += Decimal(row["amount"])
    return found
