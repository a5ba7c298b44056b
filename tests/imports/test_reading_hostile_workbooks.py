"""XLSX workbooks made to do harm: they are refused, or cost a row, in little memory."""

import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.imports.rows import BadRow, UnreadableFile
from tests.imports.files import altered, gzipped, opened, read, refused, told, values, workbook
from tests.imports.sheets import HEADER, row, sheet

WHOLE = "<worksheet><sheetData>{}</sheetData></worksheet>"
ONE = "<c><v>1</v></c>"
LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10))


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE worksheet [<!ENTITY x "1">]>',
        f'<!DOCTYPE worksheet [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY x "&l9;">]>',
        f'<!DOCTYPE worksheet [<!ENTITY x "{"a" * 100_000}">]>',
        '<!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:1/x.dtd">',
        '<!DOCTYPE worksheet [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x.dtd"> %x;]>',
    ],
    ids=["an entity", "a billion laughs", "quadratic", "a file", "a DTD elsewhere", "parameters"],
)
@pytest.mark.parametrize("used", ["1", "&x;"])
@pytest.mark.parametrize("part", ["worksheets/sheet1", "sharedStrings", "workbook", "styles"])
def test_entities_are_not_even_declared(declared: str, used: str, part: str) -> None:
    content = f'<?xml version="1.0"?>{declared}<x>{row("<c><v>1</v></c>")}{row(f"<c><v>{used}</v></c>")}</x>'

    assert refused(altered(sheet(row(ONE)), {f"xl/{part}.xml": content.encode()})) == "damaged"


def test_entities_hide_in_no_other_encoding() -> None:
    content = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE w [<!ENTITY x "1">]><w><row><c><v>&x;</v></c></row></w>'

    assert refused(sheet("", whole=content.encode("utf-16"))) == "damaged"


@pytest.mark.parametrize(
    "whole",
    [
        "no XML at all",
        "<worksheet><sheetData>",
        WHOLE.format("<row><c></row>"),
        WHOLE.format(HEADER + "<row>" + "<c>" * 100 + "</c>" * 100 + "</row>"),
        WHOLE.format(HEADER + "<row>" + "<is>" * 1_000_000),
        WHOLE.format(HEADER + f'<row r="{"1" * 5_000_000}">{ONE}</row>'),
        WHOLE.format(HEADER + f"<!-- {'x' * 5_000_000} -->"),
        WHOLE.format(HEADER + f"<{'x' * 5_000_000}/>"),
        WHOLE.format(HEADER + "".join(f"<x{number}/>" for number in range(50_000))),
        WHOLE.format(HEADER + "".join(f'<x y{number}="1"/>' for number in range(50_000))),
        WHOLE.format(HEADER + "<row><c><v>&#0;</v></c></row>"),
        WHOLE.format(HEADER + "<row><c><v>\x01</v></c></row>"),
    ],
    ids=range(12),
)
def test_a_sheet_that_no_program_writes_is_refused(whole: str) -> None:
    assert refused(sheet("", whole=whole)) == "damaged"


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ("<c><v>1</v></c>" * 100_000, "too_many_cells"),
        ('<c t="str"><v>x</v></c>' * 100_000, "too_many_cells"),
        ('<c r="XFD2"><v>1</v></c>', "too_many_cells"),
        ('<c r="XFDXFD2"><v>1</v></c>' * 3, "too_many_cells"),
        (f'<c t="str"><v>{"x" * 5_000_000}</v></c>', "row_too_large"),
        (f'<c t="inlineStr"><is><t>{"x" * 5_000_000}</t></is></c>', "row_too_large"),
        (f'<c t="inlineStr"><is>{"<r><t>xxxxxxxxxx</t></r>" * 200_000}</is></c>', "row_too_large"),
        (f'<c t="str"><v>{"x" * 2000}</v></c>' * 1000, "row_too_large"),
    ],
)
def test_a_bad_row_costs_itself(cells: str, code: str) -> None:
    data = sheet(row(ONE) + row(cells, number=3) + row(ONE, number=4))

    assert told(read(data)) == [(1, 2, ["1", ""]), (2, 3, code), (3, 4, ["1", ""])]


@pytest.mark.parametrize("between", ["<f>" + "x" * 5_000_000 + "</f>", " " * 5_000_000, "<is><rPh><t>x</t></rPh></is>"])
def test_text_that_is_no_value_does_not_count(between: str) -> None:
    data = sheet(row(ONE) + row(f"<c>{between}<v>2</v></c>", number=3))

    assert told(read(data)) == [(1, 2, ["1", ""]), (2, 3, ["2", ""])]


def test_many_cells_that_hold_nothing_are_nothing() -> None:
    assert values(sheet(row("<c/>" * 500_000, '<c r="A2"><v>1</v></c>'))) == [{"a": 1}]


@pytest.mark.parametrize("number", ["0", "-5", "x", "9" * 5000, "1e5", "2.0"])
def test_rows_may_call_themselves_what_they_like(number: str) -> None:
    data = sheet(f'<row r="{number}">{ONE}</row>' + row(ONE, number=2))

    assert [found.number for found in read(data)] == [1, 2]


@pytest.mark.parametrize(
    "strings",
    ["<si><t>text</t></si>" * 1000, "<si/>" * 1000, f"<si><t>{'x' * 50_000}</t></si>"],
)
def test_more_texts_than_fit_into_memory_are_refused(strings: str) -> None:
    assert refused(sheet(row(ONE), strings=strings), shared_bytes=5000) == "too_much_text"


def test_a_text_that_is_longer_than_a_row_makes_no_good_row() -> None:
    strings = f"<si><t>{'x' * 3_000_000}</t></si>"

    [bad] = read(sheet(row('<c t="s"><v>0</v></c>'), strings=strings))

    assert isinstance(bad, BadRow)
    assert bad.code == "row_too_large"


LONG = f"<si><t>{'x' * 500_000}</t></si>"


def test_a_text_in_many_cells_of_a_row_counts_each_time() -> None:
    cells = '<c t="s"><v>0</v></c>' * 3

    assert told(read(sheet(row(ONE) + row(cells), strings=LONG))) == [(1, 2, ["1", ""]), (2, 2, "row_too_large")]


def test_texts_that_rows_share_are_not_kept_once_for_each() -> None:
    rows = opened(sheet(row('<c t="s"><v>0</v></c>') * 3000, strings=LONG))
    tracemalloc.start()

    assert sum(1 for _ in rows) == 3000

    assert tracemalloc.get_traced_memory()[1] < 16 << 20
    tracemalloc.stop()


def test_texts_that_rows_share_count_as_often_as_they_are_used() -> None:
    data = sheet(row('<c t="s"><v>0</v></c>') * 3000, strings=LONG)

    assert refused(data, expanded_bytes=1 << 30) == "expands_too_far"


@pytest.mark.parametrize("cells", ['<c t="str"><v>x</v></c>' * 100_000, f'<c t="str"><v>{"x" * 2_000_000}</v></c>'])
def test_a_header_that_is_too_long_is_none(cells: str) -> None:
    assert refused(sheet("", whole=WHOLE.format(row(cells) + row(ONE)))) in {"too_many_columns", "broken_header"}


def test_an_archive_of_very_many_parts_is_refused() -> None:
    file = BytesIO(sheet(row(ONE)))
    with ZipFile(file, "a") as archive:
        for number in range(30_000):
            archive.writestr(f"x{number}", b"")

    assert refused(file.getvalue()) == "damaged"


def test_an_archive_that_expands_to_too_much_is_refused_unread() -> None:
    data = sheet(" " * 50_000_000)

    assert len(data) < 100_000
    assert refused(data, expanded_bytes=40_000_000) == "expands_too_far"
    assert refused(gzipped(data), expanded_bytes=40_000_000) == "expands_too_far"


def test_an_archive_that_says_it_is_smaller_than_it_is_is_damaged() -> None:
    data = bytearray(sheet(row(ONE) * 100_000))
    with ZipFile(BytesIO(data)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size

    lying = data.replace(struct.pack("<I", size), struct.pack("<I", 1000))

    assert refused(lying) == "damaged"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-30],
        lambda data: data[:2000],
        lambda data: data.replace(b"PK\x03\x04", b"PK\x03\x05"),
        lambda data: data[:1000] + bytes(len(data) - 2000) + data[-1000:],
    ],
    ids=["no end", "only the beginning", "no entries", "zeros"],
)
def test_a_damaged_archive_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    data = spoil(workbook(["a"], *[[number] for number in range(1000)]))

    with pytest.raises(UnreadableFile):
        read(data)


@pytest.mark.parametrize("compression", [ZIP_BZIP2, ZIP_LZMA])
def test_no_other_compression_is_undone(compression: int) -> None:
    file = BytesIO()
    with ZipFile(BytesIO(sheet(row(ONE)))) as old, ZipFile(file, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))

    assert refused(file.getvalue()) == "damaged"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_workbook_without_an_important_part_is_damaged(part: str) -> None:
    file = BytesIO()
    with ZipFile(BytesIO(sheet(row(ONE)))) as old, ZipFile(file, "w") as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))

    assert refused(file.getvalue()) in {"damaged", "no_sheet"}


@pytest.mark.parametrize("target", ["../../../../etc/passwd", "/etc/passwd", "http://127.0.0.1:1/x", "", "."])
def test_a_sheet_is_looked_for_in_the_archive_alone(target: str) -> None:
    related = f'<Relationships><Relationship Id="s" Type="t/worksheet" Target="{target}"/></Relationships>'

    assert refused(sheet(row(ONE), related=related)) == "damaged"


def test_a_large_hostile_sheet_takes_little_memory() -> None:
    data = sheet(row("<c><v>1</v></c>" * 100_000) + row(f'<c t="str"><v>{"x" * 10_000_000}</v></c>'))
    tracemalloc.start()

    rows = read(data)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [found.code for found in rows if isinstance(found, BadRow)] == ["too_many_cells", "row_too_large"]
    assert peak < 16 << 20


PARTS = ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"]
PARTS += ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
PLAIN = sheet(
    row('<c r="A2" t="s"><v>0</v></c>', '<c r="B2" s="1"><v>46086.5</v></c>'),
    strings="<si><t>text</t></si>",
    styles='<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
)


@given(st.sampled_from(PARTS), st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1))
def test_spoilt_parts_are_read_or_refused(part: str, spoilt: list[tuple[float, int]]) -> None:
    with ZipFile(BytesIO(PLAIN)) as archive:
        content = bytearray(archive.read(part))
    for place, byte in spoilt:
        content[int(place * len(content))] = byte

    with suppress(UnreadableFile):
        read(altered(PLAIN, {part: bytes(content)}))


@given(st.lists(st.tuples(st.integers(0, len(PLAIN) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_spoilt_archives_are_read_or_refused(spoilt: list[tuple[int, int]]) -> None:
    content = bytearray(PLAIN)
    for place, byte in spoilt:
        content[place] = byte

    with suppress(UnreadableFile):
        read(bytes(content))
