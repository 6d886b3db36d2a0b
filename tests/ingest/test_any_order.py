"""Loads, broken and dying ones, compaction, erasure in any order: the lake never shows half, and ends as its source."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from qtc_pipeline.errors import LoadRefusedError, TransientError
from qtc_pipeline.ingest.load import Force
from qtc_pipeline.lake import Erasure, Lake
from tests.ingest.sources import START, Source, alive, load, rows

KEYS = st.sampled_from([f"r{number:03d}" for number in range(8)])
VALUES = st.sampled_from(["a", "b", "c"])
MODES: Any = st.sampled_from(["full", "increment"])
FORCE = Force("Ada Lovelace", "the records are gone indeed")
ERASED = "[erased]"


class Loads(RuleBasedStateMachine):
    """A source people work in, and what becomes of its lake."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="qtc-any-order-"))
        self.source = Source(now=START + timedelta(hours=1))
        self.erased: dict[str, str] = {}

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize(count=st.integers(20, 30))
    def begin(self, count: int) -> None:
        self.source.put(0, **{f"k{number:03d}": "a" for number in range(count)})
        self.load("full")

    @rule(key=KEYS, value=VALUES, late=st.integers(0, 5))
    def somebody_writes(self, key: str, value: str, late: int) -> None:
        """Its stamp may be some minutes old when it becomes visible, within the look-back."""
        self.source.now += timedelta(minutes=1)
        self.source.records[key] = (self.source.now - timedelta(minutes=late), f"{value} {self.source.now:%H:%M}")
        self.source.gone.pop(key, None)

    @rule(key=KEYS, is_listed=st.booleans())
    def somebody_deletes(self, key: str, is_listed: bool) -> None:  # noqa: FBT001  drawn
        self.source.now += timedelta(minutes=1)
        if self.source.records.pop(key, None) is not None and is_listed:
            self.source.gone[key] = self.source.now

    @rule(mode=MODES)
    def it_is_read(self, mode: Any) -> None:
        self.load(mode)
        shown = self.shown()
        assert {key: shown.get(key) for key in self.wanted()} == self.wanted()
        if mode == "full":
            assert shown == self.wanted()

    @rule(mode=MODES, page=st.integers(0, 4))
    def a_read_breaks_off(self, mode: Any, page: int) -> None:
        before = rows(self.root)

        def hang_up(number: int) -> None:
            if number == page:
                raise TransientError("crm", "hung up")

        usual, self.source.hook = self.source.hook, hang_up
        try:
            load(self.root, self.source, mode, force=FORCE)
        except TransientError:
            assert rows(self.root) == before
        finally:
            self.source.hook = usual

    @rule(mode=MODES)
    def a_read_dies_before_its_commit(self, mode: Any) -> None:
        before = rows(self.root)
        with (
            mock.patch("deltalake.DeltaTable.create_write_transaction", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            load(self.root, self.source, mode, force=FORCE)
        assert rows(self.root) == before

    @rule()
    def it_is_compacted(self) -> None:
        before = rows(self.root)
        Lake(self.root).compact()
        assert rows(self.root) == before

    @rule(key=KEYS)
    def a_record_is_erased(self, key: str) -> None:
        if not any(row["record_id"] == key for row in rows(self.root)):
            return
        known = self.shown().get(key)
        request = Erasure(
            f"{len(list((self.root / 'erasures').glob('*'))):04d}",
            *("salesforce", "Thing", "crm", key, ("value",), "Ada Lovelace", "Article 17", "2026-06-30"),
        )
        Lake(self.root).erase(request)
        if known is not None:
            assert self.shown()[key] == ERASED
        # what the source shows unchanged stays erased; what changes there later is read again
        if key in self.source.records and known == self.source.records[key][1]:
            self.erased[key] = known
        elif known is not None and known != ERASED:
            self.erased.pop(key, None)

    @invariant()
    def every_load_is_whole(self) -> None:
        found = Lake(self.root).loads("salesforce", "Thing")
        stored = rows(self.root)
        counted = {one.load_id: one.versions for one in found if one.versions}
        assert counted == {load_id: sum(row["load_id"] == load_id for row in stored) for load_id in counted}
        assert len(stored) == sum(counted.values())

    def load(self, mode: Any) -> None:
        self.source.now += timedelta(minutes=1)
        try:
            load(self.root, self.source, mode)
        except LoadRefusedError:
            load(self.root, self.source, mode, force=FORCE)

    def shown(self) -> dict[str, str]:
        return {key: json.loads(payload)["value"] for key, payload in alive(self.root).items()}

    def wanted(self) -> dict[str, str]:
        values = {key: value for key, (_, value) in self.source.records.items()}
        return {key: ERASED if self.erased.get(key) == value else value for key, value in values.items()}


def any_order(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Loads,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_in_any_order_the_lake_ends_as_its_source() -> None:
    any_order(6, 15)


@pytest.mark.long
def test_in_very_many_orders_the_lake_ends_as_its_source() -> None:
    any_order(100, 30)
