"""The records of a text table, read as RFC 4180 says, where one that breaks its rules costs no other.

What makes that hard is a quote that never closes: by the rules, all that follows is one cell. So a line that surely
is a row of this file ends such a cell, and so does the length of a row. Then the record that opened it is broken, and
reading goes on with its second line.
"""

import csv
from collections import deque
from collections.abc import Generator, Iterator

from leadlight.imports.layout import Layout, Likeness
from leadlight.imports.reading import Fault, character_fault
from leadlight.imports.text import Text

Trouble = tuple[Fault, str]
"""What is wrong with a record, for programs and for people."""

Record = tuple[int, list[str], Trouble | None]
"""The number of its first line, its cells, and what is wrong with it."""

_BROKEN = (
    Fault.BROKEN_QUOTING,
    "The quotes of the row do not match: put one on each side of the cell, and two for each inside of it.",
)
_PIECE = (
    Fault.BROKEN_QUOTING,
    "The line has fewer cells than a row, and comes behind a row whose quotes do not match: it may be a piece of that.",
)
_STRAY = (
    Fault.STRAY_LINE_BREAK,
    "A line break stands in the middle of the row: take it out, or put quotes around the cell that it belongs to.",
)
_TOO_LARGE = (Fault.ROW_TOO_LARGE, "The row is longer than a row may be: shorten it.")


class Records:
    """One way through the records of a file, without its header, from block to block."""

    def __init__(self, text: Text, layout: Layout, likeness: Likeness, *, row_bytes: int) -> None:
        self._text = text
        self._layout = layout
        self._likeness = likeness
        self._row_bytes = row_bytes
        self._lines: list[str] = []  # that are not read yet
        self._waiting: deque[str] = deque()  # those of them that the reader has not taken
        self._first = 0  # the number of the first of them
        self._is_clean = True
        self._doubtful_until = 0  # lines up to this one may be pieces of a broken row
        self._endless: tuple[int, str] | None = None  # number and text of a line whose quote closes nowhere near

    def __iter__(self) -> Iterator[Record]:
        for block in self._text.blocks(self._layout.first_line):
            if not self._lines:
                self._first, self._is_clean = block.first, True
            self._lines += block.lines
            self._is_clean = self._is_clean and block.is_clean
            yield from self._read(is_end=block.cut is not None)
            if block.cut is not None and self._endless is None:
                yield block.first + len(block.lines), self._torn(block.cut), _TOO_LARGE
        yield from self._read(is_end=True)
        if self._endless:
            yield self._left_out()

    def _read(self, *, is_end: bool) -> Iterator[Record]:
        """The records of the lines that there are. `is_end`: no other line can belong to the last of them."""
        lines, first = self._lines, self._first
        self._waiting = deque(lines)
        at = 0
        while at < len(lines):
            if self._endless is not None:
                at = yield from self._leave_out(at)
                continue
            at, is_open = yield from self._follow_the_rules(at)
            end = len(lines) - len(self._waiting)
            sure = self._find_sure_row(at, end)
            is_too_long = sure == end and _length(lines[at:end]) > self._row_bytes
            if at == end or (is_open and not is_end and sure == end and not is_too_long):
                break
            if is_too_long:
                self._endless = first + at, lines[at]
            else:
                yield first + at, self._torn(lines[at]), _STRAY if _has_stray_break(lines[at]) else _BROKEN
                self._waiting.extendleft(reversed(lines[at + 1 : end]))
                self._doubtful_until = first + max(sure - 1, at + 1)
            at += 1
        self._lines, self._first = lines[at:], first + at

    def _follow_the_rules(self, at: int) -> Generator[Record, None, tuple[int, bool]]:
        """The records as far as they keep to the rules; returns the line behind, and whether a cell is open there."""
        first, total, waiting = self._first, len(self._lines), self._waiting
        plain_from = self._plain_from()
        reader = csv.reader(iter(waiting.popleft, None), delimiter=self._layout.delimiter, strict=True)
        try:
            for cells in reader:
                end = total - len(waiting)
                if end == at + 1 and at >= plain_from:
                    yield first + at, cells, None
                elif self._runs_on(at, end):
                    return at, False
                else:
                    yield first + at, cells, self._trouble(first + at, cells)
                    plain_from = self._plain_from()
                at = end
        except IndexError:  # no line is waiting
            return at, True
        except csv.Error:
            pass
        return at, False

    def _plain_from(self) -> int:
        """The line from which on a record on one line has no trouble but, perhaps, with its quotes."""
        return self._doubtful_until + 1 - self._first if self._is_clean else len(self._lines)

    def _runs_on(self, at: int, end: int) -> bool:
        """Whether a quote swallowed rows on its way to the one that closes it."""
        return _length(self._lines[at:end]) > self._row_bytes or self._find_sure_row(at, end - 1) < end - 1

    def _find_sure_row(self, at: int, end: int) -> int:
        """The first line behind a record's own that is a row for sure; `end`, if there is none before."""
        sure = (place for place in range(at + 1, end) if self._likeness.is_surely_row(self._lines[place]))
        return next(sure, end)

    def _leave_out(self, at: int) -> Generator[Record, None, int]:
        """Goes on behind a cell without end: at what may be a row, or behind a quote that may close the cell."""
        lines = self._lines
        for place in range(at, len(lines)):
            is_row = self._likeness.may_be_row(lines[place])
            if is_row or lines[place].count('"') % 2:
                behind = place if is_row else place + 1
                yield self._left_out(f" It was taken to go on to line {self._first + behind - 1:,}.")
                self._waiting = deque(lines[behind:])
                return behind
        return len(lines)

    def _left_out(self, how_far: str = "") -> Record:
        line, text = self._endless or (0, "")
        self._endless = None
        fault, message = _TOO_LARGE
        return line, self._torn(text), (fault, message + how_far)

    def _trouble(self, line: int, cells: list[str]) -> Trouble | None:
        if line <= self._doubtful_until and 0 < len(cells) < self._likeness.narrowest:
            self._doubtful_until = max(self._doubtful_until, line + 1)
            return _PIECE
        return None if self._is_clean else character_fault(cells)

    def _torn(self, line: str) -> list[str]:
        """The cells of a line that breaks the rules, with their quotes."""
        return line.rstrip("\r\n").split(self._layout.delimiter)


def _length(lines: list[str]) -> int:
    """Of more than one line: each for itself is not too long."""
    return sum(map(len, lines)) if len(lines) > 1 else 0


def _has_stray_break(line: str) -> bool:
    return "\r" in line.rstrip("\r\n") and line.count('"') % 2 == 0
