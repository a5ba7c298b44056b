"""Query strings: each kind of parameter, its bounds, and every problem named at once."""

from contextlib import suppress
from enum import StrEnum

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.errors import InvalidInput
from leadlight.http.query import (
    Parameter,
    QueryDecoder,
    boolean,
    choice,
    choices,
    cursor_position,
    integer,
    text,
    texts,
    timestamp,
)


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Query(msgspec.Struct):
    count: int = 1
    flag: bool = False
    word: str = ""
    words: tuple[str, ...] = ()
    color: Color = Color.RED
    colors: tuple[Color, ...] = ()
    since_then: int = 0
    after: int = 0
    meta: dict[str, str] = {}


DECODER = QueryDecoder(
    Query,
    (
        Parameter("count", integer(-5, 5), ""),
        Parameter("flag", boolean(), ""),
        Parameter("word", text(3), ""),
        Parameter("words", texts(3), ""),
        Parameter("color", choice(Color), ""),
        Parameter("colors", choices(Color), ""),
        Parameter("sinceThen", timestamp(), ""),
        Parameter("after", cursor_position(), ""),
        Parameter("meta.", text(3), ""),
    ),
)


def problems(query: bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        DECODER.decode(query)
    return {problem.field: problem.code for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("query", "attribute", "value"),
    [
        (b"count=-5", "count", -5),
        (b"count=0005", "count", 5),
        (b"flag=true", "flag", True),
        (b"flag=false", "flag", False),
        (b"word=", "word", ""),
        (b"word=a+b", "word", "a b"),
        (b"word=a%2Bb", "word", "a+b"),
        (b"word=a=b", "word", "a=b"),
        (b"word=%C3%A9%F0%9F%98%80", "word", "é😀"),
        (b"word=\xc3\xa9", "word", "é"),
        (b"w%6Frd=a", "word", "a"),
        (b"word=%zz", "word", "%zz"),
        (b"word", "word", ""),
        (b"&word=a&&", "word", "a"),
        (b"words=a,b%2Cc", "words", ("a", "b", "c")),
        (b"words=a,+b", "words", ("a", "b")),
        (b"color=blue", "color", Color.BLUE),
        (b"colors=blue,red,blue", "colors", (Color.BLUE, Color.RED)),
        (b"sinceThen=1970-01-02", "since_then", 86_400_000),
        (b"sinceThen=1970-01-01T00:00:01.500Z", "since_then", 1_500),
        (b"sinceThen=1970-01-01T02:00:00%2B02:00", "since_then", 0),
        (b"sinceThen=1970-01-01T02:00:00+02:00", "since_then", 0),
        (b"sinceThen=1969-12-31T23:59:59Z", "since_then", -1_000),
        (b"after=007", "after", 7),
        (b"meta.a=1&meta.b=2", "meta", {"a": "1", "b": "2"}),
        (b"meta.a.b=", "meta", {"a.b": ""}),
    ],
)
def test_reads(query: bytes, attribute: str, value: object) -> None:
    assert getattr(DECODER.decode(query), attribute) == value


def test_without_a_query_all_is_as_declared() -> None:
    assert DECODER.decode(b"") == Query()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"count=6", {"count": "out_of_range"}),
        (b"count=-6", {"count": "out_of_range"}),
        (b"count=", {"count": "out_of_range"}),
        (b"count=1.0", {"count": "out_of_range"}),
        (b"count=+1", {"count": "out_of_range"}),
        (b"count=--1", {"count": "out_of_range"}),
        (b"count=1e0", {"count": "out_of_range"}),
        (b"count=1_0", {"count": "out_of_range"}),
        (b"count=%C2%B2", {"count": "out_of_range"}),
        (b"count=" + b"9" * 5000, {"count": "out_of_range"}),
        (b"flag=1", {"flag": "invalid_choice"}),
        (b"flag=TRUE", {"flag": "invalid_choice"}),
        (b"word=abcd", {"word": "too_long"}),
        (b"word=%00", {"word": "invalid_character"}),
        (b"word=%FF", {"word": "invalid_encoding"}),
        (b"word=%C3", {"word": "invalid_encoding"}),
        (b"words=", {"words": "blank"}),
        (b"words=a,,b", {"words": "blank"}),
        (b"words=a,bcde", {"words": "too_long"}),
        (b"color=", {"color": "invalid_choice"}),
        (b"color=RED", {"color": "invalid_choice"}),
        (b"colors=red,green", {"colors": "invalid_choice"}),
        (b"sinceThen=", {"sinceThen": "invalid_time"}),
        (b"sinceThen=1700000000", {"sinceThen": "invalid_time"}),
        (b"sinceThen=2023-02-29", {"sinceThen": "invalid_time"}),
        (b"after=-1", {"after": "invalid_cursor"}),
        (b"after=1" + b"0" * 18, {"after": "invalid_cursor"}),
        (b"after=%D9%A1", {"after": "invalid_cursor"}),
        (b"count=1&count=1", {"count": "duplicate"}),
        (b"meta.a=1&meta.a=1", {"meta.a": "duplicate"}),
        (b"meta.=1", {"meta.": "invalid_key"}),
        (b"meta.%22=1", {'meta."': "invalid_key"}),
        (b"meta.%5C=1", {"meta.\\": "invalid_key"}),
        (b"meta=1", {"meta": "unknown_parameter"}),
        (b"=1", {"": "unknown_parameter"}),
        (b"since_then=1970-01-01", {"since_then": "unknown_parameter"}),
        (b"count=x&flag=x&nope=x", {"count": "out_of_range", "flag": "invalid_choice", "nope": "unknown_parameter"}),
    ],
)
def test_refuses(query: bytes, expected: dict[str, str]) -> None:
    assert problems(query) == expected


def test_says_what_is_known() -> None:
    with pytest.raises(InvalidInput) as caught:
        DECODER.decode(b"nope=1")

    assert caught.value.problems[0].message == (
        "unknown parameter; known are after, color, colors, count, flag, meta.<key>, sinceThen, word, words"
    )


def test_an_operation_without_parameters_takes_none() -> None:
    decoder = QueryDecoder(None, ())

    assert decoder.decode(b"") is None
    with pytest.raises(InvalidInput, match="Validation failed") as caught:
        decoder.decode(b"a=1")
    assert caught.value.problems[0].message == "unknown parameter; this operation takes none"


@given(st.binary(max_size=60) | st.text("=&%+.,09aword", max_size=60).map(str.encode))
def test_any_bytes_are_taken_or_refused_in_words(query: bytes) -> None:
    with suppress(InvalidInput):
        DECODER.decode(query)


@given(st.sampled_from(["sinceThen", "count", "after", "colors"]), st.text("0123456789-:TZ.+,W red", max_size=30))
def test_any_value_is_taken_or_refused_in_words(name: str, value: str) -> None:
    with suppress(InvalidInput):
        DECODER.decode(f"{name}={value}".encode())
