"""What a sensor does with its cursor: each batch ends in one good run, whatever happens to the runs before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtc_pipeline.corrections.batch import AGAIN, Cursor, RunState, batch_of, next_step, read_cursor

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)


def test_a_new_batch_asks_for_its_first_run() -> None:
    step = next_step(Cursor(), "b1", "none", NOW, "3 corrections")
    assert (step.run_key, step.cursor.attempt, step.cursor.is_done) == ("b1-1", 1, False)
    assert read_cursor(step.cursor.written()) == step.cursor


def test_nothing_due_is_a_skip_that_says_so() -> None:
    step = next_step(Cursor(), None, "none", NOW, "no correction is approved")
    assert step.run_key is None
    assert "no correction is approved" in step.told


def test_a_run_at_work_is_waited_for_even_when_another_batch_is_due() -> None:
    cursor = Cursor("b1", 1, 0, NOW.isoformat())
    assert next_step(cursor, "b2", "under_way", NOW, "more").run_key is None


def test_a_run_that_was_never_launched_is_asked_for_under_the_same_key() -> None:
    cursor = Cursor("b1", 1, 0, NOW.isoformat())
    step = next_step(cursor, "b1", "none", NOW, "3 corrections")
    assert (step.run_key, step.cursor) == ("b1-1", cursor)


def test_a_failed_run_is_tried_again_under_the_next_key_and_ever_more_seldom() -> None:
    cursor = Cursor("b1", 3, 2, NOW.isoformat())
    assert next_step(cursor, "b1", "failed", NOW + timedelta(minutes=3), "x").run_key is None
    assert next_step(cursor, "b1", "failed", NOW + timedelta(minutes=4), "x").run_key == "b1-4"
    assert next_step(Cursor("b1", 40, 40, NOW.isoformat()), "b1", "failed", NOW + timedelta(hours=1), "x").run_key


def test_a_batch_done_is_not_started_again_until_it_still_waits_a_while_later() -> None:
    done = next_step(Cursor("b1", 1, 0, NOW.isoformat()), "b1", "succeeded", NOW, "x").cursor
    assert done.is_done
    assert next_step(done, "b1", "succeeded", NOW + timedelta(minutes=1), "x").run_key is None
    assert next_step(done, "b1", "succeeded", NOW + AGAIN, "x").run_key == "b1-2"
    assert next_step(done, "b2", "succeeded", NOW, "x").run_key == "b2-2"


def test_a_batch_is_named_by_what_is_in_it() -> None:
    assert batch_of(["a", "b"]) == batch_of(["a", "b"])
    assert batch_of(["a", "b"]) != batch_of(["b", "a"])


@given(
    st.lists(
        st.tuples(st.sampled_from(["b1", "b2", None]), st.sampled_from(["none", "under_way", "succeeded", "failed"]))
    )
)
def test_no_key_is_asked_for_again_after_its_run_was_seen(ticks: list[tuple[str | None, RunState]]) -> None:
    cursor, seen = Cursor(), set[str]()
    for place, (due, said) in enumerate(ticks):
        state: RunState = "failed" if said == "none" and cursor.run_key in seen else said  # a run does not vanish
        if state != "none":
            seen.add(cursor.run_key)
        step = next_step(cursor, due, state, NOW + timedelta(hours=place), "x")
        assert step.run_key not in seen
        cursor = step.cursor


@pytest.mark.parametrize("state", ["none", "under_way", "succeeded", "failed"])
def test_every_tick_says_why(state: RunState) -> None:
    for due in ("b1", "b2", None):
        assert next_step(Cursor("b1", 1, 0, NOW.isoformat()), due, state, NOW, "a reason").told
