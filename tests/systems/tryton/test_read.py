"""The reader on a real Tryton server: nothing is lost where Tryton hides or shortens without an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from qtc_pipeline.errors import PermissionRefusedError
from qtc_pipeline.ingest.load import load_entity
from qtc_pipeline.lake import Lake
from qtc_pipeline.sandbox.tryton.admin import Admin
from qtc_pipeline.sandbox.tryton.server import TrytonServer
from qtc_pipeline.systems.contract import Entity, RawRecord
from qtc_pipeline.systems.tryton import SYSTEM
from qtc_pipeline.systems.tryton.read import TrytonReader
from tests.systems.tryton.servers import instance_of

pytestmark = pytest.mark.xdist_group("tryton")
TIME = SYSTEM.entity("timesheet_line")


@pytest.fixture
def reader(tryton_server: TrytonServer, tmp_path: Path) -> Iterator[TrytonReader]:
    opened = TrytonReader(instance_of(tryton_server, tmp_path))
    yield opened
    opened.close()


def rows(reader: TrytonReader, entity: Entity, since: object = None) -> list[RawRecord]:
    return [one for page in reader.pages(entity, since) for one in page.records()]  # type: ignore[arg-type]


def test_every_model_is_read_to_its_last_row_as_counted_by_the_server(reader: TrytonReader) -> None:
    for entity in SYSTEM.entities:
        read = rows(reader, entity)
        assert sum(count.value for count in reader.count(entity)) == len(read) > 0, entity.name
        assert set(entity.fields) - set(json.loads(read[0].payload)) <= {
            name for name in entity.fields if "." in name
        }, entity.name


def test_a_user_who_sees_one_company_of_two_is_refused_instead_of_reading_less(
    own_server: TrytonServer, tmp_path: Path
) -> None:
    with own_server.connect_admin() as rpc:
        admin = Admin(rpc)
        user = admin.one("res.user", [["login", "=", "qtc"]])
        admin.write("res.user", [user], {"company_filter": "one"})
    with own_server.connect() as rpc:
        # the trap: fewer rows, and no error
        count = ("model.timesheet.line.search_count", [], 0, None, {"active_test": False})
        shown = rpc.call(*count)
    reader = TrytonReader(instance_of(own_server, tmp_path))
    with pytest.raises(PermissionRefusedError, match="company_filter to 'all'"):
        rows(reader, TIME)
    with pytest.raises(PermissionRefusedError, match="company filter is 'one'"):
        reader.count(TIME)
    reader.close()
    with own_server.connect_admin() as rpc:
        assert 0 < shown < rpc.call(*count)


def test_rows_never_written_since_their_creation_are_read_and_come_in_increments(
    reader: TrytonReader, tryton_server: TrytonServer
) -> None:
    employees = SYSTEM.entity("company_employee")
    with tryton_server.connect() as rpc:
        listed = rpc.call(
            "model.company.employee.search_read", [], 0, None, None, ["write_date"], {"active_test": False}
        )
    never_written = {str(row["id"]) for row in listed if row["write_date"] is None}
    assert never_written
    assert never_written <= {one.record_id for one in rows(reader, employees)}
    versions = [one.version for one in rows(reader, employees)]
    assert all(versions)
    oldest = min(page.read_at for page in reader.pages(employees, None)) - timedelta(days=36500)
    assert len(rows(reader, employees, oldest)) == len(listed)


def test_archived_parties_and_former_employees_are_read(reader: TrytonReader, tryton_server: TrytonServer) -> None:
    with tryton_server.connect() as rpc:
        for entity, model in (("party_party", "party.party"), ("company_employee", "company.employee")):
            shown = rpc.call(f"model.{model}.search_count", [], 0, None, {})
            read = rows(reader, SYSTEM.entity(entity))
            assert len(read) > shown
            assert sum(not json.loads(one.payload)["active"] for one in read) == len(read) - shown


def test_a_row_physically_deleted_is_a_tombstone_after_the_next_read(own_server: TrytonServer, tmp_path: Path) -> None:
    instance = instance_of(own_server, tmp_path)
    reader, lake = TrytonReader(instance), Lake(tmp_path / "lake")
    load_entity(lake, instance, reader, TIME, "full")
    with own_server.connect_admin() as rpc:
        (free,) = rpc.call("model.timesheet.line.search", [["invoice_line", "=", None]], 0, 1, [["id", "ASC"]], {})
        rpc.call("model.timesheet.line.delete", [free], {})
        log = [["resource", "=", f"timesheet.line,{free}"], ["event", "=", "delete"]]
        logged = rpc.call("model.ir.model.log.search_read", log, 0, None, None, ["resource"], {})
    assert [row["resource"] for row in logged] == [None]  # the trap: deletions can be found, not listed
    # nothing says which row is gone; that the source counts fewer than the lake holds makes the increment a full read
    load = load_entity(lake, instance, reader, TIME, "increment").load
    reader.close()
    assert (load.mode, load.versions, load.deletes) == ("full", 1, 1)


def test_an_answer_that_only_claims_to_be_gzip_does_not_reach_us(
    reader: TrytonReader, tryton_server: TrytonServer
) -> None:
    with tryton_server.connect() as rpc:
        session = rpc.login()
    body = {"id": 1, "method": "model.timesheet.line.search_read", "params": [[], 0, 100, None, ["date"], {}]}
    headers = {"Authorization": f"Session {session}", "Accept-Encoding": "identity"}
    url = f"{tryton_server.base_url}/{tryton_server.database}/rpc/"
    # the trap: plain text under Content-Encoding: gzip for a client that asked for none
    with pytest.raises(httpx.DecodingError):
        httpx.post(url, json=body, headers=headers)
    assert len(rows(reader, TIME)) > 100


def test_pages_continue_inside_a_stamp_that_many_rows_share(tryton_server: TrytonServer, tmp_path: Path) -> None:
    small = TrytonReader(instance_of(tryton_server, tmp_path, page_size=7))
    read = rows(small, TIME)
    small.close()
    shared = max(sum(one.version == other.version for other in read) for one in read[:200])
    assert shared > 7 * 3
    with tryton_server.connect() as rpc:
        counted = rpc.call("model.timesheet.line.search_count", [], 0, None, {})
    assert len({one.record_id for one in read}) == len(read) == counted


def test_an_increment_gives_what_changed_since_the_last_cursor(own_server: TrytonServer, tmp_path: Path) -> None:
    instance = instance_of(own_server, tmp_path, look_back_seconds=0)
    reader, lake = TrytonReader(instance), Lake(tmp_path / "lake")
    parties = SYSTEM.entity("party_party")
    load_entity(lake, instance, reader, parties, "full")
    with own_server.connect_admin() as rpc:
        rpc.call("model.party.party.write", [5], {"name": "Renamed"}, {})
        (row,) = rpc.call("model.party.party.read", [5], ["last_modified_at"], {})
    load = load_entity(lake, instance, reader, parties, "increment").load
    reader.close()
    assert load.versions == 1
    assert load.cursor_out is not None
    assert load.cursor_out.startswith(row["last_modified_at"].isoformat()[:19])


def test_writing_the_same_value_moves_the_stamp_but_adds_no_version(own_server: TrytonServer, tmp_path: Path) -> None:
    instance = instance_of(own_server, tmp_path)
    reader, lake = TrytonReader(instance), Lake(tmp_path / "lake")
    currencies = SYSTEM.entity("currency_currency")
    load_entity(lake, instance, reader, currencies, "full")
    with own_server.connect_admin() as rpc:
        rpc.call("model.currency.currency.write", [1], {"name": "US Dollar"}, {})
    load = load_entity(lake, instance, reader, currencies, "increment").load
    reader.close()
    assert load.versions == 0
