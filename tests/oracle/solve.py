"""All rules over one set of payloads: the flow of the oracle, from payloads to findings and exceptions.

Add here: a rule's call. Stays out: the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial

from tests.oracle.billing import billed_items, duplicates, header_and_lines
from tests.oracle.cash import cash_applied, cash_to_ledger
from tests.oracle.context import Context, class_ranks
from tests.oracle.costs import expense
from tests.oracle.customers import customer_master
from tests.oracle.engagement import activation, contract_value
from tests.oracle.executive import executive
from tests.oracle.exposure import Carried, Primary, primaries, settle
from tests.oracle.findings import Finding
from tests.oracle.firm_view import View, look
from tests.oracle.invoices import InvoiceException, invoice_exceptions, reported
from tests.oracle.issued import invoice_number_gap, tax_rate_unexpected
from tests.oracle.kpis.part import Cell as KpiCell
from tests.oracle.kpis.part import Figure
from tests.oracle.ledgers import receivables_to_ledger, revenue_to_ledger
from tests.oracle.lifecycle import lifecycle_order, staffing
from tests.oracle.margin import Margin, margins
from tests.oracle.marts import Backlog, Unbilled, backlog, unbilled_time
from tests.oracle.milestones import milestone
from tests.oracle.parse import Payloads
from tests.oracle.rates import bill_rate
from tests.oracle.revenue import position_to_ledger, revenue_to_rule
from tests.oracle.standing import Standing, standings
from tests.oracle.stocks import Cell, closings
from tests.oracle.terms import billing_terms
from tests.oracle.worktime import approved_time


@dataclass(frozen=True)
class Solution:
    """What the oracle says about one firm at one instant."""

    view: View

    @cached_property
    def standing(self) -> Mapping[str, Standing]:
        """Where each time-and-materials entry's value stands, by PSA id."""
        return standings(self.view)

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """Every row of every rule that is not a match."""
        view = self.view
        return [
            *activation(view, "psa"),
            *activation(view, "erp"),
            *contract_value(view, "psa"),
            *contract_value(view, "erp"),
            *approved_time(view, self.standing),
            *header_and_lines(view),
            *duplicates(view),
            *billed_items(view),
            *receivables_to_ledger(view),
            *revenue_to_ledger(view),
            *customer_master(view),
            *billing_terms(view, self.standing),
            *bill_rate(view, self.standing),
            *expense(view),
            *milestone(view),
            *cash_applied(view),
            *cash_to_ledger(view),
            *revenue_to_rule(view),
            *position_to_ledger(view),
            *lifecycle_order(view),
            *staffing(view),
            *tax_rate_unexpected(view),
            *invoice_number_gap(view),
        ]

    @cached_property
    def primaries(self) -> Mapping[str, Primary]:
        """Who carries each source item."""
        return primaries(self.findings, class_ranks())

    @cached_property
    def exceptions(self) -> Sequence[Carried]:
        """Breaks and conditions with the exposure they carry as primary."""
        return settle(self.findings, self.primaries, class_ranks(), partial(reported, self.view))

    @cached_property
    def backlog(self) -> Sequence[Backlog]:
        """The backlog mart."""
        return backlog(self.view, self.standing)

    @cached_property
    def unbilled(self) -> Sequence[Unbilled]:
        """The mart of unbilled time."""
        return unbilled_time(self.view, self.standing, self.primaries)

    @cached_property
    def margins(self) -> Sequence[Margin]:
        """The margin mart."""
        return margins(self.view)

    @cached_property
    def invoice_exceptions(self) -> Sequence[InvoiceException]:
        """The mart of invoice exceptions."""
        return invoice_exceptions(self.view, self.findings, self.primaries)

    @cached_property
    def executive(self) -> Mapping[KpiCell, Figure]:
        """The executive figures."""
        return executive(self)

    @cached_property
    def closings(self) -> Mapping[Cell, Decimal]:
        """Closings of the stocks by period."""
        return closings(self.view, self.standing)


def solve(payloads: Payloads, context: Context) -> Solution:
    """Read the payloads; everything else is computed when asked for."""
    return Solution(look(payloads, context))
