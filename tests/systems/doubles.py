"""Readers over answers written by hand, for what no running server can be made to say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from qtc_pipeline.settings import Instance
from qtc_pipeline.systems.http import Patience
from qtc_pipeline.systems.kantata.read import KantataReader
from qtc_pipeline.systems.kantata.read import open_reader as open_kantata
from qtc_pipeline.systems.registry import system
from qtc_pipeline.systems.salesforce.read import SalesforceReader
from qtc_pipeline.systems.salesforce.read import open_reader as open_salesforce

OPPORTUNITY = system("salesforce").entity("Opportunity")
Handler = Callable[[httpx.Request], httpx.Response]


def secret_file(folder: Path) -> Path:
    path = folder / "secret"
    path.write_text("s3cret-value")
    return path


def salesforce(folder: Path, handler: Handler, pauses: list[float] | None = None) -> SalesforceReader:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "t0ken-value"})
        return handler(request)

    instance = Instance(
        name="crm",
        vendor="salesforce",
        roles=("crm",),
        base_url="https://acme.my.salesforce.com",
        client_id="app",
        secret_file=secret_file(folder),
    )
    slept = pauses if pauses is not None else []
    return open_salesforce(
        instance, transport=httpx.MockTransport(answer), patience=Patience(sleep=slept.append, attempts=3)
    )


def an_opportunity(number: int, second: int) -> dict[str, Any]:
    stamp = f"2026-01-01T00:00:{second:02d}.000+0000"
    return {**dict.fromkeys(OPPORTUNITY.fields), "Id": f"{number:018d}", "SystemModstamp": stamp, "IsDeleted": False}


def query_result(rows: list[dict[str, Any]], following: str | None = None) -> httpx.Response:
    more = {"nextRecordsUrl": following} if following else {}
    return httpx.Response(200, json={"totalSize": 9, "done": following is None, **more, "records": rows})


def error(status: int, code: str, message: str = "", **headers: str) -> httpx.Response:
    return httpx.Response(status, json=[{"message": message, "errorCode": code}], headers=headers)


def kantata(folder: Path, handler: Handler) -> KantataReader:
    instance = Instance(
        name="psa",
        vendor="kantata",
        roles=("psa",),
        base_url="https://api.mavenlink.com",
        secret_file=secret_file(folder),
    )
    return open_kantata(instance, transport=httpx.MockTransport(handler), patience=Patience(sleep=id, attempts=2))
