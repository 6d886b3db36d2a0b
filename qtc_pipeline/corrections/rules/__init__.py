"""One module a correction: which exceptions it repairs, by which actions, and when only a person can.

``RULES`` maps every class of the seed ``rule_class`` to what is done about it (a test compares the two). Add here: a
correction. Stays out: reading the warehouse (``facts``), deciding who must agree (``policy``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qtc_pipeline.corrections.case import Answer, Case, Person
from qtc_pipeline.corrections.facts import Facts
from qtc_pipeline.corrections.rules import (
    align_rate,
    create_project,
    credit_and_rebill,
    link_records,
    propagate_amendment,
    transfer,
)
from qtc_pipeline.settings.corrections import Corrections

Rule = Callable[[Case, Facts, Corrections], Answer]


def person(why: str) -> Rule:
    """A class that only people can do something about."""

    def told(_case: Case, _facts: Facts, _settings: Corrections) -> Answer:
        return Person(why)

    return told


_READ_AGAIN = person("records did not arrive: the load has to be looked into and run again")
_WHICH_ONE = person("which of the two is right, and what becomes of the other's records, is a decision")
_AGREE = person("what was delivered, and what of it the customer owes, has to be agreed first")
_ASK_SALES = person("what was agreed with the customer has to be found out")
_BOOKS = person("the books are changed by people who answer for them")
_BILL = person("it is ready to be billed: bill it, or write down why not")
_LATE = person("what happened out of order cannot be undone; whether it stays so is a decision")

RULES: Mapping[str, Rule] = {
    "load_incomplete": _READ_AGAIN,
    "shrunk_load": _READ_AGAIN,
    "rollforward_break": _BOOKS,
    "customer_missing": link_records.customer_missing,
    "duplicate_customer": _WHICH_ONE,
    "master_data_mismatch": link_records.master_data,
    "won_without_project": create_project.propose,
    "duplicate_project": _WHICH_ONE,
    "project_without_contract": link_records.project,
    "unknown_code": person("the ERP needs an active service item of the role or category first"),
    "time_not_transferred": transfer.time,
    "expense_not_transferred": transfer.expense,
    "quantity_mismatch": _AGREE,
    "amount_mismatch": _AGREE,
    "removed_after_transfer": _AGREE,
    "moved_after_transfer": _AGREE,
    "billed_unapproved_time": _AGREE,
    "rejected_milestone_billed": credit_and_rebill.item,
    "unapproved_subcontractor_cost": _AGREE,
    "duplicate_invoice": credit_and_rebill.duplicate,
    "item_billed_twice": credit_and_rebill.item,
    "milestone_billed_twice": credit_and_rebill.item,
    "amendment_not_propagated": propagate_amendment.value,
    "unapproved_amendment_propagated": _ASK_SALES,
    "value_mismatch": _ASK_SALES,
    "currency_mismatch": _ASK_SALES,
    "milestone_amount_mismatch": _AGREE,
    "rate_mismatch": align_rate.propose,
    "missing_purchase_order": person("the customer has to give a purchase order"),
    "purchase_order_overrun": person("the customer has to extend the purchase order, or the work has to end"),
    "billing_terms_mismatch": propagate_amendment.terms,
    "stale_terms_invoiced": credit_and_rebill.stale_terms,
    "milestone_unbilled": _BILL,
    "unbilled_past_sla": _BILL,
    "late_time": _BOOKS,
    "invalid_cost_centre": _BOOKS,
    "header_line_mismatch": _BOOKS,
    "tax_mismatch": _BOOKS,
    "subledger_mismatch": _BOOKS,
    "journal_on_control_account": _BOOKS,
    "revenue_misaligned": _BOOKS,
    "over_applied": _BOOKS,
    "unapplied_payment": person("which invoice the customer meant to pay has to be found out"),
    "rate_missing": _ASK_SALES,
    "unstaffed_demand": person("people have to be found for the sold work"),
    "activation_past_sla": person("the project stands there: delivery starts it, or says why not"),
    "invoice_number_gap": person("what became of the missing numbers has to be documented"),
    "tax_rate_unexpected": _BOOKS,
    "billed_before_signature": _LATE,
    "time_before_activation": _LATE,
    "revenue_before_delivery": _BOOKS,
    "paid_before_invoice": _LATE,
}
"""Break class -> what is done about it."""
