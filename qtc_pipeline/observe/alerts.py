"""The list of alerts: a JSON Lines file under home, appended only, one line when a cause appears and one when it ends.

A cause is a step and what it said, without what differs from run to run (amounts, counts, ids, instants): the same
trouble of twenty hourly runs is one alert. Add here: what identifies a cause. Stays out: Dagster (``sensors``).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from qtc_pipeline.settings import Settings

_VARIES = re.compile(r"[0-9a-f]{8,}|\d[\d.,:T+-]*", re.IGNORECASE)
_LONGEST = 1500


@dataclass(frozen=True)
class Alert:
    """One line of the list.

    Attributes:
        cause: digest that the same trouble has in every run.
        event: ``raised`` when the cause appeared, ``cleared`` when its step succeeded again.
        step: the step it comes from; the job's name where a run died outside of any step.
        sentence: what happened, as the failing step said it.
        run_id: the run that raised or cleared it.
        at: instant of the line, ISO 8601, UTC.
    """

    cause: str
    event: Literal["raised", "cleared"]
    step: str
    sentence: str
    run_id: str
    at: str


def alerts_path(settings: Settings) -> Path:
    """The file of the list."""
    return settings.home / "alerts.jsonl"


def cause_of(step: str, sentence: str) -> str:
    """Digest of a cause: the step and its words; amounts, counts, ids and instants in them do not count."""
    return hashlib.sha256(f"{step}\0{_VARIES.sub('#', sentence)}".encode()).hexdigest()[:16]


def raise_once(settings: Settings, failures: Iterable[tuple[str, str]], run_id: str) -> list[Alert]:
    """Write an alert for every (step, sentence) whose cause is not open; returns those that are new."""
    known = {alert.cause for alert in open_alerts(settings)}
    fresh = []
    for step, sentence in failures:
        cause = cause_of(step, sentence)
        if cause not in known:
            known.add(cause)
            fresh.append(Alert(cause, "raised", step, sentence[:_LONGEST], run_id, _now()))
    _append(alerts_path(settings), fresh)
    return fresh


def clear(settings: Settings, steps: Iterable[str], run_id: str) -> list[Alert]:
    """Close the open alerts of steps that succeeded; returns the lines written."""
    succeeded = set(steps)
    closed = [
        Alert(alert.cause, "cleared", alert.step, alert.sentence, run_id, _now())
        for alert in open_alerts(settings)
        if alert.step in succeeded
    ]
    _append(alerts_path(settings), closed)
    return closed


def open_alerts(settings: Settings) -> list[Alert]:
    """Alerts whose cause was raised and not cleared since, oldest first."""
    path = alerts_path(settings)
    if not path.is_file():
        return []
    standing: dict[str, Alert] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        alert = Alert(**json.loads(line))
        if alert.event == "raised":
            standing[alert.cause] = alert
        else:
            standing.pop(alert.cause, None)
    return list(standing.values())


def _append(path: Path, alerts: list[Alert]) -> None:
    if not alerts:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{json.dumps(asdict(alert))}\n" for alert in alerts))
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
