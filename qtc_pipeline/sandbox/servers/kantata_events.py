"""Subscribed Events: what happened to records in the last nine days, as a paid add-on tells it.

Traps kept: events come in no order, some come twice under another id, older ones are gone without a word, and an
account without the add-on is refused.
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams
from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import Instance, Refusal, json_answer
from qtc_pipeline.sandbox.servers.catalogue import entities
from qtc_pipeline.sandbox.servers.kantata_filters import error, request_id, window
from qtc_pipeline.sandbox.servers.kantata_writes import SINGULAR

_KEPT = timedelta(days=9)
_COLUMNS = {"deleted": "_deleted_at", "created": '"created_at"', "updated": '"updated_at"'}


def events(instance: Instance, params: QueryParams) -> Response:
    """A page of events of the wanted types."""
    if not instance.faults.subscribed_events:
        raise Refusal(error(403, "oauth", "Subscribed Events are not part of this account's plan."))
    now = datetime.fromisoformat(instance.store.now() or "1970-01-01T00:00:00Z")
    since = max(_bound(params, "created_after", now - _KEPT), now - _KEPT)
    until = _bound(params, "created_before", now + timedelta(days=1))
    found: list[dict[str, Any]] = []
    for kind in filter(None, params.get("event_types", "").split(",")):
        found += _of_kind(instance, kind.strip(), since, until)
    random.Random(len(found)).shuffle(found)
    twice = [{**one, "id": f"{one['id']}9"} for one in found[::10]]
    found += twice
    start, size = window(params)
    page = found[start : start + size]
    meta = {
        "count": len(found),
        "page_count": -(-len(found) // size),
        "page_number": start // size + 1,
        "page_size": size,
    }
    return json_answer(
        {
            "count": len(found),
            "meta": meta,
            "results": [{"key": "subscribed_events", "id": one["id"]} for one in page],
            "subscribed_events": {one["id"]: one for one in page},
        },
        headers=request_id(),
    )


def _bound(params: QueryParams, name: str, default: datetime) -> datetime:
    if name not in params:
        return default
    try:
        moment = datetime.fromisoformat(params[name].replace(" ", "+"))
    except ValueError:
        raise Refusal(error(422, "validation", "is not a valid ISO 8601 date and time", name)) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=default.tzinfo)


def _of_kind(instance: Instance, kind: str, since: datetime, until: datetime) -> list[dict[str, Any]]:
    singular, _, what = kind.partition(":")
    name = next((plural for plural, one in SINGULAR.items() if one == singular), None)
    if name is None or what not in _COLUMNS:
        raise Refusal(error(422, "validation", f"{kind} is not an event type", "event_types"))
    entity, column = entities("kantata")[name], _COLUMNS[what]
    alive = "1" if what == "deleted" else "_deleted_at IS NULL"
    bounds = [one.strftime("%Y-%m-%dT%H:%M:%S") for one in (since, until)]
    rows = instance.store.read(
        f"SELECT _seq, _key, {column}, _payload FROM {entity.table} WHERE {alive} AND {column} >= ? AND {column} < ?",
        bounds,
    )
    subject = "".join(part.title() for part in singular.split("_"))
    return [
        {
            "id": f"{list(_COLUMNS).index(what) + 1}{list(SINGULAR).index(name)}{seq}",
            "event_type": kind,
            "subject_type": subject,
            "subject_id": str(key),
            "created_at": str(stamp)[:19] + "Z",
            "payload": json.loads(str(payload)),
        }
        for seq, key, stamp, payload in rows
    ]
