"""NetSuite's record types as corrections meet them: their properties, how each is sent and how SuiteQL shows it.

Add a record type or property here when a correction writes it. Stays out: which correction writes what (``compose``).

A property's kind says how its value is spelled:

==========  ==========================================================================================================
``text``    as it is
``money``   a number; plain decimal text here
``bool``    true or false; SuiteQL says T or F
``ref``     ``{"id": …}``; the id here
``T.C``     ``{"id": …}`` of the record of table T whose column C has this value; the value here (a currency's code)
==========  ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MARKER_COLUMN = "externalid"
CURRENCY, TERM, ITEM = "currency.symbol", "term.name", "item.itemid"
LINE = "line"  # a line of an order, which is a record of its own here and not in the API


def _kinds(text: str) -> Mapping[str, str]:
    pairs = (word.partition(":") for word in text.split())
    return MappingProxyType({name: kind or "text" for name, _, kind in pairs})


_BODY = (
    "tranDate entity:ref currency:currency.symbol exchangeRate:money terms:term.name otherRefNum custbody_job:ref"
    " custbody_credit_reason"
)
PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "customer": _kinds(
        "companyName subsidiary:ref currency:currency.symbol terms:term.name vatRegNumber custentity_tax_rate"
        " custentity_sf_account isInactive:bool"
    ),
    "job": _kinds(
        "companyName parent:ref subsidiary:ref currency:currency.symbol jobPrice:money jobBillingType"
        " custentity_sf_opportunity custentity_psa_workspace entityStatus"
    ),
    "timeBill": _kinds(
        "employee:ref customer:ref item:item.itemid tranDate hours isBillable:bool approvalStatus"
        " custcol_billing_hold:bool"
    ),
    "charge": _kinds("job:ref chargeDate amount:money currency:currency.symbol chargeType stage"),
    "salesOrder": _kinds(_BODY),
    "invoice": _kinds(_BODY),
    "creditMemo": _kinds(_BODY),
    LINE: _kinds("amount:money description custcol_source_type custcol_source_id"),
}
LINES: Mapping[str, str] = _kinds(
    "item:item.itemid quantity:money rate:money amount:money description custcol_source_type custcol_source_id"
    " custcol_minutes:money custcol_job:ref"
)
TABLES: Mapping[str, str] = {
    "customer": "customer",
    "job": "job",
    "timeBill": "timebill",
    "charge": "charge",
    "salesOrder": "transaction",
    "invoice": "transaction",
    "creditMemo": "transaction",
    LINE: "transactionline",
}
TYPES: Mapping[str, str] = {"salesOrder": "SalesOrd", "invoice": "CustInvc", "creditMemo": "CustCred"}
_COLUMNS: Mapping[str, str] = {"amount": "foreignamount", "description": "memo"}


def column(entity: str, name: str) -> str:
    """The SuiteQL column of a property: its name in lower case, but for lines."""
    return _COLUMNS.get(name, name.lower()) if entity == LINE else name.lower()
