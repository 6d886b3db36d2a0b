"""Each gate alone turns red: the four equations, the limits, dbt's tests; one import of Great Expectations for all."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from qtc_pipeline.errors import QtcError
from qtc_pipeline.gates.contract import MARTS, Status
from qtc_pipeline.gates.evaluate import GateResult, evaluate
from qtc_pipeline.ops import builds, verdicts
from qtc_pipeline.ops.builds import Failure
from qtc_pipeline.ops.models import Verdict
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.settings import Instance, LegalEntity, RuleTolerance, Settings, Tolerances
from tests.gates.small import AS_OF, evaluate_both, make_warehouse, settings_in

pytestmark = pytest.mark.xdist_group("great_expectations")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "var")


def judged(settings: Settings, *breaking: str) -> GateResult:
    make_warehouse(settings, "build-a", *breaking)
    return evaluate_both(settings)


def stored(settings: Settings, mart: str | None = None) -> list[Verdict]:
    with open_store(settings) as session:
        found = verdicts.verdicts_of(session, "build-a", mart)
        session.expunge_all()
    return found


def red(settings: Settings) -> dict[str, set[str]]:
    """Gate -> rules that fail or were not evaluated, over all marts."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in stored(settings):
        if row.verdict in {"fail", "not_evaluated"}:
            found[row.gate].add(row.rule_id)
    return dict(found)


def status_of(result: GateResult) -> dict[str, Status]:
    return {name: decision.status for name, decision in result.decisions.items()}


def test_a_firm_whose_systems_agree_is_green_everywhere(settings: Settings) -> None:
    result = judged(settings)
    assert red(settings) == {}
    assert set(status_of(result).values()) == {Status.FINAL}
    assert {row.verdict for row in stored(settings)} == {"pass"}


def test_a_source_that_counts_more_than_was_read_turns_only_e0_red(settings: Settings) -> None:
    result = judged(settings, "update small.source_count set counted = 3 where currency = 'EUR'")
    assert red(settings) == {"e0": {"completeness.crm.contract"}}
    assert status_of(result)["backlog"] is Status.HELD
    assert status_of(result)["margin"] is Status.FINAL  # margin does not rest on the CRM


def test_a_filter_that_hides_a_subsidiary_from_count_and_read_alike_turns_only_e0_red(settings: Settings) -> None:
    judged(
        settings,
        "delete from raw.salesforce__contract where legal_entity_id = 'DE'",
        "delete from canonical.core_contract where legal_entity_id = 'DE'",
        "delete from marts.fct_backlog where legal_entity_id = 'DE'",
        "delete from small.source_count where currency = 'EUR'",
    )
    assert red(settings) == {"e0": {"scope.crm.legal_entity.DE"}}


def test_a_load_older_than_its_maximum_age_is_not_evaluated(settings: Settings) -> None:
    result = judged(settings, "update raw.qtc_load set read_through = '2026-06-01' where instance = 'psa'")
    assert red(settings) == {"e0": {"completeness.psa.workspaces"}}
    assert status_of(result)["invoice_exceptions"] is Status.FINAL
    assert status_of(result)["unbilled_time"] is Status.HELD


def test_an_entity_that_was_never_loaded_is_not_evaluated(settings: Settings) -> None:
    judged(settings, "create table raw.netsuite__payment as select 1 as record_id")
    assert red(settings) == {"e0": {"completeness.erp.payment"}}


def test_an_inner_join_that_drops_rows_turns_only_e1_red(settings: Settings) -> None:
    result = judged(
        settings,
        "delete from canonical.core_contract where record_id = 'c4'",
        "delete from marts.fct_backlog where record_id = 'c4'",
    )
    assert red(settings) == {"e1": {"conservation.crm.contract"}}
    assert status_of(result)["backlog"] is Status.HELD
    assert status_of(result)["unbilled_time"] is Status.FINAL


def test_offsetting_errors_of_two_contracts_turn_only_e2_red(settings: Settings) -> None:
    judged(
        settings,
        "update small.project set amount = amount + 20 where record_id = 'c1'",
        "update small.project set amount = amount - 20 where record_id = 'c2'",
    )
    assert red(settings) == {"e2": {"contract_value.psa"}}
    totals = [row for row in stored(settings, "backlog") if row.rule_id == "contract_value.psa" and row.expected]
    equation = [(row.legal_entity_id, row.expected == row.actual, row.verdict) for row in totals if row.gate == "e2"]
    assert equation == [("DE", True, "pass"), ("US", True, "fail")]  # the totals alone would net to green


def test_a_named_difference_is_no_reason_to_hold_anything(settings: Settings) -> None:
    judged(
        settings,
        "update small.project set amount = amount - 20 where record_id = 'c1'",
        "insert into small.amendment values ('c1', 20)",
    )
    assert red(settings) == {}


def test_a_difference_at_row_nine_hundred_is_seen(settings: Settings) -> None:
    judged(
        settings,
        "create or replace view reconciliation.rec_mart_total as select 'backlog' as mart, 'amount' as measure, "
        "'2026-05' as period, 'E' || i as legal_entity_id, i::decimal(18,4) as mart_total, "
        "i::decimal(18,4) as canonical_total, case when i = 900 then 0.01 else 0 end::decimal(18,4) as difference "
        "from range(1000) as t(i) union all select mart, 'amount', period, legal_entity_id, amount, amount, 0 "
        "from small.other_rows",
    )
    failed = [row for row in stored(settings) if row.verdict == "fail"]
    assert [(row.gate, row.legal_entity_id, row.unexplained) for row in failed] == [("e3", "E900", Decimal("0.0100"))]


@pytest.mark.parametrize(
    "breaking",
    ["delete from marts.fct_backlog where record_id = 'c3'", "insert into marts.fct_backlog from marts.fct_backlog"],
    ids=["filters", "fans_out"],
)
def test_a_mart_that_filters_or_fans_out_turns_only_e3_red(settings: Settings, breaking: str) -> None:
    result = judged(settings, breaking)
    assert red(settings) == {"e3": {"carried.backlog"}}
    assert [name for name, status in status_of(result).items() if status is Status.HELD] == ["backlog"]


def test_exposure_over_tolerance_qualifies_an_operational_and_holds_a_financial_mart(settings: Settings) -> None:
    result = judged(
        settings,
        "insert into small.exposure values ('contract_value.psa', 'leakage', '2026-05', 'US', 12.5), "
        "('revenue.gl', 'misstatement', '2026-05', 'US', 3)",
    )
    assert status_of(result) == {**status_of(result), "backlog": Status.QUALIFIED, "margin": Status.HELD}
    assert "12.5" in (result.decisions["backlog"].reason or "")
    assert status_of(result)["unbilled_time"] is Status.FINAL


def test_an_unknown_exposure_is_within_no_tolerance(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "var", tolerances=Tolerances(exposure={"backlog": Decimal(10**9)}))
    result = judged(
        settings, "insert into small.exposure values ('contract_value.psa', 'leakage', '2026-05', 'US', null)"
    )
    assert status_of(result)["backlog"] is Status.QUALIFIED


def test_bases_are_never_added_to_each_other(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "var", tolerances=Tolerances(exposure={"backlog": Decimal(10)}))
    result = judged(
        settings,
        "insert into small.exposure values ('contract_value.psa', 'leakage', '2026-05', 'US', 8), "
        "('contract_value.psa', 'delay', '2026-05', 'US', 8)",
    )
    assert status_of(result)["backlog"] is Status.FINAL


def test_a_rule_with_a_tolerance_of_its_own_is_judged_against_that_alone(tmp_path: Path) -> None:
    rules = (
        RuleTolerance(rule="revenue.gl", exposure=Decimal(1)),
        RuleTolerance(rule="revenue", mart="margin", legal_entity="US", exposure=Decimal(4)),
    )
    exposed = "insert into small.exposure values ('revenue.gl', 'misstatement', '2026-05', '{}', 3)"
    for place, (entity, expected) in enumerate((("US", Status.FINAL), ("DE", Status.HELD))):
        settings = settings_in(tmp_path / f"var{place}", tolerances=Tolerances(rules=rules))
        assert status_of(judged(settings, exposed.format(entity)))["margin"] is expected


def test_a_legs_share_in_flight_may_have_a_limit_of_its_own() -> None:
    own = RuleTolerance(rule="milestone", mart="unbilled_time", max_in_flight=Decimal("0.5"))
    tolerances = Tolerances(rules=(own,))
    assert tolerances.in_flight_of("unbilled_time", "milestone.erp") == Decimal("0.5")
    assert tolerances.in_flight_of("backlog", "milestone.erp") == Decimal("0.05")


def test_a_waiver_of_a_named_person_lets_a_financial_mart_out_qualified(settings: Settings) -> None:
    with open_store(settings) as session:
        verdicts.add_waiver(
            session,
            mart="margin",
            rule_id="revenue.gl",
            person="Ada Lovelace",
            reason="journal corrected in July",
            expires_at=AS_OF + timedelta(days=30),
        )
    result = judged(settings, "insert into small.exposure values ('revenue.gl', 'misstatement', '2026-05', 'US', 3)")
    assert status_of(result)["margin"] is Status.QUALIFIED
    assert [row.verdict for row in stored(settings, "margin") if row.gate == "exposure"] == ["waived"]


def test_an_expired_waiver_waives_nothing(settings: Settings) -> None:
    with open_store(settings) as session:
        verdicts.add_waiver(session, mart="margin", rule_id="revenue.gl", person="Ada", reason="once", expires_at=AS_OF)
    result = judged(settings, "insert into small.exposure values ('revenue.gl', 'misstatement', '2026-05', 'US', 3)")
    assert status_of(result)["margin"] is Status.HELD


def test_a_dead_interface_shows_as_a_share_in_flight_over_its_limit(settings: Settings) -> None:
    timing = (
        "create or replace view reconciliation.rec_row as select 'contract_value' as rule_id, "
        "'contract_value.psa' as leg, 'amount' as measure, 'timing' as kind, null as break_class, 'c1' as grain_key, "
        "'2026-05' as period, 'US' as legal_entity_id, 'USD' as currency, 100::decimal(18,4) as difference"
    )
    total = (
        "create or replace table reconciliation.rec_total_fixed as select * replace ("
        "case when currency = 'USD' then 100::decimal(38,4) else 0 end as timing_total, "
        "right_total - case when currency = 'USD' then 100 else 0 end as right_total) from reconciliation.rec_total"
    )
    swap = "drop view reconciliation.rec_total; alter table reconciliation.rec_total_fixed rename to rec_total"
    result = judged(settings, total, swap, timing)
    assert red(settings) == {"in_flight": {"contract_value.psa"}}
    assert status_of(result)["backlog"] is Status.QUALIFIED


def test_a_leg_within_one_instance_is_not_applicable_and_never_green(tmp_path: Path) -> None:
    firm = LegalEntity(id="US", name="US Inc.", currency="USD", keys={"all": "US"})
    one = Instance(name="all", vendor="tryton", roles=("crm", "psa", "erp"), base_url="http://all.invalid")
    settings = settings_in(tmp_path / "var", instances=(one,), legal_entities=(firm,))
    make_warehouse(settings, "build-a")
    evaluate_both(settings)
    rows = [
        row for row in stored(settings) if row.rule_id.startswith(("contract_value", "approved_time", "activation"))
    ]
    assert {row.verdict for row in rows if row.gate == "e2"} == {"not_applicable"}


def test_a_failed_dbt_test_holds_the_marts_that_rest_on_it_and_no_other(settings: Settings) -> None:
    make_warehouse(settings, "build-a")
    failure = Failure("test.qtc.unique_fct_margin", "step_2", "fail", "got 3 results", ("marts.fct_margin",))
    with open_store(settings) as session:
        builds.replace_failures(session, "build-a", "step_2", [failure])
    result = evaluate_both(settings)
    held = {name for name, status in status_of(result).items() if status is Status.HELD}
    assert held == {"margin"}
    assert "got 3 results" in (result.decisions["margin"].reason or "")


def test_tables_a_failed_model_left_behind_prove_nothing(settings: Settings) -> None:
    make_warehouse(settings, "build-a")
    failure = Failure("model.qtc.rec_total", "step_2", "error", "boom", ("reconciliation.rec_total",))
    with open_store(settings) as session:
        builds.replace_failures(session, "build-a", "step_2", [failure])
    assert evaluate_both(settings).stops


def test_stage_two_alone_holds_everything(settings: Settings) -> None:
    make_warehouse(settings, "build-a")
    with open_store(settings) as session:
        builds.mark(session, "build-a", "step_2_at")
    result = evaluate(settings, 2)
    assert set(status_of(result).values()) == {Status.HELD}


def test_a_stage_is_judged_once_per_build(settings: Settings) -> None:
    assert not judged(settings).was_done
    assert evaluate(settings, 2).was_done


def test_no_stage_is_judged_before_its_dbt_step_ran(settings: Settings) -> None:
    make_warehouse(settings, "build-a")
    with pytest.raises(QtcError, match="dbt step_2 did not run"):
        evaluate(settings, 2)


def test_exposure_of_a_closed_period_gates_only_what_it_gained_since_it_was_published(tmp_path: Path) -> None:
    from qtc_pipeline.publish.publish import publish

    tolerances = Tolerances(exposure={"margin": Decimal(5), "revenue": Decimal(1000)})
    settings = settings_in(tmp_path / "var", tolerances=tolerances)
    closed = "insert into canonical.core_accounting_period values ('US', '2026-05', true)"
    exposed = "insert into small.exposure values ('revenue.gl', 'misstatement', '2026-05', 'US', {})"
    judged(settings, closed, exposed.format(4))
    publish(settings)
    for build_id, exposure, expected in (("build-b", 8, Status.FINAL), ("build-c", 20, Status.HELD)):
        make_warehouse(settings, build_id, closed, exposed.format(exposure))
        assert evaluate_both(settings).decisions["margin"].status is expected


def test_every_leg_of_a_mart_belongs_to_a_rule_with_sides() -> None:
    from qtc_pipeline.transform.legs import LEGS

    assert {leg for mart in MARTS.values() for leg in mart.legs} <= LEGS.keys()


KILLED = """
import os, signal, sys
from pathlib import Path
from qtc_pipeline.gates import evaluate as room
from tests.gates.small import settings_in

def die(*args):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "judging":
    room.judge = die
else:
    room.judge = lambda tables: {table.name: {} for table in tables}
    room.builds.mark = die
room.evaluate(settings_in(Path(sys.argv[2])), 1)
"""


@pytest.mark.parametrize("where", ["judging", "storing"])
def test_gates_killed_anywhere_have_said_nothing_and_speak_in_the_next_run(settings: Settings, where: str) -> None:
    make_warehouse(settings, "build-a", "update small.source_count set counted = 3 where currency = 'EUR'")
    killed = subprocess.run([sys.executable, "-c", KILLED, where, str(settings.home)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert stored(settings) == []
    evaluate_both(settings)
    assert red(settings) == {"e0": {"completeness.crm.contract"}}
