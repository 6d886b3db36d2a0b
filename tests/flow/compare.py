"""The oracle's answer and the warehouse's tables in the same shape, so that they compare as dictionaries.

Add here: another table that has a twin in the oracle. Stays out: KPIs and their marts (``compare_kpis``), building
warehouses (``replay``) and assertions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.firm import ENTITIES
from tests.flow.replay import Built
from tests.oracle.context import Company, Context
from tests.oracle.readiness import readiness
from tests.oracle.solve import Solution, solve

ZERO = Decimal(0)
MISSING = "missing"
INSTANCES = ("crm:", "psa:", "erp:")
ROW_KEY = ("leg", "measure", "kind", "break_class", "grain_key", "contract_id", "legal_entity_id", "period", "currency")


def answer(built: Built, expected_since: Mapping[tuple[str, str], datetime] | None = None) -> Solution:
    """What the oracle says of the firm whose warehouse this is, with what earlier days taught."""
    firm, settings = built.firm, built.settings
    payloads = {
        vendor: {
            entity: [record.payload for record in firm.records(vendor, entity) if record.deleted_at is None]
            for entity in entities
        }
        for vendor, entities in ENTITIES.items()
    }
    vendors = {instance.name: instance.vendor for instance in settings.instances}
    return solve(
        payloads,
        Context(
            as_of=firm.as_of,
            companies=tuple(
                Company(entity.id, entity.currency, {vendors[name]: key for name, key in entity.keys.items()})
                for entity in settings.legal_entities
            ),
            read_through=dict.fromkeys(payloads, firm.as_of),
            reporting_currency=settings.reporting_currency,
            interface_hours=settings.slas.interface_hours,
            activation_days=settings.slas.activation_days,
            unbilled_days=settings.slas.unbilled_days,
            staffing_days=settings.slas.staffing_days,
            leg_hours=settings.slas.interface_hours_by_leg,
            expected_since=expected_since or {},
        ),
    )


def bare(key: str | None) -> str | None:
    """A key without the instance that gave it."""
    return key[4:] if key is not None and key.startswith(INSTANCES) else key


def bare_grain(key: str) -> str:
    """A grain key without instances: ``psa:12`` is ``12``, ``time:psa:12`` is ``time:12``."""
    assert key is not None, "a row without a grain key"
    return ":".join(part for part in key.split(":") if f"{part}:" not in INSTANCES)


def total(rows: Iterable[tuple[tuple[Any, ...], Decimal | None]]) -> dict[tuple[Any, ...], Decimal]:
    """Sum by key."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for key, amount in rows:
        sums[key] += amount if amount is not None else ZERO
    return dict(sums)


def rows_of_rules(built: Built) -> dict[tuple[Any, ...], Decimal]:
    """Every row of every rule in the warehouse: key -> difference."""
    return total((_key(row), row["difference"]) for row in built.rows("select * from reconciliation.rec_row"))


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    shown = {**row, "grain_key": bare_grain(row["grain_key"]), "contract_id": bare(row["contract_id"])}
    return tuple(shown[name] for name in ROW_KEY)


def rows_of_oracle(solution: Solution) -> dict[tuple[Any, ...], Decimal]:
    """The same of the oracle."""
    return total(
        (
            (
                row.leg,
                row.measure,
                row.kind,
                row.break_class,
                row.grain,
                row.contract,
                row.company,
                row.period,
                row.currency,
            ),
            row.difference,
        )
        for row in solution.findings
    )


def unequal(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> list[tuple[Any, Any, Any]]:
    """(key, left, right) where the two differ; empty when they are equal."""
    keys = sorted(left.keys() | right.keys(), key=repr)
    pairs = [(key, left.get(key, MISSING), right.get(key, MISSING)) for key in keys]
    return [pair for pair in pairs if pair[1] != pair[2]]


def breaks_of_warehouse(built: Built) -> dict[tuple[Any, ...], Any]:
    """(leg, class, grain) -> (exposure, base) of every break and condition."""
    return {
        (row["leg"], row["break_class"], bare_grain(row["grain_key"])): (row["exposure_amount"], row["base"])
        for row in built.rows("select * from reconciliation.rec_break")
    }


def breaks_of_oracle(solution: Solution) -> dict[tuple[Any, ...], Any]:
    """The same of the oracle."""
    return {(row.leg, row.break_class, row.grain): (row.exposure, row.base) for row in solution.exceptions}


def blocked_of_oracle(solution: Solution) -> dict[tuple[Any, ...], Decimal]:
    """(leg, class, grain) -> what waits behind it, for the rules that say so."""
    return {
        (row.leg, row.break_class, row.grain): row.blocked
        for row in solution.findings
        if row.acts and row.blocked is not None
    }


def blocked_of_warehouse(built: Built, keys: Container[tuple[Any, ...]]) -> dict[tuple[Any, ...], Decimal]:
    """The same of the warehouse, for the exceptions the oracle speaks of."""
    found = {
        (row["leg"], row["break_class"], bare_grain(row["grain_key"])): row["blocked_amount"]
        for row in built.rows("select * from reconciliation.rec_break")
    }
    return {key: amount for key, amount in found.items() if key in keys}


def marts_of_warehouse(built: Built) -> dict[str, dict[Any, Any]]:
    """Every mart as key -> values, without what is derived from these values by the reader."""
    return {
        "backlog": {
            bare(row["contract_id"]): tuple(row[name] for name in BACKLOG)
            for row in built.rows("select * from marts.fct_backlog")
        },
        "unbilled_time": {
            bare(row["time_entry_id"]): tuple(row[name] for name in UNBILLED)
            for row in built.rows("select * from marts.fct_unbilled_time")
        },
        "invoice_exceptions": {
            (bare(row["invoice_id"]), row["break_class"]): (row["exceptions"], row["exposure_amount"])
            for row in built.rows("select * from marts.fct_invoice_exception")
        },
        "margin": {
            (bare(row["contract_id"]), row["period"]): tuple(row[name] for name in MARGIN)
            for row in built.rows("select * from marts.fct_margin")
        },
        "activation_readiness": {
            bare(row["contract_id"]): tuple(row[name] for name in READINESS)
            for row in built.rows("select * from marts.fct_activation_readiness")
        },
        "closings": {
            (row["stock"], row["legal_entity_id"], row["currency"], row["period"]): row["closing"]
            for row in built.rows("select * from marts.int_closing where closing <> 0")
        },
    }


BACKLOG = (
    *("contract_value", "billed_amount", "recognized_amount", "backlog_billing", "backlog_revenue", "overrun_billed"),
    *("overrun_recognized", "delivered_unbilled", "scheduled", "inactive", "unscheduled"),
    *("signature_age_bucket", "end_bucket"),
)
READINESS = ("is_project_missing", "is_job_missing", "is_ready", "missing_items", "owner_role", "open_value")
UNBILLED = ("state", "blocking_class", "unbilled_amount", "over_cap_amount", "age_bucket", "contract_value")
MARGIN = (
    *("recognized_amount", "billed_amount", "labour_cost", "expense_cost", "approved_minutes", "contract_value"),
    *("planned_cost", "estimate_to_complete", "recognized_margin", "billed_margin", "booked_margin", "forecast_margin"),
    "margin_erosion",
)


def marts_of_oracle(solution: Solution) -> dict[str, dict[Any, Any]]:
    """The same of the oracle."""
    return {
        "backlog": {
            line.contract.id: (
                *(line.value, line.billed, line.recognized, line.billing, line.revenue, line.overrun_billed),
                *(line.overrun_recognized, line.delivered_unbilled, line.scheduled, line.inactive, line.unscheduled),
                *(line.age, line.left),
            )
            for line in solution.backlog
        },
        "unbilled_time": {
            line.standing.entry.id: (
                *(line.column, line.blocking if line.column == "blocked" else "none"),
                *(line.value, line.over_cap, line.bucket, line.standing.value),
            )
            for line in solution.unbilled
        },
        "invoice_exceptions": {
            (row.document.id, row.break_class): (len(row.exceptions), row.exposure(solution.view))
            for row in solution.invoice_exceptions
        },
        "margin": {
            (row.contract.id, row.period): (
                *(row.month.recognized, row.month.billed, row.month.labour_cost),
                *(row.month.expenses + row.month.subcontractors, row.month.minutes),
                *(row.value, row.planned_cost, row.to_complete),
                *(row.recognized, row.billed, row.booked, row.forecast, row.erosion),
            )
            for row in solution.margins
        },
        "activation_readiness": {
            row.contract.id: (
                *(not row.has_project, not row.has_job, not row.missing, ", ".join(row.missing) or None),
                *(row.owner, row.open_value),
            )
            for row in readiness(solution.view)
        },
        "closings": dict(solution.closings),
    }
