"""Files of rows that are as they should be: what parts the cells, the encoding, names, lines, blank ones, skipping."""

import codecs
from itertools import islice

import pytest

from leadlight.imports.rows import FileFormat, Row, UnreadableFile
from tests.imports.files import gzipped, opened, read, told, values, workbook


def test_what_is_marked_as_text_is_text_whatever_it_holds() -> None:
    row = b"\x1f\x1a,\x01\x02\n"

    assert told(read(b"\xef\xbb\xbfa,b\n" + row * 9)) == [(n, n + 1, ["\x1f\x1a", "\x01\x02"]) for n in range(1, 10)]
    with pytest.raises(UnreadableFile, match="neither text"):
        read(b"a,b\n" + row * 9)


def test_a_return_within_quotes_ends_no_line_be_it_the_first_of_all() -> None:
    text = '"a\r",b\r\n"1\r1","2\r"\r\n"\r3",4\r\n'

    assert told(read(text)) == [(1, 2, ["1\r1", "2\r"]), (2, 3, ["\r3", "4"])]
    assert told(read('"a\r",b\r"1\r1","2"\r3,4\r')) == [(1, 3, ["1\n1", "2"]), (2, 5, ["3", "4"])]


def test_reads_the_rows_below_the_header() -> None:
    rows = read("name,email\nAda,ada@example.com\nBob,bob@example.com\n")

    assert rows == [
        Row(1, 2, {"name": "Ada", "email": "ada@example.com"}, ["Ada", "ada@example.com"]),
        Row(2, 3, {"name": "Bob", "email": "bob@example.com"}, ["Bob", "bob@example.com"]),
    ]


@pytest.mark.parametrize(
    ("delimiter", "found"),
    [(",", FileFormat.CSV), (";", FileFormat.CSV), ("|", FileFormat.CSV), ("\t", FileFormat.TSV)],
)
def test_finds_what_parts_the_cells(delimiter: str, found: FileFormat) -> None:
    rows = opened(f"name{delimiter}sum\nAda{delimiter}5\nBob{delimiter}6\n")

    assert rows.format is found
    assert [row.values for row in rows] == [{"name": "Ada", "sum": "5"}, {"name": "Bob", "sum": "6"}]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("name;sum\nAda;1,5\nBob;2,5\n", ["name", "sum"]),
        ("name;sum, net\nAda;1,5\nBob;2,5\n", ["name", "sum, net"]),
        ("name,tags\nAda,a;b\nBob,c;d\n", ["name", "tags"]),
        ('"a;b;c",d\n1,2\n', ["a;b;c", "d"]),
        ('name,note\n"Ada","1;2\n3;4"\n', ["name", "note"]),
        ("name|a, b, c|e\nAda|x|y\n", ["name", "a, b, c", "e"]),
        ("sep=;\na;b,c\n1;2\n", ["a", "b,c"]),
        ("SEP=|\r\na|b\r\n1|2\r\n", ["a", "b"]),
        ("email\nada@example.com\n", ["email"]),
        ("email\r\n", ["email"]),
    ],
)
def test_is_not_misled_by_the_same_character_elsewhere(text: str, columns: list[str]) -> None:
    assert opened(text + "x\n").columns == columns


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("name,name,name", ["name", "name (2)", "name (3)"]),
        ("name,name (2),name", ["name", "name (2)", "name (3)"]),
        ("a,,b,", ["a", "column 2", "b", "column 4"]),
        ("column 2,,x", ["column 2", "column 2 (2)", "x"]),
        (" name , e-mail", ["name", "e-mail"]),
        ('"first\nname",b', ["first\nname", "b"]),
    ],
)
def test_gives_each_column_a_name_of_its_own(header: str, columns: list[str]) -> None:
    assert opened(f"{header}\n1,2\n").columns == columns


@pytest.mark.parametrize(
    "encoded",
    [
        "name;town\r\nZoë;Köln €\r\n".encode(),
        codecs.BOM_UTF8 + "name;town\r\nZoë;Köln €\r\n".encode(),
        "name;town\r\nZoë;Köln €\r\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "name;town\r\nZoë;Köln €\r\n".encode("utf-16-be"),
        "name;town\r\nZoë;Köln €\r\n".encode("utf-16-le"),
        "name;town\r\nZoë;Köln €\r\n".encode("utf-16-be"),
        "name;town\r\nZoë;Köln €\r\n".encode("cp1252"),
    ],
    ids=["utf-8", "utf-8 with BOM", "utf-16", "utf-16-be", "utf-16-le, no BOM", "utf-16-be, no BOM", "cp1252"],
)
def test_finds_the_encoding(encoded: bytes) -> None:
    assert values(encoded) == [{"name": "Zoë", "town": "Köln €"}]
    assert values(gzipped(encoded)) == [{"name": "Zoë", "town": "Köln €"}]


def test_finds_the_encoding_by_letters_that_come_late() -> None:
    rows = "name,town\n" + "Ada,London\n" * 100_000 + "Zoë,Köln\n"

    assert values(rows.encode("cp1252"))[-1] == values(rows)[-1] == {"name": "Zoë", "town": "Köln"}


def test_characters_of_utf16_may_lie_across_the_pieces_that_are_read() -> None:
    text = "name,note\n" + "".join(f"Ada {number},\U0001f600\U0001f601\n" for number in range(999))

    assert values(text.encode("utf-16"), row_bytes=101) == values(text)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_takes_every_kind_of_line_end(end: str) -> None:
    text = end.join(["name,email", "Ada,a@example.com", "", "Bob,", ""])

    assert told(read(text)) == [(1, 2, ["Ada", "a@example.com"]), (2, 4, ["Bob", ""])]


def test_quoted_cells_keep_their_line_breaks_and_quotes() -> None:
    rows = read('name,note\r\nAda,"one\r\ntwo, ""three""\n\n"\r\nBob,x\r\n')

    assert told(rows) == [(1, 2, ["Ada", 'one\r\ntwo, "three"\n\n']), (2, 6, ["Bob", "x"])]


def test_a_quote_within_a_cell_is_a_character() -> None:
    assert values('size,name\n5" pipe,24"\n') == [{"size": '5" pipe', "name": '24"'}]


def test_leaves_out_what_is_empty_or_missing() -> None:
    assert values("a,b,c\n1,,3\n1\n,2\n") == [{"a": "1", "c": "3"}, {"a": "1"}, {"b": "2"}]


def test_takes_empty_cells_behind_the_last_column() -> None:
    assert told(read("a,b\n1,2,\n3,4, ,\n")) == [(1, 2, ["1", "2"]), (2, 3, ["3", "4"])]


def test_blank_lines_are_no_rows() -> None:
    assert told(read('\n \na,b\n\n1,2\n   \n,\n"",""\n\t\n3,4\n\n')) == [(1, 5, ["1", "2"]), (2, 10, ["3", "4"])]


def test_a_last_line_without_an_end_is_a_row() -> None:
    assert values("a,b\n1,2\n3,4") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("data", ["a,b\n1,2\n3,4\n", '{"a":"1","b":"2"}\n{"a":"3","b":"4"}\n'])
def test_reads_what_gzip_made_smaller_whatever_its_name(data: str) -> None:
    rows = opened(gzipped(data), "leads.bin")

    assert [row.values for row in rows] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert rows.bytes_read == len(gzipped(data))


def test_reads_a_gzip_file_of_several_pieces() -> None:
    assert values(gzipped("a,b\n1,") + gzipped("2\n3,4\n")) == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


FILES = {
    "csv": "a,b\n" + "".join(f"{number},{number}\n\n" for number in range(1, 1001)),
    "jsonl": "".join(f'{{"a":{number}}}\n' for number in range(1, 1001)),
    "xlsx": workbook(["a", "b"], *([number, number] for number in range(1, 1001))),
}


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_begins_anew_each_time(data: bytes | str) -> None:
    rows = opened(data)
    first = list(islice(rows, 100))

    again = list(rows)

    assert again[:100] == first
    assert [row.number for row in again] == list(range(1, 1001))
    assert list(rows) == again


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_leaves_out_the_rows_that_are_not_wanted(data: bytes | str) -> None:
    rows = opened(data)
    every = list(rows)

    rows.skip(990)

    assert list(rows) == every[990:]


@pytest.mark.parametrize("data", FILES.values(), ids=FILES)
def test_tells_how_far_it_has_come(data: bytes | str) -> None:
    rows = opened(data)
    size = len(data)

    seen = [rows.bytes_read for _ in rows]

    assert seen == sorted(seen)
    assert 0 < seen[0] <= seen[-1] <= rows.bytes_read == size
