"""The executive figures in plain Python: every KPI by month, legal entity, region and practice, reporting currency.

Add here: a family of KPIs. Stays out: the families themselves (``kpis``) and the marts they are made of.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.kpis import contracts, documents, exceptions, receivables, revenue, time, utilization, wip
from tests.oracle.kpis.part import Cell, Figure, Part, figures
from tests.oracle.margin import less
from tests.oracle.solution import Answer

FAMILIES = (
    *(contracts.bookings, contracts.backlog, contracts.margin, contracts.activation, wip.wip),
    *(time.unbilled, time.realization, time.billable_hours, time.effective_rate, time.billing_cycle, time.approval),
    *(utilization.utilization, revenue.recognized, revenue.position, revenue.alignment, documents.invoices),
    *(receivables.ageing, receivables.outstanding, receivables.application_lag, exceptions.leakage, exceptions.rates),
)


def executive(answer: Answer) -> dict[Cell, Figure]:
    """(month, legal entity, region, practice, kpi, variant) -> figure."""
    found = figures(parts(answer))
    eroded = {
        (*place, "margin", "erosion"): Figure(less(figure.value, found[*place, "margin", "forecast"].value))
        for (*place, kpi, variant), figure in found.items()
        if (kpi, variant) == ("margin", "booked")
    }
    return found | eroded


def parts(answer: Answer) -> Iterator[Part]:
    """Everything the figures are made of."""
    for family in FAMILIES:
        yield from family(answer)
