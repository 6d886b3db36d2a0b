"""What changed between two publications: every restated figure, and by which causes, to the cent.

A figure is a cell of ``kpi_executive`` (month, legal entity, region, practice, KPI, variant) that both publications
could know. It is the sum of its parts, one per source record, so its change is the sum of the changes of the parts, and
each of those has one cause, a positive predicate on the record:

=============  ================================================================================================
late_entry     the record was first read after the earlier publication
deletion       the record is gone from its system
correction     a newer version of the record was read, or of one it rests on (its contract, rate card, invoice)
rate           the record stands as it was; an exchange rate of the figure's month was restated
as_of          nothing was read that touches it: time passed (it aged, fell due, came into the month)
rule_change    the earlier publication, built again by today's code, gives another figure
=============  ================================================================================================

Add here: a cause. Stays out: making the two warehouses (``qtc_pipeline.past``), printing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.publish.drill import PLACE, contributions
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    from qtc_pipeline.publish.reader import Published
    from qtc_pipeline.settings import Settings

CAUSES = ("late_entry", "deletion", "correction", "rate", "as_of", "rule_change")
_ZERO = Decimal(0)
_MEASURES = ("numerator", "denominator")
Cell = tuple[str, ...]


@dataclass
class Restated:
    """A figure that changed.

    Attributes:
        cell: month, legal entity, region, practice, KPI, variant.
        unit: of the KPI.
        before: the figure of the earlier publication.
        after: that of the later one.
        numerator: cause -> its share of the numerator's change.
        denominator: cause -> its share of the denominator's change.
        records: changes of parts behind it.
    """

    cell: Cell
    unit: str
    before: Decimal | None
    after: Decimal | None
    numerator: dict[str, Decimal] = field(default_factory=dict)
    denominator: dict[str, Decimal] = field(default_factory=dict)
    records: int = 0

    @property
    def causes(self) -> list[str]:
        """Causes with a share, in the order of :data:`CAUSES`."""
        return [cause for cause in CAUSES if self.numerator.get(cause) or self.denominator.get(cause)]


@dataclass(frozen=True)
class Side:
    """One of the two: the publication, and the home whose warehouse holds its build."""

    published: Published
    home: Settings


def explain(earlier: Side, later: Side, *, kpi_id: str | None = None) -> list[Restated]:
    """Every figure that differs between two publications, with its causes; figures newer than the earlier are no news.

    Raises:
        PublicationError: the parts of a figure do not sum to it.
    """
    then, now = (_figures(one, kpi_id) for one in (earlier, later))
    until = str(earlier.published.manifest["as_of"])[:7]
    changed = {
        cell: (then.get(cell), now.get(cell))
        for cell in then.keys() | now.keys()
        if cell[0] <= until and _known(then.get(cell)) != _known(now.get(cell))
    }
    if not changed:
        return []
    facts = _Facts(earlier, later)
    before, after = (_parts(one.home, kpi_id, changed) for one in (earlier, later))
    found = []
    for cell, (old, new) in sorted(changed.items()):
        row = Restated(cell, (old or new or {})["unit"], _value(old), _value(new))
        for record in before[cell].keys() | after[cell].keys():
            was, becomes = before[cell].get(record), after[cell].get(record)
            cause = facts.cause(cell, record, was, becomes)
            for measure in _MEASURES:
                change = _amount(becomes, measure) - _amount(was, measure)
                if change:
                    shares = getattr(row, measure)
                    shares[cause] = shares.get(cause, _ZERO) + change
                    row.records += 1
        _by_the_rules(row, old, new, before[cell].values())
        found.append(row)
    return found


def _by_the_rules(row: Restated, old: Any, new: Any, parts: Any) -> None:
    """What the earlier publication's own parts, computed today, do not give is the doing of changed rules."""
    for measure in _MEASURES:
        shares: dict[str, Decimal] = getattr(row, measure)
        published = (old or {}).get(measure)
        rest = (published or _ZERO) - sum((_amount(part, measure) for part in parts), _ZERO)
        if published is not None and rest:
            shares["rule_change"] = shares.get("rule_change", _ZERO) - rest
        change = ((new or {}).get(measure) or _ZERO) - (published or _ZERO)
        told = sum(shares.values(), _ZERO)
        known = (old is None or published is not None) and (new is None or new.get(measure) is not None)
        if known and row.unit != "days" and told != change:
            raise PublicationError(
                " ".join(row.cell),
                f"changed by {change}, its parts explain {told}",
                "A part does not name its record: see marts.part_*",
            )


def _figures(side: Side, kpi_id: str | None) -> dict[Cell, dict[str, Any]]:
    wanted, values = ("where kpi_id = ?", [kpi_id]) if kpi_id else ("", [])
    with open_read_only(side.published.database) as connection:
        rows = read_rows(
            connection,
            f"select {', '.join(PLACE)}, kpi_id, variant, unit, value, numerator, denominator "
            f"from kpis.kpi_executive {wanted}",
            values,
        )
    return {tuple(str(row[name]) for name in (*PLACE, "kpi_id", "variant")): row for row in rows}


def _known(row: dict[str, Any] | None) -> tuple[Any, ...]:
    return (None, None, None) if row is None else (row["value"], row["numerator"], row["denominator"])


def _value(row: dict[str, Any] | None) -> Decimal | None:
    return None if row is None else row["value"]


def _amount(part: dict[str, Any] | None, measure: str) -> Decimal:
    return _ZERO if part is None or part[measure] is None else Decimal(part[measure])


def _parts(home: Settings, kpi_id: str | None, cells: Any) -> dict[Cell, dict[Cell, dict[str, Any]]]:
    found: dict[Cell, dict[Cell, dict[str, Any]]] = defaultdict(dict)
    wanted = {(cell[4], cell[5]) for cell in cells}
    with open_read_only(home.warehouse_path) as connection:
        for row in contributions(
            connection, kpi_ids=sorted({one[0] for one in wanted} if kpi_id is None else {kpi_id})
        ):
            cell = tuple(str(row[name]) for name in (*PLACE, "kpi_id", "variant"))
            if cell in cells:
                record = tuple(
                    str(row[name]) for name in ("source_vendor", "source_instance", "source_entity", "source_id")
                )
                found[cell][record] = row
    return found


class _Facts:
    """What is known of records and rates between the two builds; read once."""

    def __init__(self, earlier: Side, later: Side) -> None:
        self._later = later.home
        self._is_same_instant = earlier.published.manifest["as_of"] == later.published.manifest["as_of"]
        with open_read_only(earlier.home.warehouse_path) as connection:
            self._loads = {row["load_id"] for row in read_rows(connection, "select load_id from raw.qtc_load")}
            rates = _rates(connection)
        with open_read_only(later.home.warehouse_path) as connection:
            self._new_loads = {
                row["load_id"]
                for row in read_rows(connection, "select load_id from raw.qtc_load where versions > 0 or deletes > 0")
            } - self._loads
            self._months_restated = {key[1] for key, rate in _rates(connection).items() if rates.get(key, rate) != rate}
            self._gone = {
                (row["vendor"], row["instance"], row["record_id"])
                for row in read_rows(connection, _gone_sql(connection, self._new_loads))
            }

    def cause(
        self, cell: Cell, record: Cell, was: dict[str, Any] | None, becomes: dict[str, Any] | None
    ) -> str:  # fmt: skip
        """Why the part of a record in a cell is another one now."""
        vendor, instance, _, source_id = record
        if becomes is None and (vendor, instance, source_id) in self._gone:
            return "deletion"
        if becomes is not None and becomes["source_load_id"] in self._new_loads:
            return "late_entry" if was is None and not self._was_known(record) else "correction"
        if cell[0] in self._months_restated and was is not None and becomes is not None:
            return "rate"
        return "as_of" if not self._is_same_instant and not self._new_loads else self._passed(was, becomes)

    def _passed(self, was: dict[str, Any] | None, becomes: dict[str, Any] | None) -> str:
        """Of a record that was not read again: a record it rests on was, or time passed."""
        moved = (was or {}).get("source_load_id") != (becomes or {}).get("source_load_id")
        return "correction" if self._is_same_instant or moved else "as_of"

    def _was_known(self, record: Cell) -> bool:
        """Whether a load of the earlier build had the record already."""
        vendor, instance, entity, source_id = record
        with open_read_only(self._later.warehouse_path) as connection:
            relation = f'raw."{vendor}__{entity.lower()}"'
            rows = read_rows(
                connection,
                f"select distinct load_id from {relation} where instance = ? and record_id = ?",
                [instance, source_id],
            )
        return any(row["load_id"] in self._loads for row in rows)


def _rates(connection: Any) -> dict[tuple[str, str, str], Decimal]:
    rows = read_rows(
        connection, "select from_currency, period, rate_type, rate from canonical.core_exchange_rate order by 1, 2, 3"
    )
    return {(row["from_currency"], row["period"], row["rate_type"]): row["rate"] for row in rows}


def _gone_sql(connection: Any, new_loads: set[str]) -> str:
    """Records a load since the earlier build marked as deleted, over all raw relations that had such a load."""
    listed = ", ".join(f"'{one}'" for one in sorted(new_loads))
    with_deletes = read_rows(
        connection,
        f"select distinct vendor, entity from raw.qtc_load where deletes > 0 and load_id in ({listed or 'null'})",
    )
    selects = []
    for row in with_deletes:
        relation = f'raw."{row["vendor"]}__{row["entity"].lower()}"'
        selects.append(
            f"select '{row['vendor']}' as vendor, instance, record_id from {relation} "
            f"where is_deleted and load_id in ({listed})"
        )
    nothing = "select null::varchar as vendor, null::varchar as instance, null::varchar as record_id where false"
    return " union all ".join(selects) or nothing
