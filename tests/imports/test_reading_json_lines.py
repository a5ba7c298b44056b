"""JSON Lines: an object on each line."""

import pytest
from msgspec import Raw

from leadlight.imports.rows import BadRow, FileFormat, Row
from tests.imports.files import gzipped, opened, read, refused, values


def test_reads_an_object_on_each_line() -> None:
    rows = read('{"name":"Ada","age":36,"tags":["a"],"x":null}\n\n{"name":"Bob","y":{"z":1.50},"age":false}\n')

    assert rows == [
        Row(1, 1, {"name": "Ada", "age": 36, "tags": Raw(b'["a"]'), "x": None}, ["Ada", "36", '["a"]', "null", ""]),
        Row(2, 3, {"name": "Bob", "y": Raw(b'{"z":1.50}'), "age": False}, ["Bob", "false", "", "", '{"z":1.50}']),
    ]


def test_the_columns_are_the_names_in_the_first_hundred_objects() -> None:
    text = '{"a":1}\n' * 99 + '{"b":1}\n{"a":1,"c":1,"d":2}\n'

    rows = opened(text)

    assert rows.format is FileFormat.JSONL
    assert rows.columns == ["a", "b"]
    assert list(rows)[-1].cells == ["1", "", '{"c":1,"d":2}']


@pytest.mark.parametrize("name", ["leads.jsonl", "leads.csv", "leads"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_is_told_by_what_it_holds(name: str, encoding: str) -> None:
    data = '\n {"name":"Zoë"}\r\n{"name":"Bob"}'.encode(encoding)

    assert values(data, name) == values(gzipped(data), name) == [{"name": "Zoë"}, {"name": "Bob"}]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("[1]", "invalid_json"),
        ("x", "invalid_json"),
        ('{"a":1', "invalid_json"),
        ('{"a":1}{"a":2}', "invalid_json"),
        ('{"a":NaN}', "invalid_json"),
        ('{"a":"\\ud800"}', "invalid_json"),
        ('{"a":' + "[" * 5000 + "]" * 5000 + "}", "invalid_json"),
        ('{"a":"\\u0000"}', "invalid_character"),
        ('{"a":"\\\\\\u0000"}', "invalid_character"),
        ('{"a":"\0"}', "invalid_character"),
        ('{"a":"' + "x" * 20_000 + '"}', "row_too_large"),
        ('{"a":"' + "x" * 5_000_000, "row_too_large"),
        ("{" + ",".join(f'"{number}":1' for number in range(101)) + "}", "too_many_cells"),
    ],
)
def test_a_bad_line_costs_itself(line: str, code: str) -> None:
    rows = read('{"a":1}\n' + line + '\n{"a":2}\n', row_bytes=20_000, columns=100)

    assert [(row.number, row.line, row.code if isinstance(row, BadRow) else "") for row in rows] == [
        (1, 1, ""),
        (2, 2, code),
        (3, 3, ""),
    ]


def test_a_line_in_another_encoding_is_bad() -> None:
    rows = read('{"a":"ö"}\n'.encode() + '{"a":"ö"}\n'.encode("cp1252"))

    assert [row.code if isinstance(row, BadRow) else "" for row in rows] == ["", "invalid_encoding"]


def test_a_backslash_before_u0000_is_text() -> None:
    assert values('{"a":"\\\\u0000"}\n') == [{"a": "\\u0000"}]


@pytest.mark.parametrize(
    "text",
    ['{\n"a": 1\n}\n', '{"a":1,\n{"a":2,\n', '[{"a":1},\n{"a":2}]\n', '[\n  {"a":1},\n  {"a":2}\n]\n'],
)
def test_says_how_json_has_to_be_written(text: str) -> None:
    assert refused(text, "leads.json") == "not_json_lines"


def test_a_file_of_too_many_names_is_refused() -> None:
    assert refused("".join(f'{{"{number}":1}}\n' for number in range(11)), columns=10) == "too_many_columns"
