"""Bodies of forms: JSON, urlencoded and multipart, in the encodings that browsers have, and what is refused of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from leadlight.capture.parsing import MediaType, media_type, read_form
from leadlight.errors import InvalidInput
from leadlight.strict_json import InvalidJson

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def fields(body: bytes, content_type: str) -> dict[str, Any]:
    return {field.name: field.value for field in read_form(body, content_type).fields}


def problems(body: bytes, content_type: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as refusal:
        read_form(body, content_type)
    return [(problem.field, problem.code) for problem in refusal.value.problems]


def part(name: str, value: str, more: str = "") -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


def multipart(*parts: str) -> bytes:
    return ("".join(parts) + "--x--\r\n").encode()


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        (JSON, MediaType.JSON),
        ("Application/JSON; charset=utf-8", MediaType.JSON),
        ("application/ld+json", MediaType.JSON),
        ("text/plain;charset=UTF-8", MediaType.JSON),
        (URLENCODED, MediaType.URLENCODED),
        (MULTIPART, MediaType.MULTIPART),
        ("text/html", None),
        ("multipart/mixed; boundary=x", None),
        ("", None),
    ],
)
def test_tells_how_a_body_is_read(content_type: str, kind: MediaType | None) -> None:
    assert media_type(content_type) is kind


def test_refuses_a_type_that_it_can_not_read() -> None:
    assert problems(b"<lead/>", "application/xml") == [("Content-Type", "unsupported_media_type")]


# JSON


def test_of_json_texts_are_texts_and_all_else_keeps_its_spelling() -> None:
    assert fields(b'{"name":"Ada \\u2713","n":1.10,"tags":["a"],"none":null,"yes":true}', JSON) == {
        "name": "Ada ✓",
        "n": Raw(b"1.10"),
        "tags": Raw(b'["a"]'),
        "yes": Raw(b"true"),
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"[]", ("body", "invalid_type")),
        (b'"text"', ("body", "invalid_type")),
        (b'{"a":"\\u0000"}', ("a", "invalid_character")),
        (b'{"a":{"b":"\\ud800"}}', ("a.b", "invalid_character")),
        (b'{"a":1,"a":2}', ("a", "duplicate")),
        (b'{"a":1e999}', ("a", "out_of_range")),
        (b"[" * 100_000, ("body", "too_deep")),
    ],
)
def test_refuses_json_that_others_can_not_carry(body: bytes, problem: tuple[str, str]) -> None:
    assert problem in problems(body, JSON)


@pytest.mark.parametrize("body", [b"", b"{", b"name=Ada", b"\xff", b"\xef\xbb\xbf{}", b'{"a":NaN}'])
def test_says_where_json_is_none(body: bytes) -> None:
    with pytest.raises(InvalidJson, match="not"):
        read_form(body, JSON)


# As browsers send it


def test_reads_what_is_urlencoded() -> None:
    assert fields(b"name=Ada+Park&e-mail=ada%40example.com&empty=&&bare&%C3%A9=%E2%9C%93", URLENCODED) == {
        "name": "Ada Park",
        "e-mail": "ada@example.com",
        "empty": "",
        "bare": "",
        "é": "✓",
    }


def test_a_field_that_is_there_several_times_or_is_called_a_list_has_one() -> None:
    assert fields(b"topic=a&name=Ada&topic=b&one[]=c&topic[]=d", URLENCODED) == {
        "topic": ["a", "b", "d"],
        "name": "Ada",
        "one": ["c"],
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"name=M%FCller", f"{URLENCODED}; charset=ISO-8859-1"),
        (b"name=M%FCller&_charset_=windows-1252", URLENCODED),
        (b"name=M%C3%BCller", URLENCODED),
        (b"name=M%C3%BCller&_charset_=UTF-8", f"{URLENCODED}; charset=iso-8859-1"),
        (b"name=M\xc3\xbcller", URLENCODED),
    ],
)
def test_reads_the_encoding_that_is_told_and_utf_8_else(body: bytes, content_type: str) -> None:
    assert fields(body, content_type) == {"name": "Müller"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"name=M%FCller&b=1", ("name", "invalid_encoding")),
        (b"name=%ED%A0%80", ("name", "invalid_encoding")),
        (b"_charset_=utf-7&name=Ada", ("_charset_", "invalid_encoding")),
        (b"_charset_=unicode_escape&name=Ada", ("_charset_", "invalid_encoding")),
        (b"name=%00", ("name", "invalid_character")),
        (b"a%00b=1", ("a\ufffdb", "invalid_character")),
        (b"=Ada", ("", "blank")),
        (b"a=1&" * 1000, ("body", "too_many")),
        (b"a=" + b"%41" * 100_000, ("body", "too_large")),
        (b"a=" + b"a" * 1_048_576, ("body", "too_large")),
    ],
)
def test_refuses_what_is_urlencoded_but_not_text(body: bytes, problem: tuple[str, str]) -> None:
    assert problem in problems(body, URLENCODED)


def test_names_every_problem_at_once() -> None:
    assert problems(b"a=%00&b=%FF&=c", URLENCODED) == [
        ("a", "invalid_character"),
        ("b", "invalid_encoding"),
        ("", "blank"),
    ]


def test_reads_multipart() -> None:
    body = multipart(part("name", "Ada\r\nPark ✓"), part("topic[]", "a"), part("topic[]", "b"), part("empty", ""))

    assert fields(body, MULTIPART) == {"name": "Ada\r\nPark ✓", "topic": ["a", "b"], "empty": ""}


def test_leaves_files_out_and_says_so() -> None:
    chosen = part("cv", "%PDF-1.7\r\n--\r\n", '; filename="cv.pdf"\r\nContent-Type: application/pdf')
    nothing = part("photo", "", '; filename=""\r\nContent-Type: application/octet-stream')

    submitted = read_form(multipart(part("name", "Ada"), chosen, nothing), MULTIPART)

    assert [(field.name, field.value) for field in submitted.fields] == [("name", "Ada")]
    assert submitted.notes == ("cv: files are not taken",)


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (multipart(part("a", "1")), "multipart/form-data", ("Content-Type", "invalid_multipart")),
        (multipart(part("a", "1")), f"multipart/form-data; boundary={'x' * 71}", ("Content-Type", "invalid_multipart")),
        (multipart(part("a", "1")), "multipart/form-data; boundary=y", ("body", "invalid_multipart")),
        (multipart(part("a", "1"))[:-8], MULTIPART, ("body", "invalid_multipart")),
        (b"", MULTIPART, ("body", "invalid_multipart")),
        (b"name=Ada", MULTIPART, ("body", "invalid_multipart")),
        (b"--x\r\n: \r\n\r\n\r\n--x--\r\n", MULTIPART, ("body", "invalid_multipart")),
        (b"--x\r\n\r\nAda\r\n--x--\r\n", MULTIPART, ("", "blank")),
        (multipart(part("a", "\0")), MULTIPART, ("a", "invalid_character")),
        (multipart(part("a", "1")).replace(b"1", b"\xff"), MULTIPART, ("a", "invalid_encoding")),
        (multipart(*[part("a", "1")] * 1001), MULTIPART, ("body", "too_many")),
        (multipart(part("a", "1", f'; b="{"c" * 10_000}"')), MULTIPART, ("body", "invalid_multipart")),
    ],
)
def test_refuses_multipart_that_is_none(body: bytes, content_type: str, problem: tuple[str, str]) -> None:
    assert problem in problems(body, content_type)


_TYPES = [
    JSON,
    "text/plain",
    URLENCODED,
    f"{URLENCODED}; charset=shift_jis",
    MULTIPART,
    'multipart/form-data; boundary="x"; é=☎',
    "multipart/form-data; boundary",
]
_PIECES = [
    "--x",
    "\r\n",
    "--",
    "Content-Disposition: form-data",
    '; name="a"',
    "; filename=",
    "a=b",
    "&",
    "%",
    "\0",
    "é",
]


@given(
    st.binary() | st.lists(st.sampled_from(_PIECES)).map(lambda pieces: "".join(pieces).encode()),
    st.sampled_from(_TYPES),
)
def test_whatever_comes_is_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        read_form(body, content_type)
    except (InvalidInput, InvalidJson):
        return
