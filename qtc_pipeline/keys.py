"""Names: asset keys, relation names and groups are built and parsed here only.

Add here: a function for every new kind of name two rooms must agree on.
Stays out: anything that knows Dagster, dbt or a vendor; a name is a tuple or a string.
"""

from __future__ import annotations

from typing import Final

RAW = "raw"
RAW_CHECK = "out_of_the_ordinary"
OPS: Final = "ops"  # the operational store as a system that is read: its vendor and its one instance
ROOMS = ("raw", "base", "staging", "canonical", "reconciliation", "marts", "kpis", "gates", "publication")
MARTS = ("backlog", "unbilled_time", "invoice_exceptions", "margin", "utilization", "revenue", "ar", "cash")
DBT_STEPS = ("step_1", "step_2")


def raw_asset_key(vendor: str, entity: str, instance: str) -> tuple[str, str, str, str]:
    """Key of the asset that one instance's records of one entity are."""
    return (RAW, vendor, entity, instance)


def raw_relation(vendor: str, entity: str) -> str:
    """Name of the raw view of an entity inside schema ``raw``: ``salesforce__opportunity``."""
    return f"{vendor}__{entity}".lower()


def parse_raw_relation(name: str) -> tuple[str, str]:
    """Vendor and (lower-case) entity of a raw relation's name."""
    vendor, _, entity = name.partition("__")
    return vendor, entity


def relation_asset_key(schema: str, name: str) -> tuple[str, str]:
    """Key of a dbt model, seed or context table."""
    return (schema, name)


def gate_asset_check_name(gate: str, part: str) -> str:
    """Name of the asset check of a gate: ``e2_approved_time_erp``."""
    return f"{gate}_{part}".lower().replace(".", "_")


def publication_asset_key(mart: str) -> tuple[str, str]:
    """Key of one published mart."""
    return ("publication", mart)


def period_of(year: int, month: int) -> str:
    """Fiscal period as text, ``2026-03``."""
    return f"{year:04d}-{month:02d}"
