"""The configuration of the scenarios by hand: two legal entities, as of the last evening of June 2026; what is found.

Stays out: records (``by_hand``).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.oracle.by_hand import STAMP, Firm
from tests.oracle.context import Company, Context
from tests.oracle.findings import Finding
from tests.oracle.solve import solve

AS_OF = datetime(2026, 6, 30, 23, 0, tzinfo=UTC)
COMPANIES = (
    Company("US", "USD", {"salesforce": "US", "kantata": "US", "netsuite": "1"}),
    Company("DE", "EUR", {"salesforce": "DE", "kantata": "DE", "netsuite": "2"}),
)


def context(**changes: Any) -> Context:
    """The configuration of the scenarios, as of the last evening of June 2026."""
    reading = {vendor: datetime(2026, 6, 30, 22, 0, tzinfo=UTC) for vendor in STAMP}
    given: dict[str, Any] = {"as_of": AS_OF, "companies": COMPANIES, "read_through": reading} | changes
    return Context(**given)


def rows_of(firm: Firm, leg: str) -> list[Finding]:
    """What a leg says of a firm."""
    return [row for row in solve(firm.payloads, context()).findings if row.leg == leg]


def named(firm: Firm, leg: str) -> set[tuple[str | None, str, Decimal | None]]:
    """(class, grain, difference) of a leg."""
    return {(row.break_class, row.grain, row.difference) for row in rows_of(firm, leg)}
