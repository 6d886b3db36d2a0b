"""The sandbox firm's calendar, seeded randomness, money in minor units and exchange rates.

Here: pure functions every other sandbox module needs: days and periods, `rng` (seeded by text, so equal on every
machine), rounding, rates. Add here only what has no knowledge of contracts or documents.
Stays out: the firm's plan (`plan.py`), what happens over time (`work.py`, `billing.py`, `ledger.py`).

Money is an `int` of minor units (cents); an exchange rate is an `int` of millionths. Both are exact.
"""

from __future__ import annotations

import calendar
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

START = date(2025, 1, 1)
HORIZON = date(2026, 12, 31)
FIRST_AS_OF = datetime(2026, 6, 30, 23, 0, 0)  # noqa: DTZ001 - the model's instants are UTC without a zone
LAST_DAY = (HORIZON - FIRST_AS_OF.date()).days
CURRENCIES = ("USD", "EUR", "GBP")
CURRENCY_ID = {"USD": "1", "EUR": "2", "GBP": "3"}
_BASE_RATE = {"EUR": 1_085_000, "GBP": 1_268_000}
_HOLIDAYS = {(1, 1): "New Year", (5, 1): "Labour Day", (12, 25): "Christmas Day", (12, 26): "Second Christmas Day"}


def rng(*parts: object) -> random.Random:
    """Return a generator seeded by the text of its parts (text seeds go through SHA-512: equal on every machine)."""
    return random.Random("|".join(map(str, parts)))


def as_of(day: int) -> datetime:
    """Return the instant (UTC, no zone) at which the firm is looked at on sandbox day `day`."""
    return FIRST_AS_OF + timedelta(days=day)


def monthly(offset: int, until: datetime) -> list[tuple[datetime, datetime]]:
    """Return (morning, next morning) of every thirtieth day; one of them ends `offset` days after the first as-of."""
    anchor = FIRST_AS_OF.date() + timedelta(days=offset - 1)
    first = START + timedelta(days=(anchor - START).days % 30)
    count = max(0, (until.date() - first).days // 30 + 1)
    days = [first + timedelta(days=30 * place) for place in range(count)]
    return [(at(day, 10), at(day + timedelta(days=1), 10)) for day in days]


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return an instant of a day."""
    return datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - UTC without a zone


def utc(instant: datetime) -> datetime:
    """Give an instant of the model its zone."""
    return instant.replace(tzinfo=UTC)


def is_workday(day: date) -> bool:
    """Return whether consultants work on this day."""
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS


def calendar_days() -> Iterator[tuple[date, str]]:
    """Yield the holidays with their names, from the year before the firm's calendar on."""
    for year in range(START.year - 1, HORIZON.year + 1):
        for (month, day), title in _HOLIDAYS.items():
            yield date(year, month, day), title


def next_workday(day: date) -> date:
    """Return the day itself or the next working day."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def period_of(day: date) -> str:
    """Return the period (`YYYY-MM`) of a day."""
    return f"{day.year:04d}-{day.month:02d}"


@cache
def period_start(period: str) -> date:
    """Return the first day of a period."""
    return date(int(period[:4]), int(period[5:]), 1)


@cache
def period_end(period: str) -> date:
    """Return the last day of a period."""
    year, month = int(period[:4]), int(period[5:])
    return date(year, month, calendar.monthrange(year, month)[1])


def shift(period: str, months: int) -> str:
    """Return the period so many months later."""
    index = int(period[:4]) * 12 + int(period[5:]) - 1 + months
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def month_index(period: str) -> int:
    """Return 0 for the firm's first period, 1 for the next, ..."""
    return (int(period[:4]) - START.year) * 12 + int(period[5:]) - 1


@cache
def all_periods() -> tuple[str, ...]:
    """Return every period of the firm's calendar, future ones included."""
    return tuple(shift(period_of(START), index) for index in range(24))


@cache
def fiscal_periods() -> tuple[str, ...]:
    """Return every period the ledger has set up: three years."""
    return tuple(shift(period_of(START), index) for index in range(36))


@cache
def closes_at(period: str) -> datetime:
    """Return when a period is closed: on the fifth of the second month after it."""
    return at(period_start(shift(period, 2)).replace(day=5), 18)


@cache
def recognised_at(period: str) -> datetime:
    """Return when revenue of a period is posted: late enough for every late approval, before the period closes."""
    return at(period_start(shift(period, 1)).replace(day=22), 6)


@cache
def rate_to_usd(currency: str, period: str) -> int:
    """Return the period's average rate to USD in millionths."""
    if currency == "USD":
        return 1_000_000
    draw = rng("fx", currency, period)
    return _BASE_RATE[currency] + month_index(period) * 1_350 + draw.randrange(-14_000, 14_001)


@cache
def closing_rate_to_usd(currency: str, period: str) -> int:
    """Return the period's closing rate to USD in millionths."""
    if currency == "USD":
        return 1_000_000
    return rate_to_usd(currency, period) + rng("fx-closing", currency, period).randrange(-6_000, 6_001)


@cache
def booking_rate(document: str, functional: str, period: str) -> int:
    """Return the rate document currency -> functional currency a document of that period is booked at."""
    if document == functional:
        return 1_000_000
    return half_up(rate_to_usd(document, period) * 1_000_000, rate_to_usd(functional, period))


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round half away from zero."""
    if numerator < 0:
        return -half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def value_of(minutes: int, rate: int) -> int:
    """Return the value of an entry: minutes x hourly rate / 60, rounded per entry."""
    return half_up(minutes * rate, 60)


def convert(amount: int, rate: int) -> int:
    """Convert an amount at a rate in millionths."""
    return amount if rate == 1_000_000 else half_up(amount * rate, 1_000_000)


def text(amount: int) -> str:
    """Return minor units as decimal text."""
    sign = "-" if amount < 0 else ""
    amount = abs(amount)
    return f"{sign}{amount // 100}.{amount % 100:02d}"


def money(amount: int) -> Decimal:
    """Return minor units as a Decimal."""
    return Decimal(amount).scaleb(-2)


def rate_text(rate: int) -> str:
    """Return a rate in millionths as decimal text."""
    return f"{rate // 1_000_000}.{rate % 1_000_000:06d}"
