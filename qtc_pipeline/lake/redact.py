"""Take named members out of a payload's text and leave every other character as the vendor sent it.

Here: the cut. Stays out: which members are personal (each vendor's folder), rewriting files (``erasure``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

ERASED = "[erased]"
_scan = json.JSONDecoder().raw_decode
_member = re.compile(r'\s*,?\s*(?P<name>"(?:[^"\\]|\\.)*")\s*:\s*').match


def redacted(payload: str, names: Collection[str]) -> str:
    """The payload with the values of top-level members replaced: a text by ``[erased]``, anything else by null.

    Args:
        payload: a JSON object.
        names: members to redact; a null, and what is not there, stays as it is.
    """
    parts: list[str] = []
    done = 0
    position = payload.index("{") + 1
    while found := _member(payload, position):
        value, position = _scan(payload, found.end())
        if json.loads(found["name"]) in names and value is not None and value != ERASED:
            new = json.dumps(ERASED if isinstance(value, str) else None)
            parts += [payload[done : found.end()], new]
            done = position
    return "".join([*parts, payload[done:]])
