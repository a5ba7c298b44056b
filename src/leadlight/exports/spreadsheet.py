"""Leads as an XLSX file (ECMA-376), made in a stream: a zip whose sheets are written row by row.

Texts are strings, which no spreadsheet runs. The file has what a reader needs, and no more.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

import msgspec

from leadlight.exports.columns import fields_after, fields_before, fits_in_a_cell, header, metadata_values
from leadlight.imports.cells import metadata_cell
from leadlight.leads.lead import Lead

MAX_ROWS = 1_048_576
"""What a sheet holds. The rest goes on in a second one, which has the header too."""

_MAX_SHEET_LETTERS = 1_000_000_000  # a part of the zip that is larger than 2 GiB is beyond what Excel reads
_LEVEL = 4
_PRECISE_DIGITS = 15  # as far as a spreadsheet keeps the digits of a number
_LARGEST = 1e300
_SMALLEST = 1e-300

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_BEGIN = f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'
_SHEET_END = "</sheetData></worksheet>"
_ROOT_RELATIONS = (
    f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)

# What XML can't hold, or would not give back, stands as _x000D_; what would be read as such begins with _x005F_.
_UNFIT = r"\x00-\x08\x0b-\x1f\ufffe\uffff"
_TO_ESCAPE = re.compile(rf"[{_UNFIT}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNFIT}])")


class SpreadsheetWriter:
    def __init__(self, metadata_keys: Sequence[str], *, rows_in_a_sheet: int = MAX_ROWS) -> None:
        self._keys = list(metadata_keys)
        self._header = header(self._keys)
        self._columns = [_letters(number) for number in range(len(self._header))]
        self._rows_in_a_sheet = rows_in_a_sheet
        self._bytes = _Bytes()
        self._zip = ZipFile(self._bytes, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheets = 0
        self._row = 0
        self._letters = 0
        self._sheet: IO[bytes]

    def begin(self) -> bytes:
        self._begin_sheet()
        return self._bytes.take()

    def write(self, leads: Sequence[Lead]) -> bytes:
        """Raises ValueError for a cell that is too long; `MetadataKeys` tells of it before the first byte."""
        rows: list[str] = []
        for lead in leads:
            if self._row == self._rows_in_a_sheet or self._letters > _MAX_SHEET_LETTERS:
                self._put("".join(rows))
                rows.clear()
                self._end_sheet()
                self._begin_sheet()
            rows.append(self._xml(self._cells(lead)))
            self._letters += len(rows[-1])
        self._put("".join(rows))
        return self._bytes.take()

    def end(self) -> Iterator[bytes]:
        self._end_sheet()
        for name, content in _parts_about(self._sheets):
            with self._zip.open(name, "w") as part:
                part.write(content.encode())
        self._zip.close()
        yield self._bytes.take()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._row = self._letters = 0
        self._sheet = self._zip.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        self._put(_SHEET_BEGIN + self._xml(self._header))

    def _end_sheet(self) -> None:
        self._put(_SHEET_END)
        self._sheet.close()

    def _put(self, text: str) -> None:
        self._sheet.write(text.encode())

    def _cells(self, lead: Lead) -> Iterator[str | msgspec.Raw | None]:
        yield from fields_before(lead)
        yield from metadata_values(lead, self._keys)
        yield from fields_after(lead)

    def _xml(self, cells: Iterable[str | msgspec.Raw | None]) -> str:
        """The next row; cells that hold nothing are left out."""
        self._row += 1
        row = self._row
        found = [f'<row r="{row}">']
        for column, cell in zip(self._columns, cells, strict=True):
            if isinstance(cell, msgspec.Raw):
                found.append(_value(f"{column}{row}", cell))
            elif cell:
                found.append(_text(f"{column}{row}", cell))
        found.append("</row>")
        return "".join(found)


class _Bytes:
    """What the zip is written to, in one direction only."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written can still be taken."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken


def _value(place: str, raw: msgspec.Raw) -> str:
    number = _number(bytes(raw).decode())
    return f'<c r="{place}"><v>{number}</v></c>' if number else _text(place, metadata_cell(raw))


def _text(place: str, text: str) -> str:
    if not fits_in_a_cell(text):
        raise ValueError("a cell of a sheet can't hold so long a text")
    if not text.isprintable() or "_x" in text:
        text = _TO_ESCAPE.sub(_escaped, text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _escaped(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"


def _number(json: str) -> str | None:
    """A number that a spreadsheet gives back as the same one; None for anything else."""
    if json[0] not in "-0123456789":
        return None
    digits = re.split("[eE]", json)[0].replace(".", "").lstrip("-0")
    is_precise = len(digits) <= _PRECISE_DIGITS and (not digits or _SMALLEST < abs(float(json)) < _LARGEST)
    return json if is_precise else None


def _letters(number: int) -> str:
    """A column's name: A, B … Z, AA, AB …"""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _parts_about(sheets: int) -> Iterator[tuple[str, str]]:
    """The parts that name the others; readers look for them at the end of the zip, where all is listed."""
    numbers = range(1, sheets + 1)
    names = "".join(f'<sheet name="{_sheet_name(n)}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield (
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{names}</sheets></workbook>',
    )
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{relations}</Relationships>',
    )
    yield "_rels/.rels", _ROOT_RELATIONS
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPES}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        (
            f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>{overrides}</Types>'
        ),
    )


def _sheet_name(number: int) -> str:
    return "Leads" if number == 1 else f"Leads {number}"
