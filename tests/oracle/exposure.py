"""Who carries the exposure of a source item: the exception of lowest rank, once over all rules.

Add here: nothing but the precedence. Stays out: how much an item exposes (each rule says so itself).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tests.oracle.findings import Finding, Item

ZERO = Decimal(0)
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Primary:
    """The exception that carries an item: ``(leg, class, grain)`` and what the item adds to it."""

    key: Key
    rank: int
    item: Item

    @property
    def break_class(self) -> str:
        """Class of the carrying exception."""
        return self.key[1]


@dataclass(frozen=True)
class Carried:
    """A break or condition with what it carries as the primary of its items."""

    leg: str
    break_class: str
    grain: str
    contract: str | None
    company: str
    exposure: Decimal | None
    base: str
    due_at: datetime | None


def primaries(findings: Iterable[Finding], ranks: Mapping[str, tuple[int, str]]) -> dict[str, Primary]:
    """Item key -> the exception that carries it: lowest rank, then leg and grain, then the larger amount."""
    claims: dict[str, list[Primary]] = defaultdict(list)
    for finding in findings:
        if finding.acts:
            key = (finding.leg, str(finding.break_class), finding.grain)
            for item in finding.items:
                claims[item.key].append(Primary(key, ranks[key[1]][0], item))
    return {name: min(rivals, key=_precedence) for name, rivals in claims.items()}


def _precedence(claim: Primary) -> tuple[int, Key, Decimal]:
    return claim.rank, claim.key, -(claim.item.amount or ZERO)


def _size(item: Item) -> tuple[Decimal, str]:
    """Orders claims of one exception on one item: the larger amount first."""
    return -(item.amount or ZERO), item.base


def _prominence(finding: Finding) -> tuple[int, bool, str, str, str]:
    """Which of its rows an exception shows: money before minutes, where something is missing first."""
    absent = "~"  # after every name
    return (
        ("amount", "count", "minutes").index(finding.measure),
        (finding.difference or ZERO) < ZERO,
        finding.period or absent,
        finding.contract or absent,
        finding.currency or absent,
    )


def settle(
    findings: Sequence[Finding],
    carriers: Mapping[str, Primary],
    ranks: Mapping[str, tuple[int, str]],
    reported: Callable[[Item], Decimal],
) -> list[Carried]:
    """One exception per (leg, class, grain) with the sum of its primary items; None where no amount is known.

    Items of several currencies are summed in reporting currency.

    Its base is that of its items; an exception without items has the base of its class.
    """
    carried: dict[Key, list[Item]] = defaultdict(list)
    for primary in carriers.values():
        carried[primary.key].append(primary.item)
    heads: dict[Key, Finding] = {}
    claims: dict[Key, dict[str, Item]] = defaultdict(dict)
    for finding in findings:
        if finding.acts:
            key = (finding.leg, str(finding.break_class), finding.grain)
            heads[key] = min(heads.get(key, finding), finding, key=_prominence)
            for item in finding.items:
                claims[key][item.key] = min(claims[key].get(item.key, item), item, key=_size)
    bases = {key: {item.base for item in items.values()} for key, items in claims.items()}
    return [
        Carried(
            *key,
            head.contract,
            head.company,
            _sum(carried[key], reported),
            min(bases.get(key) or {ranks[key[1]][1]}),
            head.due_at,
        )
        for key, head in heads.items()
    ]


def _sum(items: Sequence[Item], reported: Callable[[Item], Decimal]) -> Decimal | None:
    known = [item for item in items if item.amount is not None]
    if items and not known:
        return None
    if len({item.currency for item in known}) > 1:
        return sum((reported(item) for item in known), ZERO)
    return sum((item.amount or ZERO for item in known), ZERO)
