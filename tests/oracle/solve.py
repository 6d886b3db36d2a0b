"""All rules over one set of payloads: the flow of the oracle, from payloads to findings and exceptions.

Add here: a rule's call. Stays out: the rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.oracle.billing import billed_twice, duplicates, header_and_lines
from tests.oracle.context import Context, class_ranks
from tests.oracle.engagement import activation, contract_value
from tests.oracle.exposure import Carried, settle
from tests.oracle.findings import Finding
from tests.oracle.firm_view import View, look
from tests.oracle.ledgers import receivables_to_ledger, revenue_to_ledger
from tests.oracle.parse import Payloads
from tests.oracle.standing import Standing, standings
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
            *billed_twice(view),
            *receivables_to_ledger(view),
            *revenue_to_ledger(view),
        ]

    @cached_property
    def exceptions(self) -> Sequence[Carried]:
        """Breaks and conditions with the exposure they carry as primary."""
        return settle(self.findings, class_ranks())


def solve(payloads: Payloads, context: Context) -> Solution:
    """Read the payloads; everything else is computed when asked for."""
    return Solution(look(payloads, context))
