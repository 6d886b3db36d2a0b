"""A sample of the mutations: each is noticed by a gate or by a test. All of them: ``make mutation``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flow.replay import Warehouses
from tests.mutation.campaign import Campaign, run_rules
from tests.mutation.equivalents import EQUIVALENT, NOTICED_ELSEWHERE
from tests.mutation.rules import SPOILED

pytestmark = pytest.mark.xdist_group("warehouses")
SAMPLE = 9
# witnesses the sample needs: the firms of the others are built by other tests
CALLED = 4
SEED = 1


@pytest.fixture(scope="module")
def campaign(warehouses: Warehouses, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    return Campaign(warehouses, tmp_path_factory.mktemp("mutants"))


def test_the_witnesses_say_nothing_of_the_unspoiled_project(campaign: Campaign) -> None:
    assert campaign.unsound(CALLED) == []


def test_every_mutation_of_a_sample_is_noticed(campaign: Campaign) -> None:
    score = campaign.run(SAMPLE, SEED, lambda _: None)
    assert score.survived == []
    assert len(score.caught) == SAMPLE


def test_a_spoiled_gate_rule_fails_a_test_of_the_gates(tmp_path: Path) -> None:
    assert run_rules(tmp_path, lambda _: None, SPOILED[:1]).survived == []


def test_there_are_mutations_of_every_room_and_kind(campaign: Campaign) -> None:
    mutants = campaign.project.mutants
    assert len({one.kind for one in mutants}) >= 8
    assert len({one.model for one in mutants}) >= 60
    assert len({one.key for one in mutants}) > 600


def test_every_equivalent_has_a_reason_and_is_still_a_mutant(campaign: Campaign) -> None:
    known = {one.key for one in campaign.project.mutants}
    assert EQUIVALENT.keys() | NOTICED_ELSEWHERE.keys() <= known
    assert all(len(reason) > 20 for reason in [*EQUIVALENT.values(), *NOTICED_ELSEWHERE.values()])
