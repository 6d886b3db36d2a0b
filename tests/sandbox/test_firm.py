"""The firm as a source of records: deterministic, growing with its scale, moving forward day by day.

Add here: a promise of `Firm` itself. Stays out: what the records mean (`test_clean_firm.py`, `test_defects.py`).
"""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox import clock
from qtc_pipeline.sandbox.firm import ENTITIES, Firm
from tests.sandbox.firm_books import SMALL, rows, snapshot

_DIGEST = """
import hashlib
from qtc_pipeline.sandbox.firm import ENTITIES, Firm
firm, digest = Firm(5, "0.02", True, 2), hashlib.sha256()
for vendor, names in ENTITIES.items():
    for name in names:
        for record in firm.records(vendor, name):
            digest.update(repr(record).encode())
print(digest.hexdigest())
"""


def test_two_processes_with_other_hash_seeds_make_the_same_firm() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_another_seed_is_another_firm() -> None:
    first, second = (rows(Firm(seed, SMALL, defects=False), "salesforce", "Contract") for seed in (1, 2))
    assert first != second


def test_ids_are_unique_and_every_payload_has_the_same_fields() -> None:
    firm = Firm(1, "0.1")
    for vendor, names in ENTITIES.items():
        for name in names:
            found = list(firm.records(vendor, name))
            assert len({record.record_id for record in found}) == len(found), name
            assert len({tuple(sorted(record.payload)) for record in found}) == 1, name


def test_time_entries_grow_with_the_scale() -> None:
    small, large = (len(rows(Firm(1, scale, defects=False), "kantata", "time_entries")) for scale in ("0.1", "0.4"))
    assert 3.6 < large / small < 4.4
    assert 12_500 < small < 17_500


def test_records_are_streamed() -> None:
    stream = Firm(1, 50, defects=False).records("netsuite", "timebill")
    assert next(stream).record_id


def test_every_billing_type_currency_and_status_occurs_in_a_small_firm() -> None:
    contracts = rows(Firm(1, SMALL, defects=False), "salesforce", "Contract")
    assert len({row["Billing_Type__c"] for row in contracts}) == 5
    assert {row["CurrencyIsoCode"] for row in contracts} == {"USD", "EUR", "GBP"}
    assert {"Activated", "Expired"} <= {row["Status"] for row in contracts}
    assert any(row["Cap_Amount__c"] for row in contracts)
    assert any(row["CurrencyIsoCode"] == "EUR" and row["Legal_Entity__c"] == "US" for row in contracts)


@pytest.mark.parametrize("first", [0, 1, 2, 3, 4, 5, 6, 21, 31])
def test_a_day_only_adds_what_is_stamped_on_it(first: int) -> None:
    before, after = Firm(4, SMALL, day=first), Firm(4, SMALL, day=first + 1)
    old, new = snapshot(before), snapshot(after)
    since = before.as_of
    for (vendor, name), records in new.items():
        gone = {record.record_id: record for record in after.deleted(vendor, name)}
        for key, record in records.items():
            if old[vendor, name].get(key) != record:
                assert record.version_at is not None
                assert since < record.version_at <= after.as_of
        for key in old[vendor, name].keys() - records.keys():
            deleted_at = gone[key].deleted_at
            assert deleted_at is not None
            assert since < deleted_at <= after.as_of


def test_changes_are_what_differs_between_two_days() -> None:
    old, new = snapshot(Firm(4, SMALL, day=6)), snapshot(Firm(4, SMALL, day=9))
    differing = {
        (*table, key)
        for table in new
        for key in old[table].keys() | new[table].keys()
        if old[table].get(key) != new[table].get(key)
    }
    changed = {(vendor, name, record.record_id) for vendor, name, record in Firm(4, SMALL, day=9).changes(6)}
    assert differing <= changed
    # what came and went in between is among the changes and in neither state
    assert all(
        key not in old[vendor, name] and key not in new[vendor, name] for vendor, name, key in changed - differing
    )


def test_two_weeks_bring_new_time_invoices_payments_late_entries_and_deletions() -> None:
    firm = Firm(1, "0.1", day=14)
    changes = list(firm.changes(0))
    names = {name for _, name, record in changes if record.deleted_at is None}
    assert {
        "time_entries",
        "timebill",
        "transaction",
        "transactionline",
        "nexttransactionlinelink",
        "estimates",
    } <= names
    gone = {name for _, name, record in changes if record.deleted_at is not None}
    assert {"Opportunity", "time_entries", "transaction", "transactionline"} <= gone
    since = clock.as_of(0).isoformat()
    late = [
        record
        for _, name, record in changes
        if name == "time_entries"
        and record.payload["created_at"] > since
        and record.payload["date_performed"] < "2026-07"
    ]
    assert late


def test_a_firm_refuses_days_and_entities_it_does_not_have() -> None:
    with pytest.raises(SandboxError, match="calendar"):
        Firm(1, SMALL, day=9_999)
    with pytest.raises(SandboxError, match="no such entity"):
        list(Firm(1, SMALL).records("salesforce", "Invoice"))
    with pytest.raises(SandboxError, match="no_such_class"):
        Firm(1, SMALL, ["no_such_class"])


def test_money_is_exact_to_the_minor_unit() -> None:
    for record in Firm(1, SMALL).records("salesforce", "Contract"):
        amount = record.payload["Contract_Value__c"]
        assert isinstance(amount, Decimal)
        assert amount == amount.quantize(Decimal("0.01"))
