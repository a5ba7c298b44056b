"""What reading a file gives: its rows, those that could not be read, and how much of a file is too much."""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Protocol

import msgspec

_KEPT = 64 << 10
"""Characters of a bad row that are kept for whoever is to mend it."""

_NOT_KEPT = re.compile("[\0\ud800-\udfff]")


class FileFormat(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    XLSX = "xlsx"
    JSONL = "jsonl"


class Limits(msgspec.Struct, frozen=True):
    """How much is read of a file. Its size as it was sent is for whoever takes it in to bound.

    `row_bytes`: of one row, about. `expanded_bytes`: of the whole file behind its compression.
    `shared_bytes`: of memory for the texts of a workbook, which stand apart from its sheets.
    """

    row_bytes: int = 1 << 20
    columns: int = 1000
    expanded_bytes: int = 4 << 30
    shared_bytes: int = 256 << 20


class Fault(StrEnum):
    """Why a row could not be read."""

    TOO_MANY_CELLS = "too_many_cells"
    BROKEN_QUOTING = "broken_quoting"
    STRAY_LINE_BREAK = "stray_line_break"
    ROW_TOO_LARGE = "row_too_large"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_CHARACTER = "invalid_character"
    INVALID_JSON = "invalid_json"


class Row(msgspec.Struct, frozen=True, gc=False):
    """`number`: counts the rows behind the header from 1. `line`: of the file, where the row begins, from 1.

    `values`: by the names of the columns, without those that are empty. Text, but for workbooks and JSON, whose values
    have types. `cells`: the row as it was, in the order of the columns.
    """

    number: int
    line: int
    values: dict[str, object]
    cells: list[str]


class BadRow(msgspec.Struct, frozen=True, gc=False):
    """`cells`: as much of the row as could be read."""

    number: int
    line: int
    cells: list[str]
    code: str
    message: str


class Rows(Protocol):
    """The rows of a file. Each iteration starts at its beginning, and the same bytes give the same rows and numbers.

    Iterating raises UnreadableFile where the rest of the file is past reading: it is damaged there, or expands to more
    than is allowed. `bytes_read`: how far the iteration has come in the file as it was sent.
    """

    @property
    def format(self) -> FileFormat: ...

    @property
    def columns(self) -> list[str]: ...

    @property
    def bytes_read(self) -> int: ...

    def __iter__(self) -> Iterator[Row | BadRow]: ...

    def skip(self, number: int) -> None:
        """Rows up to this number are not wanted: the next iterations may leave them out, as they can do it faster."""
        ...


class UnreadableFile(Exception):
    """What is wrong with a file as a whole; the message says what to do.

    `code`: `empty`, `no_rows`, `no_sheet`, `no_header`, `broken_header`, `too_many_columns`; `wrong_format`,
    `not_text`, `not_json_lines`, `encrypted`; `damaged`, `changed`, `expands_too_far`, `too_much_text`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def bad_row(number: int, line: int, cells: list[str], fault: Fault, message: str) -> BadRow:
    """With cells that fit into any store and any file, cut where they become too much."""
    kept: list[str] = []
    room = _KEPT
    for cell in cells:
        kept.append(_NOT_KEPT.sub("\ufffd", cell[:room]))
        room -= len(kept[-1]) + 1
        if room <= 0:
            break
    return BadRow(number, line, kept, fault, message)


def character_fault(cells: list[str]) -> tuple[Fault, str] | None:
    """What is wrong with a row that holds what no text holds; bytes of another encoding came as half surrogates."""
    found = _NOT_KEPT.search("".join(cells))
    if found is None:
        return None
    if found[0] == "\0":
        return Fault.INVALID_CHARACTER, "The row holds a NUL character, which no text has: take it out."
    return Fault.INVALID_ENCODING, "The row is not in the encoding of the rest of the file: save it all as UTF-8."


def column_names(cells: list[str]) -> list[str]:
    """The names of columns, each one once: `name`, `name (2)`; one without a name is called `column 3`."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        # A key of metadata in our own exports may have spaces at its ends.
        plain = name = cell if cell.startswith("metadata.") else cell.strip() or f"column {place}"
        again = 1
        while name in names:
            again += 1
            name = f"{plain} ({again})"
        names[name] = None
    return list(names)


def too_many_columns(limits: Limits) -> UnreadableFile:
    return UnreadableFile(
        "too_many_columns", f"The file has more than {limits.columns:,} columns: take out those that are not needed."
    )


def no_header() -> UnreadableFile:
    return UnreadableFile("empty", "The file is empty: it needs a line with the names of its columns and rows below.")


def header_too_long() -> UnreadableFile:
    return UnreadableFile(
        "broken_header", "The first line is too long to be one of names: begin the file with the names of its columns."
    )


def damaged_workbook() -> UnreadableFile:
    return UnreadableFile(
        "damaged", "The workbook is damaged: open it in a spreadsheet program and save it anew, or save it as CSV."
    )
