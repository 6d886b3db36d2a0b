"""What data faults do to an answer: rows kept back, older versions, fields added, gone or retyped, pages in disorder.

The faults that strike a request travel with it in a context variable, so the store and the query languages need no
argument for them, and a request that nothing strikes pays one look-up. Everything is SQL over the stored records: an
answer is still the stored text. Add here what a fault of level ``data`` changes; which there are is ``faults``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from qtc_pipeline.sandbox.servers.catalogue import DELETED_RECORD, Entity
from qtc_pipeline.sandbox.servers.faults import Injection

_STRIKING: ContextVar[tuple[Injection, ...]] = ContextVar("striking", default=())


@contextmanager
def striking(struck: tuple[Injection, ...]) -> Iterator[None]:
    """These faults strike what is answered inside the block."""
    token = _STRIKING.set(struck)
    try:
        yield
    finally:
        _STRIKING.reset(token)


def _named(*names: str) -> tuple[Injection, ...]:
    struck = _STRIKING.get()
    return tuple(one for one in struck if one.fault.name in names) if struck else ()


def field_of(entity: Entity, wanted: str) -> str | None:
    """The field a schema fault is about: the one named, else the first amount, else the last field."""
    if wanted:
        return entity.field(wanted)
    amounts = [name for name, kind in entity.fields.items() if kind == "money"]
    return amounts[0] if amounts else list(entity.fields)[-1]


def lost(entity: Entity) -> frozenset[str]:
    """Fields that are gone or not shown to this role."""
    found = (field_of(entity, one.options["field"]) for one in _named("field_removed", "hidden_fields"))
    return frozenset(name for name in found if name is not None)


def added() -> Mapping[str, str]:
    """Fields nobody knew before, as descriptions list them -> their value as JSON text."""
    return {_plain(one.options["field"]): json.dumps(one.options["value"]) for one in _named("field_added")}


def known(entity: Entity, spelled: str) -> str | None:
    """The name of a field that can be asked for, None where there is none."""
    name = entity.field(spelled) or next((one for one in added() if one.lower() == spelled.lower()), None)
    if name is None or name in lost(entity):
        return None
    return name.lower() if entity.vendor == "netsuite" else name


def payload(entity: Entity) -> str:
    """SQL of a record's text as this request shall see it."""
    text = "_payload"
    if _named("stale_replica"):
        older = f"SELECT o.payload FROM older AS o WHERE o.entity = '{entity.name}' AND o.key = t._key"
        text = f"coalesce(({older}), _payload)"
    for field, value in added().items() if entity.vendor == "kantata" else ():  # the others answer what was asked for
        text = f"json_set({text}, '$.{field}', json({quoted(value)}))"
    for gone in lost(entity):
        text = f"json_remove({text}, '$.{gone}')"
    for one in _named("field_retyped"):
        name = field_of(entity, one.options["field"])
        if name is not None:
            text = _retyped(text, name)
    return text if text == "_payload" else f"({text})"


def _retyped(text: str, name: str) -> str:
    at = f"{text}, '$.{name}'"
    value = f"json_extract({at})"
    as_number = f"CASE WHEN json_valid({value}) THEN json({value}) ELSE json('0') END"
    return (
        f"CASE json_type({at}) WHEN 'null' THEN {text} WHEN 'text' THEN json_set({at}, {as_number})"
        f" ELSE json_set({at}, CAST({value} AS TEXT)) END"
    )


def quoted(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _plain(name: str) -> str:
    return "".join(letter for letter in name if letter.isalnum() or letter == "_")


def kept_back(entity: Entity, alias: str = "") -> str:
    """SQL condition of the rows that are shown; empty where all are."""
    if not _STRIKING.get() or entity.name == DELETED_RECORD:
        return ""
    prefix = f"{alias}." if alias else ""
    conditions = []
    for one in _named("late_commits"):
        stamp = (*entity.stamps, *entity.orders, *entity.key)[0]
        newest = (
            f'SELECT _key FROM {entity.table} WHERE _deleted_at IS NULL ORDER BY "{stamp}" DESC, _key DESC'
            f" LIMIT {int(one.options['number'])} OFFSET 1"
        )
        conditions.append(f"{prefix}_key NOT IN ({newest})")
    for one in _named("hidden_records"):
        hidden = round(float(one.options["share"]) * 100)
        conditions.append(f"({prefix}_seq * 7919 + {int(one.seed)}) % 100 >= {hidden}")
    return " AND ".join(conditions)


def turn(start: int, size: int, total: int) -> tuple[int, int]:
    """Which rows a page shows and which it says it shows, both as the number of their first row."""
    for one in _named("duplicated_page"):
        if start >= size > 0 and not one.is_over:
            one.strike()
            return start - size, start - size
    for one in _named("reordered_pages"):
        pages = list(range(-(-total // size)))
        if start // size < len(pages):
            random.Random(f"{one.seed}:{total}:{size}").shuffle(pages)
            return pages[start // size] * size, start
    return start, start


def skew() -> float:
    """Seconds the vendor's clock is off."""
    return sum(float(one.options["seconds"]) for one in _named("clock_skew"))


def delay() -> float:
    """Seconds this answer takes longer."""
    return sum(float(one.options["seconds"]) for one in _named("slow"))


def of_request(struck: Sequence[Injection]) -> list[Injection]:
    """The faults that decide the fate of the request itself, in the order they were injected."""
    return [one for one in struck if one.fault.level == "request" and one.fault.name not in {"clock_skew", "slow"}]
