"""A seeded choice of mutants, judged one after the other.

Add here: how mutants are chosen. Stays out: making (``sql``, ``rules``) and judging (``judge``) them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from tests.flow.damage import Damaged
from tests.flow.edges import OnEdges
from tests.flow.replay import SCALE, Warehouses
from tests.mutation.equivalents import EQUIVALENT, NOTICED_ELSEWHERE
from tests.mutation.firms import Odd
from tests.mutation.judge import LaterWitness, Project, RedWitness, Witness
from tests.mutation.rules import SPOILED, Spoiled, survives
from tests.mutation.sql import Mutant

DAMAGE = 11
EDGES = 2


@dataclass
class Score:
    """What became of the mutants."""

    caught: dict[str, str] = field(default_factory=dict)
    equivalent: dict[str, str] = field(default_factory=dict)
    survived: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        judged = len(self.caught) + len(self.survived)
        by_gate = sum(by.startswith("gate") for by in self.caught.values())
        return (
            f"{len(self.caught)} of {judged} mutations caught ({by_gate} by a gate, {len(self.caught) - by_gate} by a"
            f" test), {len(self.equivalent)} equivalent, {len(self.survived)} survived"
        )


class Campaign:
    """Witnesses and mutants of the project as it is now.

    Args:
        warehouses: sound warehouses, built when first asked for.
        folder: where spoiled copies lie.
    """

    def __init__(self, warehouses: Warehouses, folder: Path) -> None:
        self._folder = folder
        self.project = Project(warehouses.reference)
        self._awaited: list[Callable[[], Witness | RedWitness]] = [
            lambda: Witness("planted", warehouses.reference),
            lambda: RedWitness(warehouses.reference, self.project, folder),
            lambda: LaterWitness("a day later", warehouses),
            lambda: Witness("odd", warehouses.of("odd", Odd())),
            lambda: Witness("edges", warehouses.of("edges", OnEdges(EDGES, SCALE))),
            lambda: Witness("damaged", warehouses.of(f"damaged-{DAMAGE}", Damaged(DAMAGE - 10, SCALE, DAMAGE))),
        ]
        self._called: list[Witness | RedWitness] = []

    def _witnesses(self, number: int | None = None) -> Iterator[Witness | RedWitness]:
        """So many of the witnesses in their order, each made when it is first asked for."""
        for place, make in enumerate(self._awaited[:number]):
            if place == len(self._called):
                self._called.append(make())
            yield self._called[place]

    def unsound(self, number: int | None = None) -> list[str]:
        """What witnesses (the first so many, or all) say of the unspoiled project; must be empty."""
        return [f"{witness.name}: {said}" for witness in self._witnesses(number) for said in witness.is_sound()]

    def chosen(self, seed: int) -> Iterator[Mutant]:
        """All mutants in a seeded order that takes every kind and every model in turn."""
        ordered = sorted(self.project.mutants, key=lambda one: hashlib.sha256(f"{seed}:{one.key}".encode()).digest())
        taken: dict[str, int] = {}
        ranks = []
        for one in ordered:
            rank = taken.get(one.kind, 0) + taken.get(one.model, 0)
            taken[one.kind] = taken.get(one.kind, 0) + 1
            taken[one.model] = taken.get(one.model, 0) + 4
            ranks.append((rank, len(ranks), one))
        yield from (one for _, _, one in sorted(ranks, key=lambda each: each[:2]))

    def run(self, number: int, seed: int, say: Callable[[str], None]) -> Score:
        """Judge so many mutants of the models; those whose SQL does not run are passed over."""
        score = Score()
        for mutant in self.chosen(seed):
            if len(score.caught) + len(score.survived) >= number:
                break
            if mutant.key in EQUIVALENT:
                score.equivalent[mutant.key] = EQUIVALENT[mutant.key]
                continue
            if mutant.key in NOTICED_ELSEWHERE:
                score.caught[mutant.key] = NOTICED_ELSEWHERE[mutant.key]
                continue
            if mutant.is_beyond:
                continue
            try:
                by = self._noticed(mutant)
            except duckdb.Error:
                continue
            say(f"{by or 'SURVIVED':<22} {mutant.key} {mutant}")
            if by is None:
                score.survived.append(f"{mutant.key} {mutant}")
            else:
                score.caught[mutant.key] = by
        return score

    def _noticed(self, mutant: Mutant) -> str | None:
        for witness in self._witnesses():
            by = witness.notices(self.project, mutant, self._folder)
            if by is not None:
                return by
        return None


def run_rules(folder: Path, say: Callable[[str], None], spoiled: tuple[Spoiled, ...] = SPOILED) -> Score:
    """Judge the mutants of the gates' own Python."""
    score = Score()
    for one in spoiled:
        lives = survives(one, folder)
        say(f"{'SURVIVED' if lives else 'test gates':<22} {one}")
        if lives:
            score.survived.append(str(one))
        else:
            score.caught[one.key] = "test gates"
    return score
