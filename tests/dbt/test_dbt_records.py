"""What dbt makes of records: latest versions, quarantine, identities, values, and gates E0 and E1 over them.

Nothing writes the warehouse after it was built but the increment test, the last one.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.dbt import scenario
from tests.dbt.warehouse import dbt, lay, rows

pytestmark = pytest.mark.xdist_group("dbt")


def test_an_older_version_delivered_later_changes_nothing(warehouse: Path) -> None:
    query = f"select name from canonical.core_opportunity where source_id = '{scenario.OPPORTUNITY}'"
    assert rows(warehouse, query) == [("now",)]


def test_a_record_read_alive_after_a_tombstone_is_alive(warehouse: Path) -> None:
    assert rows(warehouse, "select minutes from canonical.core_time_entry where source_id = '1003'") == [(20,)]


def test_a_tombstone_with_an_older_stamp_still_ends_the_record(warehouse: Path) -> None:
    assert rows(warehouse, "select 1 from canonical.core_time_entry where source_id = '1004'") == []


def test_without_a_version_stamp_the_time_of_reading_orders(warehouse: Path) -> None:
    applied = rows(warehouse, "select amount, payment_id, currency from canonical.core_payment_application")
    assert applied == [(Decimal("59.5000"), "erp:71", "EUR")]


def test_what_cannot_be_read_is_quarantined_with_its_reason(warehouse: Path) -> None:
    found = rows(warehouse, "select source_entity, source_id, reason from canonical.core_quarantine order by 1, 2")
    assert found == [
        ("time_entries", "1005", "payload is not a JSON object"),
        ("time_entries", "1006", "time_in_minutes is not an integer"),
        ("transaction", "73", "trandate is not a date"),
        ("transaction", "74", "transaction type is not mapped"),
        ("transactionline", "73_1", "its transaction is not there or cannot be read"),
        ("transactionline", "99_1", "its transaction is not there or cannot be read"),
    ]


def test_conservation_closes_on_every_entity_with_rows_quarantined_and_folded(warehouse: Path) -> None:
    assert rows(warehouse, "select * from reconciliation.rec_conservation where difference <> 0") == []
    checked = rows(
        warehouse,
        "select count(distinct entity), sum(quarantined) filter (measure = 'count'), "
        "sum(quarantined) filter (measure = 'amount' and entity = 'transaction') from reconciliation.rec_conservation",
    )
    assert checked == [(len({one.entity for one in scenario.versions()}), 6, Decimal("72.7700"))]
    amounts = rows(
        warehouse,
        "select currency, period, raw_total, folded from reconciliation.rec_conservation "
        "where entity = 'transactionline' and measure = 'amount'",
    )
    assert amounts == [("", "", Decimal("-78.7700"), Decimal("49.5000"))]


def test_conservation_shows_a_row_the_canonical_model_lost(warehouse: Path, tmp_path: Path) -> None:
    import duckdb

    lost = tmp_path / "lost.duckdb"
    lost.write_bytes(warehouse.read_bytes())
    with duckdb.connect(str(lost)) as connection:
        connection.execute("delete from canonical.core_time_entry where source_id = '1001'")
        compiled = warehouse.parent / "target/compiled/qtc/models/reconciliation/control/rec_conservation.sql"
        query = compiled.read_text().replace('"warehouse".', '"lost".')
        found = connection.execute(
            f"select entity, currency, period, measure, difference from ({query}) where difference <> 0 order by 4"
        ).fetchall()
    assert found == [
        ("time_entries", "EUR", "2026-05", "count", Decimal(1)),
        ("time_entries", "EUR", "2026-05", "minutes", Decimal(20)),
    ]


def test_completeness_tells_short_and_moving_sources_apart(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select entity, currency, measure, raw_total, changed_during_read, difference, is_explained "
        "from reconciliation.rec_completeness order by entity, currency, measure",
    )
    assert found == [
        ("Account", "EUR", "count", 1, 0, -1, False),
        ("Account", "USD", "count", 0, 0, 1, False),
        ("expenses", "", "count", 2, 0, 1, False),
        ("time_entries", "", "count", 6, 2, 1, True),
        ("transaction", "3", "amount", Decimal("201.7700"), 0, 0, True),
        ("transaction", "3", "count", 8, 0, 0, True),
        ("workspaces", "", "count", 2, 0, 0, True),
    ]


def test_the_scope_anchor_names_what_no_record_shows(warehouse: Path) -> None:
    query = "select instance, kind, value from reconciliation.rec_scope_anchor where not seen order by all"
    assert rows(warehouse, query) == [("erp", "currency", "USD"), ("erp", "legal_entity", "US")]


def test_an_engagement_has_one_id_in_all_systems_and_it_is_pythons_uuid5(warehouse: Path) -> None:
    expected = str(uuid.uuid5(uuid.NAMESPACE_URL, f"qtc:crm:{scenario.OPPORTUNITY}"))
    relations = ("opportunity", "contract", "rate_card", "time_entry", "invoice", "invoice_line", "revenue_entry")
    for relation in relations:
        assert rows(warehouse, f"select distinct qtc_id from canonical.core_{relation}") == [(expected,)], relation
    projects = rows(warehouse, "select project_id, qtc_id from canonical.core_project order by 1")
    assert projects == [("erp:2000", expected), ("psa:30", expected), ("psa:31", None)]


def test_a_legal_entity_nobody_configured_is_unassigned(warehouse: Path) -> None:
    query = f"select legal_entity_id from canonical.core_opportunity where source_id = '{scenario.CHANGE_ORDER}'"
    assert rows(warehouse, query) == [("unassigned",)]


def test_time_is_valued_per_entry_at_the_rates_of_its_work_date(warehouse: Path) -> None:
    found = rows(
        warehouse,
        "select source_id, contract_rate, contract_value, cost_rate, period, approved_at::varchar "
        "from canonical.core_time_entry where system_role = 'psa' and source_id < '1003' order by 1",
    )
    assert found == [
        ("1001", Decimal(150), Decimal("50.00"), Decimal("60.50"), "2026-05", "2026-06-01 00:00:00"),
        ("1002", Decimal("160.5"), Decimal("66.88"), Decimal(70), "2026-06", "2026-06-01 00:00:00"),
    ]


def test_invoices_turn_the_ledgers_sign_and_name_the_billed_item(warehouse: Path) -> None:
    header = rows(
        warehouse,
        "select gross_amount, tax_amount, net_amount, functional_gross, functional_net, net_amount_reporting "
        "from canonical.core_invoice where document_type = 'invoice'",
    )
    assert header == [tuple(Decimal(x) for x in ("59.5", "9.5", "50", "59.5", "50", "54.25"))]
    query = "select contract_id, posting_period, legal_entity_id from canonical.core_invoice where source_id = '70'"
    placed = rows(warehouse, query)
    assert placed == [("crm:800C", "2026-05", "DE")]
    query = "select source_item_id, minutes, net_amount, is_posted from canonical.core_invoice_line where minutes > 0"
    line = rows(warehouse, query)
    assert line == [("psa:1001", 20, Decimal(50), True)]


def test_a_write_off_ends_a_receivable_and_takes_back_nothing_billed(warehouse: Path) -> None:
    written_off = rows(
        warehouse,
        "select document_type, gross_amount, source_type, source_item_id, line.net_amount from canonical.core_invoice "
        "inner join canonical.core_invoice_line as line using (invoice_id) where credit_reason is not null",
    )
    assert written_off == [("write_off", Decimal(-10), "write_off", None, Decimal(-10))]
    query = "select write_off_id, kind, amount, currency from canonical.core_write_off"
    assert rows(warehouse, query) == [("receivable:erp:75", "receivable", Decimal(10), "EUR")]


def test_a_voided_payment_and_the_journal_that_undoes_it_cancel_out(warehouse: Path) -> None:
    columns = "document_type, is_void, amount, payment_date::varchar, reversed_payment_id"
    query = f"select {columns} from canonical.core_payment where source_id <> '71' order by 1"
    assert rows(warehouse, query) == [
        ("payment", True, Decimal(20), "2026-06-11", None),
        ("reversal", False, Decimal(-20), "2026-06-12", "erp:76"),
    ]


def test_a_rate_for_the_country_of_the_resource_goes_before_one_for_any(warehouse: Path) -> None:
    query = "select contract_rate, contract_value from canonical.core_time_entry where source_id = '1008'"
    assert rows(warehouse, query) == [(Decimal(140), Decimal("46.67"))]


def test_what_surrounds_an_engagement_is_placed_with_it(warehouse: Path) -> None:
    terms = "select contract_id, field, old_value, changed_at::varchar from canonical.core_contract_term"
    assert rows(warehouse, terms) == [("crm:800C", "payment_terms", "Net 30", "2026-05-02 09:00:00")]
    demand = "select contract_id, role_code, minutes from canonical.core_role_demand"
    assert rows(warehouse, demand) == [("crm:800C", "CONSULTANT", 600)]
    cost = "select contract_id, amount, vendor_name, cost_centre from canonical.core_subcontractor_cost"
    assert rows(warehouse, cost) == [("crm:800C", Decimal(500), "Helpers", "DATA")]
    charge = "select contract_id, counterpart_source_id, amount, currency, legal_entity_id from canonical.core_charge"
    assert rows(warehouse, charge) == [("crm:800C", "501", Decimal(550), "EUR", "DE")]
    holiday = "select legal_entity_id, holiday_date::varchar from canonical.core_calendar"
    assert rows(warehouse, holiday) == [("DE", "2026-05-01")]
    assert rows(warehouse, "select expense_id from canonical.core_expense") == [("psa:500",)]
    assert rows(warehouse, "select code, is_active from canonical.core_cost_centre") == [("DATA", True)]


def test_an_increment_reads_only_new_loads_and_equals_a_fresh_build(warehouse: Path) -> None:
    before = dict(rows(warehouse, "select load_id, count(*) from base.base_kantata__time_entries group by 1"))
    late = scenario.entry("1007", minutes=60)
    lay(warehouse, [replace(late, read_at="2026-07-01 00:00:00+00", load_id="load-4")], scenario.INSTANCES)
    dbt(warehouse, "run", "--select", "tag:step_1")
    after = dict(rows(warehouse, "select load_id, count(*) from base.base_kantata__time_entries group by 1"))
    assert after == {**before, "load-4": 1}
    assert rows(warehouse, "select minutes from canonical.core_time_entry where source_id = '1007'") == [(60,)]
    assert rows(warehouse, "select * from reconciliation.rec_conservation where difference <> 0") == []
