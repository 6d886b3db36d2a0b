"""Changes to a vendor's payload: a field set, moved, flipped, pointed elsewhere, and the stamp such a change leaves.

Add here: another kind of change. Stays out: which fields of which entities change (``damage_ways``).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Payload = dict[str, Any]
Pool = Mapping[str, Sequence[str]]
Change = Callable[[Payload, random.Random, Pool], None]


BOOKS_BEGIN = date(2025, 1, 1)
STAMPS = {
    "SystemModstamp": "%Y-%m-%dT%H:%M:%S.000+0000",
    "updated_at": "%Y-%m-%dT%H:%M:%SZ",
    "lastmodifieddate": "%Y-%m-%d %H:%M:%S",
    "linelastmodifieddate": "%Y-%m-%d %H:%M:%S",
}


def stamped(payload: Payload, moment: datetime) -> None:
    """Write the instant of the last change into whatever field the vendor keeps it in."""
    for field, form in STAMPS.items():
        if field in payload:
            payload[field] = moment.strftime(form)


def put(field: str, *values: Any) -> Change:
    def change(payload: Payload, draw: random.Random, _: Pool) -> None:
        payload[field] = draw.choice(values)

    return change


def flip(field: str) -> Change:
    def change(payload: Payload, _: random.Random, __: Pool) -> None:
        payload[field] = {"T": "F", "F": "T"}[payload[field]] if isinstance(payload[field], str) else not payload[field]

    return change


def add(field: str, *amounts: int) -> Change:
    """Add to a number, in the type the vendor gives it."""

    def change(payload: Payload, draw: random.Random, _: Pool) -> None:
        if payload[field] is not None:
            kind = type(payload[field])
            payload[field] = kind(Decimal(str(payload[field])) + draw.choice(amounts))

    return change


def other(field: str, pool: str) -> Change:
    def change(payload: Payload, draw: random.Random, pools: Pool) -> None:
        payload[field] = draw.choice(pools[pool])

    return change


def shift(field: str, *days: int) -> Change:
    """Move a date, never before the books begin."""

    def change(payload: Payload, draw: random.Random, _: Pool) -> None:
        if payload[field] is not None:
            moved = date.fromisoformat(payload[field]) + timedelta(days=draw.choice(days))
            payload[field] = max(moved, BOOKS_BEGIN).isoformat()

    return change


def regroup(payload: Payload, draw: random.Random, pools: Pool) -> None:
    payload["workspace_group_ids"] = draw.choice(([], [draw.choice(pools["workspace_groups"])]))


def other_status(payload: Payload, draw: random.Random, _: Pool) -> None:
    payload["status"] = {**payload["status"], "key": draw.choice(("cancelled", "not_started", "completed"))}


def draft_or_post(payload: Payload, _: random.Random, __: Pool) -> None:
    if payload["type"] in {"CustInvc", "CustCred"}:
        payload["posting"] = {"T": "F", "F": "T"}[payload["posting"]]


def void(payload: Payload, _: random.Random, __: Pool) -> None:
    if payload["type"] in {"CustInvc", "CustCred"}:
        payload["voided"] = "T"


def misbook(payload: Payload, _: random.Random, __: Pool) -> None:
    """Five more on a ledger line, in all its columns."""
    column, sign = ("debit", 1) if payload["debit"] is not None else ("credit", -1)
    payload[column] = str(Decimal(payload[column] or 0) + 5)
    payload["amount"] = str(Decimal(payload["amount"]) + 5 * sign)


def write_off(payload: Payload, _: random.Random, __: Pool) -> None:
    """A credit memo that takes back nothing but what will not be paid."""
    if payload["type"] == "CustCred":
        payload["custbody_credit_reason"] = "bad_debt"


def void_payment(payload: Payload, _: random.Random, __: Pool) -> None:
    """A payment taken back without a document that says so."""
    if payload["type"] == "CustPymt":
        payload["voided"] = "T"


def mixed_case(field: str) -> Change:
    """Other case and blanks, the same name."""

    def change(payload: Payload, _: random.Random, __: Pool) -> None:
        payload[field] = f" {str(payload[field]).upper()}  "

    return change
