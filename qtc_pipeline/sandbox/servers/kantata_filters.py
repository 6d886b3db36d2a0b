"""What a Kantata list can be asked: filters, order, window, and how a wrong wish is refused.

Add a filter of the vendor here. What is hidden whatever is asked, and how rows are shown, is in ``kantata``.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.datastructures import QueryParams
from starlette.responses import Response

from qtc_pipeline.sandbox.servers.asgi import Refusal, json_answer
from qtc_pipeline.sandbox.servers.catalogue import Entity
from qtc_pipeline.sandbox.servers.store import Value

_DEFAULT_PAGE, _LARGEST_PAGE = 20, 200
_EQUALS = ("workspace_id", "user_id", "role_id", "subject_id", "subject_type", "service_name", "service_model")
_RANGES = {
    "updated_after": ("updated_at", ">"),
    "updated_before": ("updated_at", "<"),
    "created_after": ("created_at", ">"),
    "created_before": ("created_at", "<"),
}
_SUBJECTS = {"workspaces": "Workspace", "time_entries": "TimeEntry", "expenses": "Expense", "users": "User"}
_FLAGS = {"billable": "billable", "approved": "approved", "invoiced": "is_invoiced"}


def error(status: int, kind: str, message: str, of_field: str | None = None) -> Response:
    """The vendor's error: a list of typed messages."""
    item = {"type": kind, "message": message}
    return json_answer({"errors": [item if of_field is None else {**item, "field": of_field}]}, status, request_id())


def request_id() -> dict[str, str]:
    """The header every answer carries."""
    return {"x-request-id": secrets.token_hex(16)}


@dataclass
class Filter:
    """A growing WHERE clause and the values of its question marks."""

    parts: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)

    def add(self, text: str, *values: Value) -> None:
        """One more condition all rows must meet."""
        self.parts.append(text)
        self.values.extend(values)

    @property
    def text(self) -> str:
        """The whole clause."""
        return " AND ".join(self.parts) or "1"


def _invalid(name: str, message: str) -> Refusal:
    return Refusal(error(422, "validation", message, name))


def flag(params: QueryParams, name: str) -> bool:
    """Whether a switch is asked for."""
    return params.get(name, "").lower() in {"true", "1"}


def own_filters(entity: Entity, params: QueryParams, wanted: Filter) -> None:
    """Add the conditions of a request; a filter the vendor does not know is passed over without a word.

    Raises:
        Refusal: 422, a value cannot be understood.
    """
    for name, (column, sign) in _RANGES.items():
        if name in params:
            wanted.add(f'"{column}" {sign} ?', _moment(name, params[name]))
    for name, column in _FLAGS.items():
        if name in params and column in entity.fields:
            wanted.add(f'"{column}" = ?', int(flag(params, name)))
    if "uninvoiced" in params and "is_invoiced" in entity.fields:
        wanted.add('"is_invoiced" = ?', int(not flag(params, "uninvoiced")))
    for name in _EQUALS:
        if name in params and name in entity.fields:
            _one_of(wanted, f'CAST("{name}" AS TEXT)', params[name])
    _by_reference(entity, params, wanted)
    _by_text(entity, params, wanted)
    for name in ("only", "ids"):
        if params.get(name):
            _one_of(wanted, "_key", params[name])
    if "date_performed_between" in params and "date_performed" in entity.fields:
        first, _, last = params["date_performed_between"].partition(":")
        if not first or not last:
            raise _invalid("date_performed_between", "must be two dates, first:last")
        wanted.add('"date_performed" BETWEEN ? AND ?', first, last)


def _by_text(entity: Entity, params: QueryParams, wanted: Filter) -> None:
    if "search" in params and "title" in entity.fields:
        wanted.add('instr(lower("title"), lower(?)) > 0', params["search"])


def _by_reference(entity: Entity, params: QueryParams, wanted: Filter) -> None:
    subject = _SUBJECTS.get(entity.name)
    refs = params.get("external_reference_service_model_refs", params.get("external_reference_service_model_ref"))
    service = params.get("external_reference_service_name")
    if subject is None or (refs is None and service is None):
        return
    inner = Filter()
    inner.add('_deleted_at IS NULL AND "subject_type" = ?', subject)
    if service is not None:
        inner.add('"service_name" = ?', service)
    if refs is not None:
        if refs.count(",") >= _LARGEST_PAGE:
            raise _invalid("external_reference_service_model_refs", f"at most {_LARGEST_PAGE} references")
        _one_of(inner, '"service_model_ref"', refs)
    found = f'SELECT CAST("subject_id" AS TEXT) FROM "e_external_references" WHERE {inner.text}'
    wanted.add(f"_key IN ({found})", *inner.values)


def _one_of(wanted: Filter, column: str, listed: str) -> None:
    values = [value.strip() for value in listed.split(",")]
    wanted.add(f"{column} IN ({', '.join('?' * len(values))})", *values)


def _moment(name: str, text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise _invalid(name, "is not a valid ISO 8601 date and time") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def order_by(entity: Entity, params: QueryParams) -> str:
    """SQL order of the rows, ties by id."""
    name, _, direction = params.get("order", "created_at:desc").partition(":")
    if name not in entity.fields or direction not in {"", "asc", "desc"}:
        raise _invalid("order", f"cannot order by {params.get('order')}")
    return f'"{name}" {"DESC" if direction == "desc" else "ASC"}, "id"'


def window(params: QueryParams) -> tuple[int, int]:
    """First row and number of rows, from ``page``/``per_page`` or ``offset``/``limit``."""
    if "limit" in params or "offset" in params:
        return _whole(params, "offset", 0, 0), min(_whole(params, "limit", _DEFAULT_PAGE, 1), _LARGEST_PAGE)
    size = min(_whole(params, "per_page", _DEFAULT_PAGE, 1), _LARGEST_PAGE)
    return (_whole(params, "page", 1, 1) - 1) * size, size


def _whole(params: QueryParams, name: str, default: int, least: int) -> int:
    text = params.get(name, str(default))
    if not text.isdigit() or int(text) < least:
        raise _invalid(name, f"must be a whole number of at least {least}")
    return int(text)
