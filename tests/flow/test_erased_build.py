"""After an erasure the next build parses anew: the warehouse forgets, the equations of completeness hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from qtc_pipeline import keys
from qtc_pipeline.gates.evaluate import evaluate
from qtc_pipeline.ingest.erase import erase_record
from qtc_pipeline.sandbox.firm import Firm
from qtc_pipeline.transform.context import prepare
from qtc_pipeline.transform.dbt import run_step
from tests.flow.replay import SCALE, Built, lay_down

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("warehouses")]
NAMES = "select record_id, full_name, email_address from base.base_kantata__users order by record_id"


def first_step(built: Built) -> dict[str, int]:
    """Parse, and judge E0 and E1; verdict -> how many."""
    assert not prepare(built.settings).is_done
    assert run_step(built.settings, keys.DBT_STEPS[0]).failures == ()
    return dict(evaluate(built.settings, 1, str).counts)


def test_the_warehouse_forgets_what_is_erased_and_e0_and_e1_stay_green(tmp_path: Path) -> None:
    built = lay_down(tmp_path / "home", Firm(7, SCALE, defects=False))
    before = first_step(built)
    assert before.get("fail", 0) == 0
    (first, *others) = built.rows(NAMES)
    erase_record(
        built.settings, instance="psa", entity="users", record_id=first["record_id"], person="Ada", reason="Article 17"
    )
    assert first_step(built) == before
    (erased, *rest) = built.rows(NAMES)
    assert rest == others
    assert (erased["full_name"], erased["email_address"]) == ("[erased]", "[erased]")
