"""The cells of one sheet of a workbook, row by row as they stand in its XML (ECMA-376 §18.3.1)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import isfinite

from leadlight.imports.expanding import expands_too_far
from leadlight.imports.markup import Attributes, read_markup
from leadlight.imports.reading import Limits
from leadlight.imports.serial_dates import from_serial
from leadlight.imports.shared_strings import unescaped
from leadlight.imports.workbook import Workbook

SheetRow = tuple[int, dict[int, object], bool]
"""The row's number, its values by the place of their column (from 0), and whether it is too large to have all."""

_Cell = tuple[str, str, str]
"""The kind, the style and the text as they are written."""

_EXACT = 1e15
"""Whole numbers up to here are told apart by workbooks, which keep 15 digits."""


def read_sheet(pieces: Iterable[bytes], workbook: Workbook, limits: Limits) -> Iterator[SheetRow]:
    """Rows with at least one value; formulas have that which was last computed. Raises UnreadableFile."""
    reader = _Reader(limits)
    expanded = 0
    for _ in read_markup(pieces, start=reader.start, end=reader.end, text=reader.text.append):
        reader.bound()
        # A text that cells share is looked up when its row is used: a few bytes may stand for a million, many times.
        for number, cells, size in reader.done:
            values: dict[int, object] = {}
            for place, cell in cells.items():
                if cell[0] == "s":
                    text = workbook.strings.get(cell[2])
                    size += len(text)  # noqa: PLW2901
                    values[place] = text
                else:
                    values[place] = _typed(cell, workbook)
                if size > limits.row_bytes:
                    break
            expanded += size
            if expanded > limits.expanded_bytes:
                raise expands_too_far(limits)
            yield number, values, size > limits.row_bytes
        reader.done.clear()


class _Reader:
    """Finds the rows: `done` are their numbers, their cells, and their size in characters."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.done: list[tuple[int, dict[int, _Cell], int]] = []
        self.text: list[str] = []
        self._row = 0
        self._cells: dict[int, _Cell] = {}
        self._size = 0
        self._column = 0
        self._kind = "n"
        self._style = ""
        self._found: list[str] = []  # of the text of a cell
        self._is_value = False
        self._is_phonetic = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            letters = attributes.get("r", "").rstrip("0123456789")
            self._column = (_column(letters) if letters else 0) or self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._found.clear()
        elif name in {"v", "t"}:
            self._is_value = not self._is_phonetic
            self.text.clear()
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() and len(number) < 10 else self._row + 1
            self._cells, self._size, self._column = {}, 0, 0
        elif name == "rPh":  # how to say it
            self._is_phonetic = True

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            if self._is_value:
                self._take()
        elif name == "c":
            if self._found and len(self._cells) <= self._limits.columns:
                self._cells[self._column - 1] = self._kind, self._style, "".join(self._found)
        elif name == "row":
            if self._cells or self._size > self._limits.row_bytes:
                self.done.append((self._row, self._cells, self._size))
        elif name == "rPh":
            self._is_phonetic = False

    def bound(self) -> None:
        """Keeps no more than a row of what has been read since the last value."""
        size = sum(map(len, self.text))
        if size > self._limits.row_bytes:
            self._size += size if self._is_value else 0
            self.text.clear()

    def _take(self) -> None:
        self._is_value = False
        text = "".join(self.text)
        self._size += len(text)
        if text and self._size <= self._limits.row_bytes:
            self._found.append(text)


def _typed(cell: _Cell, workbook: Workbook) -> object:
    kind, style, text = cell
    if kind == "n":
        return _number(text, style, workbook)
    if kind == "b":
        return text in {"1", "true"}
    return unescaped(text)


def _number(text: str, style: str, workbook: Workbook) -> object:
    """An int or a float, or ISO 8601 text where the style makes a date of it."""
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return text
    if style in workbook.dates:
        date = from_serial(number, counts_from_1904=workbook.counts_from_1904)
        if date is not None:
            return date
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


@lru_cache(maxsize=20_000)
def _column(letters: str) -> int:
    """From 1; 0 for what names no column."""
    if not (len(letters) <= 3 and letters.isascii() and letters.isalpha()):
        return 0
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number
