"""Opens a file of rows, whatever it is called: what it holds says how it is read."""

import re
from itertools import islice
from typing import BinaryIO

from leadlight.imports.expanding import Source
from leadlight.imports.json_lines import JsonLines
from leadlight.imports.reading import BadRow, Fault, FileFormat, Limits, Row, Rows, UnreadableFile
from leadlight.imports.spreadsheet import SpreadsheetRows
from leadlight.imports.tabular import TabularRows
from leadlight.imports.text import Text

__all__ = ["BadRow", "Fault", "FileFormat", "Limits", "Row", "Rows", "UnreadableFile", "open_rows"]

_HEAD = 64 << 10
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO §2.3.4.4

_NO_TABLES = {
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"{\\rtf": "an RTF document",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "compressed with gzip twice",
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ\0": "compressed with xz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
}
_MARKED_UP = {
    "<!doctype html": "a web page, perhaps one that asks to sign in",
    "<html": "a web page, perhaps one that asks to sign in",
    "<?xml": "XML",
}
_SEND = "send the table as CSV, TSV, XLSX or JSON Lines, as it is or compressed with gzip."

_CONTROL = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROLS_ALLOWED = 8
_JSON_NAME = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_SAMPLE_ROWS = 100
_ROWS_ENOUGH = 5


def open_rows(file: BinaryIO, name: str, limits: Limits) -> Rows:
    """The rows of a file that can be sought in; `name` is what its sender calls it.

    Raises UnreadableFile for one that holds no rows, or none that can be told from each other.
    """
    source = Source(file, limits)
    head = source.head(_HEAD)
    for beginning, what in _NO_TABLES.items():
        if head.startswith(beginning):
            raise UnreadableFile("wrong_format", f"The file is {what}: {_SEND}")
    if head.startswith(_OLE):
        raise _old_workbook(source)
    rows = SpreadsheetRows(source, limits) if head.startswith(_ZIP) else _open_text(source, name, limits)
    sample = list(islice(rows, _SAMPLE_ROWS))
    if not sample:
        raise UnreadableFile("no_rows", "The file holds the names of its columns, and no rows below them.")
    if len(sample) >= _ROWS_ENOUGH and all(_has_too_many_cells(row) for row in sample):
        raise UnreadableFile(
            "no_header",
            "Every row has more cells than the first line has names: begin the file with the columns' names.",
        )
    return rows


def _open_text(source: Source, name: str, limits: Limits) -> Rows:
    text = Text(source, limits)
    beginning = text.beginning()
    controls = len(_CONTROL.findall(beginning))
    if not text.is_marked and controls > _CONTROLS_ALLOWED and controls > len(beginning) // 50:
        raise UnreadableFile("wrong_format", f"The file is neither text nor an XLSX workbook: {_SEND}")
    first = beginning.lstrip()[:_HEAD].lower()
    for start, what in _MARKED_UP.items():
        if first.startswith(start):
            raise UnreadableFile("wrong_format", f"The file is {what}: {_SEND}")
    if first.startswith("{"):
        return JsonLines(text, limits)
    if first.startswith("[") and (first[1:].lstrip().startswith("{") or _JSON_NAME.search(name)):
        raise UnreadableFile(
            "not_json_lines",
            "The file is one JSON array: write each object of it on a line of its own, with no commas between.",
        )
    return TabularRows(text, limits)


def _old_workbook(source: Source) -> UnreadableFile:
    """An OLE file: its directory tells, which may stand anywhere in it."""
    before = b""
    for chunk in source.chunks():
        if _ENCRYPTED in before + chunk:
            return UnreadableFile("encrypted", "The workbook is encrypted: save it without a password, and send that.")
        before = chunk[-len(_ENCRYPTED) :]
    return UnreadableFile("wrong_format", "The file is an old .xls workbook: save it as .xlsx or CSV, and send that.")


def _has_too_many_cells(row: Row | BadRow) -> bool:
    return isinstance(row, BadRow) and row.code == Fault.TOO_MANY_CELLS
