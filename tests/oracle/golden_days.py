"""Two days of a small firm in Germany: between them a rate is corrected, time comes late, changes, and is deleted.

Stays out: what that does to the figures (the tests say it, computed by hand).
"""

from __future__ import annotations

from decimal import Decimal

from tests.oracle.by_hand_kpis import BusyFirm

LATER = {"kantata": "2026-06-30T23:10:00Z", "netsuite": "2026-06-30 23:10:00"}


def first_day() -> BusyFirm:
    """One contract in euro: 1 000 recognized and an hour billed in April, 50 minutes unbilled in May."""
    return _firm(april_rate="1.100000", minutes=30, has_third=True, has_late=False)


def second_day() -> BusyFirm:
    """April's rate is 1.12; an hour of April is submitted; 30 minutes of May are 45 now, 20 others are gone."""
    return _firm(april_rate="1.120000", minutes=45, has_third=False, has_late=True)


def _firm(*, april_rate: str, minutes: int, has_third: bool, has_late: bool) -> BusyFirm:
    firm = BusyFirm()
    firm.contract("c1", Legal_Entity__c="DE", CurrencyIsoCode="EUR")
    firm.project("c1", currency="EUR", workspace_group_ids=["g2"], order=None)
    firm.rate("c1", 150)
    firm.person("u1")
    firm.payloads["kantata"]["users"][-1]["workspace_group_id"] = "g2"
    firm.cost_rate(6000)
    firm.time("t1", "c1", 60, "2026-04-10")
    firm.timebill("t1", "c1", 60, "2026-04-10")
    changed = {"updated_at": LATER["kantata"]} if minutes != 30 else {}
    firm.time("t2", "c1", minutes, "2026-05-11", **changed)
    firm.timebill("t2", "c1", 30, "2026-05-11")
    if has_third:
        firm.time("t3", "c1", 20, "2026-05-12")
    if has_late:
        late = {"updated_at": LATER["kantata"], "created_at": LATER["kantata"]}
        firm.time("t4", "c1", 60, "2026-04-20", approved=False, **late)
    booked = {"trandate": "2026-04-30", "postingperiod": "p4", "currency": "2"}
    firm.document("inv1", "c1", [("time", "t1", 60, Decimal(150))], **booked)
    firm.revenue("r1", "c1", Decimal(1000), "p4")
    erp = firm.payloads["netsuite"]
    erp["plannedrevenue"][-1]["currency"] = "2"
    for row in [*erp["transactionline"], *erp["job"]]:
        row["subsidiary"] = "2"
    erp["job"][-1]["currency"] = "2"
    for row in erp["consolidatedexchangerate"]:
        if (row["postingperiod"], row["fromcurrency"]) == ("p4", "2") and row["averagerate"] != april_rate:
            row |= {"averagerate": april_rate, "lastmodifieddate": LATER["netsuite"]}
    return firm
