"""Corrections against a plain loop of the same requests: how many a second, and how long from a defect to its repair.

The applier looks, writes down what it is about to do, sends, looks again and writes down what it saw, each step safe on
disk; the plain loop sends. The way from a defect is all of it: read, build, judge, publish, plan, apply, read, build,
judge, publish, verify. Stays out: the price of the connectors' reading (``ingest``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from time import perf_counter

import httpx

from qtc_pipeline.corrections.apply import apply
from qtc_pipeline.corrections.contract import Kind, State
from qtc_pipeline.ops import corrections
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.repair import repair
from qtc_pipeline.run import run
from qtc_pipeline.sandbox.config import sandbox_toml
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.sandbox.servers import background
from qtc_pipeline.sandbox.servers.serve import fill
from qtc_pipeline.settings import Settings, load_settings
from qtc_pipeline.settings.corrections import PolicyRule
from qtc_pipeline.systems.registry import system, writing
from qtc_pipeline.systems.writing import Action, Verb
from tests.benchmarks.build import Telling
from tests.benchmarks.drain import bare_client
from tests.benchmarks.sample import Ratio, Sample, Say, seconds
from tests.corrections.stage import keep, proposed

SCALE = Decimal("0.2")
ROUNDS = 3
WRITES = 200
SEED = 7


def measure(home: Path, say: Say, scale: Decimal | None = None, rounds: int | None = None) -> Iterator[Ratio]:
    """Corrections a second, and seconds from a defect to its repair.

    Args:
        home: an empty folder.
        say: told how it goes.
        scale: of the firm behind the simulators.
        rounds: how often each is measured, in turn.
    """
    scale, rounds = scale or SCALE, rounds or ROUNDS
    with _simulators(home, scale) as settings:
        yield _of_applier(settings, say, rounds)
        yield _of_loop(settings, say, scale)


@contextmanager
def _simulators(home: Path, scale: Decimal) -> Iterator[Settings]:
    """A firm without a defect, its three systems, and settings that allow to write to them."""
    folder = home / "sandbox"
    firm = Firm(SEED, scale, defects=False)
    fill(folder, firm)
    described = background.start(folder)
    try:
        path = home / "qtc.toml"
        path.write_text(sandbox_toml(described, firm.as_of), encoding="utf-8")
        yield load_settings(path, home=home)
    finally:
        background.stop(folder)


def _of_applier(settings: Settings, say: Say, rounds: int) -> Ratio:
    instance = settings.instance("psa")
    freely = {"policies": (PolicyRule(correction="align_rate", decision="automatic"),), "max_writes_per_day": 10**6}
    settings = settings.model_copy(update={"corrections": settings.corrections.model_copy(update=freely)})
    entries = _entries(settings)
    ours: list[float] = []
    plain: list[float] = []
    with bare_client(instance) as client:
        for number in range(rounds + 1):
            say(f"corrections: {WRITES} rates of time entries, round {number} of {rounds}")
            planned = _planned(settings, entries, number)
            taken = WRITES / seconds(partial(_applied, settings, planned))
            bare = WRITES / seconds(partial(_sent, client, entries, 10_000 + number))
            if number:  # the first round imports what writing needs
                ours.append(taken)
                plain.append(bare)
    setting = f"{WRITES} updates of Kantata time entries, one by one"
    measured = Sample("applier, each looked at, sent and read back", tuple(ours))
    return Ratio("corrections", setting, measured, Sample("plain loop of PUTs", tuple(plain)), "corrections/s")


def _entries(settings: Settings) -> list[tuple[str, str]]:
    """Id and rate (currency units) of time entries that may be written: not billed."""
    import json

    way = system("kantata")
    reader = way.open(settings.instance("psa"))
    found: list[tuple[str, str]] = []
    try:
        for page in reader.pages(way.entity("time_entries"), None):
            for record in page.records():
                payload = json.loads(record.payload)
                if not payload["is_invoiced"] and payload["rate_in_cents"]:
                    found.append((record.record_id, str(payload["rate_in_cents"])))
            if len(found) >= WRITES:
                return found[:WRITES]
    finally:
        reader.close()
    message = f"the firm has only {len(found)} time entries that are not billed"
    raise RuntimeError(message)


def _planned(settings: Settings, entries: Sequence[tuple[str, str]], number: int) -> list[str]:
    """Corrections that set another rate, approved; their ids. The first round starts from the firm's own rates."""
    way = writing("kantata")
    if way is None:
        raise TypeError("kantata")
    ids = []
    now = datetime.now(UTC)
    for key, cents in entries:
        old = Decimal(cents) / 100 if number == 0 else Decimal(10_000 + number - 1) / 100
        rate = Decimal(20_000 + number) / 100
        action = Action(Verb.SET, "time_entry", {"rate": format(rate, "f")}, {"rate": format(old, "f")}, source_id=key)
        composed = way.compose(action)
        if composed is None:
            raise TypeError("time_entry")
        proposal = proposed(("psa", composed[0]), exception=f"{number}-{key}", exposure=1, kind=Kind.ALIGN_RATE)
        keep(settings, proposal, now=now)
        ids.append(proposal.correction_id)
    return ids


def _applied(settings: Settings, ids: Sequence[str]) -> None:
    apply(settings, only=ids)
    with open_store(settings) as session:
        done = {row.correction_id for row in corrections.list_corrections(session, state=State.VERIFYING)}
    if not done.issuperset(ids):
        message = f"only {len(done & set(ids))} of {len(ids)} corrections were written"
        raise RuntimeError(message)


def _sent(client: httpx.Client, entries: Sequence[tuple[str, str]], cents: int) -> None:
    for key, _ in entries:
        body = {"time_entry": {"rate_in_cents": cents}}
        archived = {"from_archived_workspaces": "true"}  # left out, their time is not found
        client.put(f"/api/v1/time_entries/{key}", params=archived, json=body).raise_for_status()


def _of_loop(settings: Settings, say: Say, scale: Decimal) -> Ratio:
    """One round: the repair leaves another firm than it found."""
    say(f"corrections: a firm without defects at scale {scale} is read and built")
    run(settings, Telling(say))
    say("corrections: now the defects appear")
    fill(settings.sandbox_dir, Firm(SEED, scale, defects=True))
    began = perf_counter()
    run(settings, Telling(say))
    repaired = repair(settings, Telling(say))
    took = perf_counter() - began
    with open_store(settings) as session:
        rows = corrections.list_corrections(session, state=State.RESOLVED)
        writes = [
            (step["instance"], step["write"])
            for row in rows
            for step in row.plan["steps"]
            if row.kind != Kind.ALIGN_RATE
        ]
    if not repaired.verified or not writes:
        message = "nothing was repaired"
        raise RuntimeError(message)
    plain = seconds(partial(_asked, settings, len(writes)))
    setting = f"{len(writes)} writes of corrections a later build proved, scale {scale}"
    measured = Sample("from the defect in the system to its proven repair", (took,))
    return Ratio("corrections", setting, measured, Sample("plain loop of as many requests", (plain,)), "s")


def _asked(settings: Settings, count: int) -> None:
    """As many plain writing requests, none of which changes a number any more."""
    entries = _entries(settings)
    with bare_client(settings.instance("psa")) as client:
        _sent(client, [entries[place % len(entries)] for place in range(count)], 30_000)
