"""Two processes at one ledger: one after the other, on both databases."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import timedelta

import pytest

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import attempts, audit, corrections, leases
from qtc_pipeline.ops.store import _engine, open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.ops.ledger import NOW, leased, proposal, saved

pytestmark = pytest.mark.xdist_group("postgres")
ROUNDS = 25


def in_two_processes(settings: Settings, work: Callable[[], bool]) -> list[int]:
    """How often the work of each of two processes said yes; both begin at the same time."""
    _engine(settings.ops_url).dispose()  # a connection must not be shared with a child
    context = multiprocessing.get_context("fork")
    begin = context.Barrier(2)
    said = context.Queue()

    def child() -> None:
        begin.wait(30)
        said.put(sum(work() for _ in range(ROUNDS)))
        said.close()
        said.join_thread()
        os._exit(0)

    children = [context.Process(target=child) for _ in range(2)]
    for one in children:
        one.start()
    found = [said.get(timeout=120) for _ in children]
    for one in children:
        one.join(120)
    assert [one.exitcode for one in children] == [0, 0]
    return found


def test_what_a_ledger_transaction_reads_is_true_until_it_commits(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal()).correction_id
        corrections.wait(session, one, NOW, "0", NOW)

    def count_up() -> bool:
        with open_ledger(settings) as session:
            said = int(corrections.get(session, one).reason)
            corrections.wait(session, one, NOW, str(said + 1), NOW)
        return True

    assert in_two_processes(settings, count_up) == [ROUNDS, ROUNDS]
    with open_store(settings) as session:
        assert corrections.get(session, one).reason == str(2 * ROUNDS)
        assert audit.verify(session, settings.audit_key) == 3 + 1 + 2 * ROUNDS


def test_of_two_appliers_at_once_one_gets_the_step(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal()).correction_id
        lease = leased(session)

    def begin() -> bool:
        try:
            with open_ledger(settings) as session:
                attempts.intent(session, one, 1, lease, "d", NOW)
        except CorrectionError:
            return False
        return True

    assert sorted(in_two_processes(settings, begin)) == [0, 1]
    with open_store(settings) as session:
        assert len(corrections.attempts_of(session, one)) == 1


def test_of_two_appliers_at_once_one_gets_the_target(settings: Settings) -> None:
    def take() -> bool:
        with open_ledger(settings) as session:
            return leases.take(session, "erp", f"p{os.getpid()}", timedelta(hours=1), NOW) is not None

    assert sorted(in_two_processes(settings, take)) == [0, ROUNDS]
