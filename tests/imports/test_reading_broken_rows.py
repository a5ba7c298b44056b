"""Rows that break the rules: each is told of, and no other is lost."""

import pytest

from leadlight.imports.rows import BadRow, Row
from tests.imports.files import gzipped, opened, read, told, values

HEADER = "name,email,note\n"
GOOD = "".join(f"N{number},n{number}@example.com,x\n" for number in range(10))


def codes(rows: list[Row | BadRow]) -> list[tuple[int, str]]:
    """The lines of the bad ones, and why."""
    return [(row.line, row.code) for row in rows if isinstance(row, BadRow)]


def names(rows: list[Row | BadRow]) -> list[object]:
    return [row.values["name"] for row in rows if isinstance(row, Row)]


TEN = [f"N{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('"abc"def,b@example.com,x', "broken_quoting"),
        ('abc,b@example.com,"x" y', "broken_quoting"),
        ('"a""b"c,"b@example.com",x', "broken_quoting"),
        ('"abc,b@example.com,x', "broken_quoting"),
        ('abc,"b@example.com,x', "broken_quoting"),
        ('abc,b@example.com,"x', "broken_quoting"),
        ('abc,b@example.com,"', "broken_quoting"),
        ('"abc"",b@example.com,x', "broken_quoting"),
        ('"abc\\"def",b@example.com,x', "broken_quoting"),
        ("a,b@example.com,x,y", "too_many_cells"),
        ('a,"b@example.com",x,"y, z"', "too_many_cells"),
        (",,,,,,,,,,x", "too_many_cells"),
        ("a\rb,b@example.com,x", "stray_line_break"),
        ("a\0b,b@example.com,x", "invalid_character"),
        ('a,b@example.com,"x\0"', "invalid_character"),
        ("a" * 5000 + ",b@example.com,x", "row_too_large"),
        ('"' + "a" * 5000 + '",b@example.com,x', "row_too_large"),
        ('"' + "a" * 5000 + ",b@example.com,x", "row_too_large"),
        ("," * 5000, "row_too_large"),
    ],
)
@pytest.mark.parametrize("row_bytes", [1000, 1001, 1 << 20])
def test_a_bad_row_costs_itself(row: str, code: str, row_bytes: int) -> None:
    text = HEADER + GOOD + row + "\n" + GOOD
    found = read(text, row_bytes=row_bytes)

    if row_bytes < 5000 or code != "row_too_large":
        assert codes(found) == [(12, code)]
    assert names(found)[:10] == names(found)[-10:] == TEN
    assert [row.number for row in found] == list(range(1, len(found) + 1))
    assert told(read(gzipped(text), row_bytes=row_bytes)) == told(found)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_quotes_are_broken_alike_whatever_parts_the_cells(delimiter: str) -> None:
    text = HEADER + GOOD + '"abc"def,b@example.com,x\n"abc,b@example.com,x\n' + GOOD

    found = read(text.replace(",", delimiter))

    assert codes(found) == [(12, "broken_quoting"), (13, "broken_quoting")]
    assert names(found) == TEN + TEN


def test_an_open_quote_in_the_middle_of_a_large_file_costs_one_row() -> None:
    rows = [f"N{number},n{number}@example.com,x\n" for number in range(100_000)]
    rows[5000] = '"N5000,n5000@example.com,x\n'

    found = read(HEADER + "".join(rows))

    assert told(found[5000:5001]) == [(5001, 5002, "broken_quoting")]
    assert names(found) == [f"N{number}" for number in range(100_000) if number != 5000]


@pytest.mark.parametrize("header", ["a,b,c\n", "a\n", "a,b\n"])
def test_an_open_quote_costs_one_row_even_where_all_cells_are_alike(header: str) -> None:
    """No column has a kind of its own, so only the length of the row tells."""
    row = header.replace("a", "x").replace("b", "y").replace("c", "z")
    rows = row * 2000 + '"' + row + row * 2000

    found = read(header + rows, row_bytes=1000)

    assert [(row.line) for row in found if isinstance(row, BadRow)] == [2002]
    assert len(found) == 4001


def test_two_open_quotes_do_not_make_a_cell_of_the_rows_between_them() -> None:
    text = HEADER + GOOD + '"Ann,a@example.com,x\n' + GOOD + 'Bob",b@example.com,x\n' + GOOD

    found = read(text)

    assert codes(found) == [(12, "broken_quoting")]
    assert names(found) == [*TEN, *TEN, 'Bob"', *TEN]


def test_every_one_of_many_open_quotes_is_told_of() -> None:
    found = read(HEADER + GOOD + '"Ann,a@example.com,x\n' * 3000 + GOOD)

    assert codes(found) == [(line, "broken_quoting") for line in range(12, 3012)]
    assert names(found) == TEN + TEN


def test_lines_that_may_be_the_rest_of_a_broken_row_are_no_rows() -> None:
    found = read(HEADER + GOOD + 'Ann,a@example.com,"She said:\n"yes" to us\nbye"\n' + GOOD)

    assert codes(found) == [(12, "broken_quoting"), (13, "broken_quoting"), (14, "broken_quoting")]
    assert names(found) == TEN + TEN


def test_a_cell_of_many_lines_that_is_too_long_is_left_out_as_a_whole() -> None:
    cell = '"' + "some text\n" * 500_000 + '"'

    found = read(HEADER + GOOD + f"Ann,a@example.com,{cell}\n" + GOOD)

    [bad] = [row for row in found if isinstance(row, BadRow)]
    assert (bad.line, bad.code) == (12, "row_too_large")
    assert bad.message.endswith("It was taken to go on to line 500,012.")
    assert names(found) == TEN + TEN


def test_a_cell_without_an_end_that_is_too_long_ends_at_the_next_row() -> None:
    found = read(HEADER + GOOD + 'Ann,a@example.com,"' + "some text\n" * 500_000 + GOOD)

    assert codes(found) == [(12, "row_too_large")]
    assert names(found) == TEN + TEN


def test_a_cell_without_an_end_may_be_the_end_of_the_file() -> None:
    found = read(HEADER + GOOD + 'Ann,a@example.com,"' + "some text\n" * 500_000)

    assert codes(found) == [(12, "row_too_large")]
    assert names(found) == TEN


def test_a_row_of_five_megabytes_is_not_kept() -> None:
    found = read(HEADER + GOOD + "x" * 5_000_000 + ",a@example.com,x\n" + GOOD)

    [bad] = [row for row in found if isinstance(row, BadRow)]
    assert (bad.line, bad.code, bad.cells) == (12, "row_too_large", ["x" * 65536])
    assert names(found) == TEN + TEN


def test_a_row_in_another_encoding_is_bad() -> None:
    rows = (HEADER + GOOD + "Zoë,z@example.com,x\n" + GOOD).encode()
    spoilt = HEADER.encode() + "Jürgen,j@example.com,x\n".encode("cp1252") + rows[len(HEADER) :]

    found = read(spoilt)

    assert codes(found) == [(2, "invalid_encoding")]
    assert found[0].cells == ["J\ufffdrgen", "j@example.com", "x"]
    assert names(found) == [*TEN, "Zoë", *TEN]


def test_half_a_surrogate_pair_is_no_text() -> None:
    rows = (HEADER + GOOD + "a\ud800b,z@example.com,x\n" + GOOD).encode("utf-16-le", "surrogatepass")

    assert codes(read(rows)) == [(12, "invalid_encoding")]
    assert names(read(rows)) == TEN + TEN


def test_a_file_of_utf16_may_end_within_a_character() -> None:
    rows = (HEADER + GOOD + "Ann,a@example.com,x").encode("utf-16")[:-1]

    assert codes(read(rows)) == [(12, "invalid_encoding")]


def test_keeps_the_cells_of_a_broken_row_with_their_quotes() -> None:
    [bad] = [row for row in read('a,b\n"x"y,z\n1,2\n') if isinstance(row, BadRow)]

    assert bad.cells == ['"x"y', "z"]


def test_keeps_no_more_of_a_bad_row_than_64_kib() -> None:
    [bad] = [row for row in read("a,b\n" + f"{'x' * 40_000}," * 5 + "\n1,2\n") if isinstance(row, BadRow)]

    assert [len(cell) for cell in bad.cells] == [40_000, 25_535]


def test_a_cell_of_lines_like_those_of_no_row_is_kept() -> None:
    """Five and six are numbers in their place, but that is nothing which only a row could hold."""
    text = "".join(f"{number},x\n" for number in range(10)) + '10,"To order:\n5, apples\n6, pears\n"\n'

    assert values("id,note\n" + text)[-1] == {"id": "10", "note": "To order:\n5, apples\n6, pears\n"}


def test_columns_are_told_when_there_is_no_good_row() -> None:
    assert opened("a,b\n1,2,3\n").columns == ["a", "b"]
