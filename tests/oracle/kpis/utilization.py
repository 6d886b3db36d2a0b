"""Utilization: minutes worked for clients against the minutes people had, five denominators side by side.

Add here: a variant. Stays out: what the minutes are worth (``time``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.oracle.firm_view import View, month_of
from tests.oracle.kpis.part import UNASSIGNED, ZERO, Part
from tests.oracle.solution import Answer

SATURDAY = 5
WORKDAYS = 5


@dataclass
class Capacity:
    """Minutes of a person in a month."""

    calendar: Decimal = ZERO
    holidays: Decimal = ZERO
    time_off: Decimal = ZERO
    billable: int = 0
    credited: int = 0
    recorded: int = 0

    @property
    def available(self) -> Decimal:
        """What is left of the calendar after holidays and time off."""
        return self.calendar - self.holidays - self.time_off

    @property
    def base_after_leave(self) -> Decimal:
        """The base schedule after time off; holidays stay in it."""
        return self.calendar - self.time_off


def capacities(view: View) -> Mapping[tuple[str, str], Capacity]:
    """(person, month) -> minutes, from the day a person is known to today."""
    found: dict[tuple[str, str], Capacity] = defaultdict(Capacity)
    holidays = {(holiday.company, holiday.day) for holiday in view.delivery.holidays}
    away: dict[tuple[str, date], int] = defaultdict(int)
    for absence in view.delivery.times_off:
        away[absence.person, absence.day] += absence.minutes
    for person in view.delivery.people.values():
        base = Decimal(person.weekly_minutes) / WORKDAYS
        for day in _workdays(person.created.date(), view.context.today):
            month = found[person.id, month_of(day)]
            month.calendar += base
            if (person.company, day) in holidays:
                month.holidays += base
            else:
                month.time_off += min(Decimal(away.get((person.id, day), 0)), base)
    for entry in view.delivery.entries.values():
        if entry.day <= view.context.today:
            month = found[entry.person, month_of(entry.day)]
            month.recorded += entry.minutes
            month.billable += entry.minutes if entry.counts else 0
            month.credited += entry.minutes if entry.approved and entry.credited and not entry.billable else 0
    return found


def _workdays(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        if day.weekday() < SATURDAY:
            yield day


def utilization(answer: Answer) -> Iterator[Part]:
    """All variants, by the legal entity people belong to."""
    people = answer.view.delivery.people
    for (person, month), minutes in capacities(answer.view).items():
        company = people[person].company if person in people else UNASSIGNED
        place = (month, company, UNASSIGNED, UNASSIGNED)
        billable, credited = Decimal(minutes.billable), Decimal(minutes.billable + minutes.credited)
        for variant, top, bottom in (
            ("billable_available", billable, minutes.available),
            ("billable_calendar", billable, minutes.calendar),
            ("billable_credited_available", credited, minutes.available),
            ("billable_base_pto", billable, minutes.base_after_leave),
            ("billable_recorded", billable, Decimal(minutes.recorded)),
        ):
            yield Part(place, "utilization", variant, "ratio", top, bottom)
