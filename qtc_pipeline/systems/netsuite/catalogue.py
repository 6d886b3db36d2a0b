"""Which fields one NetSuite account offers, by the metadata catalogue of its REST records.

Here: the record type that describes a table, and which of its properties SuiteQL surely reads. Stays out: reading them
(``read``). The catalogue knows nothing of lines, links and tables without a record of their own: what is added there is
not seen. A transaction is described by its invoice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qtc_pipeline.errors import PermanentError
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.systems.http import Answer, Http

_CATALOGUE = "/services/rest/record/v1/metadata-catalog"
_DESCRIBED_AS = {
    "subsidiary": "subsidiary",
    "currency": "currency",
    "term": "term",
    "accountingperiod": "accountingPeriod",
    "customer": "customer",
    "job": "job",
    "transaction": "invoice",
    "timebill": "timeBill",
    "charge": "charge",
}
# only custom fields are certain to have the same name in both services
_CUSTOM = ("custentity", "custbody", "custcol", "custevent", "custrecord")


def catalogued(http: Http, entity: Entity) -> Mapping[str, bool] | None:
    """The properties of a table's record type, spelled as SuiteQL does -> whether it reads them as one plain value.

    None where the table has no record type, or the role may not see it.
    """
    described = _DESCRIBED_AS.get(entity.name)
    if described is None:
        return None

    def decode(answer: Answer) -> dict[str, bool]:
        return {name.lower(): _is_plain(name, one) for name, one in json.loads(answer.text)["properties"].items()}

    headers = {"Accept": "application/schema+json"}
    try:
        return http.request("GET", f"{_CATALOGUE}/{described}", decode, what=f"entity {entity.name}", headers=headers)
    except PermanentError:  # what else is wrong with this account, the read itself will say
        return None


def _is_plain(name: str, described: Mapping[str, Any]) -> bool:
    """Whether SuiteQL surely reads it: a custom field that is no sub-record."""
    return name.lower().startswith(_CUSTOM) and described.get("type") in {"string", "number", "integer", "boolean"}
