"""Every transition of a correction that is applied, against fakes: what the vendor says, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qtc_pipeline.corrections import governance
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.corrections.turn import TRIES
from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import dead_letters, governed
from qtc_pipeline.ops.store import open_ledger, open_store
from tests.corrections.fake_system import LATE_SECONDS, SETTLE_SECONDS
from tests.corrections.stage import Stage, create, update

PRICE = update("p1", {"value": "100"}, {"value": "120"})


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    found = Stage(tmp_path / "var", policies=[{"correction": "propagate_amendment", "decision": "automatic"}])
    found.erp.put("p1", value="100", name="Alpha")
    return found


def test_an_update_is_sent_read_back_and_waits_for_its_rule(stage: Stage) -> None:
    one = stage.plan(PRICE)
    report = stage.apply()
    assert stage.state(one) is State.VERIFYING
    assert stage.erp.effects() == [("update", "p1", {"value": "120"})]
    assert stage.outcomes(one) == ["confirmed"]
    (step,) = stage.steps(one)
    assert (step.before, step.after, step.made_key) == ({"value": "100"}, {"value": "120"}, "p1")
    assert report.writes == {"erp": 1}
    assert stage.apply().events == []


def test_what_is_as_wanted_already_is_not_written(stage: Stage) -> None:
    stage.erp.change("p1", value="120.00")
    one = stage.plan(PRICE)
    assert stage.apply().writes == {}
    assert (stage.state(one), stage.steps(one)[0].state) == (State.VERIFYING, "already_in_effect")
    assert stage.erp.effects() == []


def test_a_record_that_moved_is_never_overwritten(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.change("p1", value="110")
    stage.apply()
    assert stage.state(one) is State.STALE
    assert "value is '110', planned on '100'" in stage.row(one).reason
    assert stage.erp.effects() == []


def test_a_record_that_is_gone_makes_the_plan_stale(stage: Stage) -> None:
    one = stage.plan(update("p9", {"value": "1"}, {"value": "2"}))
    stage.apply()
    assert (stage.state(one), stage.row(one).reason) == (State.STALE, "project p9 is gone")


def test_the_guard_of_the_vendor_makes_the_plan_stale(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("stale")
    stage.apply()
    assert (stage.state(one), stage.outcomes(one)) == (State.STALE, ["stale"])
    assert stage.erp.effects() == []


def test_a_change_between_our_look_and_our_write_is_told(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.changed_between("p1", value="105")
    report = stage.apply()
    assert ["changed between our look and our write" in alert for alert in report.alerts] == [True]
    assert len(stage.audit("correction.alert")) == 1
    assert stage.state(one) is State.VERIFYING


def test_a_write_the_vendor_dropped_is_planned_again(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("dropped")
    report = stage.apply()
    assert stage.state(one) is State.REOPENED
    assert "value is '100', written '120'" in stage.row(one).reason
    assert len(report.alerts) == 1


def test_a_create_carries_its_marker_and_happens_once_over_plans(stage: Stage) -> None:
    one = stage.plan(create("opp-1", {"name": "New"}))
    stage.apply()
    assert stage.state(one) is State.VERIFYING
    again = stage.plan(create("opp-1", {"name": "New"}), exception="e2")
    stage.apply()
    assert stage.steps(again)[0].state == "already_in_effect"
    assert len(stage.erp.with_marker("opp-1")) == 1


def test_a_later_step_names_what_an_earlier_one_made(stage: Stage) -> None:
    one = stage.plan(
        create("opp-1", {"name": "New"}, instance="psa"), create("opp-1", {"name": "New", "psa_project_id": "@{1}"})
    )
    stage.apply()
    assert stage.state(one) is State.VERIFYING
    assert stage.erp.effects() == [("create", "opp-1", {"name": "New", "psa_project_id": "r1"})]


def test_a_saga_goes_back_to_a_target_it_left(stage: Stage) -> None:
    one = stage.plan(
        create("a", {"name": "A"}, instance="erp"),
        create("b", {"name": "B"}, instance="psa"),
        create("c", {"name": "C"}, instance="erp"),
    )
    stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_a_refusal_without_effect_is_sent_again_until_it_is_taken(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("no_effect", "no_effect")
    stage.apply()
    assert (stage.state(one), stage.outcomes(one)) == (State.VERIFYING, ["no_effect", "no_effect", "confirmed"])
    assert stage.slept == [1.0, 2.0]
    assert len(stage.erp.effects()) == 1


def test_the_budget_of_tries_ends_in_the_dead_letters_with_everything_in_it(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next(*["no_effect"] * TRIES)
    for _ in range(40):
        stage.apply()
        stage.wait(3600)
    assert stage.state(one) is State.DEAD_LETTER
    assert stage.outcomes(one) == ["no_effect"] * TRIES
    with open_store(stage.settings) as session:
        (letter,) = dead_letters.list_letters(session)
        assert (letter.cause, letter.target, letter.attempts, letter.correction_id) == ("exhausted", "erp", TRIES, one)
        assert letter.payload["steps"][0]["write"]["new"] == {"value": "120"}
    assert stage.erp.effects() == []


def test_answers_lost_without_effect_spend_the_same_budget(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next(*["lost_before"] * TRIES)
    for _ in range(3 * TRIES):
        stage.apply()
        stage.wait(3600)
    assert (stage.state(one), stage.outcomes(one)) == (State.DEAD_LETTER, ["settled_none"] * TRIES)
    assert stage.erp.effects() == []


def test_what_failed_is_sent_again_once_the_cause_is_gone(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next(*["no_effect"] * 5)
    assert one in stage.apply().left
    assert stage.apply().events == []  # not before its time
    for _ in range(5):
        stage.wait(3600)
        stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_a_rejection_is_never_sent_again_and_keeps_the_words_of_the_vendor(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("rejected")
    stage.apply()
    stage.wait(86400)
    stage.apply()
    assert (stage.state(one), stage.outcomes(one)) == (State.REJECTED, ["rejected"])
    assert "the period is locked" in stage.row(one).reason
    with open_store(stage.settings) as session:
        assert [letter.cause for letter in dead_letters.list_letters(session)] == ["rejected"]


def test_a_saga_that_is_rejected_on_its_way_lists_every_step(stage: Stage) -> None:
    one = stage.plan(create("a", {"name": "A"}), create("b", {"name": "B"}), create("c", {"name": "C"}))
    stage.erp.fail_next("", "rejected")
    stage.apply()
    assert stage.state(one) is State.PARTLY_APPLIED
    reason = stage.row(one).reason
    assert "step 2 of 3 rejected" in reason
    assert [f"{number} erp: create {marker}" in reason for number, marker in ((1, "a"), (2, "b"), (3, "c"))] == [
        True
    ] * 3
    assert stage.erp.with_marker("a")


@pytest.mark.parametrize("fault", ["lost_after", "lost_before", "late"])
@pytest.mark.parametrize("write", [PRICE, create("opp-1", {"name": "New"})], ids=["update", "create"])
def test_a_lost_answer_is_settled_by_looking_and_the_effect_happens_once(
    stage: Stage, fault: str, write: tuple
) -> None:
    one = stage.plan(write)
    stage.erp.fail_next(fault)
    stage.apply()
    assert stage.state(one) is (State.VERIFYING if fault == "lost_after" else State.IN_DOUBT)
    stage.wait(LATE_SECONDS - 1)
    sends = stage.erp.calls.count("send")
    stage.apply()
    assert stage.erp.calls.count("send") == sends
    stage.wait(SETTLE_SECONDS)
    stage.apply()
    assert stage.state(one) is State.VERIFYING
    assert len(stage.erp.effects()) == 1


def test_a_record_that_moved_while_its_write_was_in_doubt_is_stale(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("lost_before")
    stage.apply()
    stage.erp.change("p1", value="7")
    stage.wait(SETTLE_SECONDS)
    stage.apply()
    assert (stage.state(one), stage.outcomes(one)) == (State.STALE, ["settled_none"])
    assert stage.erp.effects() == []


def test_two_records_with_one_marker_need_a_person(stage: Stage) -> None:
    stage.erp.put("x1", marker="opp-1")
    stage.erp.put("x2", marker="opp-1")
    one = stage.plan(create("opp-1", {"name": "New"}))
    stage.apply()
    assert stage.state(one) is State.NEEDS_PERSON
    assert stage.erp.effects() == []


def test_a_search_that_lags_is_waited_for(stage: Stage) -> None:
    stage.erp.search_lag = 60
    one = stage.plan(create("opp-1", {"name": "New"}))
    stage.erp.fail_next("lost_after")
    stage.apply()
    assert stage.state(one) is State.IN_DOUBT
    stage.wait(61)
    stage.apply()
    assert stage.state(one) is State.VERIFYING
    assert len(stage.erp.with_marker("opp-1")) == 1


def test_an_answered_write_that_could_not_be_read_back_is_in_doubt_until_it_can(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("unreadable")
    stage.apply()
    assert stage.state(one) is State.IN_DOUBT
    stage.writers["erp"].down = False
    stage.wait(SETTLE_SECONDS)
    stage.apply()
    assert (stage.state(one), len(stage.erp.effects())) == (State.VERIFYING, 1)


def test_a_target_that_is_down_is_not_called_but_probed_and_drains_by_exposure(stage: Stage) -> None:
    for number in range(6):
        stage.erp.put(f"q{number}", value="1")
    ids = [
        stage.plan(update(f"q{number}", {"value": "1"}, {"value": "2"}), exception=f"x{number}", exposure=number * 10)
        for number in range(6)
    ]
    stage.writers["erp"].down = True
    assert "erp" in stage.apply().stopped
    for _ in range(3):
        stage.apply()
    stage.erp.calls.clear()
    assert "breaker of erp is open" in stage.apply().stopped["erp"]
    assert stage.erp.calls == []
    stage.wait(86400)
    stage.apply()
    assert stage.erp.calls == ["identity"]  # the probe, and nothing else
    stage.writers["erp"].down = False
    stage.wait(86400)
    stage.apply()
    assert [stage.state(one) for one in ids] == [State.VERIFYING] * 6
    assert [target for _, target, _ in stage.erp.effects()] == ["q5", "q4", "q3", "q2", "q1", "q0"]


def test_refused_credentials_stop_the_target_and_lose_nothing(stage: Stage) -> None:
    one = stage.plan(PRICE)
    stage.erp.fail_next("authentication")
    assert "credentials are refused" in stage.apply().stopped["erp"]
    assert stage.state(one) is State.APPLYING
    stage.wait(3600)
    stage.apply()
    assert (stage.state(one), stage.outcomes(one)) == (State.VERIFYING, ["authentication", "confirmed"])


def test_a_target_in_maintenance_is_left_alone(stage: Stage) -> None:
    one = stage.plan(PRICE)
    window = {"start": "08:00", "end": "10:00"}
    quiet = [one.model_copy() for one in stage.settings.instances]
    stage.settings = stage.settings.model_validate(
        {
            **stage.settings.model_dump(),
            "instances": [{**one.model_dump(), "maintenance": [window]} for one in quiet],
        }
    )
    assert "maintenance until 10:00" in stage.apply().stopped["erp"]
    assert stage.erp.calls == []
    stage.wait(3600)
    stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_a_share_that_fails_opens_the_breaker(stage: Stage) -> None:
    for number in range(12):
        stage.erp.put(f"q{number}", value="1")
        stage.plan(update(f"q{number}", {"value": "1"}, {"value": "2"}), exception=f"x{number}")
    stage.erp.fail_next(*["rejected"] * 12)
    report = stage.apply()
    assert report.count("rejected") == 5
    assert "5 of 5 steps failed" in report.stopped["erp"]


def test_a_run_keeps_to_its_limits_and_the_rest_waits(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path / "var",
        policies=[{"correction": "propagate_amendment", "decision": "automatic"}],
        max_writes_per_run=2,
        max_exposure_per_run=1000,
    )
    for number in range(4):
        stage.erp.put(f"q{number}", value="1")
        stage.plan(
            update(f"q{number}", {"value": "1"}, {"value": "2"}),
            exception=f"x{number}",
            exposure=[2000, 900, 50, 40][number],
        )
    report = stage.apply()
    assert [target for _, target, _ in stage.erp.effects()] == ["q1", "q2"]
    assert len(report.left) == 2
    stage.apply()
    assert [target for _, target, _ in stage.erp.effects()] == ["q1", "q2", "q3"]


def test_a_system_that_calls_itself_otherwise_than_pinned_gets_nothing(stage: Stage) -> None:
    stage.plan(PRICE)
    stage.writers["erp"].named = "production"
    with pytest.raises(CorrectionError, match="calls itself production, the settings pin fake-erp"):
        stage.apply()
    assert stage.erp.effects() == []
    assert len(stage.audit("target.refused")) == 1


def test_a_target_one_person_pointed_elsewhere_gets_nothing_until_another_agrees(stage: Stage) -> None:
    one = stage.plan(PRICE)
    governance.check(stage.settings, actor="qtc", now=stage.now())
    elsewhere = [each.model_copy(update={"identity": "production"}) for each in stage.settings.instances]
    stage.settings = stage.settings.model_copy(update={"instances": tuple(elsewhere)})
    stage.writers["erp"].named = "production"
    with pytest.raises(CorrectionError, match="one person changed its writes, identity or environment"):
        stage.apply()
    assert stage.erp.calls == []
    assert len(stage.audit("target.refused")) == 1
    (change,) = governance.propose(stage.settings, person="ann", now=stage.now())
    with open_ledger(stage.settings) as session:
        governed.approve(session, change.governed_id, person="bob", now=stage.now())
    stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_the_dry_run_looks_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    stage = Stage(
        tmp_path / "var", writes=["psa"], policies=[{"correction": "propagate_amendment", "decision": "automatic"}]
    )
    stage.erp.put("p1", value="100")
    one = stage.plan(create("a", {"name": "A"}, instance="psa"), PRICE)
    rows = len(stage.audit("correction.moved"))
    report = stage.apply()
    assert [(event.outcome, event.is_rehearsed) for event in report.events] == [
        ("confirmed", True),
        ("confirmed", True),
        ("verifying", True),
    ]
    assert (stage.state(one), report.writes) == (State.APPROVED, {})
    assert stage.erp.effects() == stage.systems["psa"].effects() == []
    assert "send" not in stage.erp.calls
    assert len(stage.audit("correction.moved")) == rows


def test_another_applier_has_the_target_and_nothing_is_sent(stage: Stage) -> None:
    from qtc_pipeline.corrections.ledger import Ledger

    one = stage.plan(PRICE)
    other = Ledger(stage.settings, "other", stage.now)
    assert other.take("erp") is not None
    assert stage.apply().stopped == {"erp": "another applier writes to it"}
    stage.wait(3600)
    stage.apply()
    assert stage.state(one) is State.VERIFYING
