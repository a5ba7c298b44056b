"""Leads as CSV, as JSON lines or as a spreadsheet's file: bytes made batch by batch, in flat memory."""

import csv
from collections.abc import Iterator, Sequence
from enum import StrEnum
from io import StringIO
from typing import Protocol

import msgspec

from leadlight.exports.columns import fields_after, fields_before, header, metadata_values
from leadlight.exports.spreadsheet import SpreadsheetWriter
from leadlight.imports.cells import metadata_cell
from leadlight.leads.lead import Lead
from leadlight.leads.schemas import LeadView

_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_encode_lines = msgspec.json.Encoder().encode_lines


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"

    @property
    def extension(self) -> str:
        return self.value

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def has_columns(self) -> bool:
        """Whether its writer has to know the keys of metadata."""
        return self is not ExportFormat.JSONL


_MEDIA_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Writer(Protocol):
    """Called in this order: `begin` once, `write` for each batch, `end` once. What they give is the file."""

    def begin(self) -> bytes: ...

    def write(self, leads: Sequence[Lead]) -> bytes:
        """May be empty, and may hold a part of what was written before."""
        ...

    def end(self) -> Iterator[bytes]: ...


def writer(file_format: ExportFormat, metadata_keys: Sequence[str] = ()) -> Writer:
    """`metadata_keys`: the columns of metadata, where the format has columns; a key that is missing is left out."""
    if file_format is ExportFormat.CSV:
        return CsvWriter(metadata_keys)
    return JsonLinesWriter() if file_format is ExportFormat.JSONL else SpreadsheetWriter(metadata_keys)


class CsvWriter:
    """RFC 4180, in UTF-8 with a byte order mark, without which Excel would not take it for UTF-8."""

    def __init__(self, metadata_keys: Sequence[str]) -> None:
        self._keys = list(metadata_keys)

    def begin(self) -> bytes:
        return _BOM.encode() + _csv([header(self._keys)])

    def write(self, leads: Sequence[Lead]) -> bytes:
        return _csv([self._row(lead) for lead in leads])

    def end(self) -> Iterator[bytes]:
        return iter(())

    def _row(self, lead: Lead) -> list[str]:
        values = metadata_values(lead, self._keys)
        cells = ["" if value is None else metadata_cell(value) for value in values]
        return [*fields_before(lead), *cells, *fields_after(lead)]


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


class JsonLinesWriter:
    """A line for each lead, as `GET /api/v1/leads/{leadId}` shows it, its metadata as it is stored."""

    def begin(self) -> bytes:
        return b""

    def write(self, leads: Sequence[Lead]) -> bytes:
        return _encode_lines([LeadView.of(lead) for lead in leads])

    def end(self) -> Iterator[bytes]:
        return iter(())
