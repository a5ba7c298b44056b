"""Cells: what a spreadsheet would run is not run, and what was written comes back the same."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw

from leadlight.imports.cells import from_cell, metadata_cell, metadata_value, to_cell


def cell(value: str) -> str:
    return metadata_cell(Raw(value.encode()))


def value(cell: str) -> str:
    return bytes(metadata_value(cell)).decode()


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("Ada Park", "Ada Park"),
        ("", ""),
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://example.com")', '\'=HYPERLINK("http://example.com")'),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("'quoted'", "''quoted'"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("+1 (555) 123-4567", "+1 (555) 123-4567"),
        ("+44 20 7946 0958 ext. 9", "'+44 20 7946 0958 ext. 9"),
        ("+1\n=1", "'+1\n=1"),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_gets_a_mark(text: str, cell: str) -> None:
    assert to_cell(text) == cell
    assert from_cell(cell) == text


@pytest.mark.parametrize("typed", ["'tis the season", "'", "Ada's"])
def test_an_apostrophe_that_is_no_mark_of_ours_stays(typed: str) -> None:
    assert from_cell(typed) == typed


@pytest.mark.parametrize(
    ("json_text", "expected"),
    [
        ('"Parkside"', "Parkside"),
        ('"0123"', "0123"),
        ('"two\\nlines"', "two\nlines"),
        ('"=1+1"', "'=1+1"),
        ('"-a"', "'-a"),
        ('"+44 20 7946 0958"', "+44 20 7946 0958"),
        ("42", "42"),
        ("-1.50", "-1.50"),
        ("1E5", "1E5"),
        ("12345678901234567890", "12345678901234567890"),
        ("true", "true"),
        ("null", "null"),
        ('{ "a": [1, "b"] }', '{"a":[1,"b"]}'),
        ('"42"', '"42"'),
        ('"-5"', '"-5"'),
        ('"true"', '"true"'),
        ('"TRUE"', "TRUE"),
        ('"null"', '"null"'),
        ('"{}"', '"{}"'),
        ('"[1]"', '"[1]"'),
        ('"[1"', "[1"),
        (r'"\"x\""', r'"\"x\""'),
        ('""', '""'),
        ('" x"', '" x"'),
        (r'"a\r\nb"', r'"a\r\nb"'),
    ],
)
def test_a_value_of_the_metadata_has_one_cell(json_text: str, expected: str) -> None:
    assert cell(json_text) == expected
    assert value(expected) == json_text.replace("{ ", "{").replace(": ", ":").replace(", ", ",").replace(" }", "}")


@pytest.mark.parametrize(
    "typed",
    [
        "0123",
        "+5",
        "1e999",
        "9" * 309,
        "NaN",
        "[NaN]",
        "[1e999]",
        "True",
        " 42",
        "42 ",
        '{"a":1,"a":2}',
        r'"\ud800"',
        "[" * 32 + "]" * 32,
        "[" * 100_000,
    ],
)
def test_what_the_metadata_can_not_carry_as_json_is_a_text(typed: str) -> None:
    assert value(typed) == json.dumps(typed)


def test_a_value_may_nest_as_deep_as_the_metadata_may() -> None:
    assert value("[" * 31 + "]" * 31) == "[" * 31 + "]" * 31


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.text(alphabet="'=+-@\t\r\n \"\\019.eE{}[]tru"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def compact(given: Any, *, ascii_only: bool) -> str:
    return json.dumps(given, separators=(",", ":"), ensure_ascii=ascii_only)


@given(JSON, st.booleans())
@example("'-5", False)
@example("--5", False)
@example("+1", False)
def test_a_value_comes_back_with_the_very_text_it_had(given: Any, ascii_only: bool) -> None:
    text = compact(given, ascii_only=ascii_only and not isinstance(given, str))

    assert value(cell(text)) == text


def test_a_text_is_readable_however_it_was_spelt() -> None:
    assert cell(r'"Zo\u00eb \ud83e\udd8a https:\/\/a.example"') == "Zoë 🦊 https://a.example"
    assert value("Zoë 🦊 https://a.example") == '"Zoë 🦊 https://a.example"'


@given(st.text() | st.text(alphabet="'=+-@\t\r1 x"))
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert from_cell(to_cell(text)) == text


@given(st.text() | st.text(alphabet="'=+-@\t\r1 x"))
def test_no_cell_of_a_text_is_run(text: str) -> None:
    assert not to_cell(text).startswith(("=", "-", "@", "\t", "\r"))
    assert not to_cell(text).startswith("+") or set(to_cell(text)) <= set("+0123456789 ()./-")


@given(JSON)
def test_no_cell_of_the_metadata_is_run(given: Any) -> None:
    written = cell(compact(given, ascii_only=False))

    assert not written.startswith(("=", "@", "\t", "\r"))
    assert not written.startswith("-") or isinstance(given, int | float)
    assert not written.startswith("+") or set(written) <= set("+0123456789 ()./-")
