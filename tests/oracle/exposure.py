"""Who carries the exposure of a source item: the exception of lowest rank, once over all rules.

Add here: nothing but the precedence. Stays out: how much an item exposes (each rule says so itself).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.oracle.findings import Finding

ZERO = Decimal(0)


@dataclass(frozen=True)
class Carried:
    """A break or condition with what it carries as the primary of its items."""

    leg: str
    break_class: str
    grain: str
    exposure: Decimal | None
    bases: frozenset[str]


def settle(findings: Iterable[Finding], ranks: Mapping[str, tuple[int, str]]) -> list[Carried]:
    """One exception per (leg, grain, class) with Σ of the items it is primary for; None where an amount is unknown."""
    acting = [finding for finding in findings if finding.acts and finding.break_class is not None]
    claims: dict[str, list[tuple[tuple[int, str, str], Finding, Decimal | None, str]]] = {}
    order: dict[tuple[str, str, str], list[tuple[Decimal | None, str]]] = {}
    for finding in acting:
        order.setdefault((finding.leg, str(finding.break_class), finding.grain), [])
        rank = ranks[str(finding.break_class)][0]
        for item in finding.items:
            claims.setdefault(item.key, []).append(
                ((rank, finding.leg, finding.grain), finding, item.amount, item.base)
            )
    for item_claims in claims.values():
        _, winner, amount, base = min(item_claims, key=lambda claim: (claim[0], -(claim[2] or ZERO)))
        order[winner.leg, str(winner.break_class), winner.grain].append((amount, base))
    return [_exception(key, carried) for key, carried in order.items()]


def _exception(key: tuple[str, str, str], carried: list[tuple[Decimal | None, str]]) -> Carried:
    leg, name, grain = key
    known = [amount for amount, _ in carried if amount is not None]
    total = sum(known, ZERO) if known or not carried else None
    return Carried(leg, name, grain, total, frozenset(base for _, base in carried))
