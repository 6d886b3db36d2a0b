"""State: filled once, advanced by difference, kept between starts, served by a process of its own."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from qtc_pipeline.errors import SandboxError
from qtc_pipeline.sandbox.servers import background
from qtc_pipeline.sandbox.servers.catalogue import entities
from qtc_pipeline.sandbox.servers.serve import Running, ServeConfig, fill, running_sandbox, running_servers, store_path
from qtc_pipeline.sandbox.servers.store import Store
from tests.sandbox.servers.conftest import NO_TLS, VERSION, assertion, erp_token
from tests.sandbox.servers.fake_firm import (
    AS_OF,
    INVOICES,
    OPPORTUNITIES,
    TIME_ENTRIES,
    FakeFirm,
    FakeRecord,
    edited,
    opportunity_id,
)

NEXT_DAY = AS_OF + timedelta(days=1)


def records(entity: str, vendor: str) -> dict[str, FakeRecord]:
    return {record.record_id: record for record in FakeFirm().records(vendor, entity)}


def next_day() -> FakeFirm:
    """One opportunity changed, one deleted; two entries gone, one new; one invoice deleted with its line."""
    deals = records("Opportunity", "salesforce")
    entries = records("time_entries", "kantata")
    stamp = "2026-07-01T10:00:00.000+0000"
    won = edited(deals[opportunity_id(2)], StageName="Closed Won", SystemModstamp=stamp)
    new = edited(entries["1"], id="9001", updated_at="2026-07-01T09:00:00Z")
    return FakeFirm(
        {
            ("Opportunity", opportunity_id(2)): won,
            ("time_entries", "9001"): replace(new, record_id="9001", version_at=datetime(2026, 7, 1, 9, tzinfo=UTC)),
        },
        frozenset(
            {
                ("Opportunity", opportunity_id(3)),
                ("time_entries", "1"),
                ("time_entries", "2"),
                ("transaction", "5"),
                ("transactionline", "5_1"),
            }
        ),
        NEXT_DAY,
    )


def soql(running: Running, query: str, path: str = "query") -> Any:
    base = running.base_url("crm")
    auth = (running.credentials.crm_client_id, running.credentials.crm_secret_file.read_text())
    with httpx.Client(trust_env=False, verify=NO_TLS) as client:
        form = {"grant_type": "client_credentials"}
        token = client.post(f"{base}/services/oauth2/token", data=form, auth=auth).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(f"{base}/services/data/{VERSION}/{path}", params={"q": query}, headers=headers).json()


def count_entries(running: Running) -> int:
    headers = {"Authorization": f"Bearer {running.credentials.psa_secret_file.read_text()}"}
    url = f"{running.base_url('psa')}/api/v1/time_entries"
    answer = httpx.get(
        url, params={"from_archived_workspaces": "true"}, headers=headers, trust_env=False, verify=NO_TLS
    )
    return int(answer.json()["count"])


def suiteql(running: Running, query: str) -> list[dict[str, Any]]:
    with httpx.Client(base_url=running.base_url("erp"), trust_env=False, verify=NO_TLS) as client:
        token = erp_token(client, assertion(running)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Prefer": "transient"}
        answer = client.post("/services/rest/query/v1/suiteql", json={"q": query}, headers=headers)
        return list(answer.json()["items"])


def test_the_next_day_touches_only_what_changed(folder: Path) -> None:
    first = {filled.entity: filled for filled in fill(folder, FakeFirm())}
    same = {filled.entity: filled for filled in fill(folder, FakeFirm())}
    later = {filled.entity: filled for filled in fill(folder, next_day())}
    assert (first["time_entries"].rows, first["time_entries"].changed) == (TIME_ENTRIES, TIME_ENTRIES)
    assert all((filled.changed, filled.deleted) == (0, 0) for filled in same.values())
    assert (later["Opportunity"].changed, later["Opportunity"].deleted) == (1, 1)
    assert (later["time_entries"].changed, later["time_entries"].deleted) == (1, 2)
    assert (later["transaction"].changed, later["transaction"].deleted) == (0, 1)


def test_a_day_that_passes_while_the_servers_run_is_seen_at_once(folder: Path) -> None:
    with running_sandbox(folder, FakeFirm()) as running:
        assert count_entries(running) == TIME_ENTRIES
        since = "SELECT Id, IsDeleted FROM Opportunity WHERE SystemModstamp > 2026-06-01T00:00:00Z ORDER BY Id"
        assert soql(running, since, "queryAll")["totalSize"] == 0
        fill(folder, next_day())
        assert count_entries(running) == TIME_ENTRIES - 1
        changed = soql(running, since, "queryAll")["records"]
        assert [(record["Id"], record["IsDeleted"]) for record in changed] == [
            (opportunity_id(2), False),
            (opportunity_id(3), True),
        ]


def test_deletes_are_as_hard_as_each_vendors(folder: Path) -> None:
    with running_sandbox(folder, FakeFirm()) as running:
        fill(folder, next_day())
        assert soql(running, "SELECT COUNT() FROM Opportunity", "queryAll")["totalSize"] == OPPORTUNITIES
        assert soql(running, "SELECT COUNT() FROM Opportunity")["totalSize"] == OPPORTUNITIES - 2
        for table in ("transaction", "transactionline"):
            assert len(suiteql(running, f"SELECT * FROM {table}")) == INVOICES - 1
        deleted = suiteql(running, "SELECT type, recordid, deleteddate FROM deletedrecord")
        assert deleted == [
            {"links": [], "type": "transaction", "recordid": "5", "deleteddate": "2026-07-01 23:00:00"}
        ], "the record leaves a trace, its line leaves none"


def test_state_secrets_and_deletions_outlive_the_servers(folder: Path) -> None:
    with running_sandbox(folder, FakeFirm()) as running:
        secret = running.credentials.psa_secret_file.read_text()
        fill(folder, next_day())
    with running_servers(ServeConfig(folder)) as running:
        assert running.credentials.psa_secret_file.read_text() == secret
        assert count_entries(running) == TIME_ENTRIES - 1


def test_secrets_can_be_read_by_their_owner_only(sandbox: Running) -> None:
    files = [path for path in sandbox.credentials.folder.iterdir() if path.is_file()]
    assert len(files) == 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_a_taken_port_is_an_error_that_names_it(sandbox: Running, folder: Path) -> None:
    taken = sandbox.ports["crm"]
    with (
        pytest.raises(SandboxError, match=f"port {taken} cannot be taken"),
        running_sandbox(folder, ports={"crm": taken}),
    ):
        pytest.fail("two servers on one port")


def test_the_servers_run_as_a_process_of_their_own_until_stopped(folder: Path) -> None:
    fill(folder, FakeFirm())
    described = background.start(folder)
    try:
        assert background.start(folder) == described, "a second start finds the first"
        told = background.control(folder, "psa", {"inject": [{"name": "throttled", "count": 1}]})
        assert told["faults"]["injected"][0]["remaining"] == 1
        token = Path(described["psa"]["secret_file"]).read_text()
        url = f"{described['psa']['base_url']}/api/v1/users"
        headers = {"Authorization": f"Bearer {token}"}
        assert [httpx.get(url, headers=headers, trust_env=False, verify=NO_TLS).status_code for _ in range(2)] == [
            429,
            200,
        ]
        changed = httpx.put(
            f"{described['psa']['base_url']}/api/v1/time_entries/1",
            json={"time_entry": {"rate_in_cents": 1}},
            headers=headers,
            trust_env=False,
            verify=NO_TLS,
        )
        (effect,) = background.effects(folder, "psa")
        assert (changed.status_code, effect["key"], effect["members"]) == (200, "1", {"rate_in_cents": 1})
        assert background.effects(folder, "psa", after=effect["seq"]) == []
        with pytest.raises(SandboxError, match="none of that name"):
            background.control(folder, "hr")
        with pytest.raises(SandboxError, match="no such switch"):
            background.control(folder, "psa", {"explode": 1})
    finally:
        assert background.stop(folder) is True
    assert background.stop(folder) is False
    assert background.running_process(folder) is None
    with pytest.raises(SandboxError, match="do not run"):
        background.control(folder, "psa")


def test_a_process_that_cannot_start_says_why(folder: Path, sandbox: Running) -> None:
    with pytest.raises(SandboxError, match="cannot be taken"):
        background.start(folder, {"erp": sandbox.ports["erp"]})


def test_a_state_kept_from_before_a_field_was_there_serves_the_field_empty(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {name: kind for name, kind in entities("kantata")["users"].fields.items() if name != "country"}
    before = {**entities("kantata"), "users": replace(entities("kantata")["users"], fields=fields)}
    with monkeypatch.context() as patched:
        patched.setattr("qtc_pipeline.sandbox.servers.store.entities", lambda _: before)
        Store(store_path(folder, "psa"), "kantata").close()
    store = Store(store_path(folder, "psa"), "kantata")
    assert store.read('SELECT "country" FROM "e_users"') == []
    store.close()


def test_a_store_is_read_by_index_in_every_order_readers_page_by(folder: Path) -> None:
    """Sorting a large table for each page would make the simulator the bottleneck."""
    fill(folder, FakeFirm())
    for name, vendor in (("crm", "salesforce"), ("psa", "kantata"), ("erp", "netsuite")):
        store = Store(store_path(folder, name), vendor)
        for entity in entities(vendor).values():
            where = "1" if vendor == "salesforce" else "_deleted_at IS NULL"
            for fields in (entity.key, *((order, *entity.key) for order in entity.orders)):
                order = ", ".join(f'"{field}"' for field in fields)
                query = f"SELECT _seq FROM {entity.table} WHERE {where} ORDER BY {order}"
                plan = store.read(f"EXPLAIN QUERY PLAN {query}")
                assert "TEMP B-TREE" not in str(plan), (entity.name, fields)
        store.close()
