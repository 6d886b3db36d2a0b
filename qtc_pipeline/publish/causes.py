"""Why the part of a record in a figure is another one in a later build: one cause, by a positive predicate.

=================  ============================================================================================
late_entry         the record was first read after the earlier build
deletion           the record is gone from its system
correction         a newer version of the record was read, or of one it rests on (its contract, rate card, invoice)
correction by qtc  the same, and every such version is a write of ours that came back
rate               the record stands as it was; an exchange rate of the figure's month was restated
as_of              nothing was read that touches it: time passed (it aged, fell due, came into the month)
rule_change        the earlier publication, built again by today's code, gives another figure (``restated``)
=================  ============================================================================================

Add here: a cause. Stays out: summing causes to figures (``restated``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.keys import OPS
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    import duckdb

    from qtc_pipeline.publish.reader import Published
    from qtc_pipeline.settings import Settings

OWN = "correction by qtc"
CAUSES = ("late_entry", "deletion", "correction", OWN, "rate", "as_of", "rule_change")
Cell = tuple[str, ...]
Record = tuple[str, str, str]
Own = Callable[["duckdb.DuckDBPyConnection", Collection[str]], set[Record]]
"""What tells the records (vendor, instance, id) of which some loads brought nothing but our own writes."""
_RATES = "select from_currency, period, rate_type, rate from canonical.core_exchange_rate order by 1, 2, 3"
_OF_CONTRACTS = """
select c.table_schema || '.' || c.table_name as name
from information_schema.columns as c
where c.table_schema = 'canonical' and c.column_name in ('contract_id', 'source_instance', 'source_id')
group by all
having count(*) = 3
order by 1
"""


class Facts:
    """What is known of records and rates between two builds; read once.

    Args:
        earlier: the publication that stated the figures first.
        earlier_home: where its warehouse is.
        later: the publication that states them otherwise.
        later_home: where its warehouse is.
        own: what tells our own writes; without it none are told.
    """

    def __init__(
        self, earlier: Published, earlier_home: Settings, later: Published, later_home: Settings, own: Own | None = None
    ) -> None:
        self._is_same_instant = earlier.manifest["as_of"] == later.manifest["as_of"]
        with open_read_only(earlier_home.warehouse_path) as connection:
            loads = {row["load_id"] for row in read_rows(connection, "select load_id from raw.qtc_load")}
            rates = _rates(connection)
        with open_read_only(later_home.warehouse_path) as connection:
            self._new_loads = {
                row["load_id"]
                for row in read_rows(connection, "select load_id from raw.qtc_load where versions > 0 or deletes > 0")
            } - loads
            self._months_restated = {key[1] for key, rate in _rates(connection).items() if rates.get(key, rate) != rate}
            self._is_gone: dict[Record, bool] = {}
            self._was_known: dict[Record, bool] = {}
            for row in _changed(connection, self._new_loads):
                record = (row["vendor"], row["instance"], row["record_id"])
                self._is_gone[record], self._was_known[record] = row["is_gone"], row["was_known"]
            self._own = self._is_gone.keys() & own(connection, self._new_loads) if own is not None else set[Record]()
            changed = [record[1:] for record in self._is_gone]
            by_others = [record[1:] for record in self._is_gone.keys() - self._own]
            contracts, of_others = (_contracts_of(connection, some) for some in (changed, by_others))
        with open_read_only(earlier_home.warehouse_path) as connection:
            self._contracts = contracts | _contracts_of(connection, changed)
            self._contracts_of_others = of_others | _contracts_of(connection, by_others)
        of_the_firm = {record for record in self._is_gone if record[0] != OPS}
        self._is_all_own = bool(self._own) and self._own == of_the_firm

    def cause(self, cell: Cell, record: Cell, was: dict[str, Any] | None, becomes: dict[str, Any] | None) -> str:
        """Why the part of a record in a cell is another one now.

        Args:
            cell: month, legal entity, region, practice, KPI, variant.
            record: vendor, instance, entity and id of the source record.
            was: its part then, None where it had none.
            becomes: its part now, None where it has none.
        """
        vendor, instance, _, source_id = record
        key = (vendor, instance, source_id)
        if becomes is None and self._is_gone.get(key):
            return "deletion"
        if key in self._own:
            return OWN
        if becomes is not None and becomes["source_load_id"] in self._new_loads:
            return "late_entry" if was is None and not self._was_known.get(key, True) else "correction"
        contract = f"{instance}:{source_id}"
        if key in self._is_gone or contract in self._contracts:  # the record itself, or one of this contract
            return "correction" if key in self._is_gone or contract in self._contracts_of_others else OWN
        if cell[0] in self._months_restated and was is not None and becomes is not None:
            return "rate"
        moved = (was or {}).get("source_load_id") != (becomes or {}).get("source_load_id")
        is_touched = self._is_same_instant or (was is not None and becomes is not None and moved)
        touched_by = OWN if self._is_all_own else "correction"
        return touched_by if is_touched and self._new_loads else "as_of"


def _rates(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], Decimal]:
    return {
        (row["from_currency"], row["period"], row["rate_type"]): row["rate"] for row in read_rows(connection, _RATES)
    }


def _changed(connection: duckdb.DuckDBPyConnection, new_loads: set[str]) -> list[dict[str, Any]]:
    """Every record a new load brought something of: whether it is gone now, and whether an older load had it."""
    listed = ", ".join(f"'{one}'" for one in sorted(new_loads)) or "null"
    relations = read_rows(
        connection, f"select distinct vendor, entity from raw.qtc_load where load_id in ({listed}) order by 1, 2"
    )
    selects = [
        f"""
        select
            '{row["vendor"]}' as vendor, instance, record_id,
            bool_or(load_id not in ({listed})) as was_known,
            arg_max(is_deleted, (read_at, load_id, ordinal)) as is_gone
        from raw."{row["vendor"]}__{row["entity"].lower()}"
        group by all
        having bool_or(load_id in ({listed}))
        """
        for row in relations
    ]
    return read_rows(connection, " union all ".join(selects)) if selects else []


def _contracts_of(connection: duckdb.DuckDBPyConnection, changed: Iterable[tuple[str, str]]) -> set[str]:
    """Contracts that some of the changed records belong to."""
    keys = [f"{instance}:{record_id}" for instance, record_id in changed]
    if not keys:
        return set()
    found = " union ".join(
        f"select contract_id from {row['name']} "
        "where source_instance || ':' || source_id in (select unnest(?::varchar[]))"
        for row in read_rows(connection, _OF_CONTRACTS)
    )
    values = [keys] * found.count("?::varchar[]")
    return {row["contract_id"] for row in read_rows(connection, found, values) if row["contract_id"] is not None}
