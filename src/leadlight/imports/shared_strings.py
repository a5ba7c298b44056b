"""The texts of a workbook that its cells share (ECMA-376 §18.4)."""

import re
from array import array
from collections.abc import Iterable

from leadlight.imports.markup import Attributes, read_markup
from leadlight.imports.reading import Limits, UnreadableFile

_ESCAPED = re.compile(r"_x(00[01][0-9A-F]|005F|FFF[EF])_", re.IGNORECASE)


class Strings:
    """The texts that cells share, packed: they stay in memory, and a list of them would take several times as much."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._packed = bytearray()
        self._ends = array("Q", [0])

    def get(self, number: str) -> str:
        """Empty for a number that no text has."""
        place = int(number) if number.isdecimal() and len(number) < 10 else len(self._ends)
        if place + 1 >= len(self._ends):
            return ""
        return self._packed[self._ends[place] : self._ends[place + 1]].decode()

    def add(self, text: str) -> None:
        """Raises UnreadableFile when there are too many."""
        self._packed += text.encode()
        self._ends.append(len(self._packed))
        if len(self._packed) + self._ends.itemsize * len(self._ends) > self._limits.shared_bytes:
            raise UnreadableFile("too_much_text", "The workbook holds more texts than can be read: save it as CSV.")


def read_strings(pieces: Iterable[bytes], limits: Limits) -> Strings:
    """Raises UnreadableFile. `pieces`: of the part that holds them."""
    reader = _Reader(limits)
    for _ in read_markup(pieces, start=reader.start, end=reader.end, text=reader.text.append):
        reader.bound()
    return reader.strings


def unescaped(text: str) -> str:
    """With the control characters that XML can't hold, and that workbooks spell out (§22.9.2.19)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self.strings = Strings(limits)
        self.text: list[str] = []
        self._kept = limits.row_bytes + 1  # characters, so that what is cut off still makes its row too large
        self._found: list[str] = []
        self._size = 0
        self._is_phonetic = False

    def start(self, name: str, _: Attributes) -> None:
        if name == "t":
            self.text.clear()
        elif name == "si":
            self._found.clear()
            self._size = 0
        elif name == "rPh":  # how to say it
            self._is_phonetic = True

    def end(self, name: str) -> None:
        if name == "t" and not self._is_phonetic:
            text = "".join(self.text)[: self._kept - self._size]
            self._size += len(text)
            if text:
                self._found.append(text)
        elif name == "si":
            self.strings.add(unescaped("".join(self._found)))
        elif name == "rPh":
            self._is_phonetic = False

    def bound(self) -> None:
        """Keeps no more of a text than a row may have."""
        if sum(map(len, self.text)) > self._kept:
            self.text[:] = ["".join(self.text)[: self._kept]]
