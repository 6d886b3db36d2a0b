"""The firm's ERP set-up in NetSuite's shape: what exists once, whatever the firm's size.

Here: subsidiaries, currencies, terms, accounts, items, periods, exchange rates, as they stand at an instant.
Stays out: anything a pod has (`payloads_netsuite.py` and its neighbours).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.clock import CURRENCIES, CURRENCY_ID, at, period_end, period_start, rate_text
from qtc_pipeline.sandbox.model import SourceRecord
from qtc_pipeline.sandbox.names import (
    ACCOUNTS,
    CLOSED_CENTRE,
    ITEM_ID,
    ITEMS,
    LEGAL_ENTITIES,
    PRACTICES,
    RETIRED_ROLE,
    TERMS,
    cost_centre,
)
from qtc_pipeline.sandbox.payloads_kantata import SET_UP
from qtc_pipeline.sandbox.payloads_netsuite import flag, period_id, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


CORRECTED_RATE = ("EUR", "2026-04")
CORRECTED_ON = 2  # the sandbox day on which the rate of a past month is corrected
RATE_CORRECTION = 2_150  # millionths


def subsidiaries(until: datetime) -> Iterator[SourceRecord]:
    """Yield the subsidiaries."""
    del until
    for item in LEGAL_ENTITIES:
        fields = {
            "id": str(item.number),
            "name": item.name,
            "currency": CURRENCY_ID[item.currency],
            "country": item.country,
        }
        yield record(str(item.number), fields, SET_UP, item.key)


def currencies(until: datetime) -> Iterator[SourceRecord]:
    """Yield the currencies."""
    del until
    names = {"USD": "US Dollar", "EUR": "Euro", "GBP": "British Pound"}
    for symbol, number in CURRENCY_ID.items():
        fields = {"id": number, "symbol": symbol, "name": names[symbol], "currencyprecision": "2"}
        yield record(number, fields, SET_UP, None)


def payment_terms(until: datetime) -> Iterator[SourceRecord]:
    """Yield the payment terms."""
    del until
    for number, name, days in TERMS:
        yield record(number, {"id": number, "name": name, "daysuntilnetdue": str(days)}, None, None)


def accounts(until: datetime) -> Iterator[SourceRecord]:
    """Yield the chart of accounts."""
    del until
    for _, number, code, kind, name in ACCOUNTS:
        fields = {"id": number, "acctnumber": code, "accttype": kind, "fullname": name}
        yield record(number, fields, None, None)


def items(until: datetime) -> Iterator[SourceRecord]:
    """Yield the items: one per role that can be billed, and those of the other billing types."""
    del until
    for name in ITEMS:
        label = name.replace("_", " ").capitalize()
        fields = {"id": ITEM_ID[name], "itemid": name, "displayname": label, "isinactive": flag(name == RETIRED_ROLE)}
        yield record(ITEM_ID[name], fields, None, None)


def departments(until: datetime) -> Iterator[SourceRecord]:
    """Yield the cost centres: one per legal entity and practice, and one that is closed."""
    del until
    open_centres = [cost_centre(entity.key, practice) for entity in LEGAL_ENTITIES for practice in PRACTICES]
    for number, name in enumerate((*open_centres, CLOSED_CENTRE), 1):
        fields = {"id": str(number), "name": name, "isinactive": flag(name == CLOSED_CENTRE)}
        yield record(str(number), fields, SET_UP, None)


def periods(until: datetime) -> Iterator[SourceRecord]:
    """Yield months, quarters and years; a month closes on the fifth of the second month after it."""
    for period in clock.fiscal_periods():
        start = period_start(period)
        closing = clock.closes_at(period)
        yield _period(period_id(period), f"{start:%b %Y}", (start, period_end(period)), closing, until)
        if start.month in {3, 6, 9, 12}:
            quarter = (start.month + 2) // 3
            first = date(start.year, start.month - 2, 1)
            number = str(300 + start.year % 100 * 10 + quarter)
            yield _period(number, f"Q{quarter} {start.year}", (first, period_end(period)), closing, until)
        if start.month == 12:
            number = str(600 + start.year % 100)
            first = date(start.year, 1, 1)
            yield _period(number, f"FY {start.year}", (first, period_end(period)), closing, until)


def _period(number: str, name: str, days: tuple[date, date], closing: datetime, until: datetime) -> SourceRecord:
    closed = closing <= until
    fields = {
        "id": number,
        "periodname": name,
        "startdate": days[0].isoformat(),
        "enddate": days[1].isoformat(),
        "closed": flag(closed),
        "arlocked": flag(closed),
        "alllocked": flag(closed),
        "isyear": flag(name.startswith("FY")),
        "isquarter": flag(name.startswith("Q")),
    }
    return record(number, fields, closing if closed else SET_UP, None)


def exchange_rates(until: datetime) -> Iterator[SourceRecord]:
    """Yield the monthly rates to USD, from the first day of each period; one was wrong and is put right on day 2."""
    corrected = at(clock.as_of(CORRECTED_ON).date(), 9)
    for period in clock.fiscal_periods():
        published = at(period_start(period), 1)
        if published > until:
            return
        for currency in CURRENCIES:
            number = str(int(period_id(period)) * 10 + int(CURRENCY_ID[currency]))
            rate, changed = clock.rate_to_usd(currency, period), published
            if (currency, period) == CORRECTED_RATE and corrected <= until:
                rate, changed = rate + RATE_CORRECTION, corrected
            average = rate_text(rate)
            fields = {
                "id": number,
                "postingperiod": period_id(period),
                "fromcurrency": CURRENCY_ID[currency],
                "tocurrency": CURRENCY_ID["USD"],
                "averagerate": average,
                "currentrate": rate_text(clock.closing_rate_to_usd(currency, period)),
                "historicalrate": average,
            }
            yield record(number, fields, changed, None)


FIRM: dict[str, Callable[[datetime], Iterator[SourceRecord]]] = {
    "subsidiary": subsidiaries,
    "currency": currencies,
    "term": payment_terms,
    "accountingperiod": periods,
    "consolidatedexchangerate": exchange_rates,
    "account": accounts,
    "item": items,
    "department": departments,
}
