"""Who agreed: what is refused is refused in a clear sentence, and stands in the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qtc_pipeline.corrections.approve import approve, cancel, confirm, reject
from qtc_pipeline.corrections.contract import State
from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.store import open_ledger
from qtc_pipeline.settings import Corrections
from tests.corrections.stage import Stage, create, update

PRICE = update("p1", {"value": "100"}, {"value": "120"})


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    found = Stage(tmp_path / "var", approval_days=7)
    found.erp.put("p1", value="100")
    found.person("ann")
    found.person("bob", limit=50)
    found.person("cora")
    found.person("olaf", role="operator")
    return found


def said(stage: Stage, one: str, person: str, plan_hash: str | None = None) -> State:
    known = plan_hash or stage.row(one).plan_hash
    return approve(stage.settings, one, person=person, plan_hash=known, now=stage.now())


def refused(stage: Stage, ask: Callable[[], object], words: str) -> None:
    before = len(stage.audit("approval.refused"))
    with pytest.raises(CorrectionError, match=words):
        ask()
    rows = stage.audit("approval.refused")
    assert len(rows) == before + 1
    assert words in json.loads(rows[-1])["why"]


def test_one_approval_lets_a_correction_be_applied(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    assert stage.state(one) is State.WAITING_APPROVAL
    assert stage.apply().writes == {}
    assert said(stage, one[:10], "ann") is State.APPROVED
    stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_two_approvals_are_of_two_persons(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="two_approvals")
    assert said(stage, one, "ann") is State.WAITING_APPROVAL
    refused(stage, lambda: said(stage, one, "ann"), "the second approval is another's")
    assert said(stage, one, "cora") is State.APPROVED


def test_an_approval_is_of_the_plan_that_was_read(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    refused(stage, lambda: said(stage, one, "ann", "0" * 64), "the plan is another one now")
    assert stage.state(one) is State.WAITING_APPROVAL


def test_a_plan_altered_in_the_store_is_neither_approved_nor_applied(stage: Stage) -> None:
    one, two = stage.plan(PRICE, policy="approval"), stage.plan(PRICE, policy="approval", exception="e2")
    assert said(stage, two, "ann") is State.APPROVED
    for altered in (one, two):
        with open_ledger(stage.settings) as session:
            row = corrections.get(session, altered)
            plan = json.loads(json.dumps(row.plan))
            plan["steps"][0]["write"]["new"]["value"] = "1000000"
            row.plan = plan
    refused(stage, lambda: said(stage, one, "ann"), "its stored plan is not the one it was planned as")
    stage.apply()
    assert stage.state(two) is State.REFUSED
    assert stage.erp.effects() == []


def test_nobody_approves_what_they_proposed(stage: Stage) -> None:
    stage.person("qtc")
    one = stage.plan(PRICE, policy="approval")
    refused(stage, lambda: said(stage, one, "qtc"), "user 'qtc' proposed it, another must approve")


def test_nobody_approves_over_their_limit(stage: Stage) -> None:
    dear, cheap = (
        stage.plan(PRICE, policy="approval"),
        stage.plan(PRICE, policy="approval", exception="e2", exposure=50),
    )
    refused(stage, lambda: said(stage, dear, "bob"), "its exposure 100 is over the limit 50 of 'bob'")
    assert said(stage, cheap, "bob") is State.APPROVED


def test_only_approvers_approve_and_strangers_are_told_nothing_else(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    refused(stage, lambda: said(stage, one, "olaf"), "user 'olaf' is no approver")
    refused(stage, lambda: said(stage, one, "nobody"), "user 'nobody' is no approver")


def test_an_approval_expires_and_the_correction_waits_again(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    said(stage, one, "ann")
    stage.wait(7 * 86400)
    stage.apply()
    assert stage.state(one) is State.WAITING_APPROVAL
    assert stage.row(one).reason == "0 of 1 approvals still stand, one expired or was withdrawn"
    assert stage.erp.effects() == []
    assert said(stage, one, "ann") is State.APPROVED


def test_a_policy_that_became_stricter_is_asked_again(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    said(stage, one, "ann")
    stricter = Corrections(policies=[{"correction": "propagate_amendment", "decision": "two_approvals"}])
    stage.settings = stage.settings.model_copy(update={"corrections": stricter})
    stage.apply()
    assert stage.state(one) is State.WAITING_APPROVAL
    assert said(stage, one, "cora") is State.APPROVED
    stage.apply()
    assert stage.state(one) is State.VERIFYING


def test_a_policy_that_became_never_refuses_what_was_approved(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")
    said(stage, one, "ann")
    never = Corrections(policies=[{"correction": "propagate_amendment", "decision": "never"}])
    stage.settings = stage.settings.model_copy(update={"corrections": never})
    stage.apply()
    assert stage.state(one) is State.REFUSED


def test_a_rejection_needs_a_reason_and_is_final(stage: Stage) -> None:
    one = stage.plan(PRICE, policy="approval")

    def say(reason: str) -> State:
        known = stage.row(one).plan_hash
        return reject(stage.settings, one, person="ann", plan_hash=known, reason=reason, now=stage.now())

    refused(stage, lambda: say(" "), "a rejection without a reason helps nobody")
    assert say("the price is right as it is") is State.DECLINED
    refused(stage, lambda: said(stage, one, "cora"), "it is declined, nothing waits for an approval")


def test_a_correction_is_cancelled_before_it_is_applied_and_not_after(stage: Stage) -> None:
    one, two = stage.plan(PRICE, policy="approval"), stage.plan(create("m", {"name": "N"}), exception="e2")

    def give_up(which: str, person: str = "olaf", reason: str = "not needed") -> State:
        return cancel(stage.settings, which, person=person, reason=reason, now=stage.now())

    stage.person("vera", role="viewer")
    refused(stage, lambda: give_up(one, "vera"), "user 'vera' is no operator")
    refused(stage, lambda: give_up(one, reason=""), "without a reason")
    assert give_up(one) is State.CANCELLED
    stage.settings = stage.settings.model_copy(
        update={"corrections": Corrections(policies=[{"correction": "propagate_amendment", "decision": "automatic"}])}
    )
    stage.apply()
    refused(stage, lambda: give_up(two), "is verifying and cannot become cancelled")


def test_what_a_person_was_asked_about_goes_on_when_they_say_it_is_done(stage: Stage) -> None:
    stage.settings = stage.settings.model_copy(
        update={"corrections": Corrections(policies=[{"correction": "propagate_amendment", "decision": "automatic"}])}
    )
    stage.erp.put("x1", marker="m")
    stage.erp.put("x2", marker="m")
    one = stage.plan(create("m", {"name": "N"}))
    stage.apply()
    assert stage.state(one) is State.NEEDS_PERSON
    state = confirm(stage.settings, one, person="olaf", reason="x1 is it, x2 was removed", now=stage.now())
    assert state is State.VERIFYING
