"""Kantata OX as a writer finds it: projects with references, time, milestones, locks, silent drops, events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from qtc_pipeline.sandbox.servers.serve import Running, fill, running_sandbox
from tests.sandbox.servers.fake_firm import AS_OF, FakeFirm

REFERENCE = {"service_name": "qtc", "service_model": "Opportunity", "service_model_ref": "006-1"}


@pytest.fixture(scope="module")
def shared_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Of its own: what is written here must not be seen by others."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), FakeFirm()) as running:
        yield running


@contextmanager
def effects(sandbox: Running) -> Iterator[list[dict[str, Any]]]:
    before = sandbox.effects("psa")
    found: list[dict[str, Any]] = []
    yield found
    found += sandbox.effects("psa", before[-1]["seq"] if before else 0)


def one(answer: httpx.Response, name: str) -> dict[str, Any]:
    body = answer.json()
    (result,) = body["results"]
    assert result["key"] == name
    found: dict[str, Any] = body[name][result["id"]]
    return found


def refused(answer: httpx.Response) -> tuple[int, str, str | None]:
    (said,) = answer.json()["errors"]
    return answer.status_code, said["type"], said.get("field")


def a_project(**members: Any) -> dict[str, Any]:
    return {
        "workspace": {"title": "Rollout", "creator_role": "maven", "price": "1250.50", "currency": "EUR", **members}
    }


def test_a_project_comes_with_its_reference_or_not_at_all(sandbox: Running, psa: httpx.Client) -> None:
    with effects(sandbox) as written:
        answer = psa.post("workspaces", json=a_project(external_reference=REFERENCE))
    project = one(answer, "workspaces")
    assert answer.status_code == 201
    assert (project["price_in_cents"], project["currency"], project["archived"]) == (125050, "EUR", False)
    assert [(effect["entity"], effect["effect"]) for effect in written] == [
        ("workspaces", "created"),
        ("external_references", "created"),
    ]
    with effects(sandbox) as none_written:
        again = psa.post("workspaces", json=a_project(external_reference=REFERENCE))
    assert refused(again) == (422, "validation", "service_model_ref")
    assert none_written == []
    wanted = {"external_reference_service_name": "qtc", "external_reference_service_model_refs": "006-1,006-2"}
    found = psa.get("workspaces", params=wanted).json()
    assert [result["id"] for result in found["results"]] == [project["id"]]


def test_a_change_moves_the_stamp_and_later_lists_see_it(sandbox: Running, psa: httpx.Client) -> None:
    before = one(psa.get("workspaces/1"), "workspaces")
    with effects(sandbox) as written:
        body = {"workspace": {"price": 99, "due_date": "2026-12-31"}}
        changed = one(psa.put("workspaces/1", json=body), "workspaces")
        psa.put("workspaces/1", json=body)
    assert (changed["price_in_cents"], changed["due_date"]) == (9900, "2026-12-31")
    assert changed["updated_at"] > before["updated_at"]
    assert len(written) == 1, "the same values again have no effect"
    listed = psa.get("workspaces", params={"updated_after": before["updated_at"]}).json()
    assert "1" in [result["id"] for result in listed["results"]]


def test_what_is_not_writable_is_passed_over_without_a_word(psa: httpx.Client) -> None:
    body = {"time_entry": {"rate_in_cents": 25000, "billable": False, "is_invoiced": True, "colour": "red"}}
    entry = one(psa.put("time_entries/3", json=body), "time_entries")
    assert (entry["rate_in_cents"], entry["billable"], entry["is_invoiced"]) == (25000, False, False)
    assert "colour" not in entry


def test_time_is_created_one_by_one_or_by_the_hundred(psa: httpx.Client) -> None:
    entry = {"workspace_id": "2", "date_performed": "2026-06-01", "time_in_minutes": 90, "rate_in_cents": 15000}
    made = one(psa.post("time_entries", json={"time_entry": entry}), "time_entries")
    assert (made["currency"], made["currency_base_unit"], made["approved"]) == ("GBP", 100, False)
    several = psa.post("time_entries", json={"time_entries": [entry] * 3})
    assert len(several.json()["results"]) == 3
    assert refused(psa.post("time_entries", json={"time_entries": [entry] * 101}))[0] == 422
    assert refused(psa.post("time_entries", json={"time_entry": {**entry, "workspace_id": "404"}})) == (
        422,
        "validation",
        "workspace_id",
    )


def test_milestones_and_expenses_are_written_in_cents(psa: httpx.Client) -> None:
    milestone = {"workspace_id": "1", "title": "Go-live", "amount_in_cents": 500000, "due_date": "2026-09-01"}
    made = one(psa.post("billing_milestones", json={"billing_milestone": milestone}), "billing_milestones")
    accepted = {"billing_milestone": {"status": "accepted", "accepted_date": "2026-08-30"}}
    changed = one(psa.put(f"billing_milestones/{made['id']}", json=accepted), "billing_milestones")
    assert (changed["amount_in_cents"], changed["status"]) == (500000, "accepted")
    expense = {"expense": {"workspace_id": "1", "date": "2026-06-01", "amount_in_cents": 10.5}}
    assert refused(psa.post("expenses", json=expense)) == (422, "validation", "amount_in_cents")


def test_create_or_update_makes_a_reference_once(sandbox: Running, psa: httpx.Client) -> None:
    reference = {**REFERENCE, "service_model_ref": "006-7", "subject_type": "Workspace", "subject_id": "1"}
    path = "external_references/create_or_update"
    with effects(sandbox) as written:
        first = psa.post(path, json={"external_reference": reference})
        again = psa.post(path, json={"external_reference": reference})
        moved = psa.post(path, json={"external_reference": {**reference, "subject_id": "2", "status": "failed"}})
    assert (first.status_code, again.status_code, moved.status_code) == (201, 200, 200)
    assert len({one(answer, "external_references")["id"] for answer in (first, again, moved)}) == 1
    assert [effect["effect"] for effect in written] == ["created", "updated"]
    assert refused(psa.post("external_references", json={"external_reference": reference}))[2] == "service_model_ref"
    lost = {**reference, "subject_id": "404"}
    assert refused(psa.post(path, json={"external_reference": lost})) == (422, "validation", "subject_id")


def test_a_lock_refuses_edits_up_to_its_day(sandbox: Running, psa: httpx.Client) -> None:
    sandbox.faults("psa").locked_until = "2026-01-10"
    assert refused(psa.put("time_entries/4", json={"time_entry": {"billable": True}})) == (
        422,
        "validation",
        "date_performed",
    )
    assert psa.delete("time_entries/4").status_code == 422
    entry = {"workspace_id": "2", "date_performed": "2026-01-10", "time_in_minutes": 90}
    assert psa.post("time_entries", json={"time_entry": entry}).status_code == 422
    assert psa.post("time_entries", json={"time_entry": {**entry, "date_performed": "2026-01-11"}}).status_code == 201


def test_an_archived_project_is_404_to_a_writer_too(psa: httpx.Client) -> None:
    body = {"workspace": {"title": "Renamed"}}
    assert refused(psa.put("workspaces/6", json=body)) == (404, "system", None)
    assert psa.put("workspaces/6", params={"include_archived": "true"}, json=body).status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("workspaces", b"{", (400, "system")),
        ("workspaces", b'{"project": {}}', (400, "system")),
        ("workspaces", b'{"workspace": {"title": "x"}}', (422, "validation")),
        ("workspaces", b'{"workspace": {"title": "x", "creator_role": "maven", "price": "dear"}}', (422, "validation")),
        ("workspaces", b'{"workspace": {"creator_role": "maven"}}', (422, "validation")),
        ("users", b'{"user": {}}', (403, "system")),
        ("sunspots", b"{}", (404, "system")),
        ("billing_milestones", b'{"billing_milestone": {"workspace_id": "1", "title": "t"}}', (422, "validation")),
    ],
)
def test_a_refusal_names_its_kind_and_has_no_effect(
    sandbox: Running, psa: httpx.Client, path: str, body: bytes, said: tuple[int, str]
) -> None:
    with effects(sandbox) as written:
        answer = psa.post(path, content=body)
    assert refused(answer)[:2] == said
    assert answer.headers["x-request-id"]
    assert written == []


def test_writing_too_often_is_429_without_a_hint(sandbox: Running, psa: httpx.Client) -> None:
    sandbox.faults("psa").writes_left = 1
    body = {"time_entry": {"notes": "x"}}
    assert psa.put("time_entries/9", json=body).status_code == 200
    answer = psa.put("time_entries/9", json=body)
    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert psa.get("time_entries/9").status_code == 200


def test_events_tell_of_deletions_in_no_order_and_some_twice(sandbox: Running, psa: httpx.Client) -> None:
    gone = [str(number) for number in range(120, 144) if number % 6 != 5]
    for number in gone:
        assert psa.delete(f"time_entries/{number}").status_code == 204
    assert psa.get(f"time_entries/{gone[0]}").status_code == 404, "a delete leaves nothing behind"
    told = psa.get("subscribed_events", params={"event_types": "time_entry:deleted", "per_page": 200}).json()
    subjects = [told["subscribed_events"][result["id"]]["subject_id"] for result in told["results"]]
    assert set(subjects) >= set(gone)
    assert len(subjects) > len(set(subjects))
    assert subjects != sorted(subjects, key=int)
    fill(sandbox.instances["psa"].store.path.parents[1], FakeFirm(as_of=AS_OF + timedelta(days=20)))
    late = psa.get("subscribed_events", params={"event_types": "time_entry:deleted"}).json()
    assert late["results"] == [], "nine days are kept"


def test_events_are_a_paid_addition(sandbox: Running, psa: httpx.Client) -> None:
    sandbox.faults("psa").subscribed_events = False
    assert refused(psa.get("subscribed_events", params={"event_types": "time_entry:deleted"}))[:2] == (403, "oauth")
    sandbox.faults("psa").subscribed_events = True
    assert refused(psa.get("subscribed_events", params={"event_types": "moon:risen"}))[0] == 422


def test_a_write_without_an_answer_is_looked_up_before_it_is_repeated(sandbox: Running, psa: httpx.Client) -> None:
    reference = {**REFERENCE, "service_model_ref": "006-9"}
    with effects(sandbox) as written:
        sandbox.inject("psa", "timeout_after", entity="workspaces")
        with pytest.raises(httpx.TransportError):
            psa.post("workspaces", json=a_project(external_reference=reference))
        wanted = {"external_reference_service_name": "qtc", "external_reference_service_model_ref": "006-9"}
        assert len(psa.get("workspaces", params=wanted).json()["results"]) == 1
    assert [effect["entity"] for effect in written] == ["workspaces", "external_references"]


def test_what_was_written_outlives_the_firms_next_day(sandbox: Running, psa: httpx.Client) -> None:
    made = one(psa.post("workspaces", json=a_project()), "workspaces")
    psa.put("time_entries/100", json={"time_entry": {"rate_in_cents": 1}})
    fill(sandbox.instances["psa"].store.path.parents[1], FakeFirm(as_of=AS_OF + timedelta(days=30)))
    assert one(psa.get(f"workspaces/{made['id']}"), "workspaces") == made
    assert one(psa.get("time_entries/100"), "time_entries")["rate_in_cents"] == 1
