"""The rows of an XLSX workbook: those of its first visible sheet, the first with cells being the header.

Not read by openpyxl: that keeps a row in memory however long it is, expands entities, and takes four times as long.
"""

from collections.abc import Iterator

import msgspec

from leadlight.imports.expanding import Source
from leadlight.imports.package import Package
from leadlight.imports.reading import (
    BadRow,
    Fault,
    FileFormat,
    Limits,
    Row,
    bad_row,
    column_names,
    header_too_long,
    no_header,
    too_many_columns,
)
from leadlight.imports.sheet import SheetRow, read_sheet
from leadlight.imports.workbook import open_workbook


class SpreadsheetRows:
    """`line`: the number of the row in the sheet."""

    format = FileFormat.XLSX

    def __init__(self, source: Source, limits: Limits) -> None:
        """Raises UnreadableFile when it is no workbook that can be read, or there is no header in it."""
        self._limits = limits
        self._skip = 0
        self._source = source  # which holds the file
        self._package = Package(source.whole(), source.size, limits)
        self._workbook = open_workbook(self._package, limits)
        _, header, is_too_long = next(self._rows(), (0, {}, False))
        if is_too_long:
            raise header_too_long()
        if not header:
            raise no_header()
        width = max(header) + 1
        if width > limits.columns:
            raise too_many_columns(limits)
        self.columns = column_names([_cell(header.get(place)) for place in range(width)])

    @property
    def bytes_read(self) -> int:
        return self._package.bytes_read

    def skip(self, number: int) -> None:
        self._skip = number

    def __iter__(self) -> Iterator[Row | BadRow]:
        rows = self._rows()
        next(rows, None)
        for number, row in enumerate(rows, 1):
            if number > self._skip:
                yield self._row(number, row)

    def _rows(self) -> Iterator[SheetRow]:
        """Those that say something."""
        self._package.bytes_read = 0
        for row in read_sheet(self._package.chunks(self._workbook.sheet, counts=True), self._workbook, self._limits):
            _, values, is_too_large = row
            if is_too_large or any(not isinstance(value, str) or value.strip() for value in values.values()):
                yield row

    def _row(self, number: int, row: SheetRow) -> Row | BadRow:
        line, values, is_too_large = row
        width = len(self.columns)
        cells = [_cell(values.get(place)) for place in range(width)]
        beyond = [_cell(values[place]) for place in sorted(values) if place >= width]
        if is_too_large:
            message = "The row is longer than a row may be: shorten it."
            return bad_row(number, line, [*cells, *beyond], Fault.ROW_TOO_LARGE, message)
        if any(map(str.strip, beyond)):
            message = (
                f"The row goes on beyond column {width:,}, the last that has a name in the first row: name it there."
            )
            return bad_row(number, line, [*cells, *beyond], Fault.TOO_MANY_CELLS, message)
        named = {self.columns[place]: value for place, value in values.items() if place < width and value != ""}
        return Row(number, line, named, cells)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else msgspec.json.encode(value).decode()
