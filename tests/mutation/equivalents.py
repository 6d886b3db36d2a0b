"""Mutants nobody notices because they change nothing, each with its reason.

Add here: a survivor that was looked at and found to be the same by construction. What is merely not tested is no
equivalent: it needs a firm in which it shows. Keys are those the run prints.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {
    "int_time_value:change_join:5bdbb973:0": (
        "int_time_item takes an entry for eligible by the billing type it found on its contract: the contract exists"
    ),
    "rec_break:change_join:db0f1566:0": (
        "every class of a rule's row stands among the classes, once: assert_every_break_class_is_ranked and the key of "
        "rule_class hold that"
    ),
    "rec_control_kantata__billing_milestones:change_join:641f0ca4:0": (
        "both sides are the same raw table, and the condition on the observation drops what has none"
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
    "fct_activation_readiness:drop_filter:b257664b:0": (
        "a contract's customer is a record of the CRM: what else resembles something is asked for by nobody"
    ),
    "fct_activation_readiness:change_join:91a91a5d:0": (
        "a link to no live project says that neither side has one, as no link does"
    ),
    "fct_activation_readiness:change_join:3023d7f4:0": "the condition on the system drops what has no customer",
    "fct_activation_readiness:change_join:7129cf2f:0": "a position is a row of core_contract: the other side exists",
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
    "int_time_value:wrong_edge:5e491710:0": (
        "unit test billing_part_of_an_entry_or_twice_of_it_never_exceeds_its_value: of 'taken_back', of less than no "
        "minutes, everything would be billed by nothing"
    ),
    "fct_engagement_event:drop_filter:ba87473e:2": (
        "unit test what_belongs_to_no_engagement_is_no_event_of_a_timeline: an amendment would belong to none"
    ),
    "int_unbilled_movement:wrong_date:a6ba8fce:0": (
        "unit test an_entry_written_off_without_a_date_is_written_off_on_the_day_of_its_work: not that of its approval"
    ),
    "rec_milestone:widen_tolerance:f3f18e46:0": (
        "unit test an_accepted_milestone_is_billed_once_and_in_full: 'agrees', which is small, would not be billed"
    ),
    "fct_payment:change_join:684564b3:0": (
        "unit test a_payment_of_a_month_without_a_rate_is_a_payment: the unrated payment would not be there"
    ),
    "part_time:change_join:cc68786f:0": (
        "unit test time_billed_without_a_rate_still_has_its_hours_and_its_days: neither would be there"
    ),
    **{
        f"fct_activation_readiness:{mutant}": f"unit test what_is_missing_is_named_and_its_owner_too: {told}"
        for mutant, told in {
            "drop_filter:d9169757:0": "'half' would have a job, a cancelled one",
            "drop_filter:855fbda6:0": "a second rate would give every row twice",
            "drop_filter:f9180d61:0": "'untaxed' would have an inactive record, of the PSA",
            "drop_filter:f9180d61:1": "'cousin' would have a candidate, its own record in the CRM",
            "drop_filter:1e250b52:0": "'cousin' would have a candidate that is another's",
            "change_join:3dd659b3:0": "'cousin', whose currency has no rate, would not be there",
            "change_join:762420e4:0": "'lookalike' would have no candidate: what is linked to nobody would be gone",
            "change_join:89b6a757:0": "only 'half' would be there",
            "change_join:fd9ff2f1:0": "'stranger' would not be there",
            "change_join:fa0e8ac4:0": "'lookalike' would not be there",
            "change_join:6cbe3d6e:0": "'cousin' would have a candidate, as everybody",
            "change_join:debb7655:0": "'untaxed' would have a candidate, as everybody",
            "flip_sign:65c40796:0": "the last comma would stay",
            "wrong_rate:6bd9e5ca:0": "the twin would be the amount itself",
            "wrong_word:874ec853:0": "'inactive' would have no record in the ERP",
            "wrong_word:874ec853:1": "'lookalike' would have no candidate",
            "drop_branch:c47c49a9:0": "'lookalike', found by its name, would have no candidate",
        }.items()
    },
}
