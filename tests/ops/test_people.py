"""People, what they may approve, and what they decide about letters, floods and settings; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from qtc_pipeline.errors import CorrectionError
from qtc_pipeline.ops import approvals, audit, class_stops, corrections, dead_letters, governed, people
from qtc_pipeline.ops.models_corrections import Approval, Correction, Person
from qtc_pipeline.ops.store import open_ledger, open_store
from qtc_pipeline.settings import Settings
from tests.ops.ledger import ACTOR, NOW, proposal, saved

pytestmark = pytest.mark.xdist_group("postgres")
WEEK = timedelta(days=7)
COST = dict(people._COST)


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "_COST", {"n": 2, "r": 1, "p": 1})


def added(session: Session, name: str, role: str = "approver", limit: str | None = None) -> str:
    amount = None if limit is None else Decimal(limit)
    return people.add(session, name, role, actor=ACTOR, now=NOW, approval_limit=amount)


def test_a_token_is_shown_once_and_kept_as_a_salted_hash(settings: Settings) -> None:
    with open_ledger(settings) as session:
        tokens = [added(session, name) for name in ("ada", "bob")]
        assert [people.check_token(session, token).name for token in tokens] == ["ada", "bob"]
        stored = session.get_one(Person, "ada")
        everything = " ".join(str(value) for row in audit.rows_of(session) for value in (row.detail, row.subject))
        assert tokens[0].split(".")[1] not in f"{stored.token_hash} {stored.token_salt} {everything}"
        assert len({row.token_salt for row in people.list_people(session)}) == 2


def test_the_hash_costs_whoever_guesses_as_much_as_scrypt_asks_for_logins() -> None:
    assert COST == {"n": 2**14, "r": 8, "p": 1}


def test_a_token_that_is_wrong_old_or_of_someone_disabled_is_refused_with_the_same_words(settings: Settings) -> None:
    with open_ledger(settings) as session:
        old = added(session, "ada")
        new = people.new_token(session, "ada", actor=ACTOR, now=NOW)
        of_bob = added(session, "bob")
        people.disable(session, "bob", actor=ACTOR, now=NOW)
        assert people.check_token(session, new).name == "ada"
        for wrong in (old, of_bob, "ada.", "", "eve.x", new.replace("ada", "bob"), new + "x"):
            with pytest.raises(CorrectionError, match=r"token: is not valid\. Ask an administrator"):
                people.check_token(session, wrong)
        for name, told in (("bob", "is disabled"), ("eve", "is not known")):
            with pytest.raises(CorrectionError, match=told):
                people.new_token(session, name, actor=ACTOR, now=NOW)
        assert [row.action for row in audit.rows_of(session, "bob")] == ["user.added", "user.disabled"]


@pytest.mark.parametrize(
    ("name", "role", "limit", "told"),
    [
        ("ada", "approver", None, "is there already"),
        ("a b", "approver", None, "is no name"),
        ("", "approver", None, "is no name"),
        ("bob", "king", None, "'king' is no role"),
        ("bob", "approver", "-1", "is no approval limit"),
        ("bob", "approver", "NaN", "is no approval limit"),
    ],
)
def test_a_person_that_cannot_be_one_is_refused(
    settings: Settings, name: str, role: str, limit: str | None, told: str
) -> None:
    with open_ledger(settings) as session:
        added(session, "ada")
        with pytest.raises(CorrectionError, match=told):
            added(session, name, role, limit)


def test_only_an_admin_changes_people_once_there_is_one(settings: Settings) -> None:
    with open_ledger(settings) as session:
        of_bob = added(session, "bob")
        assert people.administrator(session, None) == "command line"
        of_ada = added(session, "ada", "admin")
        assert people.administrator(session, of_ada) == "ada"
        for token, told in ((None, "only an admin"), (of_bob, "is approver, not admin"), ("x", "is not valid")):
            with pytest.raises(CorrectionError, match=told):
                people.administrator(session, token)


def test_each_role_may_do_what_the_ones_before_it_may(settings: Settings) -> None:
    with open_ledger(settings) as session:
        for role in people.ROLES:
            added(session, f"a-{role}", role)
        may = {
            one.role: [role for role in people.ROLES if people.may(one, role)] for one in people.list_people(session)
        }
    assert may == {role: list(people.ROLES[: number + 1]) for number, role in enumerate(people.ROLES)}


@dataclass
class Waiting:
    """A correction that waits for an approval."""

    session: Session
    correction: Correction

    def refusal(self, person: str, plan_hash: str | None = None, decision: str = "approve") -> str | None:
        said = {"plan_hash": plan_hash or self.correction.plan_hash, "person": person, "decision": decision}
        return approvals.refusal(self.session, self.correction.correction_id, now=NOW, **said)

    def give(self, person: str, decision: str = "approve", reason: str = "") -> Approval:
        said = {"plan_hash": self.correction.plan_hash, "person": person, "decision": decision, "reason": reason}
        return approvals.give(self.session, self.correction.correction_id, lasts=WEEK, now=NOW, **said)


def waiting(session: Session, exposure: str | None = "10.50") -> Waiting:
    for name, role, limit in (
        ("ada", "approver", None),
        ("bob", "approver", "10.50"),
        ("qtc", "approver", None),
        ("eve", "operator", None),
    ):
        added(session, name, role, limit)
    row = saved(session, proposal(exposure=None if exposure is None else Decimal(exposure)), state="planned")
    corrections.move(session, row.correction_id, "waiting_approval", actor=ACTOR, now=NOW)
    return Waiting(session, row)


def disabled(session: Session) -> None:
    people.disable(session, "ada", actor=ACTOR, now=NOW)


def decided(session: Session) -> None:
    for row in corrections.list_corrections(session):
        corrections.move(session, row.correction_id, "declined", actor=ACTOR, now=NOW)


def untouched(session: Session) -> None:
    del session


@pytest.mark.parametrize(
    ("person", "exposure", "plan_hash", "change", "told"),
    [
        ("ada", "10.50", None, untouched, None),
        ("bob", "10.50", None, untouched, None),
        ("bob", "10.51", None, untouched, "over the limit 10.50 of 'bob'"),
        ("bob", None, None, untouched, "its exposure is not known"),
        ("ada", None, None, untouched, None),
        ("qtc", "10.50", None, untouched, "proposed it, another must approve"),
        ("eve", "10.50", None, untouched, "is no approver"),
        ("nobody", "10.50", None, untouched, "is no approver"),
        ("ada", "10.50", None, disabled, "is no approver"),
        ("ada", "10.50", "0" * 64, untouched, "the plan is another one now"),
        ("ada", "10.50", None, decided, "it is declined"),
    ],
)
def test_who_may_approve_what(  # noqa: PLR0917  # a case a column
    settings: Settings,
    person: str,
    exposure: str | None,
    plan_hash: str | None,
    change: Callable[[Session], None],
    told: str | None,
) -> None:
    with open_ledger(settings) as session:
        one = waiting(session, exposure)
        change(session)
        why = one.refusal(person, plan_hash)
        assert (why is None) if told is None else (why is not None and told in why)


def test_an_approval_stands_until_it_expires_the_plan_changes_or_the_person_loses_the_right(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = waiting(session)
        first = one.give("bob")
        assert one.refusal("bob") == "'bob' has approved it already, the second approval is another's"
        second = one.give("ada")
        assert approvals.valid(session, one.correction, NOW) == [first, second]
        assert approvals.valid(session, one.correction, NOW + WEEK) == []
        session.get_one(Person, "bob").approval_limit = Decimal(5)
        assert approvals.valid(session, one.correction, NOW) == [second]
        people.disable(session, "ada", actor=ACTOR, now=NOW)
        assert approvals.valid(session, one.correction, NOW) == []
        assert corrections.approvals_of(session, one.correction.correction_id) == [first, second]


def test_a_rejection_needs_a_reason_and_is_no_approval(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = waiting(session)
        with pytest.raises(CorrectionError, match="a rejection without a reason"):
            one.give("bob", "reject", " ")
        with pytest.raises(CorrectionError, match="'maybe' is no decision"):
            one.give("bob", "maybe")
        one.give("bob", "reject", "the customer disputes it")
        assert approvals.valid(session, one.correction, NOW) == []


def test_a_refused_approval_is_on_record_though_nothing_else_happened(settings: Settings) -> None:
    with open_ledger(settings) as session:
        one = waiting(session).correction
        why = approvals.refusal(
            session, one.correction_id, plan_hash=one.plan_hash, person="qtc", decision="approve", now=NOW
        )
        said = {"plan_hash": one.plan_hash, "person": "qtc", "decision": "approve", "why": str(why)}
        approvals.refused(session, one.correction_id, now=NOW, **said)
    with open_store(settings) as session:
        last = audit.rows_of(session, one.correction_id, 1)[0]
        assert (last.actor, last.action) == ("qtc", "approval.refused")
        assert corrections.approvals_of(session, one.correction_id) == []


def kept(session: Session, **changes: object) -> dead_letters.DeadLetter:
    values: dict[str, object] = {"cause": "rejected", "target": "erp", "payload": {"a": [1, None]}, "reason": "no"}
    return dead_letters.add(session, **{**values, "actor": ACTOR, "now": NOW, **changes})  # type: ignore[arg-type]


def test_a_letter_is_kept_once_until_a_person_decides(settings: Settings) -> None:
    with open_ledger(settings) as session:
        first = kept(session)
        assert kept(session, reason="still no", attempts=3) is first
        assert (first.attempts, first.reason, first.payload) == (4, "still no", {"a": [1, None]})
        other = kept(session, cause="undecodable")
        assert dead_letters.list_letters(session) == [first, other]
        assert dead_letters.list_letters(session, cause="undecodable", target="erp", limit=5) == [other]
        with pytest.raises(CorrectionError, match="needs a person and a reason"):
            dead_letters.decide(session, first.letter_id, "discarded", person="ada", reason="", now=NOW)
        dead_letters.decide(session, first.letter_id, "discarded", person="ada", reason="a test record", now=NOW)
        with pytest.raises(CorrectionError, match="is discarded by ada"):
            dead_letters.decide(session, first.letter_id, "replayed", person="bob", reason="", now=NOW)
        dead_letters.decide(session, other.letter_id, "replayed", person="bob", reason="", now=NOW)
        assert kept(session) is not first
        assert [row.action for row in audit.rows_of(session, str(first.letter_id))] == [
            "letter.kept",
            "letter.discarded",
        ]
        for wrong in (lambda: dead_letters.get(session, 99), lambda: kept(session, cause="bored")):
            with pytest.raises(CorrectionError):
                wrong()


def test_a_flood_stops_its_class_until_a_person_releases_it_for_that_build(settings: Settings) -> None:
    def stop(build_id: str) -> None:
        class_stops.stop(session, "unbilled", build_id=build_id, found=200, limit=100, actor=ACTOR, now=NOW)

    with open_ledger(settings) as session:
        stop("b1")
        stop("b2")
        assert [(row.break_class, row.build_id, row.found) for row in class_stops.stopped(session)] == [
            ("unbilled", "b1", 200)
        ]
        for name, person, reason in (("unbilled", "", "ok"), ("unbilled", "ada", " "), ("other", "ada", "ok")):
            with pytest.raises(CorrectionError):
                class_stops.release(session, name, person=person, reason=reason, now=NOW)
        class_stops.release(session, "unbilled", person="ada", reason="a migration", now=NOW)
        stop("b1")
        assert (class_stops.stopped(session), class_stops.released_for(session, "b1")) == ([], {"unbilled"})
        stop("b3")
        assert [row.build_id for row in class_stops.stopped(session)] == ["b3"]


def test_settings_are_in_force_only_as_another_person_approved_them(settings: Settings) -> None:
    with open_ledger(settings) as session:
        first = governed.propose(session, "policy", {"a": 1}, person="ada", now=NOW)
        assert governed.propose(session, "policy", {"a": 1}, person="bob", now=NOW) is first
        assert governed.in_force(session, "policy") is None
        with pytest.raises(CorrectionError, match="'ada' proposed it"):
            governed.approve(session, first.governed_id, person="ada", now=NOW)
        governed.approve(session, first.governed_id, person="bob", now=NOW)
        assert governed.in_force(session, "policy") is first
        with pytest.raises(CorrectionError, match="was approved by bob"):
            governed.approve(session, first.governed_id, person="eve", now=NOW)
        with pytest.raises(CorrectionError, match="there is none"):
            governed.approve(session, 99, person="eve", now=NOW)
        second = governed.propose(session, "policy", {"a": 2}, person="ada", now=NOW)
        assert (governed.waiting(session), governed.in_force(session, "policy")) == ([second], first)
        third = governed.propose(session, "policy", {"a": 3}, person="ada", now=NOW)
        governed.approve(session, third.governed_id, person="bob", now=NOW)
        assert governed.waiting(session) == [], "what is older than what is in force no longer waits"
        assert governed.in_force(session, "tolerances") is None
