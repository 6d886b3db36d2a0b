"""Planning is pure: small facts by hand, every reason not to propose, every answer of a rule."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qtc_pipeline.corrections.claims import claims_of
from qtc_pipeline.corrections.contract import Kind, State
from qtc_pipeline.corrections.rules import RULES
from qtc_pipeline.settings.corrections import Corrections, PolicyRule
from tests.corrections.by_hand import (
    AMENDED,
    CONTRACT,
    ENTRY,
    INVOICE,
    RATE,
    TAX,
    TERMS,
    TIME,
    TWICE,
    TWIN,
    WON,
    WON_ERP,
    case,
    composers,
    facts,
    only,
    planned,
    standing,
    why,
)

SEED = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "rule_class.csv"


def test_every_class_of_the_seed_is_known_to_the_plan() -> None:
    with SEED.open(encoding="utf-8") as file:
        assert {row["break_class"] for row in csv.DictReader(file)} == set(RULES)


def test_the_same_facts_give_the_same_plan_in_any_order() -> None:
    cases = (TIME, TAX, TWICE, TERMS)
    assert planned(*cases) == planned(*reversed(cases))


def test_time_is_transferred_for_the_same_person_project_and_day() -> None:
    made = only(planned(TIME))
    assert made.kind is Kind.TRANSFER_TIME
    write = made.steps[0].write
    assert (write.operation, write.entity, write.marker) == ("create", "timeBill", "50")
    assert {write.new[name] for name in ("customer", "employee", "tranDate", "hours")} == {
        "20",
        "77",
        "2026-06-03",
        "1:30",
    }
    assert [(one.instance, one.record_id, one.version_at) for one in made.evidence] == [
        ("psa", "50", "2026-06-01T00:00:00Z"),
        ("erp", "20", "2026-06-01T00:00:00Z"),
    ]


def test_time_of_a_closed_period_is_dated_into_an_open_one_only_where_it_was_approved_later() -> None:
    late = {**ENTRY, "work_date": date(2026, 5, 20), "period": "2026-05"}
    made = only(planned(TIME, known=facts(TIME, time={"psa:50": (late,)})))
    assert made.steps[0].write.new["tranDate"] == "2026-06-01"
    assert made.least == "approval"
    early = {**late, "approved_at": datetime(2026, 5, 21)}  # noqa: DTZ001
    assert only(planned(TIME, known=facts(TIME, time={"psa:50": (early,)}))).kind is Kind.OWNER_TASK


def test_a_won_contract_becomes_one_saga_of_both_systems_and_the_other_exception_is_covered() -> None:
    plan = planned(WON, WON_ERP, known=facts(WON, WON_ERP, twin={}))
    made = only(plan)
    assert [(step.instance, step.write.entity) for step in made.steps] == [
        ("psa", "workspaces"),
        ("erp", "customer"),
        ("erp", "job"),
    ]
    job = made.steps[2].write.new
    assert (job["parent"], job["custentity_psa_workspace"]) == ("@{2}", "@{1}")
    assert [one.exception_id for one in plan.skipped] == [WON_ERP.exception_id]
    assert len({step.write.marker for step in made.steps}) == 3


def test_a_contract_that_is_not_ready_is_a_task_that_names_what_is_missing() -> None:
    missing = {"crm:800A": ({"is_ready": False, "missing_items": "purchase order"},)}
    made = only(planned(WON, known=facts(WON, readiness=missing)))
    assert made.kind is Kind.OWNER_TASK
    assert "purchase order" in str(made.steps[0].write.new)


def test_what_is_billed_already_wants_two_persons() -> None:
    assert only(planned(AMENDED)).least == "automatic"
    billed = {"crm:800A": ({**CONTRACT, "billed_amount": Decimal(1)},)}
    assert only(planned(AMENDED, known=facts(AMENDED, contract=billed))).least == "two_approvals"


def test_a_customer_matched_by_name_wants_a_person_and_one_matched_by_tax_number_does_not() -> None:
    missing = case("customer_missing", "customer_master.erp", "crm:001A:customer")
    alike = {**TWIN, "is_same_tax_number": True}
    exact = planned(missing, known=facts(missing, twin={}, lookalike={"crm:001A": (alike,)}))
    assert (only(exact).kind, only(exact).least) == (Kind.LINK_RECORDS, "automatic")
    scored = facts(missing, twin={}, lookalike={"crm:001A": ({**alike, "is_same_tax_number": False},)})
    assert only(planned(missing, known=scored)).least == "approval"
    made = only(planned(missing, known=facts(missing, twin={})))
    assert (made.steps[0].write.operation, made.least) == ("create", "approval")
    off = facts(missing, twin={"crm:001A": ({**TWIN, "is_active": False},)})
    assert only(planned(missing, known=off)).steps[0].write.new == {"isInactive": False}


def test_an_unpaid_invoice_is_credited_whole_and_what_was_right_on_it_billed_again() -> None:
    made = only(planned(TWICE))
    credit, again = (step.write for step in made.steps)
    assert (credit.entity, credit.source, credit.new["tranDate"]) == ("creditMemo", "invoice/60", "2026-06-30")
    assert [one["custcol_source_id"] for one in again.lines] == ["2"]
    assert made.least == "two_approvals"
    assert credit.marker != again.marker


@pytest.mark.parametrize(
    "moved", [{"settled_amount": Decimal(1)}, {"is_disputed": True}, {"is_void": True}, {"project_id": None}]
)
def test_a_paid_disputed_or_void_invoice_stays_a_persons_work(moved: dict[str, Any]) -> None:
    known = facts(TWICE, invoice={"erp:60": ({**INVOICE, **moved},)})
    assert only(planned(TWICE, known=known)).kind is Kind.OWNER_TASK


def test_the_rate_of_an_entry_is_aligned_only_while_nothing_bills_it() -> None:
    write = only(planned(RATE)).steps[0].write
    assert dict(write.new) != dict(write.old)
    locked = facts(RATE, time={"psa:50": ({**ENTRY, "draft_lines": 1},)})
    assert only(planned(RATE, known=locked)).kind is Kind.OWNER_TASK


def test_a_task_is_known_by_its_exception_whatever_becomes_of_its_text() -> None:
    made = only(planned(TAX))
    assert made.kind is Kind.OWNER_TASK
    assert made.steps[0].write.marker == TAX.exception_id
    again = only(planned(replace(TAX, failure_reason="it differs more")))
    assert again.steps[0].write.marker == made.steps[0].write.marker


def test_what_no_system_can_do_safely_or_the_policy_forbids_becomes_a_task() -> None:
    assert only(planned(TIME, composers={**composers(), "erp": None})).kind is Kind.OWNER_TASK
    never = Corrections(policies=(PolicyRule(correction="transfer_time", decision="never"),))
    assert only(planned(TIME, settings=never)).kind is Kind.OWNER_TASK


def test_where_no_system_takes_tasks_the_work_stands_in_the_queue() -> None:
    assert "queue of billing" in why(planned(TAX, task_instances=()))


def test_nothing_is_planned_from_what_is_not_proven() -> None:
    assert "not proven" in why(planned(TIME, green=frozenset()))
    assert "did not look" in why(planned(replace(TIME, last_build_id="b0")))
    assert "nobody's work" in why(planned(replace(TIME, kind="timing")))


def test_a_flood_of_a_class_stops_that_class_alone_until_a_person_lets_it_through() -> None:
    few = Corrections(transfer_owner="qtc", max_new_exceptions=2)
    flood = [replace(TAX, exception_id=f"e{number}", grain_key=f"erp:{number}") for number in range(3)]
    plan = planned(*flood, TIME, settings=few)
    assert plan.floods == {"tax_mismatch": 3}
    assert only(plan).break_class == "time_not_transferred"
    assert all("a person looks first" in one.reason for one in plan.skipped)
    assert len(planned(*flood, settings=few, released={"tax_mismatch"}).proposals) == 3
    assert why(planned(flood[0], settings=few, stopped=("tax_mismatch",)))
    old = {one.exception_id: standing(only(planned(one)), State.REOPENED)[one.exception_id] for one in flood}
    assert not planned(*flood, settings=few, standing=old).floods  # nothing of it is new


def test_a_plan_that_did_not_change_is_kept_and_one_that_did_gives_way() -> None:
    made = only(planned(TIME))
    kept = planned(TIME, standing=standing(made, State.WAITING_APPROVAL))
    assert (kept.proposals, kept.kept) == ((), {TIME.exception_id: made.correction_id})
    again = only(planned(TIME, standing=standing(made, State.APPROVED, plan_hash="another")))
    assert (again.generation, again.steps) == (2, made.steps)


@pytest.mark.parametrize(
    "state", [State.APPLYING, State.IN_DOUBT, State.VERIFYING, State.DEAD_LETTER, State.NEEDS_PERSON]
)
def test_nothing_is_planned_beside_a_correction_that_is_under_way_or_waits_for_a_person(state: State) -> None:
    made = only(planned(TIME))
    assert made.correction_id[:12] in why(planned(TIME, standing=standing(made, state)))


def test_a_dead_correction_is_planned_again_when_a_person_says_so() -> None:
    made = only(planned(TIME))
    plan = planned(TIME, standing=standing(made, State.DEAD_LETTER), replaces={made.correction_id})
    assert only(plan).generation == 2
    assert [one.correction_id for one in plan.replaces.values()] == [made.correction_id]


@pytest.mark.parametrize("state", [State.REJECTED, State.PARTLY_APPLIED])
def test_what_a_system_refused_becomes_a_task_with_its_message(state: State) -> None:
    made = only(planned(TIME))
    plan = planned(TIME, standing=standing(made, state, reason="the period is locked"))
    assert only(plan).kind is Kind.OWNER_TASK
    assert "the period is locked" in str(only(plan).steps[0].write.new)
    assert plan.replaces[only(plan).correction_id].correction_id == made.correction_id


def test_a_persons_no_holds_until_something_moves() -> None:
    made = only(planned(TIME))
    assert "said no" in why(planned(TIME, standing=standing(made, State.DECLINED)))
    assert only(planned(TIME, standing=standing(made, State.DECLINED, plan_hash="another"))).generation == 2


def test_a_task_gives_way_when_its_case_can_be_corrected_and_not_before() -> None:
    task = only(planned(TAX))
    made = planned(TAX, standing=standing(task, State.VERIFYING, plan_hash="older text"))
    assert made.kept == {TAX.exception_id: task.correction_id}
    repaired = planned(TIME, standing=standing(replace(task, exception_id=TIME.exception_id), State.VERIFYING))
    assert only(repaired).kind is Kind.TRANSFER_TIME
    assert list(repaired.replaces) == [only(repaired).correction_id]


def test_what_was_refused_once_is_not_tried_again_from_its_task() -> None:
    made = only(planned(TIME))
    refused = standing(made, State.SUPERSEDED)[TIME.exception_id][0]
    task = replace(
        refused, correction_id="task", generation=2, kind=Kind.OWNER_TASK, state=State.VERIFYING, plan_hash="t"
    )
    plan = planned(TIME, standing={TIME.exception_id: (refused, task)})
    assert plan.kept == {TIME.exception_id: "task"}


def test_what_was_corrected_twice_and_is_still_found_goes_to_a_person() -> None:
    made = only(planned(TIME))
    first = standing(made, State.REOPENED)[TIME.exception_id][0]
    second = replace(first, correction_id="second", generation=2)
    assert only(planned(TIME, standing={TIME.exception_id: (first,)})).kind is Kind.TRANSFER_TIME
    task = only(planned(TIME, standing={TIME.exception_id: (first, second)}))
    assert (task.kind, task.generation) == (Kind.OWNER_TASK, 3)


def test_another_class_at_the_same_grain_is_planned_anew_after_its_correction_is_done() -> None:
    done = standing(only(planned(WON)), State.RESOLVED)
    late = replace(WON, break_class="activation_past_sla", kind="condition")
    task = only(planned(late, standing=done))
    assert (task.kind, task.break_class, task.generation) == (Kind.OWNER_TASK, "activation_past_sla", 2)


@dataclass(frozen=True)
class Corrected:
    instance: str
    entity: str
    record_key: str
    fields: frozenset[str]


def test_a_field_that_somebody_keeps_setting_back_is_a_persons_work() -> None:
    step = only(planned(TERMS)).steps[0]
    before = Corrected(step.instance, step.write.entity, str(step.write.key), frozenset(step.write.new))
    assert only(planned(TERMS, corrected=[before])).kind is Kind.PROPAGATE_AMENDMENT
    made = only(planned(TERMS, corrected=[before, before]))
    assert made.kind is Kind.OWNER_TASK
    assert "corrected 2 times" in made.reasons[0]
    other = replace(before, record_key="another")
    assert only(planned(TERMS, corrected=[other, other])).kind is Kind.PROPAGATE_AMENDMENT


def test_two_corrections_never_write_the_same_at_once() -> None:
    both = (replace(TWICE, rank=10), replace(TWICE, exception_id="later", rank=11))
    plan = planned(*both)
    assert only(plan).exception_id == TWICE.exception_id
    assert "first things first" in plan.skipped[0].reason
    held = dict.fromkeys(claims_of(only(plan).steps), "somebody else")
    assert "first things first" in why(planned(TWICE, claimed=held))


def test_every_exception_ends_in_exactly_one_place() -> None:
    cases = (
        TIME,
        RATE,
        WON,
        WON_ERP,
        TAX,
        TWICE,
        TERMS,
        AMENDED,
        replace(TAX, exception_id="unproven", leg="ar_to_gl"),
    )
    plan = planned(*cases, green=frozenset(one.leg for one in cases[:-1]))
    ends = [*(one.exception_id for one in plan.proposals), *plan.kept, *(one.exception_id for one in plan.skipped)]
    assert sorted(ends) == sorted(one.exception_id for one in cases)
    assert set(plan.judgements) == {one.correction_id for one in plan.proposals}
