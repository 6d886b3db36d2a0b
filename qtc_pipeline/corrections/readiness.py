"""Won deals that are not ready for activation: what is missing, whose work it is, how much waits.

Add here what the queue shows. Stays out: what ready means (``marts.fct_activation_readiness``), making projects
(``rules.create_project``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    from qtc_pipeline.settings import Settings

NOT_READY_COLUMNS = (
    "contract_number",
    "legal_entity_id",
    "signed_date",
    "missing_items",
    "owner_role",
    "currency",
    "open_value",
    "open_value_reporting",
    "contract_id",
    "qtc_id",
)


def not_ready(settings: Settings) -> list[dict[str, Any]]:
    """Contracts without project or ERP job for which something is missing, the largest value first."""
    sql = f"""
    select {", ".join(NOT_READY_COLUMNS)}
    from marts.fct_activation_readiness
    where not is_ready
    order by open_value_reporting desc nulls last, contract_id
    """
    with open_read_only(settings.warehouse_path) as connection:
        return read_rows(connection, sql)
