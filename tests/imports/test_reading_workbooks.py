"""XLSX workbooks: which sheet, which rows, and what the values of the cells are."""

# ruff: noqa: DTZ001  (a workbook knows no time zones)

from datetime import date, datetime, time, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from leadlight.imports.rows import FileFormat, Row
from leadlight.imports.workbook import is_date_format
from tests.imports.files import gzipped, opened, read, refused, saved, told, values, workbook
from tests.imports.sheets import row, sheet


def test_reads_the_rows_below_the_first() -> None:
    rows = opened(workbook(["name", "age", None, "name"], ["Ada", 36, "x", "Park"], [None, 40]), "leads.csv")

    assert rows.format is FileFormat.XLSX
    assert rows.columns == ["name", "age", "column 3", "name (2)"]
    assert list(rows) == [
        Row(1, 2, {"name": "Ada", "age": 36, "column 3": "x", "name (2)": "Park"}, ["Ada", "36", "x", "Park"]),
        Row(2, 3, {"age": 40}, ["", "40", "", ""]),
    ]


@pytest.mark.parametrize(
    ("cell", "value", "text"),
    [
        ("Zoë", "Zoë", "Zoë"),
        (" a\nb ", " a\nb ", " a\nb "),
        (5, 5, "5"),
        (-0.5, -0.5, "-0.5"),
        (5.0, 5, "5"),
        (491701234567, 491701234567, "491701234567"),
        (1e300, 1e300, "1e300"),
        (True, True, "true"),
        (False, False, "false"),
        (date(2026, 3, 5), "2026-03-05", "2026-03-05"),
        (date(1900, 1, 1), "1900-01-01", "1900-01-01"),
        (date(1900, 2, 28), "1900-02-28", "1900-02-28"),
        (date(1900, 3, 1), "1900-03-01", "1900-03-01"),
        (date(9999, 12, 31), "9999-12-31", "9999-12-31"),
        (datetime(2026, 3, 5, 10, 20, 30), "2026-03-05T10:20:30", "2026-03-05T10:20:30"),
        (datetime(2026, 3, 5), "2026-03-05", "2026-03-05"),
        (datetime(2026, 3, 5, 23, 59, 59, 999000), "2026-03-05T23:59:59.999", "2026-03-05T23:59:59.999"),
        (time(10, 20), "10:20:00", "10:20:00"),
        (timedelta(hours=36), 1.5, "1.5"),
        ("#N/A", "#N/A", "#N/A"),
        ("#DIV/0!", "#DIV/0!", "#DIV/0!"),
    ],
)
def test_keeps_the_types_of_values(cell: object, value: object, text: str) -> None:
    [found] = read(workbook(["a", "b"], [cell, "x"]))

    assert found == Row(1, 2, {"a": value, "b": "x"}, [text, "x"])
    assert type(found.values["a"]) is type(value)


def test_counts_days_from_1904_where_the_workbook_does() -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    for cells in (["a"], [date(2026, 3, 5)], [date(1904, 1, 2)]):
        book.active.append(cells)

    assert values(saved(book)) == [{"a": "2026-03-05"}, {"a": "1904-01-02"}]


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("General", False),
        ("0.00E+00", False),
        ('#,##0.00 "USD per day"', False),
        ("[$EUR-407] #,##0.00", False),
        ("[Red]0;[Blue]-0", False),
        ("0\\d", False),
        ("0_d", False),
        ("[h]:mm:ss", False),
        ("[mm]:ss", False),
        ("yyyy-mm-dd", True),
        ("d/m/yy h:mm", True),
        ("DD.MM.YYYY", True),
        ("[$-409]d-mmm-yy;@", True),
        ('yyyy"年"m"月"d"日"', True),
        ("h:mm AM/PM", True),
    ],
)
def test_tells_the_formats_of_dates_from_others(code: str, is_date: bool) -> None:
    assert is_date_format(code) is is_date


def test_a_formula_has_the_value_that_was_last_computed() -> None:
    rows = row('<c r="A2"><f>1+1</f><v>2</v></c>', '<c r="B2" t="str"><f>"x"&amp;"y"</f><v>xy</v></c>')

    assert values(sheet(rows)) == [{"a": 2, "b": "xy"}]
    assert values(workbook(["a", "b"], ["=1+1", "x"])) == [{"b": "x"}]


def test_reads_the_first_sheet_that_is_visible() -> None:
    book = Workbook()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet().sheet_state = "veryHidden"
    book.create_chartsheet().add_chart(BarChart())
    visible = book.create_sheet()
    for cells in (["a"], [1]):
        visible.append(cells)
    book.create_sheet("Other").append(["other"])

    assert values(saved(book)) == [{"a": 1}]


def test_rows_that_say_nothing_are_left_out() -> None:
    book = Workbook()
    book.active["B3"], book.active["C3"] = "a", "b"
    book.active["B5"], book.active["B9"], book.active["C9"] = 1, " ", ""
    book.active["C11"] = 2

    rows = opened(saved(book))

    assert rows.columns == ["column 1", "a", "b"]
    assert told(rows) == [(1, 5, ["", "1", ""]), (2, 11, ["", "", "2"])]


def test_a_row_with_cells_beyond_the_header_is_bad() -> None:
    rows = read(workbook(["a", "b"], [1, 2, " "], [1, 2, None, "x"], [3]))

    assert told(rows) == [(1, 2, ["1", "2"]), (2, 3, "too_many_cells"), (3, 4, ["3", ""])]
    assert rows[1].cells == ["1", "2", "x"]


@pytest.mark.parametrize("dimension", ["A1", "A1:XFD1048576", "B2:C3", "nonsense"])
def test_does_not_believe_what_a_sheet_says_of_its_size(dimension: str) -> None:
    data = sheet("", whole=f'<worksheet><dimension ref="{dimension}"/><sheetData>{ROWS}</sheetData></worksheet>')

    assert values(data) == [{"a": 1}, {"a": 2}]


ROWS = "".join(row(f'<c t="str"><v>{text}</v></c>' if text == "a" else f"<c><v>{text}</v></c>") for text in "a12")


WHOLE = {
    "no numbers": "<worksheet><row><c t='str'><v>a</v></c></row><row><c><v>1</v></c></row></worksheet>",
    "texts in the cells": "<worksheet><row><c t='inlineStr'><is><r><t>a</t></r></is></c></row>\n"
    "<row><c t='inlineStr'><is><r><t>1</t></r><r><t/></r></is></c></row></worksheet>",
    "a prefix": "<x:worksheet xmlns:x='u'><x:row><x:c><x:v>0</x:v></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c></x:row>"
    "</x:worksheet>",
    "utf-16": "<?xml version='1.0' encoding='UTF-16'?><worksheet><row><c><v>0</v></c></row><row><c><v>1</v></c></row>"
    "</worksheet>",
}


@pytest.mark.parametrize("name", WHOLE)
def test_reads_what_other_programs_write(name: str) -> None:
    data = sheet("", whole=WHOLE[name].encode("utf-16" if name == "utf-16" else "utf-8"))

    assert told(read(data)) == [(1, 2, ["1"])]


@pytest.mark.parametrize("target", ["/xl/worksheets/sheet1.xml", "./worksheets/../worksheets/Sheet1.xml"])
def test_finds_the_sheet_however_it_is_referred_to(target: str) -> None:
    related = f'<Relationships><Relationship Id="s" Type="x/worksheet" Target="{target}"/></Relationships>'

    assert values(sheet(row("<c><v>1</v></c>"), related=related)) == [{"a": 1}]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("<si><t>plain</t></si>", "plain"),
        ("<si><r><t>rich </t></r><r><rPr><b/></rPr><t>text</t></r></si>", "rich text"),
        ("<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>", "東京"),
        ("<si><t>a_x000D_b_x005F_x000D_c_xD800_</t></si>", "a\rb_x000D_c_xD800_"),
        ("<si><t>&lt;&amp;&#233;</t></si>", "<&é"),
    ],
)
def test_reads_texts_that_cells_share(item: str, text: str) -> None:
    data = sheet(row('<c t="s"><v>1</v></c>', '<c t="s"><v>0</v></c>'), strings=f"<si><t>first</t></si>{item}")

    assert values(data) == [{"a": text, "b": "first"}]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('<c t="n"><v>abc</v></c>', "abc"),
        ("<c><v>1E999</v></c>", "1E999"),
        ("<c><v>nan</v></c>", "nan"),
        ('<c s="1"><v>-1</v></c>', -1),
        ('<c s="1"><v>1e18</v></c>', 1e18),
        ('<c s="1"><v>45000.99999999999</v></c>', "2023-03-16"),
        ('<c s="1"><v>0.9999999999</v></c>', "00:00:00"),
        ('<c s="1"><v>60</v></c>', "1900-02-28"),
        ('<c s="2"><v>45000</v></c>', 45000),
        ('<c s="x"><v>45000</v></c>', 45000),
        ('<c t="d"><v>2026-03-05T10:20:30</v></c>', "2026-03-05T10:20:30"),
        ('<c t="e"><v>#REF!</v></c>', "#REF!"),
        ('<c t="b"><v>true</v></c>', True),
        ('<c t="other"><v>x</v></c>', "x"),
    ],
)
def test_takes_odd_values_for_what_they_are(cell: str, value: object) -> None:
    styles = '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'

    assert values(sheet(row(cell), styles=styles)) == [{"a": value}]


@pytest.mark.parametrize("cell", ['<c t="s"><v>9</v></c>', '<c t="s"><v>-1</v></c>', '<c t="s"><v>x</v></c>', "<c/>"])
def test_a_cell_without_a_text_is_empty(cell: str) -> None:
    assert values(sheet(row(cell, "<c><v>1</v></c>"))) == [{"b": 1}]


def test_reads_a_workbook_that_gzip_made_smaller() -> None:
    rows = opened(gzipped(workbook(["a"], [1])), "leads.xlsx.gz")

    assert [found.values for found in rows if isinstance(found, Row)] == [{"a": 1}]
    assert rows.bytes_read == len(gzipped(workbook(["a"], [1])))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (workbook(), "empty"),
        (workbook([None, " "]), "empty"),
        (workbook(["a", "b"]), "no_rows"),
        (workbook(["a", "b"], [None, ""], [" "]), "no_rows"),
        (workbook(["Leads of 2026"], *[["Ada", "x"]] * 5), "no_header"),
        (workbook(["a"] * 1001, [1]), "too_many_columns"),
        (workbook(["a"] * 10_000, [1]), "too_many_columns"),
        (workbook([None] * 1000 + ["a"], [1]), "too_many_columns"),
    ],
)
def test_says_what_is_wrong_with_a_sheet(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_a_workbook_without_a_visible_sheet_is_refused() -> None:
    book = '<workbook><sheets><sheet name="Leads" r:id="s" state="hidden"/></sheets></workbook>'

    assert refused(sheet("", book=book)) == "no_sheet"


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1)
NUMBERS = st.integers(-(10**14), 10**14) | st.floats(-1e6, 1e6, allow_subnormal=False)
DATES = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=50)
@given(st.lists(st.tuples(TEXT.map("x{}".format) | NUMBERS | st.booleans(), NUMBERS | DATES), min_size=1, max_size=20))
def test_reads_the_same_as_openpyxl(rows: list[tuple[object, object]]) -> None:
    data = workbook(["a", "b"], *map(list, rows))

    found = values(data)

    book = load_workbook(BytesIO(data), read_only=True, data_only=True)
    _, *expected = book.active.values
    book.close()
    assert [(values["a"], values["b"]) for values in found] == [(a, in_iso(b)) for a, b in expected]


def in_iso(cell: object) -> object:
    return cell.isoformat().removesuffix("T00:00:00") if isinstance(cell, datetime) else cell
