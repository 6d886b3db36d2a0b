"""Who must agree to a correction, and how much may be done at once. Pure: no store, no clock, no network.

Here: the default policies, the choice of the rule that decides, the limits of a run and a day. Add a default here.
Stays out: the firm's own rules (``settings.corrections``), who may approve (``approve``).

The firm's rules go before the defaults. Of the rules that speak of a correction the most precise decides (field class,
legal entity, system), of equally precise ones the strictest; a rule's ``up_to`` picks among those with the same names.
Above the largest amount spoken of, and where the exposure is unknown, it is one step stricter. No rule goes below what
safety asks for (``Proposal.least``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qtc_pipeline.corrections.contract import Kind, Proposal
from qtc_pipeline.settings.corrections import Corrections, Decision, PolicyRule

LADDER: tuple[Decision, ...] = ("automatic", "approval", "two_approvals", "never")
DEFAULTS: tuple[PolicyRule, ...] = (
    PolicyRule(correction="link_records", decision="automatic"),
    PolicyRule(correction="create_project", decision="automatic", up_to=Decimal(50_000)),
    PolicyRule(correction="propagate_amendment", decision="approval"),
    PolicyRule(correction="transfer_time", decision="automatic"),
    PolicyRule(correction="transfer_expense", decision="never"),
    PolicyRule(correction="align_rate", decision="approval"),
    PolicyRule(correction="hold_invoice", decision="automatic"),
    PolicyRule(correction="release_invoice", decision="approval"),
    PolicyRule(correction="credit_and_rebill", decision="two_approvals"),
    PolicyRule(correction="push_invoice_status", decision="automatic"),
    PolicyRule(correction="owner_task", decision="automatic"),
)
"""Who must agree where the firm says nothing.

Transfers of time need a person unless ``transfer_owner`` is qtc; costs are not transferred at all. What is never made
becomes a task for its owner.
"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who must agree to a correction, and why in a sentence."""

    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class Used:
    """What a run or a day has written so far."""

    writes_of_run: int = 0
    writes_of_day: int = 0
    exposure_of_run: Decimal = Decimal(0)
    tried_of_run: int = 0
    failed_of_run: int = 0


MIN_TRIED = 5  # a share of fewer corrections says nothing


def stricter(one: Decision, other: Decision) -> Decision:
    """The stricter of two decisions."""
    return max(one, other, key=LADDER.index)


def decide(settings: Corrections, proposal: Proposal) -> Judgement:
    """Who must agree to a proposal."""
    found = decision(
        settings,
        proposal.kind,
        amount=proposal.exposure,
        field_class=proposal.field_class,
        legal_entity=proposal.legal_entity_id,
        instances=proposal.instances,
    )
    if stricter(found.decision, proposal.least) == found.decision:
        return found
    told = "; ".join(proposal.reasons) or "safety asks for it"
    return Judgement(proposal.least, f"{told}: {_words(proposal.least)}")


def decision(
    settings: Corrections,
    kind: Kind,
    *,
    amount: Decimal | None,
    field_class: str,
    legal_entity: str | None,
    instances: Sequence[str],
) -> Judgement:
    """Who must agree to a correction of a kind.

    Args:
        settings: the firm's rules.
        kind: of the correction.
        amount: exposure in reporting currency, None where unknown.
        field_class: kind of field touched.
        legal_entity: of the exception, None where it has none.
        instances: the systems written.
    """
    speaking = [
        rule
        for rule in settings.policies
        if rule.correction == kind
        and rule.field_class in {None, field_class}
        and rule.legal_entity in {None, legal_entity}
        and (rule.instance is None or rule.instance in instances)
    ]
    told = "qtc.toml" if speaking else "the default policy"
    rules = speaking or [rule for rule in DEFAULTS if rule.correction == kind]
    decided = max(
        (_of_case(case, amount) for case in _most_precise(rules)), key=lambda found: LADDER.index(found.decision)
    )
    if kind is Kind.TRANSFER_TIME and not speaking and settings.transfer_owner != "qtc":
        return Judgement("approval", "the firm's own interface transfers time (transfer_owner): a person decides")
    return Judgement(decided.decision, f"{told}: {decided.reason}")


def _most_precise(rules: Sequence[PolicyRule]) -> Iterable[list[PolicyRule]]:
    """The rules of the highest precision, those that differ in their amount only together."""
    highest = max(rule.precision for rule in rules)
    cases: dict[tuple[str | None, ...], list[PolicyRule]] = {}
    for rule in rules:
        if rule.precision == highest:
            cases.setdefault((rule.field_class, rule.legal_entity, rule.instance), []).append(rule)
    return cases.values()


def _of_case(rules: list[PolicyRule], amount: Decimal | None) -> Judgement:
    bounded = sorted((rule for rule in rules if rule.up_to is not None), key=lambda rule: rule.up_to or 0)
    always = next((rule for rule in rules if rule.up_to is None), None)
    if amount is not None:
        for rule in bounded:
            if rule.up_to is not None and amount <= rule.up_to:
                return Judgement(rule.decision, f"{rule.correction} up to {rule.up_to:,.2f} is {_words(rule.decision)}")
    if always is not None:
        return Judgement(always.decision, f"{always.correction} is {_words(always.decision)}")
    last = max(bounded, key=lambda rule: (LADDER.index(rule.decision), rule.up_to or 0))
    higher = LADDER[min(LADDER.index(last.decision) + 1, len(LADDER) - 1)]
    why = "the exposure is unknown" if amount is None else f"{amount:,.2f} is above {bounded[-1].up_to:,.2f}"
    return Judgement(higher, f"{last.correction}: {why}, {_words(higher)}")


def _words(decided: Decision) -> str:
    return {
        "automatic": "automatic",
        "approval": "for one person to approve",
        "two_approvals": "for two persons to approve",
        "never": "never made",
    }[decided]


def over_limit(settings: Corrections, used: Used, proposal: Proposal) -> str | None:
    """Why a run may not begin a correction now, in a sentence; None where it may. What waits is not lost."""
    writes = len(proposal.steps)
    exposure = proposal.exposure or Decimal(0)
    if used.tried_of_run >= MIN_TRIED and Decimal(used.failed_of_run) > settings.max_failing_share * used.tried_of_run:
        share = f"{used.failed_of_run} of {used.tried_of_run}"
        return f"{share} corrections of this run failed, more than max_failing_share {settings.max_failing_share}"
    if used.writes_of_run + writes > settings.max_writes_per_run:
        return f"this run may make {settings.max_writes_per_run} writes (max_writes_per_run)"
    if used.writes_of_day + writes > settings.max_writes_per_day:
        return f"a day may have {settings.max_writes_per_day} writes (max_writes_per_day)"
    if used.exposure_of_run + exposure > settings.max_exposure_per_run:
        return f"a run may correct an exposure of {settings.max_exposure_per_run:,} (max_exposure_per_run)"
    return None
