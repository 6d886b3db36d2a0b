"""Identities every warehouse must keep, whatever its firm: parts, roll-forwards, marts, billed time.

Each returns what breaks it, so that a test shows the cells. Add here: an equation between tables of one warehouse.
Stays out: equality with the oracle (``compare``, ``compare_kpis``).
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from tests.flow import compare_kpis
from tests.flow.replay import Built
from tests.oracle.context import time_value
from tests.oracle.solve import Solution

ZERO = Decimal(0)
DURATIONS = ("_median", "_p90")
# a variant and the variants whose numerators make it up
BRIDGES = (
    ("unbilled_time", "within_cap", ("ready", "on_hold", "on_draft", "blocked")),
    ("unbilled_time", "within_cap", ("age_0_30", "age_31_60", "age_61_90", "age_over_90")),
    ("utilization", "billable_calendar", ("billable_available",)),
    ("utilization", "billable_base_pto", ("billable_available",)),
    ("utilization", "billable_recorded", ("billable_available",)),
)


def parts_against_cells(built: Built) -> list[Any]:
    """Cells whose numerator or denominator is not the sum of their parts, and parts without a cell."""
    parts = {cell: sums for cell, sums in compare_kpis.sums_of_parts(built).items() if not cell[5].endswith(DURATIONS)}
    wrong: list[Any] = []
    for row in built.rows("select * from kpis.kpi_executive where variant <> 'erosion'"):
        cell = tuple(row[name] for name in compare_kpis.CELL)
        shown, due = (row["numerator"], row["denominator"]), parts.pop(cell, None)
        if not cell[5].endswith(DURATIONS) and shown != due:
            wrong.append((cell, shown, due))
    return wrong + list(parts.items())


def roll_forwards(built: Built) -> list[Any]:
    """(stock, legal entity, currency, period): closing and Σ of dated movements up to it where they differ."""
    moved: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in built.rows("select * from marts.fct_movement"):
        moved[row["stock"], row["legal_entity_id"], row["currency"]][row["period"]] += row["amount"]
    wrong = []
    for row in built.rows("select * from marts.int_closing"):
        movements = moved[row["stock"], row["legal_entity_id"], row["currency"]]
        due = sum((amount for period, amount in movements.items() if period <= row["period"]), ZERO)
        if due != row["closing"]:
            wrong.append((row["stock"], row["legal_entity_id"], row["currency"], row["period"], row["closing"], due))
    return wrong


def carried(built: Built) -> list[Any]:
    """Additive measures of a mart that are not the canonical ones, over any dimension of E3."""
    return built.rows("select * from reconciliation.rec_mart_total where difference <> 0")


def conserved(built: Built) -> list[Any]:
    """Records lost or made between raw and canonical."""
    return built.rows("select * from reconciliation.rec_conservation where difference <> 0")


def explained(built: Built) -> list[Any]:
    """Totals of a leg whose difference is not the sum of its rows."""
    return built.rows(
        "select * from reconciliation.rec_total "
        "where difference <> break_total + timing_total + reconciling_total + unexplained_total"
    )


def bridges(built: Built) -> list[Any]:
    """Places where a variant is not what it is made of."""
    query = "select * from kpis.kpi_executive where kpi_id in ('unbilled_time', 'utilization')"
    shown: dict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
    for row in built.rows(query):
        shown[tuple(row[name] for name in compare_kpis.CELL)] += row["numerator"]
    places = {cell[:4] for cell in shown}
    return [
        (place, kpi, whole, made_of)
        for kpi, whole, made_of in BRIDGES
        for place in places
        if shown.get((*place, kpi, whole), ZERO)
        != sum((shown.get((*place, kpi, part), ZERO) for part in made_of), ZERO)
    ]


def named_movements(built: Built) -> list[Any]:
    """Movements of the contract position that do not bear the name of the document they come from."""
    query = (
        "select m.movement_type, m.movement_id, d.invoice_id, d.document_type from marts.fct_movement as m "
        "inner join reconciliation.int_posted_document as d on split_part(m.movement_id, ':', 1) in "
        "('billed', 'credited') and substr(m.movement_id, instr(m.movement_id, ':') + 1) = d.invoice_id "
        "where m.stock = 'contract_position'"
    )
    names = {"invoice": "billed", "credit_memo": "credited"}
    return [
        row
        for row in built.rows(query)
        if (due := names[row["document_type"]]) != row["movement_type"]
        or row["movement_id"] != f"{due}:{row['invoice_id']}"
    ]


def engaged(built: Built) -> list[Any]:
    """Events of a timeline that belong to no engagement."""
    return built.rows("select * from marts.fct_engagement_event where qtc_id is null")


def billed_time(built: Built, oracle: Solution) -> list[Any]:
    """Per contract: billed amount = value of the billed minutes + rate variance + discount + rounding.

    What was billed and what it is worth come from the records, the differences from the rule's rows.
    """
    gaps: dict[str, Decimal] = defaultdict(lambda: ZERO)
    query = "select * from reconciliation.rec_row where leg = 'bill_rate.erp' and measure = 'amount'"
    for row in built.rows(query):
        gaps[compare_kpis.bare(row["contract_id"]) or ""] -= row["difference"]
    billed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in oracle.standing.values():
        lines = [
            entry
            for document, entry in oracle.view.lines_by_source.get(("time", line.entry.id), ())
            if oracle.view.is_billed(document) and document.currency == line.contract.currency
        ]
        minutes = sum(entry.minutes for entry in lines)
        if line.rate is not None and minutes > 0:
            worth = time_value(minutes, line.rate) or ZERO
            billed[line.contract.id] += sum((entry.amount for entry in lines), ZERO) - worth
    return [(key, billed[key], gaps[key]) for key in billed.keys() | gaps.keys() if billed[key] != gaps[key]]


EQUATIONS = (parts_against_cells, roll_forwards, carried, conserved, explained, bridges, named_movements, engaged)
