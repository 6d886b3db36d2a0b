"""Approved time and costs that never arrived in the ERP: brought there, once.

The exceptions are past the interface's SLA; who transfers time is ``transfer_owner``. Each record carries the PSA's own
id, by which it is found again. Nothing is dated into a closed period, and a cost is a billable charge, never an expense
report: that is a payable, and the employee would be paid twice. Add here another thing to transfer.
"""

from __future__ import annotations

from datetime import date

from qtc_pipeline.corrections.case import Answer, Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Evidence, Kind
from qtc_pipeline.corrections.facts import Facts, Row, evidence, source_id, text
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Value, Verb


def time(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """Approved billable time as a time bill of the same person, project, day and role."""
    item = facts.one("time", case.grain_key)
    if item is None:
        return Person("the time entry is not known any more")
    found = evidence(item)
    job = _job(item["contract_id"], item["legal_entity_id"], facts)
    if job is None:
        return Person("the contract has several projects in the ERP, or none, for the company that works", found)
    people = [
        row for row in facts.all("employee", item["resource_id"]) if row["source_instance"] == job["source_instance"]
    ]
    if len(people) != 1:
        return Person("who worked has not transferred time before: the ERP's employee is not known", found)
    day = facts.open_day(item["legal_entity_id"], item["work_date"])
    if day is None:
        return Person("no period of the company is open", found)
    reasons: tuple[str, ...] = ()
    if day != item["work_date"]:
        if item["approved_at"] is None or item["approved_at"].date() <= _period_end(item, facts):
            return Person(f"the period of {item['work_date']} was closed before its time arrived", found)
        reasons = (f"the period of {item['work_date']} is closed: it would be dated {day}",)
    values: dict[str, Value] = {
        "psa_time_entry_id": item["source_id"],
        "project_id": job["source_id"],
        "employee_id": source_id(people[0]["employee_id"]),
        "role_code": item["role_code"],
        "work_date": day.isoformat(),
        "minutes": item["minutes"],
        "is_billable": True,
    }
    action = Action(Verb.CREATE, "time_entry", values, marker=item["source_id"])
    title = f"transfer {item['minutes']} minutes of {item['work_date']} to project {job['name']}"
    expects = f"approved_time.erp finds {item['minutes']} minutes of entry {item['source_id']} on both sides"
    return _draft(
        Kind.TRANSFER_TIME, Ask(job["source_instance"], action, title), (*found, *evidence(job)), expects, reasons
    )


def expense(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """An approved billable cost as a billable charge, with the mark-up of its contract."""
    subcontracted = case.leg == "expense.subcontractor"
    item = facts.one("subcontracted" if subcontracted else "cost", case.grain_key)
    if item is None or case.difference is None or case.currency is None:
        return Person("the cost is not known any more")
    found = evidence(item)
    job = _job(item["contract_id"], item["legal_entity_id"], facts)
    if job is None:
        return Person("the contract has several projects in the ERP, or none, for the company that spent", found)
    day = facts.open_day(item["legal_entity_id"], item["expense_date"])
    if day is None:
        return Person("no period of the company is open", found)
    reasons = () if day == item["expense_date"] else (f"the period of {item['expense_date']} is closed",)
    values: dict[str, Value] = {
        "psa_expense_id": item["source_id"],
        "project_id": job["source_id"],
        "date": day.isoformat(),
        "amount": text(case.difference),
        "currency": case.currency,
        "charge_type": "subcontractor" if subcontracted else "expense",
    }
    action = Action(Verb.CREATE, "expense", values, marker=item["source_id"])
    title = f"charge {text(case.difference)} {case.currency} of {item['expense_date']} to project {job['name']}"
    expects = f"{case.leg} finds {text(case.difference)} {case.currency} of cost {item['source_id']} on both sides"
    return _draft(
        Kind.TRANSFER_EXPENSE, Ask(job["source_instance"], action, title), (*found, *evidence(job)), expects, reasons
    )


def _draft(kind: Kind, ask: Ask, found: tuple[Evidence, ...], expects: str, reasons: tuple[str, ...]) -> Draft:
    """One record made; a person looks where it cannot stand on its own day."""
    return Draft(kind, (ask,), found, expects, "quantity", reasons, "approval" if reasons else "automatic")


def _job(contract_id: str | None, legal_entity_id: str, facts: Facts) -> Row | None:
    """The one project of the ERP that bills a contract for a company."""
    jobs = [
        row
        for row in facts.all("project", contract_id)
        if row["system_role"] == "erp" and row["legal_entity_id"] == legal_entity_id
    ]
    return jobs[0] if len(jobs) == 1 else None


def _period_end(item: Row, facts: Facts) -> date:
    ends: list[date] = [
        row["end_date"] for row in facts.all("period", item["legal_entity_id"]) if row["period"] == item["period"]
    ]
    return ends[0] if ends else date.max
