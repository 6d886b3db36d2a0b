"""The oracle's answer and the warehouse's tables in the same shape, so that they compare as dictionaries.

Add here: another table that has a twin in the oracle. Stays out: building warehouses (``replay``) and assertions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from qtc_pipeline.sandbox.firm import ENTITIES
from tests.flow.replay import Built
from tests.oracle.context import Company, Context
from tests.oracle.solve import Solution, solve

ZERO = Decimal(0)
INSTANCES = ("crm:", "psa:", "erp:")
ROW_KEY = ("leg", "measure", "kind", "break_class", "grain_key", "contract_id", "legal_entity_id", "period", "currency")


def answer(built: Built) -> Solution:
    """What the oracle says of the firm whose warehouse this is."""
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
        ),
    )


def bare(key: str | None) -> str | None:
    """A key without the instance that gave it."""
    return key[4:] if key is not None and key.startswith(INSTANCES) else key


def bare_grain(key: str) -> str:
    """A grain key without instances: ``psa:12`` is ``12``, ``time:psa:12`` is ``time:12``."""
    return ":".join(part for part in key.split(":") if f"{part}:" not in INSTANCES)


def total(rows: Iterable[tuple[tuple[Any, ...], Decimal | None]]) -> dict[tuple[Any, ...], Decimal]:
    """Sum by key."""
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(lambda: ZERO)
    for key, amount in rows:
        sums[key] += amount if amount is not None else ZERO
    return dict(sums)


def rows_of_rules(built: Built, legs: Iterable[str]) -> dict[tuple[Any, ...], Decimal]:
    """Every row of these legs in the warehouse: key -> difference."""
    wanted = ", ".join(f"'{leg}'" for leg in legs)
    found = built.rows(f"select * from reconciliation.rec_row where leg in ({wanted})")
    return total((_key(row), row["difference"]) for row in found)


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
    return [(key, left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)]
