"""The words of a verdict, which evidence gates which mart, and what a verdict does to a mart.

Here: enumerations, the table of marts, the pure decision. Add a mart or a leg here. Stays out: SQL, Dagster, judging.

=============================================  =====================================  =======================
finding                                        operational marts                      financial marts
=============================================  =====================================  =======================
E0-E3 or a dbt test broken, or not evaluated   held                                   held
exposure over tolerance                        published as qualified, amounts named  held until repaired or waived
in flight over its limit                       published as qualified                 held until repaired or waived
=============================================  =====================================  =======================
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a gate says about one row of evidence."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    WAIVED = "waived"
    NOT_EVALUATED = "not_evaluated"
    NOT_APPLICABLE = "not_applicable"


class Gate(StrEnum):
    """What is asked. The four equations, dbt's tests, and the two limits."""

    COMPLETE = "e0"
    CONSERVED = "e1"
    EXPLAINED = "e2"
    CARRIED = "e3"
    TESTS = "tests"
    EXPOSURE = "exposure"
    IN_FLIGHT = "in_flight"


class Status(StrEnum):
    """What becomes of a mart."""

    FINAL = "final"
    QUALIFIED = "qualified"
    HELD = "held"


EQUATIONS = (Gate.COMPLETE, Gate.CONSERVED, Gate.EXPLAINED, Gate.CARRIED)
LIMITS = (Gate.EXPOSURE, Gate.IN_FLIGHT)
TURNS_RED: dict[str, str] = {
    Gate.COMPLETE: "a lost page, a silent filter, a role that sees one subsidiary, a system that was not read in time",
    Gate.CONSERVED: "a parse, a join or a mapping that drops or multiplies rows",
    Gate.EXPLAINED: "one row with a difference no class names, two errors that cancel in the total included",
    Gate.CARRIED: "a mart that filters, multiplies or moves an amount to another dimension",
    Gate.TESTS: "a failed dbt test or model the mart rests on",
    Gate.EXPOSURE: "named exposure above the tolerance of the mart that nobody waived",
    Gate.IN_FLIGHT: "more rows on their way than the limit: how a dead interface shows",
}
STAGE_OF = {Gate.COMPLETE: 1, Gate.CONSERVED: 1}  # the others are of stage 2


@dataclass(frozen=True)
class Mart:
    """What gates a mart and what it publishes.

    Attributes:
        roles: systems whose completeness it rests on.
        entities: canonical entities whose conservation (E1) it rests on.
        legs: rule legs whose differences must be explained (E2).
        exposure_legs: those of them whose exposure and share in flight are limited.
        relations: tables of the warehouse that are the mart; none for what is judged but not published.
        stock: the stock whose movements are published with it.
    """

    name: str
    is_financial: bool
    roles: tuple[str, ...]
    entities: tuple[str, ...]
    legs: tuple[str, ...]
    exposure_legs: tuple[str, ...]
    relations: tuple[str, ...] = ()
    stock: str | None = None


_VALUE = ("contract_value.psa", "contract_value.erp")
_INVOICE = tuple(f"invoice_integrity.{part}" for part in ("lines", "tax", "unique", "items"))
_BACKLOG = (*_VALUE, "invoice_integrity.lines", "rollforward.backlog")
_UNBILLED = ("approved_time.erp", "rollforward.unbilled")
_MARGIN = ("revenue.gl",)
_REVENUE = ("revenue.subledger", "revenue.gl", "revenue.position", "rollforward.contract_position")
_AR = ("ar_to_gl", "rollforward.ar")
_CASH = ("cash.applied", "cash.gl")
# rules whose breaks stand on invoices: they fill the mart of invoice exceptions
_ON_INVOICES = ("billing_terms.erp", "bill_rate.erp", "expense.erp", "expense.subcontractor", "milestone.erp")

MARTS: dict[str, Mart] = {
    mart.name: mart
    for mart in (
        Mart(
            name="backlog",
            is_financial=False,
            roles=("crm", "psa", "erp"),
            entities=("opportunity", "contract", "contract_amendment", "invoice", "invoice_line", "revenue_entry"),
            legs=_BACKLOG,
            exposure_legs=_BACKLOG,
            relations=("marts.fct_backlog", "kpis.kpi_backlog"),
            stock="backlog",
        ),
        Mart(
            name="unbilled_time",
            is_financial=False,
            roles=("psa", "erp"),
            entities=("time_entry", "invoice_line"),
            legs=_UNBILLED,
            exposure_legs=_UNBILLED,
            relations=("marts.fct_unbilled_time", "kpis.kpi_unbilled_time"),
            stock="unbilled",
        ),
        Mart(
            name="invoice_exceptions",
            is_financial=False,
            roles=("erp",),
            entities=("invoice", "invoice_line"),
            legs=(*_INVOICE, *_ON_INVOICES),
            exposure_legs=(),  # its content is the exceptions: never held or qualified because there are many
            relations=("marts.fct_invoice_exception", "kpis.kpi_invoice_exceptions"),
        ),
        Mart(
            name="margin",
            is_financial=True,
            roles=("psa", "erp"),
            entities=("time_entry", "expense", "subcontractor_cost", "revenue_entry"),
            legs=_MARGIN,
            exposure_legs=_MARGIN,
            relations=("marts.fct_margin", "marts.fct_wip", "kpis.kpi_margin"),
        ),
        Mart(
            name="utilization",
            is_financial=False,
            roles=("psa",),
            entities=("time_entry", "time_off", "calendar", "resource"),
            legs=(),  # one system says it all: what it says must be complete, conserved and carried
            exposure_legs=(),
            relations=("marts.fct_utilization", "kpis.kpi_utilization"),
        ),
        Mart(
            name="revenue",
            is_financial=True,
            roles=("crm", "psa", "erp"),
            entities=(
                "contract",
                "contract_amendment",
                "time_entry",
                "milestone",
                "estimate",
                "revenue_entry",
                "gl_entry",
            ),
            legs=_REVENUE,
            exposure_legs=_REVENUE,
            relations=("marts.fct_contract_position", "kpis.kpi_revenue"),
            stock="contract_position",
        ),
        Mart(
            name="ar",
            is_financial=True,
            roles=("erp",),
            entities=("invoice", "payment", "payment_application", "gl_entry"),
            legs=_AR,
            exposure_legs=_AR,
            relations=("marts.fct_receivable", "kpis.kpi_receivable"),
            stock="ar",
        ),
        Mart(
            name="cash",
            is_financial=True,
            roles=("erp",),
            entities=("payment", "payment_application", "gl_entry"),
            legs=_CASH,
            exposure_legs=_CASH,
            relations=("marts.fct_payment", "kpis.kpi_cash"),
        ),
    )
}
# The exception queue is no mart: it is judged leg by leg, so that one broken leg does not stop the others. Only figures
# over all exceptions (leakage, exceptions per thousand records) stand on the whole of it.
QUEUE = Mart(
    name="exceptions",
    is_financial=False,
    roles=("crm", "psa", "erp"),
    entities=(),
    legs=(
        *("customer_master.erp", "activation.psa", "activation.erp", "staffing.psa", "lifecycle_order"),
        *(*_BACKLOG, "bill_rate.psa", *_UNBILLED, *_INVOICE[1:], *_ON_INVOICES, *_REVENUE, *_AR, *_CASH),
    ),
    exposure_legs=(),
)
JUDGED = (*MARTS.values(), QUEUE)
BY_NAME = {mart.name: mart for mart in JUDGED}
EXPECTED = tuple(mart.name for mart in MARTS.values() if mart.relations)
# What the gates themselves read: a mart is not proven while one of these is spoiled.
GATE_RELATIONS = frozenset(
    f"reconciliation.{name}"
    for name in (
        *("rec_completeness", "rec_scope_anchor", "rec_conservation"),
        *("rec_total", "rec_row", "rec_break", "rec_mart_total"),
    )
)


class StoredVerdict(Protocol):
    """The columns of a verdict a decision rests on."""

    gate: str
    rule_id: str
    measure: str | None
    verdict: str
    reason: str | None
    exposure: Decimal | None


@dataclass(frozen=True)
class Decision:
    """What becomes of a mart in a build, and why in sentences."""

    mart: str
    status: Status
    reasons: tuple[str, ...]

    @property
    def reason(self) -> str | None:
        """All reasons in one line; None for a final mart."""
        return "; ".join(self.reasons) or None


def decide(mart: Mart, verdicts: Iterable[StoredVerdict], stages: Iterable[int] = (1, 2)) -> Decision:
    """What the verdicts of a build make of a mart; evidence that is not there counts as not evaluated."""
    rows = list(verdicts)
    asked = set(stages)
    held = [
        f"{row.gate} {row.rule_id}: {row.reason or row.verdict}"
        for row in rows
        if row.gate not in LIMITS and row.verdict in {Outcome.FAIL, Outcome.NOT_EVALUATED}
    ]
    held += [
        f"{gate} was not evaluated"
        for gate in EQUATIONS
        if STAGE_OF.get(gate, 2) in asked
        and not any(row.gate == gate for row in rows)
        and (gate is not Gate.CARRIED or mart.relations)
        and (gate is not Gate.EXPLAINED or mart.legs)
    ]
    over = _over_limit(
        row
        for row in rows
        if row.gate in LIMITS and row.verdict in {Outcome.FAIL, Outcome.WAIVED, Outcome.NOT_EVALUATED}
    )
    unwaived = any(row.gate in LIMITS and row.verdict in {Outcome.FAIL, Outcome.NOT_EVALUATED} for row in rows)
    if held or (mart.is_financial and unwaived):
        return Decision(mart.name, Status.HELD, _shortened([*held, *over]))
    if over:
        return Decision(mart.name, Status.QUALIFIED, _shortened(over))
    return Decision(mart.name, Status.FINAL, ())


def _over_limit(rows: Iterable[StoredVerdict]) -> list[str]:
    """A sentence per limit, leg, measure (the base of an exposure) and outcome, with the amount over its cells."""
    cells: dict[tuple[str, str, str | None, str], list[StoredVerdict]] = {}
    for row in rows:
        cells.setdefault((row.gate, row.rule_id, row.measure, row.verdict), []).append(row)
    told = []
    for (gate, rule_id, measure, verdict), found in cells.items():
        if verdict == Outcome.NOT_EVALUATED:
            told.append(f"{gate} {rule_id}: {found[0].reason or verdict}")
            continue
        state = "waived" if verdict == Outcome.WAIVED else "over its limit"
        where = f"{len(found)} cell{'s' if len(found) > 1 else ''}"
        if gate == Gate.EXPOSURE:
            known = sum((one.exposure for one in found if one.exposure is not None), Decimal(0))
            unknown = any(one.exposure is None for one in found)
            told.append(f"{measure} {known:,.2f}{' and more' if unknown else ''} {state}: {rule_id}, {where}")
        else:
            told.append(f"{measure} in flight {state}: {rule_id}, {where}")
    return told


def _shortened(reasons: list[str], limit: int = 5) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(reasons))
    more = [f"and {len(distinct) - limit} more"] if len(distinct) > limit else []
    return (*distinct[:limit], *more)
