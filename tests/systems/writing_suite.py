"""What every vendor's writer must do, whatever is written: subclass it, give a world and the cases.

A case is one thing the vendor can be asked; each test asks for a new record or a new value. The simulator's journal of
effects is the witness: what a test says happened once stands in it once.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from qtc_pipeline.errors import (
    AmbiguousRecordError,
    NoEffectError,
    OutcomeUnknownError,
    SystemWriteError,
    WriteRejectedError,
)
from qtc_pipeline.sandbox.servers.serve import Running
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.dry_run import DryRunWriter
from qtc_pipeline.systems.http import Http, Patience
from qtc_pipeline.systems.registry import writing
from qtc_pipeline.systems.writing import Action, Found, Verb, Write, Writer
from tests.sandbox.servers.fake_firm import FakeFirm
from tests.sandbox.servers.netsuite_account import an_account, row

WRITES = "^(POST|PUT|PATCH) (?!.*(suiteql|token))"
_NUMBERS = itertools.count(1)


class Books(FakeFirm):
    """The hand-written firm with what corrections rest on."""

    def __init__(self) -> None:
        stamps = {"created_at": "2025-01-01T00:00:00Z", "updated_at": "2025-01-01T00:00:00Z"}
        groups = {"1": "DE", "2": "US"}
        rows = [
            row("currency", "1", symbol="USD", name="Dollar"),
            row("currency", "2", symbol="EUR", name="Euro"),
            row("term", "1", name="Net 30"),
            row("term", "2", name="Net 60"),
            row("item", "4", itemid="CONSULTANT"),
            row("timebill", "8000", customer="700", hours="1:00", externalid="T-0", custcol_billing_hold="F"),
            row("charge", "8100", job="700", amount="50", currency="2", externalid="E-0", stage="READY"),
        ]
        super().__init__(changed={**an_account(), **dict(rows)})
        for key, name in groups.items():
            record = row("term", key, **stamps)[1]
            group = replace(record, payload={"id": key, **stamps, "name": name})
            self._changed["workspace_groups", key] = group


@dataclass
class World:
    """A sandbox, and a writer of one of its instances."""

    running: Running
    name: str
    writer: Writer
    instance: Instance

    @property
    def vendor(self) -> str:
        return self.instance.vendor

    @property
    def http(self) -> Http:
        found: Http = self.writer.http  # type: ignore[attr-defined]
        return found

    def inject(self, fault: str, **options: Any) -> None:
        self.running.inject(self.name, fault, **options)

    @contextmanager
    def effects(self) -> Iterator[list[dict[str, Any]]]:
        before = self.running.effects(self.name)
        found: list[dict[str, Any]] = []
        yield found
        found += self.running.effects(self.name, before[-1]["seq"] if before else 0)

    def composed(self, action: Action) -> Write:
        known = writing(self.vendor)
        assert known is not None
        composed = known.compose(action)
        assert composed is not None, action
        (write,) = composed
        return write

    def looked(self, write: Write) -> Found:
        found = self.writer.look(write)
        assert found is not None
        return found


@dataclass(frozen=True)
class Case:
    """One thing a vendor can be asked.

    Attributes:
        action: a new one each time; the number is one nobody had.
        is_repeatable: a request delivered twice has one effect.
    """

    verb: Verb
    entity: str
    action: Callable[[World, int], Action]
    is_repeatable: bool = True

    @property
    def name(self) -> str:
        return f"{self.verb}-{self.entity}"

    def write(self, world: World) -> Write:
        return world.composed(self.action(world, next(_NUMBERS)))


@contextmanager
def opened(running: Running, name: str, **settings: Any) -> Iterator[World]:
    """A writer of an instance; its faults are cleared afterwards."""
    from importlib import import_module

    values = {**running.describe()[name], **settings}
    instance = Instance(name=name, **values)
    module = import_module(f"qtc_pipeline.systems.{instance.vendor}.write")
    writer = module.open_writer(instance, patience=Patience(attempts=2, sleep=lambda _: None, timeout=10.0))
    yield World(running, name, writer, instance)
    writer.close()
    running.faults(name).clear()


def is_done(write: Write, found: Found | None) -> bool:
    """Whether a look shows what was to be written."""
    return found is not None and (write.operation == "create" or dict(found.values) == dict(write.new))


def heads(effects: list[dict[str, Any]], write: Write) -> list[dict[str, Any]]:
    """Effects on the record a write is about, not on what hangs on it."""
    kind = "created" if write.operation == "create" else "updated"
    marked = [one for one in effects if one["entity"] == write.table and one["effect"] == kind]
    return [one for one in marked if write.table != "transactionline" or one["members"].get("custcol_source_id")]


class WritingSuite:
    """Tests are methods; ``world`` and ``case`` are fixtures of the subclass."""

    def test_what_is_written_reads_back_as_it_was_meant(self, world: World, case: Case) -> None:
        write = case.write(world)
        before = world.writer.look(write)
        assert (before is None) == (write.operation == "create")
        with world.effects() as effects:
            sent = world.writer.send(write, before, "key")
            after = world.looked(replace(write, key=sent.key))
        assert dict(after.values) == dict(write.new)
        assert after.key == sent.key
        assert len(heads(effects, write)) == 1
        assert world.writer.lost_change(write, before, after) is None
        again = world.looked(write)
        assert (again.key, dict(again.values)) == (sent.key, dict(write.new))

    @pytest.mark.parametrize("fault", ["timeout_after", "reset_after"])
    def test_an_answer_lost_after_the_effect_is_found_at_once(self, world: World, case: Case, fault: str) -> None:
        write = case.write(world)
        before = world.writer.look(write)
        with world.effects() as effects:
            world.inject(fault, match=WRITES)
            with pytest.raises(OutcomeUnknownError):
                world.writer.send(write, before, "key")
            assert is_done(write, world.writer.look(write))
        assert len(heads(effects, write)) == 1

    def test_an_answer_lost_before_the_effect_is_not_found_and_sent_again(self, world: World, case: Case) -> None:
        write = case.write(world)
        before = world.writer.look(write)
        with world.effects() as effects:
            world.inject("timeout_before", match=WRITES)
            with pytest.raises(OutcomeUnknownError):
                world.writer.send(write, before, "key")
            seen = world.writer.look(write)
            assert not is_done(write, seen)
            world.writer.send(write, seen, "key")
            assert is_done(write, world.writer.look(write))
        assert len(heads(effects, write)) == 1

    def test_an_effect_after_the_client_gave_up_and_looked_is_found_later(self, world: World, case: Case) -> None:
        write = case.write(world)
        before = world.writer.look(write)
        with world.effects() as effects:
            looks = self._requests_of_a_look(world, write)
            world.inject("late_effect", match=WRITES, requests=looks)
            with pytest.raises(OutcomeUnknownError):
                world.writer.send(write, before, "key")
            assert not is_done(write, world.writer.look(write))
            assert is_done(write, world.writer.look(write))
        assert len(heads(effects, write)) == 1

    def _requests_of_a_look(self, world: World, write: Write) -> int:
        before = world.http.requests
        world.writer.look(write)
        return world.http.requests - before

    def test_a_request_delivered_twice_has_one_effect_or_is_seen_as_two(self, world: World, case: Case) -> None:
        write = case.write(world)
        with world.effects() as effects:
            world.inject("delivered_twice", match=WRITES)
            before = world.writer.look(write)
            if case.is_repeatable:
                world.writer.send(write, before, "key")
                assert is_done(write, world.writer.look(write))
            else:
                with pytest.raises(AmbiguousRecordError, match="several records"):
                    self._sent_and_looked(world, write, before)
        assert len(heads(effects, write)) == (1 if case.is_repeatable else 2)

    def _sent_and_looked(self, world: World, write: Write, before: Found | None) -> None:
        world.writer.send(write, before, "key")
        world.writer.look(write)

    @pytest.mark.parametrize(("fault", "told"), [("throttled", None), ("throttled_told", 1.0), ("maintenance", 1.0)])
    def test_a_refusal_that_passes_had_no_effect_and_may_be_sent_again(
        self, world: World, case: Case, fault: str, told: float | None
    ) -> None:
        write = case.write(world)
        before = world.writer.look(write)
        with world.effects() as effects:
            world.inject(fault, count=1, match=WRITES)
            with pytest.raises(NoEffectError) as caught:
                world.writer.send(write, before, "key")
            assert caught.value.retry_after == told
            world.writer.send(write, before, "key")
        assert len(heads(effects, write)) == 1

    def test_a_rehearsal_sends_nothing_and_shows_what_would_be_there(self, world: World, case: Case) -> None:
        write = case.write(world)
        rehearsal = DryRunWriter(world.writer)
        with world.effects() as effects:
            before = rehearsal.look(write)
            sent = rehearsal.send(write, before, "key")
            for one in (write, replace(write, key=sent.key)):
                found = rehearsal.look(one)
                assert found is not None
                assert dict(found.values) == dict(write.new)
        assert effects == []
        assert sent.status == 0

    def test_a_capability_without_its_needs_is_not_composed(self, world: World, case: Case) -> None:
        known = writing(world.vendor)
        assert known is not None
        action = case.action(world, next(_NUMBERS))
        assert (case.verb, case.entity) in known.capabilities
        for needed in known.capabilities[case.verb, case.entity].needs:
            less = {name: value for name, value in action.values.items() if name != needed}
            assert known.compose(replace(action, values=less)) is None, needed
        unknown = replace(action, values={**action.values, "shoe_size": "43"})
        assert known.compose(unknown) is None


class RefusalSuite:
    """What does not depend on what is written; ``world`` and ``write`` are fixtures of the subclass."""

    def test_a_server_that_is_not_there_had_no_effect(self, world: World, write: Write) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with opened(world.running, world.name, base_url=nobody) as lonely, pytest.raises(NoEffectError):
                lonely.writer.send(write, None, "key")

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_failure_of_the_vendor_may_hide_an_effect(self, world: World, write: Write, status: int) -> None:
        world.inject("server_error", count=1, status=status, match=WRITES)
        with pytest.raises(OutcomeUnknownError):
            world.writer.send(write, world.writer.look(write), "key")

    def test_no_error_shows_a_secret(self, world: World, write: Write) -> None:
        secret = world.instance.private_key if world.name == "erp" else world.instance.secret
        for fault, options in (("throttled", {}), ("timeout_after", {}), ("server_error", {"status": 500})):
            world.inject(fault, count=1, match=WRITES, **options)
            with pytest.raises(SystemWriteError) as caught:
                world.writer.send(write, None, "key")
            said = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
            assert secret.get_secret_value() not in said
            assert world.name in said

    def test_a_write_nobody_can_do_is_rejected_with_the_vendors_words(self, world: World, write: Write) -> None:
        gone = replace(write, operation="update", key="424242")
        assert world.writer.look(gone) is None
        with world.effects() as effects, pytest.raises(WriteRejectedError) as caught:
            world.writer.send(gone, None, "key")
        assert effects == []
        assert caught.value.category == "business"
        assert caught.value.code
