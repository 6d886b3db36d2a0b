"""Why figures of one day are not those of another: the records of both days, changed one kind of cause after the other.

Add here: a kind of cause. Stays out: what the figures are (``executive``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.oracle.context import Context
from tests.oracle.kpis.part import Cell
from tests.oracle.parse import Payloads
from tests.oracle.solve import solve

ZERO = Decimal(0)
RATES = "consolidatedexchangerate"
KEYS = ("Id", "id", "uniquekey")
Table = Mapping[str, Mapping[str, Any]]
Tables = Mapping[tuple[str, str], Table]


def restated(
    before: Payloads, after: Payloads, then: Context, now: Context
) -> tuple[dict[Cell, dict[str, Decimal]], dict[Cell, Decimal]]:
    """(cell -> cause -> share of the numerator's change, cell -> the change), cells without a numerator left out.

    Rates first, on the records as they stood; then what was corrected, what is gone, what came late, and time itself.
    """
    old, new = _tables(before), _tables(after)
    stages = [(cause, _payloads(tables), context) for cause, tables, context in _stages(old, new, then, now)]
    numerators = [
        {cell: figure.numerator for cell, figure in solve(payloads, context).executive.items()}
        for _, payloads, context in stages
    ]
    shares: dict[Cell, dict[str, Decimal]] = defaultdict(dict)
    for number in range(1, len(stages)):
        was, becomes = numerators[number - 1], numerators[number]
        for cell in was.keys() | becomes.keys():
            change = (becomes.get(cell) or ZERO) - (was.get(cell) or ZERO)
            if change:
                shares[cell][stages[number][0]] = change
    first, last = numerators[0], numerators[-1]
    whole = {cell: (last.get(cell) or ZERO) - (first.get(cell) or ZERO) for cell in first.keys() | last.keys()}
    return dict(shares), {cell: change for cell, change in whole.items() if change}


def _stages(old: Tables, new: Tables, then: Context, now: Context) -> Sequence[tuple[str, Tables, Context]]:
    def merged(*, rates: bool, corrected: bool, gone: bool, late: bool) -> Tables:
        return {
            entity: _merged(
                old.get(entity, {}), new.get(entity, {}), rates if entity[1] == RATES else corrected, gone, late
            )
            for entity in old.keys() | new.keys()
        }

    return (
        ("before", merged(rates=False, corrected=False, gone=False, late=False), then),
        ("rate", merged(rates=True, corrected=False, gone=False, late=False), then),
        ("correction", merged(rates=True, corrected=True, gone=False, late=False), then),
        ("deletion", merged(rates=True, corrected=True, gone=True, late=False), then),
        ("late_entry", merged(rates=True, corrected=True, gone=True, late=True), then),
        ("as_of", merged(rates=True, corrected=True, gone=True, late=True), now),
    )


def _merged(old: Table, new: Table, changed: bool, gone: bool, late: bool) -> Table:  # noqa: FBT001 - see ``_stages``
    kept = {key: new[key] if changed and key in new else row for key, row in old.items() if key in new or not gone}
    return kept | {key: row for key, row in new.items() if late and key not in old}


def _tables(payloads: Payloads) -> dict[tuple[str, str], dict[str, Mapping[str, Any]]]:
    return {
        (vendor, entity): {_key(row): row for row in rows}
        for vendor, entities in payloads.items()
        for entity, rows in entities.items()
    }


def _key(row: Mapping[str, Any]) -> str:
    """A record's key; of a rate its period and currencies; of records without one all they say."""
    if "averagerate" in row:
        return f"{row['postingperiod']}:{row['fromcurrency']}:{row['tocurrency']}"
    return next((str(row[name]) for name in KEYS if row.get(name)), repr(sorted(row.items(), key=str)))


def _payloads(tables: Tables) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(dict)
    for (vendor, entity), rows in tables.items():
        found[vendor][entity] = list(rows.values())
    return found
