"""Leads as CSV and as JSON lines: what a reader finds in them is what was written."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadlight.exports.columns import MetadataKeys
from leadlight.exports.writers import ExportFormat, writer
from leadlight.imports.cells import from_cell, metadata_value
from leadlight.leads.lead import Lead
from tests.exports.people import LEADS, lead


def file_of(file_format: ExportFormat, leads: list[Lead]) -> bytes:
    keys = MetadataKeys(in_sheets=file_format is ExportFormat.XLSX)
    keys.look_at(lead.metadata for lead in leads)
    made = writer(file_format, keys.found)
    return b"".join([made.begin(), *(made.write([lead]) for lead in leads), *made.end()])


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))


def test_a_csv_file_is_read_as_utf_8_by_spreadsheets() -> None:
    ada = lead("Ada, “Park”", phone="+1 555", metadata={"company": 'Oak "n" Co', "score": 1.5})

    assert file_of(ExportFormat.CSV, [ada]).decode() == (
        "\ufeffid,name,email,phone,source,status,metadata.company,metadata.score,"
        "followUpAt,followUpNote,createdAt,updatedAt,workspaceId\r\n"
        'lead_1,"Ada, “Park”",ada@example.com,+1 555,api,new,"Oak ""n"" Co",1.5,'
        ",,2026-01-01T00:00:00.000Z,2026-01-01T00:01:01.001Z,ws_1\r\n"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])  # noqa: RUF001
def test_a_csv_file_has_no_cell_that_a_spreadsheet_would_run(text: str) -> None:
    unruly = lead(text, email=text, phone=text, source=text, metadata={"key": text, text: 1})

    cells = [cell for row in rows_of(file_of(ExportFormat.CSV, [unruly])) for cell in row]

    assert [cell for cell in cells if cell.startswith(text[0])] == []


def test_a_csv_file_of_nothing_is_a_header() -> None:
    assert len(rows_of(file_of(ExportFormat.CSV, []))) == 1


def test_a_key_that_a_lead_does_not_have_is_an_empty_cell() -> None:
    rows = rows_of(file_of(ExportFormat.CSV, [lead(metadata={"a": None}), lead(source=None, metadata={"b": ""})]))

    assert [row[3:8] for row in rows[1:]] == [["", "api", "new", "null", ""], ["", "", "new", "", '""']]


@given(st.lists(LEADS, max_size=3))
def test_a_csv_file_gives_back_what_went_in(leads: list[Lead]) -> None:
    columns, *rows = rows_of(file_of(ExportFormat.CSV, leads))

    assert len(rows) == len(leads)
    for row, written in zip(rows, leads, strict=True):
        cells = dict(zip(columns, row, strict=True))
        assert [from_cell(cells[name]) for name in ("id", "name", "email", "phone", "source")] == [
            written.id,
            written.name,
            written.email,
            written.phone or "",
            written.source or "",
        ]
        found = {
            name[9:]: metadata_value(cell) for name, cell in cells.items() if name.startswith("metadata.") and cell
        }
        assert {key: bytes(value) for key, value in found.items()} == values_of(written)


def values_of(written: Lead) -> dict[str, bytes]:
    return {key: compact(value) for key, value in json.loads(bytes(written.metadata)).items()}


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_line_of_json_is_a_lead_as_the_api_shows_it() -> None:
    ada = lead(metadata=b'{"a":1.10,"b":12345678901234567890}')

    assert file_of(ExportFormat.JSONL, [ada, ada]) == 2 * (
        b'{"id":"lead_1","name":"Ada Park","email":"ada@example.com","phone":null,"source":"api","status":"new",'
        b'"metadata":{"a":1.10,"b":12345678901234567890},"createdAt":"2026-01-01T00:00:00.000Z",'
        b'"updatedAt":"2026-01-01T00:01:01.001Z","workspaceId":"ws_1"}\n'
    )


def test_no_leads_are_no_lines_of_json() -> None:
    assert file_of(ExportFormat.JSONL, []) == b""


@given(st.lists(LEADS, max_size=3))
def test_each_lead_is_one_line_of_json(leads: list[Lead]) -> None:
    lines = file_of(ExportFormat.JSONL, leads).split(b"\n")

    assert [json.loads(line)["name"] for line in lines[:-1]] == [lead.name for lead in leads]
    assert lines[-1] == b""


@pytest.mark.parametrize(
    ("file_format", "extension", "media_type"),
    [
        (ExportFormat.CSV, "csv", "text/csv; charset=utf-8"),
        (ExportFormat.JSONL, "jsonl", "application/jsonl"),
        (ExportFormat.XLSX, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_format_has_a_name_for_browsers(file_format: ExportFormat, extension: str, media_type: str) -> None:
    assert (file_format.extension, file_format.media_type) == (extension, media_type)
