"""What changed between two publications: every restated figure, and by which causes, to the cent.

A figure is a cell of ``kpi_executive`` (month, legal entity, region, practice, KPI, variant) that both publications
could know. It is the sum of its parts, one per source record, so its change is the sum of the changes of the parts, and
each of those has one cause (``causes``); what today's code makes of the earlier build otherwise is ``rule_change``.
Add here: a measure that is compared. Stays out: causes, making the two warehouses (``qtc_pipeline.past``), printing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtc_pipeline.errors import PublicationError
from qtc_pipeline.publish.causes import CAUSES, Cell, Facts, Own
from qtc_pipeline.publish.drill import PLACE, RECORD, contributions
from qtc_pipeline.warehouse import open_read_only, read_rows

if TYPE_CHECKING:
    from qtc_pipeline.publish.reader import Published
    from qtc_pipeline.settings import Settings

_ZERO = Decimal(0)
_MEASURES = ("numerator", "denominator")


@dataclass
class Restated:
    """A figure that changed.

    Attributes:
        cell: month, legal entity, region, practice, KPI, variant.
        unit: of the KPI.
        before: the figure of the earlier publication.
        after: that of the later one.
        numerator: cause -> its share of the numerator's change; of days: how many records came, went or changed.
        denominator: cause -> its share of the denominator's change.
        records: changes of parts behind it.
        through: of a figure without parts of its own (the difference of two variants): the causes of those.
    """

    cell: Cell
    unit: str
    before: Decimal | None
    after: Decimal | None
    numerator: dict[str, Decimal] = field(default_factory=dict)
    denominator: dict[str, Decimal] = field(default_factory=dict)
    records: int = 0
    through: set[str] = field(default_factory=set)

    @property
    def causes(self) -> list[str]:
        """Causes with a share, in the order of :data:`CAUSES`."""
        return [
            cause
            for cause in CAUSES
            if self.numerator.get(cause) or self.denominator.get(cause) or cause in self.through
        ]


@dataclass(frozen=True)
class Side:
    """One of the two: the publication, and the home whose warehouse holds its build."""

    published: Published
    home: Settings


def explain(earlier: Side, later: Side, *, kpi_id: str | None = None, own: Own | None = None) -> list[Restated]:
    """Every figure that differs between two publications, with its causes; figures newer than the earlier are no news.

    Raises:
        PublicationError: the parts of a figure do not sum to it.
    """
    then, now = (_figures(one, kpi_id) for one in (earlier, later))
    until = str(earlier.published.manifest["as_of"])[:7]
    of_another_month = _stocks(then) & _stocks(now) if until != str(later.published.manifest["as_of"])[:7] else set()
    changed = {
        cell: (then.get(cell), now.get(cell))
        for cell in then.keys() | now.keys()
        if cell[0] <= until and cell[4:] not in of_another_month and _known(then.get(cell)) != _known(now.get(cell))
    }
    if not changed:
        return []
    facts = Facts(earlier.published, earlier.home, later.published, later.home, own)
    before, after = (_parts(one.home, kpi_id, changed) for one in (earlier, later))
    found = []
    for cell, (old, new) in sorted(changed.items()):
        row = Restated(cell, (old or new or {})["unit"], _value(old), _value(new))
        for record in before[cell].keys() | after[cell].keys():
            was, becomes = before[cell].get(record), after[cell].get(record)
            cause = facts.cause(cell, record, was, becomes)
            for measure in _MEASURES:
                change = _change(row.unit, measure, was, becomes)
                if change:
                    shares = getattr(row, measure)
                    shares[cause] = shares.get(cause, _ZERO) + change
                    row.records += 1
        _by_the_rules(row, old, new, before[cell].values())
        found.append(row)
    for row in found:
        if not row.causes:
            row.through = {cause for one in found if one.cell[:5] == row.cell[:5] for cause in one.causes}
    return found


def _stocks(figures: dict[Cell, dict[str, Any]]) -> set[Cell]:
    """KPIs and variants that stand in one month only: as of another month they are other figures, not restated ones."""
    months: dict[Cell, set[str]] = defaultdict(set)
    for cell in figures:
        months[cell[4:]].add(cell[0])
    return {one for one, found in months.items() if len(found) == 1}


def _change(unit: str, measure: str, was: dict[str, Any] | None, becomes: dict[str, Any] | None) -> Decimal:
    """What a record's part adds to a sum; a percentile is no sum: there a record counts as one that changed."""
    change = _amount(becomes, measure) - _amount(was, measure)
    if unit != "days":
        return change
    return Decimal(measure == "numerator" and (was is None or becomes is None or change != 0))


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
                record = tuple(str(row[name]) for name in RECORD)
                found[cell][record] = row
    return found
