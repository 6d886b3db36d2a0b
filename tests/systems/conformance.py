"""The one suite every system passes: subclass it, name the vendor, give a subject.

A subject is a running source with known records and switches to make it misbehave; how that is done differs per vendor,
what a reader must do about it does not.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest

from qtc_pipeline.errors import (
    AuthenticationError,
    PermanentError,
    RateLimitedError,
    SystemReadError,
    TransientError,
)
from qtc_pipeline.systems.contract import Entity, Page, Reader, System


class Subject(Protocol):
    """A running source."""

    system: System
    entity: Entity  # has at least three pages at the page size the subject's reader uses
    secret: str
    pauses: list[float]  # what the reader slept

    def reader(self) -> Reader: ...

    def live(self) -> Mapping[str, str]:
        """Record id -> payload text of every live record, archived ones included."""

    def change(self, record_id: str) -> datetime:
        """Change one record; the new stamp, later than all others."""

    def delete(self, record_id: str) -> datetime:
        """Delete one record; when."""

    def faults(self, **switches: Any) -> None: ...

    def revoke_tokens(self) -> None: ...

    def most_at_once(self) -> int:
        """Largest number of requests the source had under way at the same time."""


def read_all(reader: Reader, entity: Entity, since: datetime | None = None) -> dict[str, str]:
    return {
        one.record_id: one.payload
        for page in reader.pages(entity, since)
        for one in page.records()
        if not one.is_deleted
    }


def stamps(reader: Reader, entity: Entity) -> list[datetime]:
    found = [one.version for page in reader.pages(entity, None) for one in page.records() if one.version]
    parsed = (datetime.fromisoformat(text) for text in found)
    return sorted(one if one.tzinfo else one.replace(tzinfo=UTC) for one in parsed)


class Conformance:
    """Tests are methods; ``subject`` is a fixture of the subclass."""

    @pytest.fixture
    def reader(self, subject: Subject) -> Iterator[Reader]:
        opened = subject.reader()
        yield opened
        opened.close()

    def test_reading_everything_gives_every_live_record_once(self, subject: Subject, reader: Reader) -> None:
        pages = list(reader.pages(subject.entity, None))
        ids = [one.record_id for page in pages for one in page.records() if not one.is_deleted]
        assert len(pages) >= 3
        assert sorted(ids) == sorted(subject.live())

    def test_payloads_are_the_records_as_the_source_keeps_them(self, subject: Subject, reader: Reader) -> None:
        decoded = {key: _decoded(text) for key, text in read_all(reader, subject.entity).items()}
        expected = {key: _decoded(text) for key, text in subject.live().items()}
        volatile = set(subject.entity.volatile)
        assert {
            key: {name: value for name, value in one.items() if name not in volatile} for key, one in decoded.items()
        } == expected

    def test_declared_fields_are_in_every_payload(self, subject: Subject, reader: Reader) -> None:
        for text in read_all(reader, subject.entity).values():
            assert set(subject.entity.fields) <= set(json.loads(text))

    def test_money_keeps_its_digits(self, subject: Subject, reader: Reader) -> None:
        # as text: any float on the way would show as a different spelling
        expected = {key: _numbers(text) for key, text in subject.live().items()}
        assert {key: _numbers(text) for key, text in read_all(reader, subject.entity).items()} == expected

    def test_an_increment_gives_what_changed_and_nothing_older(self, subject: Subject, reader: Reader) -> None:
        changed = sorted(subject.live())[1]
        at = subject.change(changed)
        assert list(read_all(reader, subject.entity, at)) == [changed]

    def test_an_increment_from_a_stamp_includes_the_records_of_that_stamp(
        self, subject: Subject, reader: Reader
    ) -> None:
        all_stamps = stamps(reader, subject.entity)
        middle = all_stamps[len(all_stamps) // 2]
        expected = sum(one >= middle for one in all_stamps)
        got = sum(len(page) for page in reader.pages(subject.entity, middle))
        assert got >= expected

    def test_nothing_changed_gives_no_page_with_records(self, subject: Subject, reader: Reader) -> None:
        later = stamps(reader, subject.entity)[-1] + timedelta(days=1)
        assert read_all(reader, subject.entity, later) == {}

    def test_just_some_records_can_be_read(self, subject: Subject, reader: Reader) -> None:
        live = subject.live()
        some = sorted(live)[1:4]
        pages = list(reader.fetch(subject.entity, [*some, "999999999"]))
        got = {one.record_id: one for page in pages for one in page.records()}
        assert sorted(got) == some
        volatile = set(subject.entity.volatile)
        assert {
            key: {name: value for name, value in _decoded(one.payload).items() if name not in volatile}
            for key, one in got.items()
        } == {key: _decoded(live[key]) for key in some}

    def test_records_read_alone_look_as_they_do_among_all(self, subject: Subject, reader: Reader) -> None:
        some = sorted(subject.live())[1:4]
        alone = _by_id(subject, reader.fetch(subject.entity, some))
        among = _by_id(subject, reader.pages(subject.entity, None))
        assert alone == {key: among[key] for key in some}

    def test_counts_are_those_of_the_live_records(self, subject: Subject, reader: Reader) -> None:
        entity = subject.entity
        counts = reader.count(entity)
        expected: dict[tuple[str, str], Decimal] = {}
        for text in subject.live().values():
            record = _decoded(text)
            currency = str(record[entity.currency]) if entity.currency else ""
            expected[currency, "count"] = expected.get((currency, "count"), Decimal(0)) + 1
            if entity.amount and subject.system.capabilities.source_sums:
                amount = Decimal(record[entity.amount] or 0)
                expected[currency, "amount"] = expected.get((currency, "amount"), Decimal(0)) + amount
        assert {(one.currency, one.measure): one.value for one in counts} == expected

    def test_a_deleted_record_is_out_of_counts_and_pages(self, subject: Subject, reader: Reader) -> None:
        gone = sorted(subject.live())[2]
        before = sum(one.value for one in reader.count(subject.entity) if one.measure == "count")
        subject.delete(gone)
        after = sum(one.value for one in reader.count(subject.entity) if one.measure == "count")
        assert before - after == 1
        assert gone not in read_all(reader, subject.entity)

    def test_an_increment_learns_of_deletions_where_the_vendor_tells(self, subject: Subject, reader: Reader) -> None:
        gone = sorted(subject.live())[2]
        at = subject.delete(gone) - timedelta(seconds=1)
        marked = {
            one.record_id for page in reader.pages(subject.entity, at) for one in page.records() if one.is_deleted
        }
        listed = {
            one.record_id
            for page in reader.deletions(subject.entity, at)
            for one in page.records()
            if one.is_deleted and not page.parents
        }
        expected = {gone} if subject.system.capabilities.delete_log else set()
        assert marked | listed == expected

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_failure_of_the_vendor_is_waited_out(self, subject: Subject, reader: Reader, status: int) -> None:
        subject.faults(fail_next=2, fail_status=status)
        assert sorted(read_all(reader, subject.entity)) == sorted(subject.live())
        assert len(subject.pauses) == 2

    def test_throttling_without_a_hint_is_waited_out_with_growing_pauses(
        self, subject: Subject, reader: Reader
    ) -> None:
        subject.faults(throttle_next=3)
        assert sorted(read_all(reader, subject.entity)) == sorted(subject.live())
        assert len(subject.pauses) == 3

    def test_retry_after_is_kept_to_the_second(self, subject: Subject, reader: Reader) -> None:
        subject.faults(throttle_next=1, retry_after=7)
        read_all(reader, subject.entity)
        assert subject.pauses == [7.0]

    def test_a_retry_after_beyond_all_patience_is_not_slept_through(self, subject: Subject, reader: Reader) -> None:
        subject.faults(throttle_next=1, retry_after=86_400)
        with pytest.raises(RateLimitedError):
            read_all(reader, subject.entity)
        assert subject.pauses == []

    def test_a_vendor_that_stays_down_ends_in_a_transient_error(self, subject: Subject, reader: Reader) -> None:
        reader.count(subject.entity)
        subject.faults(fail_every=1)
        with pytest.raises(TransientError) as caught:
            read_all(reader, subject.entity)
        assert subject.entity.name in str(caught.value)
        assert len(subject.pauses) >= 3

    def test_a_vendor_that_keeps_throttling_ends_in_a_rate_limit_error(self, subject: Subject, reader: Reader) -> None:
        subject.faults(throttle_every=1)
        with pytest.raises(RateLimitedError):
            read_all(reader, subject.entity)

    @pytest.mark.parametrize("kind", ["connection", "body"])
    def test_a_truncated_answer_is_asked_for_again(self, subject: Subject, reader: Reader, kind: str) -> None:
        reader.count(subject.entity)
        subject.faults(truncate_next=1, truncate=kind)
        assert sorted(read_all(reader, subject.entity)) == sorted(subject.live())
        assert len(subject.pauses) == 1

    def test_an_answer_that_stays_truncated_is_a_transient_error(self, subject: Subject, reader: Reader) -> None:
        reader.count(subject.entity)
        subject.faults(truncate_next=1000, truncate="body")
        with pytest.raises(TransientError, match="cut off"):
            read_all(reader, subject.entity)

    def test_a_token_that_ends_in_the_middle_is_renewed(self, subject: Subject, reader: Reader) -> None:
        got: list[str] = []
        for page in reader.pages(subject.entity, None):
            got += [one.record_id for one in page.records() if not one.is_deleted]
            subject.revoke_tokens()
        assert sorted(got) == sorted(subject.live())

    def test_errors_name_the_instance_and_never_the_secret(self, subject: Subject, reader: Reader) -> None:
        subject.faults(unauthorized_next=10_000)
        with pytest.raises(SystemReadError) as caught:
            read_all(reader, subject.entity)
        assert not isinstance(caught.value, PermanentError) or isinstance(caught.value, AuthenticationError)
        text = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
        assert "instance" in text
        assert subject.secret not in text

    def test_no_more_requests_are_under_way_than_the_instance_allows(self, subject: Subject, reader: Reader) -> None:
        subject.faults(slow_seconds=0.03)
        gate = threading.Barrier(6)

        def read(_: int) -> int:
            gate.wait(10)
            return len(read_all(reader, subject.entity))

        with ThreadPoolExecutor(6) as pool:
            lengths = set(pool.map(read, range(6)))
        assert lengths == {len(subject.live())}
        assert subject.most_at_once() <= 2


def _by_id(subject: Subject, pages: Iterator[Page]) -> dict[str, tuple[Any, ...]]:
    """What the lake makes of a record, whatever interface gave it."""
    found = {}
    for page in pages:
        for one in page.records():
            members = {k: v for k, v in _decoded(one.payload).items() if k not in subject.entity.volatile}
            stamp = datetime.fromisoformat(one.version) if one.version else None
            found[one.record_id] = (members, stamp, one.is_deleted)
    return found


def _decoded(text: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return decoded


def _numbers(text: str) -> list[str]:
    found: list[str] = []
    json.loads(text, parse_float=found.append)
    return found
