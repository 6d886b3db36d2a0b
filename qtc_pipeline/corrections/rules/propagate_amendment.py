"""What was agreed later and did not arrive: the value of a contract, its terms.

The contract says what is right. An order gets a line of its own for an amendment, known by the amendment; a value of
the PSA is set as a whole. What is billed or recognised already wants two persons. Add here another term.
"""

from __future__ import annotations

from qtc_pipeline.corrections.case import Answer, Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, Row, evidence, text
from qtc_pipeline.settings.corrections import Corrections, Decision
from qtc_pipeline.systems.writing import Action, Value, Verb


def value(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """An agreed amendment that the PSA's price or the ERP's order does not hold."""
    contract = facts.one("contract", case.contract_id)
    amendments = facts.all("amendment", case.contract_id)
    if contract is None or case.difference is None or not amendments:
        return Person("the contract or its amendment is not known any more")
    role = case.leg.rpartition(".")[2]
    reasons, least = _touched(contract)
    expects = f"{case.leg} finds {text(contract['amended_value'])} {contract['currency']} on both sides"
    if role == "psa":
        projects = [
            row
            for row in facts.all("project", case.contract_id)
            if row["system_role"] == "psa" and row["price_amount"] is not None
        ]
        if len(projects) != 1:
            why = "the value is spread over several projects: a person says which one grows"
            return Person(why, evidence(contract, *projects))
        one = projects[0]
        new, old = text(one["price_amount"] + case.difference), text(one["price_amount"])
        action = Action(Verb.SET, "project", {"value": new}, {"value": old}, one["source_id"])
        ask = Ask(one["source_instance"], action, f"project {one['name']}: value {old} -> {new} {one['currency']}")
    else:
        orders = facts.all("order", case.contract_id)
        if len(orders) != 1:
            return Person("the contract has several orders, or none", evidence(contract, *orders))
        if case.difference <= 0:
            return Person(
                "a reduction is taken out of existing lines: a person says which", evidence(contract, *orders)
            )
        one = orders[0]
        last = amendments[-1]
        values: dict[str, Value] = {
            "order_id": one["source_id"],
            "amount": text(case.difference),
            "description": f"Amendment {last['source_id']} of {last['effective_date']}",
        }
        action = Action(Verb.CREATE, "order_line", values, marker=f"amendment-{last['source_id']}")
        said = f"{text(case.difference)} {one['currency']}"
        ask = Ask(one["source_instance"], action, f"order {one['source_id']}: a line of {said} for the amendment")
    found = evidence(contract, *amendments, one)
    return Draft(Kind.PROPAGATE_AMENDMENT, (ask,), found, expects, "price", reasons, least)


def terms(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """Terms, billing type or purchase order that the ERP holds otherwise than the contract says."""
    contract = facts.one("contract", case.contract_id)
    orders = facts.all("order", case.contract_id)
    attribute = case.grain_key.rpartition(":")[2]
    if contract is None or len(orders) != 1:
        return Person("the contract stands not exactly once in the ERP")
    order = orders[0]
    jobs = [row for row in facts.all("project", case.contract_id) if row["project_id"] == order["project_id"]]
    expects = f"billing_terms.erp finds the same {attribute} on both sides"
    column = "po_number" if attribute == "purchase_order" else attribute
    if attribute == "billing_type" and len(jobs) == 1:
        one, entity = jobs[0], "project"
    elif attribute in {"payment_terms", "purchase_order"}:
        one, entity = order, "order"
    else:
        return Person(f"nothing of the ERP holds the {attribute} alone", evidence(contract, order))
    new, old = contract[column], one[column]
    if new is None:
        return Person(f"the contract says nothing of {attribute}", evidence(contract, order))
    reasons, least = _touched(contract) if attribute == "billing_type" else ((), "automatic")
    action = Action(Verb.SET, entity, {attribute: new}, {attribute: old}, one["source_id"])
    ask = Ask(one["source_instance"], action, f"{entity} {one['source_id']}: {attribute} {old or 'nothing'} -> {new}")
    return Draft(Kind.PROPAGATE_AMENDMENT, (ask,), evidence(contract, order, one), expects, "terms", reasons, least)


def _touched(contract: Row) -> tuple[tuple[str, ...], Decision]:
    """Why a change of value wants two persons: something rests on the old one already."""
    if contract["billed_amount"] or contract["recognized_amount"]:
        return ("part of the contract is billed or recognised already",), "two_approvals"
    return (), "automatic"
