"""Mutants nobody notices because they change nothing, each with its reason.

Add here: a survivor that was looked at and found to be the same by construction. What is merely not tested is no
equivalent: it needs a firm in which it shows. Keys are those the run prints.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {
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
    "int_restatement:widen_class:173af78b:0": (
        "unit test a_change_of_published_movements_has_a_cause_or_stays_without_a_name: 'approved:odd', unpublished "
        "and of an old load, would be a late entry"
    ),
}
