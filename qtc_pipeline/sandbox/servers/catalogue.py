"""What each simulated vendor serves: its objects, their key, cursor and typed fields.

Add an entity or field here when the firm starts to write it. How a value is produced stays in the firm, how it is
filtered and rendered stays in the query languages.

Field types: ``id`` a key or reference, ``text``, ``bool``, ``number``, ``money``, ``date``, ``datetime``, ``json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

Vendor = Literal["salesforce", "kantata", "netsuite"]
VENDORS: tuple[Vendor, ...] = ("salesforce", "kantata", "netsuite")


@dataclass(frozen=True)
class Entity:
    """One object of one vendor.

    Attributes:
        key: fields that name a record.
        orders: fields readers page by, besides the key; each has an index.
        fields: the vendor's field name -> its type, in payload order.
        external: field a client keeps its own id in; empty where the vendor keeps such ids elsewhere. It is beside the
            payload unless it is one of the ``fields``: only those who ask for it see it.
    """

    vendor: Vendor
    name: str
    key: tuple[str, ...]
    orders: tuple[str, ...]
    fields: Mapping[str, str]
    external: str = ""

    @property
    def table(self) -> str:
        """The SQLite table of this entity, quoted."""
        return f'"e_{self.name}"'

    def field(self, spelled: str) -> str | None:
        """The declared name of a field spelled in any case, None where there is none."""
        return _by_lower_case(self.vendor, self.name).get(spelled.lower())

    def kind(self, field: str) -> str:
        """The type of a field."""
        return self.fields.get(field, "text")

    @property
    def stamps(self) -> tuple[str, ...]:
        """Fields that move with every change."""
        return tuple(name for name in _STAMPS if name in self.fields)

    @property
    def finds(self) -> tuple[str, ...]:
        """Fields by which writers look for single records; each has an index of the rows that have it."""
        beside = (self.external,) if self.external else ()
        return (*beside, *_FINDS.get(f"{self.vendor}.{self.name}", ()))

    def affinity(self, field: str) -> str:
        """SQLite affinity of a field: numeric where the vendor compares numbers."""
        kind = self.kind(field)
        if kind in {"number", "money"} or (kind == "id" and self.vendor != "salesforce"):
            return "NUMERIC"
        return "TEXT" if kind != "bool" or self.vendor == "netsuite" else "INTEGER"


_SALESFORCE_COMMON = "Id:id IsDeleted:bool CreatedDate:datetime"
_SALESFORCE_STAMP = {"ContractHistory": "CreatedDate"}
"""What an object's changes are read by where it is not SystemModstamp: history rows are written once."""
_SALESFORCE = {
    "Account": "Name BillingCountry Region__c Legal_Entity__c CurrencyIsoCode Payment_Terms__c Tax_Number__c",
    "Opportunity": (
        "AccountId:id Name StageName Amount:money CurrencyIsoCode CloseDate:date IsWon:bool IsClosed:bool Region__c"
        " Practice__c Legal_Entity__c Parent_Opportunity__c:id OwnerId:id"
    ),
    "Contract": (
        "AccountId:id Opportunity__c:id ContractNumber Status CustomerSignedDate:date StartDate:date EndDate:date"
        " Contract_Value__c:money CurrencyIsoCode Billing_Type__c Recognition_Rule__c Payment_Terms__c"
        " PO_Required__c:bool PO_Number__c Cap_Amount__c:money Closed_Date__c:date Debooked_Amount__c:money"
        " Planned_Cost__c:money Legal_Entity__c Tax_Code__c PO_Amount__c:money Discount_Percent__c:number"
        " Expense_Markup_Percent__c:number Hold_From__c:date Revenue_Judgement__c:money"
    ),
    "Contract_Amendment__c": (
        "Contract__c:id Name Amount__c:money CurrencyIsoCode Status__c Effective_Date__c:date Approved_Date__c:date"
        " Modification__c"
    ),
    "Contract_Rate__c": (
        "Contract__c:id Role__c Rate__c:money CurrencyIsoCode Effective_From__c:date Effective_To__c:date Country__c"
    ),
    "Contract_Role_Demand__c": "Contract__c:id Role__c Sold_Minutes__c:number Start_Date__c:date End_Date__c:date",
    "ContractHistory": "ContractId:id Field OldValue NewValue",
    "Task": "Subject Description OwnerId:id WhatId:id ActivityDate:date Priority Status",
}

_KANTATA_COMMON = "id:id created_at:datetime updated_at:datetime"
_KANTATA = {
    "workspaces": (
        "title currency price_in_cents:money start_date:date due_date:date status:json rate_card_id:id archived:bool"
        " stage workspace_group_ids:json"
    ),
    "workspace_groups": "name",
    "external_references": "service_name service_model service_model_ref subject_type subject_id:id status",
    "users": "full_name email_address role_id:id workspace_group_id:id weekly_minutes:number country",
    "roles": "name",
    "cost_rates": "user_id:id amount_in_subunits:money currency effective_date:date",
    "assignments": "workspace_id:id user_id:id role_id:id estimated_minutes:number start_date:date end_date:date",
    "time_entries": (
        "workspace_id:id user_id:id role_id:id date_performed:date time_in_minutes:number billable:bool approved:bool"
        " rate_in_cents:money cost_rate_in_cents:money currency currency_base_unit:number is_invoiced:bool"
        " invoice_id:id notes utilization_credit:bool"
    ),
    "expenses": (
        "workspace_id:id user_id:id date:date amount_in_cents:money currency category billable:bool approved:bool"
        " cost_center vendor_name"
    ),
    "billing_milestones": (
        "workspace_id:id title amount_in_cents:money currency due_date:date status accepted_date:date"
    ),
    "estimates": (
        "workspace_id:id version:number as_of_date:date planned_cost_in_cents:money etc_cost_in_cents:money currency"
    ),
    "time_off_entries": "user_id:id date:date minutes:number",
    "holidays": "title date:date workspace_group_id:id",
}

_NETSUITE = {
    "subsidiary": "id:id name currency:id country lastmodifieddate:datetime",
    "currency": "id:id symbol name currencyprecision:number lastmodifieddate:datetime",
    "term": "id:id name daysuntilnetdue:number",
    "accountingperiod": (
        "id:id periodname startdate:date enddate:date closed:bool arlocked:bool alllocked:bool isyear:bool"
        " isquarter:bool lastmodifieddate:datetime"
    ),
    "consolidatedexchangerate": (
        "id:id postingperiod:id fromcurrency:id tocurrency:id averagerate:number currentrate:number"
        " historicalrate:number lastmodifieddate:datetime"
    ),
    "account": "id:id acctnumber accttype fullname",
    "item": "id:id itemid displayname isinactive:bool",
    "department": "id:id name isinactive:bool lastmodifieddate:datetime",
    "customer": (
        "id:id entityid companyname subsidiary:id currency:id terms:id custentity_sf_account isinactive:bool"
        " datecreated:datetime lastmodifieddate:datetime vatregnumber country custentity_tax_rate"
    ),
    "job": (
        "id:id entityid companyname parent:id subsidiary:id currency:id jobprice:money jobbillingtype"
        " custentity_sf_opportunity custentity_psa_workspace entitystatus isinactive:bool datecreated:datetime"
        " lastmodifieddate:datetime"
    ),
    "transaction": (
        "id:id tranid type status trandate:date duedate:date postingperiod:id entity:id custbody_job:id currency:id"
        " exchangerate:number foreigntotal:money foreigntaxtotal:money posting:bool voided:bool terms:id otherrefnum"
        " custbody_qtc_id createdfrom:id createddate:datetime lastmodifieddate:datetime createdby"
        " custbody_credit_reason custbody_disputed:bool custbody_dispute_opened:date custbody_dispute_closed:date"
        " custbody_dispute_reason reversal:id"
    ),
    "transactionline": (
        "uniquekey:id transaction:id linesequencenumber:number mainline:bool taxline:bool item:id subsidiary:id"
        " foreignamount:money quantity:number rate:money memo custcol_source_type custcol_source_id"
        " custcol_minutes:number custcol_job:id linelastmodifieddate:datetime"
    ),
    "transactionaccountingline": (
        "transaction:id transactionline:number accountingbook:id account:id debit:money credit:money amount:money"
        " posting:bool lastmodifieddate:datetime"
    ),
    "nexttransactionlinelink": (
        "previousdoc:id previousline:number nextdoc:id nextline:number linktype foreignamount:money"
        " lastmodifieddate:datetime"
    ),
    "timebill": (
        "id:id employee:id customer:id item:id trandate:date hours isbillable:bool approvalstatus externalid"
        " custcol_billing_hold:bool custcol_written_off:bool custcol_written_off_date:date lastmodifieddate:datetime"
        " datecreated:datetime"
    ),
    "charge": (
        "id:id job:id chargedate:date amount:money currency:id chargetype externalid stage custcol_written_off:bool"
        " custcol_written_off_date:date datecreated:datetime lastmodifieddate:datetime"
    ),
    "billingscheduleline": (
        "id:id job:id scheduleddate:date amount:money currency:id billed:bool lastmodifieddate:datetime"
    ),
    "revenueelement": "id:id job:id currency:id amount:money recognitionrule lastmodifieddate:datetime",
    "plannedrevenue": (
        "id:id revenueelement:id postingperiod:id amount:money functionalamount:money currency:id isrecognized:bool"
        " journal:id lastmodifieddate:datetime"
    ),
    "deletedrecord": "type recordid:id deleteddate:datetime name",
    "systemnote": "id:id recordtype recordid:id field oldvalue newvalue date:datetime name",
    "companyinformation": "accountid",
}
_NETSUITE_KEYS = {
    "transactionline": ("uniquekey",),
    "transactionaccountingline": ("transaction", "transactionline", "accountingbook"),
    "nexttransactionlinelink": ("previousdoc", "previousline", "nextdoc", "nextline"),
    "deletedrecord": ("recordid", "type"),
    "companyinformation": ("accountid",),
}
_FINDS = {
    "kantata.external_references": ("service_model_ref", "subject_id"),
    "netsuite.transactionline": ("transaction",),
    "netsuite.transactionaccountingline": ("transaction",),
    "netsuite.nexttransactionlinelink": ("previousdoc", "nextdoc"),
    "netsuite.systemnote": ("recordid",),
}
_STAMPS = ("SystemModstamp", "updated_at", "lastmodifieddate", "linelastmodifieddate")
_NETSUITE_STAMPS = ("lastmodifieddate", "linelastmodifieddate", "deleteddate")
_NO_EXTERNAL_ID = {
    "transactionaccountingline",
    "nexttransactionlinelink",
    "deletedrecord",
    "systemnote",
    "companyinformation",
}

LINES = frozenset({"transactionline", "transactionaccountingline", "nexttransactionlinelink"})
"""NetSuite records a deletion for a record, never for the lines that go with it."""
DELETED_RECORD = "deletedrecord"
"""NetSuite's own list of deletions; filled by the store, not by the firm."""
SYSTEM_NOTE = "systemnote"
"""NetSuite's own journal: what a client changed, from which value to which."""
COMPANY = "companyinformation"
NOT_THE_FIRMS = frozenset({DELETED_RECORD, SYSTEM_NOTE, COMPANY, "Task"})
"""What the vendor or its clients write alone."""


def _fields(text: str) -> Mapping[str, str]:
    pairs = (word.partition(":") for word in text.split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


@cache
def entities(vendor: Vendor) -> Mapping[str, Entity]:
    """Every entity of a vendor by name."""
    if vendor == "salesforce":
        return {name: _salesforce(name, text) for name, text in _SALESFORCE.items()}
    if vendor == "kantata":
        texts = {name: f"{_KANTATA_COMMON} {text}" for name, text in _KANTATA.items()}
        orders = ("created_at", "updated_at")
        return {name: Entity(vendor, name, ("id",), orders, _fields(text)) for name, text in texts.items()}
    return {name: _netsuite(name, _fields(text)) for name, text in _NETSUITE.items()}


def _salesforce(name: str, text: str) -> Entity:
    stamp = _SALESFORCE_STAMP.get(name, "SystemModstamp")
    common = _SALESFORCE_COMMON if stamp == "CreatedDate" else f"{_SALESFORCE_COMMON} {stamp}:datetime"
    return Entity("salesforce", name, ("Id",), (stamp,), _fields(f"{common} {text}"), "qtc_id__c")


def _netsuite(name: str, fields: Mapping[str, str]) -> Entity:
    stamps = tuple(stamp for stamp in _NETSUITE_STAMPS if stamp in fields)
    external = "" if name in _NO_EXTERNAL_ID else "externalid"
    return Entity("netsuite", name, _NETSUITE_KEYS.get(name, ("id",)), stamps, fields, external)


@cache
def _by_lower_case(vendor: Vendor, entity: str) -> Mapping[str, str]:
    found = entities(vendor)[entity]
    return {name.lower(): name for name in (*found.fields, found.external) if name}


def find_entity(vendor: Vendor, spelled: str) -> Entity | None:
    """The entity of that name in any case (both query languages ignore case), None where there is none."""
    for name, entity in entities(vendor).items():
        if name.lower() == spelled.lower():
            return entity
    return None
