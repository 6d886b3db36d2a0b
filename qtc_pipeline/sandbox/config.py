"""The ``qtc.toml`` of the sandbox firm, as a person would have written it.

Add here: a setting the demo shows. Stays out: what settings mean (``qtc_pipeline.settings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

_HEAD = """\
# The sandbox firm: simulators of a CRM, a PSA and an ERP on loopback. `qtc init` writes an example with every key.
reporting_currency = "USD"
as_of = {as_of}

"""
_FIRM = """\
[legal_entities.US]
name = "Northwind Consulting Inc."
currency = "USD"
keys = { crm = "US", psa = "US", erp = "1" }

[legal_entities.DE]
name = "Northwind Consulting GmbH"
currency = "EUR"
keys = { crm = "DE", psa = "DE", erp = "2" }

[legal_entities.UK]
name = "Northwind Consulting Ltd."
currency = "GBP"
keys = { crm = "UK", psa = "UK", erp = "3" }

[slas]
interface_hours = 24
max_load_gap_hours = 26
activation_days = 14
unbilled_days = 60

[tolerances]
max_in_flight = 0.05

# The planted defects of the ledger stay below this; set it to 0 to see the margin mart held.
[tolerances.exposure]
margin = 250000
revenue = 250000
ar = 250000
cash = 250000

# The firm has no interface of its own that brings approved time into the ERP: `qtc` may.
[corrections]
transfer_owner = "qtc"

# Costs are transferred too, if a person agrees; where nothing is said, they become a task for their owner.
[[corrections.policies]]
correction = "transfer_expense"
decision = "approval"
"""


def sandbox_toml(instances: Mapping[str, Mapping[str, Any]], as_of: datetime) -> str:
    """Text of the settings file.

    Args:
        instances: name -> keys of its section, as the servers describe themselves.
        as_of: the firm's instant.
    """
    sections = [
        "\n".join([f"[instances.{name}]", *(f"{key} = {_value(value)}" for key, value in _open(facts).items())]) + "\n"
        for name, facts in instances.items()
    ]
    return _HEAD.format(as_of=as_of.strftime("%Y-%m-%dT%H:%M:%SZ")) + "\n".join([*sections, _FIRM])


def _open(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A simulator that says who it is may be written."""
    return {**facts, "environment": "sandbox", "writes": "identity" in facts}


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
