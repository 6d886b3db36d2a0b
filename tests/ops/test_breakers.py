from __future__ import annotations

from datetime import timedelta

import pytest

from qtc_pipeline.ops import audit, breakers
from qtc_pipeline.ops.breakers import Breaker
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.ops.ledger import ACTOR, NOW

pytestmark = pytest.mark.xdist_group("postgres")
WAIT = timedelta(minutes=1)


def failed(times: int) -> Breaker:
    breaker = Breaker()
    for _ in range(times):
        breaker = breakers.failed(breaker, NOW, WAIT, limit=3, reason="503")
    return breaker


def test_a_breaker_opens_at_the_limit_and_an_answer_closes_it() -> None:
    assert [failed(times).state for times in range(4)] == ["closed", "closed", "closed", "open"]
    assert breakers.succeeded() == Breaker()


def test_open_means_no_call_but_one_probe_after_the_wait() -> None:
    breaker = failed(3)
    assert breakers.asked(breaker, NOW, WAIT) == (False, breaker)
    may, probing = breakers.asked(breaker, NOW + WAIT, WAIT)
    assert (may, probing.state) == (True, "half_open")
    assert breakers.asked(probing, NOW + WAIT, WAIT) == (False, probing), "a second caller does not probe too"
    assert breakers.asked(probing, NOW + 2 * WAIT, WAIT)[0], "the first one died in its probe"


def test_a_probe_that_fails_opens_it_again_for_twice_as_long_with_an_end() -> None:
    _, probing = breakers.asked(failed(3), NOW + WAIT, WAIT)
    again = breakers.failed(probing, NOW + WAIT, WAIT, limit=3, reason="503")
    assert (again.state, again.probe_at) == ("open", NOW + WAIT + 2 * WAIT)
    assert failed(100).probe_at == NOW + 64 * WAIT


def test_maintenance_holds_it_without_a_failure() -> None:
    held = breakers.held(Breaker(), NOW, NOW + WAIT, "maintenance")
    assert breakers.asked(held, NOW, WAIT)[0] is False
    assert (breakers.asked(held, NOW + WAIT, WAIT)[0], held.failures) == (True, 0)


def test_every_process_sees_the_breaker_and_its_moves_are_on_record(settings: Settings) -> None:
    with open_ledger(settings) as session:
        assert breakers.find(session, "erp") == Breaker()
        for times in range(1, 5):
            breakers.keep(session, "erp", failed(times), actor=ACTOR, now=NOW)
        breakers.keep(session, "erp", breakers.succeeded(), actor=ACTOR, now=NOW)
        breakers.keep(session, "psa", failed(3), actor=ACTOR, now=NOW)
    with open_store(settings) as session:
        assert breakers.all_breakers(session) == {"erp": Breaker(), "psa": failed(3)}
        assert [row.action for row in audit.rows_of(session, "erp")] == ["breaker.moved", "breaker.moved"]
