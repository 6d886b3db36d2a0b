"""Mutants nobody notices because they change nothing, each with its reason.

Add here: a survivor that was looked at and found to be the same by construction. What is merely not tested is no
equivalent: it needs a firm in which it shows. Keys are those the run prints.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {
    "int_time_value:change_join:5bdbb973:0": "an entry has a value only at a rate of its contract: the contract exists",
    "rec_break:change_join:db0f1566:0": "every class a rule names stands among the classes, as a test demands",
    "rec_control_kantata__billing_milestones:change_join:641f0ca4:0": (
        "both sides are the same raw table, and the condition on the observation drops what has none"
    ),
    "int_time_value:wrong_edge:5e491710:0": (
        "of nothing billed the value is zero minutes at the rate, which is zero, as is an entry of no minutes"
    ),
    "rec_lifecycle_order:change_join:af7f7c27:0": "the condition on the payment's date drops what has no payment",
    "rec_lifecycle_order:change_join:255f5d93:0": "the condition on the project's creation drops what has no project",
    "int_exposure_billing:change_join:00799abf:0": (
        "a duplicate is a row of int_posted_document itself: the other side of the join exists"
    ),
    "int_total_invoice:wrong_date:e4539c38:1": (
        "the ERP posts a document into a period: the date stands in for drafts, and drafts are not in this total"
    ),
    "rec_approved_time:wrong_edge:79dc58cf:1": "two values that are the same differ by zero in either branch",
    "rec_staffing:wrong_rate:b92bada7:0": "only the sign of the rate is read there, and a rate is never below zero",
    "part_backlog:change_join:efb616d2:0": (
        "a movement has its contract from int_contract_position, which has it from core_contract: the other side exists"
    ),
    "int_unbilled_movement:change_join:3d6ecce2:0": (
        "an entry has a value only under a contract, and a contract only by the link of its project: the link exists"
    ),
    "int_backlog_movement:change_join:9b83e7b0:0": (
        "what is kept without a position has no contract, and the last join with the positions leaves it out again"
    ),
    "int_closing:change_join:8f6af0aa:0": (
        "a position without an amendment comes in with nothing in its columns, and the filter on is_approved drops it"
    ),
}
# mutants that only another test can notice -> the test that fails
NOTICED_ELSEWHERE: dict[str, str] = {
    "rec_invoice_integrity_tax:change_join:a6ec494c:0": (
        "unit test tax_may_add_up_and_still_be_at_the_wrong_rate: 'apart', whose customer is gone, would not be judged"
    ),
    "rec_activation:drop_filter:bc8081e1:0": (
        "unit test a_project_of_another_legal_entity_is_no_second_engagement: unapproved time would wait behind it too"
    ),
    "int_restatement:widen_class:173af78b:0": (
        "unit test a_change_of_published_movements_has_a_cause_or_stays_without_a_name: 'approved:odd', unpublished "
        "and of an old load, would be a late entry"
    ),
    "int_activation:drop_filter:6359bee3:0": (
        "unit test work_of_tomorrow_has_not_begun_yet: the planned contract would have its first time tomorrow"
    ),
    "fct_payment:change_join:684564b3:0": (
        "unit test a_payment_of_a_month_without_a_rate_is_a_payment: the unrated payment would not be there"
    ),
    "part_time:change_join:cc68786f:0": (
        "unit test time_billed_without_a_rate_still_has_its_hours_and_its_days: neither would be there"
    ),
}
