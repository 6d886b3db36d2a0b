"""What every build must find of the planted defects: class, leg, records, base, primary exposure.

Here: `truth_of(state)`, computed from the firm's own plan and history, never from payloads, so it shares nothing with
the rules but the seed that names classes and bases. Add a class here when it gets a planter.
Stays out: where defects are planted (`defects*.py`). The first of `records` is the grain.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.clock import convert, money, value_of
from qtc_pipeline.sandbox.collecting import fees
from qtc_pipeline.sandbox.history import Document, Entry
from qtc_pipeline.sandbox.model import Engagement, Truth
from qtc_pipeline.sandbox.payloads_kantata import psa_price, workspace_id
from qtc_pipeline.sandbox.payloads_netsuite import erp_value, job_id
from qtc_pipeline.sandbox.payloads_netsuite_headers import journal_id, manual_journal_id
from qtc_pipeline.sandbox.payloads_salesforce import amendment_id, contract_id, opportunity_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qtc_pipeline.sandbox.defects import Plant
    from qtc_pipeline.sandbox.state import PodState

BY_SIGN = "by_sign"
_ROOT = Path(__file__).resolve().parents[2]
_SEEDS = (
    _ROOT / "dbt_project" / "seeds" / "rule_class.csv",
    _ROOT / "qtc_pipeline" / "_dbt_project" / "seeds" / "rule_class.csv",
)


@cache
def bases() -> dict[str, str]:
    """Return the base of every class, from the seed all parts share.

    Raises:
        SandboxError: the seed is nowhere.
    """
    for path in _SEEDS:
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as handle:
                return {row["break_class"]: row["base"] for row in csv.DictReader(handle)}
    raise SandboxError("seed rule_class.csv", f"not found at {_SEEDS[0]}", "run from a checkout or an installed wheel")


def truth_of(state: PodState) -> list[Truth]:
    """Return the planted defects of a pod as they stand at its instant."""
    deals = {deal.number: deal for deal in state.pod.engagements}
    entries = {entry.number: entry for entry in state.entries} if state.plants else {}
    documents = {document.number: document for document in state.books.documents} if state.plants else {}
    found = []
    for plant in state.plants:
        if plant.leg.startswith(("activation", "contract_value")):
            found.append(_contract_truth(state, plant, deals[plant.number]))
        elif plant.leg in {"approved_time.erp", "invoice_integrity.items"}:
            found.append(_time_truth(plant, entries[plant.number]))
        elif plant.number in documents:
            found.append(_document_truth(plant, documents[plant.number]))
        else:
            found.append(_journal_truth(state, plant))
    return found


def truth_json(truths: Iterable[Truth]) -> str:
    """Return the truth as the text of its file: one object per planted defect, amounts as text."""
    return json.dumps([asdict(item) for item in truths], default=str, indent=2) + "\n"


def _truth(plant: Plant, records: tuple[str, ...], amount: int, currency: str, base: str | None = None) -> Truth:
    named = bases()[plant.break_class]
    rule = plant.leg.split(".", maxsplit=1)[0]
    return Truth(
        plant.break_class,
        rule,
        plant.leg,
        records,
        base or named if named == BY_SIGN else named,
        money(amount),
        currency,
    )


def _billed(state: PodState, deal: Engagement) -> int:
    total = 0
    for document in state.books.documents:
        if document.engagement is deal and document.posted is not None:
            total += fees(document)
    return total


def _contract_truth(state: PodState, plant: Plant, deal: Engagement) -> Truth:
    contract, name = contract_id(deal.number), plant.break_class
    psa = plant.leg.endswith(".psa")
    project = workspace_id(deal) if psa else job_id(deal)
    agreed, billed = deal.value_on(state.until.date()), _billed(state, deal)
    if name == "won_without_project":
        return _truth(plant, (contract,), max(agreed - billed, 0), deal.currency)
    if name == "duplicate_project":
        surplus = workspace_id(deal, 2) if psa else job_id(deal, 1)
        return _truth(plant, (contract, surplus, project), 0, deal.currency)
    if name == "project_without_contract":
        lost = [entry for entry in state.entries if entry.engagement is deal] if psa else []
        worth = sum(value_of(entry.minutes, entry.rate) for entry in lost)
        numbers = tuple(str(entry.number) for entry in lost)
        return _truth(plant, (project, opportunity_id(deal.number), *numbers), worth, deal.currency)
    if name == "activation_past_sla":
        return _truth(plant, (contract, project), 0, deal.currency)
    carried, _ = (psa_price if psa else erp_value)(deal, state.until)
    if name == "currency_mismatch":
        return _truth(plant, (contract, project), 0, deal.currency)
    exposed = min(abs(agreed - carried), max(max(agreed, carried) - billed, 0))
    base = "leakage" if agreed > carried else "overbilling"
    amendments = tuple(amendment_id(deal, item) for item in deal.amendments)
    return _truth(plant, (contract, project, *amendments), exposed, deal.currency, base)


def _time_truth(plant: Plant, entry: Entry) -> Truth:
    deal, name, quirks = entry.engagement, plant.break_class, entry.quirks or {}
    currency = deal.currency if deal else entry.resource.entity.currency
    records = (str(entry.number), str(5_000_000_000 + entry.number))
    worth, base = entry.value, "leakage"
    if name == "quantity_mismatch":
        worth -= value_of(quirks["erp_minutes"], entry.rate)
    elif name == "removed_after_transfer":
        base = "overbilling"
        worth = worth if entry.document is not None else 0
    return _truth(plant, records, worth, currency, base)


def _document_truth(plant: Plant, document: Document) -> Truth:
    deal, name = document.engagement, plant.break_class
    records = (str(document.number), contract_id(deal.number))
    if name == "duplicate_invoice":
        return _truth(plant, (str(document.number), str(plant.facts["earlier"])), document.net, deal.currency)
    amount = abs(plant.facts["amount"])
    if plant.leg != "ar_to_gl":
        amount = convert(amount, document.rate)
    return _truth(plant, records, amount, deal.entity.currency)


def _journal_truth(state: PodState, plant: Plant) -> Truth:
    entity = state.spec.entity
    if plant.break_class == "journal_on_control_account":
        return _truth(plant, (manual_journal_id(plant.number),), plant.facts["amount"], entity.currency)
    row = next(item for item in state.recognitions if item.number == plant.number)
    return _truth(plant, (journal_id(entity, row.period), str(row.number)), plant.facts["amount"], entity.currency)
