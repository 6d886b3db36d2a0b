"""Work for a person, where that person works: one open task per exception, known by the exception's id.

Add here what a task says. Stays out: which exceptions become tasks (``plan``).
"""

from __future__ import annotations

from datetime import datetime

from qtc_pipeline.corrections.case import Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, source_id
from qtc_pipeline.systems.writing import Action, Value, Verb

_SUBJECT = 120  # characters; the vendor adds the marker


def draft(case: Case, person: Person, instance: str, facts: Facts) -> Draft:
    """The task of an exception in a system."""
    entity, about = _about(case, instance, facts)
    values: dict[str, Value] = {
        "subject": f"{case.break_class.replace('_', ' ').capitalize()}: {_subject(case)}"[:_SUBJECT],
        "description": _description(case, person),
        "about_id": about,
        "due_date": None if case.sla_due is None else case.sla_due.date().isoformat(),
        "priority": "High" if _is_late(case, facts) else "Normal",
    }
    given = {name: value for name, value in values.items() if value is not None}
    action = Action(Verb.TASK, entity, given, marker=case.exception_id)
    ask = Ask(instance, action, f"task for {_role(case)}: {values['subject']}")
    expects = f"{case.leg} no longer finds {case.break_class} for {case.grain_key}"
    return Draft(Kind.OWNER_TASK, (ask,), person.evidence, expects, "task", (person.why,))


def _about(case: Case, instance: str, facts: Facts) -> tuple[str, str | None]:
    for entity, ref in (("contract", case.contract_id), ("customer", case.customer_id)):
        if ref is not None and ref.startswith(f"{instance}:"):
            return entity, source_id(ref)
        if entity == "contract":
            row = facts.one("contract", ref)
            if row is not None and row["source_instance"] == instance:
                return entity, str(row["source_id"])
    return "none", None


def _subject(case: Case) -> str:
    return case.failure_reason or case.grain_key


def _description(case: Case, person: Person) -> str:
    lines = [
        f"{case.failure_reason or case.break_class}.",
        f"Why a person: {person.why}.",
        f"Work of: {_role(case)}. Rule: {case.leg}, {case.grain_key}.",
        f"Records: {', '.join(sorted({ref for ref in (case.left_ref, case.right_ref) if ref}))}.",
        f"Done when the rule no longer finds {case.break_class}.",
    ]
    return "\n".join(lines)


def _role(case: Case) -> str:
    return (case.owner_role or "nobody").replace("_", " ")


def _is_late(case: Case, facts: Facts) -> bool:
    due: datetime | None = case.sla_due
    return due is not None and due.date() < facts.as_of
