"""Records two systems hold of one thing: cross-referenced where they are not, made equal where they differ.

The CRM says what is right of a customer. A match by an exact key is linked without asking; one by likeness is scored
and wants a person. Add here another kind of link.
"""

from __future__ import annotations

from qtc_pipeline.corrections.case import Answer, Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, Row, evidence, source_id
from qtc_pipeline.corrections.rules.create_project import new_customer
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Value, Verb

# attribute -> (canonical field, kind of field)
_ATTRIBUTES = {
    "name": ("name", "reference"),
    "payment_terms": ("payment_terms", "terms"),
    "tax_number": ("tax_number", "terms"),
    "currency": ("currency", "terms"),
}


def customer_missing(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """A customer the ERP does not hold: reactivated, linked, or made where nothing resembles it."""
    customer = facts.one("customer", case.customer_id)
    if customer is None:
        return Person("the customer is not known in the CRM any more")
    expects = f"customer_master.erp finds one active record of {customer['name']}"
    twins, alike = facts.all("twin", case.customer_id), facts.all("lookalike", case.customer_id)
    if max(len(twins), len(alike)) > 1:
        return Person("several records of the ERP could be the customer", evidence(customer, *twins, *alike))
    if twins:
        return _reactivate(customer, twins[0], expects)
    if alike:
        return _link_customer(customer, alike[0], expects)
    target = facts.target("erp", customer["legal_entity_id"])
    if target is None:
        return Person("several systems or none bill for the customer's company", evidence(customer))
    why = "nothing in the ERP resembles the customer, so it would be made"
    ask = new_customer(customer, *target)
    return Draft(Kind.LINK_RECORDS, (ask,), evidence(customer), expects, "document", (why,), "approval")


def _reactivate(customer: Row, twin: Row, expects: str) -> Draft:
    action = Action(Verb.SET, "customer", {"is_active": True}, {"is_active": False}, twin["source_id"])
    ask = Ask(twin["source_instance"], action, f"reactivate customer {twin['name']}")
    why = "somebody inactivated the ERP's record of the customer"
    return Draft(Kind.LINK_RECORDS, (ask,), evidence(customer, twin), expects, "status", (why,), "approval")


def _link_customer(customer: Row, twin: Row, expects: str) -> Draft:
    values: dict[str, Value] = {"crm_customer_id": source_id(customer["customer_id"])}
    action = Action(Verb.LINK, "customer", values, {"crm_customer_id": None}, twin["source_id"])
    ask = Ask(twin["source_instance"], action, f"link customer {twin['name']} to the CRM")
    found = evidence(customer, twin)
    if twin["is_same_tax_number"] and twin["is_active"]:
        return Draft(Kind.LINK_RECORDS, (ask,), found, expects, "reference")
    why = "matched by name alone" if twin["is_active"] else "the matching record is inactive"
    return Draft(Kind.LINK_RECORDS, (ask,), found, expects, "reference", (why,), "approval")


def master_data(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """An attribute of a customer that the ERP holds differently: as the CRM says."""
    attribute = case.grain_key.rpartition(":")[2]
    customer = facts.one("customer", case.customer_id)
    twins = [row for row in facts.all("twin", case.customer_id) if row["is_active"]]
    if customer is None or len(twins) != 1:
        return Person("the customer stands not exactly once on both sides")
    twin = twins[0]
    found = evidence(customer, twin)
    if attribute not in _ATTRIBUTES:
        return Person("a customer cannot be moved to another company: its documents stay behind", found)
    field, kind = _ATTRIBUTES[attribute]
    if attribute == "currency" and twin["has_documents"]:
        return Person("the customer has documents in its currency", found)
    if customer[field] is None:
        return Person(f"the CRM says nothing of {attribute}", found)
    action = Action(Verb.SET, "customer", {field: customer[field]}, {field: twin[field]}, twin["source_id"])
    said = f"{twin[field] or 'nothing'} -> {customer[field]}"
    ask = Ask(twin["source_instance"], action, f"customer {twin['name']}: {attribute} {said}")
    expects = f"customer_master.erp finds the same {attribute} on both sides"
    if kind == "reference":
        return Draft(Kind.LINK_RECORDS, (ask,), found, expects, kind)
    why = f"{attribute} decides what the customer is billed from now on"
    return Draft(Kind.LINK_RECORDS, (ask,), found, expects, kind, (why,), "approval")


def project(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """A project without contract: linked to the one executed contract of its name, if a person agrees."""
    rows = facts.all("unlinked", case.grain_key)
    if not rows:
        return Person("the project is not known any more")
    contracts = [row for row in rows if row["contract_id"] is not None]
    if not str(rows[0]["qtc_id"]).startswith("orphan:"):
        why = "the project belongs to a deal whose contract is not executed: sign it, or stop the work"
        return Person(why, evidence(rows[0]))
    if len(contracts) != 1:
        return Person("no contract, or more than one, could be the project's", evidence(rows[0]))
    one = contracts[0]
    values: dict[str, Value] = {"opportunity_id": one["crm_opportunity_id"]}
    action = Action(Verb.LINK, "project", values, {"opportunity_id": None}, one["source_id"])
    ask = Ask(one["source_instance"], action, f"link project {one['name']} to contract {one['contract_number']}")
    expects = f"{case.leg} finds an executed contract behind project {one['name']}"
    why = "matched by name, currency and company"
    return Draft(Kind.LINK_RECORDS, (ask,), evidence(one), expects, "reference", (why,), "approval")
