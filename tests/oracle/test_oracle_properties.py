"""Identities of the KPI definitions over random histories: they hold of the oracle whatever happened in the firm."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings

from tests.oracle.by_hand_kpis import BusyFirm
from tests.oracle.executive import parts
from tests.oracle.firm_view import fees
from tests.oracle.histories import histories
from tests.oracle.kpis.part import figures
from tests.oracle.kpis.receivables import receivables
from tests.oracle.kpis.revenue import positions
from tests.oracle.kpis.utilization import capacities
from tests.oracle.scenario import context
from tests.oracle.solve import Solution, solve

ZERO = Decimal(0)
QUIETLY = [HealthCheck.too_slow, HealthCheck.data_too_large]
EXAMPLES = 25
some = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIETLY, derandomize=True)
many = settings(max_examples=1500, deadline=None, suppress_health_check=QUIETLY)
WITHIN = {
    "within_cap": ("ready", "on_hold", "on_draft", "blocked"),
    "ages": ("age_0_30", "age_31_60", "age_61_90", "age_over_90"),
}


def _solved(firm: BusyFirm) -> Solution:
    return solve(firm.payloads, context())


def _identities(firm: BusyFirm) -> None:
    solution = _solved(firm)
    _positions_close(solution)
    _time_goes_somewhere(solution)
    _backlog_is_split(solution)
    _receivables_are_what_was_invoiced_less_what_was_received(solution)
    _capacity_is_used_or_not(solution)
    _parts_and_variants_sum(solution)


@some
@given(histories())
def test_identities_hold_over_random_histories(firm: BusyFirm) -> None:
    _identities(firm)


@pytest.mark.long
@many
@given(histories())
def test_identities_hold_over_many_random_histories(firm: BusyFirm) -> None:
    _identities(firm)


def _positions_close(solution: Solution) -> None:
    """backlog_billing - backlog_revenue = recognized - billed = unbilled receivable + asset - liability."""
    backlog = {line.contract.id: line for line in solution.backlog}
    for line in positions(solution.view, solution.standing):
        stock = backlog[line.contract.id]
        open_to_bill = stock.billing - stock.overrun_billed
        open_to_earn = stock.revenue - stock.overrun_recognized
        assert open_to_bill - open_to_earn == line.net == line.unbilled_receivable + line.asset - line.liability
        assert min(line.unbilled_receivable, line.asset, line.liability) >= ZERO
        assert ZERO in {line.asset, line.liability}


def _time_goes_somewhere(solution: Solution) -> None:
    """Approved value = value billed, net of credits + unbilled + over the cap + written off; none is below zero."""
    for line in solution.standing.values():
        assert line.value == line.billed + line.within_cap + line.over_cap + line.written_off
        assert min(line.billed, line.within_cap, line.over_cap, line.written_off) >= ZERO
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in solution.standing.values():
        taken[line.contract.id] += line.billed + line.written_off + line.within_cap
    for key, amount in taken.items():
        lines = [line for line in solution.standing.values() if line.contract.id == key]
        used = sum((line.billed + line.written_off for line in lines), ZERO)
        cap = lines[0].contract.cap
        assert cap is None or amount <= max(cap, used)


def _backlog_is_split(solution: Solution) -> None:
    for line in solution.backlog:
        parts_of = line.delivered_unbilled + line.scheduled + line.inactive + line.unscheduled
        assert parts_of == line.billing
        assert line.billed == sum(
            (
                fees(document)
                for document in solution.view.documents_by_contract.get(line.contract.id, ())
                if document.currency == line.contract.currency
            ),
            ZERO,
        )


def _receivables_are_what_was_invoiced_less_what_was_received(solution: Solution) -> None:
    books = solution.view.books
    owed = sum((document.gross for document in books.documents.values() if document.counts), ZERO)
    received = sum((payment.amount for payment in books.payments.values() if payment.posted), ZERO)
    assert sum((line.open for line in receivables(solution.view)), ZERO) == owed - received


def _capacity_is_used_or_not(solution: Solution) -> None:
    for minutes in capacities(solution.view).values():
        assert minutes.calendar >= minutes.base_after_leave >= minutes.available >= ZERO
        assert minutes.base_after_leave - minutes.holidays == minutes.available
        assert minutes.recorded >= minutes.billable + minutes.credited
    recorded = sum(entry.minutes for entry in solution.view.delivery.entries.values())
    assert sum(minutes.recorded for minutes in capacities(solution.view).values()) == recorded


def _parts_and_variants_sum(solution: Solution) -> None:
    """Σ of parts = Σ of cells over any dimension, but where a part is unknown; the variants of a KPI bridge."""
    found = solution.executive
    every = list(parts(solution))
    summed = [part for part in every if part.kind not in {"median", "p90"}]
    unknown = {part.cell for part in summed if part.numerator is None}
    assert unknown == {part.cell for part in summed if found[part.cell].numerator is None}
    for keep in product((True, False), repeat=3):
        rough = [0, *(number for number, kept in enumerate(keep, start=1) if kept), 4, 5]
        coarse: dict[tuple[str, ...], Decimal] = defaultdict(lambda: ZERO)
        for part in summed:
            if part.numerator is not None and part.cell not in unknown:
                coarse[tuple(part.cell[n] for n in rough)] += part.numerator
        for cell, figure in found.items():
            if figure.numerator is not None:
                coarse[tuple(cell[n] for n in rough)] -= figure.numerator
        assert {key: amount for key, amount in coarse.items() if amount} == {}
    by_variant: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
    for cell, figure in found.items():
        by_variant[cell[4], cell[5]] += figure.numerator or ZERO
    unbilled = by_variant["unbilled_time", "within_cap"]
    for variants in WITHIN.values():
        assert unbilled == sum((by_variant["unbilled_time", variant] for variant in variants), ZERO)
    split = ("delivered_unbilled", "scheduled", "inactive", "unscheduled")
    assert abs(
        by_variant["backlog", "billing"] - sum((by_variant["backlog", name] for name in split), ZERO)
    ) <= Decimal("0.02") * len(solution.backlog)
    assert figures(every).keys() <= found.keys()
