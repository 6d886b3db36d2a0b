"""An invoice that should not have been posted so: credited whole in an open period, and billed again where due.

Never deleted, never edited, never in a closed period; unpaid and undisputed ones only, at the booked rate. What was
right on it is billed again with the same source items, so that the rules find every item billed once. Credit and new
invoice are two steps with keys of their own. Add here another reason to credit.
"""

from __future__ import annotations

from qtc_pipeline.corrections.case import Answer, Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, Row, evidence, source_id, text
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Value, Values, Verb


def duplicate(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """The later of two documents: what it bills that nothing else bills is billed again under a number of its own."""
    kept = [line for line in facts.all("line", case.grain_key) if not line["is_billed_elsewhere"]]
    return _credit(case, facts, case.grain_key, kept, "the customer has one invoice of the number and of each item")


def item(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """The last invoice of an item that is billed more than once, or billed although nobody accepted it."""
    key = case.grain_key if case.leg == "invoice_integrity.items" else f"milestone:{case.grain_key}"
    billing = facts.all("billing", key)
    if case.break_class == "rejected_milestone_billed":
        if len(billing) != 1:
            return Person("the milestone stands on several invoices, or on none that is not credited")
        expects = f"{case.leg} finds nothing billed of {case.grain_key}"
    else:
        if len(billing) < 2:  # noqa: PLR2004 - twice
            return Person(
                "the item is billed twice on one invoice, or credited in part: a person says how much is right"
            )
        expects = f"{case.leg} finds {case.grain_key} billed once"
    invoice_id = billing[-1]["invoice_id"]
    kind, _, wrong = key.partition(":")
    kept = [
        line for line in facts.all("line", invoice_id) if (line["source_type"], line["source_item_id"]) != (kind, wrong)
    ]
    return _credit(case, facts, invoice_id, kept, expects)


def stale_terms(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """An invoice on terms that did not hold on its day: billed again on those that did."""
    then = facts.one("terms_then", case.grain_key)
    if then is None or then["payment_terms"] is None:
        return Person("the terms of that day are not known")
    kept = list(facts.all("line", case.grain_key))
    expects = f"billing_terms.erp finds the invoice on {then['payment_terms']}"
    return _credit(case, facts, case.grain_key, kept, expects, payment_terms=then["payment_terms"])


def _credit(
    case: Case, facts: Facts, invoice_id: str, kept: list[Row], expects: str, *, payment_terms: str | None = None
) -> Answer:
    invoice = facts.one("invoice", invoice_id)
    if invoice is None:
        return Person("the invoice is not known any more")
    found = evidence(invoice)
    why_not = _why_not(invoice)
    day = facts.open_day(invoice["legal_entity_id"], facts.as_of)
    if why_not is not None or day is None:
        return Person(why_not or "no period of the company is open", found)
    number, name = invoice["document_number"], invoice["source_id"]
    said = f"{text(invoice['gross_amount'])} {invoice['currency']}"
    values: dict[str, Value] = {"date": day.isoformat(), "reason": case.break_class}
    credit = Action(Verb.CREDIT, "invoice", values, source_id=name, marker=f"credit-{name}")
    asks = [Ask(invoice["source_instance"], credit, f"credit invoice {number} of {said}")]
    if kept:
        asks.append(_rebill(invoice, kept, day.isoformat(), payment_terms))
    reason = f"invoice {number} is posted: it is reversed, not changed"
    return Draft(
        Kind.CREDIT_AND_REBILL, tuple(asks), evidence(invoice, *kept), expects, "document", (reason,), "two_approvals"
    )


def _why_not(invoice: Row) -> str | None:
    if not invoice["is_posted"] or invoice["is_void"]:
        return "the invoice is not posted, or void"
    if invoice["is_disputed"] and invoice["dispute_closed"] is None:
        return "the customer disputes the invoice"
    if invoice["settled_amount"]:
        return "the invoice is paid or credited in part"
    if invoice["customer_id"] is None or invoice["project_id"] is None:
        return "the invoice names no customer or no project"
    return None


def _rebill(invoice: Row, kept: list[Row], day: str, payment_terms: str | None) -> Ask:
    name = invoice["source_id"]
    values: dict[str, Value] = {
        "customer_id": source_id(invoice["customer_id"]),
        "project_id": source_id(invoice["project_id"]),
        "currency": invoice["currency"],
        "exchange_rate": None if invoice["exchange_rate"] is None else text(invoice["exchange_rate"]),
        "date": day,
        "payment_terms": payment_terms or invoice["payment_terms"],
        "purchase_order": invoice["po_number"],
    }
    given = {name: value for name, value in values.items() if value is not None}
    lines = tuple(_line(line) for line in kept)
    action = Action(Verb.REBILL, "invoice", given, marker=f"rebill-{name}", lines=lines)
    net = sum(line["net_amount"] for line in kept)
    title = f"bill {text(net)} {invoice['currency']} again, without what was wrong on {invoice['document_number']}"
    return Ask(invoice["source_instance"], action, title)


def _line(line: Row) -> Values:
    values: dict[str, Value] = {
        "amount": text(line["net_amount"]),
        "source_type": line["source_type"],
        "source_id": None if line["source_item_id"] is None else source_id(line["source_item_id"]),
        "minutes": line["minutes"],
    }
    return {name: value for name, value in values.items() if value is not None}
