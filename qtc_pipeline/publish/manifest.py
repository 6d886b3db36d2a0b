"""What a publication says about itself: inputs, verdicts, tables, and where the published movements lie.

Add here: a fact a later reader needs to trust or repeat it. Stays out: the files themselves (``files``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from qtc_pipeline.gates.contract import MARTS, Decision
from qtc_pipeline.ops import audit
from qtc_pipeline.ops.models import Build, Verdict
from qtc_pipeline.publish.files import MOVEMENT, Table, content_of, is_published

if TYPE_CHECKING:
    import duckdb


def describe(
    build: Build,
    publication_id: str,
    decisions: dict[str, Decision],
    *,
    created_at: datetime,
    verdicts: Iterable[Verdict],
    tables: dict[str, Table],
    audited: tuple[int, str],
) -> dict[str, Any]:
    """The manifest, without the movements; ``audited`` is how far the audit trail went, its rows and its last hash."""
    summary: dict[str, dict[str, dict[str, int]]] = {}
    for row in verdicts:
        cell = summary.setdefault(row.mart, {}).setdefault(row.gate, {})
        cell[row.verdict] = cell.get(row.verdict, 0) + 1
    return {
        "publication_id": publication_id,
        "created_at": created_at.isoformat(),
        "build_id": build.build_id,
        "inputs_digest": build.inputs_digest,
        "previous_build_id": build.previous_build_id,
        "previous_publication_id": build.inputs.get("previous_publication_id"),
        "previous_movement_sources": build.inputs.get("previous_movement_sources", {}),
        "previous_movement_digests": build.inputs.get("previous_movement_digests", {}),
        "as_of": build.as_of.isoformat(),
        "package_version": build.package_version,
        "inputs": build.inputs,
        "load_ids": build.inputs.get("load_ids", []),
        "marts": {name: {"status": str(one.status), "reason": one.reason} for name, one in decisions.items()},
        "verdicts": summary,
        "movement_sources": build.inputs.get("previous_movement_sources", {}),
        "movement_digests": build.inputs.get("previous_movement_digests", {}),
        "tables": {name: asdict(table) for name, table in tables.items()},
        audit.ANCHOR: {"count": audited[0], "hash": audited[1]},
    }


def movements(
    build: Build, publication_id: str, decisions: dict[str, Decision], connection: duckdb.DuckDBPyConnection
) -> dict[str, Any]:
    """Where the last published movements of each stock lie: here, or where they lay before while the mart is held."""
    sources: dict[str, str] = dict(build.inputs.get("previous_movement_sources", {}))
    digests: dict[str, str] = dict(build.inputs.get("previous_movement_digests", {}))
    for name, mart in MARTS.items():
        if mart.stock is not None and is_published(decisions[name]):
            sources[mart.stock] = publication_id
            mine = f"select * exclude (source_load_id) from {MOVEMENT} where stock = '{mart.stock}'"
            digests[mart.stock] = content_of(connection, mine)[1]
    return {"movement_sources": sources, "movement_digests": digests}
