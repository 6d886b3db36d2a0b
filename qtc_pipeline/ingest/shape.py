"""What the payloads of a load look like: fields, JSON types, numbers the engine could not hold.

Here: counting, by the engine, over the versions a load adds; what did not change was looked at when it came, so a read
that brings nothing costs nothing. Of a large batch every n-th record is looked at.
Stays out: what is out of the ordinary (``findings``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtc_pipeline.lake import FieldShape, Profile
from qtc_pipeline.systems.contract import Entity
from qtc_pipeline.warehouse import quoted

if TYPE_CHECKING:
    import pyarrow as pa

    from qtc_pipeline.ingest.known import Known

_SAMPLE = 2048
# the engine reads a JSON number as a 64-bit integer, else as a binary float: 17 digits
_LONG_NUMBER = r"[:\[,]\s*-?\d[\d.]{17,}"
_DIGITS_OF_FLOAT, _DIGITS_OF_INTEGER = 17, 18
_KINDS = {"VARCHAR": "string", "BOOLEAN": "boolean", "NULL": "null", "OBJECT": "object", "ARRAY": "array"}


class Shape:
    """Gathers what the versions of one load look like.

    Attributes:
        profile: fields of the records looked at.
        imprecise: fields with a number of more digits than the engine's JSON numbers hold -> such a record's id.
    """

    def __init__(self, entity: Entity) -> None:
        self.profile = Profile()
        self.imprecise: dict[str, str] = {}
        self._names = declared(entity)
        self._volatile = frozenset(entity.volatile)

    def add(self, versions: pa.Table, known: Known) -> None:
        """Look at versions (columns record_id, payload, is_deleted) that a load adds."""
        import pyarrow as pa
        import pyarrow.compute as pc

        alive = versions.filter(pc.invert(versions["is_deleted"])).select(["record_id", "payload"])
        if alive.num_rows == 0:
            return
        self._find_imprecise(alive)
        step = -(-alive.num_rows // _SAMPLE)
        engine = known.engine
        engine.register("shaped", alive.take(pa.array(range(0, alive.num_rows, step))))
        paths = ", ".join(quoted(f"$.{json.dumps(name)}") for name in self._names)
        grouped = engine.execute(
            f"select json_keys(payload) as names, json_type(payload, [{paths}]) as kinds, count(*) as n"
            " from shaped where json_valid(payload) group by all"
        ).fetchall()
        engine.unregister("shaped")
        for names, kinds, count in grouped:
            self.profile = self.profile.plus(self._profile_of(names, kinds, count))

    def _profile_of(self, names: Sequence[str], kinds: Sequence[str | None], count: int) -> Profile:
        fields = {name: FieldShape(count) for name in names if name not in self._volatile}
        for name, kind in zip(self._names, kinds, strict=True):
            if kind is not None and kind != "NULL" and name in fields:
                fields[name] = FieldShape(count, count, {_KINDS.get(kind, "number"): count})
        return Profile(count, fields)

    def _find_imprecise(self, alive: pa.Table) -> None:
        import pyarrow.compute as pc

        suspects = alive.filter(pc.match_substring_regex(alive["payload"], _LONG_NUMBER))
        for record_id, payload in zip(*(suspects[name].to_pylist() for name in ("record_id", "payload")), strict=True):
            for name, value in json.loads(payload, parse_float=_Number, parse_int=_Number).items():
                if isinstance(value, _Number) and not value.is_held:
                    self.imprecise.setdefault(name, record_id)


class _Number(str):
    """A number's own text, told apart from a string."""

    __slots__ = ()

    @property
    def is_held(self) -> bool:
        """Whether the engine's numbers can hold it."""
        digits = re.sub(r"\D", "", re.split("[eE]", self)[0]).lstrip("0")
        if self.lstrip("-").isdigit():
            return len(digits) <= _DIGITS_OF_INTEGER
        return len(digits.rstrip("0")) <= _DIGITS_OF_FLOAT


def declared(entity: Entity) -> tuple[str, ...]:
    """Payload members an entity's fields arrive in; the field ``currency.code`` in a member ``currency.``."""
    return tuple(dict.fromkeys(f"{name.split('.')[0]}." if "." in name else name for name in entity.fields))
