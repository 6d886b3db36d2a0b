"""Salesforce: customers, opportunities, contracts, amendments, rates.

Data flow: SOQL over ``queryAll`` (deleted records included, marked ``IsDeleted``), ordered by SystemModstamp and Id,
pages by ``nextRecordsUrl``; a read of more rows than ``bulk_above_rows`` as a Bulk API 2.0 job; deletions purged from
the recycle bin by ``/deleted``; control counts by aggregates; fields added later are found by ``describe`` and read.
Secrets: client id (consumer key) in ``qtc.toml``, client secret in ``QTC_SECRET_<INSTANCE>``; OAuth2 client credentials
at the My Domain host. Or ``auth = "jwt_bearer"`` with ``username`` and the app's key in ``QTC_PRIVATE_KEY_<INSTANCE>``.
Permissions: API Enabled, View All on the objects read, Query All Files is not needed.
Alone: ``qtc ingest crm --entity Account``.
"""

from __future__ import annotations

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Capabilities, Entity, Reader, System

_STAMP = "SystemModstamp"
_COMMON = ("Id", "IsDeleted", "CreatedDate")


def _entity(name: str, fields: str, *, cursor: str = _STAMP, currency: str | None = "CurrencyIsoCode") -> Entity:
    return Entity(
        name=name,
        fields=(*_COMMON, *([_STAMP] if cursor == _STAMP else []), *fields.split()),
        key=("Id",),
        cursor=cursor,
        # an aggregate in a grouped query of a multi-currency org comes back in the org's currency: counts, never sums
        currency=currency,
        volatile=("attributes",),
        deletes="flag",
    )


ENTITIES = (
    _entity("Account", "Name BillingCountry Region__c Legal_Entity__c CurrencyIsoCode Payment_Terms__c Tax_Number__c"),
    _entity(
        "Opportunity",
        "AccountId Name StageName Amount CurrencyIsoCode CloseDate IsWon IsClosed Region__c Practice__c "
        "Legal_Entity__c Parent_Opportunity__c OwnerId",
    ),
    _entity(
        "Contract",
        "AccountId Opportunity__c ContractNumber Status CustomerSignedDate StartDate EndDate Contract_Value__c "
        "CurrencyIsoCode Billing_Type__c Recognition_Rule__c Payment_Terms__c PO_Required__c PO_Number__c "
        "Cap_Amount__c Closed_Date__c Debooked_Amount__c Planned_Cost__c Legal_Entity__c Tax_Code__c PO_Amount__c "
        "Discount_Percent__c Expense_Markup_Percent__c Hold_From__c Revenue_Judgement__c",
    ),
    _entity(
        "Contract_Amendment__c",
        "Contract__c Name Amount__c CurrencyIsoCode Status__c Effective_Date__c Approved_Date__c Modification__c",
    ),
    _entity(
        "Contract_Rate__c", "Contract__c Role__c Rate__c CurrencyIsoCode Effective_From__c Effective_To__c Country__c"
    ),
    _entity("Contract_Role_Demand__c", "Contract__c Role__c Sold_Minutes__c Start_Date__c End_Date__c", currency=None),
    # written once, never changed: the org keeps no modification stamp of its field history
    _entity("ContractHistory", "ContractId Field OldValue NewValue", cursor="CreatedDate", currency=None),
)


def _open(instance: Instance) -> Reader:
    # the declarations above are read whenever the graph is loaded; the HTTP client only when something is read
    from qtc_pipeline.systems.salesforce.read import open_reader

    return open_reader(instance)


SYSTEM = System(
    vendor="salesforce",
    entities=ENTITIES,
    capabilities=Capabilities(source_sums=False, delete_log=True, time_approval=False, server_order=True),
    open=_open,
)
