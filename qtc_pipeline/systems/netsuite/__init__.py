"""NetSuite: customers, jobs, documents with lines and accounting lines, time bills, schedules, revenue, periods, rates.

Data flow: SuiteQL, in windows along the key because an answer ends at 100 000 rows; increments by the modification
stamp; deletions from ``deletedrecord`` (lines go with their document); control counts and sums by grouped queries.
Values come as text, so money is exact as received. Custom fields added later are found in the metadata catalogue of the
REST records and read; one added to lines or links is in no catalogue and must be declared here.
Secrets: client id, account and certificate id in ``qtc.toml``, the certificate's private key (PEM) in
``QTC_PRIVATE_KEY_<INSTANCE>``; OAuth2 client credentials with a signed assertion. Or ``auth = "tba"``: account, client
id (consumer key) and ``access_id`` (token id), ``QTC_SECRET_<INSTANCE>`` and ``QTC_TOKEN_SECRET_<INSTANCE>``.
Permissions: SuiteAnalytics Workbook, REST Web Services, Deleted Records, and a role with access to **all** subsidiaries
(a restricted one shortens every answer without a word).
Alone: ``qtc ingest erp --entity transaction``.
"""

from __future__ import annotations

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Capabilities, Entity, Reader, System


def _entity(
    name: str,
    fields: str,
    *,
    key: str = "id",
    cursor: str | None = "lastmodifieddate",
    currency: str | None = None,
    amount: str | None = None,
    parent: str | None = None,
    personal: tuple[str, ...] = (),
) -> Entity:
    return Entity(
        name=name,
        fields=tuple(fields.split()),
        key=tuple(key.split()),
        cursor=cursor,
        currency=currency,
        amount=amount,
        volatile=("links",),
        deletes="log",
        parent=parent,
        personal=personal,
    )


ENTITIES = (
    _entity("subsidiary", "id name currency country lastmodifieddate"),
    _entity("currency", "id symbol name currencyprecision lastmodifieddate"),
    _entity("term", "id name daysuntilnetdue", cursor=None),
    _entity(
        "accountingperiod",
        "id periodname startdate enddate closed arlocked alllocked isyear isquarter lastmodifieddate",
    ),
    _entity(
        "consolidatedexchangerate",
        "id postingperiod fromcurrency tocurrency averagerate currentrate historicalrate lastmodifieddate",
    ),
    _entity("account", "id acctnumber accttype fullname", cursor=None),
    _entity("item", "id itemid displayname isinactive", cursor=None),
    _entity("department", "id name isinactive lastmodifieddate"),
    _entity(
        "customer",
        "id entityid companyname subsidiary currency terms custentity_sf_account isinactive datecreated "
        "lastmodifieddate vatregnumber country custentity_tax_rate",
        currency="currency",
    ),
    _entity(
        "job",
        "id entityid companyname parent subsidiary currency jobprice jobbillingtype custentity_sf_opportunity "
        "custentity_psa_workspace entitystatus isinactive datecreated lastmodifieddate",
        currency="currency",
        amount="jobprice",
    ),
    _entity(
        "transaction",
        "id tranid type status trandate duedate postingperiod entity custbody_job currency exchangerate foreigntotal "
        "foreigntaxtotal posting voided terms otherrefnum custbody_qtc_id createdfrom createddate lastmodifieddate "
        "createdby custbody_credit_reason custbody_disputed custbody_dispute_opened custbody_dispute_closed "
        "custbody_dispute_reason reversal",
        currency="currency",
        amount="foreigntotal",
    ),
    _entity(
        "transactionline",
        "uniquekey transaction linesequencenumber mainline taxline item subsidiary foreignamount quantity rate memo "
        "custcol_source_type custcol_source_id custcol_minutes custcol_job linelastmodifieddate",
        key="uniquekey",
        cursor="linelastmodifieddate",
        amount="foreignamount",
        parent="transaction",
        personal=("memo",),
    ),
    _entity(
        "transactionaccountingline",
        "transaction transactionline accountingbook account debit credit amount posting lastmodifieddate",
        key="transaction transactionline accountingbook",
        amount="debit",
        parent="transaction",
    ),
    _entity(
        "nexttransactionlinelink",
        "previousdoc previousline nextdoc nextline linktype foreignamount lastmodifieddate",
        key="previousdoc previousline nextdoc nextline",
        amount="foreignamount",
        parent="nextdoc",
    ),
    _entity(
        "timebill",
        "id employee customer item trandate hours isbillable approvalstatus externalid custcol_billing_hold "
        "custcol_written_off custcol_written_off_date lastmodifieddate datecreated",
    ),
    _entity(
        "charge",
        "id job chargedate amount currency chargetype externalid stage custcol_written_off custcol_written_off_date "
        "datecreated lastmodifieddate",
        currency="currency",
        amount="amount",
    ),
    _entity(
        "billingscheduleline",
        "id job scheduleddate amount currency billed lastmodifieddate",
        currency="currency",
        amount="amount",
    ),
    _entity(
        "revenueelement",
        "id job currency amount recognitionrule lastmodifieddate",
        currency="currency",
        amount="amount",
    ),
    _entity(
        "plannedrevenue",
        "id revenueelement postingperiod amount functionalamount currency isrecognized journal lastmodifieddate",
        currency="currency",
        amount="amount",
    ),
)


def _open(instance: Instance) -> Reader:
    # the declarations above are read whenever the graph is loaded; the HTTP client only when something is read
    from qtc_pipeline.systems.netsuite.read import open_reader

    return open_reader(instance)


SYSTEM = System(
    vendor="netsuite",
    entities=ENTITIES,
    capabilities=Capabilities(source_sums=True, delete_log=True, time_approval=True, server_order=True),
    open=_open,
    together={
        "transaction": {
            "transactionline": "transaction",
            "transactionaccountingline": "transaction",
            "nexttransactionlinelink": "nextdoc",
        }
    },
)
