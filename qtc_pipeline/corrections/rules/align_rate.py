"""Time priced otherwise than the contract says: the rate of single entries that are not billed.

A rate card is shared by projects and stays a person's work, as is what is billed. Add here another place of a rate.
"""

from __future__ import annotations

from qtc_pipeline.corrections.case import Answer, Ask, Case, Draft, Person
from qtc_pipeline.corrections.contract import Kind
from qtc_pipeline.corrections.facts import Facts, evidence, text
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Verb


def propose(case: Case, facts: Facts, _settings: Corrections) -> Answer:
    """The contract's rate on an entry of the PSA that no invoice bills yet."""
    item = facts.one("time", case.grain_key)
    if item is None or item["contract_rate"] is None:
        return Person("the time entry, or the contract's rate of its day, is not known any more")
    found = evidence(item)
    if case.leg != "bill_rate.psa":
        return Person("the time is billed at another rate: credit it, or agree to it", found)
    if item["posted_lines"] or item["draft_lines"]:
        return Person("the entry is on an invoice: its rate is locked", found)
    new = text(item["contract_rate"])
    old = None if item["rate"] is None else text(item["rate"])
    action = Action(Verb.SET, "time_entry", {"rate": new}, {"rate": old}, item["source_id"])
    title = f"time entry {item['source_id']}: rate {old or 'nothing'} -> {new} {item['currency']}"
    ask = Ask(item["source_instance"], action, title)
    expects = f"bill_rate.psa finds the contract's rate on entry {item['source_id']}"
    return Draft(Kind.ALIGN_RATE, (ask,), found, expects, "price")
