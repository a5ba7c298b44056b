"""Bodies: JSON read strictly, every problem named at once, and never anything but a clean refusal."""

import json
from contextlib import suppress
from time import perf_counter
from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.errors import Invalid, InvalidInput
from leadlight.http.body import BodyDecoder, FieldRule
from leadlight.strict_json import InvalidJson


def even(number: int) -> int:
    if number % 2:
        raise Invalid("odd", "must be even")
    return number // 2


class Thing(msgspec.Struct, rename="camel"):
    half_name: str
    count: int = 0
    anything: msgspec.Raw = msgspec.Raw(b"null")

    rules: ClassVar[dict[str, FieldRule]] = {"count": even}


DECODER = BodyDecoder(Thing)


def problems(body: str | bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        DECODER.decode(body.encode() if isinstance(body, str) else body)
    return {problem.field: problem.code for problem in caught.value.problems}


def test_gives_the_values_with_their_rules_applied() -> None:
    thing = DECODER.decode(b'{"halfName": "a", "count": 4, "anything": [1.10]}')

    assert (thing.half_name, thing.count, bytes(thing.anything)) == ("a", 2, b"[1.10]")


def test_fills_in_what_is_not_sent() -> None:
    assert DECODER.decode(b' {"halfName":"a"}\r\n').count == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{}", {"halfName": "required"}),
        ('{"halfName": 1}', {"halfName": "invalid_type"}),
        ('{"halfName": null}', {"halfName": "invalid_type"}),
        ('{"halfName": "a", "count": 1.5}', {"count": "invalid_type"}),
        ('{"halfName": "a", "count": 3}', {"count": "odd"}),
        ('{"halfName": "a", "half_name": "a"}', {"half_name": "unknown_field"}),
        ('{"count": 3, "x": 1}', {"halfName": "required", "count": "odd", "x": "unknown_field"}),
        ("[]", {"body": "invalid_type"}),
        ("null", {"body": "invalid_type"}),
        ('"a"', {"body": "invalid_type"}),
        ("7", {"body": "invalid_type"}),
    ],
)
def test_names_every_problem(body: str, expected: dict[str, str]) -> None:
    assert problems(body) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (r'"\ud800"', {"anything": "invalid_character"}),
        (r'"\udc00\ud800"', {"anything": "invalid_character"}),
        (r'["\ud83d"]', {"anything[0]": "invalid_character"}),
        (r'{"a": ["\ud800 x"]}', {"anything.a[0]": "invalid_character"}),
        (r'{"\ud800": 1}', {"anything": "invalid_character"}),
        (r'"a\u0000"', {"anything": "invalid_character"}),
        (r'{"\u0000": 1}', {"anything": "invalid_character"}),
        ('{"a": 1, "b": 2, "a": 3}', {"anything.a": "duplicate"}),
        (r'{"a": 1, "\u0061": 3}', {"anything.a": "duplicate"}),
        ('[{"a": {"b": 1, "b": 1}}]', {"anything[0].a.b": "duplicate"}),
        ("1e999", {"anything": "out_of_range"}),
        ("[-1e999]", {"anything[0]": "out_of_range"}),
        ("9" * 309, {"anything": "out_of_range"}),
        ("-" + "9" * 5000, {"anything": "out_of_range"}),
    ],
)
def test_names_what_json_readers_can_not_carry(value: str, expected: dict[str, str]) -> None:
    assert problems(f'{{"halfName": "a", "anything": {value}}}') == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"halfName": "a", "count": 2, "count": 2}', {"count": "duplicate"}),
        (r'{"halfName": "\ud800"}', {"halfName": "invalid_character"}),
        (r'{"halfName": "\u0000"}', {"halfName": "invalid_character"}),
        (r'"\ud800"', {"body": "invalid_character"}),
    ],
)
def test_names_them_once_for_a_field_of_the_body(body: str, expected: dict[str, str]) -> None:
    assert problems(body) == expected


def test_names_a_broken_name_without_breaking_on_it() -> None:
    assert "invalid_character" in problems(r'{"halfName": "a", "\ud800": 1}').values()


@pytest.mark.parametrize(
    "value",
    [
        r'"\ud83d\ude00"',
        r'"\\u0000"',
        r'"\\ud800"',
        "1.7976931348623157e308",
        "1e-400",
        "1" * 308,
        "-0",
        "[" * 32 + "]" * 32,
    ],
)
def test_takes_what_only_looks_suspicious(value: str) -> None:
    thing = DECODER.decode(f'{{"halfName": "a", "anything": {value}}}'.encode())

    assert bytes(thing.anything) == value.encode()


@pytest.mark.parametrize("depth", [33, 100, 500, 100_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_bounds_the_nesting(depth: int, brackets: str) -> None:
    opening = brackets[0] if brackets == "[]" else '{"a":'
    nested = opening * depth + "0" + brackets[1] * depth

    assert "too_deep" in problems(f'{{"halfName": "a", "anything": {nested}}}').values()


@pytest.mark.parametrize(
    ("body", "position"),
    [
        (b"", 0),
        (b"{", 1),
        (b'{"a": 1,}', 8),
        (b"{'a': 1}", 1),
        (b'{"a": 01}', 7),
        (b'{"a": .5}', 6),
        (b'{"a": +1}', 6),
        (b'{"a": 0x1}', 7),
        (b'{"a": "\n"}', 7),
        (b'{"a": "\\x"}', 7),
        (b'{"a": True}', 6),
        (b'{"a": 1} {}', 9),
        (b'{"a": NaN}', 6),
        (b'{"a": ["NaN", -Infinity]}', 14),
        (b'{"a": Infinity}', 6),
        (b"\xef\xbb\xbf{}", 0),
        (b'{"a": "\xc3"}', 7),
        (b'{"a": "\xed\xa0\x80"}', 7),
        (b"\xff\xfe{\x00}\x00", 0),
    ],
)
def test_says_where_json_ends(body: bytes, position: int) -> None:
    with pytest.raises(InvalidJson) as caught:
        DECODER.decode(body)

    assert caught.value.details["position"] == position


def test_a_large_object_with_a_name_twice_is_refused_quickly() -> None:
    names = ",".join(f'"{number}":0' for number in range(20_000))
    started = perf_counter()

    assert problems(f'{{"halfName": "a", "anything": {{{names},"7":0}}}}') == {"anything.7": "duplicate"}
    assert perf_counter() - started < 5


TEXT = st.text(st.characters(exclude_categories=[]))  # surrogates included
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_taken_or_refused_in_words(body: bytes) -> None:
    with suppress(InvalidJson, InvalidInput):
        DECODER.decode(body)


@given(JSON)
def test_any_field_is_taken_or_refused_in_words(value: Any) -> None:
    with suppress(InvalidJson, InvalidInput):
        DECODER.decode(json.dumps({"halfName": "a", "anything": value}).encode())
