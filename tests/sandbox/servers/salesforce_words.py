"""Short words for talking to the Salesforce simulator as a writer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from qtc_pipeline.sandbox.servers.serve import Running
from tests.sandbox.servers.fake_firm import opportunity_id

DEAL = opportunity_id(1)
HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"
NEW = {"Name": "New deal", "StageName": "Proposal", "CloseDate": "2026-08-01"}


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def deal(crm: httpx.Client, key: str = DEAL) -> Any:
    return crm.get(f"sobjects/Opportunity/{key}").json()


@contextmanager
def effects(sandbox: Running) -> Iterator[list[dict[str, Any]]]:
    """What is written to the journal inside the block."""
    before = sandbox.effects("crm")
    found: list[dict[str, Any]] = []
    yield found
    found += sandbox.effects("crm", before[-1]["seq"] if before else 0)
