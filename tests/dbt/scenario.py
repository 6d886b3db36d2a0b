"""One small engagement in three systems, with the awkward versions a lake can hold.

Add here: a record or version a dbt test needs. Stays out: how it is laid down (``warehouse``) and what is expected.
"""

from __future__ import annotations

from typing import Any

from tests.dbt.warehouse import Version

INSTANCES = {"salesforce": "crm", "kantata": "psa", "netsuite": "erp"}
OPPORTUNITY, CHANGE_ORDER = "006000000000000001", "006000000000000002"


def sf(entity: str, key: str, /, **fields: Any) -> Version:
    """A Salesforce record."""
    return Version("salesforce", entity, key, {"Id": key, "CurrencyIsoCode": "EUR", **fields})


def ka(entity: str, key: str, /, **fields: Any) -> Version:
    """A Kantata record."""
    return Version("kantata", entity, key, {"id": key, **fields})


def ns(entity: str, key: str, /, **fields: Any) -> Version:
    """A NetSuite row: every value text."""
    return Version("netsuite", entity, key, {"id": key, **fields})


def entry(key: str, *, minutes: int = 20, day: str = "2026-05-04", person: str = "7") -> Version:
    """An approved time entry on the one project."""
    return ka(
        "time_entries", key, workspace_id="30", user_id=person, role_id="201", date_performed=day,
        time_in_minutes=minutes, billable=True, approved=True, rate_in_cents=15000, currency="EUR",
        currency_base_unit=100,
    )  # fmt: skip


def crm() -> list[Version]:
    """Account, opportunity with a change order, contract, rate card with a change of rate."""
    contract = {
        "AccountId": "001A", "Opportunity__c": OPPORTUNITY, "Status": "Activated", "CustomerSignedDate": "2026-04-20",
        "Contract_Value__c": 100000.5, "Billing_Type__c": "time_and_materials", "Legal_Entity__c": "DE",
    }  # fmt: skip
    rate = {"Contract__c": "800C", "Role__c": "CONSULTANT"}
    return [
        sf("Account", "001A", Name="Müller", Legal_Entity__c="DE", BillingCountry="DE"),
        sf("Opportunity", OPPORTUNITY, AccountId="001A", Name="now", Region__c="EMEA", Practice__c="Data", IsWon=True,
           Amount=100000.5, CloseDate="2026-04-18", Legal_Entity__c="DE"),
        sf("Opportunity", CHANGE_ORDER, AccountId="001A", Parent_Opportunity__c=OPPORTUNITY, CloseDate="2026-05-18",
           Amount=500, Legal_Entity__c="FR"),
        sf("Contract", "800C", **contract),
        sf("Contract_Amendment__c", "a01", Contract__c="800C", Amount__c=-100.25, Status__c="Approved",
           Effective_Date__c="2026-05-01"),
        sf("Contract_Rate__c", "a02", **rate, Rate__c=150, Effective_From__c="2026-01-01",
           Effective_To__c="2026-05-31"),
        sf("Contract_Rate__c", "a03", **rate, Rate__c=160.5, Effective_From__c="2026-06-01"),
    ]  # fmt: skip


def psa() -> list[Version]:
    """Two workspaces (one internal), their groups and link, the consultant, time and an expense."""
    return [
        ka("workspaces", "30", title="Lake", currency="EUR", price_in_cents=10000050, status={"key": "active"},
           start_date="2026-04-25", archived=False, workspace_group_ids=["2"]),
        ka("workspaces", "31", title="Inside", currency="EUR", price_in_cents=None, status={"key": "active"},
           archived=True, workspace_group_ids=["2", "9"]),
        ka("workspace_groups", "2", name="DE"),
        ka("workspace_groups", "9", name="Internal"),
        ka("external_references", "301", service_name="salesforce", service_model="Opportunity",
           service_model_ref=CHANGE_ORDER, subject_type="Workspace", subject_id="30", status="linked"),
        ka("roles", "201", name="CONSULTANT"),
        ka("users", "7", full_name="Ada", role_id="201", workspace_group_id="2", weekly_minutes=2400),
        ka("cost_rates", "71", user_id="7", amount_in_subunits=6050, currency="EUR", effective_date="2026-01-01"),
        ka("cost_rates", "72", user_id="7", amount_in_subunits=7000, currency="EUR", effective_date="2026-06-01"),
        entry("1001"),
        entry("1002", day="2026-06-01", minutes=25),
        ka("expenses", "500", workspace_id="30", user_id="7", date="2026-05-05", amount_in_cents=1999, currency="EUR",
           category="travel", billable=True, approved=True),
        ka("time_off_entries", "600", user_id="7", date="2026-05-08", minutes=480),
    ]  # fmt: skip


def erp() -> list[Version]:
    """Set-up, job, time bill; an invoice with tax, its payment and application; a journal and its revenue."""
    line = {"taxline": "F", "mainline": "F", "subsidiary": "2"}
    return [
        ns("currency", "3", symbol="EUR", currencyprecision="2"),
        ns("currency", "1", symbol="USD", currencyprecision="2"),
        ns("subsidiary", "2", name="DE GmbH", currency="3"),
        ns("accountingperiod", "117", periodname="May 2026", startdate="2026-05-01", enddate="2026-05-31", closed="T",
           isyear="F", isquarter="F"),
        ns("accountingperiod", "302", periodname="Q2 2026", startdate="2026-04-01", enddate="2026-06-30", closed="F",
           isyear="F", isquarter="T"),
        ns("consolidatedexchangerate", "1173", postingperiod="117", fromcurrency="3", tocurrency="1",
           averagerate="1.085", currentrate="1.09", historicalrate="1.085"),
        ns("account", "10", acctnumber="1200", accttype="AcctRec", fullname="Receivables"),
        ns("item", "900", itemid="CONSULTANT", isinactive="F"),
        ns("customer", "1000", companyname="Müller", subsidiary="2", currency="3", custentity_sf_account="001A"),
        ns("job", "2000", companyname="Lake", parent="1000", subsidiary="2", currency="3", jobprice="100000.50",
           custentity_sf_opportunity=OPPORTUNITY, entitystatus="active", isinactive="F"),
        ns("timebill", "5001", customer="2000", item="900", trandate="2026-05-04", hours="0:20", externalid="1001",
           isbillable="T", custcol_written_off="F"),
        ns("transaction", "70", tranid="INV1", type="CustInvc", trandate="2026-05-31", postingperiod="117",
           entity="1000", custbody_job="2000", currency="3", exchangerate="1.0000", foreigntotal="59.50",
           foreigntaxtotal="9.50", posting="T", voided="F"),
        ns("transactionline", "70_0", transaction="70", linesequencenumber="0", mainline="T", foreignamount="59.50",
           taxline="F", subsidiary="2"),
        ns("transactionline", "70_1", transaction="70", linesequencenumber="1", foreignamount="-50.00", item="900",
           custcol_source_type="time", custcol_source_id="1001", custcol_minutes="20", **line),
        ns("transactionline", "70_2", transaction="70", linesequencenumber="2", foreignamount="-9.50",
           **{**line, "taxline": "T"}),
        Version("netsuite", "transactionaccountingline", "70:0:1", {"transaction": "70", "transactionline": "0",
                "accountingbook": "1", "account": "10", "debit": "59.50", "amount": "59.50", "posting": "T"}),
        ns("transaction", "71", tranid="PAY1", type="CustPymt", trandate="2026-06-10", entity="1000", currency="3",
           exchangerate="1.0", foreigntotal="59.50", posting="T", voided="F"),
        ns("transaction", "72", tranid="JE1", type="Journal", trandate="2026-05-31", postingperiod="117",
           currency="3", exchangerate="1", foreigntotal="0", posting="T", voided="F"),
        Version("netsuite", "nexttransactionlinelink", "70:0:71:0", {"previousdoc": "70", "nextdoc": "71",
                "linktype": "Payment", "foreignamount": "1.00"}, version_at=None, read_at="2026-06-30 19:00:00+00"),
        Version("netsuite", "nexttransactionlinelink", "70:0:71:0", {"previousdoc": "70", "nextdoc": "71",
                "linktype": "Payment", "foreignamount": "59.50"}, version_at=None),
        ns("revenueelement", "90", job="2000", currency="3", amount="100000.50"),
        ns("plannedrevenue", "91", revenueelement="90", postingperiod="117", amount="50.00", functionalamount="50.00",
           currency="3", isrecognized="T", journal="72"),
    ]  # fmt: skip


def beside() -> list[Version]:
    """What surrounds the engagement: terms, demand, calendar, costs passed on; a void and its reversal, a write-off."""
    rate = {"Contract__c": "800C", "Role__c": "CONSULTANT", "Effective_From__c": "2025-01-01"}
    posted = {"posting": "T", "entity": "1000", "currency": "3", "exchangerate": "1.0", "custbody_job": "2000"}
    return [
        sf("ContractHistory", "017A", ContractId="800C", Field="Payment_Terms__c", OldValue="Net 30", NewValue="Net 45",
           CreatedDate="2026-05-02T09:00:00.000+0000"),
        sf("Contract_Role_Demand__c", "a06", Contract__c="800C", Role__c="CONSULTANT", Sold_Minutes__c=600,
           Start_Date__c="2026-05-01", End_Date__c="2026-07-31"),
        sf("Contract_Rate__c", "a05", **rate, Rate__c=140, Country__c="FR"),
        ka("users", "8", full_name="Blaise", role_id="201", workspace_group_id="2", country="FR"),
        entry("1008", person="8"),
        ka("expenses", "501", workspace_id="30", user_id="7", date="2026-05-06", amount_in_cents=50000, currency="EUR",
           category="Subcontractor", vendor_name="Helpers", cost_center="DATA", billable=True, approved=True),
        ka("holidays", "40", title="May Day", date="2026-05-01", workspace_group_id="2"),
        ns("department", "60", name="DATA", isinactive="F"),
        ns("charge", "61", job="2000", chargedate="2026-05-06", amount="550.00", currency="3", externalid="501",
           chargetype="subcontractor", stage="READY", custcol_written_off="F"),
        ns("transaction", "75", tranid="CM1", type="CustCred", trandate="2026-06-20", foreigntotal="-10.00",
           custbody_credit_reason="bad_debt", **posted),
        ns("transactionline", "75_0", transaction="75", linesequencenumber="0", mainline="T", foreignamount="-10.00"),
        ns("transactionline", "75_1", transaction="75", linesequencenumber="1", mainline="F", foreignamount="10.00",
           custcol_source_type="time", custcol_source_id="1001"),
        ns("transaction", "76", tranid="PAY2", type="CustPymt", trandate="2026-06-11", foreigntotal="20.00", voided="T",
           **posted),
        ns("transaction", "77", type="Journal", trandate="2026-06-12", foreigntotal="0", reversal="76", posting="T",
           currency="3", exchangerate="1"),
    ]  # fmt: skip


def awkward() -> list[Version]:
    """What a lake can hold besides: late, dead, risen, unreadable and orphaned records."""
    risen = entry("1003")
    return [
        # an older version that came with a later load, from a stale replica
        Version("salesforce", "Opportunity", OPPORTUNITY, {"Id": OPPORTUNITY, "Name": "stale"},
                version_at="2026-05-01 00:00:00+00", read_at="2026-06-30 21:00:00+00", load_id="load-2"),
        # taken for deleted because an id list lacked it, then read alive again although its stamp is older
        risen,
        Version("kantata", "time_entries", "1003", None, None, "2026-06-30 21:00:00+00", "load-2", is_deleted=True),
        Version("kantata", "time_entries", "1003", risen.payload, read_at="2026-06-30 22:00:00+00", load_id="load-3"),
        # deleted for good, with a tombstone whose stamp is older than the last content
        entry("1004"),
        Version("kantata", "time_entries", "1004", None, "2026-05-30 00:00:00+00", "2026-06-30 21:00:00+00", "load-2",
                is_deleted=True),
        Version("kantata", "time_entries", "1005", '{"id": "1005", "time_in_minutes": 20'),
        Version("kantata", "time_entries", "1006", {**dict(entry("1006").payload or {}), "time_in_minutes": "2.7"}),
        ns("transaction", "73", type="CustInvc", trandate="31.05.2026", currency="3", foreigntotal="77.77"),
        ns("transactionline", "73_1", transaction="73", linesequencenumber="1", foreignamount="-77.77", mainline="F"),
        ns("transactionline", "99_1", transaction="99", linesequencenumber="1", foreignamount="-1.00", mainline="F"),
        ns("transaction", "74", type="VendBill", trandate="2026-05-31", currency="3", foreigntotal="-5.00"),
    ]  # fmt: skip


def versions() -> list[Version]:
    """All of them."""
    return crm() + psa() + erp() + beside() + awkward()


def context() -> dict[str, list[tuple[Any, ...]]]:
    """Three instances, two legal entities of which one never occurs, one build."""
    keys = [("crm", "DE"), ("psa", "DE"), ("erp", "2")]
    return {
        "qtc_instance": [("crm", "salesforce", "crm"), ("psa", "kantata", "psa"), ("erp", "netsuite", "erp")],
        "qtc_legal_entity": [("DE", "DE GmbH", "EUR", *key) for key in keys] + [("US", "US Inc", "USD", "erp", "1")],
        "qtc_source_count": [
            ("load-1", "kantata", "workspaces", "psa", "", "count", 2, 2),
            ("load-1", "kantata", "expenses", "psa", "", "count", 3, 3),
            ("load-3", "kantata", "time_entries", "psa", "", "count", 5, 7),
            ("load-1", "netsuite", "transaction", "erp", "3", "count", 8, 8),
            ("load-1", "netsuite", "transaction", "erp", "3", "amount", "201.77", "201.77"),
            ("load-1", "salesforce", "Account", "crm", "USD", "count", 1, 1),
        ],
        "qtc_build": [("build", "2026-06-30 23:00:00", "2026-06-30", "USD", "0", None, False)],
    }
