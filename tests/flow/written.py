"""A firm whose records somebody wrote down, for the writer of the lake: payloads by hand or at random, few or many.

Payloads hold the fewest fields a rule reads; the fields that are missing are added empty, as a vendor would send them.
Add here: what the lake needs to know of a record. Stays out: what the records say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from qtc_pipeline.sandbox.firm import Firm, Part
from qtc_pipeline.sandbox.model import SourceRecord
from tests.oracle.scalars import instant_of

Payload = Mapping[str, Any]
Payloads = Mapping[str, Mapping[str, Sequence[Payload]]]
STAMPS = ("SystemModstamp", "updated_at", "linelastmodifieddate", "lastmodifieddate", "CreatedDate")
KEYS = ("Id", "id", "uniquekey")


@cache
def blank(vendor: str, entity: str) -> dict[str, Any]:
    """Every field of an entity, empty: flags down, everything else unknown."""
    clean = Firm(1, Decimal("0.02"), defects=False)
    first = next(iter(clean.records(vendor, entity)), None)
    return {} if first is None else {name: _empty(value) for name, value in first.payload.items()}


def _empty(value: object) -> object:
    if isinstance(value, bool):
        return False
    return "F" if isinstance(value, str) and value in {"T", "F"} else None


class Written(Firm):
    """The interface of a firm over payloads given.

    Args:
        payloads: vendor -> entity -> payloads.
        later: how long after the sandbox's first instant the firm is looked at.
        gone: what was there before and is deleted now.
    """

    def __init__(self, payloads: Payloads, later: timedelta = timedelta(0), gone: Payloads | None = None) -> None:
        super().__init__(1, Decimal("0.02"), defects=False)
        self._payloads, self._gone, self._later = payloads, gone or {}, later

    @property
    def as_of(self) -> datetime:
        """The instant at which it is looked at."""
        return super().as_of + self._later

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """The payloads as records."""
        return self._records(self._payloads, vendor, entity, None)

    def vanished(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        """Records that are gone since."""
        return self._records(self._gone, vendor, entity, self.as_of)

    def _records(
        self, payloads: Payloads, vendor: str, entity: str, deleted: datetime | None
    ) -> Iterator[SourceRecord]:
        for number, given in enumerate(payloads.get(vendor, {}).get(entity, ()), start=1):
            payload = blank(vendor, entity) | given
            if entity == "transactionaccountingline":
                amount = Decimal(payload["amount"])
                payload |= {"debit": str(max(amount, Decimal(0))), "credit": str(max(-amount, Decimal(0)))}
            name = next((name for name in KEYS if name in payload), None)
            key = f"{entity}-{number}" if name is None else str(payload[name] or f"{entity}-{number}")
            if name is not None:
                payload[name] = key
            yield SourceRecord(key, payload, _changed(payload), deleted, None, None)

    def parts(self) -> Iterator[Part]:
        """All of it at once."""
        yield _Whole(self.as_of, None, self)


def _changed(payload: Payload) -> datetime | None:
    return next((instant_of(payload[name]) for name in STAMPS if payload.get(name)), None)


@dataclass(frozen=True, slots=True)
class _Whole(Part):
    firm: Written

    def records(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        return self.firm.records(vendor, entity)

    def deleted(self, vendor: str, entity: str) -> Iterator[SourceRecord]:
        return self.firm.vanished(vendor, entity)
