"""The rows of CSV and TSV files."""

import csv
from collections.abc import Iterator
from itertools import islice

from leadlight.imports.layout import Layout, Likeness, find_layout, learn_likeness
from leadlight.imports.reading import (
    BadRow,
    Fault,
    FileFormat,
    Limits,
    Row,
    bad_row,
    header_too_long,
    no_header,
)
from leadlight.imports.records import Records, Trouble
from leadlight.imports.text import Text

_SAMPLE_CHARACTERS = 64 << 10
_SAMPLE_ROWS = 100


class TabularRows:
    def __init__(self, text: Text, limits: Limits) -> None:
        """Raises UnreadableFile when there is no header."""
        csv.field_size_limit(max(csv.field_size_limit(), 2 * limits.row_bytes))  # rows have a limit of their own
        self._text = text
        self._limits = limits
        self._skip = 0
        self._layout = _layout(text, limits)
        width = len(self._layout.columns)
        self._likeness = Likeness(self._layout.delimiter, width, width)
        rows = [row.cells for row in islice(self, _SAMPLE_ROWS) if isinstance(row, Row)]
        self._likeness = learn_likeness(rows, self._layout)

    @property
    def format(self) -> FileFormat:
        return FileFormat.TSV if self._layout.delimiter == "\t" else FileFormat.CSV

    @property
    def columns(self) -> list[str]:
        return self._layout.columns

    @property
    def bytes_read(self) -> int:
        return self._text.bytes_read

    def skip(self, number: int) -> None:
        self._skip = number

    def __iter__(self) -> Iterator[Row | BadRow]:
        columns, skip = self._layout.columns, self._skip
        width = len(columns)
        number = 0
        for line, cells, trouble in Records(self._text, self._layout, self._likeness, row_bytes=self._limits.row_bytes):
            if trouble is None and len(cells) == width:  # the most usual, at the least cost
                if any(cells):  # else it is a blank line
                    number += 1
                    if number > skip:
                        yield Row(number, line, _values(columns, cells), cells)
            elif trouble is not None or any(map(str.strip, cells[width:])):
                number += 1
                if number > skip:
                    yield bad_row(number, line, cells, *(trouble or self._too_many(len(cells))))
            elif any(map(str.strip, cells)):
                number += 1
                if number > skip:
                    yield Row(number, line, _values(columns, cells), cells[:width])

    def _too_many(self, found: int) -> Trouble:
        columns, delimiter = len(self._layout.columns), self._layout.delimiter
        shown = "tab" if delimiter == "\t" else delimiter
        return (
            Fault.TOO_MANY_CELLS,
            f"The row has {found:,} cells for {columns:,} columns: put quotes around each cell that holds a “{shown}”.",
        )


def _values(columns: list[str], cells: list[str]) -> dict[str, object]:
    if "" in cells:
        return {name: cell for name, cell in zip(columns, cells, strict=False) if cell}
    return dict(zip(columns, cells, strict=False))


def _layout(text: Text, limits: Limits) -> Layout:
    """Told by lines enough, from the first that is not blank."""
    lines: list[str] = []
    first = 0
    for block in text.blocks():
        for number, line in enumerate(block.lines, block.first):
            if lines or line.strip():
                first = first or number
                lines.append(line)
        if block.cut is not None and not lines:
            raise header_too_long()
        if block.cut is not None or sum(map(len, lines)) >= _SAMPLE_CHARACTERS:
            break
    if not lines:
        raise no_header()
    return find_layout(lines, first, limits=limits)
