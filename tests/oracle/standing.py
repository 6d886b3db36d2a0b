"""Where the value of each approved, billable time-and-materials entry stands: billed, written off, open, over the cap.

Add here: another part of an entry's value. Stays out: comparing systems (``worktime``) and ageing (``marts``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from tests.oracle.context import time_value
from tests.oracle.firm_view import View
from tests.oracle.records import Contract, Entry
from tests.oracle.records_erp import Transfer

ZERO = Decimal(0)
TIME_AND_MATERIALS = "time_and_materials"


@dataclass(frozen=True)
class Standing:
    """Value of an entry at contract rate and its parts: value = billed + written off + within cap + over cap.

    Amounts are None together where the contract has no rate for the role on the work date.
    """

    entry: Entry
    contract: Contract
    rate: Decimal | None
    value: Decimal | None
    billed_minutes: int
    draft_minutes: int
    billed: Decimal
    written_off: Decimal
    within_cap: Decimal
    over_cap: Decimal
    transfers: tuple[Transfer, ...]

    @property
    def held(self) -> bool:
        """The ERP keeps it from being billed."""
        return any(transfer.held for transfer in self.transfers)


def standings(view: View) -> Mapping[str, Standing]:
    """Standing of every live entry of the rule's left population, by PSA id."""
    found: dict[str, list[Standing]] = defaultdict(list)
    for entry in view.delivery.entries.values():
        contract = view.contract_of_workspace(entry.project)
        if contract is None or contract.billing_type != TIME_AND_MATERIALS or not entry.counts:
            continue
        if entry.day <= view.context.today:
            found[contract.id].append(_standing(view, entry, contract))
    capped = (line for lines in found.values() for line in _under_cap(lines))
    return {line.entry.id: line for line in capped}


def _standing(view: View, entry: Entry, contract: Contract) -> Standing:
    rate = view.entry_rate(contract.id, entry)
    value = time_value(entry.minutes, rate)
    billed_minutes = view.billed_minutes(entry.id)
    billed = min(time_value(max(billed_minutes, 0), rate) or ZERO, value or ZERO)
    rest = (value or ZERO) - billed
    transfers = tuple(view.transfers_by_entry.get(entry.id, ()))
    written_off = rest if any(transfer.written_off for transfer in transfers) else ZERO
    return Standing(
        entry=entry,
        contract=contract,
        rate=rate,
        value=value,
        billed_minutes=billed_minutes,
        draft_minutes=view.billed_minutes(entry.id, posted=False),
        billed=billed,
        written_off=written_off,
        within_cap=rest - written_off,
        over_cap=ZERO,
        transfers=transfers,
    )


def _under_cap(lines: list[Standing]) -> list[Standing]:
    cap = lines[0].contract.cap
    if cap is None:
        return lines
    room = max(cap - sum((line.billed + line.written_off for line in lines), ZERO), ZERO)
    split = []
    for line in sorted(lines, key=lambda line: (line.entry.day, line.entry.id)):
        taken = min(line.within_cap, room)
        room -= taken
        split.append(replace(line, within_cap=taken, over_cap=line.within_cap - taken))
    return split
