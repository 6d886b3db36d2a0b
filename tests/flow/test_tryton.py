"""The whole job on a real Tryton: read, built, judged and published, equal to Tryton's own records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from qtc_pipeline.ops import verdicts
from qtc_pipeline.ops.store import open_store
from qtc_pipeline.run import RunReport, run
from qtc_pipeline.sandbox.tryton.server import make_template, tryton_toml
from qtc_pipeline.settings import Settings, load_settings
from tests.flow.tryton_books import Books, month
from tests.systems.tryton.servers import HOME, fresh_copy

if TYPE_CHECKING:
    import duckdb

pytestmark = pytest.mark.xdist_group("tryton")
TWO_SIDED = {
    *("activation.psa", "activation.erp", "contract_value.psa", "contract_value.erp", "approved_time.erp"),
    *("customer_master.erp", "billing_terms.erp", "bill_rate.psa", "bill_rate.erp", "lifecycle_order", "staffing.psa"),
    *("expense.erp", "expense.subcontractor", "milestone.erp", "revenue.subledger"),
}


class Silent:
    def stage(self, text: str) -> None:
        """Nobody is told."""

    def detail(self, text: str) -> None:
        """Nobody is told."""


class Firm(NamedTuple):
    settings: Settings
    first: RunReport
    second: RunReport
    books: Books


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Firm:
    home = tmp_path_factory.mktemp("tryton")
    make_template(HOME)
    with fresh_copy("flow") as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("QTC_HOME", str(home))
        config = home / "qtc.toml"
        config.write_text(tryton_toml(HOME, server.port), encoding="utf-8")
        settings = load_settings(config)
        first = run(settings, Silent(), "full")
        second = run(settings, Silent())
        with server.connect() as rpc:
            books = Books(rpc)
    return Firm(settings, first, second, books)


@pytest.fixture
def warehouse(firm: Firm) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    with duckdb.connect(str(firm.settings.warehouse_path), read_only=True) as connection:
        yield connection


def mart(warehouse: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    cursor = warehouse.execute(f"select * from marts.{name}")
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def number(reference: str) -> int:
    return int(reference.removeprefix("tryton:"))


def test_every_mart_is_published_and_a_second_run_has_nothing_to_do(firm: Firm) -> None:
    assert firm.first.unread == {}
    assert firm.first.held == {}
    assert sum(load.load.rows for load in firm.first.loads["tryton"]) > 1000
    assert firm.second.is_unchanged
    assert {load.load.versions for load in firm.second.loads["tryton"]} == {0}


def test_the_firm_is_the_same_wherever_it_is_seeded(firm: Firm) -> None:
    books = firm.books
    assert len(books.time) == 504
    assert sum(books.minutes(entry) for entry in books.time.values()) == 105_140
    assert sum(1 for row in books.invoices.values() if books.is_posted(row)) == 15
    assert sum(row["debit"] for row in books.move_lines.values()) == Decimal("251140.55")
    assert sum(row["untaxed_amount"] for row in books.sales.values()) == Decimal("238899.70")


def test_legs_whose_sides_are_one_instance_are_not_applicable(firm: Firm) -> None:
    with open_store(firm.settings) as session:
        given = [(one.gate, one.rule_id, one.verdict) for one in verdicts.verdicts_of(session, firm.first.build_id)]
    by_leg = defaultdict(set)
    for gate, rule, verdict in given:
        if gate == "e2":
            by_leg[rule].add(verdict)
    assert {leg for leg, found in by_leg.items() if found == {"not_applicable"}} == TWO_SIDED
    assert {verdict for _, _, verdict in given} == {"pass", "not_applicable"}


def test_backlog_equals_trytons_own_records(firm: Firm, warehouse: duckdb.DuckDBPyConnection) -> None:
    expected = firm.books.backlog()
    rows = {number(row["contract_id"]): row for row in mart(warehouse, "fct_backlog")}
    assert {sale: {name: rows[sale][name] for name in measures} for sale, measures in expected.items()} == expected
    assert rows.keys() == expected.keys()


def test_unbilled_time_equals_trytons_own_records(firm: Firm, warehouse: duckdb.DuckDBPyConnection) -> None:
    expected = {entry: rest for entry, *rest in firm.books.unbilled()}
    got = {
        number(row["time_entry_id"]): [
            number(row["contract_id"]),
            row["state"],
            row["unbilled_minutes"],
            row["unbilled_amount"],
        ]
        for row in mart(warehouse, "fct_unbilled_time")
    }
    assert len(expected) > 50
    assert {state for _, state, _, _ in expected.values()} == {"ready", "on_draft"}
    assert got == expected


def test_margin_equals_trytons_own_records(firm: Firm, warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = {(number(row["contract_id"]), row["period"]): row for row in mart(warehouse, "fct_margin")}
    names = ("recognized_amount", "billed_amount", "approved_minutes", "labour_cost")
    got = {
        key: {name: Decimal(row[name]) for name in names if row[name]}
        for key, row in rows.items()
        if any(row[name] for name in names)
    }
    expected = {
        key: {name: value for name, value in cell.items() if value}
        for key, cell in firm.books.margin().items()
        if any(cell.values())
    }
    assert got == expected
    for (sale, _), row in rows.items():
        assert row["contract_value"] == firm.books.contract_value_functional(sale)
        # Tryton plans no cost and estimates none: unknown stays unknown
        assert (row["planned_cost"], row["booked_margin"], row["forecast_margin"]) == (None, None, None)


def test_margin_in_the_reporting_currency_is_at_the_months_rate(
    firm: Firm, warehouse: duckdb.DuckDBPyConnection
) -> None:
    for row in mart(warehouse, "fct_margin"):
        recognized = firm.books.reporting(row["recognized_amount"], row["currency"], row["period"])
        assert row["recognized_reporting"] == recognized


def test_invoice_exceptions_equal_trytons_own_records(firm: Firm, warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = mart(warehouse, "fct_invoice_exception")
    found = {(number(row["invoice_id"]), row["break_class"]) for row in rows}
    twice = firm.books.items_billed_twice()
    on_invoices = {one.invoice for one in firm.books.billed if twice.keys() & set(one.items)}
    assert {one for one in found if one[1] != "item_billed_twice"} == firm.books.invoice_exceptions()
    assert {invoice for invoice, name in found if name == "item_billed_twice"} <= on_invoices
    # the second invoice is the excess: one exception carries it, the other does not count it again
    assert sum(row["exposure_amount"] for row in rows) == sum(twice.values())


def test_every_difference_in_the_ledger_is_the_exchange_difference_tryton_booked(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    left = warehouse.execute(
        "select kind, break_class, sum(difference) from reconciliation.rec_row where leg = 'ar_to_gl' group by all"
    ).fetchall()
    assert left == [("reconciling", "fx_revaluation", Decimal("79.13"))]


def test_scope_is_both_companies_and_both_currencies(firm: Firm, warehouse: duckdb.DuckDBPyConnection) -> None:
    seen = warehouse.execute("select kind, value, seen from reconciliation.rec_scope_anchor").fetchall()
    assert sorted(seen) == [
        ("currency", "EUR", True),
        ("currency", "USD", True),
        ("legal_entity", "DE", True),
        ("legal_entity", "US", True),
    ]
    periods = {row["period"] for row in mart(warehouse, "fct_margin")}
    assert max(periods) == month(firm.settings.as_of_or_now().date())
