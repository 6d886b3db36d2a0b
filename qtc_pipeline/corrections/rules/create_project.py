"""A won contract nobody set up: the project in the PSA, the customer and the project in the ERP.

A saga that goes forward only: the PSA's project, the ERP's customer where it has none, the ERP's project. Made only
from a row of ``marts.fct_activation_readiness`` that is ready. Each record carries a marker of the engagement that
stays when it is planned again. Add here what else a new project needs.
"""

from __future__ import annotations

from qtc_pipeline.corrections.case import Answer, Ask, Case, Covered, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, Row, evidence, source_id, text
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Value, Verb

_PSA, _ERP = "activation.psa", "activation.erp"


def propose(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """What sets a contract up, as far as the open exceptions say that it is missing."""
    contract = facts.one("contract", case.contract_id)
    if contract is None or contract["amended_value"] is None:
        return Person("the contract is not known, or not executed any more")
    missing = {leg for leg in (_PSA, _ERP) if facts.cases.get((leg, case.grain_key)) == case.break_class}
    if case.leg == _ERP and _PSA in missing:
        return Covered("the correction that makes the project in the PSA makes the one in the ERP, too")
    ready = facts.one("readiness", case.contract_id)
    if ready is None or not ready["is_ready"]:
        told = "it is set up by now" if ready is None else f"missing: {ready['missing_items']}"
        return Person(f"the contract is not ready for activation, {told}", evidence(contract))
    asks: list[Ask] = []
    if case.leg == _PSA:
        made = _in_psa(contract, facts)
        if isinstance(made, Person):
            return made
        asks.append(made)
    if _ERP in missing:
        more = _in_erp(contract, facts, asks)
        if isinstance(more, Person):
            return more
        asks += more
    customer = facts.one("customer", contract["customer_id"])
    return Draft(
        Kind.CREATE_PROJECT,
        tuple(asks),
        evidence(contract, customer, *facts.all("amendment", case.contract_id)),
        f"{case.leg} finds one project of contract {contract['contract_number']}",
        "document",
    )


def _in_psa(contract: Row, facts: Facts) -> Ask | Person:
    target = facts.target("psa", contract["legal_entity_id"])
    if target is None:
        return Person("several systems or none deliver for the contract's company", evidence(contract))
    instance, key = target
    values: dict[str, Value] = {
        "name": _name(contract),
        "currency": contract["currency"],
        "value": text(contract["amended_value"]),
        "start_date": _day(contract["start_date"]),
        "end_date": _day(contract["end_date"]),
        "legal_entity": key,
        "opportunity_id": contract["crm_opportunity_id"],
    }
    action = Action(Verb.CREATE, "project", values, marker=f"{contract['qtc_id']}-psa")
    return Ask(instance, action, f"create project {_name(contract)} in {instance}")


def _in_erp(contract: Row, facts: Facts, before: list[Ask]) -> list[Ask] | Person:
    target = facts.target("erp", contract["legal_entity_id"])
    if target is None:
        return Person("several systems or none bill for the contract's company", evidence(contract))
    instance, key = target
    twins = [row for row in facts.all("twin", contract["customer_id"]) if row["source_instance"] == instance]
    if len(twins) > 1:
        return Person("the ERP holds the customer more than once", evidence(contract, *twins))
    asks: list[Ask] = []
    if twins:
        customer_key: Value = twins[0]["source_id"]
    else:
        customer = facts.one("customer", contract["customer_id"])
        if customer is None:
            return Person("the contract's customer is not known", evidence(contract))
        asks.append(new_customer(customer, instance, key))
        customer_key = f"@{{{len(before) + 1}}}"
    projects = [row for row in facts.all("project", contract["contract_id"]) if row["system_role"] == "psa"]
    if before:
        psa_key: Value = "@{1}"
    else:
        psa_key = projects[0]["source_id"] if len(projects) == 1 else None
    values: dict[str, Value] = {
        "name": _name(contract),
        "customer_id": customer_key,
        "legal_entity": key,
        "currency": contract["currency"],
        "value": text(contract["amended_value"]),
        "billing_type": contract["billing_type"],
        "opportunity_id": contract["crm_opportunity_id"],
        **({} if psa_key is None else {"psa_project_id": psa_key}),
    }
    action = Action(Verb.CREATE, "project", values, marker=f"{contract['qtc_id']}-erp")
    return [*asks, Ask(instance, action, f"create project {_name(contract)} in {instance}")]


def new_customer(customer: Row, instance: str, entity_key: str) -> Ask:
    """Make a customer of the CRM in the ERP, for the first time."""
    values: dict[str, Value] = {
        "name": customer["name"],
        "legal_entity": entity_key,
        "currency": customer["currency"],
        "payment_terms": customer["payment_terms"],
        "tax_number": customer["tax_number"],
        "crm_customer_id": source_id(customer["customer_id"]),
    }
    given = {name: value for name, value in values.items() if value is not None}
    action = Action(Verb.CREATE, "customer", given, marker=f"customer-{source_id(customer['customer_id'])}")
    return Ask(instance, action, f"create customer {customer['name']} in {instance}")


def _name(contract: Row) -> str:
    return str(contract["opportunity_name"] or contract["contract_number"])


def _day(value: object) -> str | None:
    return None if value is None else str(value)[:10]
