"""What the ledger refuses by itself, whoever asks, on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from qtc_pipeline.corrections import contract
from qtc_pipeline.errors import CorrectionError, LostLeaseError
from qtc_pipeline.ops import attempts, audit, corrections, leases
from qtc_pipeline.ops.models_corrections import Attempt, Correction
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.ops.ledger import ACTOR, LONG, NOW, leased, proposal, saved, write

pytestmark = pytest.mark.xdist_group("postgres")
LATER = NOW + timedelta(minutes=1)


def begun(settings: Settings, *, exception: str = "e1", holder: str = "h1") -> tuple[str, int]:
    """A correction applying, with an intent."""
    with open_ledger(settings) as session:
        one = saved(session, proposal(exception)).correction_id
        return one, attempts.intent(session, one, 1, leased(session, holder), "digest", NOW)


def test_the_table_of_states_is_the_one_of_the_contract() -> None:
    assert {
        str(state): frozenset(map(str, after)) for state, after in contract.TRANSITIONS.items()
    } == corrections.TRANSITIONS
    for mine, theirs in ((corrections.LIVE, contract.LIVE), (corrections.FOR_A_PERSON, contract.FOR_A_PERSON)):
        assert mine == frozenset(map(str, theirs))


def test_a_correction_moves_by_the_table_only_and_every_move_is_on_record(settings: Settings) -> None:
    with open_ledger(settings) as session:
        row = saved(session, proposal(), state="planned")
        written, _ = audit.head(session)
        for start, to in product(contract.State, contract.State):
            row.state = str(start)
            corrections.steps_of(session, row.correction_id)[0].state = "confirmed"
            session.flush()
            if to in contract.TRANSITIONS.get(start, ()):
                corrections.move(session, row.correction_id, str(to), actor=ACTOR, reason="because", now=NOW)
                written += 1
                said = audit.rows_of(session, row.correction_id, 1)[0]
                assert (said.action, said.actor, f'"to":"{to}"' in said.detail) == ("correction.moved", ACTOR, True)
            else:
                with pytest.raises(CorrectionError, match=f"is {start} and cannot become {to}"):
                    corrections.move(session, row.correction_id, str(to), actor=ACTOR, now=NOW)
        assert audit.head(session)[0] == written


def test_a_move_that_expects_another_state_is_refused(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal(), state="approved").correction_id
        with pytest.raises(CorrectionError, match="is approved and cannot become cancelled"):
            corrections.move(session, one, "cancelled", actor=ACTOR, now=NOW, expected={"planned"})


def test_the_same_plan_again_changes_nothing_and_another_under_its_id_is_refused(settings: Settings) -> None:
    with open_ledger(settings) as session:
        saved(session, proposal(), state="planned")
        rows = audit.head(session)
        saved(session, proposal(), state="planned")
        assert audit.head(session) == rows
        with pytest.raises(CorrectionError, match="is another plan already"):
            saved(session, proposal(exposure=Decimal(11)), state="planned")


def test_a_new_plan_takes_the_place_of_one_nobody_has_begun_with(settings: Settings) -> None:
    with open_ledger(settings) as session:
        first = saved(session, proposal(), state="approved")
        second = saved(session, proposal(generation=2), state="planned")
        assert (first.state, first.superseded_by) == ("superseded", second.correction_id)
        assert corrections.live_of_exception(session, "e1") is second


@pytest.mark.parametrize("state", ["applying", "in_doubt", "verifying"])
def test_nothing_is_planned_over_a_correction_under_way(settings: Settings, state: str) -> None:
    with open_ledger(settings) as session:
        saved(session, proposal()).state = state
        session.flush()
        with pytest.raises(CorrectionError, match=f"of it is {state}"):
            saved(session, proposal(generation=2), state="planned")


def test_what_waits_for_a_person_is_planned_again_by_name_only(settings: Settings) -> None:
    with open_ledger(settings) as session:
        first = saved(session, proposal())
        corrections.move(session, first.correction_id, "rejected", actor=ACTOR, now=NOW)
        with pytest.raises(CorrectionError, match="a person decides"):
            saved(session, proposal(generation=2), state="planned")
        saved(session, proposal(generation=2), state="planned", replaces=[first.correction_id])
        assert first.state == "superseded"


def test_a_try_needs_a_correction_that_applies_its_turn_and_the_lease_of_its_target(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal("e1", write(1), write(2)), state="approved").correction_id
        lease = leased(session)
        with pytest.raises(CorrectionError, match="the correction is approved"):
            attempts.intent(session, one, 1, lease, "d", NOW)
        corrections.move(session, one, "applying", actor=ACTOR, now=NOW)
        with pytest.raises(CorrectionError, match="step 1 is not done yet"):
            attempts.intent(session, one, 2, lease, "d", NOW)
        with pytest.raises(CorrectionError, match="writes to erp, the lease is for psa"):
            attempts.intent(session, one, 1, leased(session, target="psa"), "d", NOW)
        with pytest.raises(CorrectionError, match="step 1 is not done, so it cannot become verifying"):
            corrections.move(session, one, "verifying", actor=ACTOR, now=NOW)


def test_a_step_has_at_most_one_open_try(settings: Settings) -> None:
    one, attempt = begun(settings)
    with open_ledger(settings) as session:
        lease = leased(session)
        with pytest.raises(CorrectionError, match="is intent"):
            attempts.intent(session, one, 1, lease, "d", NOW)
        attempts.ended(session, attempt, "unknown", now=NOW)
        with pytest.raises(CorrectionError, match="is in_doubt"):
            attempts.intent(session, one, 1, lease, "d", NOW)
        assert [row.attempt_id for row in attempts.open_attempts(session, "erp")] == [attempt]
        attempts.ended(session, attempt, "settled_none", now=NOW)
        assert attempts.open_attempts(session) == []
        assert attempts.intent(session, one, 1, lease, "d", NOW) != attempt
        assert attempts.count_of_step(session, one, 1) == 2


def second_row(settings: Settings, attempt: int, outcome: str | None) -> None:
    with open_store(settings) as session:
        row = session.get_one(Attempt, attempt)
        row.outcome = outcome
        values = {column.key: getattr(row, column.key) for column in Attempt.__table__.columns}
        session.add(Attempt(**{**values, "attempt_id": None, "attempt_no": 2}))


@pytest.mark.parametrize("outcome", [None, "unknown", "confirmed", "settled_done"])
def test_the_database_itself_refuses_a_second_open_or_done_try(settings: Settings, outcome: str | None) -> None:
    _, attempt = begun(settings)
    with pytest.raises(IntegrityError):
        second_row(settings, attempt, outcome)


def test_a_create_in_doubt_keeps_the_next_plan_from_creating(settings: Settings) -> None:
    with open_ledger(settings) as session:
        lease = leased(session)
        first = saved(session, proposal("e1", write(create=True))).correction_id
        attempt = attempts.intent(session, first, 1, lease, "d", NOW)
        second = saved(session, proposal("e2", write(create=True))).correction_id
        with pytest.raises(CorrectionError, match="does not know what came of it"):
            attempts.intent(session, second, 1, lease, "d", NOW)
        attempts.ended(session, attempt, "settled_none", now=NOW)
        assert attempts.intent(session, second, 1, lease, "d", NOW)


def test_a_correction_leaves_no_try_behind_whose_outcome_nobody_knows(settings: Settings) -> None:
    one, attempt = begun(settings)
    with open_ledger(settings) as session:
        for to in ("stale", "rejected", "dead_letter", "partly_applied", "verifying"):
            with pytest.raises(CorrectionError, match="Settle the attempt first"):
                corrections.move(session, one, to, actor=ACTOR, now=NOW)
        corrections.move(session, one, "in_doubt", actor=ACTOR, now=NOW)
        with pytest.raises(CorrectionError, match="Settle the attempt first"):
            corrections.move(session, one, "applying", actor=ACTOR, now=NOW)
        corrections.move(session, one, "needs_person", actor=ACTOR, now=NOW)
        with pytest.raises(CorrectionError, match="Settle the attempt first"):
            corrections.move(session, one, "cancelled", actor=ACTOR, now=NOW)
        attempts.ended(session, attempt, "settled_none", now=NOW, actor="ada")
        corrections.move(session, one, "cancelled", actor="ada", now=NOW)


def test_an_outcome_is_final_and_nothing_is_confirmed_that_was_not_sent(settings: Settings) -> None:
    one, attempt = begun(settings)
    with open_ledger(settings) as session:
        with pytest.raises(CorrectionError, match="was never sent"):
            attempts.ended(session, attempt, "confirmed", now=NOW)
        with pytest.raises(CorrectionError, match="is no outcome"):
            attempts.ended(session, attempt, "perhaps", now=NOW)
        attempts.sent(session, attempt, NOW)
        with pytest.raises(CorrectionError, match="Only a fresh intent"):
            attempts.sent(session, attempt, NOW)
        attempts.ended(session, attempt, "confirmed", now=NOW, after={"jobPrice": "100"})
        with pytest.raises(CorrectionError, match="has ended as confirmed"):
            attempts.ended(session, attempt, "settled_none", now=NOW)
        step = corrections.steps_of(session, one)[0]
        assert (step.state, step.after, step.confirmed_at) == ("confirmed", {"jobPrice": "100"}, NOW)
        with pytest.raises(CorrectionError, match="is confirmed"):
            attempts.intent(session, one, 1, leased(session), "d", NOW)
        assert attempts.writes_since(session, NOW, "erp") == attempts.writes_since(session, NOW) == 1
        assert attempts.writes_since(session, LATER) == attempts.writes_since(session, NOW, "psa") == 0
        found = corrections.recently_corrected(session, NOW)
        assert [(row.instance, row.entity, row.record_key, row.fields) for row in found] == [
            ("erp", "job", "701", {"jobPrice"})
        ]


def test_what_is_found_in_effect_needs_no_try(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal()).correction_id
        attempts.already(session, one, 1, made_key="701", before={"jobPrice": "100"}, now=NOW)
        with pytest.raises(CorrectionError, match="the step already_in_effect"):
            attempts.already(session, one, 1, made_key="701", before=None, now=NOW)
        corrections.move(session, one, "verifying", actor=ACTOR, now=NOW)
        assert corrections.attempts_of(session, one) == []
        assert corrections.recently_corrected(session, NOW) == []


def test_one_applier_holds_a_target_and_each_new_one_has_a_greater_number(settings: Settings) -> None:
    with open_ledger(settings) as session:
        first = leased(session, "h1")
        assert leases.take(session, "erp", "h2", LONG, LATER) is None
        renewed = leases.renew(session, first, LONG, LATER)
        assert (renewed.fencing, renewed.until) == (first.fencing, LATER + LONG)
        leases.give_back(session, renewed, LATER)
        second = leased(session, "h2", now=LATER)
        assert second.fencing > first.fencing
        leases.give_back(session, first, LATER)
        assert leases.take(session, "erp", "h3", LONG, LATER) is None, "an old holder gives nothing back"
        assert audit.rows_of(session, "erp") == []
        third = leased(session, "h3", now=LATER + LONG)
        assert [(row.action, row.actor) for row in audit.rows_of(session, "erp")] == [("lease.taken_over", "h3")]
        assert leases.holders(session) == [third]


def test_an_old_lease_holder_can_neither_intend_nor_send_nor_renew(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal("e1", write(1), write(2))).correction_id
        old = leased(session, "h1")
        attempt = attempts.intent(session, one, 1, old, "d", NOW)
    with open_ledger(settings) as session:
        assert leases.take(session, "erp", "h2", LONG, NOW + LONG) is not None
    late = NOW + LONG
    for what in (
        lambda session: attempts.sent(session, attempt, late),
        lambda session: leases.renew(session, old, LONG, late),
        lambda session: attempts.intent(session, one, 1, old, "d", late),
    ):
        with pytest.raises(LostLeaseError, match="fencing 1 is over, h2"), open_ledger(settings) as session:
            what(session)
    with open_ledger(settings) as session:
        assert corrections.attempts_of(session, one)[0].sent_at is None
        attempts.ended(session, attempt, "settled_none", now=late, actor="h2")


def test_a_lease_that_ran_out_sends_nothing_even_if_nobody_else_came(settings: Settings) -> None:
    _, attempt = begun(settings)
    with open_ledger(settings) as session, pytest.raises(LostLeaseError, match="ran out"):
        attempts.sent(session, attempt, NOW + LONG)


def test_the_ledger_is_written_in_ledger_sessions_only(settings: Settings) -> None:
    with pytest.raises(CorrectionError, match="not one of the ledger"), open_store(settings) as session:
        saved(session, proposal())
    with open_store(settings) as session:
        assert session.query(Correction).count() == 0


def test_a_crash_before_the_commit_leaves_neither_the_move_nor_its_row(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal()).correction_id
        rows = audit.head(session)

    def crashes() -> None:
        with open_ledger(settings) as session:
            attempts.intent(session, one, 1, leased(session), "d", NOW)
            corrections.move(session, one, "in_doubt", actor=ACTOR, now=NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crashes()
    with open_store(settings) as session:
        assert corrections.get(session, one).state == "applying"
        assert (corrections.attempts_of(session, one), audit.head(session)) == ([], rows)


def test_corrections_are_drained_by_exposure_a_page_at_a_time(settings: Settings) -> None:
    with open_ledger(settings) as session:
        for name, exposure in (("a", Decimal(9)), ("b", Decimal("100.01")), ("c", None), ("d", Decimal("100.02"))):
            saved(session, proposal(name, exposure=exposure), state="approved")
        later = corrections.list_corrections(session)[0]
        corrections.wait(session, later.correction_id, LATER, "busy", NOW)
        assert [row.exception_id for row in corrections.list_corrections(session, state="approved")] == list("dbac")
        due = corrections.list_corrections(session, state={"approved"}, instance="erp", due_at=NOW, limit=2)
        assert [row.exception_id for row in due] == ["b", "a"]
        assert corrections.list_corrections(session, instance="psa") == []
        assert corrections.list_corrections(session, kind="align_rate") == []
        assert len(corrections.list_corrections(session, qtc_id="q-1", break_class="value_differs")) == 4
        assert corrections.count_by_state(session) == {"approved": 4}


def test_a_correction_is_found_by_the_only_beginning_of_its_id(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = saved(session, proposal()).correction_id
        assert corrections.get(session, one[:8]).correction_id == one
        for wrong in ("", "%", "zz"):
            with pytest.raises(CorrectionError, match="there is none"):
                corrections.get(session, wrong)
        with pytest.raises(CorrectionError, match="there is none"):
            corrections.move(session, one[:8], "in_doubt", actor=ACTOR, now=NOW)


def test_the_page_of_the_queue_comes_from_an_index(settings: Settings) -> None:
    query = "select * from correction where state in ('approved') order by drain_order, correction_id limit 50"
    with open_store(settings) as session:
        if settings.ops_url.startswith("sqlite"):
            plan = " ".join(str(row) for row in session.execute(text(f"explain query plan {query}")))
            assert "correction_by_state" in plan
            assert "TEMP B-TREE" not in plan
        else:
            session.execute(text("set local enable_seqscan = off"))
            plan = " ".join(str(row) for row in session.execute(text(f"explain {query}")))
            assert "correction_by_state" in plan
