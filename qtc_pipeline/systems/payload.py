"""Cut an answer into records without touching them.

Here: finding each record's own text inside the JSON of a page, and the text its hash is taken of. Money never passes
through a binary float, because the text that is kept is a slice of what the vendor sent.
Stays out: what a vendor's members are called (each vendor's folder).

Decoding and slicing are one pass: the C scanner of the standard library decodes one record and tells where it ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from json.decoder import WHITESPACE, JSONDecodeError, scanstring  # type: ignore[attr-defined]
from typing import Any, cast

# the decoded values serve keys, stamps and flags only; numbers with a point stay text
_scan = json.JSONDecoder(parse_float=str).raw_decode
_skip = cast("re.Pattern[str]", WHITESPACE).match

# what stands before a record, up to its brace
_before_element = re.compile(r"\s*,?\s*(?=\{)").match
_before_member = re.compile(r'\s*,?\s*"(?:[^"\\]|\\.)*"\s*:\s*(?=\{)').match

Record = tuple[dict[str, Any], str]


def _after_space(text: str, position: int) -> int:
    found = _skip(text, position)
    return found.end() if found else position


def split_answer(text: str, member: str) -> tuple[dict[str, Any], list[Record]]:
    """Split an answer with its records in one member, an array or an object keyed by id.

    Args:
        text: the body, a JSON object.
        member: name of the member that holds the records.

    Returns:
        The other members decoded, and (decoded, text as received) of each record in order.

    Raises:
        json.JSONDecodeError: the text is no JSON object, or ends early.
    """
    envelope: dict[str, Any] = {}
    records: list[Record] = []
    position = _after_space(text, 0)
    if text[position : position + 1] != "{":
        raise JSONDecodeError("an object was expected", text, position)
    position = _after_space(text, position + 1)
    while text[position : position + 1] != "}":
        name, position = _name(text, position)
        if name == member and text[position : position + 1] in ("[", "{"):
            records, position = _records(text, position)
        else:
            envelope[name], position = _scan(text, position)
        position = _after_value(text, position, "}")
    return envelope, records


def _name(text: str, position: int) -> tuple[str, int]:
    if text[position : position + 1] != '"':
        raise JSONDecodeError("a name was expected", text, position)
    name, position = scanstring(text, position + 1, True)
    position = _after_space(text, position)
    if text[position : position + 1] != ":":
        raise JSONDecodeError("a colon was expected", text, position)
    return name, _after_space(text, position + 1)


def _after_value(text: str, position: int, end: str) -> int:
    position = _after_space(text, position)
    found = text[position : position + 1]
    if found == ",":
        return _after_space(text, position + 1)
    if found != end:
        raise JSONDecodeError(f"a comma or {end} was expected", text, position)
    return position


def _records(text: str, position: int) -> tuple[list[Record], int]:
    before, end = (_before_member, "}") if text[position] == "{" else (_before_element, "]")
    records: list[Record] = []
    position += 1
    while found := before(text, position):
        start = found.end()
        value, position = _scan(text, start)
        records.append((value, text[start:position]))
    position = _after_space(text, position)
    if text[position : position + 1] != end:
        raise JSONDecodeError(f"a record or {end} was expected", text, position)
    return records, position + 1


@cache
def _cutter(names: tuple[str, ...]) -> re.Pattern[str]:
    # a quote inside a JSON string is escaped, so '"name"' followed by a colon can only be a member's name; what follows
    # the value must be the next name or the end, else the value is nested and this pattern does not apply
    alternatives = "|".join(re.escape(name) for name in names)
    value = r'(?:\{[^{}]*\}|\[[^\[\]]*\]|"(?:[^"\\]|\\.)*"|[^\s,{}\[\]"]+)'
    return re.compile(rf'\s*"(?:{alternatives})"\s*:\s*{value}\s*,?\s*(?=["}}])')


@cache
def _empty(names: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf',\s*"(?:{"|".join(re.escape(name) for name in names)})"\s*:\s*null(?=\s*[,}}])')


def without_empty(text: str, names: tuple[str, ...]) -> str:
    """A record's text without those of these members that are null; none of them comes first."""
    return _empty(names).sub("", text) if names else text


def hash_text(record: Mapping[str, Any], text: str, volatile: tuple[str, ...], added: tuple[str, ...] = ()) -> str:
    """The text a payload's hash is taken of: as received, without volatile members and empty added ones.

    A flat volatile member that comes first (as vendors send them) is cut off; any other case costs a canonical rewrite
    of the record.
    """
    if added:
        text = without_empty(text, added)
        record = {name: value for name, value in record.items() if value is not None or name not in added}
    first = _cutter(volatile).match(text, 1) if volatile else None
    if first is not None and len(volatile) == 1:
        return text[first.end() :]
    kept = {name: value for name, value in record.items() if name not in volatile}
    if len(kept) == len(record):
        return text
    return json.dumps(kept, sort_keys=True, separators=(",", ":"))
