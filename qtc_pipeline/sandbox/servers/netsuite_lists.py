"""Lists of NetSuite's record service: ids only, in windows, filtered by ``q``.

Traps kept: a bare date in a filter means the account's own day, so rows around midnight are missed by who thinks in
UTC; there is no order a client could rely on; AND binds before OR.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from qtc_pipeline.sandbox.servers.grammar import QueryError
from qtc_pipeline.sandbox.servers.netsuite_types import RecordType
from qtc_pipeline.sandbox.servers.netsuite_words import INVALID, RefusedError
from qtc_pipeline.sandbox.servers.suiteql_terms import ACCOUNT_ZONE

_CONDITION = re.compile(r'\s*(\w+)\s+([A-Z_]+)(?:\s+("(?:[^"]*)"|\[[^\]]*\]|[^\s"]+))?\s*')
_SIGNS = {
    "IS": "=",
    "EQUAL": "=",
    "ON": "=",
    "AFTER": ">",
    "GREATER": ">",
    "ON_OR_AFTER": ">=",
    "GREATER_OR_EQUAL": ">=",
    "BEFORE": "<",
    "LESS": "<",
    "ON_OR_BEFORE": "<=",
    "LESS_OR_EQUAL": "<=",
}
_LIKE = {"CONTAIN": "%{}%", "START_WITH": "{}%", "END_WITH": "%{}"}
_OWN = {"id": "id", "externalId": "externalid", "lastModifiedDate": "lastmodifieddate", "createdDate": "createddate"}
_FORMS = ("%m/%d/%Y", "%Y-%m-%d")


def condition(kind: RecordType, text: str) -> tuple[str, list[Any]]:
    """SQL of a filter.

    Raises:
        RefusedError: it cannot be understood.
    """
    values: list[Any] = []
    alternatives = []
    for group in re.split(r"\s+OR\s+", text):
        parts = [_one(kind, part, values) for part in re.split(r"\s+AND\s+", group)]
        alternatives.append(" AND ".join(parts))
    return "(" + " OR ".join(f"({one})" for one in alternatives) + ")", values


def _one(kind: RecordType, text: str, values: list[Any]) -> str:
    found = _CONDITION.fullmatch(text)
    name = found.group(1) if found else ""
    column = _OWN.get(name) or kind.properties.get(name)
    if found is None or column is None or (column not in kind.entity.fields and column != kind.entity.external):
        raise RefusedError(400, INVALID, f"Invalid search query. Cannot filter by: {text.strip()}")
    operator = found.group(2)
    negation = "NOT " if operator.endswith("_NOT") else ""
    operator = operator.removesuffix("_NOT")
    given = (found.group(3) or "").strip('"')
    if operator == "EMPTY":
        return f'{negation}("{column}" IS NULL)'
    if operator in _LIKE:
        values.append(_LIKE[operator].format(given))
        return f'{negation}("{column}" LIKE ?)'
    if operator == "ANY_OF":
        listed = [one.strip().strip('"') for one in given.strip("[]").split(",")]
        values.extend(listed)
        return f'{negation}("{column}" IN ({", ".join("?" * len(listed))}))'
    if operator not in _SIGNS:
        raise RefusedError(400, INVALID, f"Invalid search query. Unknown operator: {found.group(2)}")
    if kind.entity.kind(column) == "datetime":
        return negation + _moment(column, operator, given, values)
    values.append(_day(given) if kind.entity.kind(column) == "date" else given)
    return f'{negation}("{column}" {_SIGNS[operator]} ?)'


def _day(text: str) -> str:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).strftime("%Y-%m-%d")  # noqa: DTZ007 - a calendar date
        except ValueError:
            continue
    raise RefusedError(400, INVALID, f"Invalid search query. Unparseable date: {text}")


def _moment(column: str, operator: str, text: str, values: list[Any]) -> str:
    try:
        moment = datetime.fromisoformat(text) if "T" in text else None
    except ValueError:
        moment = None
    if moment is not None:
        values.append(moment.strftime("%Y-%m-%d %H:%M:%S"))
        return f'("{column}" {_SIGNS[operator]} ?)'
    start = datetime.strptime(_day(text), "%Y-%m-%d") - ACCOUNT_ZONE  # noqa: DTZ007 - UTC without a zone
    end = start + timedelta(days=1)
    bounds = {"AFTER": (">=", end), "ON_OR_AFTER": (">=", start), "BEFORE": ("<", start), "ON_OR_BEFORE": ("<", end)}
    if operator == "ON":
        values.extend(one.strftime("%Y-%m-%d %H:%M:%S") for one in (start, end))
        return f'("{column}" >= ? AND "{column}" < ?)'
    if operator not in bounds:
        raise QueryError(INVALID, f"{operator} is no operator of a date")
    sign, bound = bounds[operator]
    values.append(bound.strftime("%Y-%m-%d %H:%M:%S"))
    return f'("{column}" {sign} ?)'
