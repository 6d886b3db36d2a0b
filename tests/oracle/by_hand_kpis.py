"""Builders of the small payloads the KPI scenarios need besides those of ``by_hand``: people, costs, cash, plans.

Add here: a builder with the fewest fields a KPI reads. Stays out: what the rules need (``by_hand``).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.oracle.by_hand import Firm


class BusyFirm(Firm):
    """A firm with people who work, spend, finish milestones and are paid."""

    def person(self, key: str = "u1", weekly: int = 2400, created: str = "2026-06-01T08:00:00Z") -> None:
        """Somebody of the US group."""
        self.kantata(
            "users",
            id=key,
            role_id="r1",
            workspace_group_id="g1",
            weekly_minutes=weekly,
            country="US",
            created_at=created,
        )

    def away(self, day: str, minutes: int, key: str = "u1") -> None:
        """Time off."""
        self.kantata("time_off_entries", id=f"off-{key}-{day}", user_id=key, date=day, minutes=minutes)

    def holiday(self, day: str) -> None:
        """A public holiday of the US group."""
        self.kantata("holidays", id=f"h-{day}", title="Day off", date=day, workspace_group_id="g1")

    def cost_rate(self, cents: int, key: str = "u1") -> None:
        """What an hour of a person costs, from 2026 on."""
        self.kantata("cost_rates", user_id=key, amount_in_subunits=cents, currency="USD", effective_date="2026-01-01")

    def expense(self, key: str, contract: str, cents: int, category: str = "Travel", **fields: Any) -> None:
        """An approved, billable cost of May."""
        given = {
            "id": key,
            "workspace_id": f"w-{contract}",
            "user_id": "u1",
            "date": "2026-05-15",
            "amount_in_cents": cents,
            "currency": "USD",
            "category": category,
            "billable": True,
            "approved": True,
        }
        self.kantata("expenses", **(given | fields))

    def milestone(self, key: str, contract: str, amount: Decimal, status: str, due: str) -> None:
        """A milestone, accepted on the day it was due."""
        self.kantata(
            "billing_milestones",
            id=key,
            workspace_id=f"w-{contract}",
            amount_in_cents=int(amount * 100),
            currency="USD",
            status=status,
            due_date=due,
            accepted_date=due if status == "accepted" else None,
        )

    def estimate(self, contract: str, version: int, day: str, planned: int, to_complete: int) -> None:
        """A version of the plan, in whole dollars."""
        self.kantata(
            "estimates",
            workspace_id=f"w-{contract}",
            version=version,
            as_of_date=day,
            planned_cost_in_cents=planned * 100,
            etc_cost_in_cents=to_complete * 100,
            currency="USD",
        )

    def demand(self, contract: str, minutes: int) -> None:
        """Minutes of a consultant sold with a contract."""
        self.salesforce(
            "Contract_Role_Demand__c",
            Id=f"d-{contract}",
            Contract__c=contract,
            Role__c="CONSULTANT",
            Sold_Minutes__c=minutes,
            Start_Date__c="2026-02-01",
            End_Date__c="2026-12-31",
        )

    def payment(self, key: str, amount: Decimal, invoice: str | None = None, **fields: Any) -> None:
        """Money received on 10 June, applied two days later to an invoice if told."""
        self.document(key, "none", [], kind="CustPymt", **({"trandate": "2026-06-10", "postingperiod": "p6"} | fields))
        self.payloads["netsuite"]["transaction"][-1]["foreigntotal"] = str(amount)
        if invoice is not None:
            self.applied(invoice, key, amount)

    def applied(self, invoice: str, settled_by: str, amount: Decimal, at: str = "2026-06-12 09:00:00") -> None:
        """A part of a payment or credit memo set against an invoice."""
        self.netsuite(
            "nexttransactionlinelink",
            previousdoc=invoice,
            nextdoc=settled_by,
            foreignamount=str(amount),
            linktype="Payment",
            lastmodifieddate=at,
        )
