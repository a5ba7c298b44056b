"""Whatever is written by the rules reads back as it was, and whatever is spoilt costs only what is near it."""

import csv
from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from leadlight.imports.rows import Row, UnreadableFile
from tests.imports.files import gzipped, read, told

HEADER = ["first", "second", "third"]

# No digits and no @: lines that look like rows of the file are a case of their own.
LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Nd"], exclude_characters="@")
TEXT = st.text(st.sampled_from("\",;|\t\n\r '") | LETTERS, max_size=12)
FIRST = TEXT.map("a{}".format)  # a row of nothing is a blank line
ROWS = st.lists(st.tuples(FIRST) | st.tuples(FIRST, TEXT) | st.tuples(FIRST, TEXT, TEXT), min_size=1)


def written(rows: list[tuple[str, ...]], delimiter: str, quoting: int) -> str:
    file = StringIO()
    csv.writer(file, delimiter=delimiter, quoting=quoting).writerows([HEADER, *rows])
    return file.getvalue()


@given(
    ROWS,
    st.sampled_from(",;|\t"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([1000, 1 << 20]),
)
def test_what_a_csv_writer_wrote_reads_back_as_it_was(
    rows: list[tuple[str, ...]], delimiter: str, quoting: int, encoding: str, row_bytes: int
) -> None:
    data = written(rows, delimiter, quoting).encode(encoding)

    found = read(data, row_bytes=row_bytes)

    assert [tuple(row.cells) for row in found] == rows
    assert [tuple(row.values.items()) for row in found if isinstance(row, Row)] == [
        tuple((name, cell) for name, cell in zip(HEADER, row, strict=False) if cell) for row in rows
    ]


NOTES = ["", "plain", "one, two", "one\ntwo", 'she said "yes"', "one\n\ntwo, three\n"]
GOOD = [(f"N{number}", f"n{number}@example.com", NOTES[number % len(NOTES)]) for number in range(100)]
SPOILT = st.sampled_from(list(b'",\n\r\0\xff\xc3 x;\t')) | st.integers(0, 255)


@given(
    st.dictionaries(st.integers(0, 99), st.tuples(st.floats(0, 1, exclude_max=True), SPOILT), max_size=4),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from([300, 1 << 20]),
)
def test_spoilt_bytes_cost_no_row_that_is_not_near(
    spoilt: dict[int, tuple[float, int]], quoting: int, row_bytes: int
) -> None:
    lines = [bytearray(written([row], ",", quoting).encode().partition(b"\r\n")[2]) for row in GOOD]
    for number, (place, byte) in spoilt.items():
        lines[number][int(place * len(lines[number]))] = byte

    found = read(b"first,second,third\r\n" + b"".join(lines), row_bytes=row_bytes)

    near = {number + distance for number in spoilt for distance in (-1, 0, 1)}
    kept = {tuple(row.cells) for row in found if isinstance(row, Row)}
    assert [row for number, row in enumerate(GOOD) if number not in near and row not in kept] == []
    assert [row.number for row in found] == list(range(1, len(found) + 1))


@given(st.binary(max_size=2000) | st.binary(max_size=2000).map(b"a,b\n".__add__))
def test_any_bytes_are_read_or_refused_the_same_way_twice(data: bytes) -> None:
    try:
        rows = told(read(data, row_bytes=100, columns=50))
    except UnreadableFile as error:
        rows = [(error.code,)]
    if not data.startswith(b"\x1f\x8b"):
        try:
            again = told(read(gzipped(data), row_bytes=100, columns=50))
        except UnreadableFile as error:
            again = [(error.code,)]
        assert again == rows
