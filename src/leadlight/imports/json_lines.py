"""The rows of JSON Lines files: an object on each line, its names the columns."""

import re
from collections.abc import Iterator
from itertools import islice

import msgspec

from leadlight.imports.reading import (
    BadRow,
    Fault,
    FileFormat,
    Limits,
    Row,
    UnreadableFile,
    bad_row,
    character_fault,
    too_many_columns,
)
from leadlight.imports.text import Text

_SAMPLE_ROWS = 100
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_WORDS: dict[bytes, object] = {b"null": None, b"true": True, b"false": False}
_SURE_INTEGER = re.compile(rb"-?[1-9][0-9]{0,14}|0")


class JsonLines:
    """`columns`: the names in the first hundred objects. Values keep their types, and null is one of them.

    Objects, lists and numbers that are no short integers stay JSON text (Raw), so that no digit of theirs is lost.
    """

    format = FileFormat.JSONL

    def __init__(self, text: Text, limits: Limits) -> None:
        """Raises UnreadableFile when none of the first lines holds an object."""
        self._text = text
        self._limits = limits
        self._skip = 0
        self.columns: list[str] = []
        self._known: dict[str, None] = {}
        sample = list(islice(self, _SAMPLE_ROWS))
        names = dict.fromkeys(name for row in sample if isinstance(row, Row) for name in row.values)
        if len(names) > limits.columns:
            raise too_many_columns(limits)
        if sample and all(isinstance(row, BadRow) and row.code == Fault.INVALID_JSON for row in sample):
            raise UnreadableFile(
                "not_json_lines", "The file is not JSON Lines: write one whole object, {…}, on each line of it."
            )
        self.columns, self._known = list(names), names

    @property
    def bytes_read(self) -> int:
        return self._text.bytes_read

    def skip(self, number: int) -> None:
        self._skip = number

    def __iter__(self) -> Iterator[Row | BadRow]:
        number = 0
        for block in self._text.blocks():
            for line, text in enumerate(block.lines, block.first):
                if text.isspace():
                    continue
                number += 1
                if number > self._skip:
                    yield self._row(number, line, text, character_fault([text]) if not block.is_clean else None)
            if block.cut is not None:
                number += 1
                if number > self._skip:
                    line = block.first + len(block.lines)
                    message = "The row is longer than a row may be: shorten it."
                    yield bad_row(number, line, [block.cut], Fault.ROW_TOO_LARGE, message)

    def _row(self, number: int, line: int, text: str, fault: tuple[Fault, str] | None) -> Row | BadRow:
        if fault is None and "\\u0000" in text and _NUL.search(text):
            fault = Fault.INVALID_CHARACTER, "The row holds a NUL character (\\u0000), which no text has: take it out."
        if fault is not None:
            return bad_row(number, line, [text.rstrip()], *fault)
        try:
            values = {name: _value(raw) for name, raw in _DECODER.decode(text).items()}
        except (msgspec.MsgspecError, RecursionError) as error:
            message = f"The line is not a JSON object: {_why(error)}."
            return bad_row(number, line, [text.rstrip()], Fault.INVALID_JSON, message)
        if len(values) > self._limits.columns:
            message = f"The object has {len(values):,} names, and {self._limits.columns:,} are read: take out some."
            return bad_row(number, line, [text.rstrip()], Fault.TOO_MANY_CELLS, message)
        return Row(number, line, values, self._cells(values))

    def _cells(self, values: dict[str, object]) -> list[str]:
        """In the order of the columns, and what has no column as one more cell of JSON."""
        cells = [_cell(values[name]) if name in values else "" for name in self.columns]
        known = self._known
        rest = {name: value for name, value in values.items() if name not in known} if known else {}
        return [*cells, _cell(rest)] if rest else cells


def _value(raw: msgspec.Raw) -> object:
    text = bytes(raw)
    if text.startswith(b'"'):
        return msgspec.json.decode(text)
    if _SURE_INTEGER.fullmatch(text):
        return int(text)
    return _WORDS.get(text, raw)


def _cell(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).removeprefix("JSON is ")
