"""Builders of small vendor payloads for scenarios whose numbers are computed by hand.

Add here: a builder with the fewest fields a rule reads. Stays out: anything random, anything large.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

STAMP = {
    "salesforce": "2026-05-01T10:00:00.000+0000",
    "kantata": "2026-05-01T10:00:00Z",
    "netsuite": "2026-05-01 10:00:00",
}
CURRENCIES = {"USD": "1", "EUR": "2", "GBP": "3"}


class Firm:
    """Payloads under construction: ``{vendor: {entity: [payload, ...]}}`` in ``payloads``."""

    def __init__(self) -> None:
        self.payloads: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
        for symbol, key in CURRENCIES.items():
            self.netsuite("currency", id=key, symbol=symbol)
        for number, key in enumerate(("US", "DE", "Internal"), start=1):
            self.kantata("workspace_groups", id=f"g{number}", name=key)
        self.kantata("roles", id="r1", name="CONSULTANT")
        self.kantata("roles", id="r2", name="WIZARD")
        self.netsuite("item", id="i1", itemid="CONSULTANT", isinactive="F")
        for month in range(1, 7):
            last = (31, 28, 31, 30, 31, 30)[month - 1]
            self.netsuite(
                "accountingperiod",
                id=f"p{month}",
                startdate=f"2026-{month:02}-01",
                enddate=f"2026-{month:02}-{last}",
                closed="T" if month < 6 else "F",
                isyear="F",
                isquarter="F",
            )
            for symbol, key in CURRENCIES.items():
                average = {"USD": "1", "EUR": "1.100000", "GBP": "1.250000"}[symbol]
                self.netsuite(
                    "consolidatedexchangerate",
                    postingperiod=f"p{month}",
                    fromcurrency=key,
                    tocurrency="1",
                    averagerate=average,
                )
        for key, kind in (("a1", "AcctRec"), ("a2", "Income"), ("a3", "Bank"), ("a4", "DeferRevenue")):
            self.netsuite("account", id=key, accttype=kind)

    def salesforce(self, entity: str, /, **fields: Any) -> None:
        """A Salesforce record."""
        self.payloads["salesforce"][entity].append({"SystemModstamp": STAMP["salesforce"]} | fields)

    def kantata(self, entity: str, /, **fields: Any) -> None:
        """A Kantata record."""
        stamps = {"updated_at": STAMP["kantata"], "created_at": STAMP["kantata"]}
        self.payloads["kantata"][entity].append(stamps | fields)

    def netsuite(self, entity: str, /, **fields: Any) -> None:
        """A NetSuite record."""
        stamps = {"lastmodifieddate": STAMP["netsuite"], "datecreated": STAMP["netsuite"]}
        self.payloads["netsuite"][entity].append(stamps | fields)

    def contract(self, key: str, value: object = 10000, **fields: Any) -> None:
        """A won opportunity ``o-<key>`` with its executed contract ``<key>``, in US dollars unless said."""
        company = fields.get("Legal_Entity__c", "US")
        self.salesforce("Opportunity", Id=f"o-{key}", Region__c="North", Practice__c="Data", Parent_Opportunity__c=None)
        self.salesforce(
            "Contract",
            **(
                {
                    "Id": key,
                    "Opportunity__c": f"o-{key}",
                    "AccountId": "acc",
                    "Status": "Activated",
                    "CustomerSignedDate": "2026-01-10",
                    "StartDate": "2026-01-15",
                    "EndDate": "2026-12-31",
                    "Contract_Value__c": value,
                    "CurrencyIsoCode": "USD",
                    "Billing_Type__c": "time_and_materials",
                    "Cap_Amount__c": None,
                    "Closed_Date__c": None,
                    "Debooked_Amount__c": None,
                    "Planned_Cost__c": 4000,
                    "Legal_Entity__c": company,
                }
                | fields
            ),
        )

    def rate(self, contract: str, rate: object, role: str = "CONSULTANT") -> None:
        """A contract rate per hour, valid from 2026 on."""
        self.salesforce(
            "Contract_Rate__c",
            Contract__c=contract,
            Role__c=role,
            Rate__c=rate,
            CurrencyIsoCode="USD",
            Effective_From__c="2026-01-01",
            Effective_To__c=None,
        )

    def amendment(self, key: str, contract: str, amount: object, status: str = "Approved") -> None:
        """A change of value effective in March."""
        self.salesforce(
            "Contract_Amendment__c",
            Id=key,
            Contract__c=contract,
            Amount__c=amount,
            CurrencyIsoCode="USD",
            Status__c=status,
            Effective_Date__c="2026-03-01",
            Approved_Date__c="2026-03-01" if status == "Approved" else None,
        )

    def project(self, contract: str, price: int | None = 10000, order: int | None = 10000, **fields: Any) -> None:
        """Workspace ``w-<contract>``, job ``j-<contract>`` and sales order of a contract."""
        self.kantata(
            "workspaces",
            **(
                {
                    "id": f"w-{contract}",
                    "price_in_cents": None if price is None else price * 100,
                    "currency": "USD",
                    "status": {"key": "active"},
                    "workspace_group_ids": ["g1"],
                    "start_date": "2026-01-15",
                }
                | fields
            ),
        )
        self.kantata(
            "external_references",
            service_name="salesforce",
            service_model="Opportunity",
            service_model_ref=f"o-{contract}",
            subject_type="Workspace",
            subject_id=f"w-{contract}",
        )
        self.job(contract)
        if order is not None:
            self.document(f"so-{contract}", contract, kind="SalesOrd", lines=[(None, None, None, Decimal(order))])

    def job(self, contract: str) -> None:
        """The ERP job of a contract, billed the way the contract says."""
        known = {row["Id"]: row["Billing_Type__c"] for row in self.payloads["salesforce"]["Contract"]}
        billing_type = known.get(contract)
        self.netsuite(
            "job",
            id=f"j-{contract}",
            custentity_sf_opportunity=f"o-{contract}",
            custentity_psa_workspace=f"w-{contract}",
            jobbillingtype=billing_type,
            entitystatus="active",
            jobprice=None,
            currency="1",
            subsidiary="1",
        )

    def time(self, key: str, contract: str, minutes: int, day: str = "2026-05-20", **fields: Any) -> None:
        """An approved, billable time entry."""
        self.kantata(
            "time_entries",
            **(
                {
                    "id": key,
                    "workspace_id": f"w-{contract}",
                    "user_id": "u1",
                    "role_id": "r1",
                    "date_performed": day,
                    "time_in_minutes": minutes,
                    "billable": True,
                    "approved": True,
                    "rate_in_cents": 15000,
                    "currency": "USD",
                }
                | fields
            ),
        )

    def timebill(self, entry: str | None, contract: str, minutes: int, day: str = "2026-05-20", **fields: Any) -> None:
        """The ERP's time bill of an entry."""
        self.netsuite(
            "timebill",
            **(
                {
                    "id": f"tb-{entry}",
                    "customer": f"j-{contract}",
                    "item": "i1",
                    "trandate": day,
                    "hours": f"{minutes // 60}:{minutes % 60:02}",
                    "externalid": entry,
                    "isbillable": "T",
                    "custcol_billing_hold": "F",
                    "custcol_written_off": "F",
                    "custcol_written_off_date": None,
                }
                | fields
            ),
        )

    def document(self, key: str, contract: str, lines: list[tuple[Any, Any, Any, Decimal]], **fields: Any) -> None:
        """A document; ``lines`` are (source type, source id, minutes, net amount), positive on invoices."""
        kind = fields.pop("kind", "CustInvc")
        tax = fields.pop("tax", Decimal(0))
        net = sum((line[3] for line in lines), Decimal(0))
        self.netsuite(
            "transaction",
            **(
                {
                    "id": key,
                    "tranid": key,
                    "type": kind,
                    "trandate": "2026-05-31",
                    "duedate": "2026-06-30",
                    "postingperiod": "p5",
                    "entity": "c1",
                    "custbody_job": f"j-{contract}",
                    "currency": "1",
                    "exchangerate": "1",
                    "foreigntotal": str(net + tax),
                    "foreigntaxtotal": str(tax),
                    "posting": "T",
                    "voided": "F",
                    "createdfrom": None,
                }
                | fields
            ),
        )
        if kind in {"CustInvc", "CustCred"} and fields.get("posting", "T") == "T":
            self.posting(key, "a4", -net, line=1)
        parts = [("T", "F", None, None, None, -net - tax)]
        parts += [("F", "F", *line) for line in lines]
        parts += [("F", "T", None, None, None, tax)] if tax else []
        for number, (mainline, taxline, source_type, source, minutes, amount) in enumerate(parts):
            self.netsuite(
                "transactionline",
                uniquekey=f"{key}-{number}",
                transaction=key,
                linesequencenumber=str(number),
                mainline=mainline,
                taxline=taxline,
                item="i1",
                subsidiary="1",
                foreignamount=str(-amount),
                custcol_source_type=source_type,
                custcol_source_id=source,
                custcol_minutes=None if minutes is None else str(minutes),
                linelastmodifieddate=STAMP["netsuite"],
            )

    def posting(self, document: str, account: str, amount: Decimal, line: int = 0) -> None:
        """A ledger line, debit positive."""
        self.netsuite(
            "transactionaccountingline",
            transaction=document,
            transactionline=str(line),
            accountingbook="1",
            account=account,
            amount=str(amount),
            posting="T",
        )

    def schedule(self, key: str, contract: str, day: str, amount: Decimal, billed: str = "F") -> None:
        """A billing schedule line."""
        self.netsuite(
            "billingscheduleline",
            id=key,
            job=f"j-{contract}",
            scheduleddate=day,
            amount=str(amount),
            currency="1",
            billed=billed,
        )

    def revenue(self, key: str, contract: str, amount: Decimal, period: str) -> None:
        """A recognized piece of revenue with its journal."""
        self.netsuite("revenueelement", id=f"el-{key}", job=f"j-{contract}", amount=str(amount), currency="1")
        self.netsuite(
            "plannedrevenue",
            id=key,
            revenueelement=f"el-{key}",
            postingperiod=period,
            amount=str(amount),
            functionalamount=str(amount),
            currency="1",
            isrecognized="T",
            journal=f"jr-{key}",
        )
        self.document(f"jr-{key}", contract, [], kind="Journal", foreigntotal="0", postingperiod=period)
        self.posting(f"jr-{key}", "a2", -amount)
        self.posting(f"jr-{key}", "a4", amount, line=1)
