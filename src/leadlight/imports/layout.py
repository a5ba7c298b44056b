"""How a text table is laid out: what parts its cells, how its columns are called, and what a row looks like."""

import csv
import re
from collections.abc import Iterator, Sequence

import msgspec

from leadlight.imports.reading import Limits, UnreadableFile, character_fault, column_names, no_header, too_many_columns

_DELIMITERS = ("\t", ";", "|", ",")
"""The first of them where several explain the lines as well: commas are what texts and numbers are full of."""

_SAMPLE_LINES = 100
_QUOTED = re.compile(r'(?:^|(?<=[\t;|,\n]))"(?:[^"]|"")*+"(?=[\t;|,\r\n]|$)')
_SAID = re.compile(r"sep=([\t;|,])\r*\n", re.IGNORECASE)  # Excel's own first line

_ADDRESS = re.compile(r'\s*"?[^\s"@]+@[^\s"@]+"?\s*')
_NUMBER = re.compile(r"[^\w@]*\d[\d\W]*")  # dates and phone numbers too
_LEARNED_FROM = 5
"""Cells of a column that have to agree, at nine of ten, before they tell what the column holds."""


class Likeness(msgspec.Struct, frozen=True):
    """What rows of one file have in common. `narrowest`, `widest`: how many cells they have.

    `addresses`, `numbers`: the columns that hold nothing else.
    """

    delimiter: str
    narrowest: int
    widest: int
    addresses: tuple[int, ...] = ()
    numbers: tuple[int, ...] = ()

    def may_be_row(self, line: str) -> bool:
        return self._matches(line) is not None

    def is_surely_row(self, line: str) -> bool:
        """Nobody writes such a line into a cell: an address or two numbers stand where they stand in the rows."""
        matches = self._matches(line)
        return matches is not None and (matches[0] > 0 or matches[1] > 1)

    def _matches(self, line: str) -> tuple[int, int] | None:
        """How many addresses and numbers stand in their places; None when anything else stands there."""
        cells = line.rstrip("\r\n").split(self.delimiter)
        if not self.narrowest <= len(cells) <= self.widest or line.count('"') % 2:
            return None
        addresses = [cells[place] for place in self.addresses if place < len(cells) and cells[place]]
        numbers = [cells[place] for place in self.numbers if place < len(cells) and cells[place]]
        if not all(map(_ADDRESS.fullmatch, addresses)) or not all(map(_NUMBER.fullmatch, numbers)):
            return None
        return len(addresses), len(numbers)


class Layout(msgspec.Struct, frozen=True):
    """`first_line`: the number of the line behind the header, where the rows begin."""

    delimiter: str
    columns: list[str]
    first_line: int


def find_layout(lines: Sequence[str], first: int, *, limits: Limits) -> Layout:
    """The layout of a file from its first lines that say something; `first` is the number of the first of them.

    Raises UnreadableFile when they hold no header.
    """
    said = _SAID.fullmatch(lines[0])
    delimiter = said[1] if said else _find_delimiter(lines)
    if said:
        lines, first = lines[1:], first + 1
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = _first_with_cells(reader)
    except csv.Error:
        raise UnreadableFile(
            "broken_header", "The quotes in the first line do not match, so the columns have no names: mend them."
        ) from None
    if character_fault(header):
        raise UnreadableFile(
            "not_text",
            "The names of the columns hold what no text holds: send CSV, TSV, JSONL or XLSX, saved as UTF-8.",
        )
    if len(header) > limits.columns:
        raise too_many_columns(limits)
    return Layout(delimiter, column_names(header), first + reader.line_num)


def learn_likeness(rows: Sequence[list[str]], layout: Layout) -> Likeness:
    width = len(layout.columns)
    columns = [[row[place] for row in rows if place < len(row) and row[place]] for place in range(width)]
    return Likeness(
        layout.delimiter,
        min(map(len, rows), default=width),
        width,
        tuple(place for place, cells in enumerate(columns) if _agree(cells, _ADDRESS)),
        tuple(place for place, cells in enumerate(columns) if _agree(cells, _NUMBER)),
    )


def _agree(cells: list[str], kind: re.Pattern[str]) -> bool:
    return len(cells) >= _LEARNED_FROM and sum(1 for cell in cells if kind.fullmatch(cell)) >= 0.9 * len(cells)


def _find_delimiter(lines: Sequence[str]) -> str:
    """The one that is as often in the other lines as in the first, or stands in the first at all."""
    bare = _QUOTED.sub("x", "".join(lines[:_SAMPLE_LINES])).split("\n")
    header, *others = [line for line in bare if line.strip()] or [""]

    def fitness(delimiter: str) -> tuple[bool, int, int]:
        count = header.count(delimiter)
        alike = sum(1 for line in others if line.count(delimiter) == count)
        return count > 0, alike if count else -alike, count

    found = max(_DELIMITERS, key=fitness)
    return found if fitness(found)[:2] > (False, -len(others)) else ","


def _first_with_cells(reader: Iterator[list[str]]) -> list[str]:
    for cells in reader:
        if any(cell.strip() for cell in cells):
            return cells
    raise no_header()
