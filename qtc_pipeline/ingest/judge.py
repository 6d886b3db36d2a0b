"""May this load become visible? Pure decisions on counts.

Here: another condition under which a load is refused, or must read more than it was asked to. Stays out: reading and
writing. A person may overrule a refusal with ``Force`` (``load``), who and why then stand in the load.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

from qtc_pipeline.errors import LoadRefusedError
from qtc_pipeline.lake import Finding, Load, SourceCount

SMALLEST_SHARE = Decimal("0.8")
FORCE = "Check what the integration user may see; if the records are really gone, force the load with person and reason"


def bounds(before: tuple[SourceCount, ...], after: tuple[SourceCount, ...]) -> tuple[int, int]:
    """Fewest and most records the source had while it was read."""
    numbers = (number_of(before), number_of(after))
    return min(numbers), max(numbers)


def number_of(counts: tuple[SourceCount, ...]) -> int:
    """Records in all currencies."""
    return int(sum(count.value for count in counts if count.measure == "count"))


def shrunk(received: int, last_full: Load | None) -> list[Finding]:
    """A full read under 80 % of the records of the last one; empty where it is not."""
    if last_full is None or received >= SMALLEST_SHARE * last_full.rows:
        return []
    return [
        Finding(
            "volume",
            "error",
            last_full.instance,
            last_full.entity,
            "",
            expected=f"at least {SMALLEST_SHARE:.0%} of the last",
            seen=f"{Decimal(received) / last_full.rows:.0%}",
            cause=f"the full read gave {received} records, the last one {last_full.rows}",
            fix=FORCE,
        )
    ]


def refuse_found(what: str, found: Sequence[Finding]) -> None:
    """Refuse a load with findings that must not go further.

    Raises:
        LoadRefusedError: at least one is an error; all of them are in ``findings``.
    """
    errors = [one for one in found if one.severity == "error"]
    if errors:
        said = [f"field {one.field}: {one.detail}" if one.field else one.detail for one in errors]
        raise LoadRefusedError(what, "; ".join(said), errors[0].fix, findings=found)


def refuse_vanished(
    what: str, *, missing: int, seen: int, known: int, counted: tuple[int, int], max_share: Decimal
) -> None:
    """Refuse tombstones that rest on an incomplete set of ids, or that are too many.

    Args:
        what: instance and entity.
        missing: known live records the read did not show.
        seen: different live records it showed.
        known: live records the lake held before.
        counted: fewest and most the source counted meanwhile.
        max_share: share of the known records that may vanish.

    Raises:
        LoadRefusedError: the read is not complete, or more vanished than may.
    """
    fewest, most = counted
    if not fewest <= seen <= most:
        raise LoadRefusedError(
            what,
            f"{missing} known records did not come, but the read is not complete: {seen} live records"
            f" read, the source counts {fewest} to {most}",
            "Run the full read again when the source is quiet",
        )
    allowed = (max_share * known).to_integral_value(ROUND_CEILING)
    if missing > allowed:
        raise LoadRefusedError(
            what,
            f"{missing} of {known} known records are gone, at most {allowed} may be (max_delete_share {max_share})",
            FORCE,
        )


def is_off_count(live: int | None, counted: tuple[int, int], last: Load | None) -> bool:
    """True where an increment leaves the lake with more or fewer live records than the source counts.

    Hard deletes, and whatever moves no stamp, show like this: then everything is read at once instead of in the night.
    Not where the load before was off as well, since reading everything did not help then.
    """
    if live is None or last is None or last.live is None:
        return False
    fewest, most = bounds(last.counts_before, last.counts_after)
    return not counted[0] <= live <= counted[1] and fewest <= last.live <= most
