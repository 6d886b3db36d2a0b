"""Who must agree: the most precise rule decides, never below what safety asks, one step stricter above its amount."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from qtc_pipeline.corrections.contract import Kind, Proposal, Step
from qtc_pipeline.corrections.policy import DEFAULTS, LADDER, Used, decide, decision, over_limit
from qtc_pipeline.settings.corrections import Correction, Corrections, Decision, FieldClass, PolicyRule
from qtc_pipeline.systems.writing import Write

WRITE = Write("update", "timeBill", "timebill", "1", {"a": "2"}, {"a": "1"})
PROPOSAL = Proposal(
    kind=Kind.ALIGN_RATE,
    exception_id="e1",
    occurrence=1,
    generation=1,
    break_class="rate_mismatch",
    leg="bill_rate.psa",
    grain_key="psa:1",
    steps=(Step(1, "psa", WRITE, "rate 1 -> 2"),),
    evidence=(),
    expects="green",
    owner_role=None,
    exposure=Decimal(10),
    legal_entity_id="US",
    qtc_id=None,
    build_id="b",
    field_class="price",
)


def asked(
    *rules: PolicyRule, amount: str | None = "10", entity: str = "US", instances: tuple[str, ...] = ("psa",)
) -> str:
    return decision(
        Corrections(policies=rules),
        Kind.ALIGN_RATE,
        amount=None if amount is None else Decimal(amount),
        field_class="price",
        legal_entity=entity,
        instances=instances,
    ).decision


def rule(decided: Decision, up_to: int | None = None, **names: str) -> PolicyRule:
    return PolicyRule.model_validate({"correction": "align_rate", "decision": decided, "up_to": up_to, **names})


def test_the_words_of_settings_and_ledger_are_the_same() -> None:
    assert set(get_args(Correction)) == set(Kind)
    assert {one.correction for one in DEFAULTS} == set(Kind)
    assert "price" in get_args(FieldClass)


@pytest.mark.parametrize(
    ("kind", "amount", "decided"),
    [
        (Kind.LINK_RECORDS, "0", "automatic"),
        (Kind.CREATE_PROJECT, "50000", "automatic"),
        (Kind.CREATE_PROJECT, "50000.01", "approval"),
        (Kind.CREATE_PROJECT, None, "approval"),
        (Kind.PROPAGATE_AMENDMENT, "0", "approval"),
        (Kind.TRANSFER_TIME, "1", "approval"),
        (Kind.TRANSFER_EXPENSE, "1", "never"),
        (Kind.ALIGN_RATE, "1", "approval"),
        (Kind.HOLD_INVOICE, None, "automatic"),
        (Kind.CREDIT_AND_REBILL, "1", "two_approvals"),
        (Kind.PUSH_INVOICE_STATUS, "1", "automatic"),
        (Kind.OWNER_TASK, None, "automatic"),
    ],
)
def test_without_rules_of_the_firm_the_default_policy_decides(kind: Kind, amount: str | None, decided: str) -> None:
    found = decision(
        Corrections(),
        kind,
        amount=None if amount is None else Decimal(amount),
        field_class="document",
        legal_entity="US",
        instances=("erp",),
    )
    assert found.decision == decided
    assert found.reason


def test_time_is_transferred_without_asking_only_where_we_are_its_interface() -> None:
    def decided(settings: Corrections) -> str:
        return decision(
            settings, Kind.TRANSFER_TIME, amount=None, field_class="quantity", legal_entity=None, instances=("erp",)
        ).decision

    assert decided(Corrections()) == "approval"
    assert decided(Corrections(transfer_owner="qtc")) == "automatic"


def test_the_most_precise_rule_decides_and_of_equals_the_strictest() -> None:
    german = rule("automatic", legal_entity="DE")
    assert asked(rule("never"), german) == "never"
    assert asked(rule("never"), german, entity="DE") == "automatic"
    assert asked(rule("automatic", instance="psa"), rule("two_approvals", legal_entity="US")) == "two_approvals"
    assert asked(rule("automatic", instance="erp")) == "approval"  # it says nothing of the PSA: the default does


def test_above_the_amount_of_a_rule_and_where_it_is_unknown_it_is_one_step_stricter() -> None:
    small, large = rule("automatic", 100), rule("approval", 1000)
    assert asked(small, large, amount="100") == "automatic"
    assert asked(small, large, amount="100.01") == "approval"
    assert asked(small, large, amount="1000.01") == "two_approvals"
    assert asked(small, amount=None) == "approval"
    assert asked(rule("never", 5), amount="6") == "never"


def test_a_larger_amount_never_falls_to_a_milder_rule_that_is_less_precise() -> None:
    rules = (rule("two_approvals", 1000, legal_entity="DE"), rule("automatic"))
    assert asked(*rules, amount="5000", entity="DE") == "never"


def test_no_rule_goes_below_what_safety_asks_for() -> None:
    settings = Corrections(policies=(rule("automatic"),))
    assert decide(settings, PROPOSAL).decision == "automatic"
    scored = replace(PROPOSAL, least="approval", reasons=("matched by name alone",))
    found = decide(settings, scored)
    assert found.decision == "approval"
    assert "matched by name alone" in found.reason
    assert decide(Corrections(policies=(rule("never"),)), scored).decision == "never"
    assert LADDER.index(found.decision) == 1


@pytest.mark.parametrize(
    ("used", "said"),
    [
        (Used(writes_of_run=200), "max_writes_per_run"),
        (Used(writes_of_day=1000), "max_writes_per_day"),
        (Used(exposure_of_run=Decimal(4_999_995)), "max_exposure_per_run"),
        (Used(tried_of_run=10, failed_of_run=3), "max_failing_share"),
        (Used(tried_of_run=10, failed_of_run=2), None),
        (Used(tried_of_run=4, failed_of_run=4), None),  # too few to say
        (Used(), None),
    ],
)
def test_a_run_stops_at_its_limits_and_says_which(used: Used, said: str | None) -> None:
    found = over_limit(Corrections(), used, PROPOSAL)
    assert (found is None) if said is None else (found is not None and said in found)
