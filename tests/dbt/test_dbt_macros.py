"""Macros whose wrong result no other test would show to the cent: exact division, guarded casts, identities."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from pathlib import Path

import pytest

from tests.dbt.warehouse import dbt

pytestmark = pytest.mark.xdist_group("dbt")

_CASES = {
    "money_div('cast(1 as decimal(18, 4))', 'cast(3 as decimal(18, 4))', 2)": "0.3300",
    "money_div('cast(-5 as decimal(18, 4))', 'cast(1000 as decimal(18, 4))', 2)": "-0.0100",
    "money_div('cast(5 as decimal(18, 4))', 'cast(-1000 as decimal(18, 4))', 2)": "-0.0100",
    "money_div('cast(4.9999 as decimal(18, 4))', 'cast(1000 as decimal(18, 4))', 2)": "0.0000",
    "money_div('cast(99999999999999.99 as decimal(18, 4))', 'cast(0.000001 as decimal(18, 6))', 2)": (
        "99999999999999990000.0000"
    ),
    "money_div('cast(7 as decimal(18, 4))', '0', 2)": None,
    "money_div('cast(5 as decimal(18, 4))', '2', 0)": "3.0000",
    "minutes_value('20', 'cast(150 as decimal(18, 6))')": "50.0000",
    "minutes_value('1', 'cast(100.5 as decimal(18, 6))')": "1.6800",
    "minutes_value('-1', 'cast(100.5 as decimal(18, 6))')": "-1.6800",
    "minutes_value('7', 'cast(10001 as decimal(18, 6))', '0')": "1167.0000",
    "round_half_away('cast(-1.005 as decimal(18, 4))')": "-1.0100",
    "round_to_minor_unit('cast(2.5 as decimal(18, 4))', '0')": "3.0000",
    "to_integer(\"'2.7'\")": None,
    "to_integer(\"'-12'\")": "-12",
    "to_integer(\"'9999999999'\")": None,
    "cents_to_money(\"'-1999'\")": "-19.9900",
    "cents_to_money(\"'19.99'\")": None,
    "hours_to_minutes(\"'7:30'\")": "450",
    "hours_to_minutes(\"'-0:15'\")": "-15",
    "hours_to_minutes(\"'123:05'\")": "7385",
    "hours_to_minutes(\"'7.5'\")": None,
    "hours_to_minutes(\"'7:60'\")": None,
    "to_money(\"'1e3'\")": "1000.0000",
    "to_date(\"'2026-02-30'\")": None,
    "to_timestamp(\"'2026-01-31T10:00:00.000+0200'\")": "2026-01-31 08:00:00",
    "to_timestamp(\"'2026-01-31 10:00:00'\")": "2026-01-31 10:00:00",
    "to_boolean(\"'T'\")": "true",
    "to_boolean(\"'maybe'\")": None,
    "period_of(\"date '2026-03-31'\")": "2026-03",
    "period_end(\"'2024-02'\")": "2024-02-29",
    "days_between(\"date '2026-03-01'\", \"date '2026-02-27'\")": "-2",
    "add_days(\"date '2026-02-27'\", '2')": "2026-03-01",
    "dbt.safe_cast(\"'x'\", 'integer')": None,
    "qtc_id(\"'crm'\", \"'006é'\")": str(uuid.uuid5(uuid.NAMESPACE_URL, "qtc:crm:006é")),
}


def test_macros_compute_exactly(warehouse: Path) -> None:
    columns = ", ".join(f"cast({{{{ {call} }}}} as varchar) as c{place}" for place, call in enumerate(_CASES))
    said = dbt(warehouse, "show", "--inline", f"select {columns}", "--output", "json")
    shown = json.loads(said[said.index("{") :])["show"][0]
    found = {call: shown[f"c{place}"] for place, call in enumerate(_CASES)}
    assert {call: _plain(value) for call, value in found.items()} == {call: _plain(v) for call, v in _CASES.items()}


def _plain(value: object) -> object:
    """A number shown without its trailing zeros, so that 50.00 and 50.0000 compare equal."""
    try:
        return Decimal(str(value)).normalize()
    except ArithmeticError:
        return value
