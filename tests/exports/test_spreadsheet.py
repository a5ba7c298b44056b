"""Leads as an XLSX file: what another reader finds in it is what was written."""

import gc
import io
import json
import re
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.exports.columns import MetadataKeys
from leadlight.exports.spreadsheet import SpreadsheetWriter
from leadlight.imports.cells import from_cell, metadata_value
from leadlight.leads.lead import Lead
from tests.exports.people import LEADS, lead


def file_of(leads: list[Lead], **options: Any) -> bytes:
    keys = MetadataKeys(in_sheets=True)
    keys.look_at(lead.metadata for lead in leads)
    made = SpreadsheetWriter(keys.found, **options)
    return b"".join([made.begin(), made.write(leads), *made.end()])


def sheets_of(content: bytes) -> dict[str, list[list[Any]]]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {
        sheet.title: [[unescaped(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        for sheet in book.worksheets
    }


def unescaped(value: Any) -> Any:
    """ECMA-376 part 1, 22.9.2.19; openpyxl leaves that to its caller."""
    if not isinstance(value, str):
        return value
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), value)


def test_an_export_is_a_sheet_with_a_header() -> None:
    ada = lead(phone="+1 555", metadata={"company": "Oak & <Co>", "score": 7, "ok": True, "tags": ["a"]})

    assert sheets_of(file_of([ada])) == {
        "Leads": [
            [
                *("id", "name", "email", "phone", "source", "status"),
                *("metadata.company", "metadata.score", "metadata.ok", "metadata.tags"),
                *("followUpAt", "followUpNote", "createdAt", "updatedAt", "workspaceId"),
            ],
            [
                *("lead_1", "Ada Park", "ada@example.com", "+1 555", "api", "new"),
                *("Oak & <Co>", 7, "true", '["a"]'),
                *(None, None, "2026-01-01T00:00:00.000Z", "2026-01-01T00:01:01.001Z", "ws_1"),
            ],
        ]
    }


@pytest.mark.parametrize(
    ("json_text", "cell"),
    [
        ("0", 0),
        ("-7", -7),
        ("1.50", 1.5),
        ("-0.25e3", -250.0),
        ("123456789012345", 123456789012345),
        ("1234567890123456", "1234567890123456"),
        ("0.1234567890123456", "0.1234567890123456"),
        ("1e300", "1e300"),
        ("1E-999", "1E-999"),
        ("0e999", 0),
    ],
)
def test_a_number_is_one_where_a_spreadsheet_keeps_it(json_text: str, cell: object) -> None:
    rows = sheets_of(file_of([lead(metadata=f'{{"key":{json_text}}}'.encode())]))["Leads"]

    assert (rows[1][6], type(rows[1][6])) == (cell, type(cell)) or rows[1][6] == cell == 0


def test_no_cell_is_a_formula() -> None:
    content = file_of([lead("=1+1", metadata={"key": "=1+1", "=key": 1})])

    book = openpyxl.load_workbook(io.BytesIO(content))

    assert {cell.data_type for row in book.worksheets[0].iter_rows() for cell in row} == {"s", "n"}


@given(st.lists(LEADS, max_size=3))
def test_a_sheet_gives_back_what_went_in(leads: list[Lead]) -> None:
    columns, *rows = sheets_of(file_of(leads))["Leads"]

    assert len(rows) == len(leads)
    for row, written in zip(rows, leads, strict=True):
        cells = {name: cell for name, cell in zip(columns, row, strict=True) if cell is not None}
        assert [from_cell(cells.get(name, "")) for name in ("id", "name", "email", "phone", "source")] == [
            written.id,
            written.name,
            written.email,
            written.phone or "",
            written.source or "",
        ]
        found = {name[9:]: value_of(cell) for name, cell in cells.items() if name.startswith("metadata.")}
        assert found == json.loads(bytes(written.metadata), parse_float=Decimal)


def value_of(cell: object) -> Any:
    text = bytes(metadata_value(cell)).decode() if isinstance(cell, str) else json.dumps(cell)
    return json.loads(text, parse_float=Decimal)


def test_what_one_sheet_does_not_hold_goes_on_in_the_next() -> None:
    leads = [lead(f"Lead {number}") for number in range(5)]

    sheets = sheets_of(file_of(leads, rows_in_a_sheet=3))

    names = {title: [row[1] for row in rows] for title, rows in sheets.items()}
    assert names == {
        "Leads": ["name", "Lead 0", "Lead 1"],
        "Leads 2": ["name", "Lead 2", "Lead 3"],
        "Leads 3": ["name", "Lead 4"],
    }


def test_an_export_of_nothing_is_a_header() -> None:
    assert [len(rows) for rows in sheets_of(file_of([])).values()] == [1]


def test_columns_go_on_behind_z() -> None:
    metadata = {f"key {number}": f"value {number}" for number in range(800)}

    columns, row = sheets_of(file_of([lead(metadata=metadata)]))["Leads"]

    assert dict(zip(columns, row, strict=True))["metadata.key 799"] == "value 799"


def test_a_cell_is_never_cut_in_silence() -> None:
    made = SpreadsheetWriter(["notes"])
    made.begin()

    with pytest.raises(ValueError, match="so long a text"):
        made.write([lead(metadata={"notes": "n" * 32_768})])


def test_the_file_grows_while_it_is_written() -> None:
    made = SpreadsheetWriter([])
    written = len(made.begin())
    sizes = [len(made.write([lead(f"Lead {number} {batch}") for number in range(1000)])) for batch in range(5)]

    assert 0 < written < 1000
    assert min(sizes) > 1000


def test_a_file_that_is_broken_off_ends_without_a_word() -> None:
    made = SpreadsheetWriter([])
    made.begin()
    made.write([lead()])

    del made
    gc.collect()  # what goes wrong here is a warning, and so an error


def test_the_same_leads_are_the_same_bytes_and_a_sound_zip() -> None:
    content = file_of([lead()])

    assert content == file_of([lead()])
    assert ZipFile(io.BytesIO(content)).testzip() is None
