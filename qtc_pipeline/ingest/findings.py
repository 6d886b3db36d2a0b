"""What is out of the ordinary about a load: volume, fields, a stale source, unusual totals. Pure.

Here: one rule per kind. A load keeps the profile of its entity up to itself in its commit, so one earlier load is
enough to judge fields by; totals are judged against the entity's own last loads, by median and median absolute
deviation, so that nobody sets a level by hand. Add here: another thing that would mislead what is built on the lake.
Stays out: taking the profile (``shape``), what a finding does to a load (``load``), deletions (``judge``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from qtc_pipeline.ingest.judge import FORCE, SMALLEST_SHARE, bounds, number_of
from qtc_pipeline.ingest.offered import Offer, new_fields
from qtc_pipeline.ingest.shape import declared
from qtc_pipeline.lake import FieldShape, Finding, Load, Measure, Profile
from qtc_pipeline.lake.profile import Kind, Severity
from qtc_pipeline.settings import Anomalies
from qtc_pipeline.systems.contract import Entity

_MISSED = 20  # by so many records a field must be missed before its absence can be no chance
_HALF = Decimal("0.5")
_SIGMA = Decimal("1.4826")  # a normal distribution's standard deviation in median absolute deviations
_DAY = timedelta(days=1)
# stale: as many times the longest silence so far; watched: as many times the silence told; gaps kept
_LONGER, _WATCHED, _GAPS = 2, 4, 32


@dataclass(frozen=True, slots=True)
class Observed:
    """What a load shows when everything is read and nothing committed.

    Attributes:
        load: as it would be committed, without profile and findings.
        entity: its declaration.
        profile: of the versions it adds.
        imprecise: field -> id of a record whose number in it has too many digits.
        earlier: the entity's last loads, oldest first.
        seen: live records a full read showed, None for an increment.
        offer: what the source offers beside what is declared.
    """

    load: Load
    entity: Entity
    profile: Profile
    imprecise: dict[str, str] = field(default_factory=dict)
    earlier: Sequence[Load] = ()
    seen: int | None = None
    offer: Offer = field(default_factory=Offer)

    @property
    def last(self) -> Load | None:
        """The load before."""
        return self.earlier[-1] if self.earlier else None

    @property
    def known(self) -> Profile:
        """What earlier loads' records looked like."""
        return self.last.profile or Profile() if self.last else Profile()

    def finding(
        self, kind: Kind, severity: Severity, field: str = "", *, expected: str, seen: str, cause: str, fix: str
    ) -> Finding:
        """A finding about this load."""
        return Finding(kind, severity, self.load.instance, self.load.entity, field, expected, seen, cause, fix)


def find(observed: Observed, limits: Anomalies) -> tuple[Finding, ...]:
    """Everything out of the ordinary about a load, errors first."""
    found = [*_volume(observed), *_retyped(observed), *new_fields(observed), *_imprecise(observed)]
    if observed.entity.steady:
        found += [*_missing(observed), *_stale(observed, limits), *_unusual(observed, limits)]
    order: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
    return tuple(sorted(found, key=lambda one: order[one.severity]))


def profile_after(observed: Observed, found: Sequence[Finding]) -> Profile:
    """The entity's profile with this load in it; a field whose error was forced starts anew."""
    before, now = _newest(observed.last), _newest(observed.load)
    gaps = observed.known.gaps
    if before is not None and now is not None and now.date() > before.date():
        gaps = (*gaps, (now.date() - before.date()).days)[-_GAPS:]
    after = observed.offer.noted(replace(observed.known.plus(observed.profile), gaps=gaps))
    forced = {one.field for one in found if one.severity == "error" and one.field}
    # as if it had come like this ever since
    came = observed.profile
    anew = {name: came.fields.get(name, FieldShape()).scaled(came.rows, after.rows) for name in forced}
    return replace(after, fields={**after.fields, **anew})


def _volume(observed: Observed) -> Iterator[Finding]:
    load, last = observed.load, observed.last
    fewest, most = bounds(load.counts_before, load.counts_after)
    before = number_of(last.counts_after) - load.deletes if last else 0  # a deletion that came is explained
    if most < SMALLEST_SHARE * before:
        yield observed.finding(
            "volume",
            "error",
            expected=f"about {before} records by the source's own count",
            seen=str(most),
            cause=f"the source counts under {SMALLEST_SHARE:.0%} of what it counted at the load before",
            fix=FORCE,
        )
    if observed.seen is None or fewest <= observed.seen <= most:
        return
    is_short = observed.seen < SMALLEST_SHARE * fewest
    yield observed.finding(
        "volume",
        "error" if is_short else "warning",
        expected=f"{fewest} to {most} records",
        seen=str(observed.seen),
        cause="the full read did not give as many live records as the source counts",
        fix=FORCE if is_short else "See gate E0; check paging and what the integration user may see",
    )


def _missing(observed: Observed) -> Iterator[Finding]:
    known, came = observed.known, observed.profile
    if not came.rows or not known.rows:
        return
    names = declared(observed.entity)
    shapes = {name: known.fields.get(name, FieldShape()) for name in names}
    # a vendor that leaves nulls out is told from one that sends them by what it sent so far
    is_complete = all(one.present == known.rows for one in shapes.values())
    sends_nulls = is_complete and any(one.filled < one.present for one in shapes.values())
    for name, before in shapes.items():
        now = came.fields.get(name, FieldShape())
        lack = came.rows - now.present
        if sends_nulls and lack:
            yield observed.finding(
                "missing_field",
                "error" if lack >= _HALF * came.rows else "warning",
                name,
                expected="in every record",
                seen=f"not in {lack} of {came.rows}",
                cause="the field is gone from records",
                fix=_FIELD_GONE,
            )
        elif now.filled == 0:
            yield from _empty(observed, name, before)


def _empty(observed: Observed, name: str, before: FieldShape) -> Iterator[Finding]:
    known, came = observed.known, observed.profile
    share = Decimal(before.filled) / known.rows
    is_always_filled = share == 1 and known.rows >= _MISSED
    # a day may bring only records of a sort that leaves the field empty, half of all records may not
    is_most = observed.load.live is not None and came.rows >= _HALF * observed.load.live
    is_gone = share * came.rows >= _MISSED and (is_always_filled or is_most)
    if not is_gone and not is_always_filled:
        return
    yield observed.finding(
        "missing_field",
        "error" if is_gone else "warning",
        name,
        expected=f"filled in {share:.0%} of {known.rows} records",
        seen=f"filled in none of {came.rows}",
        cause="the field is empty or gone",
        fix=_FIELD_GONE,
    )


def _retyped(observed: Observed) -> Iterator[Finding]:
    for name in declared(observed.entity):
        before = observed.known.fields.get(name, FieldShape())
        now = observed.profile.fields.get(name, FieldShape())
        other = sum(number for kind, number in now.kinds.items() if kind not in before.kinds)
        if not before.kinds or not other:
            continue
        yield observed.finding(
            "retyped_field",
            "error" if other >= _HALF * now.filled else "warning",
            name,
            expected=" or ".join(before.kinds),
            seen=f"{' and '.join(now.kinds)}, another type in {other} of {now.filled}",
            cause="the field's JSON type changed",
            fix="Have the type restored, or adapt the staging models and force the load with person and reason",
        )


def _imprecise(observed: Observed) -> Iterator[Finding]:
    for name, record_id in sorted(observed.imprecise.items()):
        yield observed.finding(
            "imprecise_number",
            "warning",
            name,
            expected="numbers of up to 17 digits",
            seen=f"more, in record {record_id}",
            cause="raw keeps every digit, what is computed from it does not",
            fix="Have the source send the field as text",
        )


def _stale(observed: Observed, limits: Anomalies) -> Iterator[Finding]:
    load, last = observed.load, observed.last
    if last is not None and load.read_started_at < last.read_started_at:
        yield observed.finding(
            "stale_source",
            "warning",
            expected=f"a clock past {last.read_started_at:%Y-%m-%d %H:%M:%S} UTC",
            seen=f"{load.read_started_at:%Y-%m-%d %H:%M:%S} UTC",
            cause="the source's clock is behind where it stood at the load before",
            fix="Check whether a stale replica answers; what it lacks is read by the next load's look-back",
        )
    gaps, newest = observed.known.gaps, _newest(load)
    if newest is None or len(gaps) < limits.min_loads:
        return
    quiet = (load.read_started_at - newest) // _DAY
    # one silence of a feed that was not watched for long is no news yet
    if quiet > max(limits.stale_after_days, _LONGER * max(gaps)) and sum(gaps) >= _WATCHED * quiet:
        yield observed.finding(
            "stale_source",
            "warning",
            expected=f"a change at least every {max(gaps)} days, as over {sum(gaps)} days before",
            seen=f"none for {quiet} days",
            cause="nothing changed for far longer than ever before",
            fix="Check whether what feeds this entity still runs",
        )


def _unusual(observed: Observed, limits: Anomalies) -> Iterator[Finding]:
    for measure, currency in _measures(observed.load):
        loads = [*observed.earlier, observed.load]
        series = [
            (one.read_started_at, total) for one in loads if (total := _total(one, measure, currency)) is not None
        ]
        *usual, now = [_step(before, after) for before, after in pairwise(series)] or [Decimal(0)]
        if len(usual) < limits.min_loads:
            continue
        middle = median(usual)
        size = max(abs(value) for _, value in series[:-1])
        bound = max(limits.deviations * _deviation(usual), limits.min_change * size)
        if abs(now - middle) > bound:
            yield observed.finding(
                "unusual_total",
                "warning",
                expected=f"{measure} {currency}".strip() + f" to change by {middle:.2f} give or take {bound:.2f}",
                seen=f"{now:.2f}, from {series[-2][1]} to {series[-1][1]}",
                cause="the source's own total changed far more than between its earlier loads",
                fix="Look at the records this load added before relying on it",
            )


_FIELD_GONE = (
    "Give the integration user access to it, or adapt the connector and its staging models; to accept it,"
    " force the load with person and reason"
)


def _measures(load: Load) -> list[tuple[Measure, str]]:
    amounts = sorted({one.currency for one in load.counts_after if one.measure == "amount"})
    return [("count", ""), *(("amount", currency) for currency in amounts)]


def _total(load: Load, measure: Measure, currency: str) -> Decimal | None:
    """Records in all currencies, or the sum in one; None where the source did not say."""
    if measure == "count":
        return Decimal(number_of(load.counts_after)) if load.counts_after else None
    found = [one.value for one in load.counts_after if (one.measure, one.currency) == (measure, currency)]
    return found[0] if found else None


def _step(before: tuple[datetime, Decimal], after: tuple[datetime, Decimal]) -> Decimal:
    """Change from load to load; over more than a day, per day."""
    days = max(Decimal(1), Decimal((after[0] - before[0]) / _DAY))
    return (after[1] - before[1]) / days


def _newest(load: Load | None) -> datetime | None:
    return datetime.fromisoformat(load.cursor_out) if load and load.cursor_out else None


def _deviation(values: Sequence[Decimal]) -> Decimal:
    middle = median(values)
    return _SIGMA * median(abs(value - middle) for value in values)
