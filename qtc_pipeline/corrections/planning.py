"""What is proposed for the open exceptions of a build, and what is not, and why. Pure: no store, no clock, no network.

Here: the order of the questions an exception is asked. Add here a reason not to plan. Stays out: what repairs a class
(``rules``), reading and storing (``plan``), who must agree (``policy``), claims on records (``claims``).

An exception is proposed a correction unless, in this order: its leg is not proven in this build, its class came as a
flood, a correction of it is under way or waits for a person, another exception's correction repairs it too, somebody
else's correction writes the same. It becomes a task for its owner where only a person can decide, the system cannot do
it safely, the policy forbids it, or the same was corrected too often. Each exception ends in exactly one of these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from qtc_pipeline.corrections import policy
from qtc_pipeline.corrections.case import Ask, Case, Covered, Draft, Person
from qtc_pipeline.corrections.claims import claims_of, fields_of
from qtc_pipeline.corrections.contract import BEFORE_APPLYING, Kind, Proposal, State, Step
from qtc_pipeline.corrections.facts import Facts
from qtc_pipeline.corrections.outcome import Inputs, Plan, Skipped, Standing
from qtc_pipeline.corrections.policy import Judgement
from qtc_pipeline.corrections.rules import RULES, owner_task
from qtc_pipeline.settings.corrections import Corrections
from qtc_pipeline.systems.writing import Action, Value, Values

_PING_PONG = 2  # corrections of one field after which a person is asked
_UNRANKED = 99
_UNDER_WAY = frozenset({State.APPLYING, State.IN_DOUBT, State.VERIFYING})
_TOLD_NO = frozenset({State.DECLINED, State.CANCELLED, State.DISCARDED})
_FAILED = frozenset({State.REJECTED, State.PARTLY_APPLIED})


class _SkippedError(Exception):
    """Nothing is proposed for an exception; the message is the reason."""


def draw(cases: Iterable[Case], facts: Facts, inputs: Inputs, settings: Corrections) -> Plan:
    """Propose what repairs the open exceptions of a build."""
    ordered = sorted(cases, key=lambda one: (one.rank or _UNRANKED, -(one.exposure or 0), one.exception_id))
    floods = _floods(ordered, inputs, settings)
    stopped = {
        **dict.fromkeys(inputs.stopped, "a flood of this class stopped it: a person releases it"),
        **{
            name: f"{count} exceptions of {name} are new, more than {settings.max_new_of(name)}: a person looks first"
            for name, count in floods.items()
        },
    }
    drawing = _Drawing(facts, inputs, settings, stopped)
    for case in ordered:
        drawing.add(case)
    return Plan(
        inputs.build_id,
        tuple(drawing.proposals),
        drawing.kept,
        tuple(drawing.skipped),
        drawing.judgements,
        drawing.replaces,
        stopped,
        floods,
    )


def _floods(cases: Sequence[Case], inputs: Inputs, settings: Corrections) -> dict[str, int]:
    """Classes with too many exceptions nothing was ever planned for."""
    new = Counter(
        case.break_class
        for case in cases
        if case.leg in inputs.green
        and not any(one.occurrence == case.occurrence for one in inputs.standing.get(case.exception_id, ()))
    )
    return {
        name: count
        for name, count in sorted(new.items())
        if count > settings.max_new_of(name) and name not in inputs.released and name not in inputs.stopped
    }


class _Drawing:
    """A plan while it is made: what is proposed so far, and what that claims."""

    def __init__(self, facts: Facts, inputs: Inputs, settings: Corrections, stopped: Mapping[str, str]) -> None:
        self._facts, self._inputs, self._settings, self._stopped = facts, inputs, settings, stopped
        self._claimed = dict(inputs.claimed)
        self._corrected: dict[tuple[str, str, str | None], list[frozenset[str]]] = {}
        for one in inputs.corrected:
            self._corrected.setdefault((one.instance, one.entity, one.record_key), []).append(one.fields)
        self.proposals: list[Proposal] = []
        self.kept: dict[str, str] = {}
        self.skipped: list[Skipped] = []
        self.judgements: dict[str, Judgement] = {}
        self.replaces: dict[str, Standing] = {}

    def add(self, case: Case) -> None:
        """Propose, keep or skip an exception."""
        try:
            self._propose(case)
        except _SkippedError as skipped:
            self.skipped.append(Skipped(case.exception_id, case.break_class, str(skipped)))

    def _propose(self, case: Case) -> None:
        self._refuse_unproven(case)
        past = [one for one in self._inputs.standing.get(case.exception_id, ()) if one.occurrence == case.occurrence]
        last = past[-1] if past else None
        is_open_task = last is not None and last.kind is Kind.OWNER_TASK and last.state is State.VERIFYING
        failed = last if last is not None and last.state in _FAILED else None
        if last is not None and not is_open_task:
            self._refuse_decided(last)
        answer = self._answer(case, past, failed)
        if isinstance(answer, Covered):
            raise _SkippedError(answer.why)
        made = self._made(case, answer, len(past) + 1)
        if last is not None:
            same = any(one.plan_hash == made.plan_hash for one in past)
            if last.state in BEFORE_APPLYING and last.plan_hash == made.plan_hash:
                self._keep(case, last, made)
                return
            if is_open_task and (made.kind is Kind.OWNER_TASK or same):
                self._keep(case, last, None)
                return
            if last.state in _TOLD_NO and last.plan_hash == made.plan_hash:
                raise _SkippedError(
                    f"a person said no to this plan: correction {last.correction_id[:12]}, {last.state}"
                )
        self._claim(case, made)
        if last is not None and (is_open_task or failed is not None or last.correction_id in self._inputs.replaces):
            self.replaces[made.correction_id] = last
        self.judgements[made.correction_id] = policy.decide(self._settings, made)
        self.proposals.append(made)

    def _refuse_unproven(self, case: Case) -> None:
        if case.kind not in {"break", "condition"}:
            raise _SkippedError(f"a row of kind {case.kind} is nobody's work")
        if case.leg not in self._inputs.green:
            raise _SkippedError(f"{case.leg} is not proven in this build: a short load looks like missing records")
        if case.last_build_id != self._inputs.build_id:
            raise _SkippedError("this build did not look at it")
        if case.break_class in self._stopped:
            raise _SkippedError(self._stopped[case.break_class])

    def _refuse_decided(self, last: Standing) -> None:
        name = f"correction {last.correction_id[:12]}"
        if last.correction_id in self._inputs.replaces:
            return
        if last.state in _UNDER_WAY:
            raise _SkippedError(f"{name} of it is {last.state.replace('_', ' ')}")
        if last.state is State.DEAD_LETTER:
            raise _SkippedError(f"{name} of it lies in the dead letters: replay or discard it")
        if last.state is State.NEEDS_PERSON:
            raise _SkippedError(f"what came of {name} cannot be told: a person decides")

    def _answer(self, case: Case, past: Sequence[Standing], failed: Standing | None) -> Draft | Person | Covered:
        if failed is not None:
            return Person(failed.reason or f"the system did not take correction {failed.correction_id[:12]}")
        if sum(one.state is State.REOPENED for one in past) >= _PING_PONG:
            return Person("it was corrected twice and the rule still finds it")
        rule = RULES.get(case.break_class)
        if rule is None:
            return Person(f"nobody has said what is to be done about {case.break_class}")
        return rule(case, self._facts, self._settings)

    def _made(self, case: Case, answer: Draft | Person, generation: int) -> Proposal:
        """The proposal of an answer, or the task it becomes."""
        if isinstance(answer, Draft):
            made = self._proposal(case, answer, generation)
            if isinstance(made, Proposal):
                again = self._ping_pong(made)
                judged = policy.decide(self._settings, made)
                if again is None and judged.decision != "never":
                    return made
                answer = Person(again or f"{judged.reason}", answer.evidence)
            else:
                answer = made
        task = self._task(case, answer, generation)
        if task is None:
            raise _SkippedError(f"{answer.why}; no system takes tasks, so it stands in the queue of {case.owner_role}")
        return task

    def _proposal(self, case: Case, draft: Draft, generation: int) -> Proposal | Person:
        steps: list[Step] = []
        made_by: dict[int, int] = {}  # ask -> step that makes its record
        for number, ask in enumerate(draft.asks, 1):
            composer = self._inputs.composers.get(ask.instance)
            writes = None if composer is None else composer(_renumbered(ask, made_by).action)
            if not writes:
                return Person(f"{ask.instance} offers no safe way to {ask.title}", draft.evidence)
            made_by[number] = len(steps) + 1
            steps += [
                Step(len(steps) + 1 + place, ask.instance, write, ask.title) for place, write in enumerate(writes)
            ]
        return Proposal(
            kind=draft.kind,
            exception_id=case.exception_id,
            occurrence=case.occurrence,
            generation=generation,
            break_class=case.break_class,
            leg=case.leg,
            grain_key=case.grain_key,
            steps=tuple(steps),
            evidence=draft.evidence,
            expects=draft.expects,
            owner_role=case.owner_role,
            exposure=case.exposure,
            legal_entity_id=case.legal_entity_id,
            qtc_id=case.qtc_id,
            build_id=self._inputs.build_id,
            field_class=draft.field_class,
            reasons=draft.reasons,
            least=draft.least,
        )

    def _task(self, case: Case, person: Person, generation: int) -> Proposal | None:
        for instance in self._inputs.task_instances:
            made = self._proposal(case, owner_task.draft(case, person, instance, self._facts), generation)
            if isinstance(made, Proposal):
                return made
        return None

    def _ping_pong(self, made: Proposal) -> str | None:
        for step in made.steps:
            write = step.write
            touched = fields_of(write)
            before = self._corrected.get((step.instance, write.entity, write.key), ())
            times = sum(bool(fields & touched) for fields in before)
            if write.operation == "update" and times >= _PING_PONG:
                days = self._settings.ping_pong_days
                return f"{', '.join(sorted(touched))} was corrected {times} times in {days} days: somebody sets it back"
        return None

    def _keep(self, case: Case, last: Standing, made: Proposal | None) -> None:
        if made is not None:
            self._claim(case, made)
        self.kept[case.exception_id] = last.correction_id

    def _claim(self, case: Case, made: Proposal) -> None:
        wanted = claims_of(made.steps)
        for claim in wanted:
            holder = self._claimed.get(claim, case.exception_id)
            if holder != case.exception_id:
                raise _SkippedError(
                    f"the correction of exception {holder[:12]} writes {claim.said}: first things first"
                )
        self._claimed.update(dict.fromkeys(wanted, case.exception_id))


def _renumbered(ask: Ask, made_by: Mapping[int, int]) -> Ask:
    """An ask whose references to earlier asks are references to steps."""

    def value(one: Value) -> Value:
        for number, step in made_by.items():
            if one == f"@{{{number}}}":
                return f"@{{{step}}}"
        return one

    def values(some: Values) -> dict[str, Value]:
        return {name: value(one) for name, one in some.items()}

    action: Action = ask.action
    key = value(action.source_id)
    return replace(
        ask,
        action=replace(
            action,
            values=values(action.values),
            source_id=key if isinstance(key, str) else None,
            lines=tuple(values(line) for line in action.lines),
        ),
    )
