"""Many rows of Salesforce by a query job: the same records, spelled the same, however they are read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qtc_pipeline.errors import ContractError, RateLimitedError, TransientError
from qtc_pipeline.sandbox.servers.credentials import make_crm_key
from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.contract import Page
from qtc_pipeline.systems.http import Answer, Patience
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.salesforce.bulk import page_of
from qtc_pipeline.systems.salesforce.read import SalesforceReader, open_reader
from tests.sandbox.servers.fake_firm import OPPORTUNITIES, FakeFirm, edited, opportunity_id
from tests.systems.conformance import Conformance
from tests.systems.test_conformance import SimulatedSource, simulated

OPPORTUNITY = system("salesforce").entity("Opportunity")
AWKWARD = {
    "Name": 'Line one\nline two, "quoted" \u2028\x0b, Grüße 日本\r\n',
    "Amount": Decimal("12345678.10"),
    "Practice__c": None,
    "Region__c": " ",
    "StageName": "null",
}


class BulkSource(SimulatedSource):
    """The simulator, read by jobs: every count is above the threshold."""

    def __init__(self, folder: Path, running: Running, name: str) -> None:
        super().__init__(folder, running, name)
        self.instance = self.instance.model_copy(update={"bulk_above_rows": 0})
        self.polls: list[float] = []

    def reader(self) -> SalesforceReader:
        def sleep(seconds: float) -> None:
            # half a second is the pause between two looks at a job, and not one after a failure
            (self.polls if seconds == 0.5 else self.pauses).append(seconds)

        opened = open_reader(self.instance, patience=Patience(base=0.3, sleep=sleep))
        opened._rows[self.entity.name] = OPPORTUNITIES
        return opened


class TestByJobs(Conformance):
    @pytest.fixture
    def subject(self, sandbox: tuple[Path, Running]) -> Iterator[BulkSource]:
        with simulated(sandbox, "crm", BulkSource) as source:
            yield source


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, awkward()) as running:
        yield folder, running


def awkward() -> FakeFirm:
    key = opportunity_id(4)
    record = next(one for one in FakeFirm().records("salesforce", "Opportunity") if one.record_id == key)
    return FakeFirm(changed={("Opportunity", key): edited(record, **AWKWARD)})


@pytest.fixture(autouse=True)
def healthy(sandbox: tuple[Path, Running]) -> Iterator[None]:
    yield
    sandbox[1].faults("crm").clear()
    fill(sandbox[0], awkward())


def reader(running: Running, **values: Any) -> SalesforceReader:
    instance = Instance(name="crm", **{**running.describe()["crm"], **values})
    return open_reader(instance, patience=Patience(sleep=lambda _: None, attempts=4))


def pages(running: Running, since: datetime | None = None, **values: Any) -> list[Page]:
    with closing(reader(running, **values)) as opened:
        opened.count(OPPORTUNITY)
        return list(opened.pages(OPPORTUNITY, since))


def hashed(found: list[Page]) -> dict[str, tuple[str, str | None, bool]]:
    return {
        key: (text, version, deleted)
        for page in found
        for key, text, version, deleted in zip(
            page.ids, page.hash_texts or [], page.versions, page.deleted or [], strict=True
        )
    }


def asked(running: Running) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in running.journal("crm").requests]


def test_a_record_is_the_same_version_however_it_is_read(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    by_batches, by_job = pages(running), pages(running, bulk_above_rows=10)
    assert len(hashed(by_job)) == OPPORTUNITIES
    assert hashed(by_job) == hashed(by_batches)


def test_newlines_quotes_and_nulls_survive_the_csv(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    (page,) = pages(running, bulk_above_rows=10)
    text = page.payloads[page.ids.index(opportunity_id(4))]
    assert '"Amount":12345678.1,' in text
    assert '"Practice__c":null' in text
    assert '"StageName":"null"' in text
    assert r'"Name":"Line one\nline two, \"quoted\" ' in text


def test_a_job_is_used_above_the_threshold_only(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    before = len(asked(running))
    pages(running, bulk_above_rows=OPPORTUNITIES)
    assert not [one for one in asked(running)[before:] if "jobs" in one]
    pages(running, bulk_above_rows=OPPORTUNITIES - 2)
    assert [one for one in asked(running)[before:] if "jobs" in one]


def test_a_small_increment_of_a_large_object_is_read_in_batches(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    before = len(asked(running))
    since = datetime(2026, 1, 1, 0, 20, tzinfo=UTC)
    found = pages(running, since, bulk_above_rows=10)
    assert not [one for one in asked(running)[before:] if "jobs" in one]
    assert sorted(hashed(found)) == [opportunity_id(number) for number in range(40, 45)]


def test_the_locator_is_followed_to_the_word_null_and_the_job_is_deleted(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    running.faults("crm").page_cap = 20
    before = len(asked(running))
    assert [len(page) for page in pages(running, bulk_above_rows=10)] == [20, 20, 5]
    read = [one for one in asked(running)[before:] if one.endswith("/results")]
    assert len(read) == 3
    job = read[0].removeprefix("GET ").removesuffix("/results")
    with closing(reader(running)) as opened, pytest.raises(ContractError, match="NOT_FOUND"):
        opened.http.request("GET", job, id)


def test_an_object_the_bulk_api_does_not_serve_is_read_in_batches(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    running.faults("crm").bulk = False
    with closing(reader(running, bulk_above_rows=0)) as opened:
        opened.count(OPPORTUNITY)
        assert len(hashed(list(opened.pages(OPPORTUNITY, None)))) == OPPORTUNITIES
        before = len(asked(running))
        assert len(hashed(list(opened.pages(OPPORTUNITY, None)))) == OPPORTUNITIES
        assert not [one for one in asked(running)[before:] if "jobs" in one], "one refusal is enough"


@pytest.mark.parametrize("fault", ["truncated", "truncated_json", "reset", "timeout_after", "server_error"])
@pytest.mark.parametrize("match", ["/results", r"POST \S+/jobs/query\b", r"GET \S+/jobs/query/\w+\?"])
def test_a_fault_on_the_way_costs_no_row(sandbox: tuple[Path, Running], fault: str, match: str) -> None:
    _, running = sandbox
    running.faults("crm").page_cap = 20
    injected = running.inject("crm", fault, match=match)
    assert len(hashed(pages(running, bulk_above_rows=10))) == OPPORTUNITIES
    assert injected.struck


def test_a_page_that_comes_twice_and_pages_in_disorder_cost_no_row(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    running.faults("crm").page_cap = 10
    running.inject("crm", "duplicated_page", match="/results")
    assert len(hashed(pages(running, bulk_above_rows=10))) == OPPORTUNITIES
    running.inject("crm", "reordered_pages", match="/results", seed=2)
    assert len(hashed(pages(running, bulk_above_rows=10))) == OPPORTUNITIES


def test_a_job_that_is_aborted_or_lost_is_a_transient_error(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    with closing(reader(running, bulk_above_rows=0)) as opened:
        opened.count(OPPORTUNITY)

        def abort(_: float) -> None:
            job = asked(running)[-1].rpartition("/")[2]
            opened.http.request("PATCH", f"/services/data/v67.0/jobs/query/{job}", id, json={"state": "Aborted"})

        opened.http.patience = replace(opened.http.patience, sleep=abort)
        with pytest.raises(TransientError, match="the query job is Aborted"):
            list(opened.pages(OPPORTUNITY, None))


def test_results_of_another_version_are_refused_with_409(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    with closing(reader(running)) as opened:
        wanted = {"operation": "query", "query": "SELECT Id FROM Opportunity"}
        text = opened.http.request("POST", "/services/data/v66.0/jobs/query", lambda one: one.text, json=wanted)
        job = text.partition('"id":"')[2].partition('"')[0]
        for _ in range(2):
            opened.http.request("GET", f"/services/data/v66.0/jobs/query/{job}", id)
        with pytest.raises(Exception, match="HTTP 409"):
            opened.http.request("GET", f"/services/data/v67.0/jobs/query/{job}/results", id)
        opened.http.request("GET", f"/services/data/v66.0/jobs/query/{job}/results", id)


def answer(text: str, rows: int) -> Answer:
    return Answer(text, {"Sforce-NumberOfRecords": str(rows)}, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('"1","false",""\n', 2),
        ('"1","false","', 1),
        ('"1","false",""', 1),
        ('"1"\n', 1),
    ],
)
def test_csv_that_ends_early_is_told_from_a_shorter_answer(text: str, rows: int) -> None:
    entity = replace(OPPORTUNITY, fields=("Id", "IsDeleted", "SystemModstamp"))
    with pytest.raises(ValueError, match=r"rows of|unexpected end|columns"):
        page_of(entity, {}, answer(f'"Id","IsDeleted","SystemModstamp"\n{text}', rows))


def test_a_number_that_is_none_and_other_columns_are_contract_errors() -> None:
    fields = ("Id", "IsDeleted", "SystemModstamp", "Amount")
    entity = replace(OPPORTUNITY, fields=fields)
    head = ",".join(fields)
    kinds = {"Amount": "currency", "IsDeleted": "boolean", "SystemModstamp": "datetime"}
    row = "1,false,2026-01-01T00:00:00.000Z"
    with pytest.raises(ContractError, match="'12,5' is no number"):
        page_of(entity, kinds, answer(f'{head}\n{row},"12,5"\n', 1))
    with pytest.raises(ContractError, match="the columns are"):
        page_of(entity, kinds, answer(f"{head},Extra\n{row},1,2\n", 1))
    page = page_of(entity, kinds, answer(f"{head}\n{row},12345678901234567.10\n", 1))
    assert page.payloads == [
        '{"Id":"1","IsDeleted":false,"SystemModstamp":"2026-01-01T00:00:00.000+0000","Amount":12345678901234567.10}'
    ]


VALUES = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(['"', ",", "\r\n", "\n", "\u2028", "null", " "]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(VALUES, st.booleans(), st.decimals(allow_nan=False, allow_infinity=False)), max_size=6))
def test_any_text_and_any_number_survive_the_csv(rows: list[tuple[str | None, bool, Decimal]]) -> None:
    fields = ("Id", "SystemModstamp", "Name", "IsDeleted", "Amount")
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(fields)
    for number, (name, deleted, amount) in enumerate(rows):
        writer.writerow([number, "2026-01-01T00:00:00.000Z", name, str(deleted).lower(), f"{amount:f}"])
    kinds = {"IsDeleted": "boolean", "Amount": "currency", "SystemModstamp": "datetime"}
    page = page_of(replace(OPPORTUNITY, fields=fields), kinds, answer(out.getvalue(), len(rows)))
    got = [json.loads(text, parse_float=Decimal, parse_int=Decimal) for text in page.payloads]
    assert [(one["Name"], one["IsDeleted"], one["Amount"]) for one in got] == [
        (name or None, deleted, amount) for name, deleted, amount in rows
    ]


def test_an_assertion_signed_with_the_apps_key_opens_a_session(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    keys = running.credentials
    values = {"auth": "jwt_bearer", "username": keys.crm_username, "private_key_file": make_crm_key(keys)}
    assert len(hashed(pages(running, **values))) == OPPORTUNITIES


def test_throttled_jobs_are_waited_for(sandbox: tuple[Path, Running]) -> None:
    _, running = sandbox
    running.inject("crm", "throttled", match="jobs/query", count=None)
    with pytest.raises(RateLimitedError):
        pages(running, bulk_above_rows=10)
