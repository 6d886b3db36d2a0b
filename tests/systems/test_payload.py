"""Cutting answers into records: every record is the text the vendor sent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtc_pipeline.systems.payload import hash_text, split_answer

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
records = st.lists(st.dictionaries(st.text(), values, max_size=5), max_size=6)


@given(
    rows=records,
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]),
    escaped=st.booleans(),
    keyed=st.booleans(),
)
def test_records_come_out_as_text_that_decodes_to_what_went_in(
    *, rows: list[dict[str, Any]], separators: tuple[str, str], escaped: bool, keyed: bool
) -> None:
    held: Any = {f'k"{number}': row for number, row in enumerate(rows)} if keyed else rows
    body = {"before": 1, "records": held, "after": {"records": [1]}}
    text = json.dumps(body, separators=separators, ensure_ascii=escaped)
    envelope, found = split_answer(text, "records")
    assert envelope == {"before": 1, "after": {"records": [1]}}
    assert [json.loads(one) for _, one in found] == rows
    assert all(one in text for _, one in found)


@given(rows=records, keyed=st.booleans(), cut=st.integers(min_value=0))
def test_an_answer_that_ends_early_never_passes_for_a_shorter_one(
    *, rows: list[dict[str, Any]], keyed: bool, cut: int
) -> None:
    held: Any = {str(number): row for number, row in enumerate(rows)} if keyed else rows
    text = json.dumps({"done": True, "records": held})
    with pytest.raises(json.JSONDecodeError):
        split_answer(text[: cut % len(text)], "records")


def test_money_keeps_every_digit_it_was_sent_with() -> None:
    _, found = split_answer('{"records":[{"Amount":1234567890123456.10,"b":1.10}]}', "records")
    assert found[0][1] == '{"Amount":1234567890123456.10,"b":1.10}'
    assert json.loads(found[0][1], parse_float=Decimal)["Amount"] == Decimal("1234567890123456.10")
    assert found[0][0]["b"] == "1.10"


def test_an_element_that_is_no_record_is_an_error() -> None:
    with pytest.raises(json.JSONDecodeError):
        split_answer('{"records":[{"a":1},null]}', "records")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ('{"attributes":{"type":"A","url":"/v67.0/a"},"Id":"1"}', '"Id":"1"}'),
        ('{ "attributes": {"type":"A"} , "Id":"1"}', '"Id":"1"}'),
        ('{"attributes":{}}', "}"),
        ('{"Id":"1", "attributes": {"type":"A"}}', '{"Id":"1"}'),
        (r'{"Id":"say \"attributes\":{x}","attributes":{"t":"A"}}', r'{"Id":"say \"attributes\":{x}"}'),
        ('{"attributes":{"url":"a}b"},"b":1,"a":2}', '{"a":2,"b":1}'),
        ('{"attributes":{"more":{"url":"x"}},"b":1,"a":2}', '{"a":2,"b":1}'),
        ('{"Id":"1"}', '{"Id":"1"}'),
    ],
)
def test_volatile_members_are_left_out_of_the_hash(text: str, rest: str) -> None:
    assert hash_text(json.loads(text), text, ("attributes",)) == rest


@given(value=values)
def test_the_hash_does_not_depend_on_a_volatile_member(value: Any) -> None:
    def hashed(volatile: Any) -> str:
        text = json.dumps({"links": volatile, "value": value})
        return hash_text(json.loads(text), text, ("links",))

    assert hashed([]) == hashed([{"rel": "self", "href": "x"}])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ('{"links":[],"a":1,"new":null}', '"a":1}'),
        ('{"links":[],"a":1,"new":null,"b":null}', '"a":1,"b":null}'),
        ('{"links":[],"a":1, "new" : null , "newer":2}', '"a":1 , "newer":2}'),
        ('{"links":[],"a":1,"new":0}', '"a":1,"new":0}'),
        ('{"links":[],"a":1}', '"a":1}'),
        ('{"a":1,"new":null,"links":[]}', '{"a":1}'),
        (r'{"links":[],"a":"x,\"new\":null,"}', r'"a":"x,\"new\":null,"}'),
    ],
)
def test_a_member_added_later_is_left_out_of_the_hash_where_it_is_empty(text: str, rest: str) -> None:
    assert hash_text(json.loads(text), text, ("links",), ("new", "newer")) == rest


def test_a_record_without_volatile_members_is_hashed_as_it_came() -> None:
    assert hash_text({"a": 1}, '{"a": 1}', ()) == '{"a": 1}'
