"""A few facts by hand and what is planned from them.

Add here: a record another rule needs. Stays out: assertions about single rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from qtc_pipeline.corrections.case import Case
from qtc_pipeline.corrections.contract import Proposal, State
from qtc_pipeline.corrections.facts import Facts
from qtc_pipeline.corrections.outcome import Inputs, Plan, Standing
from qtc_pipeline.corrections.planning import draw
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.registry import writing

VERSION = {"version_at": datetime(2026, 6, 1), "source_load_id": "load-1"}  # noqa: DTZ001 - as the warehouse gives it
SETTINGS = Corrections(transfer_owner="qtc")


def composers() -> dict[str, Any]:
    ways = {"crm": writing("salesforce"), "psa": writing("kantata"), "erp": writing("netsuite")}
    return {name: way.compose for name, way in ways.items() if way is not None}


def record(instance: str, entity: str, number: str, **values: Any) -> dict[str, Any]:
    return {"source_instance": instance, "source_entity": entity, "source_id": number, **VERSION, **values}


CONTRACT = record(
    "crm", "Contract", "800A", contract_id="crm:800A", contract_number="C-1", qtc_id="q-1", customer_id="crm:001A",
    legal_entity_id="US", currency="USD", amended_value=Decimal(1200), billed_amount=Decimal(0),
    recognized_amount=Decimal(0), crm_opportunity_id="006A", opportunity_name="Aurora Data",
    start_date=date(2026, 6, 1), end_date=date(2026, 12, 31),
    billing_type="fixed_fee", payment_terms="Net 30", po_number="PO-1",
)  # fmt: skip
CUSTOMER = record(
    "crm", "Account", "001A", customer_id="crm:001A", name="Aurora", legal_entity_id="US", currency="USD",
    payment_terms="Net 30", tax_number="US1",
)  # fmt: skip
TWIN = record(
    "erp", "customer", "10", customer_id="erp:10", name="Aurora", currency="USD", payment_terms="Net 45",
    tax_number="US1", is_active=True, has_documents=False,
)  # fmt: skip
JOB = record(
    "erp", "job", "20", project_id="erp:20", name="Aurora Data", system_role="erp", legal_entity_id="US",
    price_amount=Decimal(1000), currency="USD", billing_type="retainer",
)  # fmt: skip
SPACE = {**record("psa", "workspaces", "30"), **{name: JOB[name] for name in ("name", "currency", "price_amount")}}
SPACE |= {"system_role": "psa", "project_id": "psa:30", "legal_entity_id": "US"}
ORDER = record(
    "erp", "transaction", "40", sales_order_id="erp:40", project_id="erp:20", payment_terms="Net 45", po_number=None,
    currency="USD",
)  # fmt: skip
ENTRY = record(
    "psa", "time_entries", "50", item_key="psa:50", contract_id="crm:800A", legal_entity_id="US", resource_id="psa:7",
    role_code="DEV", work_date=date(2026, 6, 3), period="2026-06", minutes=90, rate=Decimal(100),
    contract_rate=Decimal("120.5"), currency="USD", posted_lines=0, draft_lines=0,
    approved_at=datetime(2026, 6, 5),  # noqa: DTZ001
)  # fmt: skip
INVOICE = record(
    "erp", "transaction", "60", invoice_id="erp:60", document_number="INV-1", is_posted=True, is_void=False,
    is_disputed=False, dispute_closed=None, settled_amount=Decimal(0), customer_id="erp:10", project_id="erp:20",
    legal_entity_id="US", currency="USD", exchange_rate=Decimal(1), gross_amount=Decimal(300), payment_terms="Net 30",
    po_number=None,
)  # fmt: skip


def line(number: str, item: str, amount: int, **values: Any) -> dict[str, Any]:
    said = {"source_type": "milestone", "source_item_id": item, "net_amount": Decimal(amount), "minutes": None}
    return record("erp", "transactionline", number, **{**said, "is_billed_elsewhere": False, **values})


def period(month: int, last: int, *, closed: bool) -> dict[str, Any]:
    days = {"start_date": date(2026, month, 1), "end_date": date(2026, month, last)}
    return {"period": f"2026-{month:02d}", "is_closed": closed, **days}


ROWS: Mapping[str, Mapping[str, tuple[dict[str, Any], ...]]] = {
    "contract": {"crm:800A": (CONTRACT,)},
    "readiness": {"crm:800A": ({"is_ready": True, "missing_items": None},)},
    "customer": {"crm:001A": (CUSTOMER,)},
    "twin": {"crm:001A": (TWIN,)},
    "amendment": {"crm:800A": (record("crm", "Amendment", "a0A", effective_date=date(2026, 6, 10)),)},
    "project": {"crm:800A": (JOB, SPACE)},
    "order": {"crm:800A": (ORDER,)},
    "time": {"psa:50": (ENTRY,)},
    "employee": {"psa:7": ({"source_instance": "erp", "employee_id": "erp:77"},)},
    "invoice": {"erp:60": (INVOICE,)},
    "line": {"erp:60": (line("61", "psa:1", 100), line("62", "psa:2", 200))},
    "billing": {"milestone:psa:1": ({"invoice_id": "erp:59"}, {"invoice_id": "erp:60"})},
    "period": {"US": (period(5, 31, closed=True), period(6, 30, closed=False))},
}


def facts(*cases: Case, **rows: Mapping[str, tuple[dict[str, Any], ...]]) -> Facts:
    return Facts(
        as_of=date(2026, 6, 30),
        rows={**ROWS, **rows},
        instances={"crm": ("crm",), "psa": ("psa",), "erp": ("erp",)},
        entity_keys={("psa", "US"): "US", ("erp", "US"): "1"},
        cases={(case.leg, case.grain_key): case.break_class for case in cases},
    )


def case(break_class: str, leg: str, grain: str, **values: Any) -> Case:
    said: dict[str, Any] = {
        "kind": "break", "owner_role": "billing", "exposure": Decimal(100), "contract_id": "crm:800A",
        "customer_id": "crm:001A", "legal_entity_id": "US", "last_build_id": "b1", "failure_reason": "it differs",
    }  # fmt: skip
    return Case(f"exception-of-{grain}-{leg}"[:60], 1, break_class, leg=leg, grain_key=grain, **{**said, **values})


TIME = case("time_not_transferred", "approved_time.erp", "psa:50")
RATE = case("rate_mismatch", "bill_rate.psa", "psa:50")
WON = case("won_without_project", "activation.psa", "crm:800A")
WON_ERP = case("won_without_project", "activation.erp", "crm:800A")
TAX = case("tax_mismatch", "invoice_integrity.tax", "erp:60")
TWICE = case("milestone_billed_twice", "milestone.erp", "psa:1")
TERMS = case("billing_terms_mismatch", "billing_terms.erp", "crm:800A:payment_terms")
AMENDED = case("amendment_not_propagated", "contract_value.erp", "crm:800A", difference=Decimal(200))


def planned(*cases: Case, known: Facts | None = None, settings: Corrections = SETTINGS, **inputs: Any) -> Plan:
    base = Inputs(
        build_id="b1",
        green=frozenset(one.leg for one in cases),
        composers=composers(),
        task_instances=("crm",),
    )
    return draw(cases, known or facts(*cases), replace(base, **inputs), settings)


def only(plan: Plan) -> Proposal:
    assert len(plan.proposals) == 1, plan.skipped
    return plan.proposals[0]


def why(plan: Plan) -> str:
    assert not plan.proposals
    return plan.skipped[0].reason


def standing(made: Proposal, state: State, **values: Any) -> dict[str, tuple[Standing, ...]]:
    one = Standing(made.correction_id, made.exception_id, 1, made.generation, made.kind, state, made.plan_hash)
    return {made.exception_id: (replace(one, **values),)}
