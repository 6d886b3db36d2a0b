"""A firm of a few hand-written records, so that each test knows what it should see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from qtc_pipeline.sandbox.servers.catalogue import Vendor, entities

AS_OF = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
OPPORTUNITIES = 45
TIME_ENTRIES = 450
INVOICES = 120
CURRENCIES = {"US": "USD", "DE": "EUR", "UK": "GBP"}
LEGAL_ENTITIES = tuple(CURRENCIES)


@dataclass(frozen=True)
class FakeRecord:
    record_id: str
    payload: Mapping[str, Any]
    version_at: datetime | None
    deleted_at: datetime | None = None
    currency: str | None = None
    legal_entity: str | None = None


def moment(number: int) -> datetime:
    """Two records share each minute, so that cursors have ties."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number // 2)


def opportunity_id(number: int) -> str:
    return f"006{number:012d}AAA"


def complete(record: FakeRecord, vendor: str, entity: str) -> FakeRecord:
    """The record with every field its vendor declares, null where nothing is written down here."""
    declared = dict.fromkeys(entities(cast("Vendor", vendor))[entity].fields)
    return replace(record, payload={**declared, **record.payload})


class FakeFirm:
    """``changed`` replaces or adds records by (entity, id); ``gone`` removes them."""

    def __init__(
        self,
        changed: Mapping[tuple[str, str], FakeRecord] | None = None,
        gone: frozenset[tuple[str, str]] = frozenset(),
        as_of: datetime = AS_OF,
    ) -> None:
        self.as_of = as_of
        self._changed = dict(changed or {})
        self._gone = gone

    def records(self, vendor: str, entity: str) -> Iterator[FakeRecord]:
        source = getattr(self, f"_{vendor}_{entity}", None)
        seen = set()
        for record in source() if source else ():
            key = (entity, record.record_id)
            seen.add(key)
            if key not in self._gone:
                yield self._changed.get(key, complete(record, vendor, entity))
        yield from (record for key, record in self._changed.items() if key[0] == entity and key not in seen)

    def _salesforce_Opportunity(self) -> Iterator[FakeRecord]:  # noqa: N802
        for number in range(OPPORTUNITIES):
            entity = LEGAL_ENTITIES[number % 3]
            stamp = moment(number)
            is_deleted = number == 7
            yield FakeRecord(
                opportunity_id(number),
                {
                    "Id": opportunity_id(number),
                    "IsDeleted": is_deleted,
                    "CreatedDate": "2025-12-01T08:00:00.000+0000",
                    "SystemModstamp": stamp.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
                    "AccountId": "001000000000001AAA",
                    "Name": f"Deal {number} O'Hara",
                    "StageName": "Closed Won" if number % 2 else "Proposal",
                    "Amount": None if number == 5 else Decimal("1000.10") + number,
                    "CurrencyIsoCode": CURRENCIES[entity],
                    "CloseDate": f"2026-01-{number % 28 + 1:02d}",
                    "IsWon": bool(number % 2),
                    "IsClosed": bool(number % 2),
                    "Region__c": "EMEA",
                    "Practice__c": "Data",
                    "Legal_Entity__c": entity,
                    "Parent_Opportunity__c": None,
                    "OwnerId": "005000000000001AAA",
                },
                stamp,
                AS_OF - timedelta(days=3) if is_deleted else None,
                CURRENCIES[entity],
                entity,
            )

    def _kantata_workspaces(self) -> Iterator[FakeRecord]:
        for number in range(1, 7):
            entity = LEGAL_ENTITIES[number % 3]
            yield FakeRecord(
                str(number),
                {
                    "id": str(number),
                    "created_at": "2025-01-01T00:00:00Z",
                    "updated_at": "2026-01-01T00:00:00Z",
                    "title": f"Project {number}",
                    "currency": CURRENCIES[entity],
                    "price_in_cents": 100000 * number,
                    "start_date": "2026-01-01",
                    "due_date": None,
                    "status": {"key": "active", "message": "Active"},
                    "rate_card_id": None,
                    "archived": number == 6,
                    "stage": "delivery",
                    "workspace_group_ids": ["1"],
                },
                moment(0),
                None,
                CURRENCIES[entity],
                entity,
            )

    def _kantata_users(self) -> Iterator[FakeRecord]:
        stamps = {"created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}
        payload = {"id": "9", **stamps, "full_name": "Ada", "role_id": "3", "workspace_group_id": "1"}
        yield FakeRecord("9", payload, moment(0))

    def _kantata_time_entries(self) -> Iterator[FakeRecord]:
        for number in range(1, TIME_ENTRIES + 1):
            workspace = number % 6 + 1
            entity = LEGAL_ENTITIES[workspace % 3]
            yield FakeRecord(
                str(number),
                {
                    "id": str(number),
                    "created_at": "2026-01-01T00:00:00Z",
                    "updated_at": moment(number).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "workspace_id": str(workspace),
                    "user_id": "9",
                    "role_id": "3",
                    "date_performed": "2026-01-05",
                    "time_in_minutes": 60,
                    "billable": number % 2 == 0,
                    "approved": number % 3 == 0,
                    "rate_in_cents": 20000,
                    "cost_rate_in_cents": 9000,
                    "currency": CURRENCIES[entity],
                    "currency_base_unit": 100,
                    "is_invoiced": False,
                    "invoice_id": None,
                    "notes": "Grüße, 日本",
                },
                moment(number),
                None,
                CURRENCIES[entity],
                entity,
            )

    def _netsuite_transaction(self) -> Iterator[FakeRecord]:
        for number in range(1, INVOICES + 1):
            entity = LEGAL_ENTITIES[number % 3]
            stamp = moment(number).strftime("%Y-%m-%d %H:%M:%S")
            yield FakeRecord(
                str(number),
                {
                    "id": str(number),
                    "tranid": f"INV-{number}",
                    "type": "CustInvc",
                    "status": "A",
                    "trandate": "2026-01-31",
                    "duedate": "2026-02-28",
                    "postingperiod": "13",
                    "entity": "77",
                    "custbody_job": None,
                    "currency": str(number % 3 + 1),
                    "exchangerate": "1.0",
                    "foreigntotal": "0.1",
                    "foreigntaxtotal": "0",
                    "posting": "T",
                    "voided": "F",
                    "terms": "1",
                    "otherrefnum": None,
                    "custbody_qtc_id": None,
                    "createdfrom": None,
                    "createddate": stamp,
                    "lastmodifieddate": stamp,
                },
                moment(number),
                None,
                CURRENCIES[entity],
                entity,
            )

    def _netsuite_transactionline(self) -> Iterator[FakeRecord]:
        for number in range(1, INVOICES + 1):
            yield FakeRecord(
                f"{number}_1",
                {
                    "uniquekey": str(number),
                    "transaction": str(number),
                    "linesequencenumber": "1",
                    "mainline": "F",
                    "taxline": "F",
                    "item": "4",
                    "subsidiary": str(number % 3 + 1),
                    "foreignamount": "-0.1",
                    "quantity": "1",
                    "rate": "0.1",
                    "memo": None,
                    "custcol_source_type": "time",
                    "custcol_source_id": str(number),
                    "custcol_minutes": "60",
                    "linelastmodifieddate": moment(number).strftime("%Y-%m-%d %H:%M:%S"),
                },
                moment(number),
                None,
                None,
                LEGAL_ENTITIES[number % 3],
            )


def edited(record: FakeRecord, **payload: Any) -> FakeRecord:
    return replace(record, payload={**record.payload, **payload})
